from datetime import timedelta

from odoo.tests import tagged

from tests.browser import BrowserCase, expect


@tagged("post_install", "-at_install")
class TestEndingScreens(BrowserCase):
    """A VSEO at the screen: the day out of care, the next care review, an interim PEP; an administrator: the rule."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_go_live = cls.today - timedelta(days=400)
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.new = cls.make_children(date_into_care=cls.today - timedelta(days=1))
        cls.initial = cls.make_plan(cls.new)
        cls.initial.action_start()
        cls.initial.contribution_ids.filtered(lambda part: part.owner_role == "social_worker").write(
            {"state": "not_needed"}
        )
        cls.council.pep_interim_below = 60  # whatever day this is run on

    def on_screen(self, day):
        return day.strftime("%d/%m/%Y")

    def test_the_day_out_of_care(self):
        reference = self.child.reference
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/pep-children/{self.child.id}")
            self.fill(page, "care_review_date", self.on_screen(self.today + timedelta(days=40)))
            self.fill(page, "date_out_of_care", self.on_screen(self.today))
            self.save(page)
            alert = page.locator(".alert", has_text="Left care on")
            expect(alert).to_contain_text("the clocks have stopped")
            self.picture(page, "ending-1-child")
            self.visit(page, "/odoo/my-peps")
            card = page.locator(".o_kanban_record", has_text=reference)
            expect(card).to_contain_text("Left care on")
            self.picture(page, "ending-2-board")
            self.visit(page, f"/odoo/my-peps/{self.plan.id}")
            expect(page.locator(".alert", has_text="This is the last PEP")).to_be_visible()
            expect(page.locator(".o-mail-Activity", has_text="Finish this PEP")).to_be_visible()
            self.picture(page, "ending-3-pep")
            self.visit(page, f"/odoo/pep-children/{self.child.id}")
            page.locator(".o_field_widget[name='date_out_of_care'] button").click()  # a date is a button until touched
            self.fill(page, "date_out_of_care", "")
            self.save(page)
            expect(page.locator(".alert", has_text="Left care on")).to_have_count(0)
            self.picture(page, "ending-4-taken-back")
        self.assertFalse(self.child.ended_on)

    def test_an_interim_pep(self):
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/my-peps/{self.initial.id}")
            expect(page.locator(".alert", has_text="school day")).to_be_visible()
            self.picture(page, "interim-1-offered")
            self.press(page, "Agree an interim PEP")
            self.fill(
                page,
                "words",
                "Learns at home until the place at Elm Primary is there. Virtual school sends work each week.",
            )
            self.picture(page, "interim-2-form")
            self.press(page, "Agree the interim PEP", within=".modal-dialog")
            expect(page.locator(".alert", has_text="school day")).to_have_count(0)
            expect(page.locator(".o_field_widget[name='interim_words']")).to_contain_text("Virtual school sends work")
            self.picture(page, "interim-3-agreed")
        self.assertEqual(self.initial.interim_on, self.today)
        ready = self.new.deadline_ids.filtered(lambda clock: clock.kind == "ready")
        self.assertEqual(ready.state, "met")

    def test_the_rule(self):
        action = self.env.ref("pep_module.pep_settings_action").id
        with self.page_of("admin") as page:
            page.goto(self.base_url() + f"/odoo/action-{action}")
            page.wait_for_selector(".modal-dialog .o_form_view")
            self.settle(page)
            group = page.locator(".o_field_widget[name='pep_end_rule']")
            group.scroll_into_view_if_needed()
            self.picture(page, "ending-5-settings")
            group.get_by_label("It is cancelled with a note").check()
            expect(self.field(page, "pep_end_note")).to_have_value("The child is not looked after any more.")
            self.picture(page, "ending-6-settings-close")
            self.press(page, "Save", within=".modal-dialog")
        self.assertEqual(self.council.pep_end_rule, "close")
