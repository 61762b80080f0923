from odoo import api, fields, models


class PepFundingDecide(models.TransientModel):
    """Approve a part of what was asked for, or decline it with a reason."""

    _name = "pep.funding.decide"
    _description = "Decide on funding"
    _inherit = ["pep.checked.draft"]

    funding_id = fields.Many2one("pep.funding", required=True, readonly=True)
    decision = fields.Selection([("part", "Approve a part"), ("decline", "Decline")], required=True, default="part")
    currency_id = fields.Many2one(related="funding_id.currency_id")
    amount_asked = fields.Monetary(related="funding_id.amount_asked")
    amount = fields.Monetary(string="Amount approved", compute="_compute_amount", store=True, readonly=False)
    reason = fields.Char(string="Why")

    @api.depends("funding_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.funding_id.amount_asked

    def action_confirm(self):
        self.ensure_one()
        if self.decision == "decline":
            self.funding_id.action_decline(self.reason)
        else:
            self.funding_id.action_approve_part(self.amount)
        return {"type": "ir.actions.act_window_close"}
