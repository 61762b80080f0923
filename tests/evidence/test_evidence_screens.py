from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.browser import BrowserCase


@tagged("post_install", "-at_install")
class TestEvidenceScreens(BrowserCase):
    """The evidence of a child on the PEP, on the child and on the watch list, as a VSEO sees and adds it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)
        cls.monday = cls.today - timedelta(days=cls.today.weekday() + 7)
        ids = {"child_id": cls.child.id, "school_id": cls.school.id}
        for months, present in ((9, 50), (5, 46), (0, 58)):
            last = cls.monday - timedelta(days=30 * months + 7)
            cls.env["pep.attendance"].create(
                {
                    **ids,
                    "date_from": last - timedelta(days=60),
                    "date_to": last,
                    "possible": 60,
                    "present": present,
                    "authorised": 60 - present,
                    "c2_sessions": 2,
                }
            )
        cls.env["pep.attainment"].create(
            [
                {
                    "child_id": cls.child.id,
                    "subject": subject,
                    "level": level,
                    "date": cls.monday - timedelta(days=days),
                }
                for subject, levels in (("reading", ("below", "on", "on")), ("maths", ("on", "above", "above")))
                for days, level in zip((240, 120, 1), levels, strict=True)
            ]
        )
        week = {"date_from": cls.today, "date_to": cls.today, "sessions": 2}
        cls.env["pep.suspension"].create({**ids, **week})
        cls.env["pep.sdq"].create({"child_id": cls.child.id, "score": "15"})

    def test_the_page_of_a_plan(self):
        first, last = self.monday, self.monday + timedelta(days=4)
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/action-pep_module.pep_plan_action_all/{self.plan.id}")
            page.get_by_role("tab", name="Evidence").click()
            self.settle(page)
            chart = page.get_by_role("img", name="Attendance by term")
            expect(chart).to_be_visible()
            expect(chart.locator("text", has_text="Expected: 95 %")).to_be_visible()
            expect(page.get_by_role("row", name="Maths").first).to_contain_text("Above")
            self.picture(page, "evidence-plan")
            self.press(page, "Add attendance")
            self.fill(page, "date_from", first.strftime("%d/%m/%Y"))
            self.fill(page, "date_to", last.strftime("%d/%m/%Y"))
            self.fill(page, "pasted", "/\\ /\\ /\\ /I Y4Y4")
            self.settle(page)
            expect(page.locator(".modal .o_field_widget[name='possible']")).to_have_text("8")
            self.picture(page, "evidence-attendance-dialog")
            self.press(page, "Save", ".modal")
            expect(page.locator(".modal")).to_have_count(0)
            expect(page.locator(".o_field_widget[name='attendance_ids']")).to_contain_text("87.5")
            for name in ("Add an assessment", "Add a suspension", "Add an SDQ"):
                self.press(page, name)
                self.picture(page, f"evidence-{name.split()[-1].lower()}-dialog")
                self.press(page, "Discard", ".modal")
            self.press(page, "Add an SDQ")
            self.fill(page, "score", "41")
            with mute_logger("odoo.http"):
                self.press(page, "Save", ".modal")
            expect(
                page.locator(".o_notification, .o_error_dialog, .modal").filter(has_text="0 to 40").first
            ).to_be_visible()
            self.picture(page, "evidence-sdq-refused")
        self.assertEqual(self.child.attendance_ids.filtered(lambda record: record.date_from == first).percentage, 87.5)
        self.assertEqual(len(self.child.sdq_ids), 1)

    def test_the_watch_list(self):
        reference = self.child.reference
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/pep-watch-list")
            row = page.locator(".o_data_row", has_text=reference)
            expect(row).to_contain_text("Suspended until")
            expect(row).to_contain_text("Part-time timetable (C2): 2 sessions")
            self.picture(page, "evidence-watch-list")
            row.locator("td[name='reference']").click()
            self.settle(page)
            page.get_by_role("tab", name="Evidence").click()
            self.settle(page)
            expect(page.locator(".alert", has_text="On the watch list")).to_be_visible()
            self.picture(page, "evidence-child")

    def test_importing(self):
        upn = "R201100018042"
        self.child.upn = upn
        self.env.flush_all()
        head = "UPN,from,to,possible,present,authorised,unauthorised\n"
        row = f"{upn},{self.monday},{self.monday + timedelta(days=4)},10,%s,1,1\n"
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/action-pep_module.pep_attendance_action")
            self.picture(page, "evidence-attendance-list")
            self.visit(page, "/odoo/action-pep_module.pep_suspension_action")
            self.picture(page, "evidence-suspension-list")
            self.visit(page, "/odoo/pep-watch-list")
            page.locator(".o_main_navbar").get_by_role("button", name="Children").click()
            page.get_by_role("menuitem", name="Import attendance").click()
            self.settle(page)
            for text, found in ((head + row % 9, "Mistakes: 1"), (head + row % 8, "Nothing is wrong")):
                name = {"name": "attendance.csv", "mimeType": "text/csv", "buffer": text.encode()}
                page.locator(".modal input[type='file']").last.set_input_files(name)
                self.settle(page)
                self.press(page, "Check the file", ".modal")
                expect(page.locator(".modal")).to_contain_text(found)
                self.picture(page, f"evidence-import-{found[:7].lower()}")
            self.press(page, "Take it in", ".modal")
            expect(page.locator(".modal")).to_contain_text("The file has been taken in")
            self.picture(page, "evidence-import-done")
        self.assertIn(80, self.child.attendance_ids.mapped("percentage"))
