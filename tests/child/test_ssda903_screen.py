from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.pep_module.wizards.child import pep_ssda903_import

from .ssda903_common import Ssda903Case, many

# Press the button, see the bar move, see the end. Each step of the import is one request of the open page.
IMPORT = """
const until = async (found, what) => {
    for (let tries = 0; tries < 300; tries++) {
        const element = found();
        if (element) {
            return element;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`Not seen: ${what}`);
};
const run = async () => {
    const seen = new Set();
    const button = await until(() => document.querySelector("button[name=action_import]"), "the button");
    button.click();
    await until(() => {
        const bar = document.querySelector("[role=progressbar]");
        if (bar) {
            seen.add(`${bar.getAttribute("aria-valuenow")}: ${bar.getAttribute("aria-valuetext")}`);
        }
        return document.querySelector(".alert-success");
    }, "the end");
    if (![...seen].some((step) => /^(16|33|50|66|83): [24680]+ of 12 children$/.test(step) && !step.startsWith("0"))) {
        throw new Error(`No progress was shown: ${[...seen].join("; ")}`);
    }
    console.log("test successful");
};
run();
"""


@tagged("post_install", "-at_install")
class TestSsda903Screen(HttpCase, Ssda903Case):
    def test_progress_is_seen(self):
        self.startPatcher(patch.object(pep_ssda903_import, "CHUNK", 2))
        self.startPatcher(patch.object(pep_ssda903_import, "STEP_SECONDS", 0))
        record = self.upload(*many(12))
        record.action_preview()
        self.browser_js(
            f"/odoo/pep-ssda903/{record.id}",
            IMPORT,
            ready="!!document.querySelector('button[name=action_import]')",
            login="head.test",
        )
        self.env.invalidate_all()
        self.assertEqual((record.state, record.child_new), ("done", 12))

    def test_an_import_that_was_left_goes_on_when_opened(self):
        self.startPatcher(patch.object(pep_ssda903_import, "CHUNK", 2))
        record = self.upload(*many(12))
        record.action_preview()
        record.action_import()
        self.browser_js(
            f"/odoo/pep-ssda903/{record.id}",
            "console.log('test successful')",
            ready="!!document.querySelector('.o_form_view .alert-success')",
            login="head.test",
        )
        self.env.invalidate_all()
        self.assertEqual(record.state, "done")
