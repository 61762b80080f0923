from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from .pep_plan import COUNCIL

NEXT_KINDS = [
    ("date", "On a day"),
    ("month", "In a month, the day to follow"),
    ("none", "There is none"),
]


class PepPlan(models.Model):
    """When the child's next PEP meeting is: a day, a month, or none with the reason. Set before a meeting closes.

    A day typed into the field by itself is a day; words alone, as earlier PEPs have them, are words.
    """

    _inherit = "pep.plan"

    next_meeting_kind = fields.Selection(NEXT_KINDS, string="Next meeting", readonly=True, copy=False)
    next_meeting_month = fields.Date(
        string="Month of the next meeting", readonly=True, copy=False, help="The first day of the month."
    )
    next_meeting_text = fields.Char(
        string="When the next meeting is",
        compute="_compute_next_meeting_text",
        groups=COUNCIL,
        help="In words: 24 May 2027; in May 2027; none: leaves care in June.",
    )

    @api.depends("next_meeting_kind", "next_meeting_date", "next_meeting_month", "next_meeting_note")
    @api.depends_context("lang")
    def _compute_next_meeting_text(self):
        for plan in self:
            plan.next_meeting_text = plan._next_meeting_words(plan.next_meeting_note)

    def _next_meeting_words(self, note=None):
        """When the next meeting is, as people say it; False when nobody has said.

        :param str note: what was written with it: the reason why there is none is for those who may read that
        """
        self.ensure_one()
        if self.next_meeting_kind == "none":
            return self.env._("none: %(reason)s", reason=note) if note else self.env._("none is planned")
        when = False
        if self.next_meeting_date:
            when = format_date(self.env, self.next_meeting_date, date_format="d MMMM y")
        elif self.next_meeting_month:
            when = self.env._(
                "in %(month)s", month=format_date(self.env, self.next_meeting_month, date_format="MMMM y")
            )
        if when and note:
            return self.env._("%(when)s (%(note)s)", when=when, note=note)
        return when or note or False

    def action_set_next(self, kind, date=None, month=None, note=None):
        """Say when the child's next PEP meeting is, before this one closes.

        :param str kind: ``date``, ``month`` or ``none``
        :param date: the day, for ``date``
        :param month: any day in the month, for ``month``
        :param str note: a few words with it; for ``none`` the reason, which is needed
        :raise UserError: the PEP is finished, the day or month has passed, or the reason is missing
        """
        self.check_access("write")
        self._refuse_when_frozen()
        if kind not in dict(NEXT_KINDS):
            raise UserError(self.env._("Say whether the next meeting is on a day, in a month, or there is none."))
        day, first = fields.Date.to_date(date or None), fields.Date.to_date(month or None)
        first = first and first.replace(day=1)
        note = " ".join(str(note or "").split()) or False
        today = min(council._pep_today() for council in self.company_id) if self else None
        if kind == "date" and not day:
            raise UserError(self.env._("On which day is the next meeting?"))
        if kind == "month" and not first:
            raise UserError(self.env._("In which month is the next meeting?"))
        if kind == "none" and not note:
            raise UserError(self.env._("Say why there is no next meeting: leaves care in June, for example."))
        if today and (kind == "date" and day < today or kind == "month" and first < today.replace(day=1)):
            raise UserError(self.env._("The next meeting can't be in the past."))
        self.sudo().write(  # sudo: checked just now; the kind is written by this method alone
            {
                "next_meeting_kind": kind,
                "next_meeting_date": day if kind == "date" else False,
                "next_meeting_month": first if kind == "month" else False,
                "next_meeting_note": note,
            }
        )

    def action_ask_next(self):
        """Button: set the next meeting."""
        self.ensure_one()
        self.check_access("write")
        self._refuse_when_frozen()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set the next meeting"),
            "res_model": "pep.plan.next",
            "view_mode": "form",
            "target": "new",
            "context": {"default_plan_id": self.id},
        }

    @api.model
    def _next_fields(self):
        """Written by :meth:`action_set_next` alone."""
        return {"next_meeting_kind", "next_meeting_month"}

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | self._next_fields()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in self._next_fields()} for vals in vals_list]
        return super().create([self._with_kind(vals) for vals in vals_list])

    def write(self, vals):
        if not self.env.su and self._next_fields() & vals.keys():
            raise UserError(self.env._("Use the button to set the next meeting."))
        return super().write(self._with_kind(vals))

    @api.model
    def _with_kind(self, vals):
        """A day that is typed in by itself says of which kind it is; one that is taken out says nothing any more."""
        if "next_meeting_date" not in vals or "next_meeting_kind" in vals:
            return vals
        kind = "date" if vals["next_meeting_date"] else False
        return {**vals, "next_meeting_kind": kind, "next_meeting_month": False}

    # === What the next PEP takes from it ===

    def _proposed_meeting_days(self):
        """The day that the PEP before each of these set for its next meeting, or the first working day of its month.

        Nothing when it said there is none, or the day has passed. A fixed number of queries.

        :return: dict of PEP -> date, without those for whom nothing was set
        """
        before = self.search_fetch(
            [("child_id", "in", self.child_id.ids), ("state", "!=", "cancelled")],
            ["child_id", "term_id", "next_meeting_kind", "next_meeting_date", "next_meeting_month"],
            order="id",
        ).sorted(lambda plan: plan.term_id.date_from)
        before_of = before.grouped("child_id")
        days = {}
        for plan in self:
            earlier = [
                other for other in before_of.get(plan.child_id, ()) if other.term_id.date_from < plan.term_id.date_from
            ]
            day = earlier[-1]._next_meeting_day() if earlier else None
            if day and day >= plan.company_id._pep_today():
                days[plan] = day
        return days

    def _proposed_meeting_day(self):
        """As :meth:`_proposed_meeting_days`, of one PEP; None when nothing was set."""
        self.ensure_one()
        return self._proposed_meeting_days().get(self)

    def _next_meeting_day(self):
        self.ensure_one()
        if self.next_meeting_kind == "none":
            return None
        if self.next_meeting_date or not self.next_meeting_month:
            return self.next_meeting_date or None
        day = max(self.next_meeting_month, self.company_id._pep_today())
        if (day.year, day.month) != (self.next_meeting_month.year, self.next_meeting_month.month):
            return None
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day
