"""What the tests of printed PEPs share: reading a PDF, and a machine without wkhtmltopdf."""

import io
import re
from unittest import SkipTest
from unittest.mock import patch

from odoo.tools.pdf import PdfReader

from tests.plan.issue_common import IssueCase

STAFF = {"vseo", "head"}
OUTSIDE = ("teacher", "social_worker", "carer", "parent", "iro")
NOT_THEIRS = ("other_vseo", "finance", "admin", "employee")


class DocumentCase(IssueCase):
    @classmethod
    def needs_program(cls):
        """Skip where wkhtmltopdf is not installed: there the app shows pages to print, which other tests look at."""
        if not cls.env["pep.plan.printable"]._pdf_program():
            raise SkipTest("wkhtmltopdf is not installed: no PDF can be made, and pages are printed from the browser")

    def without_program(self):
        return patch.object(self.registry["pep.plan.printable"], "_pdf_program", lambda *_args: None)

    def run_cron(self):
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0):
            self.env["pep.plan.issue"]._cron_make_pdf()
        self.env.invalidate_all()

    @classmethod
    def reader(cls, pdf):
        return PdfReader(io.BytesIO(pdf), strict=False)

    @classmethod
    def words(cls, pdf):
        """All the words of a PDF, however its lines and pages break."""
        return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in cls.reader(pdf).pages))

    @classmethod
    def run_together(cls, words):
        return re.sub(r"\s+", "", words).lower()
