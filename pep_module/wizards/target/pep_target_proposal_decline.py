from odoo import fields, models


class PepTargetProposalDecline(models.TransientModel):
    """Asks why a suggested target is not agreed."""

    _name = "pep.target.proposal.decline"
    _description = "Why a suggested target is not agreed"
    _inherit = ["pep.checked.draft"]

    proposal_id = fields.Many2one("pep.target.proposal", required=True, readonly=True)
    reason = fields.Char(string="Why", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.proposal_id.action_decline(self.reason)
        return {"type": "ir.actions.act_window_close"}
