from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from ..models.plan.pep_contribution import LIVE
from ..models.target.pep_target_proposal import KNOWN
from .page import found, hidden, list_title, render
from .portal import PepPortal


class PepProposal(PepPortal):
    """Targets that a teacher, social worker, carer or colleague suggests, in a plain form that needs no script.

    Who may, and what a suggestion may hold, the methods of ``pep.target.proposal`` say. What may not be seen is
    answered like a page that does not exist; what can't be taken comes back with what was typed and what to put right.
    """

    def _plan_rest(self, plan, plan_id, mine, company):
        """On the page of a PEP: what was suggested, and the way to suggest."""
        proposals = request.env["pep.target.proposal"]
        may = bool(plan) and plan.state in LIVE and proposals._role_in(plan)
        return {
            **super()._plan_rest(plan, plan_id, mine, company),
            "may_propose": bool(may),
            "proposals": proposals.search([("plan_id", "=", plan_id), ("state", "!=", "withdrawn")]),
        }

    def _saying(self, said):
        env = request.env
        mine = {
            "proposed": env._("Your suggestion has been sent to the virtual school."),
            "changed": env._("Your suggestion has been changed."),
            "taken_back": env._("Your suggestion has been taken back."),
        }
        return mine.get(said) or super()._saying(said)

    @http.route("/my/pep/<int:plan_id>/target", type="http", auth="user", website=False, methods=["GET"], readonly=True)
    @hidden
    def target_form(self, plan_id, said=None, **_kw):
        plan = self._plan_to_suggest_in(plan_id)
        return self._form(plan, request.env["pep.target.proposal"], said=said)

    @http.route("/my/pep/<int:plan_id>/target", type="http", auth="user", website=False, methods=["POST"])
    @hidden
    def target_propose(self, plan_id, **form):
        plan = self._plan_to_suggest_in(plan_id)
        proposals = request.env["pep.target.proposal"]
        return self._attempt(plan, proposals, form, "proposed", lambda vals: proposals.action_propose(plan.id, vals))

    @http.route(
        "/my/pep/<int:plan_id>/target/<int:proposal_id>",
        type="http",
        auth="user",
        website=False,
        methods=["GET"],
        readonly=True,
    )
    @hidden
    def target_change_form(self, plan_id, proposal_id, **_kw):
        plan = self._plan_to_suggest_in(plan_id)
        return self._form(plan, self._own(plan, proposal_id))

    @http.route(
        "/my/pep/<int:plan_id>/target/<int:proposal_id>", type="http", auth="user", website=False, methods=["POST"]
    )
    @hidden
    def target_change(self, plan_id, proposal_id, **form):
        plan = self._plan_to_suggest_in(plan_id)
        proposal = self._own(plan, proposal_id)
        return self._attempt(plan, proposal, form, "changed", proposal.action_change)

    @http.route(
        "/my/pep/<int:plan_id>/target/<int:proposal_id>/withdraw",
        type="http",
        auth="user",
        website=False,
        methods=["POST"],
    )
    @hidden
    def target_withdraw(self, plan_id, proposal_id, **_kw):
        plan = self._plan_to_suggest_in(plan_id)
        proposal = self._own(plan, proposal_id)
        try:
            with request.env.cr.savepoint():
                proposal.action_withdraw()
        except AccessError:
            raise
        except UserError as error:
            return self._form(plan, request.env["pep.target.proposal"], message=str(error))
        return request.redirect(f"/my/pep/{plan.id}/target?said=taken_back", code=303)

    # === Finding ===

    def _plan_to_suggest_in(self, plan_id):
        plan = found(request.env["pep.plan"], ("id", "=", plan_id))
        if not request.env["pep.target.proposal"]._role_in(plan):
            raise request.not_found()
        return plan

    def _own(self, plan, proposal_id):
        return found(
            request.env["pep.target.proposal"],
            ("id", "=", proposal_id),
            ("plan_id", "=", plan.id),
            ("is_mine", "=", True),
            ("state", "=", "open"),
        )

    # === The form ===

    def _attempt(self, plan, proposal, form, done, act):
        """Do it, all or nothing; when it can't be taken, show the form again with what was typed."""
        typed = {name: form[name] for name in KNOWN & form.keys() if isinstance(form[name], str)}
        try:
            with request.env.cr.savepoint():
                act(typed)
        except AccessError:
            raise
        except UserError as error:
            problems = getattr(error, "problems", {})
            message = None if problems else str(error)
            return self._form(plan, proposal, typed=typed, problems=problems, message=message)
        return request.redirect(f"/my/pep/{plan.id}/target?said={done}", code=303)

    def _form(self, plan, proposal, typed=None, problems=None, message=None, said=None):
        env = request.env
        proposals = env["pep.target.proposal"]
        fields = proposals._fields
        values = typed if typed is not None else proposal._as_typed()
        response = render(
            "pep_module.portal_target",
            env._("Suggest a target, PEP %(reference)s", reference=plan.child_reference),
            {
                "plan": plan,
                "list_title": list_title(env["pep.access"]._roles_on(plan.child_id).get(plan.child_id.id, set())),
                "term": plan.term_id,
                "proposal": proposal,
                "proposals": proposals.search([("plan_id", "=", plan.id)], order="id desc"),
                "open": plan.state in LIVE,
                "areas": proposals._areas(plan),
                "agreed": fields["agreed_with_child"]._description_selection(env),
                "values": {name: values.get(name) or "" for name in KNOWN},
                "problems": problems or {},
                "message": message,
                "said": self._saying(said),
                "uid": env.uid,
                "currency": plan.company_id.sudo().currency_id,  # sudo: of a council that the login is not in
            },
        )
        if problems or message:
            response.status_code = 422
        return response
