"""A person at a browser: Chromium driven by Playwright, against the test's own server and transaction."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest import SkipTest

from playwright.sync_api import expect, sync_playwright

from odoo.tests import HttpCase, tagged
from odoo.tests.common import HOST, TEST_CURSOR_COOKIE_NAME

from tests.common import PepCase

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURES = os.environ.get("PEP_PICTURES")
WAIT = 30_000


@tagged("post_install", "-at_install")
class BrowserCase(PepCase, HttpCase):
    """Open the app as a user and click. Any error in the browser's console fails the test.

    ``PEP_PICTURES=folder`` keeps a picture of each step.
    """

    @classmethod
    def setUpClass(cls):
        if not CHROMIUM:
            raise SkipTest("Chromium is not installed")
        super().setUpClass()
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
        with self.allow_requests():
            context = self.browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
            context.set_default_timeout(WAIT)
            expect.set_options(timeout=WAIT)
            for name, value in (("session_id", session.sid), (TEST_CURSOR_COOKIE_NAME, self.http_request_key)):
                context.add_cookies([{"name": name, "value": value, "domain": HOST, "path": "/"}])
            page = context.new_page()
            page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            try:
                yield page
                page.wait_for_load_state("networkidle")
            except Exception:
                self.picture(page, f"failed-{self._testMethodName}")
                raise
            finally:
                context.close()
                self._wait_remaining_requests()
        self.env.invalidate_all()
        self.assertFalse([text for text in self.complaints if not re.search(r"websocket|bus_worker", text, re.I)])

    def visit(self, page, path):
        page.goto(self.base_url() + path)
        page.wait_for_selector(".o_action_manager .o_view_controller, .o_action_manager .o_form_view")
        page.wait_for_load_state("networkidle")

    def press(self, page, name, within=".o_content, .o_control_panel, .o_form_statusbar"):
        """Press the visible button with this name and wait until the app has answered."""
        page.locator(within).get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
        page.wait_for_load_state("networkidle")

    def picture(self, page, name):
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
