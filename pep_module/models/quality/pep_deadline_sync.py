"""The engine of the clocks: what should run, compared with what does.

Everything is worked out from the records as they are now, never from what happened in between. So it can be done again
at any time, by anybody, and ends in the same rows.
"""

from collections import defaultdict
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup, escape
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import format_date

from ...tools import academic_year
from ..child.pep_child import RESPITE
from ..plan.pep_contribution import HANDED_IN
from ..plan.pep_plan import CLOSED
from ..plan.pep_term import CLOCKS
from .pep_deadline import REVERSIBLE
from .pep_deadline_rule import PLAN_TRIGGERS

PART_ROLES = {"school_parts": "teacher", "social_work_parts": "social_worker"}
QUIET = {"tracking_disable": True, "mail_notrack": True}
NO_PARTS = {"not_needed", "earlier"}
OF_PLAN = frozenset(dict(PLAN_TRIGGERS))
OF_CHILD = ["company_id", "active", "date_of_birth", "date_into_care", "date_out_of_care", "vseo_id", "care_number"]
# Why a clock ends where the next one of its kind begins, by what it counts from; else: it happened again.
ENDS = {"into_care": "out_of_care", "care_review": "passed"}
LATEST = date.max
# Children of a council for whom nobody waits while their clocks are worked out anew: a few seconds' work.
MANY = 1000


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


class Nothing(NamedTuple):
    """No clock should run; one that does is stopped."""

    stop: str  # code of STOPS
    rule: object = None


UNDONE = Nothing("undone")


class Facts:
    """What the clocks of some PEPs and children follow from. Read once for all of them, by a fixed number of queries.

    :param plans: ``pep.plan``, those whose own clocks are asked for
    :param children: ``pep.child``, those whose own clocks are asked for
    """

    def __init__(self, env, plans, children):
        self.env = env
        self.councils = children.company_id
        self.today = {council: council._pep_today() for council in self.councils}
        self.versions = self._versions()
        self.rows = self._rows(plans, children)
        self.of_child = defaultdict(list)  # child id -> its own clocks, each series a recordset
        for (child_id, plan_id, _series), rows in self.rows.items():
            if plan_id is None:
                self.of_child[child_id].append(rows)
        self.out = self._out_of_scope(children)
        self.of_age = self._of_age(children)
        self.changes = self._setting_changes(children)
        self.settings = children._settings_on(max(self.today.values()))
        self.faces = children._faces()
        self.iro_copies = self._iro_copies(children)
        self.counters, self.counts, self.sentences = {}, {}, {}
        self.plans_of = self._plans_of(children, plans)
        self.meetings = self._meetings(plans.union(*(plan for row in self.plans_of.values() for plan in row)))
        self.parts = self._parts(plans)

    def _versions(self):
        """The rules: dict of council -> dict of series -> its versions, the newest first; those of the meeting first.

        What is due before the meeting counts from when the meeting is due.
        """
        versions = {}
        for council, rules in self.env["pep.deadline.rule"]._versions(self.councils).items():
            versions[council] = {}
            for rule in sorted(rules, key=lambda rule: rule.code != "meeting"):
                versions[council].setdefault(rule.series, []).append(rule)
        return versions

    def _rows(self, plans, children):
        """The clocks that are there: dict of (child id, plan id or None, series) -> records, first round first."""
        rows = self.env["pep.deadline"].search_fetch(
            ["|", ("plan_id", "in", plans.ids), "&", ("child_id", "in", children.ids), ("of_plan", "=", False)],
            order="round, id",
        )
        return rows.grouped(lambda row: (row.child_id.id, row.plan_id.id if row.of_plan else None, row.series))

    def _out_of_scope(self, children):
        """Why clocks of a child do not run: dict of child id -> (code of STOPS, since). Who is in scope is missing."""
        out = {}
        for council, members in children.grouped("company_id").items():
            today = self.today[council]
            inside = set(members.filtered_domain(members._in_scope_domain(council, today)).ids)
            statuses = members._legal_status_on(today)
            for child in members:
                into, left, born = child.date_into_care, child.date_out_of_care, child.date_of_birth
                if not child.active:
                    out[child.id] = ("archived", today)
                elif child.id in inside:
                    if child.id in statuses and statuses[child.id].code in RESPITE:
                        out[child.id] = ("respite", today)
                elif not into or into > today:
                    out[child.id] = ("out_of_care", today)
                elif left and left <= today:
                    out[child.id] = ("out_of_care", left)
                elif born > academic_year.latest_birth(council.pep_age_from, today):
                    out[child.id] = ("young", today)
                else:
                    out[child.id] = ("age", academic_year.birthday_in(born, born.year + council.pep_age_to))
        return out

    def _of_age(self, children):
        """Ids of the children who were of the age of PEPs when they came into care.

        One who came too young has no clock of a first PEP; those of the terms count later.
        """
        ids = set()
        same_day = children.filtered("date_into_care").grouped(lambda child: (child.company_id, child.date_into_care))
        for (council, day), members in same_day.items():
            ids.update(members.filtered_domain(members._in_scope_domain(council, day)).ids)
        return ids

    def _setting_changes(self, children):
        """Last first day at another main school: dict of child id -> (date, how many there have been so far).

        A school that became an academy is no other school. Asked only where a rule of a council counts from it.
        """
        asking = {
            council
            for council, series in self.versions.items()
            if any(rule.trigger == "setting_change" for rules in series.values() for rule in rules)
        }
        children = children.filtered(lambda child: child.company_id in asking)
        if not children:
            return {}
        places = self.env["pep.enrolment"].search_fetch(
            [
                ("child_id", "in", children.ids),
                ("kind", "=", "main"),
                ("school_id", "!=", False),
                ("active", "=", True),
            ],
            ["child_id", "school_id", "date_from", "continues_id"],
            order="date_from, id",
        )
        places_of = places.grouped("child_id")
        changes = {}
        for child in children:
            today = self.today[child.company_id]
            known = [place for place in places_of.get(child, ()) if place.date_from <= today]
            days = [
                later.date_from
                for earlier, later in pairwise(known)
                if later.school_id != earlier.school_id and not later.continues_id
            ]
            if days and child.date_into_care and days[-1] > child.date_into_care:
                changes[child.id] = (days[-1], len(days))
        return changes

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
                found[plan.id, role].append((state in HANDED_IN, self.local_day(plan.company_id, submitted_on)))
        result = {
            key: (all(done for done, _day in rows), max((day for _done, day in rows if day), default=None))
            for key, rows in found.items()
        }
        new = plans.filtered(lambda plan: plan.id not in any_part and plan.state in ("not_started", "gathering"))
        if new:
            forms, schools = parts._forms_of(new), parts._schools_of(new)
            for plan, sections in forms.items():
                for section in sections.filtered("required"):
                    role = section._owner_for(section.owner_role != "teacher" or bool(schools[plan.id]))
                    if role in PART_ROLES.values():
                        result[plan.id, role] = (False, None)
        return result

    def _plans_of(self, children, plans):
        """The PEPs that may meet clocks of these children, the first term first: dict of child id -> list of plans.

        Only of children who have such a clock that runs or may go on, or who get one today.
        """
        since = {}
        for child in children:
            days = self._counting_from(child)
            if days:
                since[child.id] = min(days)
        if not since:
            return {}
        found = plans.search_fetch(
            [
                ("child_id", "in", list(since)),
                ("state", "!=", "cancelled"),
                ("term_id.date_from", ">=", fields.Date.subtract(min(since.values()), days=370)),
            ]
        )
        by_child = found.sorted(lambda plan: (plan.term_id.date_from, plan.id)).grouped(lambda plan: plan.child_id.id)
        return {child_id: list(rows) for child_id, rows in by_child.items()}

    def _counting_from(self, child):
        """The days from which clocks of the child count that a PEP may meet."""
        go_live = child.company_id.pep_go_live or date.min
        days = [
            row.start_date
            for rows in self.of_child.get(child.id, ())
            for row in rows[-1:]
            if row.kind != "face" and (row.state == "open" or row.stop_code in REVERSIBLE)
        ]
        if child.id in self.out:
            return days
        starts = [child.date_into_care, child.care_review_date]
        starts.append(self.changes[child.id][0] if child.id in self.changes else None)
        return days + [day for day in starts if day and day >= go_live]

    def _iro_copies(self, children):
        """The last day on which the reviewing officer got a copy: dict of child id -> date. Asked for reviews alone."""
        asking = children.filtered("care_review_date")
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
        versions = self.versions.get(council, {}).get(series, ())
        return next((rule for rule in versions if rule._valid_on(day)), None)

    def local_day(self, council, moment):
        return council._pep_local(moment).date() if moment else None


class PepDeadline(models.Model):
    _inherit = "pep.deadline"

    # === From outside ===

    @api.model
    def _sync(self, plans=None, children=None):
        """Start, move, meet and stop the clocks of these PEPs and children, as things are now. Idempotent.

        A fixed number of queries for what is read, however many there are. PEPs bring their children's clocks along.
        Does nothing for whoever has said in the context that they will see to it themselves, for a whole batch.

        :param plans: ``pep.plan``
        :param children: ``pep.child``; their own clocks, and those of their PEPs that are being worked on
        :raise ConcurrencyError: another transaction has just started the same clock; Odoo then runs the request again
        """
        if self.env.context.get("pep_clocks_later") is CLOCKS:
            return
        quiet = {**QUIET, "active_test": True}
        clocks = self.sudo().with_context(**quiet)  # sudo: kept by the app, whoever caused it
        plans = clocks.env["pep.plan"].browse(plans.ids if plans else ())
        children = clocks.env["pep.child"].browse(children.ids if children else ())
        if children:
            running = clocks.search_fetch(
                [("child_id", "in", children.ids), ("of_plan", "=", True), ("state", "=", "open")], ["plan_id"]
            )
            plans |= running.plan_id
            plans |= plans.search([("child_id", "in", children.ids), ("state", "not in", CLOSED)])
        if not plans and not children:
            return
        children |= plans.child_id
        children.fetch(OF_CHILD)
        facts = Facts(clocks.env, plans, children)
        wants = []
        first_due = {}
        for child in children:
            for want, rows in clocks._wanted_of_child(facts, child):
                wants.append((child, None, want, rows))
                if isinstance(want, Want) and want.rule.code == "ready":
                    first_due[child.id] = (want.plan and want.plan.id, want.due)
        for plan in plans:
            plan_id, due = first_due.get(plan.child_id.id, (None, None))
            for want, rows in clocks._wanted_of_plan(facts, plan, due if plan_id == plan.id else None):
                wants.append((plan.child_id, plan, want, rows))
        touched = clocks._apply(facts, wants)
        (plans | touched)._follow_clocks()

    @api.model
    def _sync_councils(self, councils):
        """After a change of rules or settings: everything of these councils that is not finished.

        Of a council with many children in the background, a chunk at a time.
        """
        children = self.env["pep.child"].sudo()  # sudo: a rule concerns every child of the council
        children = children.search([("company_id", "in", councils.ids)])
        at_once = children.browse()
        for council, members in children.grouped("company_id").items():
            if len(members) > MANY:
                council._pep_clocks_changed()
            else:
                at_once |= members
        self._sync(children=at_once)

    @api.model
    def _first_due_dates(self, children):
        """By when the first PEP of each of these children is due, by the council's rule; without one they are missing.

        :return: dict of child id -> date
        """
        rules = self.env["pep.deadline.rule"]._versions(children.company_id)
        counters = {council: self.env["resource.calendar"]._pep_day_counter(council) for council in children.company_id}
        dates = {}
        for child in children.filtered("date_into_care"):
            council = child.company_id
            for rule in rules.get(council, ()):
                if rule.series == "ready" and rule.active and rule._valid_on(child.date_into_care):
                    length = rule.number if rule.direction == "after" else -rule.number
                    dates[child.id] = counters[council].count(rule.unit, child.date_into_care, length).day
                    break
        return dates

    @api.model
    def _processing_due(self, council, day):
        """By when a PEP is finished that goes to processing on ``day``; a PEP with a clock of its own has that one's.

        Without a rule of the council: two weeks.
        """
        rules = self.env["pep.deadline.rule"]._versions(council).get(council, ())
        rule = next((rule for rule in rules if rule.series == "processing" and rule._valid_on(day)), None)
        if not rule or not rule.active:
            return fields.Date.add(day, days=14)
        counter = self.env["resource.calendar"]._pep_day_counter(council)
        return counter.count(rule.unit, day, rule.number if rule.direction == "after" else -rule.number).day

    # === What should run: clocks of a child ===

    @api.model
    def _wanted_of_child(self, facts, child):
        """Yield (``Want`` or ``Nothing``, the rows that are there) for each clock of the child."""
        for series, versions in facts.versions.get(child.company_id, {}).items():
            if versions[0].trigger in OF_PLAN:
                continue
            rows = facts.rows.get((child.id, None, series), self.browse())
            yield self._want_of_child(facts, child, versions, rows), rows

    @api.model
    def _want_of_child(self, facts, child, versions, rows):
        council, last = child.company_id, rows[-1:]
        for rule in versions:
            start, round_ = self._occasion(facts, child, rule, last)
            if start and rule._valid_on(start):
                break
        else:
            return Nothing("rule") if start else self._nothing_of_child(facts, child, rule, last)
        if not rule.active:
            return Nothing("rule", rule)
        stop, _since = facts.out.get(child.id, (None, None))
        if rule.trigger == "face":
            face = facts.faces[child.id]
            return Want(rule, round_, start, face.due, child._face_words(face), stop=stop)
        school = facts.settings[child.id].school_id if child.id in facts.settings else None
        counted = self._count(facts, rule, council, start, school)
        why = self._explain(facts, rule, start, counted, self._event_words(rule.trigger))
        plan = self._plan_for(facts, child, rule, start)
        met_on = self._met_on(facts, rule, plan, child, start)
        return Want(rule, round_, start, counted.day, why, met_on, stop, plan)

    @api.model
    def _nothing_of_child(self, facts, child, rule, last):
        """Why a clock of the child has nothing to count from: what it was for has passed, or is taken back."""
        over = rule.trigger == "care_review" and last and last.start_date <= facts.today[child.company_id]
        return Nothing("passed", rule) if over else UNDONE

    @api.model
    def _occasion(self, facts, child, rule, last):
        """The event that the child's clock counts from now, and which time it is.

        Which time of coming into care or of changing schools it is, is counted: a date that is put right is no other
        time.

        :param last: the last clock of this kind that the child had, or none
        :return: (date or None, number)
        """
        if rule.trigger == "into_care":
            return (child.date_into_care if child.id in facts.of_age else None), child.care_number
        if rule.trigger == "setting_change":
            return facts.changes.get(child.id, (None, last.round))
        if rule.trigger == "care_review":
            return child.care_review_date, max(child.care_review_number, last.round)
        face = facts.faces.get(child.id)
        if not face or not last:
            return face and face.counted_from, 1
        start = face.counted_from
        again = start > last.closed_on if last.state == "stopped" else face.met and start > last.start_date
        return start, last.round + bool(again)

    @api.model
    def _plan_for(self, facts, child, rule, start):
        """The PEP that a clock of the child waits for: the first one whose term has not ended before it starts."""
        return next(
            (plan for plan in facts.plans_of.get(child.id, ()) if (plan.term_id.date_to or LATEST) >= start), None
        )

    # === What should run: clocks of a PEP ===

    @api.model
    def _wanted_of_plan(self, facts, plan, first_due):
        """Yield (``Want`` or ``Nothing``, the rows that are there) for each clock of the PEP.

        :param first_due: by when the meeting of a first PEP is due, by the child's own clock
        """
        meeting_due = first_due
        for series, versions in facts.versions.get(plan.company_id, {}).items():
            if versions[0].trigger not in OF_PLAN:
                continue
            rows = facts.rows.get((plan.child_id.id, plan.id, series), self.browse())
            want = self._want_of_plan(facts, plan, versions, meeting_due)
            if isinstance(want, Want) and want.rule.code == "meeting":
                meeting_due = first_due or want.due
            yield want, rows

    @api.model
    def _want_of_plan(self, facts, plan, versions, meeting_due):
        for rule in versions:
            start, round_, event = self._plan_occasion(facts, plan, rule, meeting_due)
            if start and rule._valid_on(start):
                break
        else:
            return self._nothing_of_plan(plan, rule) if not start else Nothing("rule")
        for_these = rule.plans == "all" or (rule.plans == "initial") == (plan.kind_id.code == "initial")
        if not rule.active or not for_these:
            return Nothing("rule", rule)
        role = PART_ROLES.get(rule.met_by)
        without_meeting = not plan.kind_id.meeting_required and plan.id not in facts.meetings
        if (role and (plan.id, role) not in facts.parts) or (rule.met_by == "meeting_held" and without_meeting):
            return Nothing("not_needed", rule)
        counted = self._count_for_plan(facts, rule, plan, start)
        due = counted.day
        why = self._explain(facts, rule, counted.start or start, counted, counted.event or event)
        if rule.code == "meeting" and plan.due_by_hand and plan.due_date not in (False, due):
            due, why = plan.due_date, self._hand_sentence(plan.due_date, due)
        met_on = self._met_on(facts, rule, plan, plan.child_id)
        return Want(rule, round_, start, due, why, met_on, self._stop_of_plan(facts, rule, plan, met_on), plan)

    @api.model
    def _nothing_of_plan(self, plan, rule):
        """Why a clock of the PEP has nothing to count from: it is opened again, or what it counted from is gone."""
        return Nothing("corrected", rule) if rule.trigger == "issued" and plan.issue_version else UNDONE

    @api.model
    def _plan_occasion(self, facts, plan, rule, meeting_due):
        """The event that a clock of the PEP counts from, which time it is, and the event in words."""
        term, meeting = plan.term_id, facts.meetings.get(plan.id)
        words = self._event_words(rule.trigger)
        if rule.trigger == "window_start":
            return term.window_from, 1, words
        if rule.trigger == "window_end":
            return term.window_to, 1, words
        if rule.trigger == "term_end":
            return term.date_to, 1, words
        if rule.trigger == "meeting":
            if meeting:
                return meeting.date, 1, words
            due = plan.due_date if plan.due_by_hand else meeting_due or plan.due_date
            return due, 1, self.env._("the day by which the meeting is due")
        version = max(plan.issue_version + (plan.state != "complete"), 1)
        if rule.trigger == "meeting_held":
            if version > 1 and plan.corrected_on:
                return plan.corrected_on, version, self.env._("the correction")
            held = meeting.date if meeting and meeting.state == "held" else None
            start = self._earliest(held, plan.processing_on)  # went on first, it does not begin again with the meeting
            return start, version, words if start == held else self.env._("the PEP going on without a meeting")
        completed = facts.local_day(plan.company_id, plan.completed_on) if plan.state == "complete" else None
        return completed, version, words

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
            return facts.out[plan.child_id.id][0]
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
            if not day or (start and day < fields.Date.subtract(start, days=183)):
                return None
            # what the reviewing officer had at the last review is not the PEP for the next one
            last = rule.trigger == "care_review" and child.care_review_last
            return day if not last or day > last else None
        if start is None:
            return self._event_day(facts, rule, plan)
        plans = facts.plans_of.get(child.id, []) if plan else []
        plans = plans[plans.index(plan) :] if plan else []
        days = (self._event_day_of_child(facts, rule, one, start) for one in plans)
        return min((day for day in days if day), default=None)

    @api.model
    def _event_day_of_child(self, facts, rule, plan, start):
        """The day on which this PEP met a clock of the child that counts from ``start``, or None.

        Where councils begin a PEP before the child comes into care, it counts; one of an earlier time in care, or of
        the school before, does not. A PEP that was finished without its meeting is there all the same.
        """
        done = plan.state == "complete" and facts.local_day(plan.company_id, plan.completed_on)
        day = self._earliest(self._event_day(facts, rule, plan), done)
        own = rule.trigger == "into_care" and plan.date_into_care == start
        return day if day and (own or day >= start) else None

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
        """Count the days of a rule; the same count is done once. What schools differ in is school days alone."""
        school = school if rule.unit == "school" and school else None
        key = (rule.id, start, school and school.id)
        if key not in facts.counts:
            length = rule.number if rule.direction == "after" else -rule.number
            facts.counts[key] = facts.counter(council).count(rule.unit, start, length, school=school)
        return facts.counts[key]

    @api.model
    def _explain(self, facts, rule, start, counted, event):
        """As :meth:`_sentence`; the same sentence is made once."""
        key = (rule.id, start, event, *counted[:2], tuple(counted.left_out), *counted[3:])
        if key not in facts.sentences:
            facts.sentences[key] = self._sentence(rule, start, counted, event)
        return facts.sentences[key]

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
        values = {"number": rule.number, "event": event, "start": self._day(start), "due": self._day(counted.day)}
        if not rule.number:
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
                self.env._(
                    "Left out by the calendar “%(calendar)s”: weekends, %(days)s.", calendar=counted.calendar, days=out
                )
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
        """Write what differs: one INSERT's worth of new rows, and one write for all rows that change alike.

        :param wants: list of (child, plan or None, ``Want`` or ``Nothing``, the rows that are there)
        :return: the PEPs of the rows that changed
        """
        new, changes, notes = [], {}, defaultdict(list)
        for child, plan, want, rows in wants:
            last = rows[-1:]
            want = self._unless_before_go_live(child, want)
            runs = isinstance(want, Want)
            if runs and (not last or want.round > last.round):
                if last.state == "open":
                    changes[last] = self._end_round(last, want)
                if not want.stop:
                    new.append(self._prepare(facts, child, plan, want))
            elif last:
                changes[last] = self._bring_up_to_date(facts, child, plan, want, last, notes)
        touched = {
            plan_id for row, vals in changes.items() if vals for plan_id in (row.plan_id.id, vals.get("plan_id"))
        }
        alike = defaultdict(list)
        for row, vals in changes.items():
            if vals:
                alike[repr(sorted(vals.items()))].append(row)
        for rows in alike.values():
            self.browse([row.id for row in rows]).write(changes[rows[0]])
        try:
            made = self.create(new)
        except UniqueViolation as error:
            raise ConcurrencyError("A clock was started by another transaction at the same time") from error
        for model, moved in notes.items():
            self._say_moved(model, moved)
        return made.plan_id.browse({*touched, *made.plan_id.ids} - {None, False})

    @api.model
    def _unless_before_go_live(self, child, want):
        """No clock runs for what happened before the council went live."""
        go_live = child.company_id.pep_go_live
        if isinstance(want, Want) and go_live and want.start < go_live:
            return Nothing("go_live", want.rule)
        return want

    @api.model
    def _end_round(self, last, want):
        """The clock of the time before ends where the next one begins.

        :return: values of the row
        """
        if want.rule.code == "face":
            return last._met_values(want.start)
        return last._stopped_values(ENDS.get(want.rule.trigger, "again"))

    @api.model
    def _prepare(self, facts, child, plan, want):
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
            "watch_on": want.rule._stages(want.due)[0][0],
            **self._outcome_running(facts.today[child.company_id], want.due),
            **self._places(facts, child, plan, want),
        }
        if want.met_on:
            values.update(self._met_values(want.met_on, want.due))
        return values

    @api.model
    def _outcome_running(self, today, due):
        """Late as soon as the due date has gone by, whatever comes after."""
        late = (today - due).days
        return self._outcome("late", late) if late > 0 else self._outcome("pending", 0)

    @api.model
    def _places(self, facts, child, plan, want):
        """Whose the clock is, for lists and figures. Clocks of the child are those of its VSEO of today."""
        linked = plan or want.plan
        setting = facts.settings.get(child.id)
        return {
            "plan_id": linked.id if linked else False,
            "term_id": linked.term_id.id if linked else False,
            "vseo_id": plan.vseo_id.id if plan else child.vseo_id.id,
            "school_id": (linked.school_id.id if linked else setting and setting.school_id.id) or False,
        }

    @api.model
    def _bring_up_to_date(self, facts, child, plan, want, row, notes):
        """Move, meet, stop or start again one clock that is there; ended ones stay as they are.

        :return: the values that change
        """
        values = {}
        runs = isinstance(want, Want) and want.round == row.round
        if row.state == "stopped" and row.stop_code in REVERSIBLE and runs and not want.stop:
            today = facts.today[child.company_id]
            values = {"state": "open", "stop_code": False, "closed_on": False, "watch_on": row._next_watch()}
            values.update(self._outcome_running(today, row.due_date))
        elif row.state != "open":
            return {}
        if not runs:
            return row._stopped_values(want.stop if isinstance(want, Nothing) else "undone")
        values.update(self._moved_values(facts, row, want, notes))
        places = self._places(facts, child, plan, want)
        values.update({name: value for name, value in places.items() if row[name].id != value})
        if want.met_on:
            values.update(row._met_values(want.met_on, want.due))
        elif want.stop:
            stop, since = facts.out.get(child.id, (None, None))
            values.update(row._stopped_values(want.stop, want.due, since if stop == want.stop else None))
        return values

    @api.model
    def _moved_values(self, facts, row, want, notes):
        """What changes when a running clock moves with what it counts from; that it moved is kept, and said later."""
        wanted = {"rule_id": want.rule.id, "start_date": want.start, "due_date": want.due, "why": want.why}
        current = {**{name: row[name] for name in wanted}, "rule_id": row.rule_id.id}
        values = {name: value for name, value in wanted.items() if current[name] != value}
        if {"rule_id", "due_date"} & values.keys():
            values["watch_on"] = want.rule._stages(want.due)[0][0]
        if "due_date" in values:
            today = facts.today[row.company_id]
            move = {"on": str(today), "from": str(row.due_date), "to": str(want.due)}
            values["moves"] = [*(row.moves or []), move]
            values.update(self._outcome_running(today, want.due))
            notes[(row.plan_id or row.child_id)._name].append((row, row.due_date, want))
        return values

    @api.model
    def _say_moved(self, model, rows):
        """Say in the chatter of each PEP or child which of its clocks moved, and why. No name, no mail.

        :param rows: list of (clock, the day by which it was due, ``Want``)
        """
        lines = defaultdict(list)
        for row, old_due, want in rows:
            record = row.plan_id if model == "pep.plan" else row.child_id
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
        bodies = {key: Markup("<br/>").join(escape(line) for line in lines[key]) for key in lines}
        records._message_log_batch(bodies=bodies)


class PlanCount(NamedTuple):
    """What was counted for a clock of a PEP, and from which event if not from the rule's."""

    day: date
    calendar: object
    left_out: list
    start: object = None
    event: object = None
