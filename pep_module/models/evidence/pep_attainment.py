import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MEASURES = [
    ("teacher", "Teacher assessment"),
    ("gld", "Good level of development (end of reception)"),
    ("phonics", "Phonics screening check"),
    ("mtc", "Multiplication tables check"),
    ("ks2", "Key stage 2 test or assessment"),
    ("gcse", "GCSE grade"),
]
SUBJECTS = [
    ("english", "English"),
    ("reading", "Reading"),
    ("writing", "Writing"),
    ("gps", "Grammar, punctuation and spelling"),
    ("maths", "Maths"),
    ("science", "Science"),
    ("communication", "Communication and language"),
    ("personal", "Personal, social and emotional development"),
    ("physical", "Physical development"),
    ("art", "Art and design"),
    ("computing", "Computing"),
    ("technology", "Design and technology"),
    ("geography", "Geography"),
    ("history", "History"),
    ("languages", "Languages"),
    ("music", "Music"),
    ("pe", "Physical education"),
    ("re", "Religious education"),
    ("vocational", "Vocational course"),
    ("other", "Another subject"),
]
LEVELS = [("below", "Below"), ("on", "On"), ("above", "Above")]
YES_NO = [("yes", "Yes"), ("no", "No")]
STANDARDS = [
    ("WTS", "Working towards (WTS)"),
    ("EXS", "Expected standard (EXS)"),
    ("GDS", "Greater depth (GDS)"),
]
GRADES = [(str(grade), str(grade)) for grade in range(9, 0, -1)] + [("U", "U")]
# What each measure is said in; everything else of these stays empty.
RESULTS = {
    "teacher": ("level", "progress"),
    "gld": ("met",),
    "phonics": ("score",),
    "mtc": ("score",),
    "ks2": ("score", "standard"),
    "gcse": ("grade",),
}
WITHOUT_SUBJECT = ("gld", "phonics", "mtc")
# Lowest and highest score. Sources: DfE, phonics screening check; multiplication tables check; KS2 scaled scores.
SCORES = {"phonics": (0, 40), "mtc": (0, 25), "ks2": (80, 120)}
PHONICS_PASS = 32
KS2_EXPECTED = 100


class PepAttainment(models.Model):
    """Where a child stands in a subject at one point in time.

    By a teacher's assessment against what is expected of the age (below, on, above) and whether progress is as
    expected, or on the scale of the phase. None is worked out from another: progress in a year is a judgement.
    """

    _name = "pep.attainment"
    _description = "Attainment"
    _inherit = ["pep.evidence.of.school"]
    _key_names = ("child_id", "measure", "subject", "subject_name", "is_predicted", "date")
    _order = "child_id.id, date desc, subject, id"

    date = fields.Date(string="Point in time", required=True, default=lambda self: self.env.company._pep_today())
    term_id = fields.Many2one("pep.term", compute="_compute_term_id")
    measure = fields.Selection(MEASURES, string="Measured by", required=True, default="teacher")
    subject = fields.Selection(SUBJECTS)
    subject_name = fields.Char(
        string="Name of the subject", help="For another subject, and to say which language or course."
    )
    level = fields.Selection(LEVELS, string="Against what is expected of the age")
    progress = fields.Selection(YES_NO, string="Progress as expected")
    met = fields.Selection(YES_NO, string="Good level of development")
    score = fields.Char(help="Phonics 0 to 40, tables 0 to 25, key stage 2 scaled 80 to 120.")
    standard = fields.Selection(STANDARDS)
    grade = fields.Selection(GRADES)
    is_predicted = fields.Boolean(string="Predicted", help="A forecast, not a result.")
    result = fields.Char(compute="_compute_result")
    note = fields.Char()

    _one_a_day = models.UniqueIndex(
        "(child_id, measure, COALESCE(subject, ''), COALESCE(subject_name, ''), date, COALESCE(is_predicted, FALSE)) "
        "WHERE active",
        "There is such an assessment of this day already. Change that.",
    )

    # === Computes ===

    @api.depends("date", "child_id")
    def _compute_term_id(self):
        attendance = self.env["pep.attendance"]
        terms = {company: attendance._terms_of(company) for company in self.company_id}
        for record in self:
            record.term_id = record.date and attendance._term_of(terms.get(record.company_id), record.date)

    @api.depends("measure", *{name for names in RESULTS.values() for name in names}, "is_predicted")
    def _compute_result(self):
        for record in self:
            words = [word for name in RESULTS.get(record.measure, ()) if (word := record._in_words(name))]
            if record.is_predicted and words:
                words.append(self.env._("predicted"))
            record.result = ", ".join(words) or False

    def _in_words(self, name):
        if not self[name]:
            return False
        if name == "score":
            return self._score_in_words()
        label = self._label(name)
        if name == "level":
            return {
                "below": self.env._("Below what is expected"),
                "on": self.env._("On what is expected"),
                "above": self.env._("Above what is expected"),
            }[self.level]
        if name == "progress":
            return (
                self.env._("progress as expected") if self.progress == "yes" else self.env._("progress not as expected")
            )
        if name == "met":
            return self.env._("Reached") if self.met == "yes" else self.env._("Not reached")
        return label

    def _score_in_words(self):
        if self.measure == "phonics":
            reached = int(self.score) >= PHONICS_PASS
            words = self.env._("standard met") if reached else self.env._("standard not met")
            return self.env._("%(score)s of 40, %(words)s", score=self.score, words=words)
        if self.measure == "mtc":
            return self.env._("%(score)s of 25", score=self.score)
        reached = int(self.score) >= KS2_EXPECTED
        words = self.env._("standard met") if reached else self.env._("standard not met")
        return self.env._("Scaled score %(score)s, %(words)s", score=self.score, words=words)

    def _subject_label(self):
        """What the assessment is of, in words: the subject, or the check itself."""
        self.ensure_one()
        if self.measure in WITHOUT_SUBJECT:
            return self._label("measure")
        label = self._label("subject")
        if self.subject_name:
            return self.subject_name if self.subject == "other" else f"{label} ({self.subject_name})"
        return label

    # === Constraints ===

    @api.constrains("date", "child_id")
    def _check_date(self):
        for record in self:
            if record.date > record.company_id.sudo()._pep_today():  # sudo: the council's clock
                raise ValidationError(self.env._("An assessment can't lie in the future."))

    @api.constrains("measure", "subject", "subject_name", *{name for names in RESULTS.values() for name in names})
    def _check_result(self):
        for record in self:
            if record.measure not in WITHOUT_SUBJECT and not record.subject:
                raise ValidationError(self.env._("Choose the subject."))
            if record.subject == "other" and not record.subject_name:
                raise ValidationError(self.env._("Give the name of the subject."))
            if not any(record[name] for name in RESULTS[record.measure]):
                raise ValidationError(self.env._("Give the result."))
            if record.score:
                record._check_score()

    def _check_score(self):
        lowest, highest = SCORES[self.measure]
        if not re.fullmatch(r"[0-9]{1,3}", self.score) or not lowest <= int(self.score) <= highest:
            raise ValidationError(
                self.env._(
                    "%(measure)s: a score is a whole number from %(lowest)s to %(highest)s.",
                    measure=self._label("measure"),
                    lowest=lowest,
                    highest=highest,
                )
            )

    # === CRUD ===

    @api.model
    def _complete(self, vals_list):
        vals_list = [{**vals, "measure": vals.get("measure") or "teacher"} for vals in super()._complete(vals_list)]
        return [self._without_others(vals) for vals in vals_list]

    def write(self, vals):
        return super().write(self._without_others(vals) if "measure" in vals else self._clean_score(vals))

    @api.model
    def _clean_score(self, vals):
        score = vals.get("score")
        return vals if score is None or score is False else {**vals, "score": str(score).strip()}  # 0 is a score

    @api.model
    def _without_others(self, vals):
        """These values without results on another scale than the one measured by."""
        if vals["measure"] not in RESULTS:
            return vals  # Odoo says that there is no such measure
        every = {name for names in RESULTS.values() for name in names}
        empty = dict.fromkeys(every - set(RESULTS[vals["measure"]]), False)
        if vals["measure"] in WITHOUT_SUBJECT:
            empty |= {"subject": False, "subject_name": False}
        return {**self._clean_score(vals), **empty}

    # === Reporting ===

    @api.model
    def action_report(self, child_id, values):
        """Report how far a child is: a teacher of the child's school, or the virtual school's staff.

        The same subject, measure and day reported again bring the assessment up to date.

        :param int child_id: whose
        :param dict values: ``date``, ``measure``, ``subject`` and the result; see the fields
        :return: id of the record
        """
        return self._report(child_id, values).id

    @api.model
    def _reportable(self):
        results = {name for names in RESULTS.values() for name in names}
        return super()._reportable() | results | {"date", "measure", "subject", "subject_name", "is_predicted", "note"}

    @api.model
    def _prepare_report(self, values):
        values = {**self.default_get(["measure", "date"]), **values}
        return self._without_others(values)

    # === History ===

    @api.model
    def _history(self, children, until=None):
        """Teacher assessments by subject and point in time.

        :return: dict of child id -> records, the earliest first
        """
        domain = [("child_id", "in", children.ids)]
        if until:
            domain.append(("date", "<=", until))
        return {
            child.id: records for child, records in self.search(domain, order="date, id").grouped("child_id").items()
        }
