"""Working days and holidays on screen: what is to be checked, a training day added, a school with its own."""

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase


@tagged("post_install", "-at_install")
class TestCalendarScreens(BrowserCase):
    def setUp(self):
        super().setUp()
        # the rest of the list: the area that the school lies in
        calendars = self.env["resource.calendar"]
        self.env["resource.calendar"].create(
            calendars._pep_prepare(self.council, "school", "School days, Kent", pep_la_code="886")
        )._pep_generate(calendars._pep_years_to_make(self.council))
        self.school.pep_la_code = "886"
        self.env.flush_all()

    def test_an_administrator_checks_holidays(self):
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-holidays")
            self.picture(page, "holidays-list")
            expect(page.locator("tr.o_data_row")).to_have_count(3)
            page.get_by_role("cell", name="School days, Kent").click()
            alert = page.locator(".alert-warning")
            expect(alert).to_contain_text("worked out by a rule of thumb")
            self.picture(page, "holidays-form")
            page.get_by_role("button", name="Is right").first.click()
            self.settle(page)
            page.get_by_role("button", name="Add a line").or_(page.get_by_role("link", name="Add a line")).click()
            self.fill(page, "pep_first_day", "03/03/2031")
            page.locator("tr.o_selected_row [name='name'] input").fill("Training day")
            self.save(page)
            self.picture(page, "holidays-form-added")
            page.get_by_role("button", name="All are right").click()
            page.get_by_role("button", name="Ok").click()
            expect(alert).to_be_hidden()
        area = self.env["resource.calendar"].search([("pep_la_code", "=", "886")])
        self.assertIn("Training day", area.pep_holiday_ids.mapped("name"))
        self.assertEqual(area.pep_unchecked, 0)

    def test_the_head_gives_a_school_its_own(self):
        with self.page_of("head") as page:
            self.visit(page, "/odoo/pep-school-holidays")
            expect(page.get_by_text("Every school follows the holidays of its area")).to_be_visible()
            self.picture(page, "school-holidays-empty")
            page.get_by_role("button", name="New").first.click()
            self.pick(page, "school_id", "Elm Primary School")
            page.locator(".o_list_button_save").first.click()
            self.settle(page)
            self.picture(page, "school-holidays")
            page.get_by_role("button", name="Holidays").click()
            expect(page.locator(".o_field_widget[name='pep_used_for']")).to_have_text("Elm Primary School")
            self.picture(page, "school-holidays-form")
        self.assertEqual(
            self.env["pep.school.calendar"].search([("school_id", "=", self.school.id)]).calendar_id.name,
            "School days, Elm Primary School",
        )
