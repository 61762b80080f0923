from odoo import models
from odoo.exceptions import UserError

CONFIRMED = "pep_module.uninstall_confirmed"


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        self._refuse_to_tear_down_records()
        return super().button_uninstall()

    def module_uninstall(self):
        self._refuse_to_tear_down_records()
        return super().module_uninstall()

    def _refuse_to_tear_down_records(self):
        """Uninstalling drops the tables. Where there are children in them, only after an export has been confirmed."""
        if "pep_module" not in self.mapped("name"):
            return
        children = self.env["pep.child"].sudo().with_context(active_test=False)  # sudo: counts every child, shows none
        confirmed = self.env["ir.config_parameter"].sudo().get_param(CONFIRMED)  # sudo: a setting of the server
        number = children.search_count([])
        if number and confirmed != str(number):
            raise UserError(
                self.env._(
                    "This database holds the records of %(number)s children, which the law asks you to keep. Export "
                    "them first (Virtual School, Configuration, Export everything); confirming that export allows "
                    "the app to be uninstalled.",
                    number=number,
                )
            )
