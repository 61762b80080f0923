from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase

from .test_late import LateCase


@tagged("post_install", "-at_install")
class TestDeadlineScreens(LateCase, BrowserCase):
    """A VSEO sees what is late and why, and the administrator changes how a clock counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.make_children(6)
        cls.plans = cls.env["pep.plan"]
        for child in cls.children:
            cls.plans |= cls.make_plan(child)
        cls.plans[1:4].action_start()
        running = {"state": "open", "met_on": False, "outcome": "pending"}
        for plan, days in zip(cls.plans, (-12, -1, 0, 3, 30, 60), strict=True):
            cls.alone(plan, days)
        cls.clock(cls.plans[0], -17, "school_part", **running)
        cls.clock(cls.plans[0], 4, "social_work_part", **running)
        cls.clock(cls.plans[1], -6, "school_part", **running)
        moved = [{"on": str(cls.today), "from": str(cls.today), "to": str(cls.today + timedelta(days=3))}]
        cls.clock(cls.plans[3], 3, moves=moved)
        for plan, days in zip(cls.plans[2:], (0, 0, -3, 0), strict=True):
            cls.clock(plan, days, "processing", **running)._meet(cls.today)
            plan._follow_clocks()
        cls.env.flush_all()

    def test_a_vseo_looks_for_what_is_late(self):
        # asked for now: while the browser works, the server alone talks to the database
        self.reference, path = self.children[0].reference, f"/odoo/my-peps/{self.plans[0].id}"
        child = f"/odoo/pep-children/{self.children[0].id}"
        with self.page_of("vseo") as page:
            self.look_at_the_board(page)
            self.look_at_the_late_ones(page)
            self.look_at_the_form(page, path)
            self.look_at_the_child(page, child)
            self.look_at_the_share(page)

    def look_at_the_board(self, page):
        self.visit(page, "/odoo/my-peps")
        card = page.locator(".o_kanban_record").filter(has_text=self.reference)
        chips = card.locator(".o_pep_clocks .badge")
        expect(chips).to_have_text(
            ["School's part: 17 days late", "Meeting: 12 days late", "Social worker's part: due in 4 days"]
        )
        expect(chips.first).to_have_attribute("data-level", "late")
        self.picture(page, "late-1-board")
        figure = page.locator("[data-figure='late']")
        expect(figure.locator(".badge")).to_have_text("4")
        self.visit(page, "/odoo/peps")
        page.locator(".o_list_renderer .o_pep_clocks .badge").first.wait_for()
        self.picture(page, "late-2-list-of-peps")
        self.visit(page, "/odoo/my-peps")
        figure.click()
        page.locator(".o_list_renderer").wait_for()
        self.settle(page)

    def look_at_the_late_ones(self, page):
        rows = page.locator(".o_data_row")
        expect(rows).to_have_count(4)
        expect(rows.first).to_contain_text("17 days late")
        figures = page.locator(".o_pep_figures")
        expect(figures.locator("[data-figure='meeting'] .badge")).to_have_text("2")
        expect(figures.locator("[data-figure='school_part'] .badge")).to_have_text("2")
        self.picture(page, "late-3-all")
        figures.locator("[data-figure='meeting']").click()
        expect(rows).to_have_count(2)
        self.settle(page)
        self.picture(page, "late-4-meetings")
        rows.first.locator("td[name='name']").click()
        page.locator(".o_form_view").wait_for()
        page.get_by_text(self.reference).first.wait_for()
        self.settle(page)
        self.visit(page, "/odoo/pep-late")
        rows.first.get_by_role("button").click()
        page.get_by_text("How it was worked out").wait_for()
        self.settle(page)
        self.picture(page, "late-5-clock")
        self.visit(page, "/odoo/pep-late")
        page.locator(".o_switch_view.o_calendar").click()
        page.locator(".o_calendar_view").wait_for()
        self.settle(page)
        self.picture(page, "late-6-calendar")

    def look_at_the_form(self, page, path):
        self.visit(page, path)
        self.picture(page, "late-7-form")
        page.get_by_role("tab", name="Clocks").click()
        page.locator(".o_field_widget[name='deadline_ids'] .o_data_row").first.wait_for()
        self.settle(page)
        self.picture(page, "late-8-form-clocks")

    def look_at_the_child(self, page, path):
        self.visit(page, path)
        page.get_by_role("tab", name="Clocks").click()
        page.locator(".o_field_widget[name='open_deadline_ids'] .o_data_row").first.wait_for()
        self.settle(page)
        self.picture(page, "late-9-child")
        page.get_by_role("button", name="All clocks").click()
        page.locator(".o_list_renderer").wait_for()
        self.settle(page)
        self.picture(page, "late-9-child-all")

    def look_at_the_share(self, page):
        self.visit(page, "/odoo/pep-on-time")
        page.locator("div.o_pivot").wait_for()
        expect(page.locator("div.o_pivot")).to_contain_text("On time")
        self.picture(page, "late-10-pivot")
        page.locator(".o_switch_view.o_graph").click()
        page.locator(".o_graph_view canvas").wait_for()
        self.settle(page)
        page.wait_for_timeout(1000)  # the bars grow
        self.picture(page, "late-11-graph")

    def test_nothing_is_late(self):
        """An empty screen says what it is for and what to do next."""
        with self.page_of("other_vseo") as page:
            self.visit(page, "/odoo/pep-late")
            page.get_by_text("Nothing is late").wait_for()
            self.picture(page, "late-12-empty")
            self.visit(page, "/odoo/pep-on-time")
            page.get_by_text("Nothing to count yet").wait_for()
            self.picture(page, "late-13-empty-share")

    def test_on_a_phone(self):
        with self.page_of("vseo", width=390, height=844) as page:
            self.visit(page, "/odoo/pep-late")
            page.locator(".o_kanban_record").first.wait_for()
            self.picture(page, "late-14-phone")
            self.visit(page, "/odoo/my-peps")
            self.picture(page, "late-15-phone-board")

    def test_the_administrator_changes_a_rule(self):
        rule = self.rule = self.env["pep.deadline.rule"].search(
            [("company_id", "=", self.council.id), ("code", "=", "meeting")]
        )
        path = f"/odoo/pep-clocks/{rule.id}"
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-clocks")
            page.get_by_text("10 working days after the day of coming into care").wait_for()
            self.picture(page, "late-16-rules")
            self.visit(page, path)
            page.get_by_text("Clocks run by this version").wait_for()
            self.picture(page, "late-17-rule")
            self.press(page, "Change from a day on")
            page.locator(".modal .o_form_view").wait_for()
            self.fill(page, "number", "7")
            self.choose(page, "direction", "before")
            page.locator(".modal").get_by_text("7 days before the term's last day for meetings").wait_for()
            self.picture(page, "late-18-change")
            self.press(page, "Change from that day on", within=".modal")
            page.locator(".modal").wait_for(state="detached")
            self.settle(page)
            page.get_by_text("An earlier version").wait_for()
            self.picture(page, "late-19-changed")
            self.visit(page, "/odoo/pep-clocks/new")
            self.picture(page, "late-20-own")
            page.goto(f"{self.base_url()}/odoo/action-pep_module.pep_settings_action")
            page.get_by_text("No clock starts for what happened before this day").scroll_into_view_if_needed()
            self.settle(page)
            self.picture(page, "late-21-settings")
        self.assertEqual((rule.valid_to, len(rule.version_ids)), (self.today - timedelta(days=1), 2))
        self.assertEqual((rule.version_ids - rule).mapped("number"), [7])
