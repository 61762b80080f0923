from odoo import fields, models


class PepNetworkChangeDismiss(models.TransientModel):
    """Asks why nothing is to be done about a change of a child's network."""

    _name = "pep.network.change.dismiss"
    _description = "Why nothing is to be done about a change"
    _inherit = ["pep.checked.draft"]

    change_id = fields.Many2one("pep.network.change", required=True, readonly=True)
    reason = fields.Char(string="Why", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.change_id._dismiss(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
