from odoo import http
from odoo.http import request

from .page import attempt, found, hidden
from .portal import PepPortal

SHOWN_CLOSED = 5  # on the page of a PEP, of those that are done, the latest
SHOWN_OPEN = 20  # on the list of children


class PepActionPortal(PepPortal):
    """*My actions*: what the person agreed to do, on the list of children and on the page of each PEP.

    Plain forms that need no script. Somebody else's action is answered like a page that does not exist.
    """

    # === On the pages ===

    def _pep_home(self):
        """On the card of the start page: how many actions are still to do."""
        home = super()._pep_home()
        return home and {**home, "actions": len(self._own_actions([("state", "=", "open")]))}

    def _list_rest(self, roles):
        """On the list of children: what the person still has to do for any of them, the first due first."""
        actions = request.env["pep.action"]
        actions = self._own_actions([("state", "=", "open")]) if roles and actions.has_access("read") else actions
        said = request.params.get("said")
        return {
            **super()._list_rest(roles),
            "my_actions": self._action_rows(actions[:SHOWN_OPEN]),
            "more_actions": len(actions[SHOWN_OPEN:]),
            "actions_back": "",
            "action_said": self._action_saying(said),
            "action_refused": said in ("action_why", "action_over"),
        }

    def _plan_rest(self, plan, plan_id, mine, company):
        actions = self._own_actions([("plan_id", "=", plan_id)])
        done = actions.filtered(lambda action: action.state != "open").sorted("done_on", reverse=True)
        return {
            **super()._plan_rest(plan, plan_id, mine, company),
            "my_actions": self._action_rows(actions - done) + self._action_rows(done[:SHOWN_CLOSED]),
            "more_actions": 0,
            "actions_back": str(plan_id),
            "next_meeting": plan._next_meeting_words() if plan else False,
        }

    def _saying(self, said):
        return self._action_saying(said) or super()._saying(said)

    def _action_saying(self, said):
        env = request.env
        return {
            "action_done": env._("Thank you. It is noted as done."),
            "action_not_done": env._("Thank you for saying so. It is noted, with your reason."),
            "action_open": env._("It is on your list again."),
            "action_why": env._("Please say why it is not done, in a few words. Nothing has been changed."),
            "action_over": env._("This has been changed in the meantime. Please look at your list again."),
        }.get(said)

    def _own_actions(self, domain):
        """The user's own actions of children who are there, as the user."""
        own = [("is_mine", "=", True), ("child_id.active", "=", True)]
        return request.env["pep.action"].search([*own, *domain])

    def _action_rows(self, actions):
        """What the pages say of each action. Whose it is only those learn who may see the child."""
        plans = request.env["pep.plan"]
        plans = plans.search([("id", "in", actions.plan_id.ids)]) if plans.has_access("read") else plans
        rows = []
        for action in actions:
            council = action.company_id.sudo()  # sudo: the council's clock, for a login of another council
            rows.append(
                {
                    "action": action,
                    "child": action.child_name or action.child_reference,
                    "link": f"/my/pep/{action.plan_id.id}" if action.plan_id in plans else None,
                    "today": council._pep_today(),
                    "may_reopen": action._may_reopen(),
                }
            )
        return rows

    # === What is said of one ===

    @http.route("/my/pep/action/<int:action_id>/done", type="http", auth="user", website=False, methods=["POST"])
    @hidden
    def action_done(self, action_id, back="", note="", **_kw):
        return self._say(action_id, back, "action_done", lambda action: action.action_done(note))

    @http.route("/my/pep/action/<int:action_id>/not-done", type="http", auth="user", website=False, methods=["POST"])
    @hidden
    def action_not_done(self, action_id, back="", reason="", **_kw):
        if not reason.strip():
            found(request.env["pep.action"], ("id", "=", action_id), ("is_mine", "=", True))
            return self._back(back, "action_why")
        return self._say(action_id, back, "action_not_done", lambda action: action.action_not_done(reason))

    @http.route("/my/pep/action/<int:action_id>/open", type="http", auth="user", website=False, methods=["POST"])
    @hidden
    def action_open(self, action_id, back="", **_kw):
        return self._say(action_id, back, "action_open", lambda action: action.action_reopen())

    def _say(self, action_id, back, done, act):
        """Do it to the user's own action; somebody else's is no page, also for staff, who have the app for that."""
        action = found(
            request.env["pep.action"],
            ("id", "=", action_id),
            ("is_mine", "=", True),
            ("child_id.active", "=", True),
        )
        _result, refused = attempt(act, action)
        return self._back(back, "action_over" if refused else done)

    def _back(self, back, said):
        path = f"/my/pep/{int(back)}" if back.isdecimal() else "/my/pep"
        return request.redirect(f"{path}?said={said}#my_actions", code=303)
