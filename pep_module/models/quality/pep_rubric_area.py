from string import ascii_lowercase

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# What an area is about: which data of the PEP stands beside it in a review, and which hints.
ABOUT = [
    ("voice", "The child's voice"),
    ("previous", "Previous targets"),
    ("targets", "Targets"),
    ("funding", "PP+"),
    ("attainment", "Attainment, progress, attendance"),
    ("meeting", "Meeting and next date"),
    ("parts", "What everyone said"),
    ("transition", "Transition and aspirations"),
    ("documents", "Documents"),
    ("time", "On time"),
    ("other", "Something else"),
]
KEYS = ascii_lowercase + "123456789"  # 0 leaves an area out
COLOURS = [
    ("gold", "Gold"),
    ("green", "Green"),
    ("amber", "Amber"),
    ("red", "Red"),
    ("grey", "Grey"),
]


class PepRubricArea(models.Model):
    """An area that a quality review grades."""

    _name = "pep.rubric.area"
    _description = "Area of a rubric"
    _inherit = ["pep.rubric.part"]
    _order = "rubric_id.id, sequence, id"

    name = fields.Char(string="Area", required=True)
    sequence = fields.Integer(default=10)
    about = fields.Selection(
        ABOUT, required=True, default="other", help="Which data of the PEP stands beside it in a review."
    )
    intro = fields.Char(string="What it asks", help="In a sentence, for whoever reviews.")
    may_leave_out = fields.Boolean(
        string="May be left out", help="Does not concern every PEP: an area that is left out does not count."
    )

    _name_uniq = models.UniqueIndex("(rubric_id, name)", "The rubric has an area of this name.")


class PepRubricGrade(models.Model):
    """A grade. The first one is the best."""

    _name = "pep.rubric.grade"
    _description = "Grade of a rubric"
    _inherit = ["pep.rubric.part"]
    _order = "rubric_id.id, sequence, id"

    name = fields.Char(string="Grade", required=True)
    sequence = fields.Integer(default=10, help="The best grade first.")
    key = fields.Char(size=1, required=True, help="The key that gives this grade in a review.")
    colour = fields.Selection(COLOURS, required=True, default="grey")
    sends_back = fields.Boolean(
        string="Goes back",
        help="A PEP with this overall grade is not accepted, and an area with it needs a comment.",
    )
    asks_feedback = fields.Boolean(
        string="With feedback", help="A PEP with this overall grade is accepted with feedback for the school alone."
    )

    _name_uniq = models.UniqueIndex("(rubric_id, name)", "The rubric has a grade of this name.")
    _key_uniq = models.UniqueIndex("(rubric_id, key)", "Each grade has a key of its own.")

    @api.constrains("key")
    def _check_key(self):
        for grade in self:
            if grade.key not in KEYS:
                raise ValidationError(self.env._("The key of a grade is a small letter, or a digit other than 0."))


class PepRubricCriterion(models.Model):
    """What a grade means in an area."""

    _name = "pep.rubric.criterion"
    _description = "Criterion of a rubric"
    _inherit = ["pep.rubric.part"]
    _order = "rubric_id.id, area_id.id, grade_id.id, id"
    _rec_name = "text"

    area_id = fields.Many2one("pep.rubric.area", required=True, index=True, ondelete="cascade")
    grade_id = fields.Many2one("pep.rubric.grade", required=True, index=True, ondelete="cascade")
    text = fields.Text(string="What it means", required=True)

    _uniq = models.UniqueIndex("(area_id, grade_id)", "This grade is described in this area already.")
