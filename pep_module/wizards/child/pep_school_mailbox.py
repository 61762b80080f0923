from odoo import api, fields, models

from ...models.child.res_partner import SETTING_GROUPS


class PepSchoolMailbox(models.TransientModel):
    """Say which shared mailbox of a school is told how much is due; those who need it seldom may edit contacts."""

    _name = "pep.school.mailbox"
    _description = "Shared mailbox of a school"

    school_id = fields.Many2one("res.partner", required=True, readonly=True)
    email = fields.Char(string="Shared mailbox", help="Empty: none is told.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        school = self.env["res.partner"].browse(
            self.env.context.get("active_model") == "res.partner" and self.env.context.get("active_id")
        )
        if school.pep_is_school:
            values.update({"school_id": school.id, "email": school.pep_shared_mailbox})
        return values

    def action_save(self):
        """Button: keep the address.

        :raise AccessError: for anybody but business support, VSEOs, heads and administrators
        :raise ValidationError: not an address
        """
        self.ensure_one()
        self.env["res.partner"]._pep_require(
            SETTING_GROUPS, self.env._("Settings are added by the virtual school's staff and administrators.")
        )
        school = self.school_id.sudo()  # sudo: the users who need this can't edit contacts; it reaches one field
        school.pep_shared_mailbox = (self.email or "").strip()
        return {"type": "ir.actions.act_window_close"}
