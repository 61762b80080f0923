from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..common.pep_audience import AUDIENCE

OWNER_ROLES = [
    ("teacher", "School"),
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("parent", "Parent"),
    ("iro", "Reviewing officer"),
    ("child", "Child"),
    ("vseo", "Virtual school"),
]
# Who answers for a school that is not there.
STAND_IN_ROLES = [pair for pair in OWNER_ROLES if pair[0] not in ("teacher", "child")]
FORMS = ("in_early_years", "in_statutory", "in_post16", "in_not_on_roll")


class PepSection(models.Model):
    """A part of the form: questions that one person answers, and which PEPs ask for them.

    A council edits its sections as it likes; a PEP that is open keeps what it was made with. What decides whose part it
    is, and who reads it, can therefore not be changed once a PEP has the section: it is retired, and the next version
    takes its place (:meth:`action_revise`).
    """

    _name = "pep.section"
    _description = "Section of the form"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = (
        "name",
        "sequence",
        "code",
        "owner_role",
        "fallback_role",
        *FORMS,
        "kind_ids",
        "required",
        "per_setting",
        "minutes",
        "intro",
        "may_be_document",
        "document_type_id",
        *(f"for_{role}" for role in AUDIENCE),
    )

    template_id = fields.Many2one("pep.section")
    # One wording for everybody: what was asked must not depend on the language of the reader.
    name = fields.Char(translate=False)
    code = fields.Char(readonly=True, copy=False, help="By which the app knows a section that it ships.")
    replaces_id = fields.Many2one(
        "pep.section", string="Version before", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    intro = fields.Text(string="Introduction", help="Shown above the questions, to whoever answers them.")
    question_ids = fields.One2many("pep.question", "section_id", string="Questions")
    retired_ids = fields.One2many(
        "pep.question",
        "section_id",
        string="Retired questions",
        readonly=True,
        domain=[("active", "=", False)],
        context={"active_test": False},
    )
    question_count = fields.Integer(string="Number of questions", compute="_compute_question_count")
    # Whose
    owner_role = fields.Selection(OWNER_ROLES, string="Who answers", required=True, default="teacher")
    fallback_role = fields.Selection(
        STAND_IN_ROLES,
        string="When the child has no school",
        default="social_worker",
        help="Who answers the school's part for a child who is on no school's roll.",
    )
    per_setting = fields.Boolean(
        string="Each school its own", help="A child who goes to two schools has this section twice."
    )
    # Of which PEPs
    in_early_years = fields.Boolean(string="Early years", default=True)
    in_statutory = fields.Boolean(string="School age", default=True)
    in_post16 = fields.Boolean(string="Post-16", default=True)
    in_not_on_roll = fields.Boolean(string="Not on roll", default=True)
    forms = fields.Char(compute="_compute_forms", help="Which PEPs have it, by age or because there is no school.")
    kind_ids = fields.Many2many(
        "pep.kind",
        string="Kinds of PEP",
        domain="[('company_id', '=', company_id)]",
        context={"active_test": False},
        help="Empty: in every kind of PEP.",
    )
    required = fields.Boolean(default=True, help="A PEP is not ready without it.")
    minutes = fields.Integer(string="Takes about (minutes)", default=5, help="What the person who answers is told.")
    may_be_document = fields.Boolean(
        string="A document may stand for it", help="An uploaded document counts as the whole section."
    )
    document_type_id = fields.Many2one(
        "pep.document.type",
        string="Which type of document",
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="Empty: any document of the PEP.",
    )
    # Who reads
    for_teacher = fields.Boolean(string="School reads it")
    for_social_worker = fields.Boolean(string="Social worker reads it", default=True)
    for_carer = fields.Boolean(string="Carer reads it")
    for_parent = fields.Boolean(string="Parent reads it")
    for_iro = fields.Boolean(string="Reviewing officer reads it", default=True)
    is_used = fields.Boolean(string="In a PEP", compute="_compute_is_used", help="A PEP has this section.")
    # Rendered by the app's own template, which escapes what people typed.
    preview = fields.Html(compute="_compute_preview", sanitize=False, groups="pep_module.group_pep_admin")

    _template_uniq = models.UniqueIndex(
        "(company_id, template_id) WHERE company_id IS NOT NULL AND template_id IS NOT NULL"
    )
    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), code) WHERE active AND code IS NOT NULL", "There is an active section like this."
    )

    # === Computes ===

    @api.depends("question_ids.active")
    def _compute_question_count(self):
        counts = dict(
            self.env["pep.question"]._read_group([("section_id", "in", self.ids)], ["section_id"], ["__count"])
        )
        for section in self:
            section.question_count = counts.get(section._origin, 0)

    @api.depends(*FORMS)
    def _compute_forms(self):
        for section in self:
            names = [self._fields[form]._description_string(self.env) for form in FORMS if section[form]]
            section.forms = self.env._("Every form") if len(names) == len(FORMS) else ", ".join(names)

    def _compute_preview(self):
        roles = dict(self._fields["owner_role"]._description_selection(self.env))
        for section in self:
            readers = [roles[role] for role in AUDIENCE if section[f"for_{role}"]]
            section.preview = self.env["ir.qweb"]._render(
                "pep_module.section_preview",
                {"section": section, "owner": roles[section.owner_role], "readers": readers, "roles": roles},
            )

    def _compute_is_used(self):
        used = self._last_opened()
        for section in self:
            section.is_used = section._origin.id in used

    # === Constraints ===

    @api.constrains("owner_role", "fallback_role", "per_setting")
    def _check_owner(self):
        for section in self:
            if section.per_setting and section.owner_role != "teacher":
                raise ValidationError(self.env._("Only a section that schools answer can be asked of each school."))
            if section.owner_role == "teacher" and not section.fallback_role:
                raise ValidationError(
                    self.env._("Say who answers “%(section)s” for a child without a school.", section=section.name)
                )

    @api.constrains("owner_role", "fallback_role", *(f"for_{role}" for role in AUDIENCE))
    def _check_questions(self):
        """What a question promises its readers holds for the section that it is in."""
        questions = self.with_context(active_test=False).question_ids
        questions._check_fact()
        questions._check_starts()

    @api.constrains(*FORMS)
    def _check_forms(self):
        for section in self:
            if not any(section[form] for form in FORMS):
                raise ValidationError(
                    self.env._("Say in which forms “%(section)s” is, or retire it.", section=section.name)
                )

    @api.constrains("minutes")
    def _check_minutes(self):
        for section in self:
            if not 0 <= section.minutes <= 600:
                raise ValidationError(self.env._("Say in minutes how long a section takes: 0 to 600."))

    @api.constrains("kind_ids", "document_type_id", "company_id")
    def _check_council(self):
        for section in self:
            others = [*section.kind_ids, *section.document_type_id]
            if any(other.company_id != section.company_id for other in others):
                raise ValidationError(self.env._("Choose kinds of PEP and of document of the same council."))

    # === What PEPs ask ===

    def _applies_to(self, plan):
        """Whether this PEP has this section: by its form and its kind."""
        self.ensure_one()
        return bool(
            self.active
            and self.company_id == plan.company_id
            and self[f"in_{plan.variant}"]
            and (not self.kind_ids or plan.kind_id in self.kind_ids)
        )

    def _owner_for(self, has_school):
        """The role that answers, for a child who has a school or has none."""
        self.ensure_one()
        return self.owner_role if has_school else self.fallback_role or self.owner_role

    def _audience(self):
        """The outside roles that may read what was handed in, beside who answered it."""
        self.ensure_one()
        return {role for role in AUDIENCE if self[f"for_{role}"]}

    def _with_predecessors(self):
        """This section and those that it replaced, the latest first: what was said in them may be taken over."""
        chain = self
        while chain[-1:].replaces_id - chain:
            chain |= chain[-1:].replaces_id
        return chain

    def _questions_at(self, moment):
        """The questions that these sections had at a moment, retired ones as well as those still asked, in order.

        :param moment: naive UTC datetime, such as ``opened_on`` of a contribution
        """
        questions = self.env["pep.question"].with_context(active_test=False)
        return questions.search(
            [
                ("section_id", "in", self.ids),
                ("used_from", "<=", moment),
                "|",
                ("retired_on", "=", False),
                ("retired_on", ">", moment),
            ]
        )

    def _question_counts(self, moment):
        """How many questions each section has at a moment, and how many of them must be answered.

        Prompts and facts are not answered and do not count.

        :return: dict of section id -> (questions, required questions)
        """
        counts = dict.fromkeys(self.ids, (0, 0))
        for question in self._questions_at(moment):
            if question.kind != "prompt" and question.starts != "fact":
                number, required = counts[question.section_id.id]
                counts[question.section_id.id] = (number + 1, required + question.required)
        return counts

    # === What is in use stays ===

    def _last_opened(self):
        """When a PEP last got each section; a section that no PEP has is missing.

        :return: dict of section id -> datetime
        """
        contributions = self.env["pep.contribution"].sudo()  # sudo: whether any child's PEP has it, nothing about whom
        groups = contributions._read_group([("section_id", "in", self.ids)], ["section_id"], ["opened_on:max"])
        return {section.id: moment for section, moment in groups}

    def _moments_of_change(self):
        """For each section, from when on a change of its questions counts: now, after every form that is open already.

        Moments are kept in whole seconds. Within the second in which a form was opened a change waits for the next one.

        :return: dict of section id -> datetime
        """
        now = fields.Datetime.now()
        last = self._last_opened()
        second = timedelta(seconds=1)
        return {section.id: max(now, last[section.id] + second) if section.id in last else now for section in self}

    def _refuse_when_used(self, vals):
        fixed = [name for name in ("owner_role", "per_setting") if name in vals]
        widened = [f"for_{role}" for role in AUDIENCE if vals.get(f"for_{role}")]
        changed = self.filtered(
            lambda section: (
                any(section[name] != vals[name] for name in fixed) or any(not section[name] for name in widened)
            )
        )
        used = changed and changed._last_opened()
        for section in changed:
            if section.id in used:
                raise UserError(
                    self.env._(
                        "“%(section)s” is in PEPs already. Whose part it is, and that more people read it than were "
                        "told, can't be changed under them. Use “Revise” to make its next version.",
                        section=section.name,
                    )
                )

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in self._set_by_app()} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and self._set_by_app() & vals.keys():
            raise UserError(self.env._("The app keeps this itself."))
        self.check_access("write")
        self._refuse_when_used(vals)
        result = super().write(vals)
        narrowed = [f"for_{role}" for role in AUDIENCE if vals.get(f"for_{role}") is False]
        if narrowed:
            questions = self.with_context(active_test=False).question_ids
            questions.write(dict.fromkeys(narrowed, False))
        return result

    @api.model
    def _set_by_app(self):
        return {"code", "replaces_id", "template_id"}

    # === Actions ===

    def action_retire(self):
        """No further PEP gets this section; those that have it keep it."""
        self.check_access("write")
        self.write({"active": False})

    def action_revise(self):
        """Retire this section and make its next version, with the same questions; then open that."""
        self.ensure_one()
        self.check_access("write")
        self.check_access("create")
        if not self.active:
            raise UserError(self.env._("“%(section)s” has been retired already.", section=self.name))
        made = self._next_version()
        return made._open_form()

    def _next_version(self):
        """The next version of this section: it takes the place of this one, also for what the app ships later."""
        moment = self._moments_of_change()[self.id]
        code, template = self.code, self.template_id
        old = self.sudo()  # sudo: may be revised, checked before; the app keeps what makes the one follow the other
        old.write({"active": False, "template_id": False})
        old.flush_recordset(["active", "template_id"])  # before the next version takes its code and template
        made = old.copy({"replaces_id": self.id, "code": code, "template_id": template.id, "active": True})
        old.question_ids._next_versions(made, moment)
        return made.with_env(self.env)

    def action_preview(self):
        """Show the section as it will look to whoever answers it; nothing can be typed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": "pep.section",
            "view_mode": "form",
            "view_id": self.env.ref("pep_module.pep_section_view_preview").id,
            "res_id": self.id,
            "target": "new",
        }

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pep.section",
            "view_mode": "form",
            "res_id": self.id,
        }
