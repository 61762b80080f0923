import io
import struct
from unittest.mock import patch

from PIL import Image

from odoo.tests import BaseCase, tagged
from odoo.tools import mimetypes

from odoo.addons.pep_module.tools import file_kind
from odoo.addons.pep_module.tools.file_kind import TYPES, NotAccepted, recognise, without_place

from .document_common import PDF, docx, listing_too_long, older_office, picture, zipped

ODT = TYPES["odt"][1]
TAKEN = {
    "pdf": PDF,
    "jpg": picture("JPEG"),
    "png": picture("PNG"),
    "gif": picture("GIF"),
    "webp": picture("WEBP"),
    "docx": docx(),
    "xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "pptx": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "odt": zipped("content.xml", mimetype=ODT),
    "doc": older_office("WordDocument"),
    "xls": older_office("Workbook"),
    "ppt": older_office("PowerPoint Document"),
    "csv": b"Day,Mark\r\n2026-10-05,/\r\n",
    "txt": "Zoë’s own words\n".encode(),
}
REFUSED = {
    "a page": ("unknown", b"<html><body>Hello</body></html>"),
    "a page after a mark": ("unknown", b"\xef\xbb\xbf  <!DOCTYPE html><p>Hello</p>"),
    "a page further on": ("unknown", b"Dear all,\n<script>alert(1)</script>"),
    "a drawing": ("unknown", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "a drawing with a head": ("unknown", b'<?xml version="1.0"?><svg onload="alert(1)"/>'),
    "a shell's script": ("unknown", b"#!/bin/sh\nrm -rf ~\n"),
    "a program of Windows": ("unknown", b"MZ\x90\x00\x03\x00\x00\x00" + bytes(200)),
    "a program of Linux": ("unknown", b"\x7fELF\x02\x01\x01" + bytes(200)),
    "a zip of anything": ("unknown", zipped("notes.pdf")),
    "a Java program": ("unknown", zipped("META-INF/MANIFEST.MF", "Main.class")),
    "a torn zip": ("unknown", docx()[:60]),
    "an endless listing": ("unknown", listing_too_long()),
    "an office file with macros": ("macros", docx("word/vbaProject.bin")),
    "an OpenDocument with macros": ("macros", zipped("Basic/Standard/Module1.xml", mimetype=ODT)),
    "an older office file with macros": ("macros", older_office("WordDocument", "_VBA_PROJECT")),
    "an office file with a password": ("locked", older_office("EncryptedPackage")),
    "an installer": ("unknown", older_office("Property")),
    "an iPhone's picture": ("heic", b"\x00\x00\x00\x18ftypheic" + bytes(100)),
    "half a signature": ("unknown", b"\xff\xd8\xff\xe0 no picture"),
    "a mail": ("unknown", b"From: a\x00b"),
    "nothing": ("empty", b""),
}


@tagged("post_install", "-at_install")
class TestRecognise(BaseCase):
    def refused(self, data, name=""):
        with self.assertRaises(NotAccepted) as caught:
            recognise(data, name)
        return caught.exception.code

    def test_each_kind_by_what_is_in_it(self):
        for extension, data in TAKEN.items():
            with self.subTest(extension):
                name = f"Report.{extension.upper()}"
                self.assertEqual(recognise(data, name), extension)
                self.assertEqual(without_place(data, extension)[:4], data[:4])
                if extension != "csv":
                    self.assertEqual(recognise(data), extension)

    def test_the_same_without_the_library_for_kinds_of_files(self):
        with patch.object(file_kind, "guess_mimetype", mimetypes._odoo_guess_mimetype):
            for extension, data in TAKEN.items():
                self.assertEqual(recognise(data, f"a.{extension}"), extension)
            for code, data in REFUSED.values():
                self.assertEqual(self.refused(data), code)

    def test_names_of_the_same_kind(self):
        self.assertEqual(recognise(picture(), "a.jpeg"), "jpg")
        self.assertEqual(recognise(b"a;b\n", "list.csv"), "csv")
        self.assertEqual(recognise("Zoë".encode("cp1252"), "old.txt"), "txt")
        self.assertEqual(recognise("Zoë".encode("utf-16"), "windows.txt"), "txt")

    def test_what_is_never_taken(self):
        for what, (code, data) in REFUSED.items():
            with self.subTest(what):
                self.assertEqual(self.refused(data), code)
                self.assertEqual(self.refused(data, "report.pdf"), code)

    def test_something_else_than_its_name_says(self):
        for name in ("report.docx", "report.exe", "report.pdf.js", "report.html", "report.svg", "report.txt"):
            self.assertEqual(self.refused(PDF, name), "wrong_name", name)
        self.assertEqual(self.refused(docx(), "report.pdf"), "wrong_name")
        self.assertEqual(self.refused(b"alert(1)", "code.js"), "wrong_name")
        self.assertEqual(self.refused(picture("PNG"), "a.jpg"), "wrong_name")


@tagged("post_install", "-at_install")
class TestWithoutPlace(BaseCase):
    def same_picture(self, one, other):
        with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
            self.assertEqual(first.tobytes(), second.tobytes())
            return second.getexif()

    def test_what_the_camera_noted_goes_and_the_picture_stays(self):
        for kind, extension in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")):
            with self.subTest(kind):
                data = picture(kind, place=True, size=(60, 40))
                self.assertIn(b"Secret Street", data)
                stripped = without_place(data, extension)
                self.assertNotIn(b"Secret Street", stripped)
                self.assertFalse(dict(self.same_picture(data, stripped)))
                self.assertEqual(without_place(stripped, extension), stripped)

    def test_the_way_up_stays(self):
        data = picture(place=True, way_up=6)
        stripped = without_place(data, "jpg")
        self.assertNotIn(b"Secret Street", stripped)
        self.assertEqual(dict(self.same_picture(data, stripped)), {0x0112: 6})

    def test_what_hangs_on_the_end_goes(self):
        film = b"\x00\x00\x00\x18ftypmp42 Secret Street"
        self.assertNotIn(b"Secret", without_place(picture() + film, "jpg"))
        self.assertNotIn(b"Secret", without_place(picture("PNG") + film, "png"))

    def test_progressive(self):
        buffer = io.BytesIO()
        Image.effect_noise((64, 64), 90).save(buffer, "JPEG", progressive=True)
        self.same_picture(buffer.getvalue(), without_place(buffer.getvalue(), "jpg"))

    def test_broken_pictures_are_refused(self):
        whole = picture(size=(200, 200))
        for data in (whole[:-30], whole[:4], b"\xff\xd8\xff\xe0" + struct.pack(">H", 60000) + bytes(20)):
            with self.assertRaises(NotAccepted):
                recognise(data)
                without_place(data, "jpg")
        with self.assertRaises(NotAccepted):
            without_place(picture("PNG")[:-20], "png")

    def test_others_stay_as_they_are(self):
        self.assertEqual(without_place(PDF, "pdf"), PDF)
