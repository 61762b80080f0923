"""A person at a browser: Chromium driven by Playwright, against the test's own server and transaction."""

import os
import re
import resource
import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest import SkipTest
from unittest.mock import patch

from playwright.sync_api import expect, sync_playwright

from odoo.tests import HttpCase, tagged
from odoo.tests.common import HOST, TEST_CURSOR_COOKIE_NAME, _registry_test_lock

from tests.common import PepCase

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURES = os.environ.get("PEP_PICTURES")
AXE = os.environ.get("PEP_AXE")
WAIT = 30_000
# Counts what the page has asked the server for and not yet been answered.
COUNTER = """
    window.pepPending = 0;
    const done = () => setTimeout(() => window.pepPending--, 100);
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function () {
        window.pepPending++;
        this.addEventListener("loadend", done);
        return send.apply(this, arguments);
    };
    const fetched = window.fetch;
    window.fetch = (...args) => {
        window.pepPending++;
        return fetched(...args).finally(done);
    };
"""


@tagged("post_install", "-at_install")
class BrowserCase(PepCase, HttpCase):
    """Open the app as a user and click. Any error in the browser's console fails the test.

    While a page is open the server alone talks to the database: what the test needs to know, it asks for before, or
    :meth:`between_requests`. Both use one connection, and pages ask for pictures and news whenever they like; so a test
    that asks in between would now and then get a request's answer, and the request the test's. Here it always fails.
    ``PEP_PICTURES=folder`` keeps a picture of each step.
    """

    @classmethod
    def setUpClass(cls):
        if not CHROMIUM:
            raise SkipTest("Chromium is not installed")
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_GB")
        for user in cls.users.values():
            user.lang = "en_GB"
        # Odoo bounds the memory of its process; the browser reserves more address space than that
        bound = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (bound[1], bound[1]))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_AS, bound)
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        cls.addClassCleanup(cls.browser.close)

    @contextmanager
    def page_of(self, role, width=1366, height=900):
        """A page of the role's user, logged in."""
        user = self.users[role]
        session = self.authenticate(user.login, user.login)
        self.complaints = []
        with self.allow_requests(), self._one_at_a_time():
            context = self.browser.new_context(
                viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/London"
            )
            context.set_default_timeout(WAIT)
            expect.set_options(timeout=WAIT)
            for name, value in (("session_id", session.sid), (TEST_CURSOR_COOKIE_NAME, self.http_request_key)):
                context.add_cookies([{"name": name, "value": value, "domain": HOST, "path": "/"}])
            context.add_init_script(COUNTER)
            page = context.new_page()
            page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            try:
                yield page
                self.settle(page)
            except Exception:
                self.picture(page, f"failed-{self._testMethodName}")
                raise
            finally:
                context.close()
                self._wait_remaining_requests()
        self.env.invalidate_all()
        self.assertFalse(
            [text for text in self.complaints if not re.search(r"websocket|bus_worker", text, re.IGNORECASE)]
        )

    @contextmanager
    def _one_at_a_time(self):
        """Refuse what the test asks the database for while requests are let in."""
        execute = self.cr.execute

        def checked(*args, **kwargs):
            assert _registry_test_lock._is_owned(), "While a page is open the test asks before, or between_requests()"
            return execute(*args, **kwargs)

        with patch.object(self.cr, "execute", checked):
            yield

    @contextmanager
    def between_requests(self):
        """While a page is open: wait until no request is being answered, and let none in."""
        with _registry_test_lock:
            self.env.invalidate_all()
            yield

    def settle(self, page):
        """Wait until the server has answered everything and the page has been drawn."""
        page.wait_for_timeout(150)
        page.wait_for_function("() => window.pepPending === 0 && !document.querySelector('.o_blockUI')")
        page.wait_for_timeout(50)

    def visit(self, page, path):
        page.goto(self.base_url() + path)
        page.wait_for_selector(".o_action_manager .o_view_controller, .o_action_manager .o_form_view")
        self.settle(page)

    def go(self, page, path):
        """Open a page outside the app, such as one of the portal, and wait until its scripts have started."""
        response = page.goto(self.base_url() + path)
        self.assertEqual(response.status, 200, path)
        page.wait_for_function("() => !document.querySelector('.o_pep_form:not(.o_pep_alive)')")
        self.settle(page)

    def axe_is_here(self):
        return bool(AXE)

    def assert_accessible(self, page, within=None):
        """axe-core finds nothing serious or critical by the rules of WCAG 2.2 AA on the page as it stands.

        :param str within: a selector: only this part of the page, inside Odoo's own menus
        """
        page.evaluate(Path(AXE).read_text())
        found = page.evaluate(
            """within => axe.run(within || document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
                resultTypes: ["violations"],
            })""",
            within,
        )
        bad = []
        for rule in found["violations"]:
            if rule["impact"] in ("serious", "critical"):
                where = "; ".join(node["html"][:200] for node in rule["nodes"][:5])
                bad.append(f"{rule['impact']}: {rule['help']} ({rule['id']}): {where}")
        self.assertFalse(bad, f"{page.url}\n" + "\n".join(bad))

    def press(self, page, name, within=".o_web_client"):
        """Press the visible button with this name and wait until the app has answered."""
        page.locator(within).get_by_role("button", name=name, exact=True).locator("visible=true").last.click()
        self.settle(page)

    def field(self, page, name):
        """The input of a field, in the dialog when one is open."""
        inputs = page.locator(f".o_field_widget[name='{name}']").locator("input, textarea, select")
        return inputs.locator("visible=true").last

    def fill(self, page, name, value):
        widget = self.field(page, name)
        if widget.evaluate("element => element.tagName") == "SELECT":
            widget.select_option(label=value)
        else:
            widget.fill(value)
            widget.press("Tab")

    def tick(self, row, name):
        """Tick a box in a row of a list, which is edited in place."""
        row.locator(f"td[name='{name}']").click()
        box = row.locator(f"td[name='{name}'] input")
        self.settle(row.page)  # that click may have ticked it already, once the row is drawn anew
        if not box.is_checked():
            box.click()
        expect(box).to_be_checked()

    def choose(self, page, name, label):
        """Choose one of the few values of a selection field."""
        self.field(page, name).click()
        page.locator(".o_select_menu_item, .dropdown-item", has_text=label).locator("visible=true").first.click()
        expect(self.field(page, name)).to_have_value(label)

    def save(self, page):
        page.locator(".o_form_button_save").locator("visible=true").last.click()
        self.settle(page)

    def pick(self, page, name, value):
        """Choose a record or a word in a field that looks up as you type."""
        self.field(page, name).click()
        self.field(page, name).fill(value)
        begins = re.compile(rf"^\s*{re.escape(value)}")
        page.locator(".o-autocomplete--dropdown-item, .o_select_menu_item").filter(has_text=begins).first.click()

    def picture(self, page, name):
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
