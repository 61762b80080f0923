from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_date

from ..common.pep_audience import AUDIENCE

KINDS = [
    ("text", "Text"),
    ("number", "Number"),
    ("date", "Date"),
    ("yesno", "Yes or no"),
    ("choice", "Choice"),
    ("scale", "Scale"),
    ("prompt", "Nothing: it helps to talk"),
]
STARTS = [
    ("empty", "Empty"),
    ("carry", "As last time, to confirm or change"),
    ("fact", "A fact from the record, not asked"),
]
FACTS = [
    ("school", "School"),
    ("year_group", "Year group"),
    ("sen_provision", "SEN provision"),
    ("date_into_care", "Into care since"),
    ("legal_status", "Legal status"),
    ("vseo", "VSEO"),
    ("attendance", "Attendance"),
    ("suspensions", "Suspensions this year"),
    ("sdq", "SDQ"),
    ("home_language", "Home language"),
]
# Facts that not every role around a child may read in the record may not be read through a question either.
FACT_READERS = {
    "school": {"teacher", "social_worker", "carer", "iro", "child"},
    "legal_status": {"social_worker", "iro"},
    "attendance": {"teacher", "social_worker", "carer", "iro"},
    "suspensions": {"teacher", "social_worker", "carer", "iro"},
    "sdq": {"social_worker", "iro"},
}
# Pictures of the child's page.
PICTURES = [
    ("school", "School"),
    ("sun", "Sun"),
    ("cloud", "Cloud"),
    ("shield", "Shield"),
    ("torch", "Torch"),
    ("puzzle", "Puzzle"),
    ("hand", "Hand"),
    ("book", "Book"),
    ("pencil", "Pencil"),
    ("friends", "Friends"),
    ("adult", "Grown-up"),
    ("palette", "Paint"),
    ("ball", "Ball"),
    ("rocket", "Rocket"),
    ("target", "Target"),
    ("table", "Table"),
    ("speech", "Speech"),
]
LONGEST_SCALE = 11
# What was asked, and what counts as an answer. In a PEP's form none of it changes.
FIXED = (
    "name",
    "section_id",
    "kind",
    "required",
    "starts",
    "fact",
    "options",
    "scale_min",
    "scale_max",
    "scale_low",
    "scale_high",
    "number_min",
    "number_max",
    "unit",
    "wording_young",
    "wording_older",
)


class PepQuestion(models.Model):
    """A question of a section. The question bank is data: a council words, orders, adds and retires without code.

    What was asked in a PEP stays as it was asked. A question belongs to every form that was opened from ``used_from``
    on and before ``retired_on``; once there is one, its wording and its answers are fixed. It is revised, which retires
    it and makes its next version, or retired. Nothing is deleted.
    """

    _name = "pep.question"
    _description = "Question"
    _inherit = ["pep.template.mixin"]
    _order = "section_id, sequence, id"
    _template_fields = (
        "name",
        "sequence",
        "section_id",
        "code",
        "kind",
        "help",
        "required",
        "starts",
        "fact",
        "options",
        "scale_min",
        "scale_max",
        "scale_low",
        "scale_high",
        "number_min",
        "number_max",
        "unit",
        *(f"for_{role}" for role in AUDIENCE),
        "wording_young",
        "wording_older",
        "picture",
        "agenda",
    )

    template_id = fields.Many2one("pep.question")
    # One wording for everybody: what was asked must not depend on the language of the reader.
    name = fields.Char(string="Question", translate=False)
    company_id = fields.Many2one("res.company", default=None, readonly=True)  # that of the section
    section_id = fields.Many2one("pep.section", required=True, index=True, ondelete="restrict")
    owner_role = fields.Selection(related="section_id.owner_role")
    code = fields.Char(readonly=True, copy=False, help="By which the app knows a question that it ships.")
    help = fields.Char(help="A short line below the question.")
    # The answer
    kind = fields.Selection(KINDS, string="Answer", required=True, default="text")
    required = fields.Boolean(string="Must be answered")
    starts = fields.Selection(STARTS, string="Begins", required=True, default="empty")
    fact = fields.Selection(FACTS)
    options = fields.Text(string="Answers to choose from", help="One a line.")
    scale_min = fields.Integer(string="Scale from", default=1)
    scale_max = fields.Integer(string="Scale to", default=5)
    scale_low = fields.Char(string="Lowest in words")
    scale_high = fields.Char(string="Highest in words")
    number_min = fields.Float(string="Not less than", help="With “not more than”; both 0: any number.")
    number_max = fields.Float(string="Not more than")
    unit = fields.Char(help="Shown behind the number: %, hours.")
    # In the child's page
    wording_young = fields.Char(string="For a young child", help="In plain words; empty: the question as it is.")
    wording_older = fields.Char(string="For an older child", help="In plain words; empty: the question as it is.")
    picture = fields.Selection(PICTURES, help="Which picture the child's page shows beside it.")
    # In the meeting
    agenda = fields.Boolean(string="On the agenda", help="Belongs to what the meeting talks about.")
    # Who reads
    for_teacher = fields.Boolean(
        string="School reads it", compute="_compute_audience", store=True, readonly=False, precompute=True
    )
    for_social_worker = fields.Boolean(
        string="Social worker reads it", compute="_compute_audience", store=True, readonly=False, precompute=True
    )
    for_carer = fields.Boolean(
        string="Carer reads it", compute="_compute_audience", store=True, readonly=False, precompute=True
    )
    for_parent = fields.Boolean(
        string="Parent reads it", compute="_compute_audience", store=True, readonly=False, precompute=True
    )
    for_iro = fields.Boolean(
        string="Reviewing officer reads it", compute="_compute_audience", store=True, readonly=False, precompute=True
    )
    # Versions
    used_from = fields.Datetime(
        string="Asked from", required=True, readonly=True, copy=False, default=fields.Datetime.now
    )
    retired_on = fields.Datetime(string="Retired on", readonly=True, copy=False)
    replaces_id = fields.Many2one(
        "pep.question", string="Version before", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    is_used = fields.Boolean(string="In a PEP", compute="_compute_is_used", help="A PEP asks it.")

    _template_uniq = models.UniqueIndex(
        "(company_id, template_id) WHERE company_id IS NOT NULL AND template_id IS NOT NULL"
    )
    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), code) WHERE active AND code IS NOT NULL", "There is an active question like this."
    )
    _scale = models.Constraint("CHECK (scale_min < scale_max)", "A scale goes from a lower to a higher number.")
    _retired = models.Constraint(
        "CHECK (active IS NOT TRUE OR retired_on IS NULL)", "A question that was retired is not asked any more."
    )

    # === Computes ===

    @api.depends("section_id")
    def _compute_audience(self):
        """As its section. Whoever a question is kept from does not come to read it by moving it to another section."""
        for question in self:
            for role in AUDIENCE:
                name = f"for_{role}"
                known = question._origin.id and question._origin.section_id
                question[name] = question.section_id[name] and (not known or question._origin[name])

    @api.depends("section_id", "used_from")
    def _compute_is_used(self):
        used = self._in_use()
        for question in self:
            question.is_used = question in used

    # === Constraints ===

    @api.constrains("section_id", "company_id")
    def _check_council(self):
        for question in self:
            if question.company_id != question.section_id.company_id:
                raise ValidationError(self.env._("A question belongs to the council of its section."))

    @api.constrains("section_id", *(f"for_{role}" for role in AUDIENCE))
    def _check_audience(self):
        for question in self:
            if not question._audience() <= question.section_id._audience():
                raise ValidationError(
                    self.env._(
                        "“%(question)s” can be kept from people who read its section, not shown to more of them.",
                        question=question.name,
                    )
                )

    @api.constrains("kind", "required", "starts", "section_id")
    def _check_starts(self):
        for question in self:
            if question.kind == "prompt" and (question.required or question.starts != "empty"):
                raise ValidationError(
                    self.env._(
                        "“%(question)s” takes no answer: it can't be required, nor begin with one.",
                        question=question.name,
                    )
                )
            if question.section_id.owner_role == "child" and question.starts != "empty":
                raise ValidationError(
                    self.env._("What a child says always starts empty: “%(question)s”.", question=question.name)
                )

    @api.constrains("starts", "fact", "kind", "required", "section_id", *(f"for_{role}" for role in AUDIENCE))
    def _check_fact(self):
        labels = dict(self._fields["fact"]._description_selection(self.env))
        for question in self:
            if (question.starts == "fact") != bool(question.fact):
                raise ValidationError(
                    self.env._("“%(question)s”: choose the fact, for a fact alone.", question=question.name)
                )
            if not question.fact:
                continue
            if question.kind != "text" or question.required:
                raise ValidationError(
                    self.env._("“%(question)s” shows a fact as text. Nobody has to answer it.", question=question.name)
                )
            if not question._readers() <= FACT_READERS.get(question.fact, question._readers()):
                raise ValidationError(
                    self.env._(
                        "“%(fact)s” is not for everyone who would read it in “%(question)s”.",
                        fact=labels[question.fact],
                        question=question.name,
                    )
                )

    @api.constrains("kind", "options")
    def _check_options(self):
        for question in self:
            lines = question._option_lines()
            if question.kind == "choice" and len(lines) < 2:
                raise ValidationError(
                    self.env._("“%(question)s” needs two or more answers to choose from.", question=question.name)
                )
            if len({line.casefold() for line in lines}) < len(lines):
                raise ValidationError(self.env._("“%(question)s” has the same answer twice.", question=question.name))

    @api.constrains("kind", "scale_min", "scale_max")
    def _check_scale(self):
        for question in self:
            if question.kind == "scale" and question.scale_max - question.scale_min >= LONGEST_SCALE:
                raise ValidationError(
                    self.env._("A scale has %(number)s steps at most, such as 0 to 10.", number=LONGEST_SCALE)
                )
            if question.kind == "scale" and question.scale_min < 0:
                raise ValidationError(self.env._("A scale starts at 0 or above."))

    @api.constrains("number_min", "number_max")
    def _check_number(self):
        for question in self:
            if question.number_min > question.number_max:
                raise ValidationError(self.env._("The lowest number allowed is above the highest."))

    # === Reading it ===

    def _audience(self):
        """The outside roles that may read what was handed in, beside who answered it."""
        self.ensure_one()
        return {role for role in AUDIENCE if self[f"for_{role}"]}

    def _readers(self):
        """Every outside role that may come to see it: the audience, and whoever answers the section."""
        self.ensure_one()
        section = self.section_id
        owners = {section.owner_role}
        if section.owner_role == "teacher":
            owners.add(section.fallback_role)
        return (self._audience() | owners) - {"vseo", False}

    def _option_lines(self):
        self.ensure_one()
        return [line.strip() for line in (self.options or "").splitlines() if line.strip()]

    # === Facts ===

    def _fact_of(self, plan, school=None):
        """The fact that this question shows, in words, or False when the record does not know.

        :param plan: the ``pep.plan`` whose facts are meant: those of the day on which it was opened
        :param school: the setting in question, for a part that each school has; default the PEP's
        """
        self.ensure_one()
        return self._facts_of(plan, school)[self.id]

    def _facts_of(self, plan, school=None):
        """The same for all questions of a page, in a fixed number of queries.

        :return: dict of question id -> text or False
        """
        plan.ensure_one()
        # sudo: who may see a fact is what the question's readers say (FACT_READERS); the caller has read the PEP
        plan = plan.sudo()
        facts = {}
        for fact in {question.fact for question in self if question.starts == "fact"}:
            facts[fact] = getattr(self, f"_fact_{fact}")(plan, school) or False
        return {question.id: facts.get(question.fact, False) for question in self}

    def _fact_school(self, plan, school):
        if school and school != plan.school_id:
            return school.sudo().name  # sudo: the setting whose part it is
        return plan.school_name or self._label_of(plan, "setting_kind")

    def _fact_year_group(self, plan, school):
        return self._label_of(plan, "year_group")

    def _fact_sen_provision(self, plan, school):
        return self._label_of(plan, "sen_provision")

    def _fact_date_into_care(self, plan, school):
        return plan.date_into_care and format_date(self.env, plan.date_into_care, date_format="d MMMM y")

    def _fact_legal_status(self, plan, school):
        return plan.legal_status

    def _fact_vseo(self, plan, school):
        return plan.vseo_id.name

    def _fact_home_language(self, plan, school):
        child = plan.child_id
        if child.home_language and child.interpreter:
            return self.env._("%(language)s, needs an interpreter", language=child.home_language)
        return child.home_language

    def _fact_attendance(self, plan, school):
        """Of the last term with figures, in all schools together, and how that stands to what the council expects."""
        attendance = self.env["pep.attendance"].sudo()  # sudo: as in _facts_of
        terms = attendance._by_term(plan.child_id, self._day_of(plan))[plan.child_id.id]
        if not terms:
            return False
        term, total = terms[-1]
        expected = plan.company_id.pep_attendance_expected
        words = self.env._("at or above the %(expected)s%% expected", expected=f"{expected:g}")
        if total.percentage < expected:
            words = self.env._("below the %(expected)s%% expected", expected=f"{expected:g}")
        return self.env._(
            "%(percentage)s%% in %(term)s, %(words)s", percentage=f"{total.percentage:.1f}", term=term.name, words=words
        )

    def _fact_suspensions(self, plan, school):
        suspensions = self.env["pep.suspension"].sudo()  # sudo: as in _facts_of
        number = suspensions._number_this_year(plan.child_id, self._day_of(plan))[plan.child_id.id]
        return self.env._("%(number)s in this school year", number=number) if number else self.env._("None recorded")

    def _fact_sdq(self, plan, school):
        sdq = self.env["pep.sdq"].sudo()  # sudo: as in _facts_of
        return sdq._last(plan.child_id, self._day_of(plan)).get(plan.child_id.id)

    @api.model
    def _day_of(self, plan):
        """Until when figures count: today, and in a finished PEP the day on which it was."""
        company = plan.company_id
        return company._pep_local(plan.completed_on).date() if plan.completed_on else company._pep_today()

    @api.model
    def _label_of(self, record, name):
        return dict(record._fields[name]._description_selection(self.env)).get(record[name])

    # === What is in use stays ===

    def _in_use(self):
        """Those of these questions that a PEP asks: its form was opened while they were in the bank."""
        last = self.section_id._last_opened()
        return self.filtered(
            lambda question: (
                question.used_from
                and question.section_id.id in last
                and question.used_from <= last[question.section_id.id]
            )
        )

    def _differs(self, name, value):
        """Whether writing ``value`` would change the stored one."""
        self.ensure_one()
        field = self._fields[name]
        value = field.convert_to_record(field.convert_to_cache(value, self, validate=False), self)
        return (self[name] or False) != (value or False)

    def _refuse_when_used(self, vals):
        fixed = [name for name in FIXED if name in vals]
        widened = [f"for_{role}" for role in AUDIENCE if vals.get(f"for_{role}")]
        changed = self.filtered(
            lambda question: (
                any(question._differs(name, vals[name]) for name in fixed)
                or any(not question[name] for name in widened)
            )
        )
        refused = changed.filtered("retired_on") | changed._in_use()
        if refused:
            raise UserError(
                self.env._(
                    "“%(question)s” is in PEPs already: what was asked there stays as it was. Use “Revise” to make its "
                    "next version, or “Retire”.",
                    question=refused[0].name,
                )
            )

    def _retire(self, moments=None):
        """Leave these out of every form opened from now on. For who may write them."""
        moments = moments or self.section_id._moments_of_change()
        for section, questions in self.sudo().grouped("section_id").items():  # sudo: the moment is kept by the app
            questions.write({"active": False, "retired_on": moments[section.id]})
        self.flush_recordset(["active"])  # the next version may take its code

    def _restore(self):
        """Take back a retirement that no form has seen yet. For who may write them."""
        last = self.section_id._last_opened()
        for question in self:
            opened = last.get(question.section_id.id)
            if opened and question.retired_on and question.retired_on <= opened:
                raise UserError(
                    self.env._(
                        "PEPs were opened without “%(question)s” since it was retired. Use “Revise” to ask it again.",
                        question=question.name,
                    )
                )
        self.sudo().write({"active": True, "retired_on": False})  # sudo: the moment is kept by the app

    def _next_versions(self, section=None, moment=None):
        """Retire these and make the next version of each.

        :param section: the section to make them in; default the one of each question
        :param moment: from when on; default now, after every form that is open already
        :return: the new versions, in the same order
        """
        made = self.browse()
        moments = self.section_id._moments_of_change()
        if moment:
            moments = dict.fromkeys(moments, moment)
        codes = {question: question.code for question in self}
        self.filtered("active")._retire(moments)
        for question in self:
            made |= question.copy(
                {
                    "active": True,
                    "code": codes[question],
                    "replaces_id": question.id,
                    "section_id": (section or question.section_id).id,
                    "used_from": moments[question.section_id.id],
                }
            )
        return made

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        """Make questions, in the council of their section, asked in every form opened from now on."""
        default = self.env.context.get("default_section_id")
        section_ids = [vals.get("section_id") or default for vals in vals_list]
        sections = {section.id: section for section in self.env["pep.section"].browse(set(filter(None, section_ids)))}
        moments = self.env["pep.section"].browse(sections)._moments_of_change()
        made = []
        for vals, section_id in zip(vals_list, section_ids, strict=True):
            if not self.env.su:
                vals = {name: vals[name] for name in vals if name not in self._set_by_app()}
            if section_id:
                moment = vals.get("used_from") or moments[section_id]
                vals = {**vals, "used_from": moment, "company_id": sections[section_id].company_id.id}
            made.append(vals)
        return super().create(made)

    def write(self, vals):
        if not self.env.su and self._set_by_app() & vals.keys():
            raise UserError(self.env._("The app keeps this itself."))
        self.check_access("write")
        self._refuse_when_used(vals)
        if "active" in vals and "retired_on" not in vals:
            vals = dict(vals)
            if vals.pop("active"):
                self.filtered(lambda question: not question.active)._restore()
            else:
                self.filtered("active")._retire()
        return super().write(vals)

    @api.model
    def _set_by_app(self):
        return {"code", "replaces_id", "template_id", "used_from", "retired_on"}

    # === Actions ===

    def action_retire(self):
        """No further form asks it; those that do keep it, with its answers."""
        self.check_access("write")
        self.filtered("active")._retire()

    def action_revise(self):
        """Retire this question and make its next version; then open that."""
        self.ensure_one()
        self.check_access("write")
        self.check_access("create")
        question = self.sudo()  # sudo: may be revised, checked above; the app keeps what makes the one follow the other
        made = question._next_versions()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Next version"),
            "res_model": "pep.question",
            "view_mode": "form",
            "res_id": made.id,
            "target": "new",
        }
