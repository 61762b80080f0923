from odoo import fields, models


class PepPlanReason(models.TransientModel):
    """Asks why a PEP is returned, corrected or cancelled."""

    _name = "pep.plan.reason"
    _description = "Why"
    _inherit = ["pep.checked.draft"]

    plan_id = fields.Many2one("pep.plan", required=True, readonly=True)
    step = fields.Selection(
        [("return", "Return"), ("correct", "Correct"), ("cancel", "Cancel")], required=True, readonly=True
    )
    reason = fields.Char(string="Why", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.plan_id._take_step(self.step, self.reason)
        return {"type": "ir.actions.act_window_close"}
