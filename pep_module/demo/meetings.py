"""The meetings of the demo council: who was asked and answers what, what was agreed, and what changed around a child.

Nobody is mailed: the invitations of the past were sent then, and those of this term count as sent.
"""

from datetime import timedelta

from . import words
from .days import forward


class Meetings:
    """Plays the meetings. ``story`` is the :class:`~.story.Story` that is being told."""

    def __init__(self, story):
        self.story = story

    # === Held ===

    def record(self, meeting, number):
        """What was said at a meeting that is being held, and what was agreed.

        What was agreed in the first term is done by now; of the next, a little is not.
        """
        turn = self.story.turn(meeting)
        if number == 2:
            meeting._make_agenda()
            for place, point in enumerate(meeting.sudo().point_ids[:4]):  # sudo: the chair's view writes these
                said = words.SAID[(turn + place) % len(words.SAID)]
                point.write({"said": said, "state": "discussed"})
        day = self.story.council._pep_local(meeting.start).date()
        for place, (role, what) in enumerate(words.ACTIONS[turn % len(words.ACTIONS)]):
            owner = meeting.attendee_ids.filtered(lambda row, role=role: row.role == role)[:1]
            action = meeting.env["pep.action"].create(
                {
                    "plan_id": meeting.plan_id.id,
                    "meeting_id": meeting.id,
                    "name": what,
                    "role": role,
                    "partner_id": owner.partner_id.id if not owner.partner_id.is_company else False,
                    "due_date": day + timedelta(days=14 + 7 * place),
                }
            )
            if number == 0 or (number == 1 and (turn + place) % 9) or (number == 2 and place and turn % 2):
                action.action_done()

    def confide(self, meeting):
        """The chair's private note, for colleagues alone."""
        meeting.env["pep.meeting.note"].sudo().create(  # sudo: the chair's view writes these
            {"meeting_id": meeting.id, "author_id": meeting.env.uid, "text": words.PRIVATE}
        )

    # === To come ===

    def tell(self):
        """Everything about the meetings that are still to come, and the last of what has been."""
        env = self.story.env
        this_term = [("company_id", "=", self.story.council.id), ("term_id", "=", self.story.this.id)]
        coming = env["pep.meeting"].search([*this_term, ("state", "=", "planned")], order="start, id")
        for number, meeting in enumerate(coming):
            meeting = self.as_chair(meeting)
            if number % 4 != 3 or "parent" in meeting.attendee_ids.mapped("role"):
                self.invite(meeting, declines=number == 1)
        held = env["pep.meeting"].search([*this_term, ("state", "=", "held")], order="start, id", limit=1)
        if held:
            self.confide(self.as_chair(held))
        self.offer("maisie")
        self.change("evie")

    def as_chair(self, meeting):
        return meeting.with_env(self.story.env(user=meeting.chair_id.id, su=False))

    def invite(self, meeting, declines):
        """Everybody is asked, and most have answered. A parent comes at another time, and is not told where."""
        for parent in meeting.attendee_ids.filtered(lambda row: row.role == "parent"):
            parent.write(
                {
                    "withhold_place": True,
                    "withhold_people": True,
                    "withhold_reason": "The carers' school and address are not known to the parent.",
                    "own_start": meeting.start + timedelta(hours=2),
                    "own_duration": 0.5,
                }
            )
        meeting.with_context(pep_meeting_quiet=True).action_send_invitations()
        turn = self.story.turn(meeting)
        answers = ("accepted", "accepted", "none", "accepted", "tentative")
        for place, row in enumerate(meeting.attendee_ids.filtered("partner_id")):
            if row.role == "vseo":
                continue
            answer = answers[(turn + place) % len(answers)]
            note = "I may be ten minutes late." if answer == "tentative" else None
            if declines and row.role == "social_worker":
                answer, note = "declined", "In court that day. Any time on Thursday would do."
            if answer != "none" and row.invitation == "invited":
                row.sudo()._set_answer(answer, "portal" if place % 2 else "mail", note)  # sudo: as the person answers

    def offer(self, key):
        """Three times are offered to those around one child, and some have ticked."""
        story = self.story
        plan = story.ref(f"child_{key}").plan_ids.filtered(lambda plan: plan.term_id == story.this)
        plan = plan.with_env(story.env(user=plan.vseo_id.id, su=False))
        if plan.meeting_ids.filtered(lambda meeting: meeting.state in ("planned", "held")):
            return
        days = [forward(story.today + timedelta(days=days)) for days in (6, 8, 12)]
        meeting = plan.env["pep.meeting"].create({"plan_id": plan.id, "mode": "online"})
        options = plan.env["pep.meeting.option"].create(
            [
                {"meeting_id": meeting.id, "start": story.at(day, hour)}
                for day, hour in dict(zip(days, (9.5, 14, 11), strict=True)).items()
            ]
        )
        meeting.with_context(pep_meeting_quiet=True).action_offer()
        asked = meeting.attendee_ids.sudo().filtered("offer_sent")  # sudo: as the people tick
        for place, row in enumerate(asked[:2]):
            suits = ("yes", "no", "perhaps") if place else ("yes", "yes", "no")
            row._tick_options(dict(zip(options.ids, suits, strict=False)), "portal")

    def change(self, key):
        """One child moves to other carers: the VSEO is asked to look at what follows."""
        story = self.story
        child = story.as_user(story.ref(f"child_{key}"), story.rows[key]["vseo"])
        carers = child.network_ids.filtered(lambda member: member.role == "carer" and not member.date_to)
        carers.date_to = story.today - timedelta(days=1)
        child.env["pep.network.member"].create(
            {
                "child_id": child.id,
                "partner_id": story.ref("contact_haverley").id,
                "role": "carer",
                "relation": "Foster carer",
                "date_from": story.today,
            }
        )
