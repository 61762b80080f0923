from pathlib import Path

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.quality.document_common import DocumentCase


@tagged("post_install", "-at_install")
class TestDocumentScreens(DocumentCase, BrowserCase):
    def setUp(self):
        super().setUp()
        self.needs_program()
        for role in ("teacher", "social_worker", "carer", "iro"):
            self.users[role].partner_id.email = f"{role}@people.example"
        self.path = f"/odoo/peps/{self.plan.id}"
        self.reference, self.term_name = self.child.reference, self.term.name

    def opened(self, page, press):
        with page.context.expect_page() as opened:
            press()
        return opened.value

    def save_pdf(self, page, link, version):
        """Follow a link to a PDF: it is saved, complete, under a name that names nobody."""
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        self.assertRegex(download.value.suggested_filename, rf"^PEP-CH-\w+-[\w-]+-{version}\.pdf$")
        self.assertEqual(Path(download.value.path()).read_bytes()[:5], b"%PDF-")

    def test_a_draft_is_printed_from_a_pep_that_is_worked_on(self):
        with self.page_of("vseo") as page:
            self.visit(page, self.path)
            draft = self.opened(page, lambda: page.get_by_role("button", name="Print a draft").click())
            expect(draft.locator(".o_pep_draft")).to_contain_text("Not issued yet")
            self.assertEqual(draft.title(), f"PEP {self.reference}, {self.term_name}, draft")
            self.save_pdf(draft, "Download as PDF", "draft")
            self.picture(draft, "pep-draft")
            draft.close()

    def test_copies_are_sent_from_the_pep(self):
        self.issue()
        self.env.flush_all()
        with self.page_of("vseo") as page:
            self.visit(page, self.path)
            expect(page.locator(".alert-warning", has_text="Copies still to be sent")).to_contain_text("Child")
            self.picture(page, "pep-copies-waiting")
            self.press(page, "Send the copies")
            row = page.locator(".modal .o_data_row", has_text="Child")
            expect(row).to_contain_text("Nobody: sent by hand")
            self.picture(page, "copies-send")
            row.locator("td[name='how']").click()
            self.choose(page, "how", "Handed over")
            self.picture(page, "copies-send-by-hand")
            self.press(page, "Send", ".modal")
            expect(page.locator(".o_notification")).to_contain_text("All copies are sent")
            expect(page.get_by_text("Copies still to be sent")).to_have_count(0)
            page.get_by_role("tab", name="Issued versions").click()
            self.settle(page)
            self.picture(page, "pep-copies-sent")
            whole = self.opened(page, lambda: page.get_by_role("button", name="Read or print").click())
            expect(whole.get_by_role("heading", level=1)).to_have_text("Personal Education Plan")
            self.save_pdf(whole, "Download as PDF", "v1")
            whole.close()

    def test_an_issued_version(self):
        issue = self.issue()
        number = issue.id
        self.env.flush_all()
        action = self.env.ref("pep_module.pep_plan_issue_action_of_plan").id
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/action-{action}/{number}?active_id={self.plan.id}")
            expect(page.get_by_role("button", name="Download as PDF")).to_be_visible()
            self.picture(page, "issue-form")

    def test_a_teacher_saves_a_copy_on_a_phone(self):
        copy = self.copy_for(self.issue(), "teacher")
        copy_id, plan_id, html = copy.id, self.plan.id, copy._print_page(pdf="/my/pep")
        self.env.flush_all()
        with self.page_of("teacher", width=390, height=844) as page:
            self.go(page, f"/my/pep/{plan_id}")
            link = page.get_by_role("link", name="Download PDF")
            link.scroll_into_view_if_needed()
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(wide, 0, "nothing reaches past the edge")
            self.picture(page, "portal-copies-phone")
            self.save_pdf(page, "Download PDF", "v1")
            page.goto(f"{self.base_url()}/my/pep/copy/{copy_id}")
            self.picture(page, "copy-phone")
            self.save_pdf(page, "Download as PDF", "v1")
            if self.axe_is_here():  # elsewhere than at its address, where no script runs, axe's neither
                page.goto("about:blank")
                page.set_content(html)
                self.assert_accessible(page)
