import re
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import new_test_user, tagged
from odoo.tests.common import HOST, TEST_CURSOR_COOKIE_NAME

from tests.browser import COUNTER, BrowserCase

from .gathering_common import GatheringCase

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}
WORDING = {
    "well": {"name": "What is going well?", "help": "In a sentence or two."},
    "happy": {"scale_low": "Not at all", "scale_high": "Very"},
    "talk": {"name": "Think of what you have seen this term.", "help": "Nothing to write here."},
}
CUT = "ERR_INTERNET_DISCONNECTED"


class PortalBrowserCase(GatheringCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sections["school"].write({"name": "Life at school", "intro": "What you see every day.", "minutes": 12})
        cls.path = f"/my/pep/section/{cls.parts['school'].id}"
        # asked for now: while the browser works, the server alone talks to the database
        cls.ids = {key: question.id for key, question in cls.questions.items()}

    @classmethod
    def add_question(cls, key, section, kind, **values):
        super().add_question(key, section, kind, **{**values, **WORDING.get(key, {})})

    def input(self, page, key):
        return page.locator(f"#a-{self.ids[key]}")

    def question(self, page, key):
        return page.locator(f"#q-{self.ids[key]}")

    def saved(self, page):
        """Wait until the page says that everything is saved."""
        expect(page.locator(".o_pep_state")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))

    def answers(self):
        names = {question.id: key for key, question in self.questions.items()}
        return {names[answer.question_id.id]: answer.value for answer in self.parts["school"].answer_ids}

    def sign_in(self, role):
        """A session of its own for somebody who works at the same time; its number."""
        user = self.users[role]
        session = self.authenticate(user.login, user.login)
        self.session = None  # or the next one to log in ends it
        return session.sid

    @contextmanager
    def page_beside(self, sid):
        """A second page, of another person, while one is open."""
        context = self.browser.new_context(viewport=DESK, locale="en-GB")
        for name, value in (("session_id", sid), (TEST_CURSOR_COOKIE_NAME, self.http_request_key)):
            context.add_cookies([{"name": name, "value": value, "domain": HOST, "path": "/"}])
        context.add_init_script(COUNTER)
        page = context.new_page()
        try:
            yield page
            if not page.is_closed():
                self.settle(page)
        finally:
            context.close()


@tagged("post_install", "-at_install")
class TestFilling(PortalBrowserCase):
    def test_a_schools_part_on_a_phone(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, "/my/pep")
            self.picture(page, "portal-1-list")
            page.get_by_role("link", name="Start").click()
            page.wait_for_selector(".o_pep_form.o_pep_alive")
            self.picture(page, "portal-2-section")
            self.input(page, "well").fill("Reads every day.\nLikes maths.")
            self.input(page, "age").fill("10")
            self.input(page, "since").fill("2026-02-28")
            self.question(page, "tuition").get_by_label("Yes").check()
            self.question(page, "level").get_by_label("On", exact=True).check()
            self.question(page, "happy").get_by_label("4").check()
            self.input(page, "plans").fill("A reading club")
            self.input(page, "plans").blur()
            self.saved(page)
            expect(page.locator(".o_pep_bar_count")).to_have_text("7 of 7 answered")
            expect(page.locator(".o_pep_missing")).to_be_hidden()
            self.picture(page, "portal-3-filled")
            page.reload()
            expect(self.input(page, "well")).to_have_value("Reads every day.\nLikes maths.")
            page.get_by_role("button", name="Hand in").click()
            page.get_by_text("Handed in. Thank you.").wait_for()
            self.picture(page, "portal-4-handed-in")
            self.assertEqual(page.locator(".o_pep textarea, .o_pep input:not([type=hidden])").count(), 0)
        self.assertEqual(self.parts["school"].state, "submitted")
        self.assertEqual(
            self.answers(),
            {
                "well": "Reads every day.\nLikes maths.",
                "age": "10 years",
                "since": "28 February 2026",
                "tuition": "Yes",
                "level": "On",
                "happy": "4",
                "plans": "A reading club",
            },
        )

    def test_saved_as_typed(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            self.input(page, "well").click()
            page.keyboard.type("Begins to read")
            expect(page.locator(".o_pep_state")).to_have_text("Not saved yet")
            self.saved(page)
            page.keyboard.type(" aloud")
            self.saved(page)
        self.assertEqual(self.answers(), {"well": "Begins to read aloud"})
        self.assertEqual(self.parts["school"].answer_ids.version, 2)

    def test_the_connection_is_cut(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            self.input(page, "well").fill("Typed before the cut")
            self.saved(page)
            page.context.set_offline(True)
            self.input(page, "plans").fill("Typed after it")
            expect(page.locator(".o_pep_state")).to_have_text("Not saved yet: no connection, we keep trying")
            self.assertTrue(self.warns_before_leaving(page))
            page.get_by_role("button", name="Hand in").click()
            page.get_by_text("Not handed in: some of what you typed is not saved yet.").wait_for()
            self.picture(page, "portal-5-no-connection")
            page.context.set_offline(False)
            self.saved(page)
            self.assertFalse(self.warns_before_leaving(page))
            self.forget(CUT)
        self.assertEqual(self.answers(), {"well": "Typed before the cut", "plans": "Typed after it"})

    def test_the_device_dies_while_there_is_no_connection(self):
        sid = self.sign_in("teacher")
        with self.page_of("carer"), self.page_beside(sid) as page:
            self.go(page, self.path)
            self.input(page, "well").fill("Typed before the cut")
            self.saved(page)
            page.context.set_offline(True)
            self.input(page, "well").fill("Typed before the cut, and after")
            expect(page.locator(".o_pep_state")).to_have_text(re.compile("no connection"))
            self.assertEqual(page.evaluate("() => localStorage.length + sessionStorage.length"), 0)
            page.close()
        self.assertEqual(self.answers(), {"well": "Typed before the cut"})

    def test_signed_out_and_in_again(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            cookies = page.context.cookies()
            page.context.clear_cookies(name="session_id")
            self.input(page, "well").fill("Typed after the session ended")
            page.get_by_text("You have been signed out.").wait_for()
            expect(self.input(page, "well")).to_have_value("Typed after the session ended")
            page.context.add_cookies(cookies)
            self.input(page, "well").press("End")
            page.keyboard.type(".")
            self.saved(page)
            expect(page.locator(".o_pep_trouble")).to_be_empty()
        self.assertEqual(self.answers(), {"well": "Typed after the session ended."})

    def test_two_people_answer_the_same_question(self):
        self.users["second"] = new_test_user(
            self.env, "second.teacher.test", groups="base.group_portal", name="Second Teacher", lang="en_GB"
        )
        self.env["pep.school.staff"].create(
            {
                "user_id": self.users["second"].id,
                "school_id": self.school.id,
                "date_from": self.today - timedelta(days=9),
            }
        )
        sid = self.sign_in("second")
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            with self.page_beside(sid) as other:
                self.go(other, self.path)
                self.input(other, "well").fill("Second says maths")
                self.input(other, "plans").fill("Second plans")
                self.saved(other)
            self.input(page, "well").fill("First says reading")
            box = self.question(page, "well").locator(".o_pep_conflict")
            box.wait_for()
            expect(box).to_contain_text("Second Teacher")
            expect(box.locator(".o_pep_theirs")).to_have_text("Second says maths")
            expect(self.input(page, "well")).to_have_value("First says reading")
            self.picture(page, "portal-6-conflict")
            if self.axe_is_here():
                self.assert_accessible(page)
            self.input(page, "plans").fill("First plans")
            self.question(page, "plans").locator(".o_pep_conflict").wait_for()
            expect(page.locator(".o_pep_state")).to_have_text("Not saved: look at the questions marked")
            page.get_by_role("button", name="Hand in").click()
            page.get_by_text("Before you can hand it in, look at").wait_for()
            box.get_by_role("button", name="Keep mine").click()
            expect(box).to_be_hidden()
            self.question(page, "plans").get_by_role("button", name="Take theirs").click()
            expect(self.input(page, "plans")).to_have_value("Second plans")
            self.saved(page)
        self.assertEqual(self.answers(), {"well": "First says reading", "plans": "Second plans"})

    def test_what_is_refused_is_said_at_the_field(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            self.input(page, "age").fill("forty")
            self.input(page, "age").blur()
            expect(page.locator(f"#e-{self.ids['age']}")).to_have_text("“forty” is not a number.")
            expect(self.input(page, "age")).to_have_attribute("aria-invalid", "true")
            self.picture(page, "portal-7-refused")
            self.input(page, "age").fill("10")
            self.input(page, "age").blur()
            self.saved(page)
            expect(page.locator(f"#e-{self.ids['age']}")).to_be_empty()
            self.question(page, "tuition").get_by_label("No").check()
            self.saved(page)
            self.question(page, "tuition").get_by_role("button", name="Take my answer back").click()
            self.saved(page)
        self.assertEqual(self.answers(), {"age": "10 years", "tuition": False})

    def test_as_last_time(self):
        self.save(self.parts["school"], "teacher", well="Maths", plans="A reading club")
        self.as_user(self.parts["school"], "teacher").action_submit()
        self.add_question("club", "school", "text", starts="carry")
        plan = self.make_plan(self.child, self.next_term())
        plan.action_start()
        part = self.parts_of(plan)["school"]
        path = f"/my/pep/section/{part.id}"
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, path)
            expect(self.input(page, "plans")).to_be_hidden()
            self.picture(page, "portal-8-last-time")
            self.question(page, "plans").get_by_role("button", name="Still right").click()
            expect(self.input(page, "plans")).to_have_value("A reading club")
            self.saved(page)
        self.assertEqual(part.answer_ids.value, "A reading club")

    def test_change_what_was_said_last_time(self):
        self.save(self.parts["school"], "teacher", well="Maths", plans="A reading club")
        self.as_user(self.parts["school"], "teacher").action_submit()
        plan = self.make_plan(self.child, self.next_term())
        plan.action_start()
        part = self.parts_of(plan)["school"]
        path = f"/my/pep/section/{part.id}"
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, path)
            self.question(page, "plans").get_by_role("link", name="Change").click()
            expect(self.input(page, "plans")).to_be_focused()
            self.input(page, "plans").press("End")
            page.keyboard.type(", twice a week")
            self.saved(page)
        self.assertEqual(part.answer_ids.value, "A reading club, twice a week")

    def warns_before_leaving(self, page):
        return page.evaluate(
            """() => {
                const event = new Event("beforeunload", { cancelable: true });
                window.dispatchEvent(event);
                return event.defaultPrevented;
            }"""
        )

    def forget(self, text):
        """What the browser says in its console of a connection that the test itself has cut."""
        self.complaints[:] = [complaint for complaint in self.complaints if text not in complaint]


@tagged("post_install", "-at_install")
class TestForEverybody(PortalBrowserCase):
    """Each page for people who can't see well, use no mouse, or enlarge everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kind = cls.env["pep.document.type"].create({"name": "Report", "company_id": cls.council.id})
        cls.sections["school"].may_be_document = True
        documents = cls.as_user(cls.env["pep.document"], "teacher")
        documents.action_file(cls.plan.id, kind.id, "r.txt", "VGhlIHJlcG9ydA==")
        cls.smart_target(cls.plan)
        cls.hand_in(cls.plan, "social")
        cls.env["pep.meeting"].create({"plan_id": cls.plan.id, "start": cls.env.cr.now() + timedelta(days=20)})
        late = cls.make_plan(cls.make_children())
        late.action_start()
        late.due_date = cls.today
        returned = cls.make_plan(cls.make_children())
        returned.action_start()
        cls.hand_in(returned, "school")
        part = cls.parts_of(returned)["school"]
        cls.as_user(part, "vseo")._take_step("return", "Which book was it?")
        cls.make_children()
        second = new_test_user(cls.env, "second.test", groups="base.group_portal", name="Colleague Smith")
        cls.env["pep.school.staff"].create(
            {"user_id": second.id, "school_id": cls.school.id, "role": "colleague", "date_from": cls.today}
        )
        cls.users["stranger"] = new_test_user(cls.env, "stranger.test", groups="base.group_portal", lang="en_GB")
        plan, parts = cls.plan.id, cls.parts
        cls.pages = {
            "list": ("teacher", "/my/pep"),
            "list-of-nobody": ("stranger", "/my/pep"),
            "list-of-a-carer": ("carer", "/my/pep"),
            "pep": ("teacher", f"/my/pep/{plan}"),
            "pep-of-a-parent": ("carer", f"/my/pep/{plan}"),
            "section": ("teacher", cls.path),
            "section-returned": ("teacher", f"/my/pep/section/{part.id}"),
            "section-to-read": ("teacher", f"/my/pep/section/{parts['social'].id}"),
            "section-on-behalf": ("vseo", f"/my/pep/section/{parts['carer'].id}"),
            "delegate": ("teacher", f"/my/pep/{plan}/delegate"),
            "attendance": ("teacher", f"/my/pep/{plan}/attendance"),
            "attendance-file": ("teacher", "/my/pep/attendance"),
            "target": ("teacher", f"/my/pep/{plan}/target"),
            "voice": ("teacher", f"/my/pep/voice/{parts['voice'].id}"),
        }

    def on_each_page(self, check, **size):
        """Look at each page in turn, with the pages of one person in one visit."""
        for role in dict.fromkeys(role for role, _path in self.pages.values()):
            with self.page_of(role, **size) as page:
                for name, (whose, path) in self.pages.items():
                    if whose == role:
                        with self.subTest(name):
                            self.go(page, path)
                            check(page, name)

    def test_axe(self):
        if not self.axe_is_here():
            self.skipTest("axe-core is not here: bin/test says why")

        def check(page, name):
            for summary in page.locator(".o_pep summary").all():
                summary.click()
            self.picture(page, f"axe-{name}-{page.viewport_size['width']}")
            self.assert_accessible(page)

        for size in (PHONE, DESK):
            self.on_each_page(check, **size)

    def test_what_is_missing(self):
        with self.page_of("teacher", **PHONE) as page:
            self.go(page, self.path)
            page.get_by_role("button", name="Hand in").click()
            expect(page.locator("#summary")).to_be_focused()
            self.picture(page, "portal-9-missing")
            if self.axe_is_here():
                self.assert_accessible(page)
            page.locator("#summary").get_by_role("link").first.click()
            expect(self.question(page, "well")).to_be_in_viewport()

    def test_enlarged(self):
        """At 320 pixels, which is 1280 at 400 %, nothing has to be pushed sideways; nothing to press is small."""

        def check(page, _name):
            self.assertLessEqual(page.evaluate("() => document.scrollingElement.scrollWidth"), 320)
            small = page.evaluate(
                """() => [...document.querySelectorAll(".o_pep :is(a, button, select, summary, input)")]
                    .filter((el) => el.type !== "hidden" && el.checkVisibility({visibilityProperty: true}))
                    .filter((el) => !el.closest(".visually-hidden"))
                    .map((el) => [el.outerHTML.slice(0, 120), (el.closest("label") || el).getBoundingClientRect()])
                    .filter(([html, box]) => Math.min(box.width, box.height) < 24 && box.width)
                    .map(([html, box]) => `${box.width}x${box.height} ${html}`)"""
            )
            self.assertFalse(small)

        self.on_each_page(check, width=320, height=640)

    def test_keyboard_alone(self):
        with self.page_of("teacher", **DESK) as page:
            self.go(page, "/my/pep")
            page.keyboard.press("Tab")
            expect(page.get_by_role("link", name="Skip to Content")).to_be_focused()
            page.keyboard.press("Enter")
            self.tab_to(page, "a.o_pep_go")
            page.keyboard.press("Enter")
            page.wait_for_selector(".o_pep_form.o_pep_alive")
            self.go(page, self.path)
            self.tab_to(page, f"#a-{self.ids['well']}")
            page.keyboard.type("Typed without a mouse")
            self.tab_to(page, f"#q-{self.ids['tuition']} input")
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
            self.saved(page)
            self.tab_to(page, ".o_pep_hand_in")
            page.keyboard.press("Enter")
            page.get_by_text("Handed in. Thank you.").wait_for()
        self.assertEqual(self.answers(), {"well": "Typed without a mouse", "tuition": "No"})

    def test_nothing_is_out_of_the_keyboards_reach(self):
        def check(page, _name):
            missed = page.evaluate(
                """() => [...document.querySelectorAll(".o_pep :is(a, button, select, textarea, summary, input)")]
                    .filter((el) => el.type !== "hidden" && el.checkVisibility() && el.tabIndex < 0)
                    .filter((el) => el.getAttribute("aria-hidden") !== "true")
                    .map((el) => el.outerHTML.slice(0, 120))"""
            )
            self.assertFalse(missed)

        self.on_each_page(check, **DESK)

    def tab_to(self, page, selector):
        """Press Tab until this has the focus; whatever gets it on the way shows that it has, and is not covered."""
        for _turn in range(80):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => {
                    const el = document.activeElement;
                    if (!el.closest(".o_pep")) return null;
                    const style = getComputedStyle(el);
                    const box = el.getBoundingClientRect();
                    const bar = document.querySelector(".o_pep_bar")?.getBoundingClientRect();
                    return {
                        shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
                        covered: Boolean(
                            bar && box.bottom > bar.top + 1 && box.top < bar.bottom && !el.closest(".o_pep_bar")
                        ),
                        html: el.outerHTML.slice(0, 120),
                    };
                }"""
            )
            if seen:
                self.assertTrue(seen["shown"], seen["html"])
                self.assertFalse(seen["covered"], seen["html"])
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        self.fail(f"Tab never comes to {selector}")
