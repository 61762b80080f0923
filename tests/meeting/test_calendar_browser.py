from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.meeting.event_common import EventCase


@tagged("post_install", "-at_install")
class TestCalendarBrowser(EventCase, BrowserCase):
    """PEP meetings in Odoo's own calendar, on the screen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["calendar.filters"].search([]).unlink()
        for user in cls.users.values():
            user.tz = "Europe/London"
        monday = cls.today + timedelta(days=7 - cls.today.weekday())
        cls.monday = monday
        cls.start = cls.council._pep_midnight_utc(monday + timedelta(days=2)) + timedelta(hours=10)
        cls.meeting.with_context(pep_meeting_quiet=True).write({"start": cls.start, "place": "Room 3"})
        cls.plain = cls.plain_event("vseo", start=cls.start, stop=cls.start + timedelta(hours=1))

    def open_week(self, page):
        self.visit(page, f"/odoo/calendar?view_type=calendar&initial_date={self.monday}")
        page.locator(".o_calendar_button_next, .o_next").first.click()
        self.settle(page)

    def event(self, page, words):
        return page.locator(".fc-event", has_text=words).first

    def slot(self, page, hour):
        """The middle of the day column and the top of an hour, on the screen."""
        row = page.locator(f".fc-timegrid-slot-lane[data-time='{hour:02}:00:00']").first.bounding_box()
        return row["y"]

    def drag(self, page, event):
        """Two hours later, by the mouse."""
        event.scroll_into_view_if_needed()
        box = event.bounding_box()
        height = self.slot(page, 12) - self.slot(page, 10) - 2
        x, y = box["x"] + box["width"] / 2, box["y"] + 8
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + height / 2, steps=6)
        page.mouse.move(x, y + height, steps=6)
        page.mouse.up()
        self.settle(page)

    def test_named_opened_and_moved(self):
        name = self.child.full_name
        title = self.meeting._title()
        event_id = self.meeting.sudo().event_id.id
        with self.page_of("vseo") as page:
            self.open_week(page)
            event = self.event(page, name)
            expect(event).to_contain_text(title)
            self.assertNotIn(name, page.title())
            self.picture(page, "calendar-week")
            event.click()
            popover = page.locator(".o_cw_popover")
            expect(popover).to_contain_text(name)
            expect(popover).to_contain_text("Room 3")
            expect(popover.locator(".o_cw_popover_delete")).to_have_count(0)
            page.wait_for_timeout(400)  # it fades in
            self.picture(page, "calendar-popover")
            popover.locator(".o_cw_popover_close").click()
            self.settle(page)
            self.drag(page, event)
            expect(self.event(page, name)).to_contain_text("12:00")
            self.picture(page, "calendar-moved")
            self.event(page, name).click()
            page.locator(".o_cw_popover .o_cw_popover_edit").click()
            expect(page.locator(".o_form_view .o_field_widget[name='chair_id']").first).to_be_visible()
            self.settle(page)
            self.picture(page, "calendar-leads-to-meeting")
            self.visit(page, f"/odoo/calendar.event/{event_id}")
            expect(page.locator(".o_form_view .alert-info").first).to_contain_text("This is a PEP meeting")
            expect(page.locator(".o-mail-ChatterContainer:visible")).to_have_count(0)
            self.picture(page, "calendar-event-form")
            self.press(page, "Open the meeting")
            expect(page.locator(".o_form_view .o_field_widget[name='chair_id']").first).to_be_visible()
        self.assertEqual(self.meeting.start, self.start + timedelta(hours=2))

    def test_a_colleague_on_the_list_sees_answers_and_does_not_move(self):
        self.invite("inner_social_worker")
        name = self.child.full_name
        with self.page_of("inner_social_worker") as page:
            self.open_week(page)
            event = self.event(page, name)
            expect(event).to_be_visible()
            self.assertEqual(event.locator(".fc-event-resizer").count(), 0)
            event.click()
            popover = page.locator(".o_cw_popover")
            page.wait_for_timeout(400)  # it fades in
            self.picture(page, "calendar-to-answer")
            popover.get_by_role("button", name="Yes", exact=True).click()
            self.settle(page)
            event.click()
            page.locator(".o_cw_popover .o_cw_popover_edit").click()
            page.wait_for_url("**/my/pep/meeting/*")
            self.settle(page)
            self.picture(page, "calendar-leads-to-invitation")
        self.assertEqual(self.row_of("inner_social_worker").answer, "accepted")
        self.assertEqual(self.meeting.start, self.start)

    def test_others_see_their_own_week(self):
        with self.page_of("stranger") as page:
            self.visit(page, "/odoo/calendar")
            self.picture(page, "calendar-stranger")
            expect(page.locator(".fc-event", has_text="PEP")).to_have_count(0)

    def test_moved_in_the_app_s_own_calendar(self):
        """Those invited are told; what was held stays, on the screen as well."""
        self.users["teacher"].partner_id.email = "teacher@calendar.example"
        self.as_user(self.meeting, "vseo").action_send_invitations()
        held = self.make_meeting(self.start + timedelta(days=1), plan=self.make_plan())
        held.sudo().write({"state": "held"})
        names = self.child.full_name, held.child_id.full_name
        before = self.env["mail.mail"].search([])
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/pep-meetings")
            page.locator(".o_calendar_button_next, .o_next").first.click()
            self.settle(page)
            self.drag(page, self.event(page, names[0]))
            expect(self.event(page, names[0])).to_contain_text("12:00")
            self.picture(page, "own-calendar-moved")
            self.assertEqual(self.event(page, names[1]).locator(".fc-event-resizer").count(), 0)
            self.drag(page, self.event(page, names[1]))
            expect(self.event(page, names[1])).to_contain_text("10:00")
        self.assertEqual(self.meeting.start, self.start + timedelta(hours=2))
        self.assertEqual(self.meeting.duration, 1)
        self.assertEqual(held.start, self.start + timedelta(days=1))
        told = (self.env["mail.mail"].search([]) - before).filtered("pep_ical_method")
        self.assertIn("teacher@calendar.example", told.mapped("email_to"))
        self.assertEqual(len(told), len(set(self.meeting.sudo().attendee_ids.partner_id)))
        self.assertEqual(set(told.mapped("pep_ical_method")), {"REQUEST"})
