from datetime import timedelta

from playwright.sync_api import expect

from odoo import fields
from odoo.tests import tagged

from tests.browser import BrowserCase
from tests.meeting.chair_common import ChairCase

DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@tagged("post_install", "-at_install")
class TestChairBrowser(ChairCase, BrowserCase):
    """One meeting in the chair's view, as a VSEO does on a Friday afternoon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hand_in(cls.plan, "school", "carer", "social")
        cls.as_user(cls.parts["voice"], "vseo").action_enter_on_behalf("The child", "paper", cls.today)
        cls.save(cls.parts["voice"], "vseo", safe="Behind the gym I am not", hopes="To be a vet")
        private = cls.parts["voice"].answer_ids.filtered(lambda row: row.question_id == cls.questions["safe"])
        private.sudo().kept_private = True
        cls.as_user(cls.parts["voice"], "vseo").action_submit()
        if cls.plan.state == "gathering":
            cls.as_user(cls.plan, "vseo").action_ready()
        cls.area = cls.env["pep.target.area"].search(
            [("company_id", "=", cls.council.id), ("is_academic", "=", True)], limit=1
        )
        cls.area_name = cls.area.name
        # asked for now: while the browser works, the server alone talks to the database
        cls.reference, cls.name = cls.child.reference, cls.child.full_name
        cls.path = f"/odoo/pep-meetings/{cls.meeting.id}"
        cls.by_when = cls.term.date_to.strftime("%d/%m/%Y")
        cls.next_day = (cls.today + timedelta(days=84)).strftime("%d/%m/%Y")

    def open_chair(self, page):
        self.visit(page, self.path)
        self.press(page, "Chair the meeting")
        page.locator(".o_pep_chair").wait_for()
        self.settle(page)

    def key(self, page, *keys):
        for key in keys:
            page.keyboard.press(key)
            self.settle(page)

    def saved(self, page):
        expect(page.locator(".o_pep_chair_sign")).to_have_text("Saved")

    def now(self, page, words):
        """This is what the agenda is at."""
        expect(page.locator(".o_pep_chair_agenda [aria-current]")).to_contain_text(words)

    def look_at(self, page, name):
        self.picture(page, f"chair-{name}")
        if self.axe_is_here():
            self.assert_accessible(page, within=".o_pep_chair")
        wider = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        self.assertLessEqual(wider, 0, f"{name}: wider than the screen")

    def test_one_meeting_from_beginning_to_end_by_keyboard(self):
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(self.name)
            self.assertNotIn(self.name, page.title())
            self.assertIn(self.reference, page.title())
            self.now(page, "Writes a paragraph")
            self.look_at(page, "1-begins")
            self.key(page, "?")
            self.look_at(page, "2-keys")
            self.key(page, "?")
            self.who_is_here(page)
            self.previous_target(page)
            self.points(page)
            self.new_target(page)
            self.money(page)
            self.action(page)
            self.next_meeting(page)
            self.look_at(page, "8-before-the-end")
            self.private_note(page)
            self.end(page)
        self.assertEqual(self.meeting.state, "held")
        self.assertEqual(self.plan.state, "processing")
        came = self.meeting.attendee_ids.filtered("attended")
        self.assertEqual(len(came), len(self.meeting.attendee_ids) - 1)
        self.assertEqual((self.review.outcome, self.review.impact), ("partly", "Half of it alone"))
        self.assertTrue(self.review.carry_forward)
        self.assertEqual(self.point("well").said, "Enjoys maths")
        self.assertEqual(self.point("well").state, "discussed")
        self.assertEqual(self.point("level").state, "skipped")
        target = self.plan.target_ids.filtered(lambda target: target.name == "Knows the times tables")
        self.assertEqual(target.agreed_with_child, "yes")
        self.assertEqual(target.request_ids.mapped("amount"), [400])
        (action,) = self.plan.action_ids
        self.assertEqual((action.name, action.meeting_id), ("Ring the bus company", self.meeting))
        self.assertEqual(self.plan.next_meeting_date, self.today + timedelta(days=84))
        self.assertEqual(self.meeting.sudo().note_ids.text, "Looked tired")

    def who_is_here(self, page):
        self.key(page, "h")
        boxes = page.locator(".o_pep_chair_people input[type=checkbox]")
        for number in range(boxes.count() - 1):
            expect(boxes.nth(number)).to_be_focused()
            self.key(page, "Space", "Tab")
        self.saved(page)
        expect(page.locator(".o_pep_chair_people h2")).to_contain_text(f"{boxes.count() - 1} of {boxes.count()}")

    def previous_target(self, page):
        self.key(page, "j", "k")
        self.now(page, "Writes a paragraph")
        self.key(page, "2", "Enter")
        page.keyboard.type("Half of it alone")
        self.look_at(page, "3-previous-target")
        self.key(page, "Escape", "c")
        self.saved(page)
        expect(page.locator(".o_pep_chair_targets")).to_contain_text("goes on")

    def points(self, page):
        self.key(page, "ArrowDown", "d")
        self.now(page, "Question well?")
        expect(page.locator(".o_pep_chair_beside")).not_to_contain_text(
            "Maths"
        )  # a parent is here, who does not read it
        self.key(page, "v")
        expect(page.locator(".o_pep_chair_beside")).to_contain_text("Maths")
        self.key(page, "Enter")
        page.keyboard.type("Enjoys maths")
        self.look_at(page, "4-point")
        self.key(page, "Control+Enter")
        self.now(page, "Question tuition?")
        self.key(page, "j", "x")
        self.now(page, "Question happy?")
        for _step in range(20):
            if "Question safe?" in page.locator(".o_pep_chair_agenda [aria-current]").inner_text():
                break
            self.key(page, "j")
        point = page.locator(".o_pep_chair_point")
        expect(point).to_contain_text("The child said this in private")
        expect(point).not_to_contain_text("Behind the gym")
        self.look_at(page, "5-private")
        point.get_by_role("button", name="The child said this in private: show it").press("Enter")
        expect(point).to_contain_text("Behind the gym")
        self.key(page, "j", "k")
        self.saved(page)

    def new_target(self, page):
        self.key(page, "t")
        page.locator(".modal .o_form_view").wait_for()
        self.fill(page, "name", "Knows the times tables")
        self.pick(page, "area_id", self.area_name)
        for name, words in (
            ("baseline", "Up to five"),
            ("target_value", "Up to twelve"),
            ("measure", "A quiz"),
            ("by_whom", "Teacher and carer"),
            ("strategies", "Five minutes a day"),
            ("realistic", "Learned five since autumn"),
            ("by_when", self.by_when),
        ):
            self.fill(page, name, words)
        self.picture(page, "chair-6-new-target")
        self.key(page, "Alt+c")
        page.locator(".modal").wait_for(state="detached")
        targets = page.locator(".o_pep_chair_targets")
        expect(targets).to_contain_text("Knows the times tables")
        agrees = targets.get_by_label("Does the child agree?").last
        agrees.focus()
        page.keyboard.type("Yes")
        self.settle(page)
        self.saved(page)

    def money(self, page):
        self.key(page, "Shift+Tab", "p")
        page.locator(".modal .o_form_view").wait_for()
        self.fill(page, "name", "Maths tuition")
        self.fill(page, "quantity", "10")
        self.fill(page, "unit_cost", "40")
        self.picture(page, "chair-7-money")
        self.key(page, "Alt+c")
        page.locator(".modal").wait_for(state="detached")
        expect(page.locator(".o_pep_chair_targets")).to_contain_text("400")

    def action(self, page):
        page.locator(".o_pep_chair_agenda [aria-current]").focus()
        self.key(page, "a")
        page.keyboard.type("Ring the bus company")
        self.key(page, "Tab")
        page.keyboard.type("The child")
        self.key(page, "Tab", "Tab", "Enter")
        expect(page.locator(".o_pep_chair_side")).to_contain_text("Ring the bus company")

    def next_meeting(self, page):
        self.key(page, "n", "Tab")
        page.keyboard.type(self.next_day)
        self.key(page, "Tab", "Tab", "Enter")
        expect(page.locator("#o_pep_chair_next")).not_to_contain_text("Not set yet")

    def private_note(self, page):
        expect(page.locator("#o_pep_chair_note")).to_have_count(0)
        page.locator(".o_pep_chair_agenda [aria-current]").focus()
        self.key(page, "s")
        page.locator("#o_pep_chair_note").focus()
        page.keyboard.type("Looked tired")
        self.key(page, "Escape")
        self.saved(page)
        self.key(page, "s")

    def end(self, page):
        self.key(page, "e")
        page.locator(".modal").wait_for()
        self.picture(page, "chair-9-end")
        page.locator(".modal").get_by_role("button", name="End it").press("Enter")
        self.settle(page)
        if page.locator(".modal .o_form_view").count():
            self.picture(page, "chair-9-end-why")
            self.fill(page, "reason", "Was ill")
            page.locator(".modal footer .btn-primary").first.press("Enter")
            self.settle(page)
        expect(page.locator(".o_pep_chair_head")).to_contain_text("Held")
        self.look_at(page, "10-held")

    def test_on_a_phone(self):
        with self.page_of("vseo", **PHONE) as page:
            self.open_chair(page)
            self.look_at(page, "phone-1")
            page.get_by_role("button", name="Show all").click()
            self.look_at(page, "phone-2-agenda")
            page.locator(".o_pep_chair_agenda").get_by_text("Question hopes?").click()
            expect(page.locator(".o_pep_chair_point h2")).to_have_text("Question hopes?")
            page.get_by_label("What was said").fill("Wants to see a vet's practice")
            self.saved(page)
            self.look_at(page, "phone-3-point")

    def test_two_people_at_once(self):
        point = self.point("well") or self.load() and self.point("well")
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            self.colleague_writes(page, point, "Said to the head")
            page.locator(".o_pep_chair_agenda").get_by_text("Question well?").click()
            said = page.get_by_label("What was said")
            said.fill("Said to me")
            trouble = page.locator(".o_pep_chair_trouble")
            expect(trouble).to_contain_text("Said to the head")
            expect(said).to_have_value("Said to me")
            expect(page.locator(".o_pep_chair_sign")).to_contain_text("Not saved yet")
            self.look_at(page, "conflict")
            page.get_by_role("button", name="Keep mine").click()
            self.saved(page)
            self.colleague_writes(page, point, "Once more", was="Said to me")
            said.fill("Mine again")
            page.get_by_role("button", name="Take that").click()
            expect(said).to_have_value("Once more")
        self.assertEqual(point.said, "Once more")

    def colleague_writes(self, page, point, words, was=""):
        """Somebody else saves, by another window of the same browser."""
        page.evaluate(
            """([meeting, change]) => fetch("/web/dataset/call_kw/pep.meeting/chair_save", {
                method: "POST",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({jsonrpc: "2.0", method: "call", params: {
                    model: "pep.meeting", method: "chair_save", args: [[meeting], [change]], kwargs: {},
                }}),
            }).then((answer) => answer.json())""",
            [self.meeting.id, {"kind": "point", "id": point.id, "field": "said", "was": was, "value": words}],
        )

    def test_typed_text_survives_a_lost_connection(self):
        point = self.point("well") or self.load() and self.point("well")
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            page.locator(".o_pep_chair_agenda").get_by_text("Question well?").click()
            page.context.set_offline(True)
            page.get_by_label("What was said").fill("Typed in the lift")
            sign = page.locator(".o_pep_chair_sign")
            expect(sign).to_contain_text("Not saved yet: no connection")
            self.look_at(page, "offline")
            self.assertTrue(self.warned(page))
            page.get_by_role("button", name="Back").click()
            page.locator(".modal").get_by_role("button", name="Stay here").click()
            expect(page.get_by_label("What was said")).to_have_value("Typed in the lift")
            kept = page.evaluate("() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
            self.assertNotIn("lift", kept)
            page.context.set_offline(False)
            self.saved(page)
            self.assertFalse(self.warned(page))
            page.get_by_role("button", name="Back").click()
            page.locator(".o_form_view").wait_for()
            self.complaints = [text for text in self.complaints if "ERR_INTERNET_DISCONNECTED" not in text]
        self.assertEqual(point.said, "Typed in the lift")

    def warned(self, page):
        """Whether closing the window asks first."""
        return page.evaluate("() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")

    def test_the_address_opens_it_again(self):
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            self.assertNotIn(self.name.split()[0], page.url)
            page.reload()
            page.locator(".o_pep_chair").wait_for()
            self.settle(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(self.name)
            self.assertIn(self.reference, page.title())
            self.assertNotIn(self.name, page.title())

    def test_from_the_calendar_and_from_the_pep(self):
        plan = f"/odoo/peps/{self.plan.id}"
        with self.page_of("vseo", **DESK) as page:
            self.visit(page, "/odoo/pep-meetings")
            page.locator(".fc-event").first.click()
            self.settle(page)
            self.picture(page, "chair-calendar")
            page.locator(".o_popover").get_by_role("button", name="Chair the meeting").click()
            expect(page.locator(".o_pep_chair h1")).to_have_text(self.name)
            self.visit(page, plan)
            self.picture(page, "chair-pep-form")
            self.press(page, "Chair the meeting")
            expect(page.locator(".o_pep_chair h1")).to_have_text(self.name)
            page.get_by_role("button", name="Back").click()
            page.locator(".o_form_view").wait_for()
            self.visit(page, "/odoo/my-peps")
            self.picture(page, "chair-board")
            page.get_by_role("button", name="Chair it").click()
            expect(page.locator(".o_pep_chair h1")).to_have_text(self.name)

    def test_somebody_with_a_separate_slot_is_not_shown_on_a_shared_screen(self):
        carer = self.meeting.sudo().attendee_ids.filtered(lambda person: person.role == "carer")
        carer.write({"own_start": self.meeting.start, "withhold_people": True})
        name, teacher = self.users["carer"].name, self.users["teacher"].name
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            people = page.locator(".o_pep_chair_people")
            for words in (name, teacher, "Carer"):
                expect(people.locator("ul")).not_to_contain_text(words)
            expect(people.locator("ul")).to_contain_text("Designated teacher")
            self.key(page, "s")
            for words in (name, teacher, "Carer"):
                expect(people.locator("ul")).to_contain_text(words)

    def test_somebody_who_was_not_on_the_list(self):
        aunt = self.env["res.partner"].create({"name": "Aunt Polly"})
        with self.page_of("vseo", **DESK) as page:
            self.open_chair(page)
            page.get_by_role("button", name="Somebody else").click()
            page.locator(".modal .o_form_view").wait_for()
            self.pick(page, "partner_id", "Aunt Polly")
            self.picture(page, "chair-somebody-else")
            self.key(page, "Alt+c")
            page.locator(".modal").wait_for(state="detached")
            chip = page.locator(".o_pep_chair_people li", has_text="Aunt Polly")
            expect(chip.locator("input")).to_be_checked()
            page.get_by_role("button", name="Apologies, remarks").click()
            self.look_at(page, "people")
            self.key(page, "Escape", "o")
            page.keyboard.type("The bus in winter")
            self.key(page, "Enter")
            expect(page.locator(".o_pep_chair_point h2")).to_have_text("The bus in winter")
        self.assertTrue(self.meeting.attendee_ids.filtered(lambda person: person.partner_id == aunt).attended)


@tagged("post_install", "-at_install")
class TestShippedAgendaBrowser(BrowserCase):
    """The agenda of the questions that the app ships, which is long."""

    def test_it_can_be_gone_through(self):
        child = self.make_children()
        self.surround(child)
        plan = self.make_plan(child)
        plan.action_start()
        meeting = self.env["pep.meeting"].create({"plan_id": plan.id, "start": fields.Datetime.now()})
        path = f"/odoo/pep-meetings/{meeting.id}"
        with self.page_of("vseo", **DESK) as page:
            self.visit(page, path)
            self.press(page, "Chair the meeting")
            page.locator(".o_pep_chair").wait_for()
            self.picture(page, "chair-shipped")
            page.get_by_role("button", name="Skip the rest of “Targets”").click()
            expect(page.locator(".o_pep_chair_sign")).to_have_text("Saved")
            self.picture(page, "chair-shipped-skipped")
