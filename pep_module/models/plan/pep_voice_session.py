import hashlib
import hmac
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_list

from ...tools import academic_year
from ..common.pep_audience import AUDIENCE
from .pep_contribution import OPEN, STAFF

LOOKS = [("young", "Pictures and few words"), ("middle", "Pictures and words"), ("older", "Plain words")]
# Until which age (years) each look is offered first.
LOOK_UNTIL = (("young", 8), ("middle", 12))
VIA = [("adult", "Opened by an adult"), ("code", "With a code of their own")]
CLOSED_HOW = [
    ("finished", "Finished and sent"),
    ("adult", "Stopped, to go on another day"),
    ("paused", "Closed by itself after a pause"),
    ("replaced", "Opened again elsewhere"),
    ("ended", "The part was closed meanwhile"),
]
PLACES = [("start", "First page"), ("question", "A question"), ("check", "Last page")]
LONGEST_NOTE = 200  # characters


class PepVoiceSession(models.Model):
    """One visit of a child to its own page: for one part of one PEP, opened by an adult it trusts or with a code.

    Nobody is logged in meanwhile. Opening the page logs the adult out; the browser keeps the number of this visit and a
    secret, of which only a digest is stored here. What the page does, it does by the private methods below, on this
    visit and its part alone: whoever holds the device reaches nothing else.

    A visit ends when the child finishes or stops, when the page is opened anew elsewhere, when the part is closed, when
    the adult may no longer see the child, and after a pause without activity (a setting of the council).

    The page shows the helper nothing that they would not read otherwise. What the child kept from its helper is shown
    to nobody any more, and can only be added to; so is what was said with somebody else, unless the helper may read it.
    """

    _name = "pep.voice.session"
    _description = "Visit to the child's page"
    _inherit = ["pep.child.bound"]
    _child_parent = "contribution_id"
    _order = "opened_on desc, id desc"

    contribution_id = fields.Many2one(
        "pep.contribution", string="Part", required=True, index=True, ondelete="restrict", readonly=True
    )
    plan_id = fields.Many2one("pep.plan", related="contribution_id.plan_id", store=True, index=True, precompute=True)
    via = fields.Selection(VIA, string="How", required=True, readonly=True)
    opened_by_id = fields.Many2one(
        "res.users", string="Opened by", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    opened_by_name = fields.Char(string="Opener's name then", readonly=True)
    code_id = fields.Many2one("pep.voice.code", readonly=True, index="btree_not_null", ondelete="restrict")
    opened_on = fields.Datetime(string="Opened on", required=True, readonly=True)
    last_seen = fields.Datetime(string="Last activity", required=True, readonly=True)
    closed_on = fields.Datetime(string="Closed on", readonly=True)
    closed_how = fields.Selection(CLOSED_HOW, string="How it ended", readonly=True)
    helper_note = fields.Char(string="Who helped", readonly=True, help="In the words of the adult or the child.")
    language = fields.Char(string="Answered in", readonly=True, help="Language in which the child answered.")
    # How the page looks
    look = fields.Selection(LOOKS, required=True, readonly=True, default="middle")
    large_text = fields.Boolean(readonly=True)
    high_contrast = fields.Boolean(string="Strong colours", readonly=True)
    # Where the child is
    secret_digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    place = fields.Selection(PLACES, required=True, readonly=True, default="start", groups=fields.NO_ACCESS)
    question_id = fields.Many2one("pep.question", readonly=True, ondelete="restrict", groups=fields.NO_ACCESS)
    is_locked = fields.Boolean(
        readonly=True, groups=fields.NO_ACCESS, help="The answer to this question is not shown, only added to."
    )
    locked_words = fields.Text(readonly=True, groups=fields.NO_ACCESS, help="What is not shown, to be added to.")

    _one_open = models.UniqueIndex(
        "(contribution_id) WHERE closed_on IS NULL", "The child's page is open for this part already."
    )

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("The child's page is opened from the PEP."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A visit is what it was."))
        return super().write(vals)

    # === Opening and closing ===

    @api.model
    def _open(self, part, **values):
        """Begin a visit; one that is still open for this part ends.

        :param part: ``pep.contribution`` of the child, found open and its opener trusted by the caller
        :return: the dict that the browser session keeps: ``id`` and ``secret``
        """
        part._take_turn()
        self.search([("contribution_id", "=", part.id), ("closed_on", "=", False)])._close("replaced")
        self.flush_model()
        secret = secrets.token_urlsafe(32)
        now = fields.Datetime.now()
        child = part.child_id
        age = academic_year.age_on(child.date_of_birth, part.company_id._pep_today())
        last = self.search([("contribution_id", "=", part.id)], limit=1)
        made = self.create(
            {
                "contribution_id": part.id,
                "opened_on": now,
                "last_seen": now,
                "secret_digest": self._digest(secret),
                "look": last.look or next((look for look, until in LOOK_UNTIL if age <= until), "older"),
                "large_text": last.large_text,
                "high_contrast": last.high_contrast,
                **values,
            }
        )
        return {"id": made.id, "secret": secret}

    @api.model
    def _digest(self, secret):
        return hashlib.sha256(secret.encode()).hexdigest()

    @api.model
    def _enter(self, key):
        """The visit that a browser session belongs to, which counts as activity.

        :param key: what :meth:`_open` gave, as the browser session kept it; whatever else is there is no key
        :return: (visit or empty, why it is over or None)
        """
        number, secret = (key.get("id"), key.get("secret")) if isinstance(key, dict) else (None, None)
        if not isinstance(number, int) or not isinstance(secret, str):
            return self, None
        visit = self.browse(number).exists()
        if not visit or not hmac.compare_digest(visit.secret_digest or "", self._digest(secret)):
            return self.browse(), None
        if not visit.closed_on:
            visit._close_when_over()
        if visit.closed_on:  # just now; of one that was over before nothing is left to compare with
            return self.browse(), visit.closed_how
        visit.last_seen = fields.Datetime.now()
        return visit, None

    def _close_when_over(self):
        self.ensure_one()
        if self._pause_ends() <= fields.Datetime.now():
            self._close("paused")
        elif self.contribution_id._voice_closed() or not self._still_trusted():
            self._close("ended")

    def _pause_ends(self):
        return self.last_seen + timedelta(minutes=self.company_id.pep_voice_pause)

    def _still_trusted(self):
        if self.via == "code":
            return self.code_id.state == "live"
        part = self.contribution_id.with_user(self.opened_by_id)
        return self.opened_by_id.active and part._voice_trusts()

    def _close(self, how):
        if self:
            # what is no longer needed is no longer there: no secret opens it, and no words wait for more
            self.write(
                {
                    "closed_on": fields.Datetime.now(),
                    "closed_how": how,
                    "secret_digest": False,
                    "question_id": False,
                    "is_locked": False,
                    "locked_words": False,
                }
            )

    @api.autovacuum
    def _close_left_behind(self):
        """Visits that nobody ended: the window was just closed. No request would reopen them in any case."""
        for visit in self.search([("closed_on", "=", False)]):
            if visit._pause_ends() <= fields.Datetime.now():
                visit._close("paused")

    # === What the page shows ===

    def _questions(self):
        return self.contribution_id._questions()

    def _answer_to(self, question):
        return self.contribution_id.answer_ids.filtered(lambda answer: answer.question_id == question)

    def _shows(self, answer):
        """Whether an earlier answer may be on the screen: nothing that was kept private, and to a helper only what was
        said with their help or what they will read anyway."""
        if answer.kept_private:
            return False
        if self.via == "code" or answer.author_id == self.opened_by_id:
            return True
        roles = self.contribution_id.with_user(self.opened_by_id)._voice_roles()
        return bool(roles & (STAFF | answer.question_id._audience()))

    def _wording(self, question):
        return (question[f"wording_{self.look}"] if self.look != "middle" else False) or question.name

    def _readers(self, roles):
        """These outside roles and the virtual school, in words for a child, as one list in a sentence."""
        words = {
            "teacher": self.env._("your school"),
            "social_worker": self.env._("your social worker"),
            "carer": self.env._("your carer"),
            "parent": self.env._("your parent"),
            "iro": self.env._("your reviewing officer"),
        }
        names = [words[role] for role in AUDIENCE if role in roles]
        return format_list(self.env, [*names, self.env._("your virtual school")])

    def _page(self):
        """All that the page shows, as plain values: a template gets no record that it could wander off from."""
        self.ensure_one()
        part = self.contribution_id
        questions = self._questions()
        given = part.answer_ids.filtered("is_given").question_id
        asked = questions.filtered(lambda question: question._takes_answer())
        audience = {role for question in questions for role in question._audience()}
        marks = [
            {
                "id": question.id,
                "number": number,
                "done": question in given,
                "here": self.place == "question" and question == self.question_id,
                "text": self._wording(question),
            }
            for number, question in enumerate(questions, start=1)
        ]
        page = {
            **self._settings(),
            "place": self.place,
            "name": part.child_id.known_as or part.child_id.first_name or "",
            "helper": self.opened_by_id.name or "",
            "helper_note": self.helper_note or "",
            "language": self.language or "",
            "looks": self._fields["look"]._description_selection(self.env),
            "marks": marks,
            "answered": len(given & asked),
            "total": len(questions),
            "number": next((mark["number"] for mark in marks if mark["here"]), 0),
            "readers": self._readers(audience),
            "may_send": bool(given),
            "question": None,
        }
        if self.place == "question":
            page["question"] = self._question_page(self.question_id)
        return page

    def _settings(self):
        """How the page looks and when it closes: what every page of a visit needs."""
        return {
            "look": self.look,
            "large_text": self.large_text,
            "high_contrast": self.high_contrast,
            "alone": self.via == "code",
            "pause": self.company_id.pep_voice_pause * 60,
        }

    def _question_page(self, question):
        answer = self._answer_to(question)
        locked = self.is_locked
        return {
            "id": question.id,
            "text": self._wording(question),
            "help": question.help or "",
            "kind": question.kind,
            "picture": question.picture or "speech",
            "version": answer.version if answer else 0,
            "value": "" if locked or not answer else answer._raw() or "",
            "words": "" if locked or not answer else answer.own_words or "",
            "locked": locked,
            "private": bool(answer.kept_private),
            "given": bool(answer.is_given),
            "choices": self._choices(question),
            "min": question.number_min if question.number_max > question.number_min else None,
            "max": question.number_max if question.number_max > question.number_min else None,
            "unit": question.unit or "",
            "last": self._last_time(question),
            "readers": self._readers(question._audience()),
            "error": "",
        }

    def _choices(self, question):
        """What there is to choose from: value, words, and for a scale which of five faces stands for it."""
        if question.kind == "yesno":
            return [
                {"value": "yes", "label": self.env._("Yes"), "picture": "yes"},
                {"value": "no", "label": self.env._("No"), "picture": "no"},
            ]
        if question.kind == "choice":
            return [{"value": text, "label": text, "picture": ""} for text in question._option_lines()]
        if question.kind != "scale":
            return []
        steps = range(question.scale_min, question.scale_max + 1)
        ends = {steps[0]: question.scale_low or "", steps[-1]: question.scale_high or ""}
        return [
            {
                "value": str(step),
                "label": ends.get(step, ""),
                "picture": "face",
                "face": round(1 + 4 * (step - steps[0]) / (len(steps) - 1)),
            }
            for step in steps
        ]

    def _last_time(self, question):
        """What the child said to this question in its last PEP, unless that is not for the helper's eyes."""
        before = self.contribution_id._previous().answer_ids.filtered("is_given")
        for earlier in question._with_predecessors():
            answer = before.filtered(lambda answer, earlier=earlier: answer.question_id == earlier)
            if answer:
                return answer.value if self._shows(answer) else ""
        return ""

    # === What the child does ===

    def _look_at(self, question):
        """Come to a question. What is not shown from now on is only added to."""
        answer = self._answer_to(question)
        locked = bool(answer and answer.is_given and not self._shows(answer))
        words = (answer.value_text if question.kind == "text" else answer.own_words) if locked else False
        self.write(
            {"place": "question", "question_id": question.id, "is_locked": locked, "locked_words": words or False}
        )

    def _begin(self):
        """From the first page to the first question without an answer."""
        answered = self.contribution_id.answer_ids.filtered("is_given").question_id
        questions = self._questions()
        self._go_to((questions - answered)[:1] or questions[:1])

    @api.model
    def _note(self, text):
        return " ".join((text or "").replace("\x00", "").split())[:LONGEST_NOTE] or False

    def _go_to(self, question):
        if question:
            self._look_at(question)
        else:
            self.write({"place": "check", "question_id": False, "is_locked": False, "locked_words": False})

    def _step(self, forward=True):
        questions = self._questions()
        place = list(questions).index(self.question_id) + (1 if forward else -1)
        if place < 0:
            self.write({"place": "start", "question_id": False, "is_locked": False, "locked_words": False})
        else:
            self._go_to(questions[place : place + 1])

    def _change_look(self, what):
        if what in dict(LOOKS):
            self.look = what
        elif what == "size":
            self.large_text = not self.large_text
        elif what == "contrast":
            self.high_contrast = not self.high_contrast

    def _save(self, typed):
        """Save what is on the page of a question.

        :param typed: dict with ``question`` (id), ``value``, ``words`` (own words beside a choice), ``private`` and
            ``version``, as the form sent them; None for what the page had no field for
        :return: dict with ``status`` (``saved``, ``same``, ``refused``), ``version`` and perhaps ``message``
        """
        question = self._questions().filtered(lambda question: question.id == typed["question"])
        if not question or not question._takes_answer():
            return {"status": "same", "version": 0}
        if self.place != "question" or self.question_id != question:
            self._look_at(question)  # a page from before, gone back to
        answer = self._answer_to(question)
        value, words = self._typed(question, answer, typed)
        private = bool(typed["private"]) or answer.kept_private
        if private and not self.is_locked:
            private = bool(typed["private"])  # as long as the child is at it
        before = (answer._raw() or "", answer.own_words or "", answer.kept_private) if answer else ("", "", False)
        if (value, words, private) == before or not (answer or value or words):
            return {"status": "same", "version": answer.version}
        return self._write_answer(question, answer, value, words, private, typed["version"])

    def _typed(self, question, answer, typed):
        """What is to be stored as the answer and as own words beside it."""
        value, words = typed["value"], typed["words"]
        value = (answer._raw() if answer else "") if value is None else value  # no face has been pressed
        words = answer.own_words if words is None else words
        value, words = ((text or "").replace("\r\n", "\n").replace("\x00", "").strip() for text in (value, words))
        if question.kind == "text":
            words = ""
        if self.is_locked:
            if question.kind == "text":
                value = "\n".join(filter(None, (self.locked_words, value)))
            else:
                value = answer._raw() or ""
                words = "\n".join(filter(None, (self.locked_words, words)))
        return value, words

    def _write_answer(self, question, answer, value, words, private, version):
        extra = {
            "author_name": self._author_name(),
            "own_words": words or False,
            "kept_private": private,
            "hidden_from_id": self._kept_from(answer).id if private else False,
        }
        if question.kind != "text":
            extra["is_given"] = bool(value or words)
        part = self.contribution_id
        item = {"question": question.id, "value": value, "version": version}
        result = part._save_answers([item], self.opened_by_id, **extra)[question.id]
        if result["status"] == "conflict":
            # somebody of the virtual school typed here meanwhile: nothing of either is lost
            item["version"] = result["version"]
            if question.kind == "text" and answer.value_text and answer.value_text not in value:
                item["value"] = f"{answer.value_text}\n{value}"
            elif question.kind != "text" and answer.own_words and answer.own_words not in words:
                extra["own_words"] = "\n".join(filter(None, (answer.own_words, words)))
            result = part._save_answers([item], self.opened_by_id, **extra)[question.id]
        return result

    def _kept_from(self, answer):
        """From whom a private answer is kept: who helps, or who helped before when that is one of the virtual school's
        staff. For anybody else that it is private is enough."""
        earlier = answer.hidden_from_id
        return earlier if earlier and not self.opened_by_id._is_internal() else self.opened_by_id

    def _author_name(self):
        if self.via == "code":
            return self.env._("The child")
        return self.env._("The child, with %(helper)s", helper=self.opened_by_id.name)

    def _clear(self):
        """Take the answer on the page away. What is locked stays."""
        answer = self._answer_to(self.question_id)
        if answer.is_given and not self.is_locked:
            self._write_answer(self.question_id, answer, "", "", False, answer.version)

    def _finish(self):
        """The child has said what it wants to say: hand the part in and end the visit.

        :return: whether it was handed in; a part without an answer is not
        """
        part = self.contribution_id
        if part.state not in OPEN or not part.answer_ids.filtered("is_given"):
            return False
        part._hand_in_voice(self.opened_by_id, self._author_name())
        self._close("finished")
        return True

    def _tell(self, words):
        """*I want to tell someone.*

        :return: whether there was anybody to tell
        """
        return self.env["pep.concern"]._raise(self, words)
