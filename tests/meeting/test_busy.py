from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from tests.common import PepCase

QUIET = {"no_mail_to_attendees": True, "calendar_no_videocall": True}


@tagged("post_install", "-at_install")
class TestBusy(PepCase):
    """When people are busy, and nothing else of what they do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.chair = cls.users["vseo"].partner_id
        cls.day = datetime(2026, 2, 3)

    def make_event(self, partner, begins, ends, **values):
        return (
            self.env["calendar.event"]
            .with_context(**QUIET)
            .create(
                {
                    "name": "Secret appointment",
                    "location": "Secret place",
                    "start": self.day.replace(hour=begins),
                    "stop": self.day.replace(hour=ends),
                    "partner_ids": [(6, 0, partner.ids)],
                    **values,
                }
            )
        )

    def ask(self, partners, role="vseo", start=None, stop=None):
        model = self.as_user(self.env["pep.meeting.busy"], role)
        return model.action_busy(partners.ids, start or self.day, stop or self.day + timedelta(days=1))

    def hours(self, partner, **kwargs):
        answer = self.ask(partner, **kwargs)[partner.id]
        return answer if answer == "unknown" else [(start.hour, stop.hour) for start, stop in answer]

    def test_intervals_only_merged_and_in_order(self):
        self.make_event(self.chair, 13, 14)
        self.make_event(self.chair, 9, 10, privacy="private")
        self.make_event(self.chair, 10, 11, privacy="confidential")
        self.make_event(self.chair, 10, 12)
        answer = self.ask(self.chair)
        self.assertEqual(
            answer,
            {
                self.chair.id: [
                    [self.day.replace(hour=9), self.day.replace(hour=12)],
                    [self.day.replace(hour=13), self.day.replace(hour=14)],
                ]
            },
        )
        self.assertNotIn("Secret", str(answer))

    def test_as_strings_from_outside(self):
        self.make_event(self.chair, 9, 10)
        model = self.as_user(self.env["pep.meeting.busy"], "support")
        answer = model.action_busy([self.chair.id], "2026-02-03 00:00:00", "2026-02-04 00:00:00")
        self.assertEqual(len(answer[self.chair.id]), 1)

    def test_what_is_free(self):
        """Declined, archived, marked as free; and what only ends or begins at the edge."""
        self.make_event(self.chair, 9, 10).active = False
        self.make_event(self.chair, 10, 11, show_as="free")
        declined = self.make_event(self.chair, 11, 12)
        declined.attendee_ids.filtered(lambda attendee: attendee.partner_id == self.chair).state = "declined"
        self.assertEqual(self.hours(self.chair), [])
        self.make_event(self.chair, 8, 9)
        noon = self.day.replace(hour=9)
        self.assertEqual(self.hours(self.chair, start=noon, stop=noon + timedelta(hours=3)), [])

    def test_somebody_elses_event_does_not_count(self):
        self.make_event(self.users["support"].partner_id, 9, 10)
        self.assertEqual(self.hours(self.chair), [])

    def test_a_whole_day_is_one_of_the_council(self):
        """Odoo notes eight to six in no zone; it is midnight to midnight, an hour earlier in UTC in summer."""
        self.make_event(self.chair, 8, 18, allday=True, start_date=date(2026, 2, 3), stop_date=date(2026, 2, 3))
        wide = {"start": self.day - timedelta(days=2), "stop": self.day + timedelta(days=3)}
        midnight = datetime(2026, 2, 3)
        self.assertEqual(self.ask(self.chair, **wide)[self.chair.id], [[midnight, midnight + timedelta(days=1)]])
        summer = {"start_date": date(2026, 6, 1), "stop_date": date(2026, 6, 2)}
        self.make_event(self.chair, 8, 18, allday=True, start=datetime(2026, 6, 1), stop=datetime(2026, 6, 2), **summer)
        answer = self.ask(self.chair, start=datetime(2026, 5, 30), stop=datetime(2026, 6, 5))[self.chair.id]
        self.assertEqual(answer, [[datetime(2026, 5, 31, 23), datetime(2026, 6, 2, 23)]])

    def test_days_on_which_the_clock_changes(self):
        """The last Sunday of March has 23 hours, that of October 25."""
        for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
            moment = datetime.combine(day, datetime.min.time())
            self.make_event(self.chair, 8, 18, allday=True, start=moment, stop=moment, start_date=day, stop_date=day)
            [[start, stop]] = self.ask(self.chair, start=moment - timedelta(days=2), stop=moment + timedelta(days=3))[
                self.chair.id
            ]
            with self.subTest(day=day):
                self.assertEqual(stop - start, timedelta(hours=hours))

    def test_unknown_is_never_free(self):
        """A portal login, no login at all, and staff of another council whose calendar may hold anything."""
        elsewhere = self.env["res.company"].create({"name": "Farshire"})
        stranger = new_test_user(
            self.env,
            "far.test",
            groups="pep_module.group_pep_contributor",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        ).partner_id
        nobody = self.env["res.partner"].create({"name": "Without Login"})
        for partner in (stranger, nobody):
            self.env["pep.network.member"].create(
                {"child_id": self.child.id, "partner_id": partner.id, "role": "other", "date_from": self.today}
            )
        for partner in (stranger, nobody, self.users["carer"].partner_id, self.users["teacher"].partner_id):
            self.make_event(partner, 9, 10)
            with self.subTest(partner.name):
                self.assertEqual(self.hours(partner), "unknown")

    def test_whoever_has_left_is_unknown_or_a_stranger(self):
        leaver = self.users["employee"]
        self.assertEqual(self.hours(leaver.partner_id), [])
        leaver.active = False
        with self.assertRaises(AccessError):
            self.ask(leaver.partner_id)

    def test_no_stranger_is_asked_about(self):
        """Neither a contact of no child, nor somebody around a child whom the user does not see."""
        contact = self.env["res.partner"].create({"name": "Somebody"})
        with self.assertRaises(AccessError):
            self.ask(contact)
        with self.assertRaises(AccessError):
            self.ask(self.users["carer"].partner_id, role="other_vseo")
        self.assertEqual(self.hours(self.users["carer"].partner_id, role="head"), "unknown")

    def test_who_must_not(self):
        for role in (
            "employee",
            "finance",
            "admin",
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
        ):
            with self.subTest(role), self.assertRaises(AccessError):
                self.ask(self.chair, role=role)
        for role in ("vseo", "support", "head", "other_vseo"):
            with self.subTest(role):
                self.assertEqual(self.hours(self.chair, role=role), [])

    def test_another_councils_vseo(self):
        """Cannot look into this council's calendars, and learns of nobody in it."""
        elsewhere = self.env["res.company"].create({"name": "Farshire"})
        self.users["far"] = new_test_user(
            self.env,
            "far.test",
            groups="pep_module.group_pep_vseo",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        self.addClassCleanup(self.users.pop, "far")
        self.make_event(self.chair, 9, 10)
        with self.assertRaises(AccessError):
            self.ask(self.chair, role="far")

    def test_senseless_questions(self):
        for start, stop in (
            (self.day, self.day),
            (self.day, self.day - timedelta(hours=1)),
            (self.day, self.day + timedelta(days=400)),
            ("soon", self.day),
        ):
            with self.subTest(start=start, stop=stop), self.assertRaises(UserError):
                self.ask(self.chair, start=start, stop=stop)
        with self.assertRaises(UserError):
            self.as_user(self.env["pep.meeting.busy"], "vseo").action_busy(["x"], self.day, self.day)

    def test_meetings_beside_the_calendar(self):
        """A colleague with a slot of their own is busy then; not once they have declined, or it was cancelled."""
        colleague = self.users["support"].partner_id
        start = fields.Datetime.now().replace(microsecond=0) + timedelta(days=5)
        meeting = self.as_user(self.env["pep.meeting"], "vseo").create({"plan_id": self.plan.id, "start": start})
        row = self.env["pep.meeting.attendee"].create(
            {
                "meeting_id": meeting.id,
                "role": "other",
                "partner_id": colleague.id,
                "own_start": start + timedelta(hours=3),
                "own_duration": 0.5,
            }
        )
        meeting.action_send_invitations()
        row.sudo().invitation = "invited"
        span = {"start": start, "stop": start + timedelta(hours=6)}
        slot = [start + timedelta(hours=3), start + timedelta(hours=3, minutes=30)]
        self.assertEqual(self.ask(colleague, **span)[colleague.id], [slot])
        row.action_answer("declined")
        self.assertEqual(self.ask(colleague, **span)[colleague.id], [])
        row.action_answer("accepted")
        self.assertEqual(self.ask(colleague, **span)[colleague.id], [slot])
        meeting._cancel("No longer needed")
        self.assertEqual(self.ask(colleague, **span)[colleague.id], [])

    def test_a_cancelled_meeting_is_free_for_the_chair(self):
        start = fields.Datetime.now().replace(microsecond=0) + timedelta(days=5)
        span = {"start": start - timedelta(hours=2), "stop": start + timedelta(hours=6)}
        meeting = self.as_user(self.env["pep.meeting"], "vseo").create({"plan_id": self.plan.id, "start": start})
        self.assertEqual(self.ask(self.chair, **span)[self.chair.id], [[start, start + timedelta(hours=1)]])
        meeting._cancel("No longer needed")
        self.assertEqual(self.ask(self.chair, **span)[self.chair.id], [])

    def test_queries_do_not_grow(self):
        users = [self.users[role] for role in ("vseo", "support", "head", "other_vseo")]
        for user in users:
            for hour in range(8, 12):
                self.make_event(user.partner_id, hour, hour + 1)
        partners = self.env["res.partner"].browse([user.partner_id.id for user in users])
        counts = []
        for some in (partners[:1], partners, partners):
            self.env.invalidate_all()
            model = self.as_user(self.env["pep.meeting.busy"], "vseo")
            before = self.env.cr.sql_log_count
            model._busy(some, self.day, self.day + timedelta(days=1))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[1], counts[0])
