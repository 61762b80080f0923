import base64
import re

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from ..tools.attendance import COUNTS
from .page import attempt, found, hidden, render

ROUTE = {"type": "http", "auth": "user", "website": False}
MOST = 6 * 1024 * 1024  # bytes read of a file; how much is taken says pep.attendance
SESSIONS = ("possible", "present", "authorised", "unauthorised")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class PepAttendancePage(http.Controller):
    """Where a school gives attendance: of one pupil in a form, or of all of them by a file."""

    @http.route("/my/pep/<int:plan_id>/attendance", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def attendance_form(self, plan_id, **_kw):
        plan, schools = self._plan(plan_id)
        return self._form(plan, schools)

    @http.route("/my/pep/<int:plan_id>/attendance", methods=["POST"], **ROUTE)
    @hidden
    def attendance_report(self, plan_id, **form):
        plan, schools = self._plan(plan_id)
        values, problem = self._read(form, schools)
        if not problem:
            _done, problem = attempt(request.env["pep.attendance"].action_report, plan.child_id.id, values)
        if problem:
            return self._form(plan, schools, form, problem)
        return request.redirect(f"/my/pep/{plan.id}?said=attendance#attendance", code=303)

    @http.route("/my/pep/attendance", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def attendance_file(self, **_kw):
        return self._file_page()

    @http.route("/my/pep/attendance", methods=["POST"], max_content_length=2 * MOST, **ROUTE)
    @hidden
    def attendance_import(self, file=None, **_kw):
        """One file for all pupils, all of it or nothing; what is wrong comes back with its row and column."""
        self._check_may_import()
        content = file.stream.read(MOST + 1) if hasattr(file, "stream") else b""
        if not content:
            return self._file_page(problem=request.env._("Choose a file first."))
        if len(content) > MOST:
            return self._file_page(problem=request.env._("This file is too large. Give it in two, or by half term."))
        content = base64.b64encode(content).decode()
        result, problem = attempt(request.env["pep.attendance"].action_import_file, content, False, True)
        return self._file_page(result=result, problem=problem)

    # === Helpers ===

    def _plan(self, plan_id):
        """The PEP, and the schools for whose pupils the user gives attendance of this child."""
        plan = found(request.env["pep.plan"], ("id", "=", plan_id), ("child_id.active", "=", True))
        schools = request.env["pep.attendance"]._schools_to_report_for(plan.child_id).get(plan.child_id.id)
        if not schools:
            raise request.not_found()
        return plan, schools

    def _schools_to_choose(self, schools):
        """A teacher of two schools says which one; the virtual school reports for the child's own."""
        return schools.sudo() if hasattr(schools, "ids") and len(schools) > 1 else []  # sudo: the teacher's own schools

    def _read(self, form, schools):
        """The values of a report from a form, and what does not fit."""
        env = request.env
        values = {name: (form.get(name) or "").strip() for name in ("date_from", "date_to", "label", "pasted")}
        values["label"] = values["label"][:100]
        if not DAY.fullmatch(values["date_from"]) or not DAY.fullmatch(values["date_to"]):
            return values, env._("Give the first and the last day.")
        if form.get("school_id"):
            values["school_id"] = int(form["school_id"]) if form["school_id"].isdecimal() else 0
            if values["school_id"] not in getattr(schools, "ids", ()):
                raise request.not_found()
        if values["pasted"]:
            return values, None
        del values["pasted"]
        for name in SESSIONS:
            typed = (form.get(name) or "").strip()
            if not typed.isdecimal() or len(typed) > 4:
                return values, env._("Give each number of sessions as a whole number, or paste the register.")
            values[name] = int(typed)
        return values, None

    def _form(self, plan, schools, form=None, problem=None):
        env = request.env
        names = ("date_from", "date_to", "label", "pasted", "school_id", *COUNTS)
        values = {
            "plan": plan,
            "child": plan.child_id,
            "schools": self._schools_to_choose(schools),
            "typed": {name: (form or {}).get(name) or "" for name in names},
            "problem": problem,
            "sessions": [
                ("possible", env._("Possible sessions"), env._("Every half day the school was open to the pupil.")),
                ("present", env._("Sessions present"), env._("With approved educational activity.")),
                ("authorised", env._("Authorised absence"), ""),
                ("unauthorised", env._("Unauthorised absence"), ""),
            ],
        }
        return render(
            "pep_module.portal_attendance",
            env._("Attendance, %(reference)s", reference=plan.child_reference),
            values,
        )

    def _check_may_import(self):
        try:
            request.env["pep.attendance"]._check_may_import()
        except AccessError:
            raise request.not_found() from None

    def _file_page(self, result=None, problem=None):
        self._check_may_import()
        title = request.env._("Attendance of all pupils")
        return render("pep_module.portal_attendance_file", title, {"result": result, "problem": problem})
