from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.misc import format_amount

from ..plan.pep_contribution import HANDED_IN

# The parts that stand beside an area of their own; all others are what everyone said.
PARTS_ABOUT = {"voice": "voice", "transition": "transition", "aspirations": "transition"}
# Before a change of school or key stage, when the PEP is expected to prepare for it.
TRANSITION_YEARS = ("-1", "2", "6", "9", "11", "13")
GATE_ABOUT = {
    "setting": "parts",
    "contributions": "parts",
    "documents": "documents",
    "meeting": "meeting",
    "review": "previous",
    "academic_target": "targets",
    "next_date": "meeting",
}

# By the lines of a PEP, the fields that the hints look at.
LOOKED_AT = {
    "contribution_ids": (
        "owner_role",
        "state",
        "required",
        "answered_count",
        "document_id",
        "section_id",
        "due_date",
        "submitted_on",
    ),
    "review_ids": ("target_id", "outcome", "impact"),
    "target_ids": ("name", "state", "is_academic", "measure"),
    "request_ids": ("name", "why"),
    "meeting_ids": ("state", "start", "is_extra"),
    "pass_ids": ("gate", "reason_id"),
}


class PepPlan(models.Model):
    """What the data of a PEP shows to whoever judges it: hints of what is missing, and the data itself by area."""

    _inherit = "pep.plan"

    # === Hints ===

    def _quality_hints(self):
        """What the data shows to be missing, for each of these PEPs. A fixed number of queries.

        Counted are records, whoever may read their words: that a child said something, not what.

        :return: dict of PEP id -> dict of what an area is about -> list of sentences
        """
        plans = self.sudo()  # sudo: that something is there or missing; the words are asked for by their own rules
        hints = {plan.id: {} for plan in self}
        plans._quality_fetch()
        missing_documents = self.env["pep.document.type"]._missing_for(plans)
        money = plans._quality_money_before()
        figures = plans._quality_figures()
        for plan in plans:
            found = {
                "voice": plan._hints_of_voice(),
                "previous": plan._hints_of_previous(),
                "targets": plan._hints_of_targets(),
                "funding": plan._hints_of_funding(money),
                "attainment": figures[plan.id],
                "meeting": plan._hints_of_meeting(),
                "parts": plan._hints_of_parts(),
                "transition": plan._hints_of_transition(),
                "documents": plan._hints_of_documents(missing_documents.get(plan.id)),
                "time": plan._hints_of_time(),
            }
            for passed in plan.pass_ids:
                if passed.gate in GATE_ABOUT:
                    found[GATE_ABOUT[passed.gate]].append(
                        self.env._(
                            "It went on without: %(gate)s. Reason: %(reason)s.",
                            gate=passed._label("gate").lower(),
                            reason=passed.reason_id.name,
                        )
                    )
            hints[plan.id] = {about: sentences for about, sentences in found.items() if sentences}
        return hints

    def _quality_fetch(self):
        """Read what the hints look at for all of these PEPs at once: line by line the ORM would ask for each."""
        self.fetch(list(LOOKED_AT))
        for name, fields in LOOKED_AT.items():
            self[name].fetch(fields)
        self.contribution_ids.section_id.fetch(["name", "code"])
        self.review_ids.target_id.fetch(["name"])
        self.pass_ids.reason_id.fetch(["name"])

    def _hints_of_voice(self):
        parts = self.contribution_ids.filtered(lambda part: part.owner_role == "child" and part.state != "earlier")
        if not parts:
            return [self.env._("This PEP has no part for the child.")]
        if not parts.filtered(lambda part: part.state in HANDED_IN):
            return [self.env._("The child's voice is not there: nothing was handed in.")]
        if not any(part.answered_count or part.document_id for part in parts):
            return [self.env._("The child's part was handed in empty.")]
        return []

    def _hints_of_previous(self):
        hints = []
        for review in self.review_ids:
            if not review.outcome or review.outcome == "unreviewed":
                hints.append(self.env._("Not reviewed: “%(target)s”.", target=review.target_id.name))
            elif not review.impact:
                hints.append(self.env._("No impact said: “%(target)s”.", target=review.target_id.name))
        return hints

    def _hints_of_targets(self):
        targets = self.target_ids.filtered(lambda target: target.state != "withdrawn")
        expected = self.company_id.pep_target_number
        hints = []
        if not targets:
            return [self.env._("There is no target.")]
        if not any(targets.mapped("is_academic")):
            hints.append(self.env._("There is no academic target."))
        if len(targets) < expected:
            hints.append(
                self.env._(
                    "Targets: %(number)s. The council expects %(expected)s.", number=len(targets), expected=expected
                )
            )
        hints += [
            self.env._("“%(target)s” has no: %(missing)s.", target=target.name, missing=target.missing)
            for target in targets
            if target.missing
        ]
        return hints

    def _hints_of_funding(self, money):
        """:param money: what :meth:`_quality_money_before` gave"""
        hints = []
        for review in self.review_ids:
            amount = money.get(review.target_id.id)
            if amount and not review.impact:
                hints.append(
                    self.env._(
                        "%(amount)s of PP+ went to “%(target)s”, and no impact is said.",
                        amount=format_amount(self.env, amount, self.currency_id),
                        target=review.target_id.name,
                    )
                )
        requests = self.request_ids.filtered(lambda request: request.state != "cancelled")
        hints += [
            self.env._("“%(what)s”: not said how it helps.", what=request.name)
            for request in requests
            if not request.why
        ]
        if not requests and self.variant == "statutory":
            hints.append(self.env._("No PP+ is asked for."))
        return hints

    def _quality_money_before(self):
        """What was approved for the targets that these PEPs review.

        :return: dict of target id -> amount
        """
        groups = self.env["pep.funding"]._read_group(
            [("request_id.target_id", "in", self.review_ids.target_id.ids), ("state", "=", "approved")],
            ["request_id"],
            ["amount_approved:sum"],
        )
        money = {}
        for request, amount in groups:
            money[request.target_id.id] = money.get(request.target_id.id, 0.0) + amount
        return money

    def _quality_figures(self):
        """What attainment and attendance show: nothing recorded in the term, or something to ask about.

        :return: dict of PEP id -> list of sentences
        """
        in_any = Domain.OR(
            Domain("child_id", "=", plan.child_id.id)
            & Domain("date", ">=", plan.term_id.date_from)
            & Domain("date", "<=", plan.term_id.date_to)
            for plan in self
        )
        recorded = self.env["pep.attainment"].search_fetch(in_any, ["child_id", "date"])
        weeks = self.env["pep.attendance"].search([("child_id", "in", self.child_id.ids)])
        figures = {}
        for plan in self:
            first, last = plan.term_id.date_from, plan.term_id.date_to
            hints = []
            if not any(row.child_id == plan.child_id and first <= row.date <= last for row in recorded):
                hints.append(self.env._("No attainment is recorded in this term."))
            mine = weeks.filtered(
                lambda row, plan=plan, first=first, last=last: (
                    row.child_id == plan.child_id and row.date_to >= first and row.date_from <= last
                )
            )
            if not mine and plan.school_id:
                hints.append(self.env._("No attendance is recorded in this term."))
            hints += [
                self.env._("Attendance to ask about: %(words)s.", words=words.rstrip("."))
                for words in dict.fromkeys(filter(None, mine.mapped("notable")))
            ]
            figures[plan.id] = hints
        return figures

    def _hints_of_meeting(self):
        hints = []
        held = self.meeting_ids.filtered(lambda meeting: meeting.state == "held" and not meeting.is_extra)
        if self.kind_id.meeting_required and not held:
            hints.append(self.env._("No meeting was held."))
        if held and self.quorum_gap:
            hints.append(self.env._("The meeting: %(gap)s.", gap=self.quorum_gap.rstrip(".")))
        if self.kind_id.next_date_required and self._gate_next_date():
            hints.append(self.env._("The next meeting is not set."))
        return hints

    def _hints_of_parts(self):
        """Required parts that are not in, of whoever; the child's own stands with the child's voice."""
        return [
            self.env._("Not handed in: %(part)s (%(who)s).", part=part.section_name, who=part._label("owner_role"))
            for part in self.contribution_ids
            if part.required and part.owner_role != "child" and part.state not in (*HANDED_IN, "not_needed", "earlier")
        ]

    def _hints_of_transition(self):
        if self.year_group not in TRANSITION_YEARS:
            return []
        said = self.contribution_ids.filtered(
            lambda part: part.section_id.code == "transition" and part.state in HANDED_IN
        )
        if said:
            return []
        return [self.env._("%(year)s: a change comes, and nothing is said about it.", year=self._label("year_group"))]

    def _hints_of_documents(self, types):
        return [self.env._("Missing: %(document)s.", document=kind.name) for kind in types or ()]

    def _hints_of_time(self):
        hints = []
        held = self.meeting_ids.filtered(lambda meeting: meeting.state == "held" and not meeting.is_extra)
        days = [self.company_id._pep_local(meeting.start).date() for meeting in held if meeting.start]
        if days and self.due_date and min(days) > self.due_date:
            hints.append(
                self.env._(
                    "The meeting was held on %(day)s. It was due by %(due)s.",
                    day=self._quality_day(min(days)),
                    due=self._quality_day(self.due_date),
                )
            )
        if self.processing_due and self.processing_due < self.company_id._pep_today():
            hints.append(self.env._("It was to be finished by %(due)s.", due=self._quality_day(self.processing_due)))
        for part in self.contribution_ids:
            if part.due_date and part.submitted_on and part.state in HANDED_IN:
                day = self.company_id._pep_local(part.submitted_on).date()
                if day > part.due_date:
                    hints.append(
                        self.env._(
                            "%(part)s (%(who)s) came on %(day)s. It was due by %(due)s.",
                            part=part.section_name,
                            who=part._label("owner_role"),
                            day=self._quality_day(day),
                            due=self._quality_day(part.due_date),
                        )
                    )
        return hints

    def _quality_day(self, day):
        return format_date(self.env, day, date_format="d MMM y") if day else ""

    # === The data itself ===

    def _quality_cards(self):
        """The data of this PEP by what an area is about, as the user may read it. A fixed number of queries.

        :return: dict of about -> list of cards: ``title``, ``note`` and ``rows`` of (label, words)
        """
        self.ensure_one()
        return {
            "previous": [self._card_of_previous(review) for review in self.review_ids],
            "targets": [self._card_of_target(target) for target in self.target_ids if target.state != "withdrawn"],
            "funding": [self._card_of_request(request) for request in self.request_ids if request.state != "cancelled"],
            "attainment": self._cards_of_figures(),
            "meeting": self._cards_of_meeting(),
            "documents": [self._card_of_documents()],
            "time": [self._card_of_time()],
            **self._cards_of_parts(),
        }

    def _card(self, title, rows, note=False):
        return {
            "title": title,
            "note": note or False,
            "rows": [{"label": label, "words": words} for label, words in rows if words],
        }

    def _cards_of_parts(self):
        """What everyone said, question by question. An answer that is kept from the user does not come."""
        parts = self.contribution_ids.filtered(lambda part: part.state not in ("not_needed", "earlier"))
        answers = self.env["pep.answer"].search([("contribution_id", "in", parts.ids), ("is_given", "=", True)])
        said = answers.grouped("contribution_id")
        cards = {"voice": [], "transition": [], "parts": []}
        for part in parts:
            rows = [
                (
                    answer.question_id.name,
                    self.env._("%(words)s (kept for the virtual school alone)", words=answer.value)
                    if answer.kept_private
                    else answer.value,
                )
                for answer in said.get(part, answers.browse()).sorted(
                    lambda answer: (answer.question_id.sequence, answer.question_id.id)
                )
            ]
            if part.document_id:
                rows.append((self.env._("A document stands for it"), part.document_id.type_id.name))
            who = part._label("owner_role")
            note = self.env._("%(who)s: %(state)s", who=who, state=part._label("state").lower())
            about = "voice" if part.owner_role == "child" else PARTS_ABOUT.get(part.section_id.code, "parts")
            cards[about].append(self._card(part.section_name, rows, note))
        return cards

    def _card_of_previous(self, review):
        target = review.target_id
        return self._card(
            target.name,
            [
                (self.env._("Started from"), target.baseline),
                (self.env._("Aim"), target.target_value),
                (self.env._("Impact"), review.impact),
                (self.env._("Looked at"), review.evidence),
                (self.env._("PP+"), self._quality_money(target.request_ids)),
                (self.env._("Goes on"), review.carry_forward and self.env._("yes")),
            ],
            review._label("outcome") or self.env._("Not reviewed"),
        )

    def _card_of_target(self, target):
        labels = {name: target._fields[name]._description_string(self.env) for name in target._fields}
        names = ("baseline", "measure", "target_value", "realistic", "strategies", "by_whom")
        return self._card(
            target.name,
            [
                *((labels[name], target[name]) for name in names),
                (labels["by_when"], self._quality_day(target.by_when)),
                (labels["agreed_with_child"], target._label("agreed_with_child")),
                (labels["agreed_note"], target.agreed_note),
                (self.env._("PP+"), self._quality_money(target.request_ids)),
            ],
            target.area_id.name,
        )

    def _quality_money(self, requests):
        return "; ".join(
            f"{request.name}: {format_amount(self.env, request.amount, request.currency_id)}"
            for request in requests
            if request.state != "cancelled"
        )

    def _card_of_request(self, request):
        return self._card(
            request.name,
            [
                (self.env._("For the target"), request.target_name),
                (self.env._("How it helps"), request.why),
                (self.env._("Who delivers it"), request.provider),
                (self.env._("Asked"), format_amount(self.env, request.amount, request.currency_id)),
            ],
            request._label("state"),
        )

    def _cards_of_figures(self):
        """Attainment, attendance, suspensions and questionnaires of a year, as an issued version has them."""
        figures = self._snapshot_of_evidence()
        attainment = [
            (f"{row['subject']}, {self._quality_day(row['date'])}", row["result"]) for row in figures["attainment"]
        ]
        attendance = [
            (
                self.env._(
                    "%(first)s to %(last)s", first=self._quality_day(row["from"]), last=self._quality_day(row["to"])
                ),
                self.env._("%(percentage)s%%, %(band)s", percentage=row["percentage"], band=row["band"] or ""),
            )
            for row in figures["attendance"]
        ]
        others = [
            *((row["kind"], self._quality_day(row["from"])) for row in figures["suspensions"]),
            *(
                (self.env._("SDQ, %(day)s", day=self._quality_day(row["date"])), row["result"])
                for row in figures["sdq"]
            ),
        ]
        cards = [
            self._card(self.env._("Attainment"), attainment, False if attainment else self.env._("None recorded")),
            self._card(self.env._("Attendance"), attendance, False if attendance else self.env._("None recorded")),
        ]
        return [*cards, self._card(self.env._("Suspensions and SDQ"), others)] if others else cards

    def _cards_of_meeting(self):
        cards = []
        for meeting in self.meeting_ids.filtered(lambda meeting: meeting.state == "held"):
            came = [person._label("role") for person in meeting.attendee_ids if person.attended and person.role]
            cards.append(
                self._card(
                    self.env._("Extra meeting") if meeting.is_extra else self.env._("Meeting"),
                    [
                        (self.env._("Held"), self._quality_day(self.company_id._pep_local(meeting.start).date())),
                        (self.env._("How"), meeting._label("mode")),
                        (self.env._("Who came"), ", ".join(came) or self.env._("nobody is ticked")),
                        (self.env._("Notes"), meeting.notes),
                    ],
                )
            )
        cards.append(
            self._card(
                self.env._("Next and agreed"),
                [
                    (self.env._("Next meeting"), self.next_meeting_text or self.env._("not set")),
                    (self.env._("What was discussed"), self.summary),
                ],
            )
        )
        return cards

    def _card_of_documents(self):
        documents = self.document_ids.filtered(lambda document: document.state == "filed")
        rows = [
            (
                document.type_id.name,
                self.env._(
                    "%(who)s, %(day)s",
                    who=document._label("owner_role"),
                    day=self._quality_day(self.company_id._pep_local(document.filed_on).date()),
                ),
            )
            for document in documents
        ]
        return self._card(self.env._("Filed in this PEP"), rows, False if rows else self.env._("None"))

    def _card_of_time(self):
        held = self.meeting_ids.filtered(lambda meeting: meeting.state == "held" and not meeting.is_extra)[:1]
        return self._card(
            self.env._("Dates"),
            [
                (self.env._("Meeting due by"), self._quality_day(self.due_date)),
                (
                    self.env._("Meeting held"),
                    self._quality_day(held and self.company_id._pep_local(held.start).date()),
                ),
                (self.env._("To be finished by"), self._quality_day(self.processing_due)),
            ],
        )
