from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.meeting.mail_common import JUNE, MailCase


@tagged("post_install", "-at_install")
class TestOwnCalendar(MailCase):
    """What the app's own calendar of meetings writes when one is dragged or stretched: a beginning and an end."""

    def drag(self, start, stop, role="vseo", meeting=None):
        values = {"start": fields.Datetime.to_string(start), "stop": fields.Datetime.to_string(stop)}
        return self.write(values, role, meeting)

    def test_dragged(self):
        self.send()
        mails = self.drag(JUNE + timedelta(days=1), JUNE + timedelta(days=1, hours=1))
        self.assertEqual((self.meeting.start, self.meeting.duration), (JUNE + timedelta(days=1), 1))
        self.assertEqual(self.meeting.event_id.start, JUNE + timedelta(days=1))
        letters = self.deliver(mails)
        self.assertEqual(len(letters), 6)
        for letter in letters.values():
            self.assertEqual((letter.calendar["METHOD"], letter.event["SEQUENCE"]), ("REQUEST", 1))

    def test_stretched(self):
        self.send()
        mails = self.drag(JUNE, JUNE + timedelta(minutes=90))
        self.assertEqual((self.meeting.start, self.meeting.duration), (JUNE, 1.5))
        self.assertEqual(self.meeting.stop, JUNE + timedelta(minutes=90))
        self.assertEqual(self.meeting.event_id.stop, self.meeting.stop)
        self.assertEqual(len(mails), 6)
        self.assertFalse(self.drag(JUNE, JUNE + timedelta(minutes=90)), "nothing is new")

    def test_from_summer_into_winter(self):
        """10:00 stays 10:00 on the wall; the calendar sends what that is in UTC."""
        self.meeting.start = datetime(2031, 10, 24, 9, 0)
        self.send()
        mails = self.drag(datetime(2031, 10, 27, 10, 0), datetime(2031, 10, 27, 11, 0))
        self.assertEqual(self.meeting.duration, 1)
        for letter in self.deliver(mails).values():
            self.assertEqual(letter.event["DTSTART"].dt.replace(tzinfo=None), datetime(2031, 10, 27, 10, 0))
            self.assertEqual(letter.event["DTEND"].dt.replace(tzinfo=None), datetime(2031, 10, 27, 11, 0))

    def test_two_in_the_same_hour(self):
        """Another child's may be at the same time; of one PEP no two begin together."""
        other = self.make_meeting(self.make_plan(), JUNE + timedelta(hours=3))
        self.drag(JUNE, JUNE + timedelta(hours=1), meeting=other)
        self.assertEqual(other.start, self.meeting.start)
        extra = self.make_meeting(self.plan, JUNE + timedelta(hours=3), is_extra=True)
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(Exception, "one_planned_start"), self.cr.savepoint():
            self.drag(JUNE, JUNE + timedelta(hours=1), meeting=extra)

    def test_what_makes_no_sense(self):
        for stop in (JUNE, JUNE - timedelta(hours=1)):
            with self.assertRaisesRegex(UserError, "ends after"):
                self.drag(JUNE, stop)
        for values in ({"stop": JUNE, "duration": 2}, {"stop": False}):
            with self.subTest(values), self.assertRaises(UserError):
                self.write(values)

    def test_one_that_took_place_stays(self):
        self.meeting.start = fields.Datetime.now().replace(microsecond=0) - timedelta(hours=2)
        self.meeting.sudo().write({"state": "held"})
        start, stop = self.meeting.start, self.meeting.stop
        for other in ((JUNE, JUNE + timedelta(hours=1)), (start, stop + timedelta(hours=1))):
            with self.assertRaisesRegex(UserError, "stays when and where"):
                self.drag(*other)
        self.assertEqual((self.meeting.start, self.meeting.stop), (start, stop))

    def test_who_must_not(self):
        for role in ("other_vseo", "finance", "admin", "employee", "teacher", "carer"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.drag(JUNE + timedelta(days=1), JUNE + timedelta(days=1, hours=1), role)
