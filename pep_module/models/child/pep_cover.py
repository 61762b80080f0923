from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class PepCover(models.Model):
    """One colleague works on the caseload of another: covers it for a while, or supports it in the office.

    Ends by itself after its last day. It opens every child of a caseload, so it is given by whoever has the caseload,
    or by the head, and never taken.
    """

    _name = "pep.cover"
    _description = "Cover or support of a caseload"
    _inherit = ["pep.council.fixed"]
    _order = "date_from desc, id desc"

    company_id = fields.Many2one(
        "res.company", string="Council", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Caseload of",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    cover_user_id = fields.Many2one(
        "res.users",
        string="Colleague",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    role = fields.Selection(
        [("vseo", "Covers as VSEO"), ("support", "Supports in the office")], required=True, default="vseo"
    )
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    date_to = fields.Date(string="Last day", help="Empty: until further notice (business support).")
    active = fields.Boolean(default=True, help="Off: entered by mistake.")

    _dates = models.Constraint("CHECK (date_to IS NULL OR date_to >= date_from)", "Cover can't end before it begins.")
    _two_people = models.Constraint("CHECK (user_id <> cover_user_id)", "Nobody covers for themselves.")
    _cover_ends = models.Constraint(
        "CHECK (role <> 'vseo' OR date_to IS NOT NULL)", "Cover is for a while: give its last day."
    )

    @api.depends("user_id", "cover_user_id")
    def _compute_display_name(self):
        for cover in self:
            cover.display_name = f"{cover.cover_user_id.name} / {cover.user_id.name}"

    @api.constrains("user_id", "cover_user_id")
    def _check_staff(self):
        for cover in self:
            if (cover.user_id | cover.cover_user_id).filtered("share"):
                raise ValidationError(self.env._("Caseloads are covered by staff of the council."))

    @api.model_create_multi
    def create(self, vals_list):
        covers = super().create(vals_list)
        covers._check_may_give()
        covers._sync_access(covers.user_id)
        return covers

    def write(self, vals):
        self._check_may_give()
        users = self.user_id
        result = super().write(vals)
        self._check_may_give()
        self._sync_access(users | self.user_id)
        return result

    def _check_may_give(self):
        """Refuse to take cover of a colleague's caseload by oneself."""
        if self.env.su or self.env.user.has_group("pep_module.group_pep_head"):
            return
        if any(cover.user_id != self.env.user for cover in self):
            raise AccessError(self.env._("You can hand over your own caseload. The head arranges any other cover."))

    @api.model
    def _sync_access(self, users):
        children = self.env["pep.child"].sudo()  # sudo: who arranges cover need not see the children
        self.env["pep.access"]._sync(children.search([("vseo_id", "in", users.ids)]))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise ValidationError(self.env._("Cover is ended by its last day, not deleted."))
