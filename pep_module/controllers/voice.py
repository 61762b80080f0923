from odoo import http
from odoo.http import request

from .page import attempt, hidden, render

KEY = "pep_voice"  # of what the browser session keeps of a visit
LARGEST_ID = 2**31 - 1
# The child's pages load nothing from elsewhere, are shown in no other page, and are kept by no browser.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PepVoiceDoor(http.Controller):
    """Where an adult opens the child's page. What follows is answered without the adult's login."""

    def _part(self, contribution_id):
        """The child's part, for somebody whom the child may trust with it; else there is no such page."""
        part = request.env["pep.contribution"].browse(contribution_id if contribution_id <= LARGEST_ID else 0)
        if not part or not part._voice_trusts():
            raise request.not_found()
        return part

    @http.route("/my/pep/voice/<int:contribution_id>", type="http", auth="user", website=False, methods=["GET"])
    @hidden
    def voice_offer(self, contribution_id, **_kw):
        """What will happen, told before it does."""
        return self._offer(self._part(contribution_id))

    def _offer(self, part, error=None):
        values = part._voice_offer()
        return render("pep_module.voice_offer", request.env._("The child's page"), {**values, "error": error})

    @http.route("/my/pep/voice/<int:contribution_id>", type="http", auth="user", website=False, methods=["POST"])
    @hidden
    def voice_open(self, contribution_id, **_kw):
        """Log the adult out and open the child's page in their place."""
        part = self._part(contribution_id)
        key, error = attempt(part._open_voice)
        if error:
            return self._offer(part)
        request.session.logout(keep_db=True)  # to be saved under a new number; the old one is deleted
        request.session.debug = ""
        request.session[KEY] = key
        response = request.redirect("/voice")
        # what the adult looked at before does not come back by the browser's Back button
        response.headers["Clear-Site-Data"] = '"cache"'
        response.headers["Cache-Control"] = "no-store"
        return response

    @http.route(
        "/my/pep/voice/<int:contribution_id>/hand-in", type="http", auth="user", website=False, methods=["POST"]
    )
    @hidden
    def voice_hand_in(self, contribution_id, **_kw):
        """The child is done, and the adult hands in what was said."""
        part = self._part(contribution_id)
        _done, error = attempt(part.action_hand_in_voice)
        return self._offer(part, error) if error else request.redirect(f"/my/pep/voice/{part.id}")


class PepVoice(http.Controller):
    """The child's page. Nobody is logged in: who it is about follows from the browser session and from nothing else."""

    # === The visit ===

    def _visit(self):
        """The visit that this browser session belongs to.

        :return: (visit or empty, why there is none or None)
        """
        visits = request.env["pep.voice.session"].sudo()  # sudo: nobody is logged in; the secret opens this one visit
        visit, over = visits._enter(request.session.get(KEY))
        if visit and request.session.uid:
            # an adult logged in beside it: the two are never open in one browser
            visit._close("adult")
            return visits.browse(), "adult"
        return visit, over

    def _render(self, template, values, status=200):
        # the addresses alone: Odoo's own tag has a script in it, which no page of a child runs
        scripts = request.env["ir.qweb"]._get_asset_links("pep_module.assets_voice", css=False, js=True)
        response = request.render(f"pep_module.{template}", {**values, "scripts": scripts}, headers=HEADERS)
        response.flatten()
        response.status_code = status
        return response

    def _leave(self, how, look="middle"):
        """Forget the visit, and say goodbye on a page that knows nothing of it."""
        request.session.pop(KEY, None)
        return self._redirect(f"/voice/end?how={how or 'over'}&look={look}")

    def _redirect(self, path):
        response = request.redirect(path)
        response.headers["Cache-Control"] = "no-store"
        return response

    # === Its pages ===

    @http.route("/voice", type="http", auth="public", website=False, methods=["GET"])
    def voice(self, **_kw):
        """The page on which the child is now."""
        visit, over = self._visit()
        if not visit:
            return self._leave(over) if over or KEY in request.session else self._redirect("/voice/code")
        if visit.place == "question":
            visit._look_at(visit.question_id)
        return self._page(visit)

    def _page(self, visit, **of_question):
        page = visit._page()
        if of_question:
            page["question"] |= of_question
        return self._render(f"voice_{visit.place}", page)

    @http.route("/voice/go", type="http", auth="public", website=False, methods=["POST"])
    def voice_go(self, step="", **form):
        """One step, on whichever page: what is written there is saved first, save for Skip."""
        visit, over = self._visit()
        if not visit:
            return self._leave(over)
        if visit.place == "question" and step not in ("skip", "clear"):
            typed = self._typed(form)
            result = visit._save(typed)
            if result["status"] == "refused":
                shown = {name: typed[name] or "" for name in ("value", "words", "private")}
                return self._page(visit, **shown, error=result["message"])
        return self._take(visit, step, form)

    def _typed(self, form):
        number = form.get("question", "")
        version = form.get("version", "")
        return {
            "question": int(number) if number.isdecimal() else 0,
            "value": form.get("value"),
            "words": form.get("words"),
            "private": bool(form.get("private")),
            "version": int(version) if version.isdecimal() else 0,
        }

    def _take(self, visit, step, form):
        look = visit.look
        if visit.place == "start":
            visit.write({name: visit._note(form.get(name)) for name in ("language", "helper_note") if name in form})
        if step == "tell":
            return self._redirect("/voice/tell")
        if step == "close":
            visit._close("adult")
            return self._leave("adult", look)
        if step == "finish" and visit._finish():
            return self._leave("finished", look)
        if step.startswith("look-"):
            visit._change_look(step.removeprefix("look-"))
        else:
            self._move(visit, step)
        return self._redirect("/voice")

    def _move(self, visit, step):
        """From one page to another."""
        if step == "check":
            visit._go_to(None)
        elif step.startswith("to-"):
            number = step.removeprefix("to-")
            visit._go_to(visit._questions().filtered(lambda question: str(question.id) == number))
        elif visit.place == "start":
            visit._begin()
        elif step == "clear":
            visit._clear()
        elif visit.place == "question":
            visit._step(forward=step != "back")
        elif step == "back":
            visit._go_to(visit._questions()[-1:])

    @http.route("/voice/keep", type="http", auth="public", website=False, methods=["POST"])
    def voice_keep(self, **form):
        """Save what is being typed, without leaving the page."""
        visit, _over = self._visit()
        if not visit:
            return request.make_json_response({"status": "gone"}, headers={"Cache-Control": "no-store"})
        result = visit._save(self._typed(form)) if visit.place == "question" else {"status": "same"}
        return request.make_json_response(result, headers={"Cache-Control": "no-store"})

    @http.route("/voice/here", type="http", auth="public", website=False, methods=["POST"])
    def voice_here(self, **_kw):
        """*Yes, I am still here.*"""
        visit, _over = self._visit()
        return request.make_json_response(
            {"status": "here" if visit else "gone"}, headers={"Cache-Control": "no-store"}
        )

    @http.route("/voice/pause", type="http", auth="public", website=False, methods=["POST"])
    def voice_pause(self, **_kw):
        """Nobody answered for a while: close. What was typed is saved already."""
        visit, over = self._visit()
        look = visit.look if visit else "middle"
        visit._close("paused")
        return self._leave(over or "paused", look)

    # === I want to tell someone ===

    @http.route("/voice/tell", type="http", auth="public", website=False, methods=["GET"])
    def voice_tell(self, **_kw):
        visit, over = self._visit()
        if not visit:
            return self._leave(over)
        return self._render("voice_tell", visit._settings())

    @http.route("/voice/tell", type="http", auth="public", website=False, methods=["POST"])
    def voice_told(self, words="", **_kw):
        """Tell, with words or without. Nothing of it stays on the device."""
        visit, over = self._visit()
        if not visit:
            return self._leave(over)
        told = visit._tell(words)
        return self._redirect(f"/voice/told?somebody={1 if told else 0}")

    @http.route("/voice/told", type="http", auth="public", website=False, methods=["GET"])
    def voice_next(self, somebody="1", **_kw):
        visit, over = self._visit()
        if not visit:
            return self._leave(over)
        return self._render("voice_told", {**visit._settings(), "somebody": somebody != "0"})

    # === Coming and going ===

    @http.route("/voice/end", type="http", auth="public", website=False, methods=["GET"])
    def voice_end(self, how="over", look="middle", **_kw):
        """Goodbye. The same for everybody: nothing on it follows from a visit."""
        hows = ("finished", "adult", "paused")
        looks = ("young", "middle", "older")
        values = {
            "how": how if how in hows else "over",
            "look": look if look in looks else "middle",
            "large_text": False,
            "high_contrast": False,
        }
        return self._render("voice_end", values)

    @http.route("/voice/code", type="http", auth="public", website=False, methods=["GET"])
    def voice_code(self, **_kw):
        return self._code_page()

    def _code_page(self, wrong=False):
        values = {"look": "older", "large_text": False, "high_contrast": False, "wrong": wrong}
        return self._render("voice_code", values)

    @http.route("/voice/code", type="http", auth="public", website=False, methods=["POST"])
    def voice_use_code(self, code="", day="", month="", **_kw):
        """Open the own page with a code. Whatever is wrong, the answer is the same."""
        day, month = (text if text.isdecimal() and len(text) <= 2 else "0" for text in (day.strip(), month.strip()))
        codes = request.env["pep.voice.code"].sudo()  # sudo: nobody is logged in; the code opens its own page alone
        key = codes._redeem(code[:100], int(day), int(month), request.httprequest.remote_addr)
        if not key:
            return self._code_page(wrong=True)
        request.session.logout(keep_db=True)  # whoever may still be logged in on this device is not any more
        request.session[KEY] = key
        return self._redirect("/voice")
