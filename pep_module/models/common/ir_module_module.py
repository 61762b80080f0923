from odoo import models
from odoo.exceptions import UserError


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Every way to uninstall comes through here: the button, its wizard, the command line."""
        (self | self.downstream_dependencies())._pep_refuse_to_tear_down_records()
        return super().button_uninstall()

    def module_uninstall(self):
        """The last moment before the tables are dropped, for what came another way."""
        self._pep_refuse_to_tear_down_records()
        return super().module_uninstall()

    def _pep_refuse_to_tear_down_records(self):
        """Uninstalling drops the tables. Where there are children in them, only after an export has been confirmed."""
        if "pep_module" not in self.mapped("name") or not self.env.is_admin():
            return  # Odoo itself refuses whoever does not administer it
        unconfirmed = self.env["pep.export.confirmation"]._unconfirmed()
        if unconfirmed:
            councils = [
                # sudo: who uninstalls is told what is missing
                self.env._("%(council)s: %(number)s children", council=company.sudo().name, number=number)
                for company, number in unconfirmed.items()
            ]
            raise UserError(
                self.env._(
                    "The Virtual School holds records of children, which the law asks you to keep. Uninstalling it "
                    "would delete them.\n\n"
                    "In each of these councils the head of the virtual school first exports them (Virtual School, "
                    "Configuration, Export everything) and confirms that the file is stored safely:\n"
                    "%(councils)s\n\n"
                    "What was confirmed before counts no longer once a record has been added or changed.",
                    councils="\n".join(councils),
                )
            )
