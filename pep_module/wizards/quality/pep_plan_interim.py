from odoo import api, fields, models


class PepPlanInterim(models.TransientModel):
    """Asks what social worker and virtual school agreed until school is back."""

    _name = "pep.plan.interim"
    _description = "Interim PEP"
    _inherit = ["pep.checked.draft"]

    plan_id = fields.Many2one("pep.plan", required=True, readonly=True)
    why = fields.Char(related="plan_id.interim_text", string="Why one is possible")
    agreed_on = fields.Date(related="plan_id.interim_on", string="Agreed on")
    words = fields.Text(string="What is agreed until school is back", required=True)

    @api.model
    def default_get(self, fields):
        """What has been written down already, to be put right."""
        values = super().default_get(fields)
        plan = self.env["pep.plan"].browse(values.get("plan_id"))
        if plan and plan.interim_words:
            values["words"] = plan.interim_words
        return values

    def action_confirm(self):
        self.ensure_one()
        self.plan_id.action_interim(self.words)
        return {"type": "ir.actions.act_window_close"}
