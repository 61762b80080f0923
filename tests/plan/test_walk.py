from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.child import ssda903_common as ssda903


@tagged("post_install", "-at_install")
class TestWalk(BrowserCase):
    """The backbone by clicking: from a register that nobody typed to a finished PEP, corrected, and the next term."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        born = cls.today.replace(day=1, month=1, year=cls.today.year - 10).strftime("%d/%m/%Y")
        # asked for now: while the browser works, the server alone talks to the database
        cls.vseo_name = cls.users["vseo"].name
        cls.term_name = cls.term.name
        cls.last_day = cls.term.date_to.strftime("%d/%m/%Y")
        cls.an_hour_ago = cls.council._pep_local(fields.Datetime.now() - timedelta(hours=1)).strftime("%d/%m/%Y %H:%M")
        cls.files = {
            "header": ssda903.header(
                {"CHILD": "7001", "DOB": born, "UPN": ssda903.upn(1)}, {"CHILD": "7002", "DOB": born}
            ),
            "episodes": ssda903.episodes({"CHILD": "7001"}, {"CHILD": "7002"}),
        }

    def test_from_the_register_to_the_next_term(self):
        with self.page_of("head") as page:
            self.import_the_register(page)
            self.name_the_child(page)
            self.open_the_term(page)
        child = self.env["pep.child"].search([("la_person_id", "=", "7001"), ("company_id", "=", self.council.id)])
        plan = child.plan_ids
        self.assertRecordValues(plan, [{"state": "not_started", "vseo_id": self.users["vseo"].id}])

        with self.page_of("vseo") as page:
            self.find_on_the_board(page)
            self.gather_and_meet(page)
            self.agree_a_target(page)
            self.finish(page)
            self.correct(page)
        self.assertRecordValues(plan, [{"state": "complete", "issue_version": 2}])
        first, second = plan.issue_ids.sorted("version")
        self.assertEqual(first.data["targets"][0]["baseline"], "Half a page")
        self.assertEqual(second.data["targets"][0]["baseline"], "A quarter of a page")
        self.assertTrue(first.is_intact and second.is_intact)

        following = self.begin_tomorrow()
        following_name = following.name
        with self.page_of("head") as page:
            self.visit(page, "/odoo/pep-terms")
            page.get_by_role("cell", name=following_name).first.click()
            self.press(page, "Open this term")
        next_plan = child.plan_ids - plan
        self.assertRecordValues(next_plan, [{"term_id": following.id, "state": "not_started"}])
        path = f"/odoo/peps/{next_plan.id}"
        with self.page_of("vseo") as page:
            self.see_the_target_again(page, path)
        self.assertRecordValues(next_plan.review_ids, [{"outcome": "partly", "carry_forward": True}])
        self.assertEqual(next_plan.target_ids.continues_id, plan.target_ids)

    def import_the_register(self, page):
        self.visit(page, "/odoo/pep-ssda903")
        self.picture(page, "01-import-empty")
        self.press(page, "New")
        for name, content in self.files.items():
            page.locator(f".o_field_widget[name='{name}_file'] input[type=file]").first.set_input_files(
                {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": content}
            )
            page.locator(f".o_field_widget[name='{name}_file'] .o_clear_file_button").wait_for()
        self.press(page, "Check the files")
        page.get_by_text("Nothing has been changed yet.").wait_for()
        self.picture(page, "02-import-preview")
        self.press(page, "Import")
        page.get_by_text("Imported.", exact=True).wait_for()
        self.picture(page, "03-import-result")

    def name_the_child(self, page):
        self.press(page, "Open the children without a VSEO")
        page.locator(".o_list_view, .o_kanban_view").wait_for()
        self.picture(page, "04-children-without-vseo")
        page.get_by_text("7001", exact=True).first.click()
        page.locator(".o_form_view").wait_for()
        self.fill(page, "first_name", "Zebedee")
        self.fill(page, "last_name", "Unsaid")
        self.pick(page, "vseo_id", self.vseo_name)
        self.save(page)
        self.picture(page, "05-child")

    def open_the_term(self, page):
        self.visit(page, "/odoo/my-peps")
        self.picture(page, "06-board-before-the-term")
        page.get_by_text(f"Open {self.term_name}").first.click()
        page.get_by_text("2 PEPs made").wait_for()

    def find_on_the_board(self, page):
        self.visit(page, "/odoo/my-peps")
        page.get_by_text("Zebedee Unsaid").first.wait_for()
        self.picture(page, "07-board")
        self.assertNotIn("Unsaid", page.title())
        page.get_by_text("Zebedee Unsaid").first.click()
        page.locator(".o_form_view").wait_for()
        self.settle(page)
        self.assertNotIn("Unsaid", page.title())
        self.assertNotIn("Unsaid", page.url)
        self.picture(page, "08-pep-not-started")

    def gather_and_meet(self, page):
        self.press(page, "Start gathering")
        self.press(page, "Ready for the meeting")
        page.locator(".modal").get_by_text("The school is not known").wait_for()
        page.locator(".modal .o_data_row [name=reason_id]").click()
        self.pick(page, "reason_id", "School place being found")
        self.picture(page, "09-going-on-without")
        self.press(page, "Go on with these reasons", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        self.press(page, "Plan the meeting")
        page.locator(".modal .o_field_widget[name='start']").click()
        self.fill(page, "start", self.an_hour_ago)
        page.locator(".modal").get_by_label("Send the invitations now").uncheck()
        self.press(page, "Plan without inviting yet", within=".modal")
        page.get_by_text("Tick who was there").first.wait_for()
        self.picture(page, "09-meeting")
        self.tick(page.locator(".o_field_widget[name='attendee_ids'] .o_data_row").first, "attended")
        self.press(page, "It took place")

    def agree_a_target(self, page):
        page.locator(".modal").get_by_text("There is no academic target").wait_for()
        self.picture(page, "10-something-is-missing")
        self.press(page, "Go back", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        page.locator("button", has_text="Back to the PEP").locator("visible=true").first.click()
        self.settle(page)
        page.get_by_role("tab", name="Targets", exact=True).click()
        page.get_by_text("Add a target").first.click()
        page.locator(".modal .o_form_view").wait_for()
        self.pick(page, "area_id", "English")
        for name, value in (
            ("name", "Reads a page aloud without help"),
            ("baseline", "Half a page"),
            ("measure", "Page read to the teacher"),
            ("target_value", "A whole page"),
            ("realistic", "Gained a third of a page last term"),
            ("strategies", "Ten minutes a day with a teaching assistant"),
            ("by_whom", "School and carer"),
            ("by_when", self.last_day),
        ):
            self.fill(page, name, value)
        self.choose(page, "agreed_with_child", "Yes")
        self.picture(page, "11-target")
        page.locator(".modal-footer .o_form_button_save").first.click()
        page.locator(".modal").wait_for(state="detached")
        self.press(page, "Open the meeting")
        self.press(page, "It took place")
        page.locator(".modal").get_by_text("Nobody on the list as").wait_for()
        self.fill(page, "reason", "Nobody is known around the child yet")
        self.picture(page, "11-without-somebody")
        self.press(page, "It took place", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        self.press(page, "Go on with the PEP")
        page.get_by_text("the next meeting is not set").wait_for()

    def finish(self, page):
        self.fill(page, "next_meeting_note", "In the second week of next term")
        self.press(page, "Complete and issue")
        page.get_by_text("issued as version").wait_for()
        self.picture(page, "12-complete")

    def correct(self, page):
        self.press(page, "Correct")
        self.fill(page, "reason", "The reading was mistyped")
        self.press(page, "Open to correct", within=".modal")
        page.get_by_text("Being corrected:").wait_for()
        page.get_by_role("tab", name="Targets", exact=True).click()
        page.get_by_text("Reads a page aloud").first.click()
        page.locator(".modal .o_form_view").wait_for()
        self.fill(page, "baseline", "A quarter of a page")
        page.locator(".modal-footer .o_form_button_save").first.click()
        page.locator(".modal").wait_for(state="detached")
        self.press(page, "Complete and issue")
        page.get_by_text("issued as version").wait_for()
        self.picture(page, "13-corrected")

    def begin_tomorrow(self):
        """Let the next term be near enough to be opened."""
        following = self.next_term()
        tomorrow = self.today + timedelta(days=1)
        self.env.cr.execute(
            "UPDATE pep_term SET date_from = %s, window_from = %s WHERE id = %s", [tomorrow, tomorrow, following.id]
        )
        self.env.invalidate_all()
        return following

    def see_the_target_again(self, page, path):
        self.visit(page, path)
        page.get_by_text("Previous targets").first.click()
        row = page.locator(".o_field_widget[name='review_ids'] .o_data_row").first
        row.get_by_text("Reads a page aloud without help").wait_for()
        self.picture(page, "14-next-term")
        row.locator("[name=outcome]").click()
        self.choose(page, "outcome", "Partly achieved")
        self.tick(row, "carry_forward")
        self.save(page)
        self.picture(page, "15-carried-forward")
