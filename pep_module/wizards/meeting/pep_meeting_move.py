from odoo import api, fields, models
from odoo.exceptions import UserError


class PepMeetingMove(models.TransientModel):
    """Another time for a meeting: at once, or after those who come have ticked what suits them."""

    _name = "pep.meeting.move"
    _description = "Move a meeting"
    _inherit = ["pep.checked.draft"]

    meeting_id = fields.Many2one("pep.meeting", required=True, readonly=True)
    gap = fields.Char(related="meeting_id.quorum_gap")
    invited_count = fields.Integer(string="People who will be told", compute="_compute_invited_count")
    start = fields.Datetime(string="New time", required=True)
    duration = fields.Float(string="Hours", required=True)
    reason = fields.Char(string="Why cancelled", help="Only when this meeting is cancelled to plan another one.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        meeting = self.env["pep.meeting"].browse(values.get("meeting_id"))
        if meeting:
            values.update({name: meeting[name] for name in ("start", "duration") if name in fields})
        return values

    @api.depends("meeting_id")
    def _compute_invited_count(self):
        for wizard in self:
            invited = wizard.meeting_id.attendee_ids.filtered(lambda person: person.invitation == "invited")
            wizard.invited_count = len(invited.filtered("partner_id"))

    def action_confirm(self):
        """Button: the meeting is at the new time. Whoever was invited is told, and asked again."""
        self.ensure_one()
        if self.start == self.meeting_id.start:
            raise UserError(self.env._("That is the time it has now. Choose another one."))
        self.meeting_id._refuse_unless_open()
        self.meeting_id.write({"start": self.start, "duration": self.duration})
        return {"type": "ir.actions.act_window_close"}

    def action_plan_again(self):
        """Button: cancel this meeting and plan another one, with several times to choose from."""
        self.ensure_one()
        self.meeting_id._cancel(self.reason or self.env._("Rearranged: another time is being looked for"))
        plan = self.meeting_id.plan_id
        return plan.action_extra_meeting() if self.meeting_id.is_extra else plan.action_plan_meeting()
