import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.pep_audience import AUDIENCE, INSIDE
from .pep_contribution import HANDED_IN

# The column that holds the value, by kind of question.
COLUMNS = {
    "text": "value_text",
    "number": "value_number",
    "date": "value_date",
    "yesno": "value_choice",
    "choice": "value_choice",
    "scale": "value_choice",
}
LONGEST = 20_000  # characters; ten printed pages
YESNO = ("yes", "no")


class PepAnswer(models.Model):
    """What one contributor answered to one question of one PEP. Written by the methods of its part alone.

    ``version`` counts how often it was saved: who saves says which version they began from, so that nobody overwrites
    what somebody else typed meanwhile. What begins as last time is no answer before it is confirmed or changed.
    """

    _name = "pep.answer"
    _description = "Answer in a PEP"
    _inherit = ["pep.audience"]
    _child_parent = "contribution_id"
    _order = "contribution_id, id"

    contribution_id = fields.Many2one(
        "pep.contribution", string="Part", required=True, index=True, ondelete="restrict", readonly=True
    )
    plan_id = fields.Many2one("pep.plan", related="contribution_id.plan_id", store=True, index=True, precompute=True)
    question_id = fields.Many2one("pep.question", required=True, index=True, ondelete="restrict", readonly=True)
    # a colleague to whom the part was delegated reads what was answered so far, for as long as it is delegated
    delegate_id = fields.Many2one(related="contribution_id.delegate_id", store=True, precompute=True)
    value_text = fields.Text(string="Words", readonly=True)
    value_number = fields.Float(string="Figure", readonly=True, digits=(16, 4), aggregator=None)
    value_date = fields.Date(string="Day", readonly=True)
    value_choice = fields.Char(string="Choice", readonly=True)
    is_given = fields.Boolean(string="Has a value", readonly=True)
    value = fields.Char(string="Answer", compute="_compute_value")
    version = fields.Integer(readonly=True, default=1, aggregator=None)
    author_id = fields.Many2one(
        "res.users", string="Typed by", readonly=True, index=True, ondelete="restrict", groups=INSIDE
    )
    author_name = fields.Char(string="Said by", readonly=True, groups=INSIDE)
    answered_on = fields.Datetime(string="When", readonly=True)
    kept_private = fields.Boolean(
        string="For the virtual school alone",
        readonly=True,
        help="The child kept it from who helped: nobody but the virtual school reads it, and not that person.",
    )

    _uniq = models.UniqueIndex("(contribution_id, question_id)", "This question has an answer already.")

    # === Computes ===

    @api.depends(
        "kept_private",
        "contribution_id.is_live",
        "contribution_id.state",
        "contribution_id.owner_role",
        *(f"question_id.for_{role}" for role in AUDIENCE),
    )
    def _compute_audience(self):
        """Who answers reads it at once; the others it is meant for when it has been handed in."""
        for answer in self:
            answer._set_audience(answer._readers())

    def _readers(self):
        part = self.contribution_id
        if self.kept_private or not part.is_live:
            return set()
        roles = {part.owner_role} - {"child"}
        return roles | self.question_id._audience() if part.state in HANDED_IN else roles

    @api.depends("value_text", "value_number", "value_date", "value_choice", "is_given", "question_id")
    @api.depends_context("lang")
    def _compute_value(self):
        """The answer in words, as a reader sees it; False where there is none."""
        for answer in self:
            answer.value = answer._in_words() if answer.is_given else False

    def _in_words(self):
        question = self.question_id.sudo()  # sudo: how a question that the user may read an answer to is asked
        match question.kind:
            case "number":
                figure = f"{self.value_number:.4f}".rstrip("0").rstrip(".")
                return f"{figure} {question.unit}" if question.unit else figure
            case "date":
                return self.value_date.strftime("%-d %B %Y")
            case "yesno":
                return self.env._("Yes") if self.value_choice == "yes" else self.env._("No")
            case "choice" | "scale":
                return self.value_choice
            case _:
                return self.value_text

    # === Reading and writing a value ===

    def _raw(self):
        """The value as a form field holds it."""
        self.ensure_one()
        if not self.is_given:
            return ""
        match self.question_id.kind:
            case "number":
                return f"{self.value_number:.4f}".rstrip("0").rstrip(".")
            case "date":
                return str(self.value_date)
            case _:
                return self[COLUMNS[self.question_id.kind]]

    def _same(self, vals):
        return all(self[name] == value for name, value in vals.items())

    def _conflict(self):
        """What somebody else saved meanwhile, for the page to show beside what was typed."""
        zoned = self.company_id._pep_local(self.answered_on)
        return {
            "status": "conflict",
            "version": self.version,
            "value": self._raw(),
            "by": self.author_name or "",
            "on": zoned.strftime("%-d %B, %H:%M"),
        }

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Answers are saved through the part that they belong to."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Answers are saved through the part that they belong to."))
        return super().write(vals)

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"question_id"}


class PepQuestion(models.Model):
    _inherit = "pep.question"

    def _takes_answer(self):
        """Whether somebody answers this: a prompt only helps to talk, a fact is in the record already."""
        self.ensure_one()
        return self.kind in COLUMNS and self.starts != "fact"

    def _read_value(self, value):
        """What a form sent, as the columns of an answer.

        :param value: text as a form field holds it; empty for no answer
        :return: dict of column values
        :raise UserError: it does not fit the kind of question; the message says what does
        """
        self.ensure_one()
        text = "" if value is None or value is False else str(value)
        text = text.replace("\r\n", "\n").replace("\x00", "")
        text = text if self.kind == "text" else text.strip()
        if len(text) > LONGEST:
            raise UserError(
                self.env._(
                    "That is %(number)s characters long. An answer holds %(most)s: upload a document instead.",
                    number=f"{len(text):,}",
                    most=f"{LONGEST:,}",
                )
            )
        given = bool(text.strip())
        vals = {"is_given": given, "value_text": False, "value_number": 0.0, "value_date": False, "value_choice": False}
        if given:
            vals[COLUMNS[self.kind]] = getattr(self, f"_read_{self.kind}")(text)
        return vals

    def _read_text(self, text):
        return text

    def _read_number(self, text):
        try:
            number = float(text.replace(",", "").removesuffix("%").strip())
        except ValueError:
            number = float("nan")
        if math.isnan(number) or abs(number) > 1e12:
            raise UserError(self.env._("“%(value)s” is not a number.", value=text[:40]))
        if self.number_max > self.number_min and not self.number_min <= number <= self.number_max:
            raise UserError(
                self.env._(
                    "This is a number from %(low)s to %(high)s.",
                    low=f"{self.number_min:g}",
                    high=f"{self.number_max:g}",
                )
            )
        return round(number, 4)

    def _read_date(self, text):
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            day = None
        if not day or not 1900 <= day.year <= 2200:
            raise UserError(self.env._("“%(value)s” is not a day. Write it like 2026-01-31.", value=text[:40]))
        return day

    def _read_yesno(self, text):
        if text not in YESNO:
            raise UserError(self.env._("Answer yes or no."))
        return text

    def _read_choice(self, text):
        if text not in self._option_lines():
            raise UserError(self.env._("Choose one of the answers in the list."))
        return text

    def _read_scale(self, text):
        if not text.isdecimal() or not self.scale_min <= int(text) <= self.scale_max:
            raise UserError(
                self.env._("Choose a number from %(low)s to %(high)s.", low=self.scale_min, high=self.scale_max)
            )
        return str(int(text))

    def _with_predecessors(self):
        """This question, and those that it replaced, the latest first: what was said to them may be taken over."""
        chain = self
        while chain[-1].replaces_id and chain[-1].replaces_id not in chain:
            chain |= chain[-1].replaces_id
        return chain
