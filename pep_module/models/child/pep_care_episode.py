from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PepCareEpisode(models.Model):
    """A spell of one legal status in one placement, as the SSDA903 return counts them.

    Holds no address: where a child lives is for the case system to know.
    """

    _name = "pep.care.episode"
    _description = "Care episode"
    _inherit = ["pep.child.bound"]
    _order = "child_id.id, date_from desc, id desc"

    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", help="Empty while the episode goes on.")
    legal_status_id = fields.Many2one(
        "pep.code", string="Legal status", domain=[("kind", "=", "legal_status")], ondelete="restrict"
    )
    placement_id = fields.Many2one("pep.code", domain=[("kind", "=", "placement")], ondelete="restrict")
    provider_id = fields.Many2one("pep.code", domain=[("kind", "=", "provider")], ondelete="restrict")
    category_of_need_id = fields.Many2one(
        "pep.code", string="Category of need", domain=[("kind", "=", "category_of_need")], ondelete="restrict"
    )
    reason_new_id = fields.Many2one(
        "pep.code", string="Why it began", domain=[("kind", "=", "reason_new_episode")], ondelete="restrict"
    )
    reason_ceased_id = fields.Many2one(
        "pep.code", string="Why it ended", domain=[("kind", "=", "reason_ceased")], ondelete="restrict"
    )
    reason_change_id = fields.Many2one(
        "pep.code",
        string="Why the placement changed",
        domain=[("kind", "=", "reason_placement_change")],
        ondelete="restrict",
    )
    out_of_area = fields.Selection(
        [("in", "In the council's area"), ("out", "Out of area"), ("unknown", "Not known")],
        string="In or out of area",
        default="unknown",
    )
    placement_urn = fields.Char(
        string="Ofsted URN",
        help="Of the placement's provider, as the return gives it: SC and six digits, seven digits, or XXXXXXX.",
    )
    source = fields.Selection([("manual", "Typed in"), ("ssda903", "SSDA903 return")], default="manual", readonly=True)

    _start_uniq = models.Constraint("UNIQUE (child_id, date_from)", "This child has an episode that begins that day.")
    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "An episode can't end before it begins."
    )

    @api.constrains("date_from")
    def _check_date_from(self):
        for episode in self:
            if episode.date_from < episode.child_id.date_of_birth:
                raise ValidationError(self.env._("An episode can't begin before the child was born."))
