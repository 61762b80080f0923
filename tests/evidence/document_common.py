"""Files of each kind made by hand, and short ways to file them."""

import base64
import io
import struct
import zipfile

from PIL import Image, WebPImagePlugin

from tests.common import PepCase

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
assert WebPImagePlugin  # Odoo leaves it out of what Pillow loads by itself
OUTSIDERS = ("teacher", "social_worker", "carer", "parent", "iro")


def zipped(*names, **contents):
    """A ZIP file with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def docx(*more):
    return zipped("[Content_Types].xml", "word/document.xml", *more)


def older_office(stream, *more):
    """As much of a compound file as tells what it is."""
    words = b"".join(name.encode("utf-16-le") for name in (stream, *more))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + words + bytes(500)


def picture(kind="JPEG", place=False, way_up=None, size=(8, 8)):
    """A small picture; with ``place``, as a camera that notes where it was makes it."""
    buffer, options = io.BytesIO(), {}
    if place or way_up:
        exif = Image.Exif()
        if place:
            exif[0x010E] = "12 Secret Street"
        if way_up:
            exif[0x0112] = way_up
        options["exif"] = exif
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


def listing_too_long():
    """A ZIP file that says its list of contents is larger than any document's."""
    data = bytearray(docx())
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 12, 50_000_000)
    return bytes(data)


class DocumentCase(PepCase):
    """``self.plan`` is being gathered, with everyone around; ``self.types`` by code."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        types = cls.env["pep.document.type"].search([("company_id", "=", cls.council.id)])
        cls.types = {kind.code: kind for kind in types}
        cls.env.flush_all()

    def documents_of(self, role):
        return self.as_user(self.env["pep.document"], role)

    def file(self, role="teacher", code="support_plan", name="Plan.pdf", data=PDF, plan=None, **more):
        """File as this person; returns the document as the superuser has it."""
        content = base64.b64encode(data).decode()
        kind = self.types[code]
        plan = plan or self.plan
        document_id = self.documents_of(role).action_file(plan.id, kind.id, name, content, **more)
        return self.env["pep.document"].browse(document_id)

    def attachment_of(self, document):
        return self.env["ir.attachment"].search(
            [("res_model", "=", "pep.document"), ("res_id", "=", document.id), ("res_field", "=", "file")]
        )

    def readers(self, document):
        """The outsiders who can read it, asked of the rule."""
        return {role for role in OUTSIDERS if self.documents_of(role).search([("id", "=", document.id)])}

    def finish(self, plan=None):
        """Complete a PEP, whatever it lacks."""
        plan = plan or self.plan
        plan.kind_id.sudo().write(
            {
                name: False
                for name in plan.kind_id._fields
                if name.endswith("_required") and plan.kind_id._fields[name].type == "boolean"
            }
        )
        plan.action_ready()
        plan.action_process()
        plan.action_complete()
        self.assertEqual(plan.state, "complete")
