"""The interim PEP of a child who comes into care when schools are closed."""

from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..plan.pep_contribution import OPEN
from ..plan.pep_plan import COUNCIL

STAFF = "pep_module.group_pep_support"
OPEN_STAGES = ("gathering", "ready")


class InterimRule(NamedTuple):
    """What is read of a rule to say how a date was worked out, of a clock that an interim PEP moves."""

    number: int
    unit: str = "school"
    direction: str = "after"


class InterimCount(NamedTuple):
    """As ``PlanCount``, of a clock that an interim PEP moves to when school is back."""

    day: date
    calendar: object
    left_out: list
    start: date  # the first school day
    event: str
    school_days: int  # after it
    school_part: date  # the day that these lead to
    further: int  # calendar days after that


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_interim_below = fields.Integer(
        string="Interim PEP with fewer school days than",
        default=10,
        help="School days between coming into care and the day by which the PEP is to be ready. "
        "With fewer, social worker and virtual school may agree an interim PEP. 0: never.",
    )
    pep_interim_school_days = fields.Integer(
        string="School's part after an interim PEP (school days)",
        default=10,
        help="School days after the first one by which the school hands in its part.",
    )

    @api.constrains("pep_interim_below", "pep_interim_school_days")
    def _check_pep_interim(self):
        for company in self:
            if not 0 <= company.pep_interim_below <= 60 or not 0 <= company.pep_interim_school_days <= 60:
                raise ValidationError(self.env._("An interim PEP goes by 0 to 60 school days."))


class PepPlan(models.Model):
    """A first PEP by social worker and virtual school alone, until school is back.

    The clocks of coming into care go on in the holidays, while nobody at the school answers. An interim PEP meets
    them: what social worker and VSEO agreed for the weeks to come, written down here. The PEP itself goes on as
    before; its school's part, and with it the term's own clock, falls due when school is back.

    Source: local procedures; "in long holidays an interim PEP by the virtual school and the social worker".
    """

    _inherit = "pep.plan"

    interim_by_id = fields.Many2one(
        "res.users", string="Interim PEP by", readonly=True, copy=False, ondelete="restrict", groups=COUNCIL
    )
    interim_words = fields.Text(string="Agreed until school is back", readonly=True, copy=False, groups=COUNCIL)
    interim_offered = fields.Boolean(
        string="Interim PEP possible", compute="_compute_interim", groups=STAFF, help="Schools are closed for too long."
    )
    interim_text = fields.Char(string="Interim PEP", compute="_compute_interim", groups=STAFF)

    @api.depends("state", "kind_id.code", "interim_on", "date_into_care", "school_id")
    def _compute_interim(self):
        may = self.filtered(lambda plan: plan._may_be_interim())
        for plan in self:
            plan.interim_offered, plan.interim_text = False, False
        for company, plans in may.grouped("company_id").items():
            counter = self.env["resource.calendar"]._pep_day_counter(company)
            ready = plans._origin._ready_days()
            for plan in plans:
                plan.interim_offered, plan.interim_text = plan._interim_offer(counter, ready.get(plan._origin))

    def _may_be_interim(self):
        """Whether this is a first PEP, on its way to its meeting, without an interim one so far."""
        self.ensure_one()
        below = self.company_id.pep_interim_below
        first = self.kind_id.code == "initial" and self.date_into_care and not self.interim_on
        return bool(below and first and self.state in ("not_started", *OPEN_STAGES) and self.meeting_state != "held")

    def _ready_days(self):
        """By when each of these first PEPs is to be ready: by its clock, else by the council's rule."""
        clocks = self.env["pep.deadline"].sudo()  # sudo: a date of a PEP that the user reads
        rows = clocks.search(
            [("child_id", "in", self.child_id.ids), ("kind", "=", "ready"), ("of_plan", "=", False)], order="round, id"
        )
        due = {row.child_id: row.due_date for row in rows}
        by_rule = clocks._first_due_dates((self.child_id - rows.child_id).sudo())  # sudo: as above
        return {plan: due.get(plan.child_id) or by_rule.get(plan.child_id.id) or plan.due_date for plan in self}

    def _interim_offer(self, counter, ready):
        """Whether an interim PEP may be agreed, and why, in words."""
        self.ensure_one()
        if not ready:
            return False, False
        school = self.school_id
        number = counter.number("school", fields.Date.add(self.date_into_care, days=1), ready, school)
        if number >= self.company_id.pep_interim_below:
            return False, False
        day = self.env["pep.plan.issue"]._day_in_words
        values = {
            "number": number,
            "day": day(ready),
            "back": day(counter.next_day("school", max(self.company_id._pep_today(), self.date_into_care), school)),
        }
        if number > 1:
            words = self.env._("There are %(number)s school days until the PEP is to be ready on %(day)s.", **values)
        elif number:
            words = self.env._("There is one school day until the PEP is to be ready on %(day)s.", **values)
        else:
            words = self.env._(
                "Schools are closed until after the day on which the PEP is to be ready, %(day)s.", **values
            )
        if counter.is_day("school", self.company_id._pep_today(), school):
            return True, words
        return True, words + " " + self.env._("The next school day is %(back)s.", **values)

    # === Agreeing it ===

    def action_ask_interim(self):
        """Button: write down what social worker and virtual school agreed until school is back."""
        self.ensure_one()
        self._check_interim()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Interim PEP"),
            "res_model": "pep.plan.interim",
            "view_mode": "form",
            "target": "new",
            "context": {"default_plan_id": self.id},
        }

    def action_interim(self, words):
        """Agree an interim PEP today: it meets the clocks of coming into care. Said again, the words are put right.

        :param str words: what is agreed until school is back
        :raise UserError: it is no first PEP in the holidays, the social worker's part is missing, or the words are
        """
        for plan in self:
            plan._check_interim()
            words = (words or "").strip()
            if not words:
                raise UserError(self.env._("Write down what is agreed until school is back."))
            kept = plan.sudo()  # sudo: written by this method alone; may write was asked in _check_interim
            if plan.interim_on:
                kept.write({"interim_words": words, "interim_by_id": self.env.uid})
                continue
            clocks = kept._clocks_met_by_interim()
            kept.write(
                {
                    "interim_on": plan.company_id._pep_today(),
                    "interim_by_id": self.env.uid,
                    "interim_words": words,
                }
            )
            clocks._say_interim()

    def _check_interim(self):
        """Refuse what an interim PEP can't be agreed for, with the reason."""
        self.ensure_one()
        self.check_access("write")
        self._refuse_when_frozen()
        self._refuse_unless(*OPEN_STAGES)
        if self.interim_on:
            return
        if not self.interim_offered:
            raise UserError(
                self.env._(
                    "An interim PEP is for a first PEP when schools are closed: with fewer than %(number)s school days "
                    "between coming into care and the day by which the PEP is to be ready.",
                    number=self.company_id.pep_interim_below,
                )
            )
        parts = self.sudo().contribution_ids  # sudo: whether the part is in, not what it says
        missing = parts.filtered(
            lambda part: part.owner_role == "social_worker" and part.required and part.state in OPEN
        )
        if missing:
            raise UserError(
                self.env._(
                    "The social worker's part is not in yet: %(names)s. You can enter it on their behalf.",
                    names=", ".join(missing.mapped("section_name")),
                )
            )

    def _clocks_met_by_interim(self):
        """The clocks of coming into care that are running."""
        clocks = self.env["pep.deadline"].search([("child_id", "=", self.child_id.id), ("state", "=", "open")])
        return clocks.filtered(lambda clock: clock.rule_id.trigger == "into_care")

    @api.model
    def _interim_fields(self):
        """Written by :meth:`action_interim` alone."""
        return {"interim_by_id", "interim_words"}

    @api.model
    def _stage_fields(self):
        return super()._stage_fields() | self._interim_fields()

    def _snapshot(self):
        data = super()._snapshot()
        data["interim"] = (
            {"on": str(self.interim_on), "by": self.interim_by_id.name, "words": self.interim_words}
            if self.interim_on
            else None
        )
        return data


class PepDeadline(models.Model):
    """After an interim PEP the school's part and the term's own clock count from the first school day."""

    _inherit = "pep.deadline"

    def _say_interim(self):
        """Say in the sentence of these clocks, where the interim PEP has just met them, that it did."""
        for clock in self.filtered(lambda clock: clock.state == "met"):
            met = self.env._("Met by an interim PEP on %(day)s.", day=self._day(clock.met_on))
            clock.why = f"{clock.why} {met}"

    @api.model
    def _count_for_plan(self, facts, rule, plan, start):
        counted = super()._count_for_plan(facts, rule, plan, start)
        if not plan.interim_on or rule.code not in ("school_part", "termly"):
            return counted
        after = self._after_interim(facts, rule, plan)
        if rule.code == "termly":
            return max(counted, after, key=lambda count: count.day)
        # with a meeting planned for the days after school is back, whichever comes first
        planned = facts.meetings.get(plan.id) and counted.day >= after.start
        return min(counted, after, key=lambda count: count.day) if planned else after

    @api.model
    def _after_interim(self, facts, rule, plan):
        """The school's part so many school days after the first one; the term's clock as long after it as a PEP has."""
        council, school = plan.company_id, plan.school_id
        counter = facts.counter(council)
        first = counter.next_day("school", fields.Date.add(plan.interim_on, days=1), school)
        counted = counter.count("school", first, council.pep_interim_school_days, school=school)
        further = 0
        if rule.code == "termly":
            further = (self._processing_due(council, counted.day) - counted.day).days
        return InterimCount(
            fields.Date.add(counted.day, days=further),
            counted.calendar,
            counted.left_out,
            first,
            self.env._("the first school day after the interim PEP"),
            council.pep_interim_school_days,
            counted.day,
            further,
        )

    @api.model
    def _sentence(self, rule, start, counted, event):
        if not isinstance(counted, InterimCount):
            return super()._sentence(rule, start, counted, event)
        part = counted._replace(day=counted.school_part)
        sentence = super()._sentence(InterimRule(counted.school_days), start, part, event)
        if not counted.further:
            return sentence
        return self.env._(
            "The school's part: %(part)s Then %(number)s calendar days: %(due)s.",
            part=sentence,
            number=counted.further,
            due=self._day(counted.day),
        )
