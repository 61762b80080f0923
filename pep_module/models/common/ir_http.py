from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """The scripts of our portal pages are translated as Odoo's are."""
        return [*super()._get_translation_frontend_modules_name(), "pep_module"]
