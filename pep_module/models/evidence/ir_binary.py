from odoo import models
from odoo.http import Stream

# Kinds of file under a message that a browser may show.
SHOWN = ("application/pdf", "text/plain")


class Download(Stream):
    """A file that a browser saves and never shows, whatever the address asks for."""

    def get_response(self, as_attachment=None, **kwargs):
        return super().get_response(as_attachment=True, **kwargs)


class IrBinary(models.AbstractModel):
    """Odoo's addresses for files, for those about a child: to the logged-in reader alone, and a document to save."""

    _inherit = "ir.binary"

    def _pep_is_about_child(self, record):
        if record._name == "ir.attachment":
            return bool(record._pep_guarded())
        return self.env["ir.attachment"]._pep_about_child(record._name)

    def _find_record(self, xmlid=None, res_model="ir.attachment", res_id=None, access_token=None, field=None):
        if access_token:
            named = self.env.ref(xmlid, False) if xmlid else self.env.get(res_model, self).browse(res_id)
            if named and self._pep_is_about_child(named):
                access_token = None  # such as Odoo gives a reader for weeks: access to a child ends on a day
        return super()._find_record(xmlid, res_model, res_id, access_token, field)

    def _get_stream_from(
        self, record, field_name="raw", filename=None, filename_field="name", mimetype=None, *args, **kwargs
    ):
        if len(record) != 1 or not self._pep_is_about_child(record):
            return super()._get_stream_from(record, field_name, filename, filename_field, mimetype, *args, **kwargs)
        document = record
        if record._name == "ir.attachment":
            document = self.env["pep.document"]
            if record.sudo().res_model == "pep.document":  # sudo: Odoo asked for access before
                document = document.browse(record.sudo().res_id)  # sudo: the same
        # no name or kind of file of the caller's choosing
        stream = super()._get_stream_from(record, field_name, None, filename_field, None, *args, **kwargs)
        if document._name == "pep.document" and document:
            document = document.sudo()  # sudo: the same
            stream.download_name, stream.mimetype = document.file_name, document.mimetype
            return Download(**vars(stream))
        harmless = stream.mimetype in SHOWN or stream.mimetype.startswith("image/") and "svg" not in stream.mimetype
        return stream if harmless else Download(**vars(stream))
