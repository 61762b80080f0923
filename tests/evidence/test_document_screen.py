import tempfile
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.browser import BrowserCase

from .document_common import PDF, DocumentCase


@tagged("post_install", "-at_install")
class TestDocumentScreens(DocumentCase, BrowserCase):
    def choose_file(self, page, name, data=PDF):
        folder = Path(tempfile.mkdtemp())
        (folder / name).write_bytes(data)
        page.locator(".modal input[type='file']").set_input_files(folder / name)
        self.settle(page)

    def test_staff_file_replace_and_withdraw(self):
        plan, reference = self.plan, self.child.reference
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/my-peps/{plan.id}")
            page.get_by_role("tab", name="Documents").click()
            self.press(page, "File a document")
            self.pick(page, "type_id", "Support plan")
            self.choose_file(page, "Zebedee Unsaid.pdf")
            self.fill(page, "note", "The spring one")
            self.picture(page, "document-file")
            page.locator(".modal .o_form_button_save").click()
            self.settle(page)
            self.picture(page, "document-page")
            row = page.locator(".o_field_widget[name='document_ids'] .o_data_row").first
            self.assertIn("The spring one", row.inner_text())
            with page.expect_download() as download:
                row.get_by_role("button", name="Download").click()
            self.assertTrue(download.value.suggested_filename.startswith(f"{reference}-support-plan-"))
            self.settle(page)
            row.get_by_role("button", name="Next version").click()
            self.settle(page)
            self.choose_file(page, "Plan 2.pdf", PDF + b" ")
            self.picture(page, "document-next-version")
            page.locator(".modal .o_form_button_save").click()
            self.settle(page)
            row = page.locator(".o_field_widget[name='document_ids'] .o_data_row").first
            row.get_by_role("button", name="Withdraw").click()
            self.settle(page)
            self.fill(page, "reason", "Another child's")
            self.picture(page, "document-withdraw")
            self.press(page, "Withdraw", within=".modal")
            self.picture(page, "document-withdrawn")
        documents = plan.document_ids.sorted("version")
        self.assertEqual(documents.mapped("state"), ["replaced", "withdrawn"])
        self.assertEqual(documents[1].withdrawn_reason, "Another child's")
        self.assertEqual(documents[0].original_name, "Zebedee Unsaid.pdf")

    def test_a_wrong_file_is_told(self):
        with self.page_of("vseo") as page, mute_logger("odoo.http"):
            self.visit(page, f"/odoo/my-peps/{self.plan.id}")
            page.get_by_role("tab", name="Documents").click()
            self.press(page, "File a document")
            self.pick(page, "type_id", "Support plan")
            self.choose_file(page, "plan.docx")
            page.locator(".modal .o_form_button_save").last.click()
            self.settle(page)
            self.picture(page, "document-refused")
            self.assertIn("something else than its name says", page.locator("body").inner_text())
            page.locator(".modal").last.get_by_role("button", name="Close").last.click()
            page.locator(".modal").get_by_role("button", name="Discard").click()
            self.settle(page)
        self.assertFalse(self.plan.document_ids)

    def test_the_list_and_the_record(self):
        document = self.file(name="Zebedee Unsaid.pdf")
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/pep-documents")
            self.picture(page, "documents")
            page.locator(".o_data_row").first.click()
            self.settle(page)
            self.picture(page, "document")
            self.assertNotIn("Unsaid", page.title())
            self.assertIn(str(document.id), page.url)

    def test_types(self):
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-document-types")
            self.picture(page, "document-types")
            page.locator(".o_data_row").first.click()
            self.settle(page)
            self.picture(page, "document-type")
