from odoo import api, fields, models
from odoo.exceptions import UserError

STAFF = "pep_module.group_pep_support"
COUNCIL = "pep_module.group_pep_contributor"


class PepChild(models.Model):
    """When the child's next care review is, by which the reviewing officer has the PEP.

    A date that is changed before the day has come is the same review on another day; one that is set afterwards is the
    next review. ``care_review_number`` counts them, and is the round of the clock.

    Source: a child's case is reviewed within 20 working days, then within three months, then at least every six (Care
    Planning, Placement and Case Review Regulations 2010, regulation 33); the PEP is looked at each time.
    """

    _inherit = "pep.child"

    care_review_date = fields.Date(
        string="Next care review",
        copy=False,
        tracking=True,
        groups=COUNCIL,
        help="The reviewing officer has the PEP some working days before.",
    )
    care_review_last = fields.Date(string="Last care review", readonly=True, copy=False, groups=STAFF)
    care_review_number = fields.Integer(
        string="Which care review comes next", readonly=True, copy=False, default=1, aggregator=None, groups=STAFF
    )
    care_review_passed = fields.Boolean(
        string="The care review has passed", compute="_compute_care_review_passed", groups=STAFF
    )

    @api.depends("care_review_date", "ended_on")
    def _compute_care_review_passed(self):
        today = {company: company._pep_today() for company in self.company_id}
        for child in self:
            day = not child.ended_on and child.care_review_date
            child.care_review_passed = bool(day and day < today[child.company_id])

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"care_review_last", "care_review_number"}

    def write(self, vals):
        if "care_review_date" not in vals:
            return super().write(vals)
        day = fields.Date.to_date(vals["care_review_date"])
        children = self.sudo()  # sudo: what follows from the day; whether the user may write it is asked below
        changed = children.filtered(lambda child: child.care_review_date != (day or False))
        if day and not self.env.su and any(day < council._pep_today() for council in changed.company_id):
            raise UserError(self.env._("The next care review can't be in the past."))
        held = {child: child.care_review_date for child in changed if child._care_review_was_held(day)}
        result = super().write(vals)
        for child, last in held.items():
            child.write({"care_review_last": last, "care_review_number": child.care_review_number + 1})
        return result

    def _care_review_was_held(self, day):
        """Whether the review that was next has taken place, now that ``day`` (or none) is said to be the next."""
        self.ensure_one()
        was = self.care_review_date
        return bool(was) and was <= self.company_id._pep_today() and (not day or day > was)
