from datetime import date, timedelta

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.plan.pep_contribution import HANDED_IN, LIVE, OPEN, STAFF
from .page import hidden, in_words, list_title, meeting_rows, moment_in_words, render, slot_in_words

PAGE = 30
SOON = 7  # days
# Words in the address of a page that tell of something done; others of something refused.
SAID_WELL = {"filed", "withdrawn", "proposed", "changed", "taken_back", "delegated", "ended", "invited", "attendance"}
SAID_WELL |= {"action_done", "action_not_done", "action_open"}


class PepPortal(CustomerPortal):
    """*My pupils* or *My children*: who there is, what is due, and the PEP of each.

    Every record is looked for as the user, without sudo. What is not found is no page.
    """

    # === Home ===

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if not counters:
            values["pep_home"] = self._pep_home()
        return values

    def _pep_home(self):
        """What the card on the person's own start page says; None for somebody with no child."""
        contributions = request.env["pep.contribution"]
        if not contributions.has_access("read"):
            return None
        roles = contributions._roles_of_user()
        if not roles:
            return None
        parts = contributions._to_do().filtered("required")
        first = parts.filtered("due_date").sorted("due_date")[:1]
        today = first.company_id.sudo()._pep_today() if first else None  # sudo: the council's clock, for any login
        return {
            "title": list_title(roles),
            "parts": len(parts),
            "late": sum(parts.mapped("is_late")),
            "due": in_words(first.due_date, today),
        }

    # === The list ===

    @http.route(
        ["/my/pep", "/my/pep/page/<int:page>"], type="http", auth="user", website=False, methods=["GET"], readonly=True
    )
    @hidden
    def pep_list(self, page=1, **_kw):
        return self._list(page)

    @http.route("/my/pep", type="http", auth="user", website=False, methods=["POST"], readonly=True)
    @hidden
    def pep_search(self, search="", **_kw):
        """What was looked for is sent in the body: it may be a name, and addresses end up in logs and histories."""
        return self._list(1, search)

    def _list(self, page, search=""):
        contributions = request.env["pep.contribution"]
        roles = contributions._roles_of_user()
        search = search.strip()[:100]
        children = self._children(search) if roles else request.env["pep.child"]
        parts = contributions._to_do(children) if roles else contributions
        parts_of = parts.grouped(lambda part: part.child_id.id)
        needed = parts.filtered("required").grouped(lambda part: part.child_id.id)
        due = {child_id: min(part.due_date or date.max for part in rows) for child_id, rows in needed.items()}
        children = children.sorted(lambda child: due.get(child.id, date.max))  # by name where the day is the same
        children = children.sorted(lambda child: child.id not in due)
        # what was found is shown on one page: the address of a second would have to say what was looked for
        pages = pager("/my/pep", len(children), page=page, step=max(len(children), 1) if search else PAGE)
        children = children if search else children[pages["offset"] : pages["offset"] + PAGE]
        rows = self._rows(children, parts_of) if children else []
        return render(
            "pep_module.portal_list",
            list_title(roles),
            {
                "heading": list_title(roles),
                "groups": self._grouped_by_due(rows),
                "meetings": meeting_rows(self._meetings()) if page == 1 and not search else [],
                "pager": pages,
                "search": search,
                "known": bool(roles),
                "may_import": "teacher" in roles,
                "several_councils": len({row["council"] for row in rows}) > 1,
                **self._list_rest(roles),
            },
        )

    def _list_rest(self, roles):
        """What else the list shows, for somebody with these roles. Each in a file of its own."""
        return {}

    def _meetings(self):
        """The meetings that the user is asked to, the next ones first."""
        attendees = request.env["pep.meeting.attendee"]
        return attendees._coming_invitations() if attendees.has_access("read") else attendees

    def _children(self, search):
        """The children whom the user may see, in the order of their names; those that fit what was looked for."""
        domain = Domain.TRUE
        if search:
            plans = request.env["pep.plan"].search(
                [("school_name", "ilike", search), ("state", "in", LIVE)], order="id"
            )
            domain = (
                Domain("full_name", "ilike", search)
                | Domain("reference", "ilike", search)
                | Domain("id", "in", plans.child_id.ids)
            )
        return request.env["pep.child"].search_fetch(domain, ["full_name", "reference", "company_id"])

    def _rows(self, children, parts_of):
        """What the list says of each child. A child without anything due has no parts."""
        addresses = self._addresses(children)
        rows = []
        for child in children:
            newest = addresses[child.id]["plan"]
            company = child.company_id.sudo()  # sudo: the council's name and clock, for a login of another council
            today = company._pep_today()
            parts = parts_of.get(child.id, request.env["pep.contribution"])
            todo = [
                self._due_row(plan_id, mine, today)
                for plan_id, mine in parts.grouped(lambda part: part.plan_id.id).items()
            ]
            todo.sort(key=lambda row: row["due"] or date.max)
            rows.append(
                {
                    "child": child,
                    "council": company.name,
                    "school": newest.school_name,
                    "todo": todo,
                    "due": todo[0]["due"] if todo else None,
                    "late": any(row["late"] for row in todo),
                    "today": today,
                    "plan_id": addresses[child.id]["id"],
                }
            )
        return rows

    def _addresses(self, children):
        """For each child the newest PEP that the user may read, and the number of the page to link to.

        Who reads no PEP, as a parent, is led to the one that a part or an issued copy is of.

        :return: dict of child id -> dict with ``plan`` (``pep.plan``, may be empty) and ``id`` (may be False)
        """
        env = request.env
        of_children = [("child_id", "in", children.ids)]
        plans = env["pep.plan"].search_fetch(
            [*of_children, ("state", "!=", "cancelled")], ["child_id", "term_id", "school_name"], order="id desc"
        )
        plans = plans.sorted(lambda plan: (plan.term_id.date_from, plan.id), reverse=True)
        parts = env["pep.contribution"].search_fetch(
            [*of_children, ("is_live", "=", True)], ["child_id", "plan_id"], order="plan_id.id desc, id"
        )
        copies = env["pep.plan.copy"].search_fetch(of_children, ["child_id", "plan_id"], order="plan_id desc, id desc")
        found = {child.id: {"plan": plans.browse(), "id": False} for child in children}
        for child_id, rows in plans.grouped(lambda plan: plan.child_id.id).items():
            found[child_id] = {"plan": rows[0], "id": rows[0].id}
        for rows in (parts, copies):
            for child_id, of_child in rows.grouped(lambda row: row.child_id.id).items():
                found[child_id]["id"] = found[child_id]["id"] or of_child[0].plan_id.id
        return found

    def _due_row(self, plan_id, parts, today):
        """What the user has to do in one PEP. Only what is required is due and late; the rest is an offer."""
        needed = parts.filtered("required")
        shown = needed or parts
        due = min((part.due_date for part in needed if part.due_date), default=None)
        asked = sum(shown.mapped("question_count"))
        returned = parts.filtered(lambda part: part.state == "returned")
        next_part = (returned or shown)._left_off()
        return {
            "plan_id": plan_id,
            "term": parts[:1].term_id.name,
            "number": len(needed),
            "offered": len(parts - needed),
            "due": due,
            "due_words": in_words(due, today),
            "late": bool(due and due < today),
            "minutes": shown._minutes(),
            "progress": 100 * sum(shown.mapped("answered_count")) // asked if asked else 0,
            "returned": len(returned),
            "next": next_part,
            "begun": next_part.state != "not_started",
        }

    def _grouped_by_due(self, rows):
        env = request.env
        titles = {
            "late": env._("Late"),
            "soon": env._("Due within a week"),
            "later": env._("Due later"),
            "nothing": env._("Nothing to do now"),
        }
        groups = {key: [] for key in titles}
        for row in rows:
            soon = row["due"] and row["due"] <= row["today"] + timedelta(days=SOON)
            needed = any(todo["number"] for todo in row["todo"])
            key = "late" if row["late"] else "soon" if soon else "later" if needed else "nothing"
            groups[key].append(row)
        return [{"key": key, "title": titles[key], "rows": members} for key, members in groups.items() if members]

    # === One PEP ===

    @http.route("/my/pep/<int:plan_id>", type="http", auth="user", website=False, methods=["GET"], readonly=True)
    @hidden
    def pep_plan(self, plan_id, said=None, **_kw):
        return render("pep_module.portal_plan", *self._plan_page(plan_id, said))

    def _plan_page(self, plan_id, said=None):
        """Title and values of the page of a PEP; there is one when the user may read anything of it.

        A parent reads no PEP while it is worked on, but answers a part of it, and reads the issued copy.
        """
        env = request.env
        plan = env["pep.plan"].search([("id", "=", plan_id)]) if env["pep.plan"].has_access("read") else env["pep.plan"]
        parts = env["pep.contribution"].search([("plan_id", "=", plan_id), ("state", "!=", "not_needed")])
        copies = env["pep.plan.copy"].search([("plan_id", "=", plan_id)])
        child = (plan or parts[:1] or copies[:1]).child_id
        if not child or not child.active:
            raise request.not_found()
        roles = env["pep.access"]._roles_on(child).get(child.id, set())
        mine = parts._mine()
        company = child.company_id.sudo()  # sudo: the council's name and clock, for a login of another council
        today = company._pep_today()
        todo = mine.filtered(lambda part: part.state in OPEN)
        values = {
            "plan": plan,
            "plan_id": plan_id,
            "child": child,
            "term": (plan or parts[:1] or copies[:1]).term_id,
            "company": company,
            "today": today,
            "roles": roles,
            "staff": bool(roles & STAFF) and env.user._is_internal(),
            "returned": mine.filtered(lambda part: part.state == "returned"),
            "mine": mine,
            "others": (parts - mine).filtered(lambda part: part.owner_role != "child" or part.state in HANDED_IN),
            "todo": self._due_row(plan_id, todo, today) if todo else None,
            "handed_in": HANDED_IN,
            "when": lambda moment: moment_in_words(moment, company),
            "said": env["pep.document"]._saying(said) or self._saying(said),
            "said_well": said in SAID_WELL,
            "copies": copies,
            **self._plan_rest(plan, plan_id, mine, company),
        }
        return env._("PEP %(reference)s", reference=child.reference), values

    def _plan_rest(self, plan, plan_id, mine, company):
        """What else of the PEP the user may read and do. Each of these is asked for by its own rule."""
        env = request.env
        of_plan = [("plan_id", "=", plan_id)]
        child = (plan or mine[:1]).child_id
        roles = env["pep.access"]._roles_on(child).get(child.id, set())
        staff = bool(roles & STAFF) and env.user._is_internal()
        live = plan.state in LIVE if plan else any(mine.mapped("is_live"))
        return {
            "live": live,
            "targets": env["pep.target"].search([*of_plan, ("state", "!=", "withdrawn")]),
            "reviews": env["pep.target.review"].search(of_plan),
            "meetings": meeting_rows(env["pep.meeting.attendee"]._own_invitations(of_plan)),
            "meeting_slot": slot_in_words(plan.meeting_date, False, company, company._pep_today()) if plan else None,
            "documents": env["pep.document"].search([*of_plan, ("state", "=", "filed")]),
            "document_types": self._types_to_file(company, roles, staff) if live else [],
            "document_limit": company.pep_document_max_mb,
            "attendance": env["pep.attendance"].search([("child_id", "=", child.id)], limit=6) if plan else [],
            "may_report": bool(plan and env["pep.attendance"]._schools_to_report_for(child)),
            "voice": self._voice(plan_id),
            **self._delegation(plan, child, roles),
        }

    def _types_to_file(self, company, roles, staff):
        """The types of document that the user may file for this child."""
        kinds = request.env["pep.document.type"].sudo()  # sudo: the types of the child's council; who files says each
        kinds = kinds.search([("company_id", "=", company.id)])
        return kinds if staff else kinds.filtered(lambda kind: kind._filed_by(roles))

    def _voice(self, plan_id):
        """The child's part, for whoever the child may trust with it: somebody who can't read it may still help."""
        parts = request.env["pep.contribution"].sudo()  # sudo: whom it is open to, the part itself says
        domain = [("plan_id", "=", plan_id), ("owner_role", "=", "child"), ("state", "!=", "not_needed")]
        part = parts.search(domain, limit=1)
        user_part = part.sudo(False)  # sudo: no longer, the user is asked
        if not part or not user_part._voice_trusts():
            return None
        return {
            "id": part.id,
            "closed": user_part._voice_closed(),
            "answered": part.answered_count,
            "count": part.question_count,
            "due": part.due_date,
        }

    def _delegation(self, plan, child, roles):
        """To whom this PEP's work was delegated, for teachers of the child; and whether the user may delegate."""
        if not plan or "teacher" not in roles:
            return {"delegations": [], "may_delegate": False}
        delegations = request.env["pep.delegation"]
        rows = delegations.search([("child_id", "=", child.id), ("ended_on", "=", False)])._in_force()
        rows = rows.filtered(lambda row: not row.contribution_id or row.contribution_id.plan_id == plan)
        return {"delegations": rows, "may_delegate": delegations._may_delegate(plan)}

    def _saying(self, said):
        """What a page says of a word in its address: what was just done, or why it was not."""
        env = request.env
        return {
            "delegated": env._("Your colleague can work on it now."),
            "ended": env._("It is back with you."),
            "invited": env._("An invitation is on its way to your colleague."),
            "attendance": env._("The attendance has been noted. Thank you."),
        }.get(said)
