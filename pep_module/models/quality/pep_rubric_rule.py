from odoo import api, fields, models
from odoo.exceptions import ValidationError

COUNTS = [
    ("least", "At least"),
    ("most", "At most"),
    ("all_but", "All but"),
    ("majority", "More than half"),
    ("always", "In every other case"),
]
COMPARE = [
    ("is", "exactly"),
    ("better", "or better"),
    ("worse", "or worse"),
]


class PepRubricRule(models.Model):
    """A row of the overall rule: if so many areas are graded so, the PEP is graded so. The first row that holds counts.

    Enough for what councils publish: the worst grade decides; any red is red; all areas but one at gold and the other
    at green, with the documents there, is gold.
    """

    _name = "pep.rubric.rule"
    _description = "Row of the overall rule"
    _inherit = ["pep.rubric.part"]
    _order = "rubric_id.id, sequence, id"
    _rec_name = "sentence"

    sequence = fields.Integer(default=10)
    count = fields.Selection(COUNTS, string="If", required=True, default="least")
    number = fields.Integer(string="Areas", default=1, aggregator=None)
    grade_id = fields.Many2one("pep.rubric.grade", string="Are graded", index="btree_not_null", ondelete="restrict")
    compare = fields.Selection(COMPARE, string="Compared", required=True, default="is")
    floor_id = fields.Many2one(
        "pep.rubric.grade", string="None worse than", index="btree_not_null", ondelete="restrict"
    )
    needs_documents = fields.Boolean(
        string="Documents there", help="Only when no document that the form asks for is missing."
    )
    overall_id = fields.Many2one(
        "pep.rubric.grade", string="The PEP is", required=True, index=True, ondelete="restrict"
    )
    sentence = fields.Char(string="In words", compute="_compute_sentence")

    @api.constrains("count", "number", "grade_id")
    def _check_condition(self):
        for rule in self:
            if rule.count != "always" and not rule.grade_id:
                raise ValidationError(self.env._("Say which grade is counted."))
            if rule.count in ("least", "most", "all_but") and not 0 <= rule.number <= 100:
                raise ValidationError(self.env._("Say how many areas are counted: 0 to 100."))
            if rule.count == "least" and not rule.number:
                raise ValidationError(self.env._("“At least 0” always holds: say how many areas."))
            if rule.count == "always" and (rule.floor_id or rule.needs_documents):
                raise ValidationError(self.env._("What holds in every other case has no further condition."))

    def _holds(self, grades, documents_missing):
        """Whether this row applies.

        :param list grades: one grade for each graded area
        """
        self.ensure_one()
        if self.count == "always":
            return True
        rank = {grade: number for number, grade in enumerate(self.rubric_id._in_order("grade_ids"))}
        wanted = rank[self.grade_id]
        fits = {
            "is": lambda grade: rank[grade] == wanted,
            "better": lambda grade: rank[grade] <= wanted,
            "worse": lambda grade: rank[grade] >= wanted,
        }[self.compare]
        number = sum(1 for grade in grades if fits(grade))
        counted = {
            "least": number >= self.number,
            "most": number <= self.number,
            "all_but": number >= len(grades) - self.number,
            "majority": 2 * number > len(grades),
        }[self.count]
        low = self.floor_id and any(rank[grade] > rank[self.floor_id] for grade in grades)
        return counted and not low and not (self.needs_documents and documents_missing)

    @api.depends("count", "number", "compare", "grade_id.name", "floor_id.name", "needs_documents", "overall_id.name")
    def _compute_sentence(self):
        for rule in self:
            overall = rule.overall_id.name
            if not overall or rule.count != "always" and not rule.grade_id:
                rule.sentence = False
            elif rule.count == "always":
                rule.sentence = self.env._("In every other case the PEP is %(overall)s.", overall=overall)
            else:
                rule.sentence = self.env._(
                    "If %(areas)s %(grade)s%(further)s, the PEP is %(overall)s.",
                    areas=rule._areas_in_words(),
                    grade=rule._grade_in_words(),
                    further=rule._further_in_words(),
                    overall=overall,
                )

    def _areas_in_words(self):
        one = self.number == 1
        match self.count:
            case "most":
                return (
                    self.env._("at most one area is")
                    if one
                    else self.env._("at most %(number)s areas are", number=self.number)
                    if self.number
                    else self.env._("no area is")
                )
            case "all_but":
                return (
                    self.env._("all areas but one are")
                    if one
                    else self.env._("all areas but %(number)s are", number=self.number)
                    if self.number
                    else self.env._("all areas are")
                )
            case "majority":
                return self.env._("more than half of the areas are")
            case _:
                return (
                    self.env._("at least one area is")
                    if one
                    else self.env._("at least %(number)s areas are", number=self.number)
                )

    def _grade_in_words(self):
        match self.compare:
            case "better":
                return self.env._("%(grade)s or better", grade=self.grade_id.name)
            case "worse":
                return self.env._("%(grade)s or worse", grade=self.grade_id.name)
            case _:
                return self.grade_id.name

    def _further_in_words(self):
        words = ""
        if self.floor_id:
            words += self.env._(", none is worse than %(grade)s", grade=self.floor_id.name)
        if self.needs_documents:
            words += self.env._(", and no document is missing")
        return words
