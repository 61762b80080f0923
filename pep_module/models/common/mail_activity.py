from odoo import api, models
from odoo.exceptions import UserError


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def _compute_res_name(self):
        """Odoo names the records one by one. Ours are read together first, for tasks by the hundred."""
        threads = self.env.registry["pep.thread"]
        for model, activities in self.grouped("res_model").items():
            if model and isinstance(self.env.get(model), threads):
                records = self.env[model].browse(set(filter(None, activities.mapped("res_id"))))
                records.fetch([records._rec_name])
        return super()._compute_res_name()

    @api.constrains("user_id", "res_model", "res_id")
    def _check_pep_need_to_know(self):
        """Whoever has a task reads it, so one about a child is given only to people who may read the record."""
        threads = self.env.registry["pep.thread"]
        given = self.filtered(lambda activity: activity.user_id and activity.res_model in self.env)
        for (model, user), activities in given.grouped(lambda activity: (activity.res_model, activity.user_id)).items():
            if not isinstance(self.env[model], threads):
                continue
            records = self.env[model].browse(set(activities.mapped("res_id")))
            if records._pep_readable_by(user) != records:
                raise UserError(self.env._("A task about a child is given only to people who may read this record."))
