from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.target.test_proposal import ProposalCase


@tagged("post_install", "-at_install")
class TestProposalScreens(ProposalCase, BrowserCase):
    def setUp(self):
        super().setUp()
        self.url = f"/my/pep/{self.plan.id}"
        self.area_name = self.area.name
        self.plan_id = self.plan.id

    def test_a_teacher_suggests_a_target_on_a_phone_by_keyboard(self):
        self.env.flush_all()
        with self.page_of("teacher", width=390, height=844) as page:
            page.goto(self.base_url() + self.url)
            page.get_by_role("link", name="Suggest a target").first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Suggest a target")
            self.picture(page, "target-form-phone")
            page.get_by_label("What exactly will the child be able to do?").fill("Reads a page aloud")
            page.get_by_label("What would it buy?").fill("Reading tuition")
            page.get_by_label("What is it about?").select_option(label=self.area_name)
            page.get_by_role("button", name="Send the suggestion").press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("say what it costs")
            expect(page.get_by_label("What exactly will the child be able to do?")).to_have_value("Reads a page aloud")
            self.picture(page, "target-form-message")
            self.complaints[:] = [text for text in self.complaints if "422" not in text]  # the browser's word for it
            page.get_by_role("alert").get_by_role("link").first.press("Enter")
            page.get_by_label("What does each cost").fill("40")
            page.get_by_role("button", name="Send the suggestion").press("Enter")
            expect(page.get_by_role("status").first).to_contain_text("has been sent")
            expect(page.get_by_text("Still missing to be SMART")).to_be_visible()
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(wide, 0, "nothing reaches past the edge")
            self.picture(page, "target-sent")
            page.goto(self.base_url() + self.url)
            self.picture(page, "pep-with-suggestion")

    def test_it_works_without_script(self):
        self.env.flush_all()
        with self.page_of("carer") as page:
            cookies = page.context.cookies()
            plain = self.browser.new_context(java_script_enabled=False)
            plain.add_cookies(cookies)
            form = plain.new_page()
            form.goto(f"{self.base_url()}{self.url}/target")
            form.get_by_label("What is it about?").select_option(label=self.area_name)
            form.get_by_label("What exactly will the child be able to do?").fill("Sleeps eight hours")
            form.get_by_role("button", name="Send the suggestion").click()
            expect(form.get_by_role("status").first).to_contain_text("has been sent")
            form.get_by_role("button", name="Take back").click()
            expect(form.get_by_role("status").first).to_contain_text("taken back")
            plain.close()

    def test_the_officer_agrees_and_declines(self):
        self.propose(**self.wish())
        self.propose("carer", **self.values(name="Sleeps eight hours"))
        self.env.flush_all()
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/peps/{self.plan_id}")
            page.get_by_role("tab", name="Targets", exact=True).click()
            rows = page.locator(".o_field_widget[name='proposal_ids'] tr.o_data_row")
            expect(rows).to_have_count(2)
            self.picture(page, "pep-suggested")
            rows.filter(has_text="Reads a page").get_by_role("button", name="Agree").click()
            self.settle(page)
            expect(page.locator(".o_field_widget[name='target_ids'] tr.o_data_row")).to_contain_text(
                "Reads a page aloud"
            )
            rows.filter(has_text="Sleeps").get_by_role("button", name="Decline").click()
            self.fill(page, "reason", "One at a time")
            self.press(page, "Decline", within=".modal")
            expect(rows.filter(has_text="Sleeps")).to_contain_text("Not agreed")
            self.picture(page, "pep-suggested-decided")
