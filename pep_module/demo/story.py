"""The past and present of the demo council, played through the app's own steps by those who would take them.

Every step is a user's: the head opens terms and decides on money, each VSEO takes their PEPs along. What the app stamps
with the time of the step (when a PEP was completed, a version issued, money decided on) is put back afterwards to the
day of the story: there is no clock to turn back, on purpose. Everything is relative to today, and the same each time.
"""

import csv
from datetime import timedelta
from itertools import cycle, islice

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.tools import SQL, file_open

from ..models.plan.pep_term import QUIET
from ..tools import academic_year, upn
from . import words
from .clocks import Clocks
from .days import back, birthday, forward, phase_start, workday
from .evidence import Evidence
from .gathering import Parts
from .meetings import Meetings
from .quality import Quality

HOURS = (9.5, 11, 13.5, 15)
# What was missing, and why it went on without: (child, number of the term) -> gate -> reason.
WITHOUT = {
    ("harvey", 0): {"meeting": "meeting_missing"},
    ("ruby", 1): {"meeting": "meeting_ill"},
    ("courtney", 1): {"next_date": "next_leaves"},
    ("noah", 0): {"academic_target": "academic_early"},
    ("owen", 2): {"academic_target": "academic_crisis"},
}
# What was otherwise before this term.
EARLIER = {"jayden": {"sen_provision": "N"}, "ruby": {"sen_provision": "N"}, "evie": {"vseo": "vseo2"}}
OUTCOMES = ("achieved", "partly", "achieved", "achieved", "not", "achieved", "partly", "stopped")


def rows_of(name):
    """The rows of a CSV file of the demo data."""
    with file_open(f"pep_module/demo/{name}") as file:
        return list(csv.DictReader(file))


class Story:
    """Children, schools, PEPs of one council. ``rows`` are the lines of ``children.csv``, by key."""

    def __init__(self, env):
        self.council = env.ref("pep_module.demo_council")
        self.env = env(context={**QUIET, "allowed_company_ids": self.council.ids})
        self.today = self.council._pep_today()
        self.year = academic_year.academic_year(self.today)
        self.this = self.term_on(self.today)
        self.last = self.term_on(self.this.date_from - timedelta(days=1))
        self.before = self.term_on(self.last.date_from - timedelta(days=1))
        self.terms = [self.before, self.last, self.this]
        self.rows = {row["key"]: {**row, "number": number} for number, row in enumerate(rows_of("children.csv"))}
        self.children = self.env["pep.child"]
        self.key_of = {}
        self.codes = {(code.kind, code.code): code.id for code in self.env["pep.code"].search([])}
        self.copies = {}
        self.parts, self.evidence, self.meetings = Parts(self), Evidence(self), Meetings(self)
        self.clocks, self.quality = Clocks(self), Quality(self)
        self.ideas = {}
        for idea in rows_of("targets.csv"):
            self.ideas.setdefault(idea["band"], []).append(idea)

    def tell(self):
        """Everything, in order of time."""
        self.clocks.hold()
        newcomers = [row for row in self.rows.values() if row["since"].startswith("this")]
        self.make_children([row for row in self.rows.values() if row not in newcomers])
        self.finish_term(0)
        self.academise()
        self.finish_term(1)
        self.between_the_terms()
        plans = self.open_term(2)
        self.make_children(newcomers)
        self.play_this_term(plans | self.children.plan_ids.filtered(lambda plan: plan.term_id == self.this))
        self.meetings.tell()
        self.quality.moderate()
        self.clocks.tell()

    # === Who and what ===

    def ref(self, name):
        return self.env.ref(f"pep_module.demo_{name}")

    def as_user(self, records, key):
        """These records as one of the demo users sees them."""
        return records.with_env(self.env(user=self.ref(f"user_{key}").id, su=False))

    def term_on(self, day):
        return self.env["pep.term"]._term_on(self.council, day)

    def copy_of(self, name):
        """The council's copy of a template that the app ships."""
        if name not in self.copies:
            template = self.env.ref(f"pep_module.{name}")
            self.copies[name] = template.search(
                [("company_id", "=", self.council.id), ("template_id", "=", template.id)]
            )
        return self.copies[name]

    def code(self, kind, code):
        """The id of a national code."""
        return self.codes[kind, code]

    def row(self, record):
        return self.rows[self.key_of[record.child_id.id]]

    def turn(self, record):
        """A number that is the same each time and spreads things over children and terms."""
        return self.row(record)["number"] + 5 * self.terms.index(record.term_id)

    def at(self, day, hour):
        """A time of a day on the council's clock, as UTC. Good for days on which the clock does not change."""
        return self.council._pep_midnight_utc(day) + timedelta(hours=hour)

    def past(self, moment):
        """This moment, or now if it is still to come."""
        return min(moment, fields.Datetime.now())

    # === The register ===

    def make_children(self, rows):
        """The head records children with where they live and learn and who is around them."""
        children = self.as_user(self.env["pep.child"], "head").create([self.child_values(row) for row in rows])
        for child, row in zip(children, rows, strict=True):
            self.key_of[child.id] = row["key"]
        self.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": f"pep_module.demo_child_{row['key']}", "record": child, "noupdate": True}
                for child, row in zip(children, rows, strict=True)
            ]
        )
        self.children |= children.with_env(self.env)

    def child_values(self, row):
        earlier = EARLIER.get(row["key"], {})
        born = self.born(row)
        since = self.since(row)
        unaccompanied = row["key"] == "dawit"
        return {
            "company_id": self.council.id,
            "la_person_id": f"NM{20400 + 37 * row['number']}",
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "known_as": row["known_as"],
            "sex": row["sex"],
            "date_of_birth": born,
            "dob_disputed": unaccompanied,
            "uasc": unaccompanied,
            "interpreter": unaccompanied,
            "ethnicity_id": self.code("ethnicity", row["ethnicity"]),
            "home_language": row["home_language"],
            "sen_provision": earlier.get("sen_provision", row["sen"]),
            "date_into_care": since,
            "vseo_id": self.ref(f"user_{earlier.get('vseo', row['vseo'])}").id,
            **self.numbers(row, born),
            "care_episode_ids": [Command.create(values) for values in self.episodes(row, since)],
            "enrolment_ids": [Command.create(values) for values in self.enrolments(row, since)],
            "network_ids": [Command.create(values) for values in self.network(row, since)],
        }

    def born(self, row):
        if row["birthday"] == "turns_18":  # on the first day of this term
            return self.this.date_from - relativedelta(years=18)
        return birthday(int(row["year_group"]), row["birthday"], self.today)

    def since(self, row):
        """The day of coming into care: so many months ago, or in this term or the last."""
        match row["since"]:
            case "last":
                return self.last.date_from + timedelta(days=25)
            case "this":
                return max(self.this.date_from, self.today - timedelta(days=9))
            case "this_late":
                return max(self.this.date_from, self.today - timedelta(days=40))
        return self.today - relativedelta(months=int(row["since"])) - timedelta(days=row["number"] % 9)

    def numbers(self, row, born):
        """A UPN made up under a number of no local authority, or why there is none."""
        if row["key"] == "dawit":
            return {"upn_unknown_id": self.code("upn_unknown", "UN3")}
        if int(row["year_group"]) < 0:
            return {"upn_unknown_id": self.code("upn_unknown", "UN1")}
        year = (born.year + 4) % 100
        bodies = [f"989{school}{year:02d}{100 + row['number']}" for school in (2001, 2002)]
        numbers = [upn.check_letter(body) + body for body in bodies]
        return {"upn": numbers[0], "former_upn": numbers[1] if row["key"] == "keira" else False}

    def episodes(self, row, since):
        """One care episode, or two where an interim order was followed by a full one."""
        values = {
            "date_from": since,
            "legal_status_id": self.code("legal_status", row["legal_status"]),
            "placement_id": self.code("placement", row["placement"]),
            "provider_id": self.code("provider", row["provider"]),
            "category_of_need_id": self.code("category_of_need", row["need"]),
            "reason_new_id": self.code("reason_new_episode", "S"),
            "out_of_area": row["out_of_area"],
        }
        if row["legal_status"] != "C2":
            return [values]
        order = since + timedelta(days=200)
        first = {
            **values,
            "legal_status_id": self.code("legal_status", "C1"),
            "date_to": order - timedelta(days=1),
            "reason_ceased_id": self.code("reason_ceased", "X1"),
        }
        return [first, {**values, "date_from": order, "reason_new_id": self.code("reason_new_episode", "L")}]

    def enrolments(self, row, since):
        """Where the child learnt before, learns now, and learns besides."""
        if not row["kind"]:
            return []
        group = int(row["year_group"])
        start = phase_start(group, self.year)
        if group in (7, 12) and not row["before"]:  # an all-age school, or the sixth form of the same one
            start = phase_start(group - 1, self.year - 1)
        if row["moved"] == "last_start":
            start = self.last.date_from
        elif row["moved"]:
            start = self.last.date_from + timedelta(days=int(row["moved"].removeprefix("last_")))
        now = {"kind": row["kind"], "date_from": start}
        if row["school"]:
            now["school_id"] = self.ref(f"school_{row['school']}").id
        values = [now]
        if row["before"]:
            began = phase_start(group if row["moved"] else group - 1, self.year if row["moved"] else self.year - 1)
            if row["key"] == "dawit":  # was in no school in England before
                began = since
            values.append(
                {
                    "kind": "main",
                    "school_id": self.ref(f"school_{row['before']}").id,
                    "date_from": began,
                    "date_to": start - timedelta(days=1),
                }
            )
        if row["second"]:
            kind, _colon, school = row["second"].partition(":")
            besides = {"kind": kind, "date_from": self.last.date_from + timedelta(days=20)}
            values.append({**besides, "school_id": self.ref(f"school_{school}").id if school else False})
        return [one for one in values if not one.get("date_to") or one["date_from"] <= one["date_to"]]

    def network(self, row, since):
        """The adults around the child, from the first day in care; one of them barred from contact."""
        relations = {"carer": "Foster carer", "other": "Personal adviser", "barred": "Mother", "parent": "Mother"}
        homes = {"K1": "Key worker", "K2": "Key worker", "K3": "Key worker", "U1": "Aunt", "U3": "Grandmother"}
        members = []
        for member in row["network"].split():
            role, _equals, key = member.partition("=")
            relation = relations.get(role)
            members.append(
                {
                    "partner_id": self.ref(f"contact_{key}").id,
                    "role": "parent" if role == "barred" else role,
                    "relation": homes.get(row["placement"], relation) if role == "carer" else relation,
                    "must_not_contact": role == "barred",
                    "date_from": since,
                }
            )
        return members

    def academise(self):
        """Larkwater High School became an academy on the first day of last term."""
        wizard = self.as_user(self.env["pep.school.academise"], "head").create(
            {
                "school_id": self.ref("school_larkwater").id,
                "urn": self.ref("school_larkwater_academy").pep_urn,
                "date": self.last.date_from,
            }
        )
        wizard.action_academise()

    def between_the_terms(self):
        """What became of children before this term began."""
        for key, values in EARLIER.items():
            changes = {name: value for name, value in values.items() if name == "sen_provision"}
            if changes:
                changes["sen_provision"] = self.rows[key]["sen"]
            if "vseo" in values:
                changes["vseo_id"] = self.ref(f"user_{self.rows[key]['vseo']}").id
            self.as_user(self.ref(f"child_{key}"), "head").write(changes)
        self.leave_care("courtney", self.this.date_from, "E17")

    def leave_care(self, key, day, reason):
        child = self.as_user(self.ref(f"child_{key}"), "head")
        child.date_out_of_care = day
        child.care_episode_ids.filtered(lambda episode: not episode.date_to).write(
            {"date_to": day, "reason_ceased_id": self.code("reason_ceased", reason)}
        )

    # === Steps ===

    def open_term(self, number):
        """The head opens a term; the app does so by itself early on its first day."""
        term = self.terms[number]
        if term == self.this and self.today > term.window_to - timedelta(days=7):
            # in the holidays after the window: this council lets it run on, or every PEP would be late
            window_to = min(self.today + timedelta(days=21), term.date_to)
            self.as_user(term, "pepadmin").window_to = max(term.window_to, window_to)
        self.as_user(term, "head").action_open()
        term.opened_on = self.past(self.at(term.date_from, 3))
        return self.env["pep.plan"].search([("term_id", "=", term.id)])

    def without(self, plan, number):
        """What this PEP goes on without: gate -> reason."""
        return WITHOUT.get((self.row(plan)["key"], number), {})

    def step(self, plan, action, number):
        """Take a PEP a step on, and go on without what is missing where the story says why."""
        question = getattr(plan, action)()
        if question:
            reasons = self.without(plan, number)
            wizard = plan.env[question["res_model"]].with_context(**question["context"]).create({})
            for line in wizard.line_ids:
                line.reason_id = self.copy_of(f"pep_gate_reason_{reasons[line.gate]}")
            wizard.action_go_on()

    def say_why(self, plan, action, reason):
        """Return, correct or cancel a PEP."""
        question = getattr(plan, action)()
        plan.env[question["res_model"]].with_context(**question["context"]).create({"reason": reason}).action_confirm()

    def meeting_values(self, plan, day):
        number = self.turn(plan)
        mode = ("face", "online", "both")[number % 3]
        place = plan.school_name or "Town Hall, room 2"
        return {
            "plan_id": plan.id,
            "start": self.at(day, HOURS[number % len(HOURS)]),
            "mode": mode,
            "place": "Video call" if mode == "online" else place,
        }

    def hold(self, plans, days, number, still_awaited=False):
        """Hold the meetings of these PEPs on their days, and with that the PEPs go on to processing.

        Most people came, the child usually too. Where the social worker did not, there is something in writing instead.
        """
        meetings = plans.env["pep.meeting"].create([self.meeting_values(plan, days[plan.id]) for plan in plans])
        self.ask_the_schools(meetings)
        # they were invited then: nobody gets a mail today
        meetings.with_context(pep_meeting_quiet=True).action_send_invitations()
        for meeting in meetings:
            turn = self.turn(meeting)
            for place, attendee in enumerate(meeting.attendee_ids):
                came = self.came(attendee, turn, place)
                values = {"attended": came, "apologies": not came and attendee.role != "child"}
                if attendee.role == "child":
                    values["written_part"] = words.REMARKS[turn % len(words.REMARKS)]
                attendee.write(values)
            meeting.notes = words.NOTES[turn % len(words.NOTES)]
            self.meetings.record(meeting, number)
            self.close(meeting, number)
            awaited = meeting.attendee_ids.filtered(lambda attendee: attendee.written == "awaited")
            for attendee in () if still_awaited else awaited:
                attendee.action_write_part(words.WRITTEN[turn % len(words.WRITTEN)])

    def ask_the_schools(self, meetings):
        """A school of which nobody has a login yet is asked as such: its designated teacher reads its mail."""
        meetings.env["pep.meeting.attendee"].create(
            [
                {"meeting_id": meeting.id, "role": "teacher", "partner_id": meeting.plan_id.school_id.id}
                for meeting in meetings
                if meeting.plan_id.school_id and "teacher" not in meeting.attendee_ids.mapped("role")
            ]
        )

    def came(self, attendee, turn, place):
        if attendee.role == "vseo":
            return True
        if attendee.needed and attendee.role != "child":
            return attendee.role != "social_worker" or turn % 8 != 3
        return (turn + place) % 5 != 0

    def close(self, meeting, number):
        """The meeting took place; where something or somebody was missing, with the reason that the story has."""
        question = meeting.action_hold()
        if question:
            reasons = self.without(meeting.plan_id, number)
            wizard = meeting.env[question["res_model"]].with_context(**question["context"]).create({})
            for line in wizard.line_ids:
                line.reason_id = self.copy_of(f"pep_gate_reason_{reasons[line.gate]}")
            if wizard.absent:
                wizard.reason = words.ABSENT if wizard.may_write else words.UNLISTED
            wizard.action_confirm()

    def review(self, plans, share=1):
        """Say what became of the targets of last term; those half-way go on in this PEP."""
        for plan in plans:
            number = self.turn(plan)
            reviews = plan.review_ids
            for place, review in enumerate(reviews[: round(len(reviews) * share)]):
                outcome = OUTCOMES[(number * 3 + place) % len(OUTCOMES)]
                impact, evidence = words.IMPACTS[outcome]
                review.write({"outcome": outcome, "impact": impact, "evidence": evidence})
                if outcome in ("partly", "not"):
                    review.carry_forward = True
                    review.continued_as_id.write({"by_when": self.target_day(plan), "agreed_with_child": "yes"})

    def band(self, plan):
        if plan.variant == "not_on_roll":
            return "back"
        stage = {"eyfs": "early", "ks5": "post16"}
        return stage.get(plan.key_stage, plan.key_stage)

    def target_day(self, plan):
        """By when: half-term of the term after."""
        return plan.term_id.date_to + timedelta(days=45)

    def agree(self, plans, number):
        """Agree on targets, three with those that go on, and ask for money for some."""
        targets = plans.env["pep.target"].create(
            [
                self.target_values(plan, idea, 10 * place)
                for plan in plans
                for place, idea in enumerate(self.choose(plan, number), start=1)
            ]
        )
        self.ask(targets, number)

    def choose(self, plan, number):
        """What this PEP aims at besides what goes on: something academic if there is none, nothing of before."""
        ideas = self.ideas[self.band(plan)]
        start = self.row(plan)["number"] + number
        before = set(plan.child_id.plan_ids.target_ids.mapped("name"))
        ideas = [idea for idea in islice(cycle(ideas), start, start + len(ideas)) if idea["name"] not in before]
        goes_on = plan.target_ids.filtered(lambda target: target.state == "open")
        wanted = not any(goes_on.mapped("is_academic")) and "academic_target" not in self.without(plan, number)
        ideas.sort(key=lambda idea: self.area(idea).is_academic != wanted)
        others = sorted(ideas[1:], key=lambda idea: self.area(idea).is_academic)
        return [*ideas[:1], *others][: max(1, 3 - len(goes_on))]

    def area(self, idea):
        return self.copy_of(f"pep_target_area_{idea['area']}")

    def target_values(self, plan, idea, sequence):
        agreed = ("yes", "yes", "partly", "yes")[(self.row(plan)["number"] + sequence) % 4]
        return {
            "plan_id": plan.id,
            "area_id": self.area(idea).id,
            "sequence": sequence,
            "by_when": self.target_day(plan),
            "agreed_with_child": agreed,
            "agreed_note": "Would rather do it another way." if agreed == "partly" else False,
            **{name: idea[name] for name in ("name", "baseline", "measure", "target_value", "realistic")},
            **{name: idea[name] for name in ("strategies", "by_whom", "success_evidence")},
        }

    def ask(self, targets, number):
        """Ask for PP+ for one target of two PEPs in three."""
        idea_of = {idea["name"]: idea for ideas in self.ideas.values() for idea in ideas if idea["ask"]}
        vals_list = []
        for plan, members in targets.grouped("plan_id").items():
            with_price = members.filtered(lambda target: target.name in idea_of)
            if not with_price or (self.row(plan)["number"] + number) % 3 == 2:
                continue
            idea = idea_of[with_price[0].name]
            vals_list.append(
                {
                    "target_id": with_price[0].id,
                    "name": idea["ask"],
                    "why": idea["strategies"],
                    "provider": idea["provider"],
                    "quantity": float(idea["quantity"]),
                    "unit_cost": float(idea["unit_cost"]),
                }
            )
        targets.env["pep.funding.request"].create(vals_list)

    def decide(self, plans, days):
        """The head decides on what was asked in these PEPs: mostly yes, some in part, now and then no."""
        for funding in self.as_user(self.env["pep.funding"], "head").search([("plan_id", "in", plans.ids)], order="id"):
            number = self.turn(funding)
            if number % 7 == 3:
                funding.action_decline(words.DECLINED)
            elif number % 5 == 1:
                funding.action_approve_part(funding.currency_id.round(funding.amount_asked * 0.6))
            else:
                funding.action_approve()
            decided = self.past(self.at(days[funding.plan_id.id], 16))
            funding.sudo().decided_on = decided  # sudo: the story happened then, the step was taken now

    def complete(self, plans, number, days):
        """Complete these PEPs, each on its day, by another person than has judged it.

        Last term the VSEOs judged and the head completed; otherwise the other way round.
        """
        for plan in plans:
            people = [self.as_user(plan, "head"), plan]
            judge, completer = reversed(people) if number == 1 else people
            self.quality.judge(judge, self.past(self.at(days[plan.id], 15.5)))
            self.step(completer, "action_complete", number)
        for plan in plans.sudo():  # sudo: stamps are the app's to write, and these were made today
            moment = self.past(self.at(days[plan.id], 15.5))
            plan.completed_on = moment
            self.issued_on(plan.issue_ids.sorted("version")[-1:], moment)

    def issued_on(self, issue, moment):
        """Put its day on a version that was issued just now. The hash is over what was agreed, not when."""
        self.env.flush_all()
        # raw SQL: an issued version can't be written through the ORM by anybody, so neither by its demo
        query = SQL(
            "UPDATE pep_plan_issue SET issued_on = %s, create_date = %s WHERE id = %s", moment, moment, issue.id
        )
        self.env.cr.execute(query)  # raw SQL: as above
        issue.invalidate_recordset(["issued_on", "create_date"])

    # === The two finished terms ===

    def meeting_day(self, row, number):
        """The day of a child's meeting in one of the finished terms: spread over the window."""
        term = self.terms[number]
        first = max(term.date_from + timedelta(days=15), self.since(row) + timedelta(days=10))
        span = max((term.window_to - timedelta(days=21) - first).days, 1)
        return back(first + timedelta(days=3 + row["number"] * 11 % span))

    def finish_term(self, number):
        """A finished term from opening to issued PEPs."""
        plans = self.open_term(number)
        self.evidence.report(plans, lambda plan: back(self.meeting_day(self.row(plan), number) - timedelta(days=6)))
        for vseo, members in plans.grouped("vseo_id").items():
            members = members.with_env(self.env(user=vseo.id, su=False))
            members.action_start()
            self.parts.fill(members, lambda plan: back(self.meeting_day(self.row(plan), number) - timedelta(days=4)))
            for plan in members:
                self.step(plan, "action_ready", number)
            self.finish(members - self.cancelled(members, number), number)
        if number == 0:
            self.correct("leo", number)

    def finish(self, plans, number):
        """From ready to complete, and the money decided on; all on days of that term."""
        held = {plan.id: self.meeting_day(self.row(plan), number) for plan in plans}
        missed = plans.filtered(lambda plan: "meeting" in self.without(plan, number))
        self.review(plans)
        self.agree(plans, number)
        for plan in plans:
            self.write_up(plan, number)
        self.hold(plans - missed, held, number)
        for plan in missed:
            self.step(plan, "action_process", number)
        done = {plan.id: workday(held[plan.id] + timedelta(days=self.days_to_process(plan))) for plan in plans}
        self.complete(plans, number, done)
        self.decide(plans, done)

    def days_to_process(self, plan):
        """Days from the meeting to the finished PEP: within two weeks, but for one in nine."""
        number = self.turn(plan)
        return 19 if number % 9 == 4 else 4 + number % 10

    def write_up(self, plan, number):
        """What was discussed, and when the next meeting is."""
        row = self.row(plan)
        values = {"summary": words.SUMMARIES[(row["number"] + number) % len(words.SUMMARIES)]}
        if number == 0:
            values["next_meeting_date"] = self.meeting_day(row, 1)
        elif "next_date" not in self.without(plan, number):
            values["next_meeting_note"] = "In the first half of next term; the school offers three dates."
        plan.write(values)

    def cancelled(self, plans, number):
        """One child left care in the middle of last term: the PEP is cancelled."""
        plan = plans.filtered(lambda plan: number == 1 and self.row(plan)["key"] == "riley")
        if plan:
            self.leave_care("riley", self.last.date_from + timedelta(days=40), "E45")
            self.say_why(plan, "action_cancel", "Special guardianship order made: no longer looked after")
        return plan

    def correct(self, key, number):
        """A finished PEP is corrected, and issued as version 2 a fortnight later."""
        plan = self.as_user(self.ref(f"child_{key}"), self.rows[key]["vseo"]).plan_ids.filtered(
            lambda plan: plan.term_id == self.terms[number]
        )
        first = plan.completed_on
        self.say_why(plan, "action_correct", "The school gave a wrong figure for where we start")
        plan.target_ids[:1].baseline = f"{plan.target_ids[:1].baseline} (figure corrected by the school)"
        day = self.council._pep_local(first).date() + timedelta(days=14)
        self.complete(plan, number, {plan.id: day})

    # === This term ===

    def stage(self, plan):
        """The stage that ``children.csv`` gives a PEP of this term, and what else it says: late, planned, returned."""
        return self.row(plan)["stage"].split()

    def play_this_term(self, plans):
        """Each VSEO takes the PEPs of this term to their stages."""
        self.evidence.report(plans, lambda _plan: self.workday_ago(4))
        self.evidence.suspend("harvey")
        for key, score in (("harvey", 21), ("evie", 15), ("leo", 11)):
            self.evidence.score(key, score)
        for vseo, members in plans.grouped("vseo_id").items():
            members = members.with_env(self.env(user=vseo.id, su=False))
            for plan in members:
                self.begin(plan)
            ready = members.filtered(lambda plan: self.stage(plan)[0] == "ready")
            self.review(ready, share=0.5)
            self.agree(ready, 2)
            self.evidence.file_reports(ready)
            self.meet_and_finish(members.filtered(lambda plan: self.stage(plan)[0] in ("processing", "complete")))
        for login in ("teacher", "teacher2"):
            self.evidence.suggest(login)

    def begin(self, plan):
        """From not started as far as ready, with a meeting planned."""
        stage = self.stage(plan)
        if "late" in stage and plan.kind_id.code != "initial":
            # the VSEO set an earlier day, for the child's care review, and it has gone by
            plan.due_date = self.today - timedelta(days=2 + self.row(plan)["number"] % 8)
        if stage[0] == "not_started":
            return
        plan.action_start()
        lately = self.workday_ago(3 + self.row(plan)["number"] % 6)
        if stage[0] in ("processing", "complete"):
            lately = workday(self.recent_meeting(plan) - timedelta(days=6))
        if stage[0] != "gathering" or "returned" in stage:
            self.parts.fill(plan, lambda _plan: lately)
            self.step(plan, "action_ready", 2)
        else:
            self.parts.fill_some(plan, lately, share=20 * (self.row(plan)["number"] % 5))
        if "returned" in stage:
            self.say_why(plan, "action_return", "Reading results and attendance are still to come from the school")
            self.parts.give_back(plan, "Please add the reading results of this term")
        if stage[0] == "ready" or "planned" in stage:
            self.plan_meeting(plan, cancelled_before=stage == ["ready", "late"])

    def plan_meeting(self, plan, cancelled_before):
        """A meeting in the next weeks; where one had to be cancelled, it is the second."""
        meetings = plan.env["pep.meeting"]
        if cancelled_before:
            meetings.create(self.meeting_values(plan, back(self.today - timedelta(days=3))))._cancel(
                "The room is not free that day."
            )
        days = 1 + self.row(plan)["number"] * 5 % 17
        self.ask_the_schools(meetings.create(self.meeting_values(plan, forward(self.today + timedelta(days=days)))))

    def meet_and_finish(self, plans):
        """Meetings held not long ago, and some of these PEPs completed since."""
        self.review(plans)
        self.agree(plans, 2)
        for plan in plans:
            self.write_up(plan, 2)
        complete = plans.filtered(lambda plan: self.stage(plan)[0] == "complete")
        days = {plan.id: self.recent_meeting(plan) for plan in plans}
        self.hold(complete, days, 2)
        self.hold(plans - complete, days, 2, still_awaited=True)
        plans = complete
        done = {plan.id: self.workday_ago(2 + self.row(plan)["number"] % 5) for plan in plans}
        self.complete(plans, 2, done)
        self.decide(plans.filtered("request_ids")[:1], done)

    def recent_meeting(self, plan):
        """The day of a meeting held not long ago; of a PEP late in processing, more than two weeks ago."""
        number = self.row(plan)["number"]
        if "late" in self.stage(plan):
            return back(self.today - timedelta(days=18 + number % 3))
        days = 12 + number % 6 if self.stage(plan)[0] == "complete" else 2 + number % 4
        return back(self.today - timedelta(days=days))

    def workday_ago(self, days):
        return workday(self.today - timedelta(days=days))
