import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

MAX_SCORE = 40
# Lowest score of each band, highest first. Source: the bands of the total difficulties score in use by councils.
BANDS = [
    ("concern", "Cause for concern (17 to 40)"),
    ("borderline", "Borderline (14 to 16)"),
    ("normal", "Normal (0 to 13)"),
]
LOWEST = {"concern": 17, "borderline": 14, "normal": 0}
INFORMANTS = [("carer", "Carer"), ("teacher", "School"), ("child", "Young person")]


class PepSdq(models.Model):
    """Strengths and difficulties questionnaire: the total difficulties score, or why there is none.

    The carer's goes into the yearly return on looked-after children. About mental health, so not for the school or the
    carer: the virtual school, the social worker and the reviewing officer read it.
    """

    _name = "pep.sdq"
    _description = "Strengths and difficulties questionnaire"
    _inherit = ["pep.evidence"]
    _key_names = ("child_id", "informant", "date")
    _order = "child_id.id, date desc, id desc"

    date = fields.Date(required=True, default=lambda self: self.env.company._pep_today(), help="When it was filled in.")
    informant = fields.Selection(INFORMANTS, string="Filled in by", required=True, default="carer")
    score = fields.Char(help="Total difficulties score, 0 to 40. Empty if there is a reason for none.")
    reason_id = fields.Many2one(
        "pep.code",
        string="Why there is no score",
        domain=[("kind", "=", "sdq_reason")],
        ondelete="restrict",
    )
    band = fields.Selection(BANDS, compute="_compute_band", store=True)
    note = fields.Char()

    _score_or_reason = models.Constraint(
        "CHECK ((score IS NULL) <> (reason_id IS NULL))", "Give the score, or the reason why there is none."
    )
    _one_a_day = models.UniqueIndex(
        "(child_id, informant, date) WHERE active", "There is one of this day already. Change that."
    )

    @api.depends("score")
    def _compute_band(self):
        for record in self:
            score = int(record.score) if record.score and re.fullmatch(r"[0-9]{1,3}", record.score) else None
            fitting = (band for band, lowest in LOWEST.items() if score is not None and score >= lowest)
            record.band = next(fitting, False)

    @api.constrains("date", "reason_id", "child_id")
    def _check_sdq(self):
        for record in self:
            if record.date > record.company_id.sudo()._pep_today():  # sudo: the council's clock
                raise ValidationError(self.env._("A questionnaire can't lie in the future."))
            if record.reason_id and record.reason_id.kind != "sdq_reason":
                raise ValidationError(self.env._("Choose the reason from the list of reasons for no score."))

    # === CRUD ===

    @api.model
    def _complete(self, vals_list):
        vals_list = [self._clean(vals) for vals in super()._complete(vals_list)]
        for vals in vals_list:
            self._refuse_wrong(vals)
        return vals_list

    def write(self, vals):
        self.check_access("write")
        vals = self._clean(vals)
        for record in self if {"score", "reason_id"} & vals.keys() else ():
            record._refuse_wrong(vals)
        return super().write(vals)

    @api.model
    def _clean(self, vals):
        if "score" not in vals:
            return vals
        score = vals["score"]
        none = score is None or score is False  # 0 is a score
        return {**vals, "score": False if none else str(score).strip() or False}

    def _refuse_wrong(self, vals):
        """Refuse what the database would refuse in its own words."""
        score = vals.get("score", self.score)
        reason = vals.get("reason_id", self.reason_id.id)
        if bool(score) == bool(reason):
            raise UserError(self.env._("Give the score, or the reason why there is none."))
        if score and not (re.fullmatch(r"[0-9]{1,2}", score) and int(score) <= MAX_SCORE):
            raise UserError(self.env._("An SDQ score is a whole number from 0 to %(highest)s.", highest=MAX_SCORE))

    # === Figures ===

    def _in_words(self):
        self.ensure_one()
        if self.reason_id:
            return self.env._("No score: %(reason)s", reason=self.reason_id.name)
        return self.env._("%(score)s: %(band)s", score=self.score, band=self._label("band"))

    @api.model
    def _last(self, children, until=None):
        """The last questionnaire of each child in words, with its day.

        :return: dict of child id -> text; children without any are missing
        """
        domain = [("child_id", "in", children.ids)]
        if until:
            domain.append(("date", "<=", until))
        last = {record.child_id.id: record for record in self.search(domain, order="date, id")}
        return {
            child_id: self.env._(
                "%(words)s, on %(day)s", words=record._in_words(), day=format_date(self.env, record.date)
            )
            for child_id, record in last.items()
        }
