from odoo import http
from odoo.http import request

from ..models.plan.pep_contribution import LIVE, OPEN
from .page import attempt, found, hidden, render

ROUTE = {"type": "http", "auth": "user", "website": False}


class PepPeoplePage(http.Controller):
    """Where a leading teacher lets a colleague help, and takes it back. Whoever does not lead has no such page."""

    @http.route("/my/pep/<int:plan_id>/delegate", methods=["GET"], readonly=True, **ROUTE)
    @hidden
    def delegate_page(self, plan_id, **_kw):
        return self._page(self._plan(plan_id))

    @http.route("/my/pep/<int:plan_id>/delegate", methods=["POST"], **ROUTE)
    @hidden
    def delegate(self, plan_id, user_id="", what="", **_kw):
        """Delegate the child or one part to a colleague.

        :param what: id of the part; empty for the whole child
        """
        plan = self._plan(plan_id)
        colleague, part_id = self._number(user_id), self._number(what)
        if what and not request.env["pep.contribution"].search([("id", "=", part_id), ("plan_id", "=", plan.id)]):
            raise request.not_found()
        if not colleague:
            return self._page(plan, problem=request.env._("Choose a colleague."), typed={"what": what})
        _done, problem = attempt(request.env["pep.delegation"].action_delegate, plan.id, colleague, part_id or False)
        if problem:
            return self._page(plan, problem=problem, typed={"user_id": user_id, "what": what})
        return request.redirect(f"/my/pep/{plan.id}?said=delegated#colleagues", code=303)

    @http.route("/my/pep/<int:plan_id>/delegate/<int:delegation_id>/end", methods=["POST"], **ROUTE)
    @hidden
    def end(self, plan_id, delegation_id, **_kw):
        plan = found(request.env["pep.plan"], ("id", "=", plan_id))
        delegation = found(
            request.env["pep.delegation"], ("id", "=", delegation_id), ("child_id", "=", plan.child_id.id)
        )
        delegation.action_end()
        return request.redirect(f"/my/pep/{plan.id}?said=ended#colleagues", code=303)

    @http.route("/my/pep/<int:plan_id>/invite", methods=["POST"], **ROUTE)
    @hidden
    def invite(self, plan_id, school_id="", name="", email="", **_kw):
        """Give a colleague of the same school a login; what to work on is delegated in a second step."""
        plan = self._plan(plan_id)
        school = self._number(school_id)
        if school not in self._schools(plan).ids:
            raise request.not_found()
        name = name.strip()[:100]
        if not name:
            return self._page(plan, problem=request.env._("Say your colleague's name."), typed={"email": email})
        _done, problem = attempt(
            request.env["pep.delegation"].action_invite_colleague, school, name, email.strip()[:200]
        )
        if problem:
            return self._page(plan, problem=problem, typed={"name": name, "email": email})
        return request.redirect(f"/my/pep/{plan.id}/delegate?said=invited", code=303)

    # === Helpers ===

    def _plan(self, plan_id):
        plan = found(
            request.env["pep.plan"], ("id", "=", plan_id), ("state", "in", LIVE), ("child_id.active", "=", True)
        )
        if not request.env["pep.delegation"]._may_delegate(plan):
            raise request.not_found()
        return plan

    def _schools(self, plan):
        return request.env["pep.delegation"]._schools_led(plan, request.env["pep.contribution"])

    def _number(self, value):
        """A number of a form; 0 for none. What is no number is no form of ours."""
        if not value:
            return 0
        if not value.isdecimal() or len(value) > 9:
            raise request.not_found()
        return int(value)

    def _page(self, plan, problem=None, typed=None):
        env = request.env
        parts = env["pep.contribution"].search([("plan_id", "=", plan.id), ("state", "in", OPEN)])._mine()
        values = {
            "plan": plan,
            "child": plan.child_id,
            "colleagues": env["pep.delegation"]._colleagues(plan),
            "schools": self._schools(plan),
            "parts": parts.filtered(lambda part: part.owner_role == "teacher" and not part.delegate_id),
            "problem": problem,
            "said": env._("An invitation is on its way to your colleague.") if request.params.get("said") else None,
            "typed": {"user_id": "", "what": "", "name": "", "email": "", **(typed or {})},
        }
        title = env._("Let a colleague help, %(reference)s", reference=plan.child_reference)
        return render("pep_module.portal_delegate", title, values)
