from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.plan.issue_common import IssueCase


@tagged("post_install", "-at_install")
class TestIssueScreens(IssueCase, BrowserCase):
    def setUp(self):
        super().setUp()
        self.issued = self.issue()
        self.plan_id, self.reference, self.term_name = self.plan.id, self.child.reference, self.term.name
        self.copies = {copy.role: copy.id for copy in self.issued.copy_ids}
        self.env.flush_all()

    def open_copy(self, page, role):
        page.goto(f"{self.base_url()}/my/pep/copy/{self.copies[role]}")

    def test_a_teacher_reads_and_prints_on_a_phone(self):
        with self.page_of("teacher", width=390, height=844) as page:
            self.open_copy(page, "teacher")
            expect(page.get_by_role("heading", level=1)).to_have_text("Personal Education Plan")
            self.assertEqual(page.title(), f"PEP {self.reference}, {self.term_name}, version 1")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(wide, 0, "nothing reaches past the edge")
            self.picture(page, "copy-teacher-phone")
            page.emulate_media(media="print")
            expect(page.get_by_role("link", name="Back to the PEP")).to_be_hidden()
            self.picture(page, "copy-teacher-print")

    def test_the_child_s_copy_is_opened_from_the_pep(self):
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/peps/{self.plan_id}")
            page.get_by_role("tab", name="Issued versions").click()
            self.picture(page, "pep-issued-versions")
            row = page.locator(".o_field_widget[name='copy_ids'] tr.o_data_row").filter(has_text="Child")
            with page.context.expect_page() as opened:
                row.get_by_role("button", name="Open").click()
            copy = opened.value
            expect(copy.get_by_role("heading", level=1)).to_have_text("My education plan")
            expect(copy.get_by_role("heading", level=2)).to_have_text(
                ["What I said", "What I am working on", "When we meet next"]
            )
            self.picture(copy, "copy-child")
            copy.close()

    def test_the_whole_version(self):
        with self.page_of("vseo") as page:
            self.open_copy(page, "social_worker")
            self.picture(page, "copy-social-worker")
