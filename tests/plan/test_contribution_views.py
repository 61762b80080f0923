from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase

from .gathering_common import GatheringCase


@tagged("post_install", "-at_install")
class TestPartsInTheBackend(GatheringCase, BrowserCase):
    """The virtual school's side of the parts, by clicking."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hand_in(cls.plan, "school", "carer")
        cls.path = f"/odoo/peps/{cls.plan.id}"

    def row(self, page, name):
        return page.locator(".o_field_widget[name='contribution_ids'] .o_data_row", has_text=name)

    def test_the_parts_come_first_in_a_pep(self):
        with self.page_of("vseo") as page:
            self.visit(page, self.path)
            expect(page.locator(".o_notebook .nav-link").first).to_have_text("Parts")
            expect(page.locator("[name='waiting_for']").first).to_have_text("Social worker, Child")
            self.picture(page, "parts-1-in-the-pep")
            self.row(page, "Part school").get_by_role("button", name="Accept").click()
            self.settle(page)
            expect(self.row(page, "Part school").locator("td[name='state']")).to_have_text("Accepted")
            self.row(page, "Part carer").get_by_role("button", name="Return").click()
            page.locator(".modal [name='reason'] :is(input, textarea)").fill("Which book was it?")
            self.picture(page, "parts-2-return")
            page.locator(".modal").get_by_role("button", name="Return").click()
            self.settle(page)
            expect(self.row(page, "Part carer").locator("td[name='state']")).to_have_text("Returned")
        self.assertEqual((self.parts["school"].state, self.parts["carer"].state), ("accepted", "returned"))
        self.assertEqual(self.parts["carer"].returned_reason, "Which book was it?")

    def test_reading_what_was_answered(self):
        with self.page_of("vseo") as page:
            self.visit(page, self.path)
            self.row(page, "Part school").locator("td[name='section_name']").click()
            dialog = page.locator(".modal")
            expect(dialog.locator(".o_pep_answers")).to_contain_text("Maths")
            expect(dialog.locator(".o_pep_answers")).to_contain_text("Elm Primary School")
            self.picture(page, "parts-3-answers")

    def test_the_list_of_parts_to_accept(self):
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/pep-parts")
            expect(page.locator(".o_list_view .o_data_row")).to_have_count(2)
            self.picture(page, "parts-4-to-accept")
            page.locator(".o_data_row", has_text="Part carer").get_by_role("button", name="Accept").click()
            self.settle(page)
            expect(page.locator(".o_list_view .o_data_row")).to_have_count(1)
        self.assertEqual(self.parts["carer"].state, "accepted")

    def test_the_board_says_how_far_it_is(self):
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/my-peps")
            card = page.locator(".o_kanban_record", has_text=self.reference)
            expect(card).to_contain_text("School 1 of 1 · waiting for: Social worker, Child")
            self.picture(page, "parts-5-board")

    def test_entering_on_behalf(self):
        with self.page_of("vseo") as page:
            self.visit(page, self.path)
            self.row(page, "Part social").get_by_role("button", name="Enter on behalf").click()
            page.get_by_role("heading", name="On behalf of: Social worker").wait_for()
            self.picture(page, "parts-6-on-behalf")
            page.get_by_role("link", name="Back to the PEP in the Virtual School app").click()
            page.wait_for_selector(".o_form_view")

    def setUp(self):
        super().setUp()
        self.reference = self.child.reference
