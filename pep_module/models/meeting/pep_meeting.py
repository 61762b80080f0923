import uuid
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from ..child.pep_network_member import NETWORK_ROLES

ATTENDEE_ROLES = [
    ("child", "Child"),
    ("vseo", "VSEO"),
    ("teacher", "Designated teacher"),
    *NETWORK_ROLES,
]
# What those who were invited are told of when it changes.
TOLD = {"start", "duration", "mode", "place", "link_kind", "link", "state"}
# What the calendar shows of a meeting.
SHOWN = TOLD | {"chair_id"}
OPEN = ("offering", "planned")
# Written by the steps of a meeting alone, whoever calls.
KEPT = {
    "state",
    "uid",
    "ical_sequence",
    "event_id",
    "cancel_reason",
    "without_reason",
    "held_unlisted",
    "rearrange_todo_id",
}


class PepMeeting(models.Model):
    """A PEP meeting: when, how, who was asked, who came.

    Read by the virtual school's staff alone. Everybody else around the child reads their own invitation, a row of
    ``pep.meeting.attendee``: place, link and the others there may have to be kept from one of them.

    The meeting owns one event of Odoo's calendar and keeps it (:meth:`_follow_in_calendar`), and tells those invited
    of what changes (:meth:`_follow_by_mail`).
    """

    _name = "pep.meeting"
    _description = "PEP meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "start desc, id desc"
    _check_company_auto = True

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    plan_state = fields.Selection(related="plan_id.state", string="Stage of the PEP")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    start = fields.Datetime(index=True, help="Empty only while several times are offered.")
    stop = fields.Datetime(compute="_compute_stop", store=True, precompute=True)
    duration = fields.Float(default=lambda self: self.env.company.pep_meeting_hours, help="Hours.", aggregator=None)
    date = fields.Date(compute="_compute_date", store=True, precompute=True, help="Day of the meeting in the council.")
    mode = fields.Selection(
        [("online", "Online"), ("face", "Face to face"), ("both", "Both")], required=True, default="online"
    )
    place = fields.Char(help="Where people sit together: a room at the school, say. Never a home.")
    link_kind = fields.Selection(
        [("none", "No link yet"), ("pasted", "A link")],
        string="Join by",
        required=True,
        default="none",
        help="For a meeting online. A call in Odoo itself is not offered: whoever has its address gets in.",
    )
    link = fields.Char(string="Link to join", help="From Teams, Zoom or the like. One link for each meeting.")
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
        [("offering", "Times offered"), ("planned", "Planned"), ("held", "Held"), ("cancelled", "Cancelled")],
        required=True,
        default="planned",
        readonly=True,
        index=True,
    )
    is_extra = fields.Boolean(
        string="Extra meeting", help="Beside the termly one: it moves no stage, and the PEP does not wait for it."
    )
    is_frozen = fields.Boolean(string="Can't be changed", compute="_compute_is_frozen", help="Finished with the PEP.")
    purpose = fields.Char(help="Why an extra meeting.")
    attendee_ids = fields.One2many("pep.meeting.attendee", "meeting_id", string="People")
    notes = fields.Text(string="What was said")
    cancel_reason = fields.Char(string="Why cancelled", readonly=True)
    without_reason = fields.Char(string="Why held without somebody", readonly=True)
    # Outside
    uid = fields.Char(
        string="Identity in calendars",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: str(uuid.uuid4()),
        help="Never changes: by it other calendars know the meeting again when it is moved or cancelled.",
    )
    ical_sequence = fields.Integer(
        string="Changes told of", readonly=True, copy=False, aggregator=None, help="Rises with each change (RFC 5545)."
    )
    to_invite_count = fields.Integer(string="Still to be invited", compute="_compute_to_invite_count")

    _one_planned_start = models.UniqueIndex(
        "(plan_id, start) WHERE state <> 'cancelled'", "This PEP has a meeting at that time already."
    )
    _uid_uniq = models.UniqueIndex("(uid)", "Two meetings can't be one in other calendars.")
    _duration_positive = models.Constraint("CHECK (duration > 0 AND duration <= 12)", "A meeting lasts up to 12 hours.")
    _start_known = models.Constraint(
        "CHECK (start IS NOT NULL OR state IN ('offering', 'cancelled'))", "When does the meeting begin?"
    )

    # === Computes ===

    @api.depends("start", "duration")
    def _compute_stop(self):
        for meeting in self:
            meeting.stop = meeting.start and meeting.start + timedelta(minutes=round((meeting.duration or 1.0) * 60))

    @api.depends("start", "company_id.pep_tz")
    def _compute_date(self):
        """By the council's clock. Of a finished PEP it stays, also when the council's time zone is put right."""
        for meeting in self:
            kept = meeting._origin and meeting.is_frozen and meeting.date
            meeting.date = kept or (meeting.start and meeting.company_id._pep_local(meeting.start).date())

    @api.depends("is_extra", "state", "start", "plan_id.state", "plan_id.completed_on")
    def _compute_is_frozen(self):
        """Finished with the PEP, in whose issued version it is as it took place.

        An extra meeting that was still to come then goes on beside it.
        """
        for meeting in self:
            row = meeting.sudo()  # sudo: frozen for everyone, seen or not
            issued_on = row.plan_id.completed_on
            over = row.state not in OPEN and not (row.start and issued_on and row.start >= issued_on)
            beside = row.is_extra and row.plan_id.state == "complete" and not over
            meeting.is_frozen = row.plan_id.state in ("complete", "cancelled") and not beside

    @api.depends("plan_id")
    def _compute_chair_id(self):
        for meeting in self:
            meeting.chair_id = meeting.chair_id or meeting.plan_id.vseo_id

    @api.depends("attendee_ids.invitation", "attendee_ids.role")
    def _compute_to_invite_count(self):
        groups = self.env["pep.meeting.attendee"]._read_group(
            [("meeting_id", "in", self.ids), ("invitation", "=", "none")], ["meeting_id"], ["__count"]
        )
        number = {meeting.id: count for meeting, count in groups}
        for meeting in self:
            meeting.to_invite_count = number.get(meeting._origin.id, 0) if meeting.state == "planned" else 0

    @api.onchange("plan_id")
    def _onchange_plan_id(self):
        self.child_id = self.plan_id.child_id

    def _title(self, role=None):
        """What a calendar or a mail calls this meeting. Names nobody.

        The council's words, with the child's reference, the school or words of the council's own, as it has chosen for
        mails. A parent is told the reference where others are told the school.

        :param str role: the role of who reads it, one of :data:`ATTENDEE_ROLES`
        """
        self.ensure_one()
        company = self.company_id.sudo()  # sudo: how the council words things is no secret of those it invites
        label = self.child_reference
        if company.pep_mail_label == "label":
            label = company.pep_mail_label_text
        elif company.pep_mail_label == "school" and role != "parent":
            label = self.sudo().plan_id.school_name or label  # sudo: as other mails say it
        return f"{company.pep_meeting_title or self.env._('PEP meeting')} {label}"

    # === CRUD ===

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | KEPT

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [
                {**{name: vals[name] for name in vals if name not in KEPT}, "state": self._first_state(vals)}
                for vals in vals_list
            ]
        meetings = super().create(vals_list)
        meetings._refuse_when_closed(by_app=self.env.su)
        meetings.filtered(lambda meeting: not meeting.attendee_ids)._propose_attendees()
        meetings._follow_in_calendar(SHOWN)
        return meetings

    @api.model
    def _first_state(self, vals):
        """Planned, or offering where there is no time yet."""
        return "planned" if vals.get("start") else "offering"

    def write(self, vals):
        vals = self._with_length(vals)
        self._refuse_when_closed(by_app=self.env.su and vals.keys() <= KEPT)
        if "is_extra" in vals:
            self.filtered(lambda meeting: meeting.is_extra != bool(vals["is_extra"])).plan_id._refuse_when_frozen()
        if not self.env.su and KEPT & vals.keys():
            raise UserError(self.env._("Use the buttons to hold or cancel a meeting."))
        if not self.env.su and (TOLD - {"state"}) & vals.keys():
            self._refuse_change_when_over(vals)
        before = {name: self._values_of(name) for name in SHOWN & vals.keys()}
        result = super().write(vals)
        changed = {name for name, values in before.items() if self._values_of(name) != values}
        if changed:
            self._follow_in_calendar(changed)
        if changed & TOLD:
            self._follow_by_mail(changed & TOLD)
        return result

    def _with_length(self, vals):
        """What a calendar writes when a meeting is dragged or stretched: from the end it says, the length."""
        if self.env.su or "duration" in vals or not vals.get("stop") or len(self) != 1:
            return vals
        start = fields.Datetime.to_datetime(vals.get("start") or self.start)
        if not start:
            return vals
        minutes = round((fields.Datetime.to_datetime(vals["stop"]) - start) / timedelta(minutes=1))
        if minutes <= 0:
            raise UserError(self.env._("A meeting ends after it has begun."))
        rest = {name: value for name, value in vals.items() if name != "stop"}
        return rest if minutes == round(self.duration * 60) else {**rest, "duration": minutes / 60}

    @api.model
    def _tells_nobody(self):
        """Whether those invited count as told without a mail: for what is entered about the past, and for the demo.

        Never because of what came with a request: whoever moves a meeting at the screen tells those invited.
        """
        asked = self.env.context.get("pep_meeting_quiet")
        return bool(asked and not (request and self.env.registry.ready))

    def _values_of(self, name):
        return [meeting[name] for meeting in self]

    def _refuse_change_when_over(self, vals):
        """When and where is fixed once the meeting has been held or cancelled."""
        for meeting in self:
            if meeting.state in OPEN:
                continue
            if any(
                meeting[name] != meeting._fields[name].convert_to_cache(vals[name], meeting)
                for name in TOLD & vals.keys()
            ):
                raise UserError(
                    self.env._("A meeting that was held or cancelled stays when and where it was. Plan another one.")
                )

    def _refuse_when_closed(self, by_app=False):
        """A finished PEP keeps its meetings as they were issued; an extra one may be added, save to a cancelled PEP.

        :param bool by_app: what the app keeps of an extra meeting may still follow, such as its event
        """
        termly = self.filtered(lambda meeting: not meeting.is_extra)
        termly.plan_id._refuse_when_frozen()
        extra = (self - termly).plan_id.sudo()  # sudo: refused for everyone, seen or not
        if any(plan.state == "cancelled" for plan in extra):
            raise UserError(self.env._("This PEP was cancelled: there is nothing to meet about."))
        if not by_app:
            (self - termly).filtered("is_frozen").plan_id._refuse_when_frozen()

    # === People ===

    def _people_of_today(self):
        """Who belongs at the meeting of each child: the chair, the school's leading staff, the network of today.

        Nobody who must not have contact. A fixed number of queries.

        :return: dict of meeting -> list of (role, partner), each once
        """
        children = self.child_id
        days = {company: company._pep_today() for company in self.company_id}
        network = self.env["pep.network.member"].search([("child_id", "in", children.ids)], order="id")
        barred = defaultdict(set)
        members = defaultdict(list)
        for member in network:
            day = days[member.company_id]
            if member.must_not_contact and (not member.date_to or member.date_to >= day):
                barred[member.child_id].add(member.partner_id)
            elif member.date_from <= day and (not member.date_to or member.date_to >= day):
                members[member.child_id].append((member.role, member.partner_id))
        teachers = self._teachers_of(children, days)
        people = {}
        for meeting in self:
            asked = [("vseo", meeting.chair_id.partner_id)] if meeting.chair_id else []
            asked += members[meeting.child_id]
            asked += [("teacher", partner) for partner in teachers[meeting.child_id]]
            once = {}
            for role, partner in asked:
                if partner not in barred[meeting.child_id]:
                    once.setdefault(partner, role)
            people[meeting] = [(role, partner) for partner, role in once.items()]
        return people

    @api.model
    def _teachers_of(self, children, days):
        """The leading staff of each child's schools today, as contacts."""
        every = Domain.FALSE
        for company, day in days.items():
            current = self.env["pep.enrolment"]._current_domain(day) & Domain("school_id", "!=", False)
            every |= Domain("company_id", "=", company.id) & current
        enrolments = self.env["pep.enrolment"].search(Domain("child_id", "in", children.ids) & every)
        day = max(days.values(), default=None)
        staff = self.env["pep.school.staff"]
        leads = (
            staff.search(
                Domain("school_id", "in", enrolments.school_id.ids)
                & Domain("lead", "=", True)
                & staff._current_domain(day)
            )
            if day
            else staff
        )
        # sudo: a teacher's login may have been made by another council
        partners = {lead: lead.user_id.sudo().partner_id.with_env(self.env) for lead in leads}
        found = defaultdict(self.env["res.partner"].browse)
        leads_of = leads.grouped("school_id")
        for enrolment in enrolments:
            for lead in leads_of.get(enrolment.school_id, ()):
                found[enrolment.child_id] |= partners[lead]
        return found

    def _propose_attendees(self):
        """Put the child and the people of today on the list of each of these meetings. Nobody is invited yet."""
        needed = self._needed_roles()
        vals_list = []
        for meeting, people in self._people_of_today().items():
            roles = set() if meeting.is_extra else needed[meeting.company_id]
            for role, partner in [("child", self.env["res.partner"]), *people]:
                vals_list.append(
                    {
                        "meeting_id": meeting.id,
                        "role": role,
                        "partner_id": partner.id,
                        "needed": role in roles,
                    }
                )
        self.env["pep.meeting.attendee"].create(vals_list)

    def _needed_roles(self):
        """The roles that must be at a meeting, by the rule of each council.

        :return: dict of ``res.company`` -> set of roles
        """
        return {company: {"teacher", "social_worker", "carer", "child"} for company in self.company_id}

    # === What follows from a change; each in a file of its own ===

    def _follow_in_calendar(self, names):
        """Make, change or archive the calendar's events of these meetings.

        :param set names: the fields that changed
        """

    def _follow_by_mail(self, names):
        """Tell those who were invited of a change.

        :param set names: the fields that changed
        """

    def action_send_invitations(self):
        """Button: invite everybody on the list who has not been invited yet."""
        self.check_access("write")

    # === The way of a meeting ===

    def action_hold(self):
        """The meeting took place."""
        self.check_access("write")
        self._check_may_hold()
        self._hold()

    def _check_may_hold(self):
        for meeting in self:
            if meeting.state != "planned":
                raise UserError(self.env._("Only a planned meeting can be held."))
            if meeting.start > fields.Datetime.now():
                raise UserError(self.env._("This meeting has not begun yet."))
            if not any(attendee.attended for attendee in meeting.attendee_ids):
                raise UserError(self.env._("Tick who was there first."))

    def _hold(self):
        self.sudo().write({"state": "held"})  # sudo: the state is written by these steps alone

    def action_cancel(self):
        """Ask why, then cancel."""
        self.ensure_one()
        self.check_access("write")
        self._refuse_unless_open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel this meeting"),
            "res_model": "pep.meeting.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_meeting_id": self.id},
        }

    def _cancel(self, reason):
        """Cancel, with a reason that staff read. Whoever was invited is told, without it."""
        self.check_access("write")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: colleagues will read it."))
        self._refuse_unless_open()
        self.sudo().write({"state": "cancelled", "cancel_reason": reason})  # sudo: written by these steps alone

    def _refuse_unless_open(self):
        if any(meeting.state not in OPEN for meeting in self):
            raise UserError(self.env._("Only a planned meeting can be cancelled."))

    def action_open_plan(self):
        self.check_access("read")
        return self.plan_id.get_formview_action()

    def _snapshot(self):
        self.ensure_one()
        return {
            "date": str(self.date),
            "mode": self._label("mode"),
            "state": self._label("state"),
            "chair": self.chair_id.name or None,
            "notes": self.notes or None,
            "people": [attendee._snapshot() for attendee in self.attendee_ids if attendee.invitation != "withdrawn"],
        }
