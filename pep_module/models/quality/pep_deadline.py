from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pep_deadline_rule import KINDS

STATES = [("open", "Running"), ("met", "Met"), ("stopped", "Stopped")]
OUTCOMES = [("pending", "Not decided yet"), ("on_time", "On time"), ("late", "Late")]
STOPS = [
    ("cancelled", "The PEP was cancelled"),
    ("out_of_care", "The child is not looked after any more"),
    ("age", "The child has reached the age at which PEPs end"),
    ("young", "The child is not of the age of PEPs yet"),
    ("archived", "The child's record was archived"),
    ("respite", "Looked after for short breaks only"),
    ("went_on", "The PEP went on without it"),
    ("not_needed", "Not needed for this PEP"),
    ("passed", "The day it was for has passed"),
    ("again", "It happened again: the next clock runs"),
    ("corrected", "The PEP was opened again: the next version counts"),
    ("undone", "What it counted from was taken back"),
    ("go_live", "It happened before the council went live"),
    ("rule", "The council's rule does not ask for it any more"),
]
# Stopped by something that may turn out otherwise: the clock goes on where it stood.
REVERSIBLE = (
    "out_of_care",
    "age",
    "young",
    "archived",
    "respite",
    "rule",
    "went_on",
    "not_needed",
    "cancelled",
    "undone",
    "go_live",
)


class PepDeadline(models.Model):
    """One clock of a child or a PEP: by when, how that was worked out, and whether it was kept.

    Kept by the app alone, see :mod:`.pep_deadline_sync`: a clock starts with its event, moves with it while it runs,
    and ends when what it waits for has happened or can't happen any more. What has ended never changes.
    ``outcome`` is what councils publish: *late* as soon as the due date has gone by, whatever comes after.
    """

    _name = "pep.deadline"
    _description = "Deadline"
    _inherit = ["pep.kept.rows"]
    _order = "due_date, id"

    rule_id = fields.Many2one("pep.deadline.rule", required=True, index=True, ondelete="restrict", readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    name = fields.Char(string="Clock", required=True, readonly=True, help="As the rule was called.")
    series = fields.Char(required=True, readonly=True)
    round = fields.Integer(required=True, readonly=True, default=1, aggregator=None, help="Which time it runs.")
    plan_id = fields.Many2one("pep.plan", string="PEP", index="btree_not_null", ondelete="restrict", readonly=True)
    of_plan = fields.Boolean(readonly=True, help="A clock of this PEP; otherwise of the child.")
    term_id = fields.Many2one("pep.term", index=True, ondelete="restrict", readonly=True)
    start_date = fields.Date(string="Counted from", required=True, readonly=True)
    due_date = fields.Date(string="Due by", required=True, readonly=True)
    why = fields.Char(string="How it was worked out", required=True, readonly=True)
    met_on = fields.Date(string="Met on", readonly=True)
    met_by_id = fields.Many2one(
        "res.users", string="Said so", readonly=True, ondelete="restrict", help="Who said when it happened."
    )
    closed_on = fields.Date(string="Ended on", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="open")
    stop_code = fields.Selection(STOPS, string="Why stopped", readonly=True)
    outcome = fields.Selection(OUTCOMES, string="Kept", required=True, readonly=True, default="pending")
    share_on_time = fields.Float(string="On time (%)", readonly=True, aggregator="avg", digits=(5, 1))
    days_late = fields.Integer(
        string="Days late", readonly=True, aggregator="avg", help="When it was met, or when the watch last looked."
    )
    vseo_id = fields.Many2one("res.users", string="VSEO", index=True, ondelete="restrict", readonly=True)
    school_id = fields.Many2one("res.partner", index="btree_not_null", ondelete="restrict", readonly=True)
    watch_on = fields.Date(readonly=True, help="Next day on which somebody is to be told, or the clock has run out.")
    moves = fields.Json(string="Moved", readonly=True, help="Each change of the due date: from, to, when.")
    is_late = fields.Boolean(string="Late", compute="_compute_is_late", search="_search_is_late")
    days_left = fields.Integer(string="Days left", compute="_compute_is_late", help="Negative: days gone by since.")
    moved_text = fields.Text(string="Moved so far", compute="_compute_moved_text")
    met_by_hand = fields.Boolean(compute="_compute_met_by_hand")

    _uniq = models.UniqueIndex("(child_id, series, COALESCE(plan_id, 0), round) WHERE of_plan", "This clock is there.")
    _child_uniq = models.UniqueIndex("(child_id, series, round) WHERE of_plan IS NOT TRUE", "This clock is there.")
    _watch_index = models.Index("(watch_on) WHERE state = 'open'")
    _late_index = models.Index("(company_id, due_date) WHERE state = 'open'")

    # === Computes ===

    @api.depends("due_date", "state")
    def _compute_is_late(self):
        today = {company: company._pep_today() for company in self.company_id}
        for deadline in self:
            running = deadline.state == "open" and deadline.due_date
            deadline.days_left = (deadline.due_date - today[deadline.company_id]).days if running else 0
            deadline.is_late = bool(running and deadline.days_left < 0)

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("due_date", "<", company._pep_today())
            for company in self.env["res.company"].sudo().search([])  # sudo: which day it is, in each council
        ) & Domain("state", "=", "open")
        return late if True in value else ~late

    @api.depends("moves")
    def _compute_moved_text(self):
        day = self.env["pep.plan.issue"]._day_in_words
        for deadline in self:
            deadline.moved_text = (
                "\n".join(
                    self.env._(
                        "On %(on)s from %(from)s to %(to)s",
                        **{"on": day(move["on"]), "from": day(move["from"]), "to": day(move["to"])},
                    )
                    for move in deadline.moves or ()
                )
                or False
            )

    @api.depends("rule_id.met_by", "state")
    def _compute_met_by_hand(self):
        for deadline in self:
            rule = deadline.sudo().rule_id  # sudo: the rule of a clock that the user reads
            deadline.met_by_hand = deadline.state == "open" and rule.met_by == "hand"

    # === What is done with one ===

    def action_meet(self, day=None):
        """Say that what these clocks wait for has happened: those that nothing in the app can tell.

        :param day: when; default today
        :raise UserError: not met by hand, not running, a day to come, or one before what is counted from
        """
        self.check_access("read")
        self.child_id.check_access("write")
        for deadline in self:
            today = deadline.company_id._pep_today()
            met_on = fields.Date.to_date(day or None) or today
            if not deadline.met_by_hand:
                raise UserError(self.env._("This clock is met by what is recorded, not by hand."))
            if met_on > today:
                raise UserError(self.env._("That day is still to come."))
            clock = deadline.sudo()  # sudo: kept by the app; who may say so was asked above
            if clock.rule_id.direction == "after" and met_on < clock.start_date:
                raise UserError(self.env._("That day is before the one from which the clock counts."))
            clock.met_by_id = self.env.user
            clock._meet(met_on)
        self.sudo().plan_id._follow_clocks()  # sudo: what is next of the PEP

    def _meet(self, day):
        for deadline in self:
            deadline.write(deadline._met_values(day))

    def _met_values(self, day, due=None):
        """Values of a clock that is met on ``day``.

        :param due: by when, where that changes at the same time
        """
        late = max((day - (due or self.due_date)).days, 0)
        return {
            "state": "met",
            "met_on": day,
            "closed_on": day,
            "watch_on": False,
            "stop_code": False,
            **self._outcome("late" if late else "on_time", late),
        }

    def _stop(self, code):
        """End these clocks without their being met. What was late already stays late.

        :param str code: one of :data:`STOPS`
        """
        for deadline in self:
            deadline.write(deadline._stopped_values(code))

    def _stopped_values(self, code, due=None, day=None):
        """Values of this clock, stopped on ``day`` (default today), as :meth:`_met_values`."""
        day = day or self.company_id._pep_today()
        late = (day - (due or self.due_date)).days
        return {
            "state": "stopped",
            "stop_code": code,
            "closed_on": day,
            "watch_on": False,
            **(self._outcome("late", late) if late > 0 else self._outcome("pending", 0)),
        }

    @api.model
    def _outcome(self, outcome, days_late):
        return {"outcome": outcome, "share_on_time": 100.0 * (outcome == "on_time"), "days_late": days_late}

    # === The days of the watch ===

    def _stages(self):
        """The days on which this clock is looked at, see ``pep.deadline.rule._stages``."""
        self.ensure_one()
        return self.rule_id._stages(self.due_date)

    def _next_watch(self, after=None):
        """The first day of :meth:`_stages` after ``after`` (default: the very first), or False."""
        return next((day for day, _stage in self._stages() if after is None or day > after), False)

    @api.model
    def _refusal(self):
        return UserError(self.env._("Deadlines follow from what is recorded and from the council's rules."))

    # === Opening what it is about ===

    def action_open(self):
        """The PEP of this clock, or the child."""
        self.ensure_one()
        record = self.plan_id or self.child_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "view_mode": "form",
            "res_id": record.id,
        }


class PepPlan(models.Model):
    _inherit = "pep.plan"

    deadline_ids = fields.One2many("pep.deadline", "plan_id", string="Clocks", readonly=True)


class PepChild(models.Model):
    _inherit = "pep.child"

    deadline_ids = fields.One2many("pep.deadline", "child_id", string="Clocks", readonly=True)
