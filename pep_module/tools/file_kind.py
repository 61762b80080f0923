"""What a file is, by what is in it and not by what it is called. Pure Python: no record, no database.

Source of the signatures: the formats' own specifications (ISO 32000 for PDF, ECMA-376 for Office Open XML,
ISO/IEC 26300 for OpenDocument, MS-CFB for the older Office files).
"""

import io
import re
import struct
import zipfile
import zlib

from PIL import Image

from odoo.tools.mimetypes import guess_mimetype

# Extension by which a file is kept -> (kind, mimetype, extensions that a name may have)
TYPES = {
    "pdf": ("pdf", "application/pdf", ("pdf",)),
    "jpg": ("image", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    "png": ("image", "image/png", ("png",)),
    "gif": ("image", "image/gif", ("gif",)),
    "webp": ("image", "image/webp", ("webp",)),
    "docx": ("office", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ("docx",)),
    "xlsx": ("office", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ("xlsx",)),
    "pptx": ("office", "application/vnd.openxmlformats-officedocument.presentationml.presentation", ("pptx",)),
    "odt": ("office", "application/vnd.oasis.opendocument.text", ("odt",)),
    "ods": ("office", "application/vnd.oasis.opendocument.spreadsheet", ("ods",)),
    "odp": ("office", "application/vnd.oasis.opendocument.presentation", ("odp",)),
    "doc": ("office", "application/msword", ("doc",)),
    "xls": ("office", "application/vnd.ms-excel", ("xls",)),
    "ppt": ("office", "application/vnd.ms-powerpoint", ("ppt",)),
    "csv": ("text", "text/csv", ("csv",)),
    "txt": ("text", "text/plain", ("txt",)),
}
KINDS = ("pdf", "image", "office", "text")
_PICTURES = {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}
_OOXML = (("docx", "word/document.xml"), ("xlsx", "xl/workbook."), ("pptx", "ppt/presentation.xml"))
_OPENDOCUMENT = {TYPES[name][1].encode(): name for name in ("odt", "ods", "odp")}
_OLE_STREAMS = (("doc", "WordDocument"), ("xls", "Workbook"), ("xls", "Book"), ("ppt", "PowerPoint Document"))
# A list of contents longer than this belongs to no document of a school: 1 MB holds some 10,000 entries.
_LONGEST_LISTING = 1_000_000
# Text that a browser or a shell would run.
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|svg|script|iframe|object|embed|\?xml|\?php)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_NEVER = re.compile(r"html|svg|xml|javascript|ecmascript|shellscript|php|msdos-batch|executable|dosexec")
# What of a JPEG is kept beside the picture itself: JFIF, colour profile, Adobe's colour transform.
_JPEG_KEPT = (0xE0, 0xE2, 0xEE)
_PNG_DROPPED = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")
_ORIENTATION = 0x0112


class NotAccepted(Exception):
    """A file that is not taken. :attr:`code` says why: ``empty``, ``unknown``, ``macros``, ``locked``, ``heic``,
    ``wrong_name``."""

    def __init__(self, code, found=None):
        super().__init__(code)
        self.code = code
        self.found = found


def recognise(data, name=""):
    """The type of a file.

    :param bytes data: the whole file
    :param str name: what it was called; only tells a table from other text, and is compared with what was found
    :return: the extension under which to keep it, one of :data:`TYPES`
    :raise NotAccepted: empty, none of the types that are taken, or something else than its name says
    """
    if not data:
        raise NotAccepted("empty")
    said = extension(name)
    looks_into = next((look for signature, look in _BINARY if signature.match(data)), _text)
    found = looks_into(data, said)
    if not found:
        raise NotAccepted("unknown")
    if said and said not in TYPES[found][2]:
        raise NotAccepted("wrong_name", found)
    return found


def extension(name):
    """The last extension of a file's name in lower case; empty where there is none."""
    _stem, dot, last = (name or "").strip().rpartition(".")
    return last.lower() if dot else ""


def _picture(data, _said):
    """The kind of picture, if its beginning can be read; nothing is unpacked."""
    try:
        with Image.open(io.BytesIO(data), formats=list(_PICTURES)) as image:
            return _PICTURES[image.format]
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError):
        return None


def _zipped(data, _said):
    """An office file by its list of contents. Nothing is unpacked but the few bytes that name an OpenDocument type."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or len(data) < end + 22 or struct.unpack_from("<I", data, end + 12)[0] > _LONGEST_LISTING:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
                raise NotAccepted("macros")
            if "mimetype" in names:
                with archive.open("mimetype") as entry:
                    found = _OPENDOCUMENT.get(entry.read(100))
                if found and any(name.startswith(("Basic/", "Scripts/")) for name in names):
                    raise NotAccepted("macros")
                return found
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error):
        return None
    if "[Content_Types].xml" not in names:
        return None
    return next((found for found, part in _OOXML if any(name.startswith(part) for name in names)), None)


def _older_office(data, _said):
    """An Office file of before 2007: the names of its streams stand in it in UTF-16."""

    def has(stream):
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise NotAccepted("locked")
    found = next((found for found, stream in _OLE_STREAMS if has(stream)), None)
    if found and has("_VBA_PROJECT"):
        raise NotAccepted("macros")
    return found


def _text(data, said):
    """Plain text or a table as text; nothing that a browser or a shell would run."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="ignore")  # files of older Windows programs
    if _CONTROL.search(text) or text.startswith("#!"):
        return None
    if _MARKUP.search(text) or _NEVER.search(guess_mimetype(data) or ""):
        return None
    return "csv" if said == "csv" else "txt"


def _heic(_data, _said):
    raise NotAccepted("heic")


# What a file begins with, and who looks further. What begins with none of these is text or nothing that is taken.
_BINARY = tuple(
    (re.compile(signature, re.DOTALL), look)
    for signature, look in (
        (rb"%PDF-", lambda _data, _said: "pdf"),
        (rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a", _picture),
        (rb"RIFF....WEBPVP8", lambda _data, _said: "webp"),
        (rb"....ftyp(?:heic|heix|hevc|mif1|msf1)", _heic),
        (rb"PK\x03\x04", _zipped),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _older_office),
    )
)


def without_place(data, found):
    """A photograph without what the camera noted beside it, such as the place where it was taken; other files as is.

    The picture itself stays bit for bit, with the way up that it is to be shown.

    :param bytes data: the file
    :param str found: its type, as :func:`recognise` says
    :raise NotAccepted: the picture is broken
    """
    strip = {"jpg": _strip_jpeg, "png": _strip_png, "webp": _strip_webp}.get(found)
    if not strip:
        return data
    try:
        return strip(data)
    except (struct.error, IndexError, OSError, ValueError) as error:
        raise NotAccepted("unknown") from error


def _strip_jpeg(data):
    parts, at = [data[:2], _way_up(data)], 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1  # filling
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise NotAccepted("unknown")
        if marker == 0xD9:  # end of the picture: what follows, such as the film of a moving photograph, is left out
            return b"".join([*parts, b"\xff\xd9"])
        length = struct.unpack_from(">H", data, at + 2)[0]
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise NotAccepted("unknown")
        beside = 0xE0 <= marker <= 0xEF and marker not in _JPEG_KEPT or marker == 0xFE
        several_pictures = marker == 0xE2 and data[at + 4 : at + 8] == b"MPF\x00"
        if not beside and not several_pictures:
            parts.append(data[at:end])
        at = end
        if marker == 0xDA:
            start = at
            while data[at] != 0xFF or data[at + 1] == 0x00 or 0xD0 <= data[at + 1] <= 0xD7:
                at = data.find(b"\xff", at + 1)
                if at < 0:
                    raise NotAccepted("unknown")
            parts.append(data[start:at])


def _way_up(data):
    """The note that says which way up a photograph is, alone; empty where it says nothing."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        way = picture.getexif().get(_ORIENTATION)
    if way not in range(2, 9):
        return b""
    note = b"Exif\x00\x00MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, way, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note


def _strip_png(data):
    parts, at = [data[:8]], 8
    while True:
        length = struct.unpack_from(">I", data, at)[0]
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise NotAccepted("unknown")
        if name not in _PNG_DROPPED:
            parts.append(data[at:end])
        if name == b"IEND":
            return b"".join(parts)
        at = end


def _strip_webp(data):
    parts, at = [], 12
    size = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while at + 8 <= size:
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        end = at + 8 + length + length % 2
        chunk = data[at:end]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0b1100]) + chunk[9:]  # says no more that EXIF and XMP are there
        if name not in (b"EXIF", b"XMP "):
            parts.append(chunk)
        at = end
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body
