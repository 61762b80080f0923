from odoo import api, fields, models


class PepDeadlineMeet(models.TransientModel):
    """Asks when something happened that nothing in the app can tell."""

    _name = "pep.deadline.meet"
    _description = "When a deadline was met"
    _inherit = ["pep.checked.draft"]

    deadline_id = fields.Many2one("pep.deadline", required=True, readonly=True)
    name = fields.Char(related="deadline_id.name", string="What")
    due_date = fields.Date(related="deadline_id.due_date")
    day = fields.Date(string="When it happened", required=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        deadline = self.env["pep.deadline"].browse(values.get("deadline_id"))
        if deadline and "day" in fields:
            values["day"] = deadline.company_id._pep_today()
        return values

    def action_confirm(self):
        """Button: end the clock."""
        self.ensure_one()
        self.deadline_id.action_meet(self.day)
        return {"type": "ir.actions.act_window_close"}
