from odoo import api, fields, models

from ...models.child.pep_school_staff import STAFF_ROLES


class PepSchoolStaffAdd(models.TransientModel):
    """Add somebody to the staff of a school by name and address, with a login where there is none."""

    _name = "pep.school.staff.add"
    _description = "Add a member of school staff"

    school_id = fields.Many2one(
        "res.partner",
        required=True,
        domain=[("pep_is_school", "=", True)],
        default=lambda self: self._default_school_id(),
    )
    name = fields.Char(required=True)
    email = fields.Char(
        string="E-mail", required=True, help="Whoever has a login by this address gets no second one, in any council."
    )
    role = fields.Selection(STAFF_ROLES, required=True, default="designated_teacher")
    lead = fields.Boolean(help="Who is asked first, where a school has several.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    invite = fields.Boolean(string="Invite now", default=True)

    @api.model
    def _default_school_id(self):
        return self.env.context.get("active_model") == "res.partner" and self.env.context.get("active_id")

    def action_add(self):
        """Button: put the person on the staff of the school.

        :raise UserError: not an address, or that of somebody on a council's staff
        """
        self.ensure_one()
        staff = self.env["pep.school.staff"]
        staff.check_access("create")
        user = self.env["res.users"]._pep_portal_login(self.name, self.email, self.env.company)
        staff._add(self.school_id, user, self.role, date_from=self.date_from, lead=self.lead)
        if self.invite:
            user._pep_send_invitation(self.env.company)
        return {"type": "ir.actions.act_window_close"}
