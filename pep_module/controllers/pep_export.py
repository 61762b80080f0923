import tempfile

from werkzeug.exceptions import NotFound
from werkzeug.wsgi import FileWrapper

from odoo import fields, http
from odoo.http import request


class PepExport(http.Controller):
    @http.route("/pep/export/<int:wizard_id>", type="http", auth="user", methods=["GET"])
    def export(self, wizard_id):
        """All records of a council as a ZIP, made now and kept nowhere. See ``pep.export.everything``."""
        own = [("id", "=", wizard_id), ("create_uid", "=", request.env.uid)]
        wizard = request.env["pep.export.everything"].search(own)
        if not wizard:
            raise NotFound()
        file = tempfile.TemporaryFile()  # noqa: SIM115 closed by FileWrapper once it is sent
        wizard._write_archive(file)
        size = file.tell()
        file.seek(0)
        name = f"virtual-school-{fields.Date.to_string(wizard.company_id._pep_today())}.zip"
        return request.make_response(
            FileWrapper(file),
            headers=[
                ("Content-Type", "application/zip"),
                ("Content-Length", size),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
