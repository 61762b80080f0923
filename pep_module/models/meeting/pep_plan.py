from datetime import date

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..plan.pep_plan import CLOSED
from .pep_meeting import OPEN

SUPPORT = "pep_module.group_pep_support"
# Whom two children may have in common, so that their meetings are best held one after the other.
SHARED_ROLES = ("parent", "carer", "social_worker")


class PepPlan(models.Model):
    """Planning the meetings of PEPs: of one, or of several in a row."""

    _inherit = "pep.plan"

    is_offering = fields.Boolean(
        string="Times offered for the meeting",
        compute="_compute_is_offering",
        groups=SUPPORT,
        help="Several times are offered for the meeting, and none has been chosen yet.",
    )

    def _compute_is_offering(self):
        offering = self._with_meeting("offering")
        for plan in self:
            plan.is_offering = plan in offering

    def _with_meeting(self, *states):
        """Those of these PEPs that have a termly meeting in one of these states. One query."""
        groups = self.env["pep.meeting"]._read_group(
            [("plan_id", "in", self.ids), ("state", "in", states), ("is_extra", "=", False)], ["plan_id"]
        )
        return self.browse(plan.id for (plan,) in groups)

    def action_plan_meeting(self):
        """Open the meeting of this PEP or, where there is none yet, the form to plan it."""
        self.ensure_one()
        self.check_access("write")
        meeting = self.meeting_ids.filtered(lambda meeting: meeting.state in OPEN and not meeting.is_extra)[:1]
        if meeting:
            return meeting.get_formview_action()
        self._refuse_when_frozen()
        return self.env["pep.meeting.schedule"]._open_for(self)

    def action_schedule_meetings(self):
        """Plan the meetings of several PEPs one after another. Those that have one, or are finished, are left out."""
        self.check_access("write")
        to_plan = self.filtered(lambda plan: plan.state not in CLOSED)
        to_plan -= to_plan._with_meeting(*OPEN, "held")
        if not to_plan:
            raise UserError(
                self.env._("There is nothing left to plan: these PEPs have a meeting already, or are finished.")
            )
        return self.env["pep.meeting.schedule"]._open_for(to_plan, left_out=len(self - to_plan))

    def action_extra_meeting(self):
        """Plan a meeting beside the termly one, of any PEP that was not cancelled, also of a finished one."""
        self.check_access("write")
        if any(plan.state == "cancelled" for plan in self):
            raise UserError(self.env._("This PEP was cancelled: there is nothing to meet about."))
        return self.env["pep.meeting.schedule"]._open_for(self, is_extra=True)

    def action_complete(self):
        """A meeting that is still to come would be frozen with its PEP: nobody could move it or call it off."""
        self.check_access("write")
        waiting = self.filtered(lambda plan: plan.state == "processing")._with_meeting(*OPEN)
        if waiting:
            raise UserError(
                self.env._(
                    "The meeting of %(reference)s is still open. Say that it took place, or cancel it, before the PEP "
                    "is finished.",
                    reference=waiting[0].child_reference,
                )
            )
        return super().action_complete()

    def _move(self, state, vals=None):
        """With a PEP that is cancelled its meetings are, for the same reason. Those invited are told."""
        if state == "cancelled":
            meetings = self.env["pep.meeting"].sudo()  # sudo: follows from the PEP, whoever cancels it
            meetings = meetings.search([("plan_id", "in", self.ids), ("state", "in", OPEN)])
            meetings._cancel((vals or {}).get("stage_reason") or self.env._("The PEP was cancelled"))
        return super()._move(state, vals)

    def _previous_next_dates(self):
        """The day that the last PEP set for the next meeting, or the first of the month that it named.

        :return: dict of PEP -> date
        """
        named = Domain("next_meeting_date", "!=", False) | Domain("next_meeting_month", "!=", False)
        earlier = self.search_fetch(
            Domain("child_id", "in", self.child_id.ids) & named,
            ["child_id", "term_id", "next_meeting_date", "next_meeting_month"],
            order="id",
        )
        earlier_of = earlier.grouped("child_id")
        dates = {}
        for plan in self:
            began = plan.term_id.date_from
            before = [other for other in earlier_of.get(plan.child_id, ()) if other.term_id.date_from < began]
            if before:
                last = max(before, key=lambda other: other.term_id.date_from)
                dates[plan] = last.next_meeting_date or last.next_meeting_month
        return dates

    def _to_meet_with(self, limit=20):
        """Other PEPs of the term without a meeting that go well with these: children who share somebody.

        Only of children whom the user may see; the rules say who that is.

        :return: dict of PEP -> list of words, the closest first
        """
        mine = self._people_shared().values()
        shared = {partner for people in mine for partners in people.values() for partner in partners}
        around = [("partner_id", "in", list(shared)), ("role", "in", SHARED_ROLES)]
        others = self.search(
            Domain("term_id", "in", self.term_id.ids)
            & Domain("id", "not in", self.ids)
            & Domain("state", "not in", CLOSED)
            & Domain("meeting_ids", "not any", [("state", "in", (*OPEN, "held")), ("is_extra", "=", False)])
            & (Domain("school_id", "in", self.school_id.ids) | Domain("child_id.network_ids", "any", around)),
        )
        labels = {
            "parent": self.env._("A sibling: same parent"),
            "carer": self.env._("Same carer"),
            "social_worker": self.env._("Same social worker"),
        }
        people = others._people_shared()
        words = {}
        for plan in others:
            theirs = people[plan.child_id]
            same = [label for role, label in labels.items() if any(theirs[role] & own[role] for own in mine)]
            if plan.school_id and plan.school_id in self.school_id:
                same.append(self.env._("Same school"))
            if same:
                words[plan] = same
        closest = sorted(words, key=lambda plan: (-len(words[plan]), plan.next_due or date.max, plan.id))
        return {plan: words[plan] for plan in closest[:limit]}

    def _people_shared(self):
        """Parents, carers and social workers of these children today, as sets of contact ids.

        :return: dict of child -> dict of role -> set
        """
        today = {company: company._pep_today() for company in self.company_id}
        members = self.env["pep.network.member"].search_fetch(
            Domain("child_id", "in", self.child_id.ids) & Domain("role", "in", SHARED_ROLES),
            ["child_id", "company_id", "role", "partner_id", "date_from", "date_to", "must_not_contact"],
            order="id",
        )
        people = {child: {role: set() for role in SHARED_ROLES} for child in self.child_id}
        for member in members:
            # with whom there must be no contact still tells who is a sibling, but is nobody to meet
            counts = member.role == "parent" or not member.must_not_contact
            day = today[member.company_id]
            if counts and member.date_from <= day and (not member.date_to or member.date_to >= day):
                people[member.child_id][member.role].add(member.partner_id.id)
        return people
