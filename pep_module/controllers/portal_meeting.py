import re

from odoo import http
from odoo.http import content_disposition, request

from ..models.plan.pep_contribution import OPEN
from .page import attempt, hidden, render, slot_in_words, zone_in_words
from .portal_section import fingerprint

TIME = re.compile(r"time-(\d{1,9})")
ROUTE = {"type": "http", "auth": "user", "website": False}
# What a page says of a word in its address.
SAID = ("answered", "kept", "handed_in", "ticked")


class PepMeetingPage(http.Controller):
    """A person's own invitation to a meeting: when, where as far as they are told, and whether they come.

    Looked for among the user's own invitations alone: somebody else's, one of a child whom the user has nothing to do
    with any more, or one that was never sent is no page. What is told stands in the ``told_*`` fields and nowhere else.
    """

    @http.route("/my/pep/meeting/<int:attendee_id>", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def invitation(self, attendee_id, said=None, **_kw):
        return self._page(self._invitation(attendee_id), said=said)

    @http.route("/my/pep/meeting/<int:attendee_id>/answer", methods=["POST"], **ROUTE)
    @hidden
    def answer(self, attendee_id, answer="", note="", **_kw):
        """Coming, perhaps, can't come; with a few words. Whoever changes their mind answers again."""
        row = self._invitation(attendee_id)
        _done, problem = attempt(row.action_answer, answer, note)
        if problem:
            return self._page(row, problem=problem, note=note)
        return request.redirect(f"/my/pep/meeting/{row.id}?said=answered", code=303)

    @http.route("/my/pep/meeting/<int:attendee_id>/times", methods=["POST"], **ROUTE)
    @hidden
    def times(self, attendee_id, **form):
        """Which of the times offered suit."""
        row = self._invitation(attendee_id)
        ticks = {}
        for name, value in form.items():
            match = TIME.fullmatch(name)
            if match:
                ticks[int(match[1])] = value
        _done, problem = attempt(row.action_tick_options, ticks)
        if problem:
            return self._page(row, problem=problem, ticks=ticks)
        return request.redirect(f"/my/pep/meeting/{row.id}?said=ticked", code=303)

    @http.route("/my/pep/meeting/<int:attendee_id>/save", methods=["POST"], **ROUTE)
    @hidden
    def save(self, attendee_id, **form):
        """What the page sends by itself of the written part.

        :return: JSON, as the page of a part of a PEP answers: ``results``, ``saved``; or ``closed`` with the reason
        """
        row = self._invitation(attendee_id)
        result, closed = attempt(row.action_save_written, form.get("answer-0"), form.get("version-0"))
        values = {"closed": closed} if closed else {"results": {"0": result}, "saved": self._now(row)}
        return request.make_json_response(
            {"missing": [], "answered": 0, **values}, headers=[("Cache-Control", "no-store")]
        )

    @http.route("/my/pep/meeting/<int:attendee_id>/keep", methods=["POST"], **ROUTE)
    @hidden
    def keep(self, attendee_id, **form):
        """The written part, sent as a whole; what can't be saved as it is comes back on the page."""
        row = self._invitation(attendee_id)
        back = self._save(row, form)
        if back:
            return self._page(row, **back)
        return request.redirect(f"/my/pep/meeting/{row.id}?said=kept#written", code=303)

    @http.route("/my/pep/meeting/<int:attendee_id>/submit", methods=["POST"], **ROUTE)
    @hidden
    def submit(self, attendee_id, **form):
        """The written part, saved and given in."""
        row = self._invitation(attendee_id)
        back = self._save(row, form)
        if back:
            return self._page(row, **back)
        _done, problem = attempt(row.action_write_part, row.written_part)
        if problem:
            return self._page(row, problem=problem, typed=form.get("answer-0"))
        return request.redirect(f"/my/pep/meeting/{row.id}?said=handed_in#written", code=303)

    @http.route("/my/pep/meeting/<int:attendee_id>/invitation.ics", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def file(self, attendee_id, **_kw):
        """The invitation for a calendar, as it was mailed. The file is named by the child's reference."""
        row = self._invitation(attendee_id)
        content = row._calendar_file()
        if not content:
            raise request.not_found()
        name = f"{row.child_reference}.ics"
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "text/calendar; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    # === Reading a form ===

    def _invitation(self, attendee_id):
        row = request.env["pep.meeting.attendee"]._own_invitations([("id", "=", attendee_id)], limit=1)
        if not row:
            raise request.not_found()
        return row

    def _save(self, row, form):
        """Save the written part of a whole form; a field that still holds what it held is not touched.

        :return: None, or what the page is to show again
        """
        text = form.get("answer-0") or ""
        if form.get("take") or fingerprint(text) == form.get("was-0"):
            return None
        result, problem = attempt(row.action_save_written, text, form.get("version-0"))
        if problem:
            return {"problem": problem, "typed": text}
        if result["status"] == "refused":
            return {"typed": text, "error": result["message"]}
        if result["status"] == "conflict":
            return {"typed": text, "conflict": result}
        return None

    # === The page ===

    def _page(self, row, **shown):
        """The page of an invitation.

        :param shown: what was just done, and what could not be: ``said`` (a word), ``problem`` (a sentence), ``note``
            (typed with the answer), ``ticks`` (time id -> word), ``typed`` (written part that could not be saved),
            ``error``, ``conflict``
        """
        env = request.env
        row.invalidate_recordset()
        company = row.company_id.sudo()  # sudo: the council's name and clock, for a login of another council
        today = company._pep_today()
        child = row.child_id
        parts = env["pep.contribution"].search([("plan_id", "=", row.plan_id.id), ("state", "in", OPEN)])._mine()
        writing = row._asked_to_write()
        typed = shown.get("typed")
        conflict = shown.get("conflict")
        saved = row.written_part or ""
        values = {
            "row": row,
            "child": child,
            "company": company,
            "today": today,
            "slot": slot_in_words(row.told_start, row.told_stop, company, today),
            "zone": zone_in_words(company),
            "mode": row._mode_in_words() if row.told_mode else "",
            "has_file": bool(row._calendar_file()),
            "link": row._link(),
            "part": parts._left_off(),
            "plan_id": row.plan_id.id,
            "in_writing": row._takes_part_in_writing(),
            "others": row._others_in_words(),
            "times": [
                {
                    **time,
                    **slot_in_words(time["start"], time["stop"], company, today),
                    "suits": shown.get("ticks", {}).get(time["id"], time["suits"]),
                }
                for time in row._offered_options()
            ],
            "suits": [("yes", env._("Suits me")), ("perhaps", env._("Perhaps")), ("no", env._("Does not suit"))],
            "may_answer": row._may_answer(),
            "over": row._is_over(),
            "answers": [
                ("accepted", env._("I am coming")),
                ("tentative", env._("Perhaps")),
                ("declined", env._("I can't come")),
            ],
            "note": shown.get("note") if "note" in shown else row.answer_note or "",
            "said": shown.get("said") if shown.get("said") in SAID else None,
            "problem": shown.get("problem"),
            "writing": writing,
            "closed": row._closed_to_writing() if writing else None,
            "written": {
                "value": saved if typed is None else typed,
                "saved": saved,
                "was": fingerprint(saved) if typed is None else "",
                "version": conflict["version"] if conflict else row._written_version(),
                "conflict": conflict,
                "error": shown.get("error"),
            },
        }
        title = env._("Meeting, %(reference)s", reference=row.child_reference)
        return render("pep_module.portal_meeting", title, values)

    def _now(self, row):
        company = row.company_id.sudo()  # sudo: the council's clock, for a login of another council
        return company._pep_local(request.env.cr.now().replace(tzinfo=None)).strftime("%H:%M")
