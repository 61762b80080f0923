"""A PDF of a page that is complete in itself: made by wkhtmltopdf, which is given nothing but that page.

Odoo prints its reports by letting wkhtmltopdf open them as the user, with a session and a folder of files. A PEP needs
none of that. The page comes in by a pipe and the PDF goes out by another; the program may load no file, no picture and
no address, runs no script and knows no cookie.

Debian's wkhtmltopdf is built without the Qt that can print headers and footers. So both builds print the page alone;
what stands at the foot of each page is put there afterwards.
"""

import io
import os
import subprocess
import tempfile

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from odoo.tools.pdf import NameObject, PdfReader, PdfWriter, create_string_object

TIMEOUT = 60  # seconds; a whole PEP takes less than one
MARGINS = {"--margin-top": "15mm", "--margin-right": "16mm", "--margin-bottom": "20mm", "--margin-left": "16mm"}
MM = 72 / 25.4
GREY = HexColor("#4a5361")
PALE = HexColor("#f7e6e5")
# An address at which nothing listens. The page names none; should one ever slip in, the request ends here.
NOWHERE = "http://127.0.0.1:9"
ALONE = (
    "--quiet",
    "--encoding",
    "utf-8",
    "--disable-javascript",
    "--disable-plugins",
    "--disable-local-file-access",
    "--no-images",
    "--proxy",
    NOWHERE,
    "--load-error-handling",
    "ignore",
    "--load-media-error-handling",
    "ignore",
)


class NotMadeError(Exception):
    """The PDF could not be made. Says why in words that hold nothing of the page."""


def make(program, html, *, title, foot, page_of, language="en-GB", mark=None, options=()):
    """The page as a PDF of A4 pages.

    :param str program: path of wkhtmltopdf
    :param str html: the whole page; what it needs is in it
    :param str title: for the properties of the file, so never with a name in it
    :param str foot: at the foot of each page, left
    :param page_of: gives the words for a page from its number and how many there are; at the foot, right
    :param options: further ones of the program
    :param str mark: big and pale across each page, as DRAFT; none: nothing
    :return: bytes
    :raise NotMadeError: the program failed or took too long
    """
    pages = PdfReader(io.BytesIO(_print(program, options, html)), strict=False)
    stamps = PdfReader(io.BytesIO(_stamps(pages, foot, page_of, mark)), strict=False)
    writer = PdfWriter()
    for page, stamp in zip(pages.pages, stamps.pages, strict=True):
        page.merge_page(stamp)
        writer.add_page(page)
    writer.add_metadata({"/Title": title})
    root = writer._root_object
    root[NameObject("/Lang")] = create_string_object(language)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _print(program, options, html):
    with tempfile.TemporaryDirectory(prefix="pep.") as folder:  # the program keeps its input there; only we may look
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
        margins = [word for pair in MARGINS.items() for word in pair]
        arguments = [*ALONE, *options, "--page-size", "A4", *margins, "-", "-"]
        environment |= dict.fromkeys(("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"), folder)
        try:
            done = subprocess.run(
                [program, *arguments],
                input=html.encode(),
                capture_output=True,
                check=False,
                cwd=folder,
                env=environment,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired as error:
            raise NotMadeError(f"wkhtmltopdf took more than {TIMEOUT} seconds") from error
        except OSError as error:
            raise NotMadeError(f"wkhtmltopdf could not be started: {error.strerror}") from error
    # 1: something of the page could not be loaded, of which there is nothing
    if done.returncode not in (0, 1) or not done.stdout.startswith(b"%PDF-"):
        raise NotMadeError(f"wkhtmltopdf failed with code {done.returncode}")
    return done.stdout


def _stamps(pages, foot, page_of, mark):
    """A PDF with what is put on each of these pages."""
    stream = io.BytesIO()
    canvas = Canvas(stream)
    number_of = len(pages.pages)
    for number, page in enumerate(pages.pages, 1):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        canvas.setPageSize((width, height))
        if mark:
            canvas.saveState()
            canvas.translate(width / 2, height / 2)
            canvas.rotate(55)
            canvas.setFillColor(PALE)
            canvas.setBlendMode("Multiply")  # as if printed on paper first: it covers no word
            canvas.setFont("Helvetica-Bold", 110)
            canvas.drawCentredString(0, -40, _plain(mark))
            canvas.restoreState()
        canvas.setFillColor(GREY)
        canvas.setFont("Helvetica", 8.5)
        canvas.drawString(16 * MM, 10 * MM, _plain(foot))
        canvas.drawRightString(width - 16 * MM, 10 * MM, _plain(page_of(number, number_of)))
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _plain(words):
    """Words in the letters that every PDF reader has; what is none of them becomes a question mark."""
    return words.encode("cp1252", "replace").decode("cp1252")
