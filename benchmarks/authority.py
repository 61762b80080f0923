"""A made-up authority of any size, the same for the same seed.

What the app derives, the app derives here too: the access rows come from ``pep.access._sync``, and every other row is a
copy (:mod:`benchmarks.cloning`) of one that went through the app's own steps. Nobody in it is real.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta

from stdnum.iso7064 import mod_37_2

from odoo.addons.pep_module.models.common.pep_audience import AUDIENCE
from odoo.addons.pep_module.tools import academic_year
from odoo.addons.pep_module.tools.reference import ALPHABET, PREFIX, RANDOM_LENGTH

from .cloning import clone, link

CASELOAD = 60
CHILDREN_PER_SOCIAL_WORKER = 15
CHILDREN_PER_REVIEWING_OFFICER = 60
TARGETS_PER_PEP = 3
# How many of the last terms have the copies of each role as well: five documents a PEP.
TERMS_WITH_COPIES = 3
# Looked-after pupils of the busiest school: one page of a designated teacher's list.
PUPILS_OF_BUSY_SCHOOL = 30
# The board of a term under way: share of each stage.
STAGES = {"not_started": 15, "gathering": 30, "ready": 15, "processing": 15, "complete": 25}
QUIET = {
    "tracking_disable": True,
    "no_reset_password": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}
FIRST_NAMES = ("Ash", "Blake", "Casey", "Drew", "Ellis", "Frankie", "Gray", "Harper", "Indy", "Jules", "Kit", "Lane")
LAST_NAMES = ("Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan")


@dataclass
class Authority:
    """The ids of what was made."""

    company: int
    term: int
    earlier_terms: list[int]
    children: list[int] = field(default_factory=list)
    vseos: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    teachers: list[int] = field(default_factory=list)
    busy_teacher: int = 0
    sync_seconds: float = 0.0


class Generator:
    """Makes an authority: so many looked-after children, with a finished PEP of each in all terms but the last.

    The term of today is left empty until :meth:`fill_current_term`, so that opening it can be measured in between.
    """

    def __init__(self, env, children, terms, seed=1):
        self.env = env(context={**env.context, **QUIET})
        self.cr = env.cr
        self.number = children
        self.past_terms = terms - 1
        self.last_targets = []
        self.random = random.Random(seed)

    def build(self):
        """Make all of it but the PEPs of the term of today. Commits nothing."""
        self.make_council()
        self.make_people()
        self.make_children()
        self.make_invoices()
        self.make_pattern()
        for position, term in enumerate(self.earlier):
            self.make_finished_term(term, last=position == len(self.earlier) - 1)
        self.env["pep.child"].browse(self.authority.children)._sync_face_due()
        self.env.flush_all()
        self.cr.execute("ANALYZE")
        return self.authority

    # === Who and where ===

    def make_council(self):
        # clocks run since before the first of the terms
        self.company = self.env["res.company"].create({"name": "Benchshire", "pep_go_live": date(2000, 1, 1)})
        self.env = self.env(context={**self.env.context, "allowed_company_ids": self.company.ids})
        self.company = self.company.with_env(self.env)
        self.today = self.company._pep_today()
        this_year = academic_year.academic_year(self.today)
        for year in range(this_year - self.past_terms // 3 - 1, this_year):
            self.env["pep.term"]._generate(self.company, year)
        self.term = self.env["pep.term"]._term_on(self.company, self.today)
        terms = self.env["pep.term"].search([("company_id", "=", self.company.id)], order="date_from")
        before = terms.filtered(lambda term: term.date_from < self.term.date_from)
        self.earlier = before[len(before) - self.past_terms :]
        self.earlier.opened_on = self.env.cr.now()
        self.authority = Authority(self.company.id, self.term.id, self.earlier.ids)

    def make_people(self):
        """The council's staff, and the portal logins of schools, social workers, carers and reviewing officers."""
        self.authority.heads = self.make_users("head", 2, "pep_module.group_pep_head")
        self.authority.vseos = self.make_users("vseo", -(-self.number // CASELOAD), "pep_module.group_pep_vseo")
        self.vseos = self.env["res.users"].browse(self.authority.vseos)
        school = self.env["res.partner"].create(
            {"name": "Pattern School", "is_company": True, "pep_is_school": True, "pep_urn": "800000"}
        )
        # a school for every five children in three, as in a large city
        names = [f"School {index}" for index in range(max(self.number * 3 // 5, 1))]
        self.school_ids = clone(
            school,
            [{"name": name, "complete_name": name, "pep_urn": str(800001 + index)} for index, name in enumerate(names)],
        )
        self.own_commercial_partner(self.school_ids)
        self.school_names = dict(zip(self.school_ids, names, strict=True))
        counts = [self.random.choice((1, 1, 2)) for _school in self.school_ids]
        self.authority.teachers = self.make_users("teacher", sum(counts), "base.group_portal")
        begin = self.earlier[:1].date_from or self.term.date_from
        places = [school for school, count in zip(self.school_ids, counts, strict=True) for _staff in range(count)]
        self.authority.busy_teacher = self.authority.teachers[counts[0] if len(counts) > 1 else 0]
        pattern = self.env["pep.school.staff"].create(
            {
                "school_id": school.id,
                "user_id": self.authority.teachers[0],
                "date_from": begin,
                "date_to": begin,
                "lead": True,
            }
        )
        clone(
            pattern,
            [
                {"school_id": place, "user_id": user, "user_name": f"teacher {index}", "date_to": None}
                for index, (place, user) in enumerate(zip(places, self.authority.teachers, strict=True))
            ],
        )
        self.network = {
            "social_worker": self.make_users("sw", -(-self.number // CHILDREN_PER_SOCIAL_WORKER), "base.group_portal"),
            "carer": self.make_users("carer", -(-self.number * 3 // 5), "base.group_portal"),
            "iro": self.make_users("iro", -(-self.number // CHILDREN_PER_REVIEWING_OFFICER), "base.group_portal"),
        }

    def make_users(self, name, number, group):
        """Logins with the rights that the app's groups give: the first is made by Odoo, the others are copies of it."""
        portal = group == "base.group_portal"
        company = self.env.company if portal else self.company
        first = self.env["res.users"].create(
            {
                "name": f"{name} 0",
                "login": f"{name}.0.{self.company.id}",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, self.env.ref(group).ids)],
            }
        )
        names = [f"{name} {index}" for index in range(1, number)]
        partners = clone(first.partner_id, [{"name": label, "complete_name": label} for label in names])
        self.own_commercial_partner(partners)
        users = clone(
            first,
            [
                {"login": f"{name}.{index}.{self.company.id}", "partner_id": partner}
                for index, partner in enumerate(partners, 1)
            ],
        )
        link(
            self.cr,
            "res_groups_users_rel",
            ("gid", "uid"),
            [(gid, user) for user in users for gid in first.group_ids.ids],
        )
        link(
            self.cr,
            "res_company_users_rel",
            ("cid", "user_id"),
            [(cid, user) for user in users for cid in first.company_ids.ids],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return [first.id, *users]

    def own_commercial_partner(self, partners):
        if partners:
            self.cr.execute("UPDATE res_partner SET commercial_partner_id = id WHERE id IN %s", (tuple(partners),))

    def make_invoices(self, number=30):
        """Invoices of the busy teacher: what Odoo's own portal lists, to compare ours with."""
        partner = self.env["res.users"].browse(self.authority.busy_teacher).partner_id
        income, receivable = self.env["account.account"].create(
            [
                {"name": "Income", "code": "400000", "account_type": "income"},
                {"name": "Receivable", "code": "110000", "account_type": "asset_receivable", "reconcile": True},
            ]
        )
        journal = self.env["account.journal"].create(
            {"name": "Sales", "code": "SAL", "type": "sale", "default_account_id": income.id}
        )
        partner.with_company(self.company).property_account_receivable_id = receivable
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "journal_id": journal.id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [
                        (0, 0, {"name": "Course", "quantity": 1, "price_unit": 40, "account_id": income.id})
                    ],
                }
                for _invoice in range(number)
            ]
        )
        moves.action_post()

    def make_children(self):
        """Children who came into care before the first term, each at a school, with a network and their access rows."""
        first_day = self.earlier[:1].date_from or self.term.date_from
        self.in_care = first_day - timedelta(days=60)
        self.pattern = self.env["pep.child"].create(
            {
                "company_id": self.company.id,
                "la_person_id": "PATTERN",
                "first_name": "Pattern",
                "last_name": "Pattern",
                "date_of_birth": self.birthday(),
                "date_into_care": self.in_care,
                "vseo_id": self.authority.vseos[0],
                "sen_provision": "K",
            }
        )
        references = self.references(self.number)
        rows = [self.child_row(index, reference) for index, reference in enumerate(references)]
        self.authority.children = clone(self.pattern, rows)
        self.facts = dict(zip(self.authority.children, rows, strict=True))
        self.enrol()
        self.surround()
        children = self.env["pep.child"].browse(self.authority.children)
        self.env["pep.access"]._sync(children)
        self.env.flush_all()

    def child_row(self, index, reference):
        first, last = self.random.choice(FIRST_NAMES), f"{self.random.choice(LAST_NAMES)}-{index}"
        return {
            "reference": reference,
            "la_person_id": f"B{index:06}",
            "first_name": first,
            "last_name": last,
            "full_name": f"{first} {last}",
            "date_of_birth": self.birthday(),
            "sex": self.random.choice("FM"),
            "sen_provision": self.random.choice("NNKKE"),
            "vseo_id": self.authority.vseos[index // CASELOAD],
        }

    def birthday(self):
        """Aged 9 to 16: in scope today and, by the council's rule of age, for a year to come."""
        return date(
            self.today.year - self.random.randint(10, 16), self.random.randint(1, 12), self.random.randint(1, 28)
        )

    def references(self, number):
        made = {}
        while len(made) < number:
            body = "".join(self.random.choice(ALPHABET) for _index in range(RANDOM_LENGTH))
            made[PREFIX + body + mod_37_2.calc_check_digit(body, ALPHABET)] = True
        return list(made)

    def enrol(self):
        """One main school each; one child in ten has moved from another.

        The first school has three pupils, the second :data:`PUPILS_OF_BUSY_SCHOOL`.
        """
        quiet, busy, *others = [*self.school_ids, self.school_ids[0], self.school_ids[0]][
            : max(3, len(self.school_ids))
        ]
        schools = [quiet] * 3 + [busy] * PUPILS_OF_BUSY_SCHOOL
        schools += [self.random.choice(others) for _child in range(self.number - len(schools))]
        schools = schools[: self.number]
        self.random.shuffle(schools)
        self.school_of = dict(zip(self.authority.children, schools, strict=False))
        pattern = self.env["pep.enrolment"].create(
            {"child_id": self.pattern.id, "school_id": self.school_ids[0], "date_from": self.in_care}
        )
        rows = []
        for child, school in self.school_of.items():
            begin = self.in_care
            if self.random.random() < 0.1 and school not in (quiet, busy):
                begin += timedelta(days=self.random.randint(1, (self.today - self.in_care).days))
                rows.append(self.enrolment_row(child, self.random.choice(self.school_ids[1:]), self.in_care, begin))
            rows.append(self.enrolment_row(child, school, begin))
        clone(pattern, rows)

    def enrolment_row(self, child, school, begin, moved=None):
        return {
            "child_id": child,
            "child_reference": self.facts[child]["reference"],
            "school_id": school,
            "school_name": self.school_names[school],
            "date_from": begin,
            "date_to": moved and moved - timedelta(days=1),
        }

    def surround(self):
        users = self.env["res.users"].browse([user for users in self.network.values() for user in users])
        partner_of = {user.id: user.partner_id for user in users}
        pattern = self.env["pep.network.member"].create(
            {
                "child_id": self.pattern.id,
                "partner_id": partner_of[self.network["carer"][0]].id,
                "role": "carer",
                "date_from": self.in_care,
            }
        )
        clone(
            pattern,
            [
                {
                    "child_id": child,
                    "child_reference": self.facts[child]["reference"],
                    "partner_id": partner_of[user].id,
                    "partner_name": partner_of[user].name,
                    "role": role,
                }
                for index, child in enumerate(self.authority.children)
                for role, users in self.network.items()
                for user in [users[index % len(users)]]
            ],
        )

    # === PEPs ===

    def make_pattern(self):
        """Take one PEP through all its steps, and another one that reviews the targets of the first."""
        first, second = (self.earlier[:2] + self.term)[:2]
        self.finished = first._open(self.pattern)
        self.finished.action_start()
        self.parts = self.finished.contribution_ids
        for part in self.parts:
            self.hand_in(part)
        self.finished.action_ready()
        areas = self.env["pep.target.area"].search([("company_id", "=", self.company.id)], limit=TARGETS_PER_PEP)
        self.targets = self.env["pep.target"].create(
            [
                {
                    "plan_id": self.finished.id,
                    "area_id": area.id,
                    "name": "Reads a page aloud without help",
                    "baseline": "Half a page",
                    "measure": "Page read to the teacher",
                    "target_value": "A whole page",
                    "realistic": "Gained a third of a page last term",
                    "strategies": "Ten minutes a day with a teaching assistant",
                    "by_whom": "School and carer",
                    "by_when": first.date_to,
                    "agreed_with_child": "yes",
                }
                for area in areas
            ]
        )
        self.request = self.env["pep.funding.request"].create(
            {"target_id": self.targets[0].id, "name": "Tuition", "quantity": 10, "unit_cost": 42.0}
        )
        self.meeting = self.env["pep.meeting"].create(
            {"plan_id": self.finished.id, "start": self.at_ten(first.window_from), "mode": "face"}
        )
        self.meeting.attendee_ids.attended = True
        self.meeting._hold_without("Nobody else is around this child", False)
        self.finished.next_meeting_note = "Early next term"
        self.accept()
        self.finished.action_complete()
        self.finished.copies_sent_on = self.env.cr.now()
        self.clocks = self.finished.deadline_ids.filtered("of_plan")
        self.reviews = second._open(self.pattern).review_ids
        self.pattern.with_context(pep_defer_opening=True).write({"active": False, "date_out_of_care": self.in_care})
        self.env.flush_all()

    def accept(self):
        """Quality assurance of the pattern, where the council's kind of PEP asks for it."""
        self.finished.kind_id.qa_required = False

    def hand_in(self, part):
        """Answer all there is to answer in one part, and hand it in."""
        answers = []
        for question in part._questions():
            if question._takes_answer():
                value = {
                    "text": "A sentence or two about how it is going, as people write them.",
                    "number": str(int(question.number_min) + 1),
                    "date": str(self.today),
                    "yesno": "yes",
                    "choice": (question._option_lines() or [""])[0],
                    "scale": str(question.scale_min),
                }[question.kind]
                answers.append({"question": question.id, "value": value, "version": 0})
        part._save_answers(answers, author=self.env.user)
        part._submit()

    def at_ten(self, day):
        return self.company._pep_midnight_utc(day) + timedelta(hours=10)

    def make_finished_term(self, term, last=False):
        """A finished PEP of every child: meeting, people, three targets, an issue, the reviews of the term before.

        The targets of the last one are under way still: opening the next term brings them forward.
        """
        stages = ["complete"] * self.number
        plans = clone(self.finished, self.plan_rows(term, stages))
        self.add_meetings(term, plans)
        self.add_reviews(plans, stages)
        self.add_targets(term, plans, "open" if last else "achieved")
        self.add_parts(term, plans, stages)
        self.add_clocks(term, plans, stages)
        issue = self.finished.issue_ids
        issues = clone(
            issue, [{"plan_id": plan, **self.bound(child), "term_id": term.id} for plan, child in self.both(plans)]
        )
        recent = term in self.earlier[-TERMS_WITH_COPIES:]
        for copy in issue.copy_ids if recent else ():
            clone(
                copy,
                [
                    {"plan_id": plan, **self.bound(child), "term_id": term.id, "issue_id": issue}
                    for (plan, child), issue in zip(self.both(plans), issues, strict=True)
                ],
            )

    def fill_current_term(self):
        """The PEPs of the term of today, in every stage."""
        stages = self.random.choices(list(STAGES), STAGES.values(), k=self.number)
        rows = self.plan_rows(self.term, stages)
        plans = clone(self.finished, rows)
        self.add_clocks(self.term, plans, stages, [row["next_due"] for row in rows])
        self.add_reviews(plans, stages)
        self.add_meetings(self.term, plans)
        self.add_targets(self.term, plans, "open")
        self.add_parts(self.term, plans, stages)
        self.term.opened_on = self.env.cr.now()
        self.env.flush_all()
        self.cr.execute("ANALYZE")

    def bound(self, child):
        return {"child_id": child, "child_reference": self.facts[child]["reference"]}

    def both(self, plans):
        return zip(plans, self.authority.children, strict=True)

    def plan_rows(self, term, stages):
        return [self.plan_row(child, term, stage) for child, stage in zip(self.authority.children, stages, strict=True)]

    def plan_row(self, child, term, state):
        facts = self.facts[child]
        group = academic_year.year_group(facts["date_of_birth"], term.date_from)
        late = self.random.random() < 0.1
        due = None if state == "complete" else self.today + timedelta(days=-9 if late else self.random.randint(0, 60))
        return {
            **self.bound(child),
            "term_id": term.id,
            "state": state,
            "vseo_id": facts["vseo_id"],
            "school_id": self.school_of[child],
            "school_name": self.school_names[self.school_of[child]],
            "year_group": str(min(max(group, -2), 13)),
            "key_stage": academic_year.key_stage(group),
            "sen_provision": facts["sen_provision"],
            "due_date": term.window_to,
            "processing_due": due if state == "processing" else None,
            "next_due": due,
            "next_due_kind": due and ("processing" if state == "processing" else "school_part"),
            "school_due": due,
            "social_work_due": due,
            "completed_on": self.at_ten(term.window_to) if state == "complete" else None,
            "issue_version": 1 if state == "complete" else 0,
        }

    def add_parts(self, term, plans, stages):
        """Everyone's part of each PEP with its answers; of one under way the parts of school and carer still open."""
        live = [stage in ("gathering", "ready", "processing") for stage in stages]
        for pattern in self.parts:
            section, role = pattern.section_id, pattern.owner_role
            waiting = role in ("teacher", "carer")
            rows = []
            for (plan, child), stage, is_live in zip(self.both(plans), stages, live, strict=True):
                handed_in = stage == "complete" or stage != "not_started" and not waiting
                rows.append(
                    {
                        **self.bound(child),
                        **pattern._audience_vals(section, role, is_live),
                        "plan_id": plan,
                        "term_id": term.id,
                        "school_id": self.school_of[child] if pattern.school_id else None,
                        "due_date": term.window_to,
                        "state": "accepted"
                        if handed_in
                        else "not_started"
                        if stage == "not_started"
                        else "in_progress",
                    }
                )
            parts = clone(pattern, rows)
            for answer in pattern.answer_ids:
                readers = answer.question_id._audience() | {role} if not waiting else {role}
                clone(
                    answer,
                    [
                        {
                            **self.bound(child),
                            **{f"for_{name}": is_live and name in readers for name in AUDIENCE},
                            "plan_id": plan,
                            "contribution_id": part,
                        }
                        for (plan, child), part, is_live in zip(self.both(plans), parts, live, strict=True)
                    ],
                )

    def add_clocks(self, term, plans, stages, next_due=None):
        """The clocks of each PEP: ended in time where the PEP is finished, running where it is under way.

        None of them has anything for the watch to do today.
        """
        next_due = next_due or [None] * len(plans)
        for pattern in self.clocks:
            rows = []
            for (plan, child), stage, due in zip(self.both(plans), stages, next_due, strict=True):
                over = stage == "complete" or stage == "processing" and pattern.kind not in ("processing", "termly")
                if not over and pattern.kind in ("processing", "copies") and stage != "processing":
                    continue  # not begun yet
                if not over and pattern.kind == "copies":
                    continue
                day = term.window_to if over else self.running_due(pattern.kind, term, due)
                rows.append(
                    {
                        **self.bound(child),
                        "plan_id": plan,
                        "term_id": term.id,
                        "vseo_id": self.facts[child]["vseo_id"],
                        "school_id": self.school_of[child],
                        "start_date": day,
                        "due_date": day,
                        "state": "met" if over else "open",
                        "met_on": day if over else None,
                        "closed_on": day if over else None,
                        "outcome": "on_time" if over else "late" if day < self.today else "pending",
                        "share_on_time": 100.0 if over else 0.0,
                        "days_late": 0,
                        "watch_on": None if over or day < self.today else day + timedelta(days=1),
                    }
                )
            clone(pattern, rows)

    def running_due(self, kind, term, next_due):
        """When a running clock is due: the parts first, the meeting five days after them, the term at its end."""
        if kind == "termly":
            return max(term.date_to, self.today + timedelta(days=1))
        return next_due + timedelta(days=5 if kind == "meeting" else 0)

    def add_meetings(self, term, plans):
        days = (term.window_to - term.window_from).days
        starts = [self.at_ten(term.window_from + timedelta(days=self.random.randint(0, days))) for _plan in plans]
        now = self.env.cr.now()
        events = self.add_events(starts)
        meetings = clone(
            self.meeting,
            [
                {
                    **self.bound(child),
                    "plan_id": plan,
                    "term_id": term.id,
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "date": start.date(),
                    "chair_id": self.facts[child]["vseo_id"],
                    "state": "held" if start < now else "planned",
                    "mode": self.random.choice(("face", "online")),
                    "uid": str(uuid.UUID(int=self.random.getrandbits(128))),
                    "event_id": event,
                }
                for (plan, child), start, event in zip(self.both(plans), starts, events, strict=True)
            ],
        )
        for attendee in self.meeting.attendee_ids:
            clone(
                attendee,
                [
                    {**self.bound(child), "meeting_id": meeting, "plan_id": plan}
                    for (plan, child), meeting in zip(self.both(plans), meetings, strict=True)
                ],
            )

    def add_events(self, starts):
        """The event of each meeting in Odoo's calendar, with its chair."""
        chairs = [self.facts[child]["vseo_id"] for child in self.facts]
        events = clone(
            self.meeting.event_id,
            [
                {
                    "pep_child_id": child,
                    "name": f"{self.company.pep_meeting_title} {self.facts[child]['reference']}",
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "user_id": chair,
                }
                for child, start, chair in zip(self.facts, starts, chairs, strict=True)
            ],
        )
        partner_of = {user.id: user.partner_id.id for user in self.vseos}
        pairs = [(event, partner_of[chair]) for event, chair in zip(events, chairs, strict=True)]
        link(self.cr, "calendar_event_res_partner_rel", ("calendar_event_id", "res_partner_id"), pairs)
        clone(
            self.meeting.event_id.attendee_ids[:1],
            [
                {"event_id": event, "partner_id": partner, "pep_child_id": child}
                for (event, partner), child in zip(pairs, self.facts, strict=True)
            ],
        )
        return events

    def add_targets(self, term, plans, state):
        """Three targets in each PEP, and money asked for one of them in two PEPs of five."""
        self.last_targets = [
            clone(
                pattern,
                [
                    {
                        **self.bound(child),
                        "plan_id": plan,
                        "term_id": term.id,
                        "by_when": term.date_to,
                        "state": state,
                        "is_unfinished": state == "open",
                    }
                    for plan, child in self.both(plans)
                ],
            )
            for pattern in self.targets
        ]
        asking = [
            row for row in zip(plans, self.authority.children, self.last_targets[0], strict=True) if row[0] % 5 < 2
        ]
        rows = [{**self.bound(child), "plan_id": plan, "target_id": target} for plan, child, target in asking]
        requests = clone(self.request, rows)
        clone(
            self.request.funding_ids,
            [
                {
                    **self.bound(child),
                    "plan_id": plan,
                    "term_id": term.id,
                    "request_id": request,
                    "school_id": self.school_of[child],
                }
                for request, (plan, child, _target) in zip(requests, asking, strict=True)
            ],
        )

    def add_reviews(self, plans, stages):
        """The reviews of the targets of the term before: done where the PEP is, and those targets with it."""
        for pattern, targets in zip(self.reviews, self.last_targets, strict=False):
            clone(
                pattern,
                [
                    {
                        **self.bound(child),
                        "plan_id": plan,
                        "target_id": target,
                        "outcome": "achieved" if stage == "complete" else None,
                    }
                    for (plan, child), target, stage in zip(self.both(plans), targets, stages, strict=True)
                ],
            )
            done = [target for target, stage in zip(targets, stages, strict=True) if stage == "complete"]
            self.cr.execute(
                "UPDATE pep_target SET state = 'achieved', is_unfinished = FALSE WHERE id = ANY(%s) AND is_unfinished",
                (done,),
            )
        self.env.invalidate_all()
