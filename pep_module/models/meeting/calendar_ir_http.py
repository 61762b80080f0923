from werkzeug.exceptions import NotFound

from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_calendar(cls):
        """Odoo's links by a token. An empty one would find whoever has none, and tell the address.

        The people in a PEP meeting have none.
        """
        if not request.httprequest.args.get("token"):
            raise NotFound()
        return super()._auth_method_calendar()
