from odoo import fields, models


class PepContributionReason(models.TransientModel):
    """Asks why a part of a PEP is returned, or not needed."""

    _name = "pep.contribution.reason"
    _description = "Why a part is returned or not needed"
    _inherit = ["pep.checked.draft"]

    contribution_id = fields.Many2one("pep.contribution", required=True, readonly=True)
    step = fields.Selection([("return", "Return"), ("not_needed", "Not needed")], required=True, readonly=True)
    reason = fields.Char(string="Why", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.contribution_id._take_step(self.step, self.reason)
        return {"type": "ir.actions.act_window_close"}
