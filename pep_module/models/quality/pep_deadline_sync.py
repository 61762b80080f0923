"""The engine of the clocks: what should run, compared with what does.

Everything is worked out from the records as they are now, never from what happened in between. So it can be done again
at any time, by anybody, and ends in the same rows.
"""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import format_date

from ..child.pep_child import RESPITE
from ..plan.pep_contribution import HANDED_IN
from .pep_deadline import REVERSIBLE

PART_ROLES = {"school_parts": "teacher", "social_work_parts": "social_worker"}
QUIET = {"tracking_disable": True, "mail_notrack": True}
NO_PARTS = {"not_needed", "earlier"}


class Want(NamedTuple):
    """One clock as it should be."""

    rule: object
    round: int
    start: date
    due: date
    why: str
    met_on: object = None  # date
    stop: object = None  # code of STOPS
    plan: object = None


class Facts:
    """What the clocks of some PEPs and children follow from. Read once for all of them, by a fixed number of queries.

    :param plans: ``pep.plan``, those whose own clocks are asked for
    :param children: ``pep.child``, those whose own clocks are asked for
    """

    def __init__(self, env, plans, children):
        self.env = env
        self.councils = plans.company_id | children.company_id
        self.today = {council: council._pep_today() for council in self.councils}
        self.rules = env["pep.deadline.rule"]._versions(self.councils)
        self.rows = self._rows(plans, children)
        self.out = self._out_of_scope(children | plans.child_id)
        self.counters = {}
        self.plans_of = self._plans_of(children, plans)
        self.meetings = self._meetings(plans.union(*(plan for row in self.plans_of.values() for plan in row)))
        self.parts = self._parts(plans)
        self.settings = children._settings_on(max(self.today.values()))
        self.faces = children._faces()
        self.iro_copies = self._iro_copies(children)

    def _rows(self, plans, children):
        """The clocks that are there: dict of (child id, plan id or None, series) -> records, first round first."""
        rows = self.env["pep.deadline"].search(
            ["|", ("plan_id", "in", plans.ids), "&", ("child_id", "in", children.ids), ("of_plan", "=", False)],
            order="round, id",
        )
        return rows.grouped(lambda row: (row.child_id.id, row.plan_id.id if row.of_plan else None, row.series))

    def _out_of_scope(self, children):
        """Why clocks of a child do not run: dict of child id -> code of STOPS. Who is in scope is missing."""
        out = {}
        for council, members in children.grouped("company_id").items():
            today = self.today[council]
            inside = set(members.search(members._in_scope_domain(council, today) & _ids(members)).ids)
            statuses = members._legal_status_on(today)
            for child in members:
                if not child.active:
                    out[child.id] = "archived"
                elif child.id not in inside:
                    into, left = child.date_into_care, child.date_out_of_care
                    away = not into or into > today or (left and left <= today)
                    out[child.id] = "out_of_care" if away else "age"
                elif child.id in statuses and statuses[child.id].code in RESPITE:
                    out[child.id] = "respite"
        return out

    def _meetings(self, plans):
        """The termly meeting of each PEP that was held, else the next planned: dict of plan id -> ``pep.meeting``."""
        chosen = {}
        meetings = self.env["pep.meeting"].search_fetch(
            [("plan_id", "in", plans.ids), ("state", "in", ("planned", "held")), ("is_extra", "=", False)],
            ["plan_id", "state", "start", "date"],
            order="start, id",
        )
        for meeting in meetings:
            known = chosen.get(meeting.plan_id.id)
            if known is None or (meeting.state == "held" and known.state != "held"):
                chosen[meeting.plan_id.id] = meeting
        return chosen

    def _parts(self, plans):
        """How far the required parts are: dict of (plan id, role) -> (all handed in, last day or None).

        Of a PEP whose parts are not made yet, those that it will ask for.
        """
        parts = self.env["pep.contribution"]
        found, any_part = defaultdict(list), set()
        groups = parts._read_group(
            [("plan_id", "in", plans.ids), ("owner_role", "in", tuple(PART_ROLES.values()))],
            ["plan_id", "owner_role", "required", "state"],
            ["submitted_on:max"],
        )
        for plan, role, required, state, submitted_on in groups:
            any_part.add(plan.id)
            if required and state not in NO_PARTS:
                day = submitted_on and plan.company_id._pep_local(submitted_on).date()
                found[plan.id, role].append((state in HANDED_IN, day))
        result = {
            key: (all(done for done, _day in rows), max((day for _done, day in rows if day), default=None))
            for key, rows in found.items()
        }
        new = plans.filtered(lambda plan: plan.id not in any_part and plan.state in ("not_started", "gathering"))
        for plan, sections in (parts._forms_of(new) if new else {}).items():
            for section in sections.filtered("required"):
                if section.owner_role in PART_ROLES.values():
                    result[plan.id, section.owner_role] = (False, None)
        return result

    def _plans_of(self, children, plans):
        """The PEPs that may meet clocks of these children, the first term first: dict of child id -> list of plans.

        Only of children who have such a clock, or whose rule gives them one today.
        """
        asking = children.filtered(self._asks_for_plans)
        since = min((day for child in asking for day in self._starts(child)), default=None)
        if since is None:
            return {}
        found = plans.search(
            [
                ("child_id", "in", asking.ids),
                ("state", "!=", "cancelled"),
                ("term_id.date_from", ">=", fields.Date.subtract(since, days=370)),
            ]
        )
        terms = found.term_id.sorted("date_from").ids
        by_child = found.sorted(lambda plan: terms.index(plan.term_id.id)).grouped(lambda plan: plan.child_id.id)
        return {child_id: list(rows) for child_id, rows in by_child.items()}

    def _starts(self, child):
        days = [child.date_into_care] if child.date_into_care else []
        days += [row.start_date for rows in self._child_rows(child) for row in rows if row.state == "open"]
        return days

    def _child_rows(self, child):
        return [rows for (child_id, plan_id, _series), rows in self.rows.items() if (child_id, plan_id) == (child.id, None)]

    def _asks_for_plans(self, child):
        if any(row.state == "open" and row.kind != "face" for rows in self._child_rows(child) for row in rows):
            return True
        if child.id in self.out or not child.date_into_care:
            return False
        go_live = child.company_id.pep_go_live
        recent = fields.Date.subtract(self.today[child.company_id], days=370)
        return child.date_into_care >= max(go_live or recent, recent) or bool(child._care_review_day())

    def _iro_copies(self, children):
        """The last day on which the reviewing officer got a copy: dict of child id -> date. Asked for reviews alone."""
        asking = children.filtered(lambda child: child._care_review_day())
        if not asking:
            return {}
        groups = self.env["pep.plan.copy"]._read_group(
            [("child_id", "in", asking.ids), ("role", "=", "iro")], ["child_id"], ["issued_on:max"]
        )
        return {child.id: self.local_day(child.company_id, moment) for child, moment in groups}

    def counter(self, council):
        if council not in self.counters:
            self.counters[council] = self.env["resource.calendar"]._pep_day_counter(council)
        return self.counters[council]

    def rule_on(self, council, series, day):
        """The version of a rule that judges an event of ``day``, or None."""
        return next(
            (rule for rule in self.rules.get(council, ()) if rule.series == series and rule._valid_on(day)), None
        )

    def series(self, council):
        """One rule of each series of a council: the newest version."""
        newest = {}
        for rule in self.rules.get(council, ()):
            newest.setdefault(rule.series, rule)
        return newest

    def local_day(self, council, moment):
        return council._pep_local(moment).date() if moment else None


def _ids(records):
    return fields.Domain("id", "in", records.ids)


class PepDeadline(models.Model):
    _inherit = "pep.deadline"

    # === From outside ===

    @api.model
    def _sync(self, plans=None, children=None):
        """Start, move, meet and stop the clocks of these PEPs and children, as things are now. Idempotent.

        A fixed number of queries for what is read, however many there are. PEPs bring their children's clocks along.

        :param plans: ``pep.plan``
        :param children: ``pep.child``; their own clocks, and those of their PEPs that are being worked on
        """
        plans = self.env["pep.plan"] if plans is None else plans
        children = self.env["pep.child"] if children is None else children
        quiet = {**QUIET, "active_test": False}
        plans = plans.sudo().with_context(**quiet)  # sudo: kept by the app, whoever caused it
        children = children.sudo().with_context(**quiet)  # sudo: the same
        if children:
            plans |= plans.search([("child_id", "in", children.ids), ("state", "not in", ("complete", "cancelled"))])
        if not plans and not children:
            return
        children |= plans.child_id
        clocks = self.sudo().with_context(**quiet)  # sudo: the same
        facts = Facts(clocks.env, plans, children)
        wants = []
        first_due = {}
        for child in children:
            for want, rows in clocks._wanted_of_child(facts, child):
                wants.append((child, None, want, rows))
                if want and want.rule.code == "ready":
                    first_due[child.id] = (want.plan and want.plan.id, want.due)
        for plan in plans:
            plan_id, due = first_due.get(plan.child_id.id, (None, None))
            for want, rows in clocks._wanted_of_plan(facts, plan, due if plan_id == plan.id else None):
                wants.append((plan.child_id, plan, want, rows))
        touched = clocks._apply(facts, wants)
        (plans | touched)._follow_clocks()

    @api.model
    def _sync_councils(self, councils):
        """After a change of rules or settings: everything of these councils that is not finished."""
        children = self.env["pep.child"].sudo()  # sudo: a rule concerns every child of the council
        children = children.search([("company_id", "in", councils.ids)])
        self._sync(children=children)

    @api.model
    def _first_due_dates(self, children):
        """By when the first PEP of each of these children is due, by the council's rule; without one they are missing.

        :return: dict of child id -> date
        """
        rules = self.env["pep.deadline.rule"]._versions(children.company_id)
        counters = {
            council: self.env["resource.calendar"]._pep_day_counter(council) for council in children.company_id
        }
        dates = {}
        for child in children.filtered("date_into_care"):
            council = child.company_id
            for rule in rules.get(council, ()):
                if rule.series == "ready" and rule.active and rule._valid_on(child.date_into_care):
                    length = rule.length if rule.direction == "after" else -rule.length
                    dates[child.id] = counters[council].count(rule.unit, child.date_into_care, length).day
                    break
        return dates

    # === What should run: clocks of a child ===

    @api.model
    def _wanted_of_child(self, facts, child):
        """Yield (want or None, the rows that are there) for each clock of the child that runs, ran, or should."""
        council = child.company_id
        for series, newest in facts.series(council).items():
            if not newest._is_of_child():
                continue
            rows = facts.rows.get((child.id, None, series), self.browse())
            yield self._want_of_child(facts, child, series, newest, rows), rows

    @api.model
    def _want_of_child(self, facts, child, series, newest, rows):
        council, last = child.company_id, rows[-1:]
        start, round_ = self._occasion(facts, child, newest, last)
        if not start:
            return None
        rule = facts.rule_on(council, series, start)
        if not rule or not rule.active:
            return None
        school = facts.settings[child.id].school_id if child.id in facts.settings else None
        stop = facts.out.get(child.id)
        if rule.trigger == "face":
            face = facts.faces[child.id]
            return Want(rule, round_, start, face.due, child._face_words(face), stop=stop)
        counted = self._count(facts, rule, council, start, school)
        why = self._sentence(rule, start, counted, self._event_words(rule.trigger))
        plan = self._plan_for(facts, child, rule, start)
        met_on = self._met_on(facts, rule, plan, child, start)
        return Want(rule, round_, start, counted.day, why, met_on, stop, plan)

    @api.model
    def _occasion(self, facts, child, rule, last):
        """The event that the child's clock counts from now, and which time it is.

        :return: (date or None, number)
        """
        start = {
            "into_care": lambda: child.date_into_care if self._was_of_age(child) else None,
            "setting_change": lambda: self._setting_change(facts, child),
            "care_review": child._care_review_day,
            "face": lambda: child.id in facts.faces and facts.faces[child.id].counted_from,
        }[rule.trigger]()
        if not start or not last:
            return start, 1
        if last.state == "stopped" and rule.trigger != "care_review":
            again = start > last.closed_on
        elif rule.trigger == "face":
            again = facts.faces[child.id].met and start > last.start_date
        elif rule.trigger == "care_review":
            passed = last.state != "open" or last.start_date < facts.today[child.company_id]
            again = passed and start > last.start_date
        else:
            again = last.state != "open" and start > last.closed_on
        return start, last.round + bool(again)

    @api.model
    def _was_of_age(self, child):
        """A child who came into care too young for PEPs has no clock of a first one; the term's clocks count later."""
        day = child.date_into_care
        return bool(day and child.filtered_domain(child._in_scope_domain(child.company_id, day)))

    @api.model
    def _setting_change(self, facts, child):
        """First day at the main school of now, of a child who was at another one before."""
        places = child.enrolment_ids.filtered(lambda place: place.active and place.kind == "main" and place.school_id)
        places = places.filtered(lambda place: place.date_from <= facts.today[child.company_id]).sorted("date_from")
        return places[-1].date_from if len(places.school_id) > 1 else None

    @api.model
    def _plan_for(self, facts, child, rule, start):
        """The PEP that a clock of the child waits for: the first one whose term has not ended before it starts."""
        return next(
            (plan for plan in facts.plans_of.get(child.id, ()) if not plan.term_id.date_to or plan.term_id.date_to >= start),
            None,
        )

    # === What should run: clocks of a PEP ===

    @api.model
    def _wanted_of_plan(self, facts, plan, first_due):
        """Yield (want or None, the rows that are there) for each clock of the PEP that runs, ran, or should.

        :param first_due: by when the meeting of a first PEP is due, by the child's own clock
        """
        council = plan.company_id
        newest = {series: rule for series, rule in facts.series(council).items() if not rule._is_of_child()}
        meeting_due = None
        # what is due before the meeting counts from when the meeting is due
        for series in sorted(newest, key=lambda series: newest[series].code != "meeting"):
            rows = facts.rows.get((plan.child_id.id, plan.id, series), self.browse())
            want = self._want_of_plan(facts, plan, series, newest[series], first_due or meeting_due)
            if want and want.rule.code == "meeting":
                meeting_due = want.due
            yield want, rows

    @api.model
    def _want_of_plan(self, facts, plan, series, newest, meeting_due):
        council = plan.company_id
        if newest.plans != "all" and (newest.plans == "initial") != (plan.kind_id.code == "initial"):
            return None
        start, round_, event = self._plan_occasion(facts, plan, newest, meeting_due)
        if not start:
            return None
        rule = facts.rule_on(council, series, start)
        if not rule or not rule.active:
            return None
        role = PART_ROLES.get(rule.met_by)
        if role and (plan.id, role) not in facts.parts:
            return None
        counted = self._count_for_plan(facts, rule, plan, start)
        due, why = counted.day, self._sentence(rule, counted.start or start, counted, counted.event or event)
        if rule.code == "meeting" and plan.due_by_hand and plan.due_date:
            due, why = plan.due_date, self._hand_sentence(plan.due_date, counted.day)
        met_on = self._met_on(facts, rule, plan, plan.child_id)
        return Want(rule, round_, start, due, why, met_on, self._stop_of_plan(facts, rule, plan, met_on), plan)

    @api.model
    def _plan_occasion(self, facts, plan, rule, meeting_due):
        """The event that a clock of the PEP counts from, which time it is, and the event in words."""
        term, meeting = plan.term_id, facts.meetings.get(plan.id)
        held = meeting if meeting and meeting.state == "held" else None
        words = self._event_words(rule.trigger)
        version = plan.issue_version + (plan.state != "complete")
        if rule.trigger == "window_start":
            return term.window_from, 1, words
        if rule.trigger == "window_end":
            return term.window_to, 1, words
        if rule.trigger == "term_end":
            return term.date_to, 1, words
        if rule.trigger == "meeting":
            if meeting:
                return meeting.date, 1, words
            return meeting_due or plan.due_date, 1, self.env._("the day by which the meeting is due")
        if rule.trigger == "meeting_held":
            if version > 1 and plan.corrected_on:
                return plan.corrected_on, version, self.env._("the correction")
            if held:
                return held.date, max(version, 1), words
            return plan.processing_on, max(version, 1), self.env._("the PEP went on without a meeting")
        completed = facts.local_day(plan.company_id, plan.completed_on) if plan.state == "complete" else None
        return completed, max(plan.issue_version, 1), words

    @api.model
    def _count_for_plan(self, facts, rule, plan, start):
        """Count the days of a clock of a PEP. A place for what a PEP has that its rule does not know of."""
        counted = self._count(facts, rule, plan.company_id, start, plan.school_id)
        return PlanCount(counted.day, counted.calendar, counted.left_out)

    @api.model
    def _stop_of_plan(self, facts, rule, plan, met_on):
        if plan.state == "cancelled":
            return "cancelled"
        if plan.state != "complete" and plan.child_id.id in facts.out:
            return facts.out[plan.child_id.id]
        if rule.trigger != "issued" and not met_on:
            waits = rule.met_by in ("plan_started", "plan_ready", "meeting_held", *PART_ROLES)
            if plan.state == "complete" and (waits or rule.met_by == "plan_complete"):
                return "went_on"
            if plan.state == "processing" and waits:
                return "went_on"
        return None

    # === What has happened ===

    @api.model
    def _met_on(self, facts, rule, plan, child, start=None):
        """The day on which what the clock waits for happened, or None.

        :param start: of a clock of the child, the event it counts from
        """
        if rule.met_by == "hand":
            return None
        if rule.met_by == "iro_copy":
            day = facts.iro_copies.get(child.id)
            return day if day and day >= fields.Date.subtract(start, days=183) else None
        plans = [plan] if plan else []
        if start is not None and plan:
            plans = facts.plans_of.get(child.id, [])
            plans = plans[plans.index(plan) :]
        not_before = start if rule.trigger == "setting_change" else None
        days = (self._event_day(facts, rule, one) for one in plans)
        return min((day for day in days if day and (not not_before or day >= not_before)), default=None)

    @api.model
    def _event_day(self, facts, rule, plan):
        council = plan.company_id
        if rule.met_by in PART_ROLES:
            done, day = facts.parts.get((plan.id, PART_ROLES[rule.met_by]), (False, None))
            return (day or facts.today[council]) if done else None
        if rule.met_by == "meeting_held":
            meeting = facts.meetings.get(plan.id)
            held = meeting.date if meeting and meeting.state == "held" else None
            return self._earliest(held, self._interim_day(rule, plan))
        if rule.met_by == "plan_started":
            return self._earliest(plan.started_on, self._interim_day(rule, plan))
        if rule.met_by == "plan_ready":
            return self._earliest(plan.ready_on, self._interim_day(rule, plan))
        if rule.met_by == "plan_complete":
            done = plan.state == "complete" and facts.local_day(council, plan.completed_on)
            return self._earliest(done, self._interim_day(rule, plan))
        if rule.met_by == "copies":
            sent = plan.copies_sent_on
            return facts.local_day(council, sent) if sent and plan.completed_on and sent >= plan.completed_on else None
        return None

    @api.model
    def _interim_day(self, rule, plan):
        """An interim PEP meets the clocks that count from coming into care."""
        return plan.interim_on if rule.trigger == "into_care" else None

    @api.model
    def _earliest(self, *days):
        return min((day for day in days if day), default=None)

    # === Counting, and saying so ===

    @api.model
    def _count(self, facts, rule, council, start, school):
        length = rule.length if rule.direction == "after" else -rule.length
        return facts.counter(council).count(rule.unit, start, length, school=school or None)

    @api.model
    def _event_words(self, trigger):
        return {
            "into_care": self.env._("coming into care"),
            "setting_change": self.env._("the first day at another school"),
            "care_review": self.env._("the care review"),
            "window_start": self.env._("the term's first day for meetings"),
            "window_end": self.env._("the term's last day for meetings"),
            "term_end": self.env._("the term's last day"),
            "meeting": self.env._("the meeting"),
            "meeting_held": self.env._("the meeting"),
            "issued": self.env._("the PEP was complete"),
        }.get(trigger, "")

    @api.model
    def _sentence(self, rule, start, counted, event):
        """How a due date was worked out: what was counted from when, and what was left out by which calendar."""
        values = {"number": rule.length, "event": event, "start": self._day(start), "due": self._day(counted.day)}
        if not rule.length:
            sentence = self.env._("On the day itself: %(event)s, %(due)s.", **values)
        else:
            units = {
                "calendar": self.env._("calendar days"),
                "working": self.env._("working days"),
                "school": self.env._("school days"),
            }
            values["unit"] = units[rule.unit]
            sentence = (
                self.env._("%(number)s %(unit)s after %(event)s (%(start)s): %(due)s.", **values)
                if rule.direction == "after"
                else self.env._("%(number)s %(unit)s before %(event)s (%(start)s): %(due)s.", **values)
            )
        if counted.calendar:
            out = ", ".join(self._left_out(holiday) for holiday in counted.left_out)
            sentence += " " + (
                self.env._("Left out by the calendar “%(calendar)s”: weekends, %(days)s.", calendar=counted.calendar, days=out)
                if out
                else self.env._("Left out by the calendar “%(calendar)s”: weekends.", calendar=counted.calendar)
            )
        return sentence

    @api.model
    def _left_out(self, holiday):
        """One holiday in words: its name and its day, or its first and last day."""
        if holiday.last == holiday.first:
            return self.env._("%(name)s (%(day)s)", name=holiday.name, day=self._day(holiday.first))
        return self.env._(
            "%(name)s (%(first)s to %(last)s)",
            name=holiday.name,
            first=self._day(holiday.first),
            last=self._day(holiday.last),
        )

    @api.model
    def _hand_sentence(self, day, by_rule):
        return self.env._(
            "Set by hand to %(day)s; by the council's rule it would be %(rule)s.",
            day=self._day(day),
            rule=self._day(by_rule),
        )

    @api.model
    def _day(self, day):
        return format_date(self.env, day, date_format="EEE d MMM y")

    # === Bringing the rows up to date ===

    @api.model
    def _apply(self, facts, wants):
        """Write what differs.

        :param wants: list of (child, plan or None, ``Want`` or None, the rows that are there)
        :return: the PEPs of the rows that changed
        """
        new, notes, touched = [], defaultdict(list), self.env["pep.plan"]
        for child, plan, want, rows in wants:
            last = rows[-1:]
            if last and last.state == "open" and want and want.round > last.round:
                self._end_round(last, want)
                touched |= last.plan_id
            if want and (not last or want.round > last.round):
                if self._may_start(child, want):
                    new.append(self._prepare(facts, child, plan, want))
            elif last:
                touched |= self._bring_up_to_date(facts, child, plan, want, last, notes)
        made = self.create(new)
        touched |= made.plan_id
        for model, rows in notes.items():
            self._say_moved(model, rows)
        return touched

    @api.model
    def _may_start(self, child, want):
        """No clock starts that ends at once without having been met, nor for an event before going live."""
        go_live = child.company_id.pep_go_live
        return not want.stop and not (go_live and want.start < go_live)

    @api.model
    def _end_round(self, last, want):
        """The clock of the time before ends where the next one begins."""
        if want.rule.code == "face":
            last._meet(want.start)
        else:
            last._stop("passed")

    @api.model
    def _prepare(self, facts, child, plan, want):
        linked = plan or want.plan
        values = {
            "child_id": child.id,
            "rule_id": want.rule.id,
            "kind": want.rule.code,
            "name": want.rule.name,
            "series": want.rule.series,
            "round": want.round,
            "of_plan": bool(plan),
            "start_date": want.start,
            "due_date": want.due,
            "why": want.why,
            "state": "open",
            "outcome": "pending",
            "watch_on": min(day for day, _stage in want.rule._stages(want.due)),
            **self._places(facts, child, linked),
        }
        if want.met_on:
            late = max((want.met_on - want.due).days, 0)
            values.update(state="met", met_on=want.met_on, closed_on=want.met_on, watch_on=False)
            values.update(self._outcome("late" if late else "on_time", late))
        return values

    @api.model
    def _places(self, facts, child, plan):
        """Whose the clock is, for lists and figures."""
        if plan:
            return {
                "plan_id": plan.id,
                "term_id": plan.term_id.id,
                "vseo_id": plan.vseo_id.id,
                "school_id": plan.school_id.id,
            }
        setting = facts.settings.get(child.id)
        return {"plan_id": False, "term_id": False, "vseo_id": child.vseo_id.id, "school_id": setting and setting.school_id.id}

    @api.model
    def _bring_up_to_date(self, facts, child, plan, want, row, notes):
        """Move, meet, stop or start again one clock that is there; ended ones stay as they are."""
        before = (row.state, row.due_date, row.plan_id)
        if row.state == "stopped" and row.stop_code in REVERSIBLE and want and not want.stop:
            row.write({"state": "open", "stop_code": False, "closed_on": False, **self._outcome("pending", 0)})
            self._move_to(row, want, notes)
            row.watch_on = row._next_watch()
        if row.state != "open":
            return row.plan_id if before[0] != row.state else self.env["pep.plan"]
        if not want:
            row._stop("rule")
            return row.plan_id
        self._move_to(row, want, notes)
        places = self._places(facts, child, plan or want.plan)
        changed = {name: value for name, value in places.items() if (row[name].id or False) != (value or False)}
        if changed:
            row.write(changed)
        if want.met_on:
            row._meet(want.met_on)
        elif want.stop:
            row._stop(want.stop)
        after = (row.state, row.due_date, row.plan_id)
        return before[2] | row.plan_id if before != after else self.env["pep.plan"]

    @api.model
    def _move_to(self, row, want, notes):
        """Move a running clock with what it counts from, keep that it moved, and see that it is said."""
        if row.start_date == want.start and row.due_date == want.due:
            return
        values = {"rule_id": want.rule.id, "start_date": want.start, "due_date": want.due, "why": want.why}
        if row.due_date != want.due:
            today = row.company_id._pep_today()
            move = {"on": str(today), "from": str(row.due_date), "to": str(want.due)}
            values["moves"] = [*(row.moves or []), move]
            values["watch_on"] = min(day for day, _stage in want.rule._stages(want.due))
            values.update(self._outcome("pending", 0))
            notes[(row.plan_id or row.child_id)._name].append((row, row.due_date, want))
        row.write(values)

    @api.model
    def _say_moved(self, model, rows):
        """Say in the chatter of each PEP or child which of its clocks moved, and why. No name, no mail."""
        lines = defaultdict(list)
        for row, old_due, want in rows:
            record = row.plan_id or row.child_id
            lines[record.id].append(
                self.env._(
                    "%(clock)s: due by %(new)s instead of %(old)s. %(why)s",
                    clock=row.name,
                    new=self._day(want.due),
                    old=self._day(old_due),
                    why=want.why,
                )
            )
        records = self.env[model].browse(lines)
        records._message_log_batch(bodies={record.id: "\n".join(lines[record.id]) for record in records})


class PlanCount(NamedTuple):
    """What was counted for a clock of a PEP, and from which event if not from the rule's."""

    day: date
    calendar: object
    left_out: list
    start: object = None
    event: object = None


class PepChild(models.Model):
    _inherit = "pep.child"

    def _care_review_day(self):
        """Day of the next care review, if it is known."""
        return self.care_review_date if "care_review_date" in self._fields else None
