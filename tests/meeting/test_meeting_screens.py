from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.browser import BrowserCase


@tagged("post_install", "-at_install")
class TestMeetingScreens(BrowserCase):
    """A VSEO looks at the board, sees to who must be there, and closes a meeting that took place."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        now = fields.Datetime.now()
        cls.child, other = cls.make_children(2)
        cls.surround(cls.child)
        cls.plan = cls.as_user(cls.make_plan(cls.child), "vseo")
        cls.plan.action_start()
        cls.smart_target(cls.plan)
        meetings = cls.plan.env["pep.meeting"]
        values = {"plan_id": cls.plan.id, "mode": "both", "place": "Elm Primary School, library"}
        cls.coming = meetings.create({**values, "start": now + timedelta(days=3)})
        cls.begun = meetings.create(
            {"plan_id": cls.make_plan(other).id, "start": now - timedelta(hours=1), "mode": "face", "place": "Room 2"}
        )
        cls.extra = meetings.create(
            {**values, "start": now + timedelta(days=9), "is_extra": True, "purpose": "Which laptop"}
        )
        # somebody whose term has gone by
        cls.child.sudo().face_due_date = cls.today - timedelta(days=1)
        cls.env.flush_all()

    def test_from_the_board_to_a_meeting_that_was_held(self):
        # asked for now: while the browser works, the server alone talks to the database
        self.reference = self.child.reference
        coming, begun, extra = (f"/odoo/pep-meetings/{meeting.id}" for meeting in (self.coming, self.begun, self.extra))
        with self.page_of("vseo") as page:
            self.look_at_the_board(page)
            self.see_to_the_people(page, coming)
            self.hold(page, begun)
            self.visit(page, extra)
            page.get_by_text("Extra meeting").first.wait_for()
            self.picture(page, "meeting-9-extra")
            self.visit(page, "/odoo/pep-meetings")
            self.picture(page, "meeting-9-calendar")
        social_worker = self.coming.attendee_ids.filtered(lambda person: person.role == "social_worker")
        self.assertEqual((social_worker.answer, social_worker.answered_how), ("declined", "staff"))
        self.assertEqual(len(self.plan.activity_ids), 1)
        self.assertEqual((self.begun.state, self.begun.quorum_state), ("held", "awaiting"))
        self.assertEqual(self.begun.plan_id.state, "processing")

    def look_at_the_board(self, page):
        self.visit(page, "/odoo/my-peps")
        figures = page.locator(".o_pep_figures")
        for label, number in (
            ("Meetings in the next 7 days", "1"),
            ("Somebody who must be there is missing", "1"),
            ("Held, written part to follow", "0"),
            ("Face to face overdue", "1"),
        ):
            button = figures.get_by_role("button").filter(has_text=label)
            self.assertEqual(button.locator(".badge").inner_text(), number, label)
        page.get_by_text("Face to face was due by").first.wait_for()
        self.picture(page, "meeting-1-board")
        figures.get_by_role("button").filter(has_text="Face to face overdue").click()
        page.get_by_role("cell", name=self.reference).first.wait_for()
        self.settle(page)
        self.picture(page, "meeting-2-face")
        self.visit(page, "/odoo/my-peps")
        figures.get_by_role("button").filter(has_text="Somebody who must be there").click()
        page.get_by_text("Not invited yet").first.wait_for()
        self.settle(page)
        self.picture(page, "meeting-3-list")

    def see_to_the_people(self, page, path):
        self.visit(page, path)
        page.get_by_text("Not invited yet:").first.wait_for()
        self.picture(page, "meeting-4-before")
        self.press(page, "Send the invitations")
        page.get_by_text("Mails on their way").first.wait_for()
        self.visit(page, path)
        page.get_by_text("No answer yet:").first.wait_for()
        self.picture(page, "meeting-5-invited")
        row = page.locator(".o_field_widget[name='attendee_ids'] .o_data_row").filter(has_text="Social worker")
        row.get_by_role("button", name="Details").click()
        page.locator(".modal .o_form_view").wait_for()
        self.settle(page)
        self.picture(page, "meeting-6-details")
        self.press(page, "Not coming", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        page.get_by_text("Not coming: social worker").first.wait_for()
        self.picture(page, "meeting-7-declined")
        self.press(page, "Find another time")
        page.locator(".modal .o_form_view").wait_for()
        self.picture(page, "meeting-7-move")
        self.press(page, "Go back", within=".modal")

    def hold(self, page, path):
        self.visit(page, path)
        page.get_by_text("Tick who was there").last.wait_for()
        rows = page.locator(".o_field_widget[name='attendee_ids'] .o_data_row")
        self.tick(rows.filter(has_text="VSEO"), "attended")
        self.press(page, "It took place")
        modal = page.locator(".modal")
        modal.get_by_text("Nobody on the list as social worker, carer").wait_for()
        modal.get_by_text("there is no academic target").wait_for()
        self.picture(page, "meeting-8-hold")
        self.press(page, "Go back", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        self.press(page, "It took place")
        self.fill(page, "reason", "Nobody else is around this child yet")
        for line in range(modal.locator(".o_data_row").count()):
            modal.locator(".o_data_row").nth(line).locator("[name=reason_id]").click()
            self.field(page, "reason_id").click()
            page.locator(".o-autocomplete--dropdown-item").first.click()
        self.press(page, "It took place, with these reasons", within=".modal")
        page.locator(".modal").wait_for(state="detached")
        page.get_by_text("Held without them").first.wait_for()
        self.picture(page, "meeting-8-held")
