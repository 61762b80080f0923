"""Whether anything follows from what changed around some children."""

from collections import namedtuple

LIVE = ("gathering", "ready", "processing")
CLOSED = ("complete", "cancelled")
# Money that has been asked for or approved and may still go out.
LIVE_MONEY = ("asked", "approved")
# In the context, says that nobody moves. An object: no call from outside can bring it along.
QUIETLY = object()
# One thing that changed around a child today. ``kind`` is one of those of pep.network.change.line; ``key`` names it for
# ever: noted once, it is not noted again. ``slot`` is what a newcomer may take from somebody who left: the role, or the
# school; of a teacher who left it is the id of that school. ``name`` is that of ``partner``, as it is kept.
Event = namedtuple("Event", "child kind key date slot partner name", defaults=(None, False))


class Around:
    """What a change of some children's network could be about. Read in a fixed number of queries."""

    def __init__(self, env, children):
        self.env, self.children = env, children
        plans = env["pep.plan"].search_fetch(
            [("child_id", "in", children.ids), ("state", "not in", CLOSED)], ["child_id", "state", "term_id"]
        )
        self.plans = plans.grouped("child_id")
        self.meetings = env["pep.meeting"]._to_come(children).grouped("child_id")
        money = env["pep.funding"]._read_group(
            [("child_id", "in", children.ids), ("state", "in", LIVE_MONEY)], ["child_id", "school_id"]
        )
        self.money = {(child.id, school.id) for child, school in money}

    def read_more(self, events):
        """What is asked only where there is a PEP, a meeting or money at all."""
        env, ids = self.env, self.children.ids
        listed = env["pep.meeting.attendee"].search_fetch(
            [
                ("child_id", "in", ids),
                ("meeting_id", "in", [meeting.id for rows in self.meetings.values() for meeting in rows]),
                ("invitation", "!=", "withdrawn"),
                ("partner_id", "!=", False),
            ],
            ["child_id", "partner_id"],
        )
        self.listed = {(row.child_id.id, row.partner_id.id) for row in listed}
        today = {company: company._pep_today() for company in self.children.company_id}
        day = max(today.values())
        left = [("child_id", "in", ids), ("date_to", "<", day)]
        members = env["pep.network.member"]._read_group([*left, ("must_not_contact", "=", False)], ["child_id", "role"])
        schools = env["pep.enrolment"]._read_group([*left, ("school_id", "!=", False)], ["child_id"])
        self.left = {(child.id, role) for child, role in members} | {(child.id, "school") for (child,) in schools}
        self.left |= {(event.child.id, event.slot) for event in events if event.kind.endswith("_left")}
        staffed = env["pep.school.staff"]._teaching_at(
            env["res.partner"].browse(event.slot for event in events if event.kind == "teacher_left")
        )
        self.staffed = set(staffed.school_id.ids)

    def matters(self, event):
        """Whether something follows from an event."""
        child = event.child.id
        plans = self.plans.get(event.child, ())
        begun = any(plan.state in LIVE for plan in plans)
        on_a_list = bool(event.partner) and (child, event.partner.id) in self.listed
        if event.kind == "teacher_left":
            return on_a_list or (begun and event.slot not in self.staffed)
        if event.slot == "other":  # has no part in the PEP and no access
            return on_a_list and event.kind != "person_new"
        if event.kind == "school_left" and event.partner and (child, event.partner.id) in self.money:
            return True
        if not plans and event.child not in self.meetings:
            return False
        if event.kind == "placement" and event.child not in self.meetings:
            # a return of the whole year tells of moves that the PEP of this term began with
            return any(event.date >= plan.term_id.date_from for plan in plans)
        if event.kind in ("school_new", "person_new"):
            # the first people around a child, of whom nothing has been asked yet: no change, but the beginning
            return begun or event.child in self.meetings or (child, event.slot) in self.left
        return True
