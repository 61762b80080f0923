from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..child.pep_network_member import NETWORK_ROLES

ATTENDEE_ROLES = [
    ("child", "Child"),
    ("vseo", "VSEO"),
    ("teacher", "Designated teacher"),
    *NETWORK_ROLES,
]


class PepMeeting(models.Model):
    """A PEP meeting: when, how, who was asked, who came."""

    _name = "pep.meeting"
    _description = "PEP meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "start desc, id desc"
    _check_company_auto = True

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    plan_state = fields.Selection(related="plan_id.state", string="Stage of the PEP")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    start = fields.Datetime(required=True, index=True)
    stop = fields.Datetime(compute="_compute_stop", store=True, precompute=True)
    duration = fields.Float(default=1.0, help="Hours.", aggregator=None)
    date = fields.Date(compute="_compute_date", store=True, precompute=True, help="Day of the meeting in the council.")
    mode = fields.Selection(
        [("online", "Online"), ("face", "Face to face"), ("both", "Both")], required=True, default="online"
    )
    place = fields.Char(string="Place or link")
    chair_id = fields.Many2one(
        "res.users",
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        compute="_compute_chair_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    state = fields.Selection(
        [("planned", "Planned"), ("held", "Held"), ("cancelled", "Cancelled")],
        required=True,
        default="planned",
        readonly=True,
        index=True,
    )
    attendee_ids = fields.One2many("pep.meeting.attendee", "meeting_id", string="People")
    notes = fields.Text(string="What was said")
    cancel_reason = fields.Char(string="Why cancelled", readonly=True)

    _one_planned_start = models.UniqueIndex(
        "(plan_id, start) WHERE state <> 'cancelled'", "This PEP has a meeting at that time already."
    )
    _duration_positive = models.Constraint("CHECK (duration > 0 AND duration <= 12)", "A meeting lasts up to 12 hours.")

    @api.depends("start", "duration")
    def _compute_stop(self):
        for meeting in self:
            meeting.stop = meeting.start and meeting.start + timedelta(hours=meeting.duration or 1.0)

    @api.depends("start", "company_id.pep_tz")
    def _compute_date(self):
        for meeting in self:
            meeting.date = meeting.start and meeting.company_id._pep_local(meeting.start).date()

    @api.depends("plan_id")
    def _compute_chair_id(self):
        for meeting in self:
            meeting.chair_id = meeting.chair_id or meeting.plan_id.vseo_id

    @api.onchange("plan_id")
    def _onchange_plan_id(self):
        self.child_id = self.plan_id.child_id

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{**vals, "state": "planned"} for vals in vals_list]
        meetings = super().create(vals_list)
        meetings.plan_id._refuse_when_frozen()
        for meeting in meetings:
            if not meeting.attendee_ids:
                meeting._propose_attendees()
        return meetings

    def write(self, vals):
        self.plan_id._refuse_when_frozen()
        if "state" in vals and not self.env.su:
            raise UserError(self.env._("Use the buttons to hold or cancel a meeting."))
        return super().write(vals)

    def _propose_attendees(self):
        """The child, the chair, the school's staff and the network of today, but nobody who must not have contact."""
        self.ensure_one()
        child = self.child_id
        today = self.company_id._pep_today()
        barred = child.network_ids.filtered("must_not_contact").partner_id
        people = []
        if self.chair_id:
            people.append(("vseo", self.chair_id.partner_id))
        for member in child.network_ids:
            if member.date_from <= today and (not member.date_to or member.date_to >= today):
                people.append((member.role, member.partner_id))
        schools = child.enrolment_ids.filtered_domain(self.env["pep.enrolment"]._current_domain(today)).school_id
        staff = self.env["pep.school.staff"]
        staff = staff.search(
            Domain("school_id", "in", schools.ids) & Domain("lead", "=", True) & staff._current_domain(today)
        )
        partners = staff.user_id.sudo().partner_id  # sudo: a teacher's login may have been made by another council
        people += [("teacher", partner) for partner in partners.with_env(self.env)]
        self.env["pep.meeting.attendee"].create(
            [{"meeting_id": self.id, "role": "child"}]
            + [
                {"meeting_id": self.id, "role": role, "partner_id": partner.id}
                for role, partner in dict.fromkeys(people)
                if partner not in barred
            ]
        )

    def action_hold(self):
        """The meeting took place."""
        self.check_access("write")
        for meeting in self:
            if meeting.state != "planned":
                raise UserError(self.env._("Only a planned meeting can be held."))
            if meeting.start > fields.Datetime.now():
                raise UserError(self.env._("This meeting has not begun yet."))
            if not any(attendee.attended for attendee in meeting.attendee_ids):
                raise UserError(self.env._("Tick who was there first."))
        self.sudo().write({"state": "held"})  # sudo: the state is written by these steps alone

    def action_cancel(self):
        self.check_access("write")
        if any(meeting.state != "planned" for meeting in self):
            raise UserError(self.env._("Only a planned meeting can be cancelled."))
        self.sudo().write({"state": "cancelled"})  # sudo: the state is written by these steps alone

    def action_open_plan(self):
        return self.plan_id.get_formview_action()

    def _snapshot(self):
        self.ensure_one()
        return {
            "date": str(self.date),
            "mode": self._label("mode"),
            "state": self._label("state"),
            "chair": self.chair_id.name or None,
            "notes": self.notes or None,
            "people": [attendee._snapshot() for attendee in self.attendee_ids],
        }
