from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..plan.pep_plan import CLOSED
from .pep_deadline_rule import KINDS

STAFF = "pep_module.group_pep_support"
COUNCIL = "pep_module.group_pep_contributor"
# A clock that has this many days left, or fewer, is to be looked at now.
SOON = 7
# Of a day that is nearer than this, everybody knows which year is meant.
YEAR_UNSAID = 300


class PepDeadline(models.Model):
    """How late in words, and how many of each kind. By the council's own day: nothing has to run for it."""

    _inherit = "pep.deadline"

    level = fields.Selection(
        [("late", "Late"), ("soon", "Due within a week"), ("later", "Due later")], compute="_compute_when"
    )
    when = fields.Char(string="How late", compute="_compute_when")
    is_soon = fields.Boolean(
        string="Due within a week", compute="_compute_when", search="_search_is_soon", help="And not late yet."
    )

    @api.depends("state", "outcome", "due_date", "met_on", "days_late", "stop_code")
    def _compute_when(self):
        for deadline in self:
            deadline.level = deadline.state == "open" and self._level(deadline.days_left)
            deadline.is_soon = deadline.level == "soon"
            deadline.when = deadline._when()

    def _when(self):
        """In words: how long is left, how late it is, or how it ended."""
        if self.state == "open":
            return self._when_words(self.days_left, self.due_date)
        if self.state == "stopped":
            return self.env._("Stopped")
        if self.outcome == "late":
            return self.env._("Met, %(late)s", late=self._days_late_words(self.days_late))
        return self.env._("Met")

    @api.model
    def _level(self, days_left):
        return "late" if days_left < 0 else "soon" if days_left <= SOON else "later"

    @api.model
    def _when_words(self, days_left, due_date):
        """How long is left until a date, or since when it is over.

        :param int days_left: calendar days, negative when they have gone by
        """
        if days_left < 0:
            return self._days_late_words(-days_left)
        if days_left == 0:
            return self.env._("due today")
        if days_left == 1:
            return self.env._("due tomorrow")
        if days_left <= SOON:
            return self.env._("due in %(days)s days", days=days_left)
        words = "d MMM" if days_left < YEAR_UNSAID else "d MMM y"
        return self.env._("by %(day)s", day=format_date(self.env, due_date, date_format=words))

    @api.model
    def _days_late_words(self, days):
        return self.env._("1 day late") if days == 1 else self.env._("%(days)s days late", days=days)

    def _search_is_soon(self, operator, value):
        if operator != "in":
            return NotImplemented
        soon = Domain("state", "=", "open") & Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("due_date", ">=", today)
            & Domain("due_date", "<=", fields.Date.add(today, days=SOON))
            for company, today in self._todays()
        )
        return soon if True in value else ~soon

    @api.model
    def _todays(self):
        councils = self.env["res.company"].sudo()  # sudo: which day it is, in each council
        return [(council, council._pep_today()) for council in councils.search([])]

    @api.model
    def _short_names(self):
        """Kind -> the clock in a word or two, for a chip on a card. A council's own go by their name."""
        return {
            "start": self.env._("Start"),
            "ready": self.env._("First PEP"),
            "termly": self.env._("This term's PEP"),
            "meeting": self.env._("Meeting"),
            "school_part": self.env._("School's part"),
            "social_work_part": self.env._("Social worker's part"),
            "processing": self.env._("Processing"),
            "copies": self.env._("Copies"),
            "face": self.env._("Face to face"),
            "care_review": self.env._("Reviewing officer's copy"),
        }

    def _chip(self, names):
        """What a card says of this running clock."""
        return {
            "text": self.env._("%(clock)s: %(when)s", clock=names.get(self.kind) or self.name, when=self.when),
            "level": self.level,
            "why": self.why,
        }

    @api.model
    @api.readonly
    def late_figures(self):
        """How many clocks of each kind are late, of the children whom the user works on. A fixed number of queries.

        :return: list of dicts, one a kind that the council uses: key, label, number, whether it is urgent, action and
            filter that show the records; empty for whoever is no staff of the virtual school
        """
        if not self.env.user.has_group(STAFF):
            return []
        late = dict(self._read_group([("is_late", "=", True)], ["kind"], ["__count"]))
        used = {kind for (kind,) in self.env["pep.deadline.rule"]._read_group(self._rules_in_use(), ["code"])}
        labels = dict(self._fields["kind"]._description_selection(self.env))
        names = {**self._short_names(), "own": labels["own"]}
        return [
            {
                "key": kind,
                "label": names[kind],
                "number": late.get(kind, 0),
                "urgent": True,
                "action": f"pep_module.pep_deadline_action_{kind}",
                "filter": "late",
            }
            for kind, _label in KINDS
            if kind in used or kind in late
        ]

    @api.model
    def _rules_in_use(self):
        return Domain("company_id", "in", self.env.companies.ids) & Domain("valid_to", "=", False)

    @api.model
    def get_empty_list_help(self, help_message):
        """An empty screen says from which day on clocks are kept, which may be why it is empty."""
        message = super().get_empty_list_help(help_message)
        go_live = self.env.company.pep_go_live
        if not go_live:
            return message
        sentence = self.env._("No clock starts for what happened before %(day)s.", day=format_date(self.env, go_live))
        return Markup(message or "") + Markup("<p>%s</p>") % sentence


class PepPlan(models.Model):
    _inherit = "pep.plan"

    clocks = fields.Json(string="Late or next", compute="_compute_clocks", groups=COUNCIL)

    @api.depends("state", "next_due", "next_due_kind", "deadline_ids.state", "deadline_ids.due_date")
    @api.depends_context("uid")
    def _compute_clocks(self):
        """A chip for all that is late, then for what is due within a week, or else for what comes next.

        One query for all cards. Whoever is in the child's network reads no clocks: for them what is next alone, which
        the PEP itself says. Face to face has a line of its own.
        """
        staff = self.env.su or self.env.user.has_group(STAFF)
        running = self._running_clocks() if staff else {}
        names = self.env["pep.deadline"]._short_names()
        today = {company: company._pep_today() for company in self.company_id}
        for plan in self:
            if not staff:
                plan.clocks = plan._next_chip(names, today[plan.company_id])
                continue
            clocks = running.get(plan._origin.id, self.env["pep.deadline"])
            urgent = clocks.filtered(lambda clock: clock.level != "later")
            plan.clocks = [clock._chip(names) for clock in urgent or clocks[:1]]

    def _running_clocks(self):
        """dict of PEP id -> its running clocks, the first due first: its own and, until it ends, those of the child."""
        deadlines = self.env["pep.deadline"]
        rows = deadlines.search_fetch(
            [("child_id", "in", self.child_id.ids), ("state", "=", "open"), ("kind", "!=", "face")],
            ["kind", "name", "why", "plan_id", "child_id", "company_id", "state", "due_date"],
            order="due_date, id",
        )
        of_plan, of_child = rows.grouped("plan_id"), defaultdict(deadlines.browse)
        of_child.update(rows.filtered(lambda row: not row.plan_id).grouped("child_id"))
        running = {}
        for plan in self._origin:
            running[plan.id] = of_plan.get(plan, deadlines)
            if plan.state not in CLOSED:
                running[plan.id] = (running[plan.id] | of_child[plan.child_id]).sorted("due_date")
        return running

    def _next_chip(self, names, today):
        """What is next, as the PEP itself says it: list of no chip or one."""
        if not self.next_due or not self.next_due_kind:
            return []
        deadlines = self.env["pep.deadline"]
        days_left = (self.next_due - today).days
        clock = names.get(self.next_due_kind) or self.env._("Next")
        when = deadlines._when_words(days_left, self.next_due)
        text = self.env._("%(clock)s: %(when)s", clock=clock, when=when)
        return [{"text": text, "level": deadlines._level(days_left), "why": ""}]

    @api.model
    @api.readonly
    def board_figures(self):
        """Besides the others, how much is late."""
        figures = super().board_figures()
        if not figures:
            return figures
        late = {
            "key": "late",
            "label": self.env._("Late"),
            "number": self.env["pep.deadline"].search_count([("is_late", "=", True)]),
            "action": "pep_module.pep_deadline_action",
            "filter": "late",
            "urgent": True,
        }
        return [late, *figures]


class PepChild(models.Model):
    _inherit = "pep.child"

    open_deadline_ids = fields.One2many(
        "pep.deadline", "child_id", string="Running clocks", domain=[("state", "=", "open")], readonly=True
    )
