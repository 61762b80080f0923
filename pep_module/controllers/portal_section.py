import hashlib
import re

from odoo import http
from odoo.http import request

from ..models.plan.pep_contribution import BEHALF_HOW, HANDED_IN, OPEN
from ..models.plan.pep_contribution_page import BEHALF, FILL
from .page import attempt, found, hidden, in_words, moment_in_words, render
from .portal import SAID_WELL

ANSWER = re.compile(r"answer-(\d{1,9})")
ROUTE = {"type": "http", "auth": "user", "website": False}


def fingerprint(value):
    """A short mark of what a field held when the page was drawn: a field that still holds it was not touched."""
    return hashlib.sha256((value or "").replace("\r\n", "\n").encode()).hexdigest()[:16]


class PepSectionPage(http.Controller):
    """One part of a PEP: answered, handed in, read.

    With JavaScript the page saves by itself what is typed (:meth:`save`); without, its buttons post the whole form
    (:meth:`keep`, :meth:`submit`). Either way a value is saved by the methods of ``pep.contribution`` alone, which look
    at the caller's role on this child. A form that names anything but questions of this part is no form of ours.
    """

    @http.route("/my/pep/section/<int:contribution_id>", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def section(self, contribution_id, said=None, change=None, who=None, **_kw):
        """The page.

        :param change: question whose answer of last time is to be changed
        :param who: staff correct whose words they enter
        """
        part = self._part(contribution_id)
        changing = int(change) if change and change.isdecimal() and len(change) < 10 else None
        return self._page(part, said=said, changing=changing, asking=bool(who))

    @http.route("/my/pep/section/<int:contribution_id>/save", methods=["POST"], **ROUTE)
    @hidden
    def save(self, contribution_id, **form):
        """What the page sends by itself: some answers, each with the version that the typing began from.

        :return: JSON: ``results`` by question id as :meth:`pep.contribution.action_save_answers` gives them, ``saved``
            (time of day), ``missing`` (questions still to be answered), ``answered``; or ``closed`` with the reason
        """
        part = self._part(contribution_id)
        results, closed = attempt(part.action_save_answers, self._answers(form))
        if closed:
            return self._json({"closed": closed})
        return self._json({"results": results, "saved": self._now(part), **self._progress(part)})

    @http.route("/my/pep/section/<int:contribution_id>/keep", methods=["POST"], **ROUTE)
    @hidden
    def keep(self, contribution_id, **form):
        """The whole form, saved. What can't be saved as it is comes back on the page."""
        part = self._part(contribution_id)
        back = self._save_form(part, form)
        if back:
            return self._page(part, **back)
        anchor = f"#q-{form['confirm']}" if (form.get("confirm") or "").isdecimal() else ""
        return request.redirect(f"/my/pep/section/{part.id}?said=saved{anchor}", code=303)

    @http.route("/my/pep/section/<int:contribution_id>/submit", methods=["POST"], **ROUTE)
    @hidden
    def submit(self, contribution_id, **form):
        """The whole form, saved and handed in; or the page again, with what is missing."""
        part = self._part(contribution_id)
        back = self._save_form(part, form)
        if back:
            return self._page(part, **back)
        missing = [] if part.document_id else part.sudo()._missing_questions()  # sudo: a part that the user answers
        if missing:
            return self._page(part, missing=missing)
        _done, problem = attempt(part.action_submit)
        if problem:
            return self._page(part, problem=problem)
        return request.redirect(f"/my/pep/section/{part.id}?said=handed_in", code=303)

    @http.route("/my/pep/section/<int:contribution_id>/behalf", methods=["POST"], **ROUTE)
    @hidden
    def behalf(self, contribution_id, name="", how="", date="", **_kw):
        """Staff say whose words they are about to enter, how they came and when."""
        part = self._part(contribution_id)
        _done, problem = attempt(part.action_enter_on_behalf, name[:200], how, date)
        if problem:
            return self._page(part, problem=problem, behalf={"name": name, "how": how, "date": date})
        return request.redirect(f"/my/pep/section/{part.id}", code=303)

    @http.route("/my/pep/section/<int:contribution_id>/document", methods=["POST"], **ROUTE)
    @hidden
    def document(self, contribution_id, document_id="", **_kw):
        """A document of the PEP stands for the whole part; none, to answer the questions after all."""
        part = self._part(contribution_id)
        if document_id and not (document_id.isdecimal() and len(document_id) < 10):
            raise request.not_found()
        _done, problem = attempt(part.action_use_document, int(document_id) if document_id else False)
        if problem:
            return self._page(part, problem=problem)
        return request.redirect(f"/my/pep/section/{part.id}?said=saved", code=303)

    # === Reading a form ===

    def _part(self, contribution_id):
        return found(request.env["pep.contribution"], ("id", "=", contribution_id), ("child_id.active", "=", True))

    def _answers(self, form):
        """The answers in a form, as ``action_save_answers`` wants them; anything else in it is none of our pages."""
        answers = []
        for name, value in form.items():
            match = ANSWER.fullmatch(name)
            if match and isinstance(value, str):
                version = form.get(f"version-{match[1]}") or "0"
                if not version.isdecimal() or len(version) > 9:
                    raise request.not_found()
                answers.append({"question": int(match[1]), "value": value, "version": int(version)})
        return answers

    def _save_form(self, part, form):
        """Save what was changed in a whole form.

        :return: None, or what the page is to show again: ``typed``, ``results`` and ``problem``
        """
        take = form.get("take")  # of a conflict: the other person's words
        answers = [
            answer
            for answer in self._answers(form)
            if str(answer["question"]) != take and fingerprint(answer["value"]) != form.get(f"was-{answer['question']}")
        ]
        if form.get("confirm"):
            answers = [answer for answer in answers if str(answer["question"]) != form["confirm"]]
            answers.append(self._confirmed(part, form["confirm"]))
        results, problem = attempt(part.action_save_answers, answers)
        if problem:
            return {"problem": problem}
        typed = {
            answer["question"]: answer["value"]
            for answer in answers
            if results[answer["question"]]["status"] in ("conflict", "refused")
        }
        return {"typed": typed, "results": results} if typed else None

    def _confirmed(self, part, question_id):
        """What was said last time to a question, as the answer of this time."""
        for line in part._page_lines():
            if str(line["question"].id) == question_id and line["last"]:
                return {"question": line["question"].id, "value": line["last"]._raw(), "version": 0}
        raise request.not_found()

    # === The page ===

    def _page(self, part, **shown):
        """The page of a part, as the user may see it.

        :param shown: what was just done, and what could not be: ``said`` (a word), ``problem`` (a sentence), ``typed``
            (question id -> what could not be saved), ``results`` (of saving, by question id), ``missing`` (questions
            without which it can't be handed in), ``changing`` (id of the question whose last answer is being changed),
            ``asking`` (staff say again whose words they enter), ``behalf`` (what they said)
        """
        env = request.env
        part.invalidate_recordset()
        mode, why = part._page_mode()
        staff = part._staff_here()
        if mode == FILL and staff and shown.get("asking") and part.behalf_name:
            mode = BEHALF
        company = part.company_id.sudo()  # sudo: the council's name and clock, for a login of another council
        today = company._pep_today()
        readable = part.sudo()  # sudo: a part that the user may read, with the names of who handed it in
        lines = [
            self._line(line, shown.get("changing"), shown.get("typed", {}), shown.get("results", {}))
            for line in (part._page_lines() if mode != BEHALF else [])
        ]
        mine = part._mine() if mode != FILL else part
        following = env["pep.contribution"]
        if part.state in HANDED_IN and mine:
            rest = following.search([("plan_id", "=", readable.plan_id.id), ("state", "in", OPEN)])._mine()
            rest -= part
            following = (rest.filtered("required") or rest)._left_off()
        instead = part._documents_instead() if mode == FILL and readable.section_id.may_be_document else None
        said = shown.get("said")
        values = {
            "part": part,
            "readable": readable,
            "section": readable.section_id,
            "child": part.child_id,
            "company": company,
            "mode": mode,
            "why": why,
            "lines": lines,
            "said": said,
            "told": env["pep.document"]._saying(said),
            "told_well": said in SAID_WELL,
            "missing": shown.get("missing", []),
            "problem": shown.get("problem"),
            "refused": [line for line in lines if line["error"] or line["conflict"]],
            "required_missing": [
                line["question"]
                for line in lines
                if line["question"].required and line["question"]._takes_answer() and not line["answer"].is_given
            ],
            "due": in_words(part.due_date, today),
            "minutes": part._minutes() if mode == FILL else 0,
            "readers": part._readers_in_words(),
            "when": lambda moment: moment_in_words(moment, company),
            "day": lambda day: in_words(day, today),
            "instead": instead,
            "document_types": part._types_instead() if instead is not None else [],
            "document_limit": company.pep_document_max_mb,
            "following": following,
            "staff": staff,
            "named": part._may_name_people(),
            "behalf": shown.get("behalf")
            or {
                "name": readable.behalf_name or "",
                "how": readable.behalf_how or "",
                "date": str(readable.behalf_date or today),
            },
            "hows": BEHALF_HOW,
            "today": today,
        }
        title = env._("%(section)s, %(reference)s", section=part.section_name, reference=part.child_reference)
        return render("pep_module.portal_section", title, values)

    def _line(self, line, changing, typed, results):
        """A line of the form with what its field holds, and what is to be said beside it."""
        question, answer, last = line["question"], line["answer"], line["last"]
        result = results.get(question.id, {})
        saved = answer._raw() if answer else ""
        value = typed.get(question.id, saved)
        if question.id == changing and last:
            value = last._raw()
        conflict = result if result.get("status") == "conflict" else None
        return {
            **line,
            "value": value,
            "saved": saved,
            "version": conflict["version"] if conflict else answer.version if answer else 0,
            "was": "" if question.id in typed or question.id == changing else fingerprint(saved),
            "last_raw": last._raw() if last else "",
            "changing": question.id == changing,
            "error": result.get("message") if result.get("status") == "refused" else None,
            "conflict": conflict,
            "choices": self._choices(question),
            "words": answer.value if answer else "",
        }

    def _choices(self, question):
        env = request.env
        match question.kind:
            case "yesno":
                return [("yes", env._("Yes")), ("no", env._("No"))]
            case "choice":
                return [(choice, choice) for choice in question._option_lines()]
            case "scale":
                return [(str(step), str(step)) for step in range(question.scale_min, question.scale_max + 1)]
        return []

    def _progress(self, part):
        readable = part.sudo()  # sudo: a part being answered by who asks
        missing = [] if readable.document_id else readable._missing_questions()
        return {
            "answered": readable.answered_count,
            "missing": [{"id": question.id, "name": question.name} for question in missing],
        }

    def _now(self, part):
        company = part.company_id.sudo()  # sudo: the council's clock, for a login of another council
        return company._pep_local(request.env.cr.now().replace(tzinfo=None)).strftime("%H:%M")

    def _json(self, values):
        return request.make_json_response(values, headers=[("Cache-Control", "no-store")])
