import re
from datetime import date, timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 900}


@tagged("post_install", "-at_install")
class TestVoiceBrowser(BrowserCase):
    """A child and a young person on their own page, with the questions that the app ships."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.part = cls.plan.contribution_ids.filtered(lambda part: part.owner_role == "child")
        cls.door = f"/my/pep/voice/{cls.part.id}"
        cls.carer = cls.users["carer"].name

    def aged(self, years):
        yesterday = self.today - timedelta(days=1)
        self.child.date_of_birth = date(yesterday.year - years, yesterday.month, min(yesterday.day, 28))
        self.env.flush_all()

    def answer(self, code):
        self.env.invalidate_all()
        answers = self.part.answer_ids
        return answers.filtered(lambda answer: answer.question_id.code == code)

    def go(self, page, path):
        response = page.goto(self.base_url() + path)
        self.assertEqual(response.status, 200, path)
        self.settle(page)

    def press(self, page, name):
        with page.expect_navigation():
            page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
        self.settle(page)

    def look_at(self, page, name):
        """Keep a picture of the page, and find nothing wrong with it."""
        self.picture(page, f"voice-{name}")
        self.assert_accessible(page)
        wider = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        self.assertLessEqual(wider, 0, f"{name}: wider than the screen")

    def asked(self, page, words):
        expect(page.get_by_role("heading", level=1)).to_have_text(words)

    def test_a_six_year_old_on_a_phone(self):
        self.aged(6)
        with self.page_of("carer", **PHONE) as page:
            self.go(page, self.door)
            self.look_at(page, "6-door")
            self.press(page, "Log me out and open the child's page")
            self.asked(page, "Hello Zebedee!")
            self.look_at(page, "6-hello")
            self.press(page, "Let's start")
            self.asked(page, "How do you feel about school?")
            self.look_at(page, "6-feel")
            page.locator(".v-choice").nth(3).click()
            self.settle(page)
            self.look_at(page, "6-feel-chosen")
            page.get_by_text("Say it in my own words").click()
            page.get_by_label("In my own words").fill("I like the hamster")
            self.press(page, "Next")
            self.asked(page, "Do you feel safe at school?")
            page.locator(".v-choice", has_text="Sometimes").click()
            page.get_by_text("Keep this from the person helping me").click()
            self.settle(page)
            self.look_at(page, "6-safe-private")
            self.press(page, "Next")
            self.look_at(page, "6-unsafe")
            self.press(page, "Skip")
            self.asked(page, "What do you like best?")
            self.press(page, "I want to tell someone")
            self.look_at(page, "6-tell")
            self.press(page, "Yes, tell someone")
            self.look_at(page, "6-told")
            page.get_by_role("link", name="Back to my page").click()
            self.asked(page, "What do you like best?")
            for _question in range(2):
                self.press(page, "Back")
            expect(page.get_by_text("You wrote something here that only your virtual school reads.")).to_be_visible()
            self.look_at(page, "6-locked")
            page.locator(".v-tools summary").click()
            self.picture(page, "voice-6-tools")
            self.press(page, "Strong colours")
            self.look_at(page, "6-contrast")
            page.locator(".v-tools summary").click()
            self.press(page, "Bigger letters")
            self.press(page, "Back")
            self.look_at(page, "6-contrast-large")
            self.press(page, "Stop or finish")
            self.look_at(page, "6-check-contrast")
            page.locator(".v-tools summary").click()
            self.press(page, "Strong colours")
            page.locator(".v-tools summary").click()
            self.press(page, "Bigger letters")
            self.look_at(page, "6-check")
            self.press(page, "I have finished. Send it.")
            self.asked(page, "Thank you!")
            self.look_at(page, "6-goodbye")
        self.assertEqual(self.answer("voice_school_feel").value, "4: “I like the hamster”")
        self.assertTrue(self.answer("voice_safe").kept_private)
        self.assertEqual(self.answer("voice_safe").hidden_from_id, self.users["carer"])
        self.assertEqual(len(self.env["pep.concern"].search([("plan_id", "=", self.plan.id)])), 1)
        self.assertEqual(self.part.state, "submitted")

    def test_the_pages_of_a_six_year_old_on_a_tablet(self):
        self.aged(6)
        with self.page_of("carer", width=1024, height=768) as page:
            self.go(page, self.door)
            self.press(page, "Log me out and open the child's page")
            self.look_at(page, "6-tablet-hello")
            self.press(page, "Let's start")
            for number in range(1, 18):
                self.look_at(page, f"6-tablet-{number:02}")
                self.press(page, "Skip")
            self.asked(page, "You have not said anything yet")
            self.look_at(page, "6-tablet-check")

    def test_a_fifteen_year_old_alone_by_keyboard(self):
        """With a code, at a desk, without a mouse."""
        self.aged(15)
        code = self.as_user(self.part, "vseo").action_make_voice_code()["params"]["code"]
        born = self.child.date_of_birth
        self.env.flush_all()
        with self.page_of("employee", **DESK) as page:
            page.context.clear_cookies(name="session_id")
            self.go(page, "/voice/code")
            self.look_at(page, "15-code")
            self.type_into(page, "Your code", code)
            self.type_into(page, "Day", str(born.day))
            self.type_into(page, "Month, as a number", str(born.month))
            self.enter_on(page, "Open my page")
            self.asked(page, "Hello Zebedee!")
            self.look_at(page, "15-hello")
            self.enter_on(page, "Let's start")
            self.asked(page, "Overall, how is school for you at the moment?")
            self.look_at(page, "15-feel")
            self.reach(page, page.get_by_role("radio").first)
            for key in ("Space", "ArrowRight", "ArrowRight"):
                page.keyboard.press(key)
            expect(page.get_by_role("radio", name="3 of 5")).to_be_checked()
            self.settle(page)
            self.look_at(page, "15-feel-chosen")
            self.enter_on(page, "Next")
            self.enter_on(page, "Skip")
            self.asked(page, "Is there a place or a time when you feel less safe?")
            self.type_into(page, "Is there a place or a time when you feel less safe?", "The bus")
            self.reach(page, page.get_by_role("checkbox"))
            page.keyboard.press("Space")
            self.settle(page)
            self.look_at(page, "15-private")
            self.enter_on(page, "Next")
            self.enter_on(page, "Stop or finish")
            self.look_at(page, "15-check")
            self.enter_on(page, "Stop for today")
            self.asked(page, "See you another day!")
            self.look_at(page, "15-goodbye")
        self.assertEqual(self.answer("voice_school_feel").value, "3")
        self.assertTrue(self.answer("voice_unsafe").kept_private)
        self.assertEqual(self.part.state, "in_progress")

    def test_a_fifteen_year_old_on_a_phone(self):
        self.aged(15)
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.door)
            self.press(page, "Log me out and open the child's page")
            self.look_at(page, "15-phone-hello")
            self.press(page, "Let's start")
            self.look_at(page, "15-phone-feel")
            self.press(page, "Next")
            self.look_at(page, "15-phone-safe")
            self.press(page, "Next")
            self.look_at(page, "15-phone-text")
            self.press(page, "Stop or finish")
            self.look_at(page, "15-phone-check")

    def test_an_eleven_year_old(self):
        self.aged(11)
        with self.page_of("teacher", **DESK) as page:
            self.go(page, self.door)
            self.picture(page, "voice-11-door")
            self.press(page, "Log me out and open the child's page")
            self.look_at(page, "11-hello")
            self.press(page, "Let's start")
            for number in range(1, 12):
                self.look_at(page, f"11-{number:02}")
                self.press(page, "Skip")
            self.press(page, "Stop or finish")
            self.look_at(page, "11-check")

    # === What the virtual school sees ===

    def test_the_officer_looks_makes_a_code_and_the_settings_warn(self):
        self.aged(15)
        part = self.as_user(self.part, "teacher")
        visit = self.env["pep.voice.session"]._enter(part._open_voice())[0]
        visit.write({"helper_note": "Mrs Nowak interprets", "language": "Polish"})
        visit._tell("It is at home")
        visit._close("adult")
        reference = self.child.reference
        self.env.flush_all()
        with self.page_of("vseo") as page:
            self.visit(page, f"/odoo/peps/{self.plan.id}")
            expect(page.get_by_text("The child wants to tell someone.")).to_be_visible()
            page.get_by_role("tab", name="Child's voice").click()
            self.settle(page)
            self.picture(page, "voice-office-plan")
            self.tap(page, "Make a code")
            dialog = page.get_by_role("dialog")
            expect(dialog.get_by_text(re.compile(r"^[2-9A-Z]{5} [2-9A-Z]{5}$"))).to_be_visible()
            self.picture(page, "voice-office-code")
            dialog.get_by_role("button", name="Close").click()
            self.tap(page, "Look now")
            page.get_by_role("cell", name=reference).first.click()
            self.settle(page)
            expect(page.get_by_text("It is at home")).to_be_visible()
            self.assertNotIn("Zebedee", page.title())
            self.picture(page, "voice-office-concern")
            self.tap(page, "I have seen it")
            expect(page.get_by_text("Nobody has said yet")).not_to_be_visible()
            self.tap(page, "Open the PEP")
            expect(page.get_by_text("The child wants to tell someone.")).not_to_be_visible()
        self.assertEqual(self.env["pep.concern"].search([("plan_id", "=", self.plan.id)]).state, "seen")
        self.assertEqual(len(self.part.sudo().plan_id.voice_code_ids), 1)
        with self.page_of("admin") as page:
            page.goto(self.base_url() + "/odoo/action-pep_module.pep_settings_action")
            expect(page.get_by_text("there is no safeguarding contact")).to_be_visible()
            self.picture(page, "voice-office-settings")

    def tap(self, page, name):
        """Press a button of the app, which answers in place."""
        page.get_by_role("button", name=name, exact=True).locator("visible=true").last.click()
        self.settle(page)

    # === By keyboard ===

    def reach(self, page, target):
        """Press Tab until the element has the focus; it can be seen that it has."""
        for _tab in range(60):
            page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        self.fail(f"Tab does not reach {target}")

    def enter_on(self, page, name):
        self.reach(page, page.get_by_role("button", name=name, exact=True).locator("visible=true").first)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        self.settle(page)

    def type_into(self, page, label, text):
        self.reach(page, page.get_by_label(label, exact=True).locator("visible=true").first)
        page.keyboard.type(text)

    # === While time passes ===

    def test_saved_as_it_is_typed_and_a_lost_connection(self):
        self.aged(11)
        with self.page_of("teacher", **DESK) as page:
            self.go(page, self.door)
            self.press(page, "Log me out and open the child's page")
            self.press(page, "Let's start")
            for _question in range(3):
                self.press(page, "Skip")
            words = page.get_by_label("What is going well?")
            words.press_sequentially("I finished a book.")
            expect(page.get_by_text("Saved", exact=True)).to_be_visible()
            page.context.set_offline(True)
            words.press_sequentially(" And ano")
            expect(page.get_by_text("Not saved yet. We keep trying.")).to_be_visible()
            self.look_at(page, "11-offline")
            page.context.set_offline(False)
            words.press_sequentially("ther one.")
            expect(page.get_by_text("Saved", exact=True)).to_be_visible()
            page.wait_for_function("() => window.pepPending === 0")
            page.goto("about:blank")  # the window is closed without a word
            self.complaints = [text for text in self.complaints if "ERR_INTERNET_DISCONNECTED" not in text]
        self.assertEqual(self.answer("voice_going_well").value, "I finished a book. And another one.")

    def test_it_asks_and_closes_when_nobody_is_there(self):
        self.aged(6)
        with self.page_of("carer", **PHONE) as page:
            page.clock.install()
            self.go_on_clock(page, self.door)
            page.get_by_role("button", name="Log me out and open the child's page").click()
            page.get_by_role("button", name="Let's start").click()
            self.asked(page, "How do you feel about school?")
            page.clock.fast_forward(9 * 60_000 + 1_000)
            dialog = page.get_by_role("dialog", name="Are you still there?")
            expect(dialog).to_be_visible()
            self.picture(page, "voice-6-still-there")
            with page.expect_response(re.compile("/voice/here")):
                page.keyboard.press("Enter")
            expect(dialog).not_to_be_visible()
            page.clock.fast_forward(9 * 60_000 + 1_000)
            expect(dialog).to_be_visible()
            page.clock.fast_forward(60_000)
            self.asked(page, "This page has closed")
            expect(page).to_have_url(re.compile("/voice/end"))
            page.go_back()
            page.wait_for_load_state()
            expect(page.get_by_text("How do you feel about school?")).not_to_be_visible()
            page.clock.resume()
        visit = self.env["pep.voice.session"].search([("contribution_id", "=", self.part.id)])
        self.assertEqual(visit.closed_how, "paused")

    def go_on_clock(self, page, path):
        page.goto(self.base_url() + path)
        page.wait_for_load_state()
