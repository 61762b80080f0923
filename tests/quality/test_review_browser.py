from playwright.sync_api import expect

from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.browser import BrowserCase
from tests.quality.quality_common import QualityCase

DESK = {"width": 1366, "height": 768}
AREAS = 10


@tagged("post_install", "-at_install")
class TestReviewBrowser(QualityCase, BrowserCase):
    """A PEP is judged on one screen, with the keyboard or with one click an area."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.smart_target(cls.plan, name="Adds fractions", measure=False)
        cls.reference, cls.name = cls.child.reference, cls.child.full_name
        cls.path = f"/odoo/peps/{cls.plan.id}"

    def open_review(self, page):
        self.visit(page, self.path)
        self.press(page, "Quality review")
        page.locator(".o_pep_review").wait_for()
        self.settle(page)

    def key(self, page, *keys):
        for key in keys:
            page.keyboard.press(key)
            self.settle(page)

    def saved(self, page):
        expect(page.locator(".o_pep_review_sign")).to_have_text("Saved")

    def look_at(self, page, name):
        self.picture(page, f"review-{name}")
        if self.axe_is_here():
            self.assert_accessible(page, within=".o_pep_review")
        wider = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        self.assertLessEqual(wider, 0, f"{name}: wider than the screen")

    def overall(self, page, grade):
        expect(page.locator(".o_pep_review_overall strong")).to_have_text(grade)

    def test_by_keyboard_and_accepted_with_feedback(self):
        with self.page_of("head", **DESK) as page:
            self.open_review(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(self.name)
            self.assertNotIn(self.name, page.title())
            self.assertIn(self.reference, page.title())
            expect(page.locator(".o_pep_review_hints")).to_contain_text("The child's voice is not there")
            self.look_at(page, "1-begins")
            self.key(page, "?")
            self.look_at(page, "2-keys")
            self.key(page, "?", "a")
            self.overall(page, "Amber")
            expect(page.locator(".o_pep_review_areas [aria-current]")).to_contain_text("Previous targets")
            expect(page.locator(".o_pep_review_areas [aria-current]")).to_be_focused()
            self.key(page, "0")
            expect(page.locator(".o_pep_review_areas [aria-current]")).to_contain_text("Left out")
            self.key(page, "ArrowDown")
            expect(page.locator(".o_pep_review_hints")).to_contain_text("“Adds fractions” has no: Measured by.")
            expect(page.locator(".o_pep_review_data")).to_contain_text("Ten minutes a day with a teaching assistant")
            self.look_at(page, "3-targets")
            self.key(page, "/")
            page.keyboard.type("g is a letter here, no grade")
            self.key(page, "Escape")
            self.saved(page)
            self.key(page, *["g"] * (AREAS - 2))
            expect(page.get_by_role("heading", name="What comes of it")).to_be_visible()
            self.overall(page, "Amber")
            self.look_at(page, "4-finish")
            with mute_logger("odoo.http"):
                self.press(page, "Accept with feedback", within=".o_pep_review")
            expect(page.locator(".o_pep_review_trouble")).to_contain_text("Write the feedback for the school first")
            page.get_by_label("Feedback for the school").fill("Ask the child again")
            self.settle(page)
            self.press(page, "Accept with feedback", within=".o_pep_review")
            expect(page.locator(".o_form_view")).to_contain_text("Accepted with feedback")
            expect(page.get_by_role("button", name="Quality review")).to_have_count(0)
            self.look_at_plan(page)
        review = self.plan.quality_ids
        self.assertEqual((review.outcome, review.feedback), ("accepted_feedback", "Ask the child again"))
        self.assertEqual(review.line_ids[2].comment, "g is a letter here, no grade")
        self.assertTrue(review.line_ids[1].left_out)

    def look_at_plan(self, page):
        page.get_by_role("tab", name="Quality").click()
        self.settle(page)
        self.picture(page, "review-5-plan")

    def test_by_clicks_and_returned(self):
        with self.page_of("vseo", **DESK) as page:
            self.open_review(page)
            page.locator(".o_pep_review_grade[data-colour=red]").click()
            self.overall(page, "Red")
            page.get_by_label("Comment").fill("Nobody asked the child")
            for _number in range(AREAS - 1):
                self.press(page, "Next", within=".o_pep_review")
                page.locator(".o_pep_review_grade[data-colour=green]").click()
                self.settle(page)
            self.press(page, "Finish", within=".o_pep_review")
            expect(page.get_by_role("button", name="Accept", exact=True)).to_be_disabled()
            self.press(page, "Return…", within=".o_pep_review")
            page.get_by_label("Why it goes back").fill("The child's voice first")
            page.locator(".o_pep_review_return input[type=checkbox]").first.check()
            self.look_at(page, "6-return")
            self.press(page, "Return the PEP", within=".o_pep_review")
            expect(page.locator(".o_statusbar_status .o_arrow_button_current")).to_have_text("Gathering")
        self.assertEqual(self.plan.state, "gathering")
        self.assertEqual(self.plan.quality_ids.outcome, "returned")
        part = self.plan.quality_ids.part_ids
        self.assertEqual((part.state, part.returned_reason), ("returned", "The child's voice first"))

    def test_a_colleague_reads_and_takes_over(self):
        self.begin(role="vseo")
        with self.page_of("head", **DESK) as page:
            self.open_review(page)
            expect(page.locator(".o_pep_review_grade").first).to_be_disabled()
            self.look_at(page, "7-read")
            self.press(page, "Take it over", within=".o_pep_review")
            expect(page.locator(".o_pep_review_grade").first).to_be_enabled()
        self.assertEqual(self.plan.quality_ids.reviewer_id, self.users["head"])

    def test_menus_lists_and_board(self):
        self.accept()
        with self.page_of("head", **DESK) as page:
            for path, name in (("pep-reviews", "8-list"), ("peps-to-review", "9-to-review"), ("my-peps", "10-board")):
                self.visit(page, f"/odoo/{path}")
                self.picture(page, f"review-{name}")
            self.visit(page, "/odoo/peps-to-review")
            expect(page.locator(".o_view_nocontent")).to_contain_text("Nothing waits for a quality review")

    def test_a_rubric_is_written(self):
        rubric = self.rubric.id
        with self.page_of("admin", **DESK) as page:
            self.visit(page, f"/odoo/pep-rubrics/{rubric}")
            self.picture(page, "review-11-rubric")
            self.press(page, "Make a new version")
            page.get_by_role("tab", name="Overall rule").click()
            self.press(page, "One at the worst grade, else all but one")
            expect(page.locator("[name=rule_words]")).to_contain_text("If all areas but one are Green or better")
            self.picture(page, "review-12-rule")
        made = self.env["pep.rubric"].search([("company_id", "=", self.council.id), ("state", "=", "draft")])
        self.assertEqual((made.version, len(made.rule_ids)), (2, 3))
