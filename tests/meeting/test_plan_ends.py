from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from tests.meeting.mail_common import JUNE, ROLES, MailCase

ADDRESSES = {f"{role}@people.example" for role in ROLES}


@tagged("post_install", "-at_install")
class TestPlanEnds(MailCase):
    """What becomes of the meetings of a PEP that is cancelled, finished, returned or corrected."""

    def cancel_plan(self, plans=None):
        plans = self.as_user(plans or self.plan, "vseo")
        return self.mails_of(lambda: plans._take_step("cancel", "Adopted in Wales"))

    def hold_one(self):
        """A meeting of the PEP that took place, which brought it to processing."""
        self.smart_target(self.plan)
        held = self.make_meeting(self.plan, fields.Datetime.now() - timedelta(hours=3))
        held._hold()
        self.assertEqual(self.plan.state, "processing")
        return held

    def test_cancelled_its_meetings_are_too_and_those_invited_are_told(self):
        extra = self.make_meeting(self.plan, JUNE + timedelta(days=3), is_extra=True)
        self.send()
        self.invite(extra)
        mails = self.cancel_plan()
        self.assertEqual(len(mails), 12)
        self.assertEqual(set(mails.mapped("pep_ical_method")), {"CANCEL"})
        for meeting in self.meeting | extra:
            # each is deleted once it has left
            told = self.deliver(mails.exists().filtered(lambda mail, uid=meeting.uid: uid in mail.message_id))
            self.assertEqual(set(told), ADDRESSES)
            self.assertEqual((meeting.state, meeting.cancel_reason), ("cancelled", "Adopted in Wales"))
            self.assertFalse(meeting.event_id.active)
            for letter in told.values():
                self.assertNotIn("Wales", letter.whole)

    def test_one_that_took_place_stays(self):
        held = self.hold_one()
        self.cancel_plan()
        self.assertEqual((held.state, self.meeting.state), ("held", "cancelled"))
        self.assertTrue(held.event_id.active)

    def test_several_at_once_with_nobody_invited(self):
        other = self.make_plan()
        meeting = self.make_meeting(other, JUNE + timedelta(hours=2))
        self.assertFalse(self.cancel_plan(self.plan | other))
        self.assertEqual(set((self.meeting | meeting).mapped("state")), {"cancelled"})

    def test_a_child_who_leaves_care_keeps_the_meeting_until_the_pep_is_cancelled(self):
        self.send()
        mails = self.mails_of(lambda: self.child.write({"date_out_of_care": self.today}))
        self.assertFalse(mails.filtered("pep_ical_method"))
        self.assertEqual(self.meeting.state, "planned")
        self.assertEqual(set(self.deliver(self.cancel_plan())), ADDRESSES)

    def test_archived_the_child_s_meeting_can_still_be_called_off(self):
        self.send()
        self.child.active = False
        meeting = self.as_user(self.meeting, "vseo")
        self.assertEqual(set(self.letters(lambda: meeting._cancel("Not looked after any more"))), ADDRESSES)

    def test_not_finished_while_a_meeting_is_to_come(self):
        """Else the meeting would be frozen with it: nobody could move it, or tell those invited that it is off."""
        self.plan._move("processing", {"processing_due": self.today})
        plan = self.as_user(self.plan, "vseo")
        with self.assertRaisesRegex(UserError, "is still open"):
            plan.action_complete()
        self.as_user(self.meeting, "vseo")._cancel("We met at the review")
        self.make_meeting(self.plan, JUNE + timedelta(days=2), is_extra=True)
        action = plan.action_complete()
        self.assertEqual(action["res_model"], "pep.plan.go.on", "it goes on to what else is missing")

    def test_returned_and_corrected_the_meeting_stays_held(self):
        held = self.hold_one()
        plan = self.as_user(self.plan, "vseo")
        plan._take_step("return", "The school's part is another child's")
        self.assertEqual((plan.state, held.state), ("gathering", "held"))
        self.assertEqual(plan.processing_due, held.date + timedelta(days=14), "two weeks run on from the meeting")
        plan.action_ready()
        self.assertFalse(plan.action_process(), "the meeting that was held still counts")
        self.assertEqual(plan.processing_due, held.date + timedelta(days=14))
        self.plan._move("complete")
        plan._take_step("correct", "A wrong date")
        self.assertEqual((plan.state, held.state), ("processing", "held"))
        with self.assertRaisesRegex(UserError, "Only a planned meeting"):
            self.as_user(held, "vseo")._cancel("Never mind")
