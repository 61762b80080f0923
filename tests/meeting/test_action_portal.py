"""*My actions* in the browser: the own ones on the list and on the page of a PEP, and nobody else's anywhere."""

from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.plan.portal_common import PortalCase

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}


class ActionPages:
    """Actions of the PEP that is being gathered."""

    @classmethod
    def agree(cls, role, name, days=7, plan=None, **values):
        return cls.env["pep.action"].create(
            {
                "plan_id": (plan or cls.plan).id,
                "name": name,
                "partner_id": cls.users[role].partner_id.id,
                "role": role,
                "due_date": cls.today + timedelta(days=days),
                **values,
            }
        )


@tagged("post_install", "-at_install")
class TestActionPages(ActionPages, PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.agree("carer", "Reads every night")
        cls.others = cls.agree("teacher", "Finds a tutor")

    def test_on_the_list_and_on_the_page_of_the_pep(self):
        for role, mine, others in (
            ("carer", "Reads every night", "Finds a tutor"),
            ("teacher", "Finds a tutor", "Reads every night"),
        ):
            self.enter(role)
            for path in ("/my/pep", f"/my/pep/{self.plan.id}"):
                words = self.words(self.page(path))
                with self.subTest(role, path=path):
                    self.assertIn("My actions", words)
                    self.assertIn(mine, words)
                    self.assertNotIn(others, words)
        self.enter("iro")
        self.assertNotIn("My actions", self.words(self.page("/my/pep")))

    def test_on_the_start_page(self):
        self.enter("carer")
        self.assertIn("1 action that you agreed to", self.words(self.page_of_odoo("/my")))
        self.own.action_done()
        self.assertNotIn("that you agreed to", self.words(self.page_of_odoo("/my")))

    def page_of_odoo(self, path):
        return self.parse(self.get(path))

    def test_a_parent_who_reads_no_pep(self):
        self.agree("parent", "Comes to the next meeting")
        self.enter("parent")
        page = self.page("/my/pep")
        self.assertIn("Comes to the next meeting", self.words(page))
        self.assertIn(self.child.full_name, self.words(page))
        self.assertFalse(page.xpath("//section[@aria-labelledby='my_actions']//a"), "there is no page to lead to")

    def test_done(self):
        self.enter("carer")
        response = self.post(f"/my/pep/action/{self.own.id}/done")
        self.assertEqual(self.where(response), ("/my/pep", "said=action_done"))
        self.assertEqual((self.own.state, self.own.done_by_id), ("done", self.users["carer"]))
        self.assertIn("It is noted as done", self.words(self.page("/my/pep?said=action_done")))
        self.assertNotIn("Reads every night", self.words(self.page("/my/pep")), "there only what is to do")
        self.assertIn("Done", self.words(self.page(f"/my/pep/{self.plan.id}")))
        response = self.post(f"/my/pep/action/{self.own.id}/done", back=str(self.plan.id))
        self.assertEqual(self.where(response), (f"/my/pep/{self.plan.id}", "said=action_done"), "twice: once")
        self.post(f"/my/pep/action/{self.own.id}/open")
        self.assertEqual(self.own.state, "open")

    def test_why_not(self):
        self.enter("carer")
        response = self.post(f"/my/pep/action/{self.own.id}/not-done", reason="  ")
        self.assertEqual(self.where(response)[1], "said=action_why")
        self.assertEqual(self.own.state, "open")
        page = self.page("/my/pep?said=action_why")
        self.assertIn("say why", self.flat(page.xpath("//*[@role='alert']")[0]))
        response = self.post(f"/my/pep/action/{self.own.id}/not-done", reason="<b>Too far</b>", back=str(self.plan.id))
        self.assertEqual(self.where(response)[1], "said=action_not_done")
        self.assertEqual((self.own.state, self.own.remark), ("not_done", "<b>Too far</b>"))
        self.assertIn("Not done: <b>Too far</b>", self.words(self.page(f"/my/pep/{self.plan.id}")))

    def test_what_was_changed_meanwhile(self):
        self.as_user(self.own, "vseo").action_not_done("Not needed")
        self.enter("carer")
        response = self.post(f"/my/pep/action/{self.own.id}/done")
        self.assertEqual(self.where(response)[1], "said=action_over")
        self.assertEqual(self.own.state, "not_done")
        page = self.page(f"/my/pep/{self.plan.id}")
        self.assertFalse(page.xpath(f"//form[contains(@action, '/action/{self.own.id}/')]"), "staff said so")

    def test_somebody_elses_is_no_page(self):
        for role in ("carer", "parent", "vseo", "other_vseo", "employee"):
            self.enter(role)
            for step in ("done", "not-done", "open"):
                with self.subTest(role, step=step):
                    response = self.post(f"/my/pep/action/{self.others.id}/{step}", reason="x")
                    nothing = self.post(f"/my/pep/action/999999999/{step}", reason="x")
                    self.assertEqual(response.status_code, 404)
                    self.assertEqual(response.text, nothing.text)
        self.assertEqual(self.others.state, "open")

    def test_by_a_form_of_ours_alone(self):
        self.enter("carer")
        self.assertEqual(self.get(f"/my/pep/action/{self.own.id}/done").status_code, 405)
        with self.assertLogs("odoo.http", "WARNING"):
            response = self.url_open(f"/my/pep/action/{self.own.id}/done", data={"note": "x"}, allow_redirects=False)
        self.assertEqual(response.status_code, 400)
        self.assertEqual(self.own.state, "open")

    def test_an_address_of_elsewhere_is_no_way_back(self):
        self.enter("carer")
        response = self.post(f"/my/pep/action/{self.own.id}/done", back="//evil.example")
        self.assertEqual(self.where(response)[0], "/my/pep")

    def test_who_left_and_whose_child_is_not_there(self):
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.enter("carer")
        self.assertEqual(self.post(f"/my/pep/action/{self.own.id}/done").status_code, 404)
        self.assertNotIn("Reads every night", self.words(self.page("/my/pep")))
        self.child.active = False
        self.enter("teacher")
        self.assertEqual(self.post(f"/my/pep/action/{self.others.id}/done").status_code, 404)

    def test_when_the_next_meeting_is(self):
        self.enter("carer")
        path = f"/my/pep/{self.plan.id}"
        self.assertNotIn("next PEP meeting", self.words(self.page(path)))
        may = self.today.replace(year=self.today.year + 1, month=5, day=1)
        self.as_user(self.plan, "vseo").action_set_next("month", month=may, note="Wordsecret")
        words = self.words(self.page(path))
        self.assertIn(f"The next PEP meeting In May {may.year}.", words)
        self.as_user(self.plan, "vseo").action_set_next("none", note="Wordsecret")
        words = self.words(self.page(path))
        self.assertIn("None is planned.", words)
        self.assertNotIn("Wordsecret", words)

    def test_many(self):
        self.enter("carer")
        few = self.queries_of("/my/pep")
        for number in range(30):
            self.agree("carer", f"Reads page {number}", days=number)
        self.assertEqual(self.queries_of("/my/pep"), few)
        words = self.words(self.page("/my/pep"))
        self.assertIn("And 11 more", words)


@tagged("post_install", "-at_install")
class TestActionScreens(ActionPages, PortalCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree("carer", "Reads a page aloud with the child every night before bed", days=9)
        cls.late = cls.agree("carer", "Rings the school about the trip", days=-3)
        cls.path = f"/my/pep/{cls.plan.id}"

    def look(self, page, name):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(wide, 0, "nothing reaches past the edge")
        self.picture(page, name)
        if self.axe_is_here():
            self.assert_accessible(page)

    def test_a_carer_on_a_phone(self):
        self.env.flush_all()
        with self.page_of("carer", **PHONE) as page:
            self.go(page, "/my/pep")
            self.look(page, "actions-list-phone")
            row = page.get_by_role("listitem").filter(has_text="Reads a page aloud")
            row.get_by_text("I can't do it").click()
            self.look(page, "actions-why-phone")
            row.get_by_label("Why?").fill("No time on Fridays")
            row.get_by_role("button", name="Say so").click()
            expect(page.get_by_role("status").first).to_contain_text("with your reason")
            page.get_by_role("button", name="It is done").press("Enter")
            expect(page.get_by_role("status").first).to_contain_text("noted as done")
            self.go(page, self.path)
            self.look(page, "actions-plan-phone")
        self.assertEqual(set(self.plan.action_ids.mapped("state")), {"done", "not_done"})

    def test_on_a_desk(self):
        self.env.flush_all()
        with self.page_of("carer", **DESK) as page:
            self.go(page, "/my/pep")
            self.look(page, "actions-list-desk")
            self.go(page, self.path)
            self.look(page, "actions-plan-desk")

    def test_without_script(self):
        self.env.flush_all()
        with self.page_of("carer") as page:
            plain = self.browser.new_context(java_script_enabled=False)
            plain.add_cookies(page.context.cookies())
            form = plain.new_page()
            form.goto(f"{self.base_url()}{self.path}")
            row = form.get_by_role("listitem").filter(has_text="Rings the school")
            row.get_by_role("button", name="It is done").click()
            expect(form.get_by_role("status").first).to_contain_text("noted as done")
            plain.close()
        self.assertEqual(self.late.state, "done")


@tagged("post_install", "-at_install")
class TestStaffScreens(ActionPages, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        before = cls.make_plan(cls.child)
        before.action_start()
        cls.agree("carer", "Reads every night", plan=before)
        cls.agree("parent", "Comes to the next meeting", days=-2, plan=before)
        cls.plan = cls.make_plan(cls.child, cls.next_term())
        cls.plan.action_start()
        cls.child.network_ids.filtered(lambda row: row.role == "carer").date_to = cls.today - timedelta(days=1)
        cls.plan_id = cls.plan.id

    def test_the_tab_of_a_pep_the_list_and_the_next_meeting(self):
        self.env.flush_all()
        with self.page_of("vseo", **DESK) as page:
            self.visit(page, f"/odoo/peps/{self.plan_id}")
            page.get_by_role("tab", name="Actions", exact=True).click()
            earlier = page.locator(".o_field_widget[name='earlier_action_ids'] tr.o_data_row")
            expect(earlier).to_have_count(2)
            self.picture(page, "actions-tab")
            earlier.filter(has_text="Reads every night").get_by_role("button", name="Carry on").click()
            self.settle(page)
            self.picture(page, "actions-carry")
            self.press(page, "Carry on", within=".modal")
            own = page.locator(".o_field_widget[name='action_ids'] tr.o_data_row")
            expect(own).to_have_count(1)
            expect(own).to_contain_text("Owner has left")
            earlier.filter(has_text="Comes to").get_by_role("button", name="Not done", exact=True).click()
            self.settle(page)
            self.fill(page, "reason", "Was in hospital")
            self.press(page, "Not done", within=".modal")
            expect(earlier.filter(has_text="Was in hospital")).to_have_count(1)
            page.get_by_text("Add an action").click()
            row = page.locator(".o_field_widget[name='action_ids'] tr.o_selected_row")
            row.locator("[name='name'] input").fill("Visits the new school")
            row.locator("[name='partner_id'] input").click()
            page.locator(".o-autocomplete--dropdown-item").filter(has_text="iro.test").first.click()
            self.picture(page, "actions-add")
            self.save(page)
            expect(own).to_have_count(2)
            expect(own.filter(has_text="Visits the new school")).to_contain_text("Reviewing officer")
            self.picture(page, "actions-tab-after")
            self.press(page, "Set the next meeting")
            page.locator(".modal").get_by_label("In a month, the day to follow").check()
            self.picture(page, "next-meeting")
            self.choose_month(page)
            self.press(page, "Set it", within=".modal")
            expect(page.locator(".o_field_widget[name='next_meeting_text']")).to_contain_text("in ")
            self.picture(page, "next-meeting-set")
            self.visit(page, "/odoo/pep-actions")
            self.picture(page, "actions-all")
        self.assertEqual(self.plan.next_meeting_kind, "month")

    def choose_month(self, page):
        self.field(page, "month").click()
        page.locator(".o_select_menu_item").locator("visible=true").nth(3).click()

    def test_an_empty_list_says_what_to_do(self):
        self.env.flush_all()
        with self.page_of("other_vseo", **DESK) as page:
            self.visit(page, "/odoo/my-pep-actions")
            expect(page.get_by_text("Nothing for you to do")).to_be_visible()
            self.picture(page, "actions-empty")
