from odoo import api, models
from odoo.exceptions import UserError


class MailActivity(models.Model):
    _inherit = "mail.activity"

    @api.constrains("user_id", "res_model", "res_id")
    def _check_pep_need_to_know(self):
        """Whoever has a task reads it, so one about a child is given only to people who may read the record."""
        threads = self.env.registry["pep.thread"]
        for activity in self.filtered("user_id"):
            if activity.res_model not in self.env or not isinstance(self.env[activity.res_model], threads):
                continue
            record = self.env[activity.res_model].browse(activity.res_id)
            if not record._pep_may_read(activity.user_id):
                raise UserError(self.env._("A task about a child is given only to people who may read this record."))
