from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestMeeting(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.smart_target(cls.plan)

    def make_meeting(self, start=None, **values):
        return self.as_user(self.env["pep.meeting"], "vseo").create(
            {"plan_id": self.plan.id, "start": start or fields.Datetime.now() - timedelta(hours=1), **values}
        )

    def test_the_people_of_today_are_proposed(self):
        people = self.make_meeting().attendee_ids
        self.assertEqual(
            sorted(people.mapped("role")), ["carer", "child", "iro", "parent", "social_worker", "teacher", "vseo"]
        )
        self.assertEqual(
            people.filtered(lambda person: person.role == "vseo").partner_id, self.users["vseo"].partner_id
        )

    def test_nobody_who_must_not_have_contact_is_proposed_or_added(self):
        parent = self.child.network_ids.filtered(lambda member: member.role == "parent")
        parent.must_not_contact = True
        meeting = self.make_meeting()
        self.assertNotIn(parent.partner_id, meeting.attendee_ids.partner_id)
        with self.assertRaises(ValidationError):
            meeting.attendee_ids.create(
                {"meeting_id": meeting.id, "role": "parent", "partner_id": parent.partner_id.id}
            )

    def test_held_once_and_only_with_somebody_there(self):
        meeting = self.make_meeting()
        with self.assertRaises(UserError):
            meeting.action_hold()
        meeting.attendee_ids[0].attended = True
        self.assertEqual(meeting.action_hold()["res_model"], "pep.meeting.hold")
        self.assertEqual(meeting.state, "planned", "somebody who must be there was not: it is asked first")
        meeting.attendee_ids.attended = True
        self.assertFalse(meeting.action_hold())
        self.assertEqual(meeting.state, "held")
        with self.assertRaises(UserError):
            meeting.action_hold()
        with self.assertRaises(UserError):
            meeting._cancel("The room is not free.")

    def test_not_held_before_it_began(self):
        meeting = self.make_meeting(fields.Datetime.now() + timedelta(days=1))
        meeting.attendee_ids.attended = True
        with self.assertRaises(UserError):
            meeting.action_hold()
        meeting._cancel("The room is not free.")
        self.assertEqual(meeting.state, "cancelled")

    def test_the_state_is_not_typed(self):
        meeting = self.make_meeting()
        with self.assertRaises(UserError):
            meeting.state = "held"
        self.assertEqual(self.make_meeting(fields.Datetime.now(), state="held").state, "planned")

    def test_the_day_is_the_council_s(self):
        # a quarter past midnight in British Summer Time is the evening before in UTC
        meeting = self.make_meeting(datetime(2027, 6, 30, 23, 15))
        self.assertEqual(meeting.date, date(2027, 7, 1))
        self.council.pep_tz = "UTC"
        self.assertEqual(meeting.date, date(2027, 6, 30))

    def test_two_weeks_from_a_meeting_late_at_night(self):
        plan = self.as_user(self.plan, "vseo")
        plan.action_start()
        plan.action_ready()
        meeting = self.make_meeting()
        meeting.attendee_ids.attended = True
        self.assertFalse(meeting.action_hold())
        self.assertEqual(plan.state, "processing")
        self.assertEqual(plan.processing_due, meeting.date + timedelta(days=14))

    def test_last_face_to_face(self):
        meeting = self.make_meeting(mode="face")
        meeting.attendee_ids.attended = True
        self.assertFalse(self.child.last_face_to_face)
        meeting.action_hold()
        self.child.invalidate_recordset()
        self.assertEqual(self.child.last_face_to_face, meeting.date)

    def test_a_person_is_on_the_list_once_and_the_name_stays_as_it_was(self):
        meeting = self.make_meeting()
        carer = meeting.attendee_ids.filtered(lambda person: person.role == "carer")
        name = carer.partner_name
        self.users["carer"].partner_id.name = "Married Since"
        self.assertEqual(carer.partner_name, name)

    def test_who_must_not(self):
        meeting = self.make_meeting()
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "finance",
            "admin",
            "other_vseo",
            "employee",
        ):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(meeting, role).action_cancel()
        self.assertEqual(meeting.state, "planned")
