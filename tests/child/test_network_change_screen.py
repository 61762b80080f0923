from playwright.sync_api import expect

from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.browser import BrowserCase

from .network_common import NetworkCase


@tagged("post_install", "-at_install")
class TestNetworkChangeScreen(NetworkCase, BrowserCase):
    def test_from_the_board_to_confirmed_in_one_go(self):
        target = self.smart_target(self.plan)
        self.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "Tutor", "unit_cost": 40, "quantity": 10}
        )
        meeting = self.plan_meeting()
        self.save(self.parts["school"], "teacher", well="Maths, with help")
        self.save(self.parts["carer"], "carer", reading="Every night")
        self.replace("carer")
        self.move_school()
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/my-peps")
            self.picture(page, "network-board")
            page.get_by_text("The network changed: look").click()
            self.settle(page)
            expect(page.get_by_role("button", name="Confirm: do what follows")).to_be_visible()
            self.picture(page, "network-change")
            with mute_logger("odoo.http"):  # what it refuses
                self.press(page, "Confirm: do what follows")
                expect(page.get_by_text("People who leave know the link")).to_be_visible()
            page.locator(".modal").get_by_role("button", name="Close").last.click()
            page.locator("td[name=new_link]").click()
            page.locator("td[name=new_link] input").fill("https://meet.example.org/new")
            self.picture(page, "network-change-filled")
            self.press(page, "Confirm: do what follows")
            expect(page.get_by_text("What was done is below")).to_be_visible()
            self.picture(page, "network-change-done")
            self.visit(page, "/odoo/network-changes")
            expect(page.get_by_text("No change is waiting for you")).to_be_visible()
            self.picture(page, "network-change-none")
        self.assertEqual(meeting.link, "https://meet.example.org/new")
        self.assertEqual(self.changes.state, "done")

    def test_nothing_to_do_asks_why(self):
        self.as_user(self.member("iro"), "vseo").date_to = self.yesterday
        plan, change = self.plan.id, self.change.id
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/peps/{plan}")
            self.picture(page, "network-pep")
            self.press(page, "Look at it")
            self.picture(page, "network-change-empty")
            self.press(page, "Nothing to do")
            page.get_by_label("Why").fill("The post is empty until January")
            self.picture(page, "network-change-why")
            self.press(page, "Nothing to do", within=".modal")
            expect(page.get_by_text("The post is empty until January")).to_be_visible()
            self.picture(page, "network-change-dismissed")
        self.assertEqual(self.changes.browse(change).state, "dismissed")

    def test_the_new_carer_sees_the_earlier_words_to_confirm(self):
        self.save(self.parts["carer"], "carer", reading="Every night")
        self.replace("carer")
        self.confirm()
        section = self.sections["carer"]
        new = self.plan.contribution_ids.filtered(lambda part: part.section_id == section and part.state != "earlier")
        with self.page_of("new_carer", width=390, height=844) as page:
            self.go(page, f"/my/pep/section/{new.id}")
            expect(page.get_by_text("Written by who had this part before you")).to_be_visible()
            self.assertNotIn("carer.test", page.content())
            self.picture(page, "network-carer")
