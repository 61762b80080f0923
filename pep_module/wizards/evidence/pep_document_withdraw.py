from odoo import fields, models


class PepDocumentWithdraw(models.TransientModel):
    """Asks why a document is withdrawn."""

    _name = "pep.document.withdraw"
    _description = "Why a document is withdrawn"
    _inherit = ["pep.checked.draft"]

    document_id = fields.Many2one("pep.document", required=True, readonly=True)
    reason = fields.Char(string="Why", required=True)

    def action_confirm(self):
        """Button: withdraw it."""
        self.ensure_one()
        self.document_id.action_withdraw(self.reason)
        return {"type": "ir.actions.act_window_close"}
