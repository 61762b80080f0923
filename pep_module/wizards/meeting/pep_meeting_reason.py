from odoo import fields, models


class PepMeetingReason(models.TransientModel):
    """Asks why a meeting is cancelled."""

    _name = "pep.meeting.reason"
    _description = "Why a meeting is cancelled"
    _inherit = ["pep.checked.draft"]

    meeting_id = fields.Many2one("pep.meeting", required=True, readonly=True)
    invited_count = fields.Integer(string="People who will be told", compute="_compute_invited_count")
    reason = fields.Char(string="Why", required=True)

    def _compute_invited_count(self):
        for wizard in self:
            invited = wizard.meeting_id.attendee_ids.filtered(lambda attendee: attendee.invitation == "invited")
            wizard.invited_count = len(invited)

    def action_confirm(self):
        self.ensure_one()
        self.meeting_id._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
