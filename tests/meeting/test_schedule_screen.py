from datetime import datetime, timedelta

from odoo.tests import tagged

from tests.browser import BrowserCase, expect


@tagged("post_install", "-at_install")
class TestScheduleScreen(BrowserCase):
    """A VSEO at the screen: from the board to four meetings, and from several times to one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.make_children(4)
        for child, name in zip(cls.children, ("Ash", "Birch", "Cedar", "Damson"), strict=True):
            child.first_name = name
        cls.surround(cls.children[0])
        cls.plans = cls.term._open(cls.children)
        cls.plans.due_date = cls.today + timedelta(days=60)
        for role in ("teacher", "social_worker", "carer", "iro"):
            cls.users[role].partner_id.email = f"{role}@screen.example"

    def dialog(self, page):
        return page.locator(".modal-dialog").last

    def rows(self, page, name):
        return self.dialog(page).locator(f".o_field_widget[name='{name}'] .o_data_row")

    def drag(self, page, row, onto):
        """Take a row by its handle and put it above another, as a hand does: bit by bit."""
        begin, end = row.locator(".o_handle_cell").bounding_box(), onto.locator(".o_handle_cell").bounding_box()
        page.mouse.move(begin["x"] + 8, begin["y"] + 8)
        page.mouse.down()
        page.mouse.move(begin["x"] + 8, begin["y"] - 8, steps=5)
        page.mouse.move(end["x"] + 8, end["y"] + 2, steps=15)
        page.wait_for_timeout(100)
        page.mouse.up()
        self.settle(page)

    def test_a_school_day_from_the_board(self):
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/my-peps")
            cards = page.locator(".o_kanban_record:not(.o_kanban_ghost)")
            expect(cards).to_have_count(4)
            self.picture(page, "schedule-1-board")
            page.keyboard.down("Alt")
            for number in range(3):
                cards.nth(number).click(position={"x": 5, "y": 5})
            page.keyboard.up("Alt")
            self.settle(page)
            self.picture(page, "schedule-2-chosen")
            self.press(page, "Plan the meetings")
            expect(self.rows(page, "line_ids")).to_have_count(3)
            self.picture(page, "schedule-3-form")
            self.dialog(page).get_by_role("tab", name="Plan these too").click()
            expect(self.rows(page, "suggestion_ids")).to_have_count(1)
            self.picture(page, "schedule-4-suggestions")
            self.press(page, "Add", within=".modal-dialog")
            expect(self.rows(page, "line_ids")).to_have_count(4)
            # the last goes first: by its handle, and the times follow
            first = self.rows(page, "line_ids").first.locator("td[name='child_reference']").inner_text()
            last = self.rows(page, "line_ids").last
            moved = last.locator("td[name='child_reference']").inner_text()
            self.drag(page, last, self.rows(page, "line_ids").first)
            self.assertNotEqual(first, moved)
            expect(self.rows(page, "line_ids").first.locator("td[name='child_reference']")).to_have_text(moved)
            expect(self.rows(page, "line_ids").first.locator("td[name='slot']")).to_contain_text("09:00")
            expect(self.rows(page, "line_ids").last.locator("td[name='slot']")).to_contain_text("12:30")
            self.dialog(page).get_by_label("Face to face").check()
            self.settle(page)
            self.picture(page, "schedule-5-four")
            self.press(page, "Plan all and invite", within=".modal-dialog")
            expect(page.locator(".modal-dialog")).to_have_count(0)
            expect(page.locator(".o_data_row")).to_have_count(4)
            self.picture(page, "schedule-6-planned")
        meetings = self.env["pep.meeting"].search([("plan_id", "in", self.plans.ids)], order="start")
        self.assertEqual(len(meetings), 4)
        self.assertEqual(meetings[0].child_reference, moved)
        self.assertEqual(set(meetings.mapped("place")), {"Elm Primary School"})
        self.assertEqual(meetings.plan_id, self.plans)

    def test_times_are_offered_and_one_is_chosen(self):
        plan = self.plans[0]
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/my-peps/{plan.id}")
            self.press(page, "Plan the meeting")
            self.dialog(page).get_by_label("Offer several times").check()
            self.settle(page)
            self.press(page, "Suggest times", within=".modal-dialog")
            expect(self.rows(page, "slot_ids")).to_have_count(6)
            self.picture(page, "offer-1-form")
            self.press(page, "Offer these times", within=".modal-dialog")
            expect(page.locator(".o_pep_offer_grid")).to_be_visible()
            self.picture(page, "offer-2-grid")
            box = page.locator(".o_pep_offer_grid tbody tr", has_text="teacher.test").locator("select").nth(2)
            box.select_option("no")
            self.settle(page)
            expect(page.locator(".o_pep_offer_grid tfoot")).to_contain_text("Without teacher.test")
            page.locator(".o_pep_offer_grid tbody tr", has_text="teacher.test").locator("select").nth(1).select_option(
                "yes"
            )
            self.settle(page)
            self.picture(page, "offer-3-ticked")
            page.locator(".o_pep_offer_grid tfoot button").nth(1).click()
            self.picture(page, "offer-4-choose")
            self.press(page, "Choose it and invite", within=".modal-dialog")
            expect(page.locator(".o_pep_offer_grid")).to_have_count(0)
            self.picture(page, "offer-5-chosen")
        meeting = self.env["pep.meeting"].search([("plan_id", "=", plan.id)])
        self.assertEqual(meeting.state, "planned")
        self.assertEqual(meeting.option_ids.mapped("state").count("chosen"), 1)
        self.assertIsInstance(meeting.start, datetime)

    def test_an_extra_meeting(self):
        plan = self.plans[0]
        plan.sudo().state = "complete"
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/peps/{plan.id}")
            self.press(page, "Add an extra meeting")
            self.picture(page, "extra-1-form")
            self.fill(page, "purpose", "Travel to school")
            self.press(page, "Plan and invite", within=".modal-dialog")
            expect(page.locator(".o_form_view")).to_be_visible()
            self.picture(page, "extra-2-planned")
        self.assertEqual(plan.meeting_ids.purpose, "Travel to school")
