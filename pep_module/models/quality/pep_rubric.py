from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

STATES = [
    ("draft", "Being written"),
    ("in_use", "In use"),
    ("retired", "Retired"),
]
READY_MADE = ("worst", "counts", "any_worst")
# The parts of a rubric and, of each, what is copied into its next version.
PARTS = {
    "grade_ids": ("name", "sequence", "key", "colour", "sends_back", "asks_feedback"),
    "area_ids": ("name", "sequence", "about", "intro", "may_leave_out"),
    "criterion_ids": ("area_id", "grade_id", "text"),
    "rule_ids": ("sequence", "count", "number", "compare", "grade_id", "floor_id", "needs_documents", "overall_id"),
}


class PepRubric(models.Model):
    """What the quality of a PEP is judged by: areas, grades, what each grade means in each area, and the overall rule.

    One version of it is in use in a council. A version that has been in use never changes, for anybody: its next
    version is a copy, written on and then put into its place (:meth:`action_new_version`, :meth:`action_use`). A PEP
    keeps the version that it was judged by.
    """

    _name = "pep.rubric"
    _description = "Rubric"
    _inherit = ["pep.template.mixin"]
    _order = "company_id, version desc, id desc"
    _template_fields = ("name", "sequence", "intro")

    template_id = fields.Many2one("pep.rubric")
    # One wording for everybody: what was judged must not depend on the language of the reader.
    name = fields.Char(translate=False)
    version = fields.Integer(default=1, required=True, readonly=True, copy=False, aggregator=None)
    state = fields.Selection(STATES, required=True, readonly=True, default="draft", copy=False)
    replaces_id = fields.Many2one(
        "pep.rubric", string="Version before", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    used_from = fields.Datetime(string="In use since", readonly=True, copy=False)
    retired_on = fields.Datetime(string="Retired on", readonly=True, copy=False)
    intro = fields.Text(string="For whoever reviews", help="Shown above the areas of a quality review.")
    grade_ids = fields.One2many("pep.rubric.grade", "rubric_id", string="Grades")
    area_ids = fields.One2many("pep.rubric.area", "rubric_id", string="Areas")
    criterion_ids = fields.One2many("pep.rubric.criterion", "rubric_id", string="Criteria")
    rule_ids = fields.One2many("pep.rubric.rule", "rubric_id", string="Overall rule")
    area_count = fields.Integer(string="Number of areas", compute="_compute_area_count")
    rule_words = fields.Text(string="The overall rule in words", compute="_compute_rule_words")

    _one_in_use = models.UniqueIndex("(company_id) WHERE state = 'in_use'", "A council has one rubric in use.")
    _template_uniq = models.UniqueIndex(
        "(company_id, template_id) WHERE company_id IS NOT NULL AND template_id IS NOT NULL"
    )

    # === Computes ===

    @api.depends("version")
    def _compute_display_name(self):
        for rubric in self:
            rubric.display_name = self.env._(
                "%(name)s, version %(version)s", name=rubric.name or "", version=rubric.version
            )

    @api.depends("area_ids")
    def _compute_area_count(self):
        for rubric in self:
            rubric.area_count = len(rubric.area_ids)

    @api.depends("rule_ids.sentence")
    def _compute_rule_words(self):
        for rubric in self:
            rubric.rule_words = "\n".join(rule.sentence for rule in rubric.rule_ids if rule.sentence) or False

    # === The councils' copies ===

    @api.model
    def _load_templates(self, companies):
        """A council's copy comes with its areas, grades, criteria and rule; the first one is in use at once."""
        made = super()._load_templates(companies)
        for rubric in made:
            rubric._copy_parts(rubric.template_id)
        used = set(self.sudo().search([("state", "=", "in_use")]).company_id.ids)  # sudo: as in the mixin
        for rubric in made:
            if rubric.company_id.id not in used:
                used.add(rubric.company_id.id)
                rubric._use()
        return made

    def _copy_parts(self, source):
        """Give this rubric, which has none yet, the areas, grades, criteria and rule of another."""
        self.ensure_one()
        made = {}
        for name, copied in PARTS.items():
            rows = source[name]
            copies = rows.create(
                [
                    {
                        "rubric_id": self.id,
                        **{
                            field: made[row[field]] if row[field] else False
                            for field in copied
                            if rows._fields[field].relational
                        },
                        **{field: row[field] for field in copied if not rows._fields[field].relational},
                    }
                    for row in rows
                ]
            )
            made |= {row: copy.id for row, copy in zip(rows, copies, strict=True)}

    # === The overall grade ===

    def _in_order(self, name):
        """The rows of a part as they stand: what was just moved is still held in the order that it was read in."""
        return self[name].sorted(lambda row: (row.sequence, row.id))

    def _overall(self, grades, documents_missing=False):
        """The overall grade that the rule gives, and the row of the rule that gave it.

        :param list grades: one ``pep.rubric.grade`` for each area that was graded; areas left out do not count
        :param bool documents_missing: whether a document that the form requires is missing
        :return: (``pep.rubric.grade``, ``pep.rubric.rule``), both empty when nothing was graded
        """
        self.ensure_one()
        for rule in self._in_order("rule_ids") if grades else ():
            if rule._holds(grades, documents_missing):
                return rule.overall_id, rule
        return self.grade_ids.browse(), self.rule_ids.browse()

    def action_ready_made(self):
        """Write the overall rule anew: one of the ready-made ones, by ``ready_made`` of the context.

        ``worst``: the worst grade of any area. ``counts``: all areas but one have to reach a grade. ``any_worst``: one
        area at the worst grade decides, else counts. Sources: rules of this kind that councils publish.
        """
        self.ensure_one()
        self.check_access("write")
        kind = self.env.context.get("ready_made")
        if kind not in READY_MADE:
            raise UserError(self.env._("Choose one of the ready-made rules."))
        if len(self.grade_ids) < 2:
            raise UserError(self.env._("Write the grades first, the best one first: at least two."))
        rows = getattr(self, f"_ready_made_{kind}")()
        self.rule_ids.unlink()
        self.rule_ids.create(
            [{**row, "rubric_id": self.id, "sequence": 10 * (number + 1)} for number, row in enumerate(rows)]
        )

    def _ready_made_worst(self):
        best, *others = self._in_order("grade_ids")
        return [
            *(
                {"count": "least", "number": 1, "grade_id": grade.id, "overall_id": grade.id}
                for grade in reversed(others)
            ),
            {"count": "always", "overall_id": best.id},
        ]

    def _ready_made_counts(self):
        """Two areas at the worst grade; else the best grade that all areas but one reach, none of them far below.

        The grade in the middle is what remains. All but the two lowest ask for the documents.
        """
        grades = list(self._in_order("grade_ids"))
        if len(grades) == 2:
            return self._ready_made_worst()
        return [self._from(2, grades[-1]), *self._all_but_one(grades), {"count": "always", "overall_id": grades[-2].id}]

    def _ready_made_any_worst(self):
        """One area at the worst grade; else two below a grade keep the PEP below it."""
        grades = list(self._in_order("grade_ids"))
        if len(grades) == 2:
            return self._ready_made_worst()
        return [self._from(1, grades[-1]), *self._all_but_one(grades), {"count": "always", "overall_id": grades[-2].id}]

    def _from(self, number, grade):
        return {"count": "least", "number": number, "grade_id": grade.id, "overall_id": grade.id}

    def _all_but_one(self, grades):
        return [
            {
                "count": "all_but",
                "number": 1,
                "compare": "better",
                "grade_id": grade.id,
                "floor_id": below.id,
                "needs_documents": True,
                "overall_id": grade.id,
            }
            for grade, below in pairwise(grades[:-1])
        ]

    # === From version to version ===

    def action_use(self):
        """Put this version to use; the one that was in use is retired. Reviews begun with that go on with it."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("Only a version that is being written can be put to use."))
        if not self.company_id:
            raise UserError(self.env._("This comes with the app: a council uses its own copy."))
        self._check_complete()
        self.sudo()._use()  # sudo: checked just now; the state is written by the app alone

    def _use(self):
        now = fields.Datetime.now()
        before = self.search([("company_id", "=", self.company_id.id), ("state", "=", "in_use")])
        before.write({"state": "retired", "retired_on": now})
        before.flush_recordset()  # before this one takes its place
        self.write({"state": "in_use", "used_from": now})

    def _check_complete(self):
        """Refuse a rubric that could leave a PEP without an overall grade."""
        if not self.area_ids or len(self.grade_ids) < 2:
            raise UserError(self.env._("A rubric needs at least one area and two grades."))
        if all(self.grade_ids.mapped("sends_back")):
            raise UserError(self.env._("At least one grade must let a PEP be accepted."))
        last = self._in_order("rule_ids")[-1:]
        if last.count != "always" or len(self.rule_ids.filtered(lambda rule: rule.count == "always")) > 1:
            raise UserError(
                self.env._("The last row of the overall rule, and no other, must say what holds in every other case.")
            )

    def action_new_version(self):
        """Make the next version, a copy to be written on, and open it."""
        self.ensure_one()
        self.check_access("write")
        self.check_access("create")
        if self.state == "draft":
            raise UserError(self.env._("This version is still being written."))
        rubrics = self.sudo()  # sudo: may be written, checked just now; the version is counted by the app
        last = rubrics.with_context(active_test=False).search(
            [("company_id", "=", self.company_id.id)], order="version desc", limit=1
        )
        made = rubrics.copy({"version": last.version + 1, "replaces_id": self.id, "active": True})
        made._copy_parts(rubrics)
        return made.with_env(self.env)._open_form()

    def action_retire(self):
        """Take this version out of use, or put a draft aside. PEPs that were judged by it keep it."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "retired":
            raise UserError(self.env._("This version has been retired already."))
        self.sudo().write(  # sudo: checked just now; the state is written by the app alone
            {"state": "retired", "retired_on": fields.Datetime.now()}
        )

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _in_use(self, company):
        """The rubric that a council uses now.

        :raise UserError: there is none
        """
        rubric = self.sudo().search(  # sudo: which rubric, for whoever may review
            [("company_id", "=", company.id), ("state", "=", "in_use")], limit=1
        )
        if not rubric:
            raise UserError(
                self.env._("No rubric is in use. The administrator puts one to use: Configuration, Rubrics.")
            )
        return rubric

    # === What is in use stays ===

    @api.model
    def _set_by_app(self):
        return {"state", "version", "replaces_id", "used_from", "retired_on", "template_id"}

    def _refuse_unless_draft(self):
        if any(rubric.state != "draft" for rubric in self):
            raise UserError(
                self.env._("A rubric that is or was in use never changes: reviews were made by it. Make a new version.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in self._set_by_app()} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and self._set_by_app() & vals.keys():
            raise UserError(self.env._("The app keeps this itself."))
        if vals.keys() - self._set_by_app() - {"active", "sequence"}:
            self._refuse_unless_draft()
        if not vals.get("active", True) and any(rubric.state == "in_use" for rubric in self):
            raise UserError(self.env._("This rubric is in use. Put another one to use first, or retire it."))
        return super().write(vals)


class PepRubricPart(models.AbstractModel):
    """A row of a rubric: it changes as long as the rubric is being written, and for nobody afterwards."""

    _name = "pep.rubric.part"
    _description = "Part of a rubric"

    rubric_id = fields.Many2one("pep.rubric", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(
        "res.company", string="Council", related="rubric_id.company_id", store=True, index=True, precompute=True
    )

    @api.constrains(lambda self: self._links())
    def _check_one_rubric(self):
        for part in self:
            for name in self._links():
                if part[name] and part[name].rubric_id != part.rubric_id:
                    raise ValidationError(self.env._("Choose areas and grades of the same rubric."))

    @api.model
    def _links(self):
        """Names of the fields that point at another row of the rubric."""
        mine = self.env.registry["pep.rubric.part"]
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one" and isinstance(self.env.get(field.comodel_name), mine)
        ]

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.rubric_id._refuse_unless_draft()
        return parts

    def write(self, vals):
        if vals.keys() - {"company_id"}:
            self.rubric_id._refuse_unless_draft()
        result = super().write(vals)
        if "rubric_id" in vals:
            self.rubric_id._refuse_unless_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_from_drafts_alone(self):
        self.rubric_id._refuse_unless_draft()
