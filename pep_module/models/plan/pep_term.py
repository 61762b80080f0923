import logging
from datetime import timedelta
from itertools import pairwise

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import academic_year
from ...tools.periods import Period, Periods

_logger = logging.getLogger(__name__)

SEASONS = [("autumn", "Autumn"), ("spring", "Spring"), ("summer", "Summer")]
CHUNK = 1000
# In the context of whoever changes much at once, and has the clocks brought up to date afterwards, for all of it.
CLOCKS = object()
QUIET = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "tracking_disable": True,
    "mail_activity_automation_skip": True,
}


class PepTerm(models.Model):
    """One of the three long terms of a school year, as the council's PEP cycle counts them.

    A term runs from its first day to the day before the next term's: every date belongs to exactly one term, holidays
    included, and terms can't overlap. The *window* inside it is when PEP meetings are to be held; a PEP is due by its
    last day. Never derived from a school's own calendar: those differ even within one county.
    """

    _name = "pep.term"
    _description = "Term"
    _inherit = ["pep.council.fixed"]
    _order = "date_from desc, id desc"

    name = fields.Char(compute="_compute_name", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company",
        string="Council",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    academic_year = fields.Integer(
        string="School year", required=True, aggregator=None, help="The year in which the school year begins."
    )
    season = fields.Selection(SEASONS, required=True)
    date_from = fields.Date(string="First day", required=True, index=True)
    date_to = fields.Date(string="Last day", compute="_compute_date_to", help="The day before the next term begins.")
    window_from = fields.Date(string="Meetings from", required=True)
    window_to = fields.Date(string="Meetings until", required=True, help="PEPs of the term are due by this day.")
    opened_on = fields.Datetime(string="Opened on", readonly=True, copy=False)
    plan_count = fields.Integer(string="Number of PEPs", compute="_compute_plan_count")
    is_current = fields.Boolean(string="This term", compute="_compute_is_current", search="_search_is_current")
    is_previous = fields.Boolean(string="Last term", compute="_compute_is_current", search="_search_is_previous")

    _season_uniq = models.Constraint("UNIQUE (company_id, academic_year, season)", "The council has this term already.")
    _start_uniq = models.Constraint("UNIQUE (company_id, date_from)", "Another term begins on this day.")
    _window = models.Constraint(
        "CHECK (window_from >= date_from AND window_to >= window_from)",
        "The meetings of a term begin within it, and before they end.",
    )

    @api.depends("season", "academic_year")
    def _compute_name(self):
        seasons = dict(SEASONS)
        for term in self:
            year = (term.academic_year or 0) + (term.season != "autumn")
            term.name = f"{seasons.get(term.season, '')} {year}"

    @api.depends("date_from", "company_id")
    def _compute_date_to(self):
        for company, terms in self.grouped("company_id").items():
            starts = self.search([("company_id", "=", company.id)], order="date_from").mapped("date_from")
            for term in terms:
                following = next((start for start in starts if term.date_from and start > term.date_from), None)
                term.date_to = following and following - timedelta(days=1)

    def _compute_plan_count(self):
        counts = dict(self.env["pep.plan"]._read_group([("term_id", "in", self.ids)], ["term_id"], ["__count"]))
        for term in self:
            term.plan_count = counts.get(term, 0)

    def _compute_is_current(self):
        current, previous = self._current_terms(), self._previous_terms()
        for term in self:
            term.is_current = term in current
            term.is_previous = term in previous

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("id", "in", self._current_terms().ids)
        return domain if True in value else ~domain

    def _search_is_previous(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("id", "in", self._previous_terms().ids)
        return domain if True in value else ~domain

    @api.constrains("date_from", "window_to", "season", "academic_year", "company_id")
    def _check_order(self):
        order = [season for season, _label in SEASONS]
        for term in self:
            siblings = self.search(
                [("company_id", "=", term.company_id.id), ("academic_year", "=", term.academic_year)]
            ).sorted("date_from")
            seasons = [sibling.season for sibling in siblings]
            if seasons != sorted(seasons, key=order.index):
                raise ValidationError(self.env._("Autumn, spring and summer follow one another in a school year."))
            earliest = academic_year.first_day(term.academic_year) - timedelta(days=31)
            if not earliest <= term.date_from <= academic_year.last_day(term.academic_year):
                raise ValidationError(self.env._("%(term)s does not begin in its school year.", term=term.display_name))
            neighbours = self.search([("company_id", "=", term.company_id.id)], order="date_from")
            for earlier, later in pairwise(neighbours):
                if term in (earlier, later) and earlier.window_to >= later.date_from:
                    raise ValidationError(
                        self.env._(
                            "The meetings of %(earlier)s would go on after %(later)s has begun.",
                            earlier=earlier.name,
                            later=later.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        terms = super().create(vals_list)
        terms.invalidate_model(["date_to"])  # the term before ends where this one begins
        terms.company_id._pep_sync_face_due()
        return terms

    def write(self, vals):
        result = super().write(vals)
        if {"date_from", "window_from", "window_to"} & vals.keys():
            self.invalidate_model(["date_to"])
            self.company_id._pep_sync_face_due()
        return result

    # === Which term ===

    @api.model
    def _current_terms(self):
        """The term of today, one for each council whose terms the user sees."""
        terms = self.browse()
        for company in self.env.companies:
            terms |= self._term_on(company, company._pep_today())
        return terms

    @api.model
    def _previous_terms(self):
        """The term before that of today, one for each council whose terms the user sees."""
        terms = self.browse()
        for term in self._current_terms():
            terms |= self._term_on(term.company_id, term.date_from - timedelta(days=1))
        return terms

    @api.model
    def _term_on(self, company, day):
        """The term that a day belongs to; made by the council's rule when nobody has entered it yet."""
        terms = self.sudo()  # sudo: which term a day is in is no secret, and scheduled work asks too
        term = terms.search(
            [("company_id", "=", company.id), ("date_from", "<=", day)], order="date_from desc", limit=1
        )
        if not term or day > academic_year.last_day(term.academic_year) + timedelta(days=31):
            self._generate(company, academic_year.academic_year(day))
            term = terms.search(
                [("company_id", "=", company.id), ("date_from", "<=", day)], order="date_from desc", limit=1
            )
        return term.with_env(self.env)

    @api.model
    def _generate(self, companies, year=None):
        """Make the terms of a school year (default: last, this, next) that a council does not have yet. Idempotent."""
        terms = self.sudo()  # sudo: set-up, and scheduled work
        vals_list = []
        for company in companies:
            this = academic_year.academic_year(company._pep_today())
            for start_year in [year] if year else [this - 1, this, this + 1]:
                have = terms.search([("company_id", "=", company.id), ("academic_year", "=", start_year)])
                for season, first, last in self._by_rule(company, start_year):
                    if season in have.mapped("season"):
                        continue
                    vals_list.append(
                        {
                            "company_id": company.id,
                            "academic_year": start_year,
                            "season": season,
                            "date_from": first,
                            "window_from": first,
                            "window_to": last,
                        }
                    )
        return terms.create(vals_list)

    @api.model
    def _by_rule(self, company, year):
        """The terms of a school year by the council's rule: list of (season, first day, last day for meetings)."""
        starts = company._pep_term_starts(year)
        ends = [day for _season, day in starts[1:]] + [academic_year.first_day(year + 1)]
        terms = []
        for (season, first), following in zip(starts, ends, strict=True):
            last = following - timedelta(days=1)
            if season == "summer":  # schools break up before the end of July
                last = min(last, last.replace(month=7, day=20))
            terms.append((season, first, last))
        return terms

    @api.model
    def _periods(self, company, unit, day_from, day_to, more=0):
        """The terms of a council from one day to another and ``more`` after that, one after the other.

        Those that somebody has entered or changed as they are, the others by the council's rule; none is made.
        One query.

        :param str unit: ``term``, or ``half_term``: the two halves of each, parted in the middle of its window
        :return: ``tools.periods.Periods``
        """
        terms = self.sudo().search([("company_id", "=", company.id)])  # sudo: as in _term_on
        known = {(term.academic_year, term.season): term for term in terms}
        first = academic_year.academic_year(day_from) - 1
        last = academic_year.academic_year(day_to) + 2 + more // 3
        every = []
        for year in range(first, last + 1):
            for season, date_from, window_to in self._by_rule(company, year):
                term = known.get((year, season))
                if term:
                    every.append((term.name, term.date_from, term.window_from, term.window_to))
                else:
                    name = f"{dict(SEASONS)[season]} {year + (season != 'autumn')}"
                    every.append((name, date_from, date_from, window_to))
        if unit == "half_term":
            every = [half for term in every for half in self._halves(*term)]
        return Periods(Period(name, first, until) for name, first, _window, until in every)

    @api.model
    def _halves(self, name, date_from, window_from, window_to):
        """The two halves of a term, parted in the middle of its window: about when schools have their break."""
        middle = window_from + (window_to - window_from) // 2
        return [
            (self.env._("first half of %(term)s", term=name), date_from, window_from, middle),
            (self.env._("second half of %(term)s", term=name), middle + timedelta(days=1), None, window_to),
        ]

    # === Opening a term ===

    def action_open(self):
        """Button: a PEP for each child in scope who has none in this term. Press it as often as you like."""
        if not self._may_open():
            raise AccessError(self.env._("The head or the administrator of the virtual school opens a term."))
        for term in self:
            if term.company_id._pep_today() < term.date_from - timedelta(days=28):
                raise UserError(
                    self.env._("%(term)s begins in more than four weeks: too early to open it.", term=term.name)
                )
        plans = self._open()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(number)s PEPs made. Children who had one in this term keep it.", number=len(plans)
                )
                if plans
                else self.env._("Every child in scope has a PEP in this term already. Nothing was made."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _may_open(self):
        groups = ("pep_module.group_pep_head", "pep_module.group_pep_admin")
        return self.env.su or any(self.env.user.has_group(group) for group in groups)

    @api.model
    def action_open_current(self):
        """Link on an empty board: open the term of today."""
        return self._term_on(self.env.company, self.env.company._pep_today()).action_open()

    @api.model
    def _cron_open(self):
        """Daily: open the current term of each council, and the coming one some days before it begins. Idempotent.

        That is, for the children who have no PEP in it yet. How long before is the council's setting; a run that was
        missed is made good by the next one. Commits after each chunk, so that a kill loses one chunk at most. A council
        that fails is logged and passed over: the others still get their PEPs.
        """
        children = self.env["pep.child"].sudo()  # sudo: scheduled action, no user
        [(companies,)] = children._read_group([], [], ["company_id:recordset"])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            try:
                cron._pep_step(self._generate, company)
                self._terms_to_open(company)._open_by_chunks()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The terms of council %s could not be opened", company.id)
            if not cron._commit_progress(1):
                break

    @api.model
    def _terms_to_open(self, company):
        """The term of today, and the coming one from the day on which the council wants it opened."""
        today = company._pep_today()
        ahead = fields.Date.add(today, days=company.pep_open_ahead_days)
        return self._term_on(company, today) | self._term_on(company, ahead)

    def _open(self, children=None):
        """Make the PEPs of these terms that are missing, in this transaction.

        :param children: only these; default everyone in scope
        :return: the ``pep.plan`` records made
        :raise ConcurrencyError: another transaction has just made one of them; Odoo then runs the request again
        """
        made = self.env["pep.plan"]
        for term in self._since_go_live():
            if children is None:
                term._take_turn()
            missing = term._children_without_plan(children)
            for start in range(0, len(missing), CHUNK):
                made |= term._make_plans(missing[start : start + CHUNK])
            if children is None:
                term._note_opened()
        return made

    def _open_by_chunks(self):
        """The same for everyone in scope, as scheduled work: one committed transaction for each chunk."""
        cron = self.env["ir.cron"]
        for term in self._since_go_live():
            missing = term._children_without_plan()
            for start in range(0, len(missing), CHUNK):
                cron._pep_step(term._open_chunk, missing[start : start + CHUNK])
            cron._pep_step(term._note_opened)

    def _open_chunk(self, children):
        self._take_turn()
        self._make_plans(children - self._plans_of(children).child_id)

    def _take_turn(self):
        """Wait until nobody else is opening this term for everyone.

        The write is what makes it safe: a transaction that had to wait sees the data as they were before the other one,
        and having written makes PostgreSQL refuse it, so that it runs again with what the other one made in sight.
        """
        self.ensure_one()
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL("UPDATE pep_term SET write_date = %s WHERE id = %s", self.env.cr.now(), self.id), log_exceptions=False
        )

    def _note_opened(self):
        if not self.opened_on:
            self.sudo().opened_on = fields.Datetime.now()  # sudo: whoever opens need not be allowed to edit terms

    def _since_go_live(self):
        """These terms without those that had ended before their council went live."""
        return self.filtered(
            lambda term: (
                not (term.company_id.pep_go_live and term.date_to and term.date_to < term.company_id.pep_go_live)
            )
        )

    def _plans_of(self, children):
        self.ensure_one()
        plans = self.env["pep.plan"].sudo()  # sudo: a PEP that the user can't see still counts as there
        return plans.search([("term_id", "=", self.id), ("child_id", "in", children.ids)])

    def _day_of_facts(self):
        """Today, or the day of the term that is nearest to it.

        So a PEP opened in August for the autumn has the year group and the school of the autumn.
        """
        self.ensure_one()
        day = max(self.company_id._pep_today(), self.date_from)
        return min(day, self.date_to) if self.date_to else day

    def _children_without_plan(self, children=None):
        """Children in scope today (or on the term's first or last day, when it is not today's) without a PEP in it."""
        self.ensure_one()
        day = self._day_of_facts()
        # sudo: the council's duty is to every child, not to those the user sees
        everyone = self.env["pep.child"].sudo()
        domain = everyone._in_scope_domain(self.company_id, day) & ~Domain(
            "plan_ids", "any", [("term_id", "=", self.id)]
        )
        if children is not None:
            domain &= Domain("id", "in", children.ids)
        return everyone.search(domain, order="id")._without_respite(day)

    def _make_plans(self, children):
        """Insert one PEP for each child, with the facts as they are now and the unfinished targets to review."""
        self.ensure_one()
        opening = self.with_context(pep_clocks_later=CLOCKS).env
        plans = opening["pep.plan"].sudo().with_context(**QUIET)  # sudo: opening is the system's act
        try:
            plans = plans.create(self._prepare_plans(children))
        except UniqueViolation as error:
            raise ConcurrencyError("A PEP was made by another transaction at the same time") from error
        plans = self.env["pep.plan"].sudo().with_context(**QUIET).browse(plans.ids)  # sudo: the same
        # parts are due by their clocks, which know without them what will be asked for
        self.env["pep.deadline"]._sync(plans=plans)
        opening["pep.contribution"]._sync_for(plans.with_env(opening))
        self.env["pep.target"]._bring_forward(plans)
        return plans

    def _prepare_plans(self, children):
        """Values of a new PEP for each child, as things are today (or on the nearest day of the term).

        A fixed number of queries, however many children.
        """
        company = self.company_id
        day = self._day_of_facts()
        kinds = {
            kind.code: kind.id
            for kind in self.env["pep.kind"].sudo().search([("company_id", "=", company.id)])  # sudo: configuration
        }
        statuses = children._legal_status_on(day)
        settings = children._settings_on(day)
        earlier = self._children_with_plan_since_care(children)
        rules = company._pep_rules()
        first_due = self.env["pep.deadline"]._first_due_dates(children)
        vals_list = []
        for child in children:
            setting = settings.get(child.id)
            group = child._year_group_on(day)
            initial = child.date_into_care >= self.date_from and child.id not in earlier
            due_date = first_due.get(child.id, self.window_to) if initial else self.window_to
            vals_list.append(
                {
                    "child_id": child.id,
                    "company_id": company.id,
                    "child_reference": child.reference,
                    "term_id": self.id,
                    "kind_id": kinds["initial" if initial else "full"],
                    "variant": child._variant_for(group, setting),
                    "state": "not_started",
                    "vseo_id": child.vseo_id.id,
                    "school_id": setting and setting.school_id.id or False,
                    "school_name": setting and setting.school_name or False,
                    "setting_kind": setting and setting.kind or False,
                    "year_group": str(min(max(group, -2), 13)),
                    "key_stage": academic_year.key_stage(group) or "ks5",
                    "sen_provision": child.sen_provision,
                    "date_into_care": child.date_into_care,
                    "legal_status": statuses[child.id].code if child.id in statuses else False,
                    "rules": rules,
                    "due_date": due_date,
                    "next_due": due_date,
                    "issue_version": 0,
                }
            )
        return vals_list

    def _children_with_plan_since_care(self, children):
        """Ids of the children who had a PEP in this period of care already."""
        plans = self.env["pep.plan"].sudo()  # sudo: as in _make_plans
        last = plans._read_group(
            [("child_id", "in", children.ids), ("state", "!=", "cancelled")], ["child_id"], ["term_id:recordset"]
        )
        return {
            child.id
            for child, terms in last
            if any(not term.date_to or term.date_to >= child.date_into_care for term in terms)
        }

    # === Other ===

    def action_view_plans(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_plan_action_all")
        return {**action, "domain": [("term_id", "=", self.id)], "context": {}}

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_empty(self):
        if self.env["pep.plan"].sudo().search_count([("term_id", "in", self.ids)], limit=1):  # sudo: unseen PEPs count
            raise UserError(self.env._("PEPs belong to this term. It can't be deleted."))
