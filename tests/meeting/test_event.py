from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.meeting.event_common import EventCase


@tagged("post_install", "-at_install")
class TestEvent(EventCase):
    """A meeting's own event follows it."""

    def messages(self):
        return (
            self.env["mail.mail"].search_count([]),
            self.env["mail.message"].search_count([("model", "=", "calendar.event")]),
            self.env["mail.activity"].search_count([]),
        )

    def test_a_planned_meeting_has_one_quiet_event(self):
        before = self.messages()
        meeting = self.make_meeting(self.start + timedelta(days=1), place="Room 3", link="https://teams.example/abc")
        meeting.write({"link_kind": "pasted"})
        event = self.event_of(meeting)
        self.assertEqual(len(event), 1)
        self.assertEqual(event.name, meeting._title())
        self.assertNotIn("Unsaid", event.name)
        self.assertNotIn("Zebedee", event.name)
        self.assertEqual((event.start, event.stop, event.duration), (meeting.start, meeting.stop, 1.0))
        self.assertEqual(event.location, "Room 3")
        self.assertEqual(event.videocall_location, "https://teams.example/abc")
        self.assertEqual(event.user_id, self.users["vseo"])
        self.assertEqual(event.partner_ids, self.users["vseo"].partner_id)
        self.assertEqual(event.attendee_ids.mapped("state"), ["accepted"])
        self.assertEqual((event.privacy, event.show_as, event.allday), ("private", "busy", False))
        self.assertFalse(event.description)
        self.assertFalse(event.access_token or event.attendee_ids.access_token)
        self.assertFalse(event.alarm_ids)
        self.assertFalse(event.activity_ids)
        self.assertFalse(event.message_follower_ids)
        self.assertFalse(event.res_model or event.res_id or event.videocall_channel_id)
        self.assertEqual(event.pep_child_id, self.child)
        self.assertEqual(event.attendee_ids.pep_child_id, self.child)
        self.assertEqual(self.messages()[1:], before[1:])
        self.assertFalse(self.env["mail.message"].search([("model", "=", "calendar.event"), ("res_id", "=", event.id)]))

    def test_nothing_a_call_adds_gets_into_the_event(self):
        defaults = {
            "default_description": "Zebedee Unsaid1 lives with his aunt",
            "default_privacy": "public",
            "default_name": "Zebedee",
            "default_partner_ids": self.users["stranger"].partner_id.ids,
            "default_alarm_ids": self.env["calendar.alarm"].search([], limit=1).ids,
            "active_model": "pep.plan",
            "active_id": self.plan.id,
            "default_res_model": "pep.plan",
            "default_res_id": self.plan.id,
        }
        meetings = self.as_user(self.env["pep.meeting"], "vseo").with_context(**defaults, pep_meeting_quiet=True)
        meeting = meetings.create({"plan_id": self.plan.id, "start": self.start + timedelta(days=2)})
        event = self.event_of(meeting)
        self.assertFalse(event.description or event.alarm_ids or event.res_id or event.res_model)
        self.assertEqual((event.privacy, event.partner_ids), ("private", self.users["vseo"].partner_id))

    def test_no_event_before_there_is_a_time(self):
        meetings = self.as_user(self.env["pep.meeting"], "vseo").with_context(pep_meeting_quiet=True)
        meeting = meetings.create({"plan_id": self.plan.id})
        self.assertEqual(meeting.state, "offering")
        self.assertFalse(meeting.event_id)
        meeting.sudo().write({"start": self.start + timedelta(days=3), "state": "planned"})
        self.assertTrue(meeting.event_id.active)

    def test_it_follows_time_place_link_and_chair(self):
        event = self.event_of(self.meeting)
        meeting = self.as_user(self.meeting, "cover").with_context(pep_meeting_quiet=True)
        meeting.write({"start": self.start + timedelta(hours=3), "duration": 1.5, "place": "School hall"})
        self.assertEqual(event.start, self.start + timedelta(hours=3))
        self.assertEqual(event.stop, self.start + timedelta(hours=4.5))
        self.assertEqual(event.location, "School hall")
        self.assertEqual(self.seat_of("vseo").state, "accepted", "the chair is not asked again")
        meeting.chair_id = self.users["cover"]
        self.assertEqual(event.user_id, self.users["cover"])
        self.assertEqual(event.partner_ids, self.users["cover"].partner_id)
        self.assertEqual(event.attendee_ids.partner_id, event.partner_ids)
        meeting.write({"mode": "face"})
        self.assertFalse(event.videocall_location)

    def test_what_is_no_address_is_not_put_in_the_calendar(self):
        meeting = self.meeting.with_context(pep_meeting_quiet=True)
        meeting.write({"link_kind": "pasted", "link": "teams.example/abc"})
        event = self.event_of(meeting)
        self.assertFalse(event.access_token)
        self.assertFalse(event.videocall_location)

    def test_a_cancelled_one_is_archived_and_a_held_one_stays(self):
        held = self.make_meeting(self.start - timedelta(days=14))
        held.attendee_ids[0].attended = True
        held.sudo().with_context(pep_meeting_quiet=True).write({"state": "held"})
        self.assertTrue(self.event_of(held).active)
        self.meeting.with_context(pep_meeting_quiet=True)._cancel("The school is closed.")
        event = self.event_of(self.meeting)
        self.assertFalse(event.active)
        self.assertNotIn(event, self.as_user(self.env["calendar.event"], "vseo").search([]))
        self.assertTrue(event.exists())

    def test_who_is_in_it(self):
        event = self.event_of(self.meeting)
        chair, worker, iro = (self.users[role].partner_id for role in ("vseo", "inner_social_worker", "inner_iro"))
        self.assertEqual(event.partner_ids, chair)
        rows = self.invite("vseo", "inner_social_worker", "inner_iro", "teacher", "carer", "parent", "social_worker")
        self.assertEqual(event.partner_ids, chair | worker | iro, "nobody with a login of the portal")
        self.assertEqual(event.attendee_ids.partner_id, event.partner_ids)
        inner = self.row_of("inner_social_worker")
        for kept in (
            {"withhold_place": True},
            {"withhold_link": True},
            {"withhold_people": True},
            {"own_start": self.start + timedelta(hours=2)},
            {"written": "instead"},
        ):
            before = {name: inner[name] for name in kept}
            inner.write(kept)
            self.assertNotIn(worker, event.partner_ids, kept)
            self.assertNotIn(worker, event.attendee_ids.partner_id, kept)
            inner.write(before)
            self.assertIn(worker, event.partner_ids, kept)
        inner._withdraw()
        self.assertEqual(event.partner_ids, chair | iro)
        member = self.child.network_ids.filtered(lambda row: row.partner_id == iro)
        member.must_not_contact = True
        self.meeting._follow_in_calendar({"attendee_ids"})
        self.assertEqual(event.partner_ids, chair)
        self.assertEqual(len(rows), 7)

    def test_a_parent_who_works_for_the_council_is_not_in_it(self):
        """The event names the school and shows who else comes; the parent's own page does neither."""
        self.council.pep_mail_label = "school"
        self.users["inner_parent"] = self.make_colleague("inner_parent.test")
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["inner_parent"].partner_id.id,
                "role": "parent",
                "date_from": self.today - timedelta(days=30),
            }
        )
        meeting = self.make_meeting(self.start + timedelta(days=1))
        self.invite("inner_parent", "inner_social_worker", meeting=meeting)
        event = self.event_of(meeting)
        self.assertIn(self.users["inner_social_worker"].partner_id, event.partner_ids)
        self.assertNotIn(self.users["inner_parent"].partner_id, event.partner_ids)
        self.assertFalse(self.as_user(self.env["calendar.event"], "inner_parent").search([("id", "=", event.id)]))
        self.assertTrue(self.as_user(self.row_of("inner_parent", meeting), "inner_parent").told_start)

    def test_somebody_whose_login_is_closed_is_not_in_it(self):
        self.invite("inner_iro")
        self.users["inner_iro"].active = False
        self.meeting._follow_in_calendar({"attendee_ids"})
        self.assertEqual(self.event_of(self.meeting).partner_ids, self.users["vseo"].partner_id)

    def test_run_twice(self):
        self.invite("inner_iro", "inner_social_worker")
        event = self.event_of(self.meeting)
        rows = event.attendee_ids
        self.env.flush_all()
        self.env.cr.execute("SELECT xmin, write_date FROM calendar_event WHERE id = %s", (event.id,))
        before = self.env.cr.fetchall()
        for _time in range(2):
            self.meeting._follow_in_calendar({"start", "attendee_ids"})
        self.env.flush_all()
        self.env.cr.execute("SELECT xmin, write_date FROM calendar_event WHERE id = %s", (event.id,))
        self.assertEqual(self.env.cr.fetchall(), before)
        self.assertEqual(event.attendee_ids, rows)
        self.assertEqual(self.env["calendar.event"].search_count([("pep_child_id", "=", self.child.id)]), 1)

    def test_across_the_clock_change(self):
        """10:00 in London is 09:00 UTC in June and 10:00 UTC in winter; the event is stored as the meeting is."""
        for start in (datetime(2027, 6, 7, 9), datetime(2027, 10, 31, 10), datetime(2027, 10, 30, 9)):
            meeting = self.make_meeting(start)
            self.assertEqual(self.event_of(meeting).start, start)
            self.assertEqual(meeting.company_id._pep_local(self.event_of(meeting).start).hour, 10)
        late = self.make_meeting(datetime(2027, 6, 30, 23, 15))
        self.assertEqual(self.event_of(late).start, datetime(2027, 6, 30, 23, 15))

    def test_answers_go_both_ways(self):
        rows = self.invite("inner_social_worker", "inner_iro")
        self.assertEqual(self.seat_of("inner_iro").state, "needsAction")
        self.row_of("inner_iro")._set_answer("declined", "portal")
        self.assertEqual(self.seat_of("inner_iro").state, "declined")
        seat = self.as_user(self.seat_of("inner_social_worker"), "inner_social_worker")
        for state, method in (("accepted", "do_accept"), ("tentative", "do_tentative"), ("declined", "do_decline")):
            getattr(seat, method)()
            row = self.row_of("inner_social_worker")
            self.assertEqual((row.answer, row.answered_how, seat.state), (state, "calendar", state))
        event = self.event_of(self.meeting, "inner_social_worker")
        event.change_attendee_status("accepted", "self_only")
        self.assertEqual(self.row_of("inner_social_worker").answer, "accepted")
        event.write({"current_status": "tentative"})
        self.assertEqual(self.row_of("inner_social_worker").answer, "tentative")
        seat.write({"state": "declined"})
        self.assertEqual(self.row_of("inner_social_worker").answer, "declined")
        self.assertFalse(self.env["mail.message"].search([("model", "=", "calendar.event"), ("res_id", "=", event.id)]))
        self.assertEqual(len(rows), 2)

    def test_one_answers_for_oneself(self):
        self.invite("inner_social_worker", "inner_iro")
        for role in ("inner_iro", "vseo", "cover"):
            seat = self.as_user(self.seat_of("inner_social_worker"), role)
            for refused in (
                seat.do_accept,
                seat.do_decline,
                seat.do_tentative,
                lambda s=seat: s.write({"state": "accepted"}),
            ):
                with self.subTest(role), self.assertRaises(UserError):
                    refused()
        own = self.as_user(self.seat_of("inner_iro"), "inner_iro")
        with self.assertRaises(UserError):
            own.write({"state": "needsAction"})
        with self.assertRaises(UserError):
            own.write({"state": "accepted", "partner_id": self.users["stranger"].partner_id.id})
        self.assertEqual(self.row_of("inner_social_worker").answer, "none")
        chair = self.as_user(self.seat_of("vseo"), "vseo")
        with self.assertRaises(UserError):
            chair.do_decline()

    def test_the_database_holds_it_too(self):
        event = self.event_of(self.meeting)
        follow = event.with_context(pep_follow_meeting=True)
        for values in ({"privacy": "public"}, {"access_token": "abc"}):
            with (
                self.subTest(values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                follow.sudo().write(values)
                self.env.flush_all()
        other = self.make_meeting(self.start + timedelta(days=5))
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            other.sudo().event_id = event
            self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env.cr.execute("DELETE FROM calendar_event WHERE id = %s", (event.id,))
