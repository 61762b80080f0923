from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from tests.meeting.event_common import EventCase

# What Odoo's calendar asks for when a week is opened.
WEEK = [
    "display_name",
    "start",
    "stop",
    "duration",
    "allday",
    "attendees_count",
    "accepted_count",
    "declined_count",
    "user_can_edit",
    "is_highlighted",
    "privacy",
    "effective_privacy",
    "recurrency",
    "location",
    "partner_ids",
    "videocall_location",
    "res_model_name",
    "alarm_ids",
    "categ_ids",
    "partner_id",
    "description",
    "display_description",
]
OURS = ["pep_is_meeting", "pep_can_move", "pep_child_name"]


@tagged("post_install", "-at_install")
class TestEventSpeed(EventCase):
    """What follows in the calendar takes as many queries for many meetings as for few."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.make_children(40)
        for role in ("inner_social_worker", "inner_iro"):
            cls.env["pep.network.member"].create(
                [
                    {
                        "child_id": child.id,
                        "partner_id": cls.users[role].partner_id.id,
                        "role": role.removeprefix("inner_"),
                        "date_from": cls.today - timedelta(days=30),
                    }
                    for child in cls.children
                ]
            )
        cls.term._open(cls.children)
        meetings = cls.as_user(cls.env["pep.meeting"], "vseo").with_context(pep_meeting_quiet=True)
        with patch.object(type(meetings), "_follow_in_calendar", lambda self, names: None):
            cls.meetings = meetings.create(
                [
                    {"plan_id": child.plan_ids.id, "start": cls.start + timedelta(hours=number)}
                    for number, child in enumerate(cls.children)
                ]
            )
            cls.rows = cls.meetings.sudo().attendee_ids.filtered("partner_id")
            cls.rows.write({"invitation": "invited", "invited_on": fields.Datetime.now()})
        cls.env.flush_all()

    def queries(self, work, meetings):
        """The number of queries of ``work(meetings)``, which is undone; the second of two turns, from a cold cache."""
        for _turn in range(2):
            with self.env.cr.savepoint() as savepoint:
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                work(meetings)
                self.env.flush_all()
                number = self.env.cr.sql_log_count - before
                savepoint.rollback()
            self.env.invalidate_all()
        return number

    def assert_fixed(self, work, at_most, more=30):
        # three people each: up to a hundred rows, of which Odoo makes one INSERT
        few, many = (self.queries(work, self.meetings[:number]) for number in (10, more))
        self.assertLessEqual(many, few)
        self.assertLessEqual(many, at_most)

    def follow(self, meetings):
        meetings._follow_in_calendar({"start"})

    def test_new_events(self):
        self.assert_fixed(self.follow, 30)
        self.follow(self.meetings)
        self.assertEqual(len(self.meetings.sudo().event_id), 40)
        self.assertEqual(len(self.meetings.sudo().event_id.attendee_ids), 120)

    def test_nothing_to_do(self):
        self.follow(self.meetings)
        self.assert_fixed(self.follow, 16)

    def test_changed_together(self):
        self.follow(self.meetings)

        def change(meetings):
            meetings.sudo().with_context(pep_meeting_quiet=True).write({"place": "Hall", "mode": "face"})

        self.assert_fixed(change, 60, more=15)  # each PEP has several parts with a date of their own

    def test_people_come_go_and_answer(self):
        """Another chair, one person withdrawn, one who answered: all in one go, whatever the number of meetings."""
        self.follow(self.meetings)

        def change(meetings):
            rows = meetings.sudo().attendee_ids
            with patch.object(type(meetings), "_follow_in_calendar", lambda self, names: None):
                iro = rows.filtered(lambda row: row.partner_id == self.users["inner_iro"].partner_id)
                iro.write({"invitation": "withdrawn"})
                worker = rows.filtered(lambda row: row.partner_id == self.users["inner_social_worker"].partner_id)
                worker.write({"answer": "declined"})
                meetings.write({"chair_id": self.users["head"].id})
            self.follow(meetings)

        self.assert_fixed(change, 90)
        change(self.meetings)
        event = self.event_of(self.meetings[7])
        people = [self.users[role].partner_id for role in ("head", "inner_social_worker", "vseo")]
        self.assertEqual(event.partner_ids, self.env["res.partner"].union(*people))
        states = {seat.partner_id: seat.state for seat in event.attendee_ids}
        self.assertEqual(states, dict(zip(people, ("accepted", "declined", "needsAction"), strict=True)))

    def week(self, role, meetings):
        """Open the week as the calendar does: the events, then who is in them."""
        events = self.as_user(self.env["calendar.event"], role)
        partner = events.env.user.partner_id
        rows = events.search_read([("id", "in", meetings.sudo().event_id.ids)], WEEK + OURS)
        partner.get_attendee_detail([row["id"] for row in rows])
        return rows

    def test_a_week_of_the_calendar(self):
        self.follow(self.meetings)
        for role in ("vseo", "cover", "head", "inner_iro"):
            with self.subTest(role):
                self.assertEqual(len(self.week(role, self.meetings)), 40)
                self.assert_fixed(lambda some, role=role: self.week(role, some), 60)

    def test_the_rule_is_one_condition_on_the_event(self):
        """Named children, no join: what a week costs among thousands of meetings of others."""
        for model in ("calendar.event", "calendar.attendee"):
            query = self.as_user(self.env[model], "vseo")._search([]).select()
            self.assertIn("pep_child_id", query.code)
            self.assertNotIn("pep_access", query.code)
            self.assertNotIn("res_users", query.code)
            query = self.as_user(self.env[model], "stranger")._search([]).select()
            self.assertNotIn("pep_access", query.code)
