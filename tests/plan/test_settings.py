from odoo.tests import Form, tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestSettings(PepCase):
    def test_the_administrator_changes_the_rules(self):
        with Form(self.as_user(self.env["pep.settings"], "admin"), "pep_module.pep_settings_view_form") as form:
            self.assertEqual(form.pep_contribution_days, 5)
            form.pep_contribution_days = 21
        form.record.action_save()
        self.assertEqual(self.council.pep_contribution_days, 21)

    def test_what_the_administrator_adds_belongs_to_the_council(self):
        area = self.as_user(self.env["pep.target.area"], "admin").create({"name": "Music"})
        self.assertEqual(area.company_id, self.council)
        kinds = self.env["pep.kind"].search([("company_id", "=", False)])
        self.assertTrue(kinds, "what the app ships still belongs to none")
