from datetime import date, datetime, time, timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ...models.meeting.pep_meeting import ATTENDEE_ROLES, OPEN
from ...models.meeting.pep_meeting_busy import UNKNOWN
from ...tools import clock

# Times are suggested within these hours of the council's clock, on working days.
DAY_FROM, DAY_TO = time(9), time(16)
# Of several meetings in a row, one that would end later than this begins on the next working day.
EVENING = time(18)
# The first time of each morning and of each afternoon is suggested; an afternoon begins after lunch.
NOON = time(13)
STEP = timedelta(minutes=30)
# How far ahead a time is looked for where no PEP is due before (days), and how many times are suggested at once.
LOOK_AHEAD = 60
SUGGESTED = 6


class PepMeetingSchedule(models.TransientModel):
    """Plans the meetings of one or several PEPs: one after the other, each a meeting of its own.

    The form is kept from the moment it is opened, so that its lines and people are rows that can be looked up. It
    shows, before anything is sent, who would be asked to what and whose calendar has no room.
    """

    _name = "pep.meeting.schedule"
    _description = "Plan meetings"
    _inherit = ["pep.checked.draft"]

    company_id = fields.Many2one("res.company", string="Council", required=True, readonly=True)
    how = fields.Selection(
        [("plan", "At this time"), ("offer", "Offer several times and let people choose")],
        string="When",
        required=True,
        default="plan",
    )
    start = fields.Datetime(string="Begins", required=True)
    minutes = fields.Integer(string="Minutes each", required=True, default=60)
    pause = fields.Integer(string="Minutes between", default=0)
    mode = fields.Selection(
        [("online", "Online"), ("face", "Face to face"), ("both", "Both")], required=True, default="online"
    )
    link_kind = fields.Selection(
        [("pasted", "A link of your own"), ("none", "Not known yet")],
        string="Join by",
        required=True,
        default="none",
    )
    is_extra = fields.Boolean(string="Extra meeting", readonly=True)
    purpose = fields.Char(help="Why an extra meeting: what it is to settle.")
    send_now = fields.Boolean(string="Send the invitations now", default=True)
    line_ids = fields.One2many("pep.meeting.schedule.line", "wizard_id", string="Meetings")
    person_ids = fields.One2many("pep.meeting.schedule.person", "wizard_id", string="People")
    slot_ids = fields.One2many("pep.meeting.schedule.slot", "wizard_id", string="Times")
    suggestion_ids = fields.One2many("pep.meeting.schedule.suggestion", "wizard_id", string="Goes well with")
    line_count = fields.Integer(compute="_compute_summary")
    school_more = fields.Integer(string="Others at the same school", compute="_compute_school_more")
    summary = fields.Char(compute="_compute_summary")
    warning = fields.Text(compute="_compute_warning")
    note = fields.Char(readonly=True)
    done = fields.Boolean(readonly=True)

    # === Opening ===

    @api.model
    def _open_for(self, plans, *, is_extra=False, left_out=0):
        """The form for these PEPs, filled in.

        :param bool is_extra: meetings beside the termly ones
        :param int left_out: how many that were chosen have a meeting already
        """
        company = plans.company_id
        if len(company) > 1:
            raise UserError(self.env._("Plan the meetings of one council at a time."))
        wizard = self.with_company(company).create(
            {
                "company_id": company.id,
                "start": fields.Datetime.now(),
                "minutes": round((company.pep_meeting_hours or 1.0) * 60),
                "pause": 10 if len(plans) > 1 else 0,
                "is_extra": is_extra,
                "note": self.env._(
                    "Left out, with a meeting already or finished: %(number)s of those chosen.", number=left_out
                )
                if left_out
                else False,
            }
        )
        wizard._add(plans.sorted(lambda plan: (plan.school_name or "", plan.next_due or date.max, plan.id)))
        if wizard._face_due():
            wizard.write({"mode": "face", "link_kind": "none"})
        wizard.start = wizard._default_start()
        return wizard._reopen()

    def _face_due(self):
        """Those of these meetings that have to be face to face: by the council's rule it is time."""
        if self.is_extra:
            return self.line_ids.browse()
        return self.line_ids.filtered(lambda line: line._face_is_due())

    def _reopen(self):
        """The same form again, with what has changed."""
        self.ensure_one()
        several = len(self.line_ids) > 1
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan meetings") if several else self.env._("Plan a meeting"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {**self.env.context, "dialog_size": "extra-large"},
        }

    def _add(self, plans):
        """Put these PEPs behind those on the list, each with the people who belong there."""
        self.ensure_one()
        plans.check_access("write")
        number = max(self.line_ids.mapped("sequence"), default=0)
        lines = self.env["pep.meeting.schedule.line"].create(
            [
                {
                    "wizard_id": self.id,
                    "plan_id": plan.id,
                    "sequence": number + index,
                    "place": plan.school_name,
                    "chair_id": plan.vseo_id.id or self._own_chair(),
                }
                for index, plan in enumerate(plans, start=1)
            ]
        )
        self.env["pep.meeting.schedule.person"].create(lines._prepare_people())
        self._suggest_plans()

    def action_add_school(self):
        """Button: plan the meetings of all the children at the same school, a *school day*."""
        self.ensure_one()
        self.line_ids.plan_id.check_access("write")
        schools = self.line_ids.plan_id.school_id
        plans = self.suggestion_ids.plan_id.filtered(lambda plan: plan.school_id in schools)
        if not plans:
            raise UserError(self.env._("No other child at the same school is without a meeting this term."))
        self._add_more(plans)
        return self._reopen()

    def _add_more(self, plans):
        """Put further PEPs on the list; where there was one, some minutes are left between."""
        if not self.pause and len(self.line_ids) == 1:
            self.pause = 10
        self._add(plans)

    def _own_chair(self):
        user = self.env.user
        return user.id if user.has_group("pep_module.group_pep_vseo") else False

    def _suggest_plans(self):
        """Whom one could add: children at the same school, siblings, those who share a carer or social worker."""
        self.suggestion_ids.unlink()
        if self.is_extra:
            return
        self.env["pep.meeting.schedule.suggestion"].create(
            [
                {"wizard_id": self.id, "plan_id": plan.id, "sequence": index, "why": ", ".join(words)}
                for index, (plan, words) in enumerate(self.line_ids.plan_id._to_meet_with().items())
            ]
        )

    # === What the form shows ===

    @api.depends("line_ids.start", "line_ids.stop")
    def _compute_summary(self):
        for wizard in self:
            lines = wizard.line_ids.filtered("start")
            wizard.line_count = len(wizard.line_ids)
            wizard.summary = False
            if len(lines) > 1:
                zone = wizard.company_id.pep_tz
                first = min(lines.mapped("start"))
                last = max(lines.mapped("stop"))
                begin, end = clock.to_local(zone, first), clock.to_local(zone, last)
                days = clock.day_in_words(begin)
                if begin.date() != end.date():
                    days = self.env._("%(first)s to %(last)s", first=days, last=clock.day_in_words(end))
                wizard.summary = self.env._(
                    "%(number)s meetings, %(days)s, from %(begin)s to %(end)s",
                    number=len(lines),
                    days=days,
                    begin=f"{begin:%H:%M}",
                    end=f"{end:%H:%M}",
                )

    @api.depends("line_ids.plan_id", "suggestion_ids.plan_id")
    def _compute_school_more(self):
        for wizard in self:
            schools = wizard.line_ids.plan_id.school_id
            suggested = wizard.suggestion_ids.plan_id
            wizard.school_more = len(suggested.filtered(lambda plan, at=schools: plan.school_id in at))

    @api.depends("line_ids.warning", "start", "how", "slot_ids.start", "slot_ids.offer")
    def _compute_warning(self):
        now = fields.Datetime.now()
        for wizard in self:
            if wizard.how == "offer":
                starts = wizard.slot_ids.filtered("offer").mapped("start")
                warnings = [wizard.line_ids[:1]._warning_at(start) for start in starts if start]
            else:
                warnings = wizard.line_ids.mapped("warning")
                if wizard.start and wizard.start <= now:
                    warnings.insert(0, self.env._("This time has passed already."))
            wizard.warning = "\n".join(dict.fromkeys(filter(None, warnings))) or False

    @api.onchange("mode")
    def _onchange_mode(self):
        if self.mode == "face":
            self.link_kind = "none"

    @api.onchange("start", "minutes", "pause", "line_ids")
    def _onchange_place(self):
        self._place()

    def write(self, vals):
        result = super().write(vals)
        if {"start", "minutes", "pause"} & vals.keys():
            self._place()
        return result

    # === One after the other ===

    def _place(self):
        """Give each meeting its time, in the order of the list.

        Kept with the lines and not worked out when read: on a form, a line is not told when another one is moved.
        """
        for wizard in self:
            lines = wizard.line_ids.sorted(lambda line: (line.sequence, line._origin.id or 0))
            slots = wizard._slots(wizard.start, len(lines)) if wizard.start else []
            for line, slot in zip(lines, slots, strict=False):
                if (line.start, line.stop) != slot:
                    line.start, line.stop = slot

    def _slots(self, start, number):
        """The times of so many meetings one after the other from a moment on.

        They go on at the same time of the next working day when one would end in the evening; the first of a day stays
        where it is. The clock is the council's.

        :param datetime start: UTC
        :return: list of (start, stop) in UTC
        """
        self.ensure_one()
        zone = self.company_id.pep_tz
        each, pause = timedelta(minutes=max(self.minutes, 1)), timedelta(minutes=max(self.pause, 0))
        slots, day_begins = [], clock.to_local(zone, start)
        begin, first_of_day = start, True
        for _index in range(number):
            ends = clock.to_local(zone, begin + each)
            if not first_of_day and (ends.date() != day_begins.date() or ends.time() > EVENING):
                day_begins = datetime.combine(clock.next_weekday(day_begins.date()), day_begins.time())
                begin = clock.to_utc(zone, day_begins)
            slots.append((begin, begin + each))
            begin += each + pause
            first_of_day = False
        return slots

    # === Looking for a time ===

    def _first_day(self):
        """The day from which a time is looked for: the next working day, or the day that was set for this meeting."""
        tomorrow = clock.next_weekday(self.company_id._pep_today())
        dates = self.line_ids.plan_id._previous_next_dates().values() if not self.is_extra else ()
        ahead = [day for day in dates if day >= tomorrow]
        return min(ahead, default=tomorrow)

    def _default_start(self):
        """The first time at which the chairs have room; without one, nine o'clock of the first day."""
        first = self._first_day()
        chairs = {line: line.chair_id.partner_id for line in self.line_ids}
        found = self._free_starts(first, chairs, limit=1)
        return found[0] if found else clock.at(self.company_id.pep_tz, first, DAY_FROM)

    def _asked(self):
        """Who is ticked, by the id of the meeting: on a form that is being filled in, the rows as they are there.

        :return: dict of line id -> people
        """
        return self.person_ids.filtered("include").grouped(lambda person: person.line_id._origin.id)

    def _known_people(self):
        """Of each line those who are to be asked, with the chair."""
        asked = self._asked()
        nobody = self.person_ids.browse()
        return {
            line: line.chair_id.partner_id | asked.get(line._origin.id, nobody).partner_id for line in self.line_ids
        }

    def _free_starts(self, first, people, limit):
        """Starts, in working hours and before the PEPs are due, at which nobody whose calendar is known is busy.

        The first of each morning and of each afternoon: six half-hours in a row are no choice.

        :param date first: the day to begin with
        :param dict people: line -> ``res.partner`` who have to be free for it
        :return: list of UTC datetimes, at most ``limit``
        """
        lines = self.line_ids.sorted(lambda line: (line.sequence, line.id))
        if not lines:
            return []
        zone = self.company_id.pep_tz
        due = [line.due_date for line in lines if line.due_date and line.due_date >= first]
        last = min([*due, first + timedelta(days=LOOK_AHEAD)]) if not self.is_extra else first + timedelta(LOOK_AHEAD)
        from_, to = clock.at(zone, first, time.min), clock.at(zone, last + timedelta(days=LOOK_AHEAD), time.min)
        everybody = self.env["res.partner"].union(*people.values())
        busy = self._calendar()._busy(everybody, from_, to)
        spans = [
            sorted({span for partner in people[line] if busy[partner.id] != UNKNOWN for span in busy[partner.id]})
            for line in lines
        ]
        found = []
        day = first if first.weekday() < 5 else clock.next_weekday(first)
        while day <= last and len(found) < limit:
            halves = {}
            for start in self._starts_of(day):
                slots = self._slots(start, len(lines))
                if self._within_hours(slots) and not any(map(self._overlaps, slots, spans)):
                    halves.setdefault(clock.to_local(zone, start).time() < NOON, start)
            found += sorted(halves.values())
            day = clock.next_weekday(day)
        return found[:limit]

    def _calendar(self):
        return self.env["pep.meeting.busy"].with_company(self.company_id)

    def _starts_of(self, day):
        zone = self.company_id.pep_tz
        moment = datetime.combine(day, DAY_FROM)
        while moment.time() < DAY_TO:
            yield clock.to_utc(zone, moment)
            moment += STEP

    def _within_hours(self, slots):
        """Whether all of these end within working hours; a row that no day can hold has to begin with the day."""
        zone = self.company_id.pep_tz
        begins, ends = clock.to_local(zone, slots[0][0]), clock.to_local(zone, slots[-1][1])
        if ends.date() != begins.date():
            return begins.time() == DAY_FROM
        if ends.time() <= DAY_TO:
            return True
        hours = datetime.combine(begins.date(), DAY_TO) - datetime.combine(begins.date(), DAY_FROM)
        return slots[-1][1] - slots[0][0] > hours and begins.time() == DAY_FROM

    @staticmethod
    def _overlaps(slot, spans):
        return any(start < slot[1] and stop > slot[0] for start, stop in spans)

    def action_suggest(self):
        """Button: the next times at which nobody whose calendar is known is busy. The first of them is taken."""
        self.ensure_one()
        self.line_ids.plan_id.check_access("write")
        self._check_lines()
        starts = self._free_starts(self._first_day(), self._known_people(), limit=SUGGESTED)
        if not starts:
            raise UserError(
                self.env._(
                    "Before the PEPs are due there is no time left, from nine to four on a working day, at which "
                    "everybody whose calendar is known is free. Choose a time yourself."
                )
            )
        self.slot_ids.unlink()
        self.slot_ids = [Command.create({"start": start}) for start in starts]
        if self.how == "plan":
            self.start = starts[0]
        return self._reopen()

    # === Doing it ===

    def action_plan(self):
        """Button: make the meetings or, of one meeting, offer its times.

        :return: where to go on: the meeting, or the list of them
        :raise UserError: something is missing; nothing has been done then
        """
        self.ensure_one()
        plans = self.line_ids.plan_id
        plans.check_access("write")
        self._check_lines()
        self._check_links()
        self._check_not_planned_yet()
        self.done = True
        meetings = self._offer() if self.how == "offer" else self._plan()
        return self._go_to(meetings)

    def _check_lines(self):
        if self.done:
            raise UserError(self.env._("This has been planned already."))
        if not self.line_ids:
            raise UserError(self.env._("There is no meeting on the list."))
        if not 5 <= self.minutes <= 12 * 60:
            raise UserError(self.env._("A meeting lasts from 5 minutes to 12 hours."))
        if not 0 <= self.pause <= 12 * 60:
            raise UserError(self.env._("How many minutes between two meetings?"))
        if self.is_extra and not (self.purpose or "").strip():
            raise UserError(self.env._("Say what the extra meeting is for."))
        asked = self._asked()
        for line in self.line_ids.filtered(lambda line: line.id not in asked):
            raise UserError(
                self.env._(
                    "Nobody is left on the list of %(reference)s. Tick somebody.", reference=line.child_reference
                )
            )

    def _check_links(self):
        """Each child's meeting has a way in of its own: who was let into one is not let into the next."""
        if self.mode == "face" or self.link_kind != "pasted":
            return
        links = {}
        for line in self.line_ids:
            link = self._plain_link(line.link)
            if not link:
                raise UserError(
                    self.env._(
                        "Paste the link of %(reference)s, or say that it is not known yet.",
                        reference=line.child_reference,
                    )
                )
            if link in links:
                raise UserError(
                    self.env._(
                        "%(one)s and %(other)s have the same link: whoever waits for one meeting could walk into the "
                        "other child's. Paste one link each.",
                        one=links[link],
                        other=line.child_reference,
                    )
                )
            links[link] = line.child_reference
        others = self.env["pep.meeting"].sudo()  # sudo: whether another child's meeting uses the link, not whose
        others = others.search_fetch(
            [
                ("state", "in", OPEN),
                ("link_kind", "=", "pasted"),
                ("company_id", "=", self.company_id.id),
                ("stop", ">", fields.Datetime.now()),
            ],
            ["link", "child_id"],
            order="id",
        )
        child_of = {self._plain_link(line.link): line.plan_id.child_id.id for line in self.line_ids}
        for meeting in others:
            link = self._plain_link(meeting.link)
            if link in child_of and child_of[link] != meeting.child_id.id:
                raise UserError(
                    self.env._(
                        "The link of %(reference)s is that of another child's meeting already. Paste a new one.",
                        reference=links[link],
                    )
                )

    @api.model
    def _plain_link(self, link):
        """A link without what makes no difference to where it leads."""
        return (link or "").strip().rstrip("/").casefold()

    def _check_not_planned_yet(self):
        """Refuse a second termly meeting: pressed twice, or planned by a colleague meanwhile."""
        plans = self.line_ids.plan_id
        plans.lock_for_update(allow_referencing=True)
        if self.is_extra:
            return
        for plan in plans._with_meeting(*OPEN)[:1]:
            raise UserError(
                self.env._("%(reference)s has a meeting by now. Leave it out.", reference=plan.child_reference)
            )

    def _prepare_meetings(self):
        """Values of the meetings, with everybody who is ticked."""
        asked = self._asked()
        online, together = self.mode != "face", self.mode != "online"
        vals_list = []
        for line in self.line_ids.sorted(lambda line: (line.sequence, line.id)):
            pasted = online and self.link_kind == "pasted"
            vals_list.append(
                {
                    "plan_id": line.plan_id.id,
                    "start": line.start,
                    "duration": self.minutes / 60,
                    "mode": self.mode,
                    "place": together and line.place,
                    "link_kind": self.link_kind if online else "none",
                    "link": pasted and line.link.strip(),
                    "chair_id": line.chair_id.id,
                    "is_extra": self.is_extra,
                    "purpose": self.is_extra and self.purpose.strip(),
                    "attendee_ids": [
                        Command.create(
                            {"role": person.role, "partner_id": person.partner_id.id, "needed": person.needed}
                        )
                        for person in asked[line.id]
                    ],
                }
            )
        return vals_list

    def _plan(self):
        if self.send_now and self.start <= fields.Datetime.now():
            raise UserError(
                self.env._(
                    "This time has passed already. Choose another one. To put a meeting on record that took place "
                    "without being planned here, take the tick from sending the invitations."
                )
            )
        meetings = self.env["pep.meeting"].create(self._prepare_meetings())
        if self.send_now:
            meetings.action_send_invitations()
        return meetings

    def _offer(self):
        starts = sorted(set(self.slot_ids.filtered("offer").mapped("start")))
        if len(self.line_ids) > 1:
            raise UserError(self.env._("Times are offered for one meeting at a time. Leave the others out."))
        if len(starts) < 2:
            raise UserError(self.env._("Tick at least two times to choose from, or plan the meeting at one."))
        if starts[0] <= fields.Datetime.now():
            raise UserError(self.env._("One of the times has passed already. Take it out."))
        [vals] = self._prepare_meetings()
        meeting = self.env["pep.meeting"].create({**vals, "start": False})
        self.env["pep.meeting.option"].create([{"meeting_id": meeting.id, "start": start} for start in starts])
        if self.send_now:
            meeting.action_offer()
        return meeting

    def _go_to(self, meetings):
        if len(meetings) == 1:
            return meetings.get_formview_action()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_meeting_action")
        context = {"initial_date": str(min(meetings.mapped("date")))}
        return {
            **action,
            "name": self.env._("Meetings just planned"),
            "views": [(False, "list"), (False, "calendar"), (False, "form")],
            "view_mode": "list,calendar,form",
            "domain": [("id", "in", meetings.ids)],
            "context": context,
            "path": False,
            "target": "main",
        }


class PepMeetingScheduleLine(models.TransientModel):
    """One meeting that is being planned."""

    _name = "pep.meeting.schedule.line"
    _description = "Meeting to plan"
    _inherit = ["pep.checked.draft"]
    _order = "sequence, id"
    _rec_name = "child_reference"

    wizard_id = fields.Many2one("pep.meeting.schedule", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer()
    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, readonly=True)
    child_reference = fields.Char(related="plan_id.child_reference")
    child_name = fields.Char(related="plan_id.child_name", related_sudo=False)
    school_name = fields.Char(string="School", related="plan_id.school_name")
    due_date = fields.Date(string="Due by", related="plan_id.due_date")
    face_due_date = fields.Date(string="Face to face due by", related="plan_id.child_id.face_due_date")
    company_id = fields.Many2one(related="wizard_id.company_id")
    chair_id = fields.Many2one("res.users", domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    place = fields.Char(help="Where people sit together. Never a home.")
    link = fields.Char(string="Link to join")
    person_ids = fields.One2many("pep.meeting.schedule.person", "line_id", string="People")
    start = fields.Datetime(readonly=True, help="Follows from the order; see PepMeetingSchedule._place.")
    stop = fields.Datetime(readonly=True)
    slot = fields.Char(string="When", compute="_compute_slot")
    warning = fields.Char(compute="_compute_warning")
    people = fields.Char(string="Who", compute="_compute_people")
    free = fields.Char(string="Calendars", compute="_compute_free")

    _once = models.UniqueIndex("(wizard_id, plan_id)", "This PEP is on the list already.")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.wizard_id._place()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if "sequence" in vals:
            self.wizard_id._place()
        return result

    def unlink(self):
        wizards = self.wizard_id
        result = super().unlink()
        wizards._place()
        return result

    @api.depends("start", "stop")
    def _compute_slot(self):
        for line in self:
            zone = line.wizard_id.company_id.pep_tz
            line.slot = line.start and " ".join(clock.span_in_words(zone, line.start, line.stop, year=False))

    @api.depends("start", "plan_id", "wizard_id.is_extra", "wizard_id.mode")
    def _compute_warning(self):
        for line in self:
            line.warning = line._warning_at(line.start) or line._warning_of_mode()

    def _warning_of_mode(self):
        """That this meeting is online, where the child is to be met in person this term."""
        if self.wizard_id.mode != "online" or self.wizard_id.is_extra or not self._face_is_due():
            return False
        return self.env._(
            "%(reference)s: a meeting face to face is due by %(day)s.",
            reference=self.child_reference,
            day=clock.day_in_words(self.face_due_date),
        )

    def _face_is_due(self):
        """Whether the child is to be met in person within the term of this PEP."""
        last = self.plan_id.term_id.date_to
        return bool(self.face_due_date) and (not last or self.face_due_date <= last)

    def _warning_at(self, start):
        """What speaks against a start: the weekend, or the day by which the meeting is due."""
        if not start or not self:
            return False
        day = clock.to_local(self.wizard_id.company_id.pep_tz, start).date()
        words = clock.day_in_words(day)
        if self.due_date and day > self.due_date and not self.wizard_id.is_extra:
            due = clock.day_in_words(self.due_date)
            return self.env._(
                "%(reference)s: %(day)s is after the meeting is due (%(due)s).",
                reference=self.child_reference,
                day=words,
                due=due,
            )
        if day.weekday() >= 5:
            return self.env._("%(day)s is at the weekend.", day=words)
        return False

    @api.depends("wizard_id.person_ids.include", "wizard_id.person_ids.reach")
    def _compute_people(self):
        asked_of = self.wizard_id._asked()
        for line in self:
            asked = asked_of.get(line._origin.id, line.person_ids.browse())
            without = asked.filtered(lambda person: person.reach == "none")
            line.people = (
                self.env._("%(number)s people, %(without)s without e-mail", number=len(asked), without=len(without))
                if without
                else self.env._("%(number)s people", number=len(asked))
            )

    @api.depends("wizard_id.person_ids.include", "wizard_id.person_ids.calendar")
    def _compute_free(self):
        asked_of = self.wizard_id._asked()
        for line in self:
            asked = asked_of.get(line._origin.id, line.person_ids.browse())
            busy = asked.filtered(lambda person: person.calendar_state == "busy")
            line.free = "; ".join(f"{person.name}: {person.calendar}" for person in busy) or False

    def _prepare_people(self):
        """Values of the people to propose for each of these lines: as the meeting itself would propose them."""
        meetings = self.env["pep.meeting"]
        line_of = {}
        for line in self:
            plan = line.plan_id
            draft = {"plan_id": plan.id, "child_id": plan.child_id.id, "chair_id": line.chair_id.id}
            line_of[meetings.new(draft)] = line
        drafts = meetings.concat(*line_of)
        needed = drafts._needed_roles()
        names = {}
        vals_list = []
        for meeting, people in drafts._people_of_today().items():
            line = line_of[meeting]
            for role, partner in [("child", self.env["res.partner"]), *people]:
                if partner and partner not in names:
                    names[partner] = partner.sudo().name  # sudo: a teacher's login may be out of the user's sight
                vals_list.append(
                    {
                        "wizard_id": line.wizard_id.id,
                        "line_id": line.id,
                        "role": role,
                        "partner_id": partner.id,
                        "name": names[partner] if partner else self.env._("The child"),
                        "needed": role in needed[line.wizard_id.company_id],
                    }
                )
        return vals_list

    def action_leave_out(self):
        """Button: not this one."""
        self.ensure_one()
        wizard = self.wizard_id
        wizard.line_ids.plan_id.check_access("write")
        if len(wizard.line_ids) == 1:
            raise UserError(self.env._("This is the only meeting on the list."))
        self.unlink()
        wizard._suggest_plans()
        return wizard._reopen()


class PepMeetingSchedulePerson(models.TransientModel):
    """Somebody who would be asked to a meeting that is being planned."""

    _name = "pep.meeting.schedule.person"
    _description = "Person to ask"
    _inherit = ["pep.checked.draft"]
    _order = "line_sequence, id"

    wizard_id = fields.Many2one("pep.meeting.schedule", required=True, index=True, ondelete="cascade")
    line_id = fields.Many2one("pep.meeting.schedule.line", required=True, index=True, ondelete="cascade")
    line_sequence = fields.Integer(related="line_id.sequence", store=True)
    child_name = fields.Char(string="Child", related="line_id.child_name", related_sudo=False)
    role = fields.Selection(ATTENDEE_ROLES, required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    name = fields.Char(string="Person", readonly=True)
    needed = fields.Boolean(string="Must be there", readonly=True)
    include = fields.Boolean(string="Ask", default=True)
    reach = fields.Selection(
        [("child", "Told by an adult"), ("mail", "By e-mail"), ("none", "No e-mail: tell them yourself")],
        string="How they are told",
        compute="_compute_reach",
    )
    calendar = fields.Char(compute="_compute_calendar")
    calendar_state = fields.Selection(
        [("free", "Free"), ("busy", "Busy"), ("unknown", "Not known")], compute="_compute_calendar"
    )

    @api.depends("partner_id", "role")
    def _compute_reach(self):
        for person in self:
            email = person.partner_id.sudo().email  # sudo: whether there is an address, which is not shown
            person.reach = "child" if not person.partner_id else "mail" if email_normalize(email or "") else "none"

    @api.depends("partner_id", "wizard_id.line_ids.start", "wizard_id.line_ids.stop")
    def _compute_calendar(self):
        """Whether the person's calendar has room, in plain words. All people of a form in a fixed number of queries."""
        words = {"free": self.env._("Free"), "unknown": self.env._("Not known")}
        for wizard, people in self.grouped("wizard_id").items():
            # by id: on a form that is being filled in, the meeting is the form's row, not the one that is kept
            when = {line._origin.id: (line.start, line.stop) for line in wizard.line_ids}
            slots = {person: when.get(person.line_id._origin.id, (False, False)) for person in people}
            times = [moment for slot in slots.values() for moment in slot if moment]
            day = timedelta(days=1)  # beyond the meeting itself: what is shown is how long they are busy
            busy = wizard._calendar()._busy(people.partner_id, min(times) - day, max(times) + day) if times else {}
            zone = wizard.company_id.pep_tz
            for person in people:
                spans = busy.get(person.partner_id.id)
                person.calendar_state = person.calendar = False
                if not slots[person][0]:
                    continue
                if spans == UNKNOWN:
                    person.calendar_state = "unknown"
                elif spans is not None and person.partner_id:
                    start, stop = slots[person]
                    clash = [span for span in spans if span[0] < stop and span[1] > start]
                    person.calendar_state = "busy" if clash else "free"
                    if clash:
                        hours = ", ".join(clock.span_in_words(zone, *span)[1] for span in clash)
                        person.calendar = self.env._("Busy %(hours)s", hours=hours)
                person.calendar = person.calendar or words.get(person.calendar_state, False)


class PepMeetingScheduleSlot(models.TransientModel):
    """A time that is suggested, or offered for people to choose from."""

    _name = "pep.meeting.schedule.slot"
    _description = "Time to choose"
    _inherit = ["pep.checked.draft"]
    _order = "start, id"

    wizard_id = fields.Many2one("pep.meeting.schedule", required=True, index=True, ondelete="cascade")
    start = fields.Datetime(string="Begins", required=True)
    offer = fields.Boolean(default=True)
    words = fields.Char(string="Time", compute="_compute_words")
    free = fields.Char(string="Calendars", compute="_compute_free")

    @api.depends("start", "wizard_id.minutes", "wizard_id.pause")
    def _compute_words(self):
        for slot in self:
            slot.words = False
            if slot.start:
                wizard = slot.wizard_id
                slots = wizard._slots(slot.start, max(len(wizard.line_ids), 1))
                slot.words = " ".join(clock.span_in_words(wizard.company_id.pep_tz, slot.start, slots[-1][1]))

    @api.depends("start", "wizard_id.minutes", "wizard_id.pause", "wizard_id.person_ids.include")
    def _compute_free(self):
        """Who is not free then, of those whose calendar is known."""
        for wizard, slots in self.grouped("wizard_id").items():
            starts = [slot.start for slot in slots if slot.start]
            lines = wizard.line_ids.sorted(lambda line: (line.sequence, line._origin.id or 0))
            rows = {slot: wizard._slots(slot.start, len(lines)) for slot in slots if slot.start}
            last = max((row[-1][1] for row in rows.values() if row), default=None)
            people = wizard._known_people()
            everybody = self.env["res.partner"].union(*people.values())
            busy = wizard._calendar()._busy(everybody, min(starts), last) if last else {}
            for slot in slots:
                taken = {
                    partner.sudo().name: True  # sudo: a teacher's login may be out of the user's sight
                    for line, span in zip(lines, rows.get(slot, ()), strict=False)
                    for partner in people[line]
                    if busy[partner.id] != UNKNOWN and wizard._overlaps(span, busy[partner.id])
                }
                slot.free = (
                    self.env._("Busy: %(names)s", names=", ".join(taken)) if taken else self.env._("Nobody is busy")
                )

    def action_take(self):
        """Button: this time."""
        self.ensure_one()
        self.wizard_id.line_ids.plan_id.check_access("write")
        self.wizard_id.start = self.start
        return self.wizard_id._reopen()


class PepMeetingScheduleSuggestion(models.TransientModel):
    """A PEP whose meeting goes well with those on the list."""

    _name = "pep.meeting.schedule.suggestion"
    _description = "Meeting that goes well with others"
    _inherit = ["pep.checked.draft"]
    _order = "sequence, id"

    wizard_id = fields.Many2one("pep.meeting.schedule", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer()
    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, readonly=True)
    child_name = fields.Char(string="Child", related="plan_id.child_name", related_sudo=False)
    child_reference = fields.Char(related="plan_id.child_reference")
    school_name = fields.Char(string="School", related="plan_id.school_name")
    due_date = fields.Date(string="Due by", related="plan_id.due_date")
    why = fields.Char(readonly=True)

    def action_add(self):
        """Button: plan these too."""
        wizard = self.wizard_id
        wizard.ensure_one()
        wizard._add_more(self.plan_id)
        return wizard._reopen()
