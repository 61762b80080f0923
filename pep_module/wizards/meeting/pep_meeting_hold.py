from odoo import api, fields, models


class PepMeetingHold(models.TransientModel):
    """Before a meeting is closed: who that must be there was not, and what the PEP lacks to go on. All asked at once.

    Closed without an answer it leaves everything as it was.
    """

    _name = "pep.meeting.hold"
    _description = "A meeting took place without somebody or something"
    _inherit = ["pep.checked.draft"]

    meeting_id = fields.Many2one("pep.meeting", required=True, readonly=True)
    plan_id = fields.Many2one(related="meeting_id.plan_id")
    absent = fields.Char(string="Who was not there", compute="_compute_absent")
    may_write = fields.Boolean(string="Somebody can write instead", compute="_compute_absent")
    reason = fields.Char(string="Why it was held without", help="Stays with the meeting, for colleagues.")
    written_follows = fields.Boolean(
        string="Their part in writing follows",
        default=True,
        help="They are asked for it on their page, and the meeting says so until it is there.",
    )
    line_ids = fields.One2many("pep.meeting.hold.line", "wizard_id", string="Missing")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        meeting = self.env["pep.meeting"].browse(values.get("meeting_id"))
        if meeting and "line_ids" in fields:
            values["line_ids"] = self.line_ids._commands(meeting._missing_in_plan())
        return values

    @api.depends("meeting_id")
    def _compute_absent(self):
        for wizard in self:
            meeting = wizard.meeting_id
            gaps = meeting._quorum_gaps(held=True).get(meeting.id, []) if meeting else []
            wizard.absent = meeting._quorum_words(gaps)
            wizard.may_write = any(kind == "absent" and role != "child" for role, kind, _people in gaps)

    def action_confirm(self):
        """Button: it took place. Meeting and PEP move in one step.

        :raise UserError: a reason is missing, or the meeting is not to be held any more
        """
        self.ensure_one()
        meeting = self.meeting_id
        meeting.check_access("write")
        meeting._check_may_hold()
        self.line_ids._record_reasons(self.plan_id)
        meeting._hold_without(self.reason, self.written_follows)
        return {"type": "ir.actions.act_window_close"}

    def action_rearrange(self):
        """Button: it did not take place like this. Find another time."""
        self.ensure_one()
        return self.meeting_id.action_move()


class PepMeetingHoldLine(models.TransientModel):
    _name = "pep.meeting.hold.line"
    _inherit = "pep.plan.go.on.line"
    _description = "One thing that is missing when a meeting is held"

    wizard_id = fields.Many2one("pep.meeting.hold")
