from bisect import bisect_right
from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools import attendance
from .attendance_import import AttendanceImport, explain, explain_totals

BANDS = [
    ("good", "Good"),
    ("near", "As expected, just"),
    ("below", "Below what is expected"),
    ("persistent", "Persistently absent"),
    ("severe", "Severely absent"),
    ("none", "No session possible"),
]
SOURCES = [("typed", "Typed in"), ("register", "Pasted register"), ("file", "File")]
RANKS = {"main": 0, "subsidiary": 1, "alternative": 2}
PERIOD = {"child_id", "school_id", "date_from", "date_to", "active"}
CHECKED = "pep_attendance_checked"


class PepAttendance(models.Model):
    """Attendance of a child at one school from one day to another, in sessions (half days).

    Totals as the school gave them or, where it gave the register, what its marks add up to; the marks are kept. The
    percentage follows from the sessions and is never typed. Periods of one child and school don't overlap, so that no
    session counts twice; what two schools say of the same days is put together by :meth:`_summary`.
    """

    _name = "pep.attendance"
    _description = "Attendance"
    _inherit = ["pep.evidence.of.school"]
    _order = "child_id.id, date_to desc, id desc"

    school_id = fields.Many2one(required=True, index=True)
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    label = fields.Char(string="Period", help="What people call it, such as autumn, first half.")
    term_id = fields.Many2one("pep.term", compute="_compute_term_id", help="In which the last day lies.")
    possible = fields.Integer(string="Possible sessions", help="Sessions (half days) that the child was expected at.")
    present = fields.Integer(string="Sessions present", help="Approved educational activity included.")
    authorised = fields.Integer(string="Authorised absence", help="In sessions.")
    unauthorised = fields.Integer(string="Unauthorised absence", help="In sessions.")
    missed = fields.Integer(string="Sessions missed", compute="_compute_percentage", store=True)
    percentage = fields.Float(
        string="Attendance (%)",
        compute="_compute_percentage",
        store=True,
        aggregator=None,
        help="Present of possible sessions. Follows from the sessions; nobody types it.",
    )
    band = fields.Selection(BANDS, compute="_compute_band", help="By the council's lines, from sessions.")
    b_sessions = fields.Integer(string="Off site (B)", help="Educated off site. Part of present.")
    k_sessions = fields.Integer(
        string="Arranged by the authority (K)", help="Provision arranged by the local authority. Part of present."
    )
    c2_sessions = fields.Integer(
        string="Part-time timetable (C2)",
        help="Part of authorised absence: lessons that the child is not offered. One to ask about.",
    )
    d_sessions = fields.Integer(
        string="At the other school (D)", help="Dual registration. Not possible here; the other school has the mark."
    )
    e_sessions = fields.Integer(string="Suspended (E)", help="Suspended or excluded. Part of authorised absence.")
    notable = fields.Char(string="To ask about", compute="_compute_notable")
    source = fields.Selection(SOURCES, required=True, default="typed", readonly=True)
    marks = fields.Text(string="Register", readonly=True, copy=False, help="The first day, then the marks of each day.")
    pasted = fields.Text(
        string="Paste the register",
        store=False,
        help="Two marks for each day from Monday to Friday, such as /\\ /\\ I I, with # for days of closure. "
        "The sessions follow from it.",
    )

    _dates = models.Constraint("CHECK (date_to >= date_from)", "A period can't end before it begins.")
    _sum = models.Constraint(
        "CHECK (possible = present + authorised + unauthorised)",
        "Present, authorised and unauthorised absence have to add up to the possible sessions.",
    )
    _not_negative = models.Constraint(
        "CHECK (LEAST(present, authorised, unauthorised, b_sessions, k_sessions, c2_sessions, d_sessions, e_sessions) "
        ">= 0)",
        "A number of sessions can't be less than 0.",
    )
    # ranges of one number instead of numbers: PostgreSQL has these operators without an extension
    _one_a_day = models.Constraint(
        "EXCLUDE USING gist (int4range(child_id, child_id, '[]') WITH =, int4range(school_id, school_id, '[]') WITH =, "
        "daterange(date_from, date_to, '[]') WITH &&) WHERE (active)",
        "There is attendance of this child at this school on some of these days already.",
    )
    _by_end = models.Index("(date_to, child_id) WHERE active IS TRUE")  # as the ORM asks

    # === Computes ===

    @api.depends("present", "possible")
    def _compute_percentage(self):
        for record in self:
            record.missed = record.possible - record.present
            record.percentage = attendance.percentage(record.present, record.possible) or 0.0

    @api.depends("present", "possible", "company_id")
    def _compute_band(self):
        for record in self:
            council = record.company_id.sudo()  # sudo: its lines are no secret
            record.band = council._pep_attendance_band(record.present, record.possible)

    @api.depends("date_to", "child_id")
    def _compute_term_id(self):
        terms = {company: self._terms_of(company) for company in self.company_id}
        for record in self:
            record.term_id = record.date_to and self._term_of(terms.get(record.company_id), record.date_to)

    @api.depends(*attendance.FLAGGED.values())
    def _compute_notable(self):
        for record in self:
            record.notable = self._notable_words({name: record[name] for name in attendance.FLAGGED.values()}) or False

    @api.model
    def _notable_words(self, counts):
        """What the codes tell beside the totals, in words: C2, E, K, B and D."""
        words = (
            ("c2_sessions", self.env._("part-time timetable (C2): %(number)s", number=counts["c2_sessions"])),
            ("e_sessions", self.env._("suspended (E): %(number)s", number=counts["e_sessions"])),
            ("k_sessions", self.env._("arranged by the authority (K): %(number)s", number=counts["k_sessions"])),
            ("b_sessions", self.env._("off site (B): %(number)s", number=counts["b_sessions"])),
            ("d_sessions", self.env._("at the other school (D): %(number)s", number=counts["d_sessions"])),
        )
        text = ", ".join(word for name, word in words if counts[name])
        return text[:1].upper() + text[1:]

    @api.onchange("pasted", "date_from", "date_to")
    def _onchange_pasted(self):
        """Show what the pasted register adds up to, or what is wrong with it, before it is saved."""
        if self.pasted and self.date_from and self.date_to:
            values = self._read_pasted(self.pasted, self.date_from, self.date_to)
            self.update({name: values[name] for name in attendance.COUNTS})

    @api.onchange("present", "authorised", "unauthorised")
    def _onchange_parts(self):
        if not self.pasted and not self.marks:
            self.possible = self.present + self.authorised + self.unauthorised

    # === Constraints ===

    @api.constrains("date_from", "date_to", "child_id")
    def _check_period(self):
        for record in self:
            today = record.company_id.sudo()._pep_today()  # sudo: the council's clock
            if record.date_from > today:
                raise ValidationError(self.env._("Attendance can't lie in the future."))
            if (record.date_to - record.date_from).days >= attendance.MAX_DAYS:
                raise ValidationError(self.env._("A period is one school year at most. Give each year by itself."))

    @api.constrains("marks", "date_from", "date_to", *attendance.COUNTS)
    def _check_marks(self):
        for record in self.filtered("marks"):
            try:
                register = attendance.unpack(record.marks)
            except ValueError as error:
                raise ValidationError(self.env._("This is not a register that was read here.")) from error
            if min(register)[0] < record.date_from or max(register)[0] > record.date_to:
                raise ValidationError(
                    self.env._("The register has marks outside the period. Paste one that fits, or give other days.")
                )
            if any(record[name] != number for name, number in attendance.count(register.values()).items()):
                raise ValidationError(
                    self.env._("The sessions follow from the register. To change them, paste the right register.")
                )

    # === CRUD ===

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"marks", "source"}

    @api.model
    def _complete(self, vals_list):
        vals_list = [self._take_pasted(vals) for vals in super()._complete(vals_list)]
        for vals in vals_list:
            self._refuse_wrong_totals(vals)
        if not self._checked_already():
            self._refuse_overlaps([(self.browse(), vals) for vals in vals_list])
        return vals_list

    def write(self, vals):
        self.check_access("write")
        self._refuse_kept(vals)
        if vals.get("pasted"):
            self._refuse_repointing(vals)
            for record in self.sudo():  # sudo: the register and what it adds up to are the app's to write
                record.write(record._take_pasted(vals))
            return True
        vals = {name: value for name, value in vals.items() if name != "pasted"}
        if not self._checked_already():
            for record in self if {"date_from", "date_to", *attendance.COUNTS} & vals.keys() else ():
                record._refuse_wrong_totals(vals)
            if PERIOD & vals.keys():
                self._refuse_overlaps([(record, vals) for record in self])
        return super().write(vals)

    def _checked_already(self):
        """Whether the app itself has looked at all rows at once before, as an import does."""
        return self.env.su and self.env.context.get(CHECKED)

    def _take_pasted(self, vals):
        """These values with a pasted register turned into its marks and what they add up to."""
        vals = dict(vals)
        text = vals.pop("pasted", None)
        if not text or not text.strip():
            return vals
        day_from, day_to = (self._to_date(vals.get(name) or self[name]) for name in ("date_from", "date_to"))
        if not day_from or not day_to:
            raise UserError(self.env._("Give the first and the last day of the register."))
        return {**vals, **self._read_pasted(text, day_from, day_to)}

    @api.model
    def _read_pasted(self, text, day_from, day_to):
        """Values of a record that follow from a pasted register.

        :raise UserError: it can't be read; the message names line and mark
        """
        if not 0 <= (day_to - day_from).days < attendance.MAX_DAYS:
            raise UserError(self.env._("A register has a first day, and a last day within a school year of it."))
        try:
            register = attendance.lay_out(attendance.read_marks(text, day_from), day_from, day_to)
        except attendance.AttendanceError as error:
            raise UserError(explain(self.env, error)) from error
        if not register:
            raise UserError(self.env._("There is no school day from Monday to Friday in this period."))
        return {"marks": attendance.pack(register), "source": "register", **attendance.count(register.values())}

    def _refuse_wrong_totals(self, vals):
        """Refuse totals that do not fit, before the database does in its own words."""
        vals = {
            name: vals[name] if name in vals else self[name] for name in ("date_from", "date_to", *attendance.COUNTS)
        }
        day_from, day_to = self._to_date(vals["date_from"]), self._to_date(vals["date_to"])
        if not day_from or not day_to:
            return  # Odoo says what is missing
        if day_to < day_from:
            raise UserError(self.env._("A period can't end before it begins."))
        try:
            counts = {name: int(vals[name] or 0) for name in attendance.COUNTS}
        except ValueError as error:
            raise UserError(self.env._("Sessions are whole numbers.")) from error
        wrong = attendance.wrong_totals(counts, day_from, day_to)
        if wrong:
            raise UserError(explain_totals(self.env, wrong))

    @api.model
    def _refuse_overlaps(self, rows):
        """Refuse periods that overlap with one that is there, or with each other, at the same school.

        :param rows: list of (record or empty, the values that it is about to get)
        """
        periods = [(record, record._period_with(vals)) for record, vals in rows]
        periods = [(record, period) for record, period in periods if period["active"] and None not in period.values()]
        if not periods:
            return
        records = self.sudo()  # sudo: a period counts whoever sees it; the message tells school and days
        there = records.search(
            [
                ("child_id", "in", [period["child_id"] for _record, period in periods]),
                ("date_to", ">=", min(period["date_from"] for _record, period in periods)),
                ("date_from", "<=", max(period["date_to"] for _record, period in periods)),
            ]
        )
        changing = {record.id for record, _period in periods}
        taken = defaultdict(list)
        for record in there:
            if record.id not in changing:
                taken[record.child_id.id, record.school_id.id].append((record.date_from, record.date_to))
        for _record, period in periods:
            spans = taken[period["child_id"], period["school_id"]]
            for first, last in spans:
                if first <= period["date_to"] and period["date_from"] <= last:
                    raise UserError(self._explain_overlap(period["school_id"], first, last))
            spans.append((period["date_from"], period["date_to"]))

    def _period_with(self, vals):
        """Child, school and days of a record once it has these values; None for what is missing."""
        links = {name: vals[name] if name in vals else self[name].id for name in ("child_id", "school_id")}
        days = {name: vals[name] if name in vals else self[name] for name in ("date_from", "date_to")}
        return {
            **{name: value or None for name, value in links.items()},
            **{name: self._to_date(value) or None for name, value in days.items()},
            "active": vals.get("active", self.active if self else True),
        }

    @api.model
    def _explain_overlap(self, school_id, first, last):
        return self.env._(
            "There is attendance at %(school)s from %(first)s to %(last)s already. Change that, or give other days.",
            school=self._school_names([school_id]).get(school_id, ""),
            first=format_date(self.env, first),
            last=format_date(self.env, last),
        )

    # === Reporting ===

    @api.model
    def action_report(self, child_id, values):
        """Report the attendance of a child for a period: a teacher at the child's school, or virtual school staff.

        The same days reported again, or more days from the same first day on, bring the period up to date.

        :param int child_id: whose
        :param dict values: ``date_from``, ``date_to``, and the sessions (``possible``, ``present``, ``authorised``,
            ``unauthorised``, and ``b_sessions`` and so on if wanted) or ``pasted``, the register; ``label``,
            ``school_id``, ``told_by``
        :return: id of the record
        """
        return self._report(child_id, values).id

    @api.model
    def _reportable(self):
        return super()._reportable() | {"date_from", "date_to", "label", "pasted", *attendance.COUNTS}

    @api.model
    def _prepare_report(self, values):
        """Without a register, totals take the place of one that was there before."""
        if str(values.get("pasted") or "").strip():
            return values
        return {**attendance.no_counts(), **values, "marks": False, "source": "typed"}

    @api.model
    def _same_report(self, values):
        first, last = (self._to_date(values.get(name)) for name in ("date_from", "date_to"))
        key = [("child_id", "=", values["child_id"]), ("school_id", "=", values["school_id"])]
        same = self.search([*key, ("date_from", "=", first)], limit=1) if first and last else self
        return same if same and last >= same.date_to else self.browse()

    @api.model
    def action_import_file(self, content_base64, school_id=False, write=False):
        """Read a file of a school or an attendance collector, for all its pupils by UPN; with ``write`` take it in.

        All of it or nothing: with any error nothing is written. The same file again changes nothing.

        :param str content_base64: the CSV file
        :param int school_id: the school of rows that name none; by default each child's own
        :return: dict with ``kind`` ('register', 'totals' or False), ``rows``, ``new``, ``changed``, ``same`` (periods),
            ``errors`` (list of dicts with ``row``, ``column`` and ``message``, the first 200) and ``error_count``
        :raise AccessError: who is neither staff of the virtual school nor a teacher
        """
        self.check_access("read")
        self._check_may_import()
        school = self.env[
            "res.partner"
        ].sudo()  # sudo: which school is asked for; whether it counts is checked by child
        school = school.search([("id", "=", school_id), ("pep_is_school", "=", True)]) if school_id else school
        return AttendanceImport(self, school).run(content_base64, write=write is True)

    @api.model
    def _check_may_import(self):
        now = fields.Datetime.now()
        rows = self.env["pep.access"].sudo()  # sudo: whether there is any child at all for whom one may report
        mine = [("user_id", "=", self.env.uid), ("valid_from", "<=", now), ("valid_to", ">", now)]
        staff = self.env.user.has_group("pep_module.group_pep_support")
        if not staff and not rows.search_count([*mine, ("role", "=", "teacher")], limit=1):
            raise AccessError(self.env._("Attendance is given by schools and by the virtual school."))

    # === Figures ===

    @api.model
    def _summary(self, children, day_from, day_to):
        """What the attendance of children adds up to from one day to another, no session twice.

        Two queries for any number of children; see ``tools.attendance.combine`` for what is done with two schools.

        :return: dict of child id -> ``tools.attendance.Total`` with ``counts``, ``percentage`` and ``flags``
        """
        held = self._periods(children, Domain("date_to", ">=", day_from) & Domain("date_from", "<=", day_to))
        return {child_id: attendance.combine(held.get(child_id, ()), day_from, day_to) for child_id in children.ids}

    @api.model
    def _periods(self, children, domain):
        """The ``tools.attendance.Period`` of each child that meet a domain, as far as the user may read them."""
        domain &= Domain("child_id", "in", children.ids)
        names = ["child_id", "school_id", "date_from", "date_to", "marks", *attendance.COUNTS]
        records = self.search_fetch(domain, names, order="id")
        if not records:
            return {}
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: which of two schools is the main one; nothing is shown
        at_school = defaultdict(list)
        for enrolment in enrolments.search_fetch(
            [("child_id", "in", records.child_id.ids), ("school_id", "!=", False)],
            ["child_id", "school_id", "kind", "date_from", "date_to"],
        ):
            at_school[enrolment.child_id.id, enrolment.school_id.id].append(enrolment)
        periods = defaultdict(list)
        for record in records:
            periods[record.child_id.id].append(record._as_period(at_school[record.child_id.id, record.school_id.id]))
        return periods

    def _as_period(self, enrolments):
        spans = [
            (max(self.date_from, enrolment.date_from), min(self.date_to, enrolment.date_to or date.max), enrolment.kind)
            for enrolment in enrolments
        ]
        spans = [span for span in spans if span[0] <= span[1]]
        first, last = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else (self.date_from, self.date_to)
        return attendance.Period(
            school=self.school_id.id,
            rank=min((RANKS.get(kind, 3) for _first, _last, kind in spans), default=4),
            date_from=self.date_from,
            date_to=self.date_to,
            counts={name: self[name] for name in attendance.COUNTS},
            marks=self.marks or "",
            span=(first, last),
        )

    @api.model
    def _terms_of(self, company):
        """The terms of a council by their first day."""
        terms = self.env["pep.term"].sudo()  # sudo: which term a day is in is no secret
        return terms.search([("company_id", "=", company.id)], order="date_from")

    @api.model
    def _term_of(self, terms, day):
        """The one of these terms, ordered by their first day, in which a day lies; False before the first."""
        place = bisect_right(terms.mapped("date_from"), day) if terms else 0
        return terms[place - 1] if place else False

    @api.model
    def _by_term(self, children, until=None):
        """Attendance of children term by term, the earliest first, in a fixed number of queries for each council.

        :param date until: what ends after this day does not count
        :return: dict of child id -> list of (``pep.term``, ``tools.attendance.Total``), without terms in which no
            session was possible
        """
        held = self._periods(children, Domain("date_from", "<=", until) if until else Domain.TRUE)
        result = {}
        for company, members in children.grouped("company_id").items():
            terms = self._terms_of(company) if held else ()
            starts = [term.date_from for term in terms]
            for child_id in members.ids:
                periods = held.get(child_id, ())
                result[child_id] = []
                for place, term in enumerate(terms):
                    last = date.fromordinal(starts[place + 1].toordinal() - 1) if place + 1 < len(starts) else date.max
                    last = min(last, until) if until else last
                    within = [each for each in periods if each.date_from <= last and term.date_from <= each.date_to]
                    total = attendance.combine(within, term.date_from, last) if within else attendance.Total()
                    if total.counts["possible"]:
                        result[child_id].append((term, total))
        return result

    @api.model
    def _last_percentage(self, children, until=None):
        """The attendance of each child in the last term for which there are figures.

        :return: dict of child id -> percentage, one decimal; children without figures are missing
        """
        terms = self._by_term(children, until)
        return {child_id: round(held[-1][1].percentage, 1) for child_id, held in terms.items() if held}
