from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase

from .portal_meeting_common import MeetingPortalCase

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}


@tagged("post_install", "-at_install")
class TestInvitationInBrowser(MeetingPortalCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quietly(cls.rows["parent"]).write({"written": "instead", "withhold_place": True})
        cls.offering = cls.make_meeting(invited=False, start=False, is_extra=True)
        cls.env["pep.meeting.option"].create(
            [{"meeting_id": cls.offering.id, "start": cls.start + timedelta(days=days)} for days in (1, 2, 3)]
        )
        asked = cls.rows_of(cls.offering)["teacher"]
        cls.quietly(asked).offer_sent = max(cls.offering.option_ids.ids)
        cls.paths = {"teacher": cls.path(), "parent": cls.path("parent"), "times": cls.path(row=asked)}

    def check(self, page, name):
        self.picture(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        self.assertTrue(wide, f"{name} is wider than the screen")
        if self.axe_is_here():
            self.assert_accessible(page)

    def test_answer_on_a_phone_and_at_a_desk(self):
        for name, size in (("phone", PHONE), ("desk", DESK)):
            with self.page_of("teacher", **size) as page:
                self.go(page, "/my/pep")
                self.check(page, f"meeting-{name}-1-list")
                page.locator(f"a.btn[href='{self.paths['teacher']}']").click()
                self.settle(page)
                self.check(page, f"meeting-{name}-2-invitation")
                page.get_by_role("button", name="Perhaps").click()
                self.settle(page)
                expect(page.get_by_role("status").first).to_contain_text("not sure yet")
                page.get_by_label("Anything to say with it?").fill("I have an exam that day")
                page.get_by_role("button", name="I can't come").click()
                self.settle(page)
                expect(page.get_by_label("What do you want the meeting to know?")).to_be_visible()
                self.check(page, f"meeting-{name}-3-declined")
            self.assertEqual(
                (self.rows["teacher"].answer, self.rows["teacher"].answer_note), ("declined", "I have an exam that day")
            )

    def test_written_part_saves_itself_and_survives_a_lost_connection(self):
        with self.page_of("parent", **PHONE) as page:
            self.go(page, self.paths["parent"])
            area = page.get_by_label("What do you want the meeting to know?")
            page.context.set_offline(True)
            area.fill("He likes drawing")
            area.blur()
            expect(page.locator(".o_pep_state")).to_contain_text("no connection")
            page.context.set_offline(False)
            expect(page.locator(".o_pep_state")).to_contain_text("Saved")
            self.check(page, "meeting-phone-4-written")
            page.get_by_role("button", name="Give it in").click()
            self.settle(page)
            expect(page.get_by_role("status").first).to_contain_text("Given in")
            self.complaints = [text for text in self.complaints if "ERR_INTERNET_DISCONNECTED" not in text]
        row = self.rows["parent"]
        self.assertEqual((row.written_part, row.written), ("He likes drawing", "received"))

    def test_times_by_keyboard(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.paths["times"])
            self.check(page, "meeting-phone-5-times")
            first = page.locator("fieldset").first.get_by_role("radio").first
            first.focus()
            page.keyboard.press("Space")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            page.get_by_role("button", name="Send").focus()
            page.keyboard.press("Enter")
            self.settle(page)
            expect(page.get_by_role("status").first).to_contain_text("Thank you")
        self.assertEqual(self.offering.option_ids.answer_ids.mapped("suits"), ["perhaps", "yes"])
