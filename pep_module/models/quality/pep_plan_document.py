import base64
import hashlib
import logging
import re
import unicodedata

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ...tools import plan_pdf

_logger = logging.getLogger(__name__)

TRIES = 3
# The builds of wkhtmltopdf draw at different scales: the size that comes out as 11 points on paper. Measured with
# Debian's, which has Qt as it is; the other keeps to what it is told.
SIZES = {"plain": "14.1pt", "patched": "11pt"}
# Written together, when the PDF is kept, and never again.
ONCE = {"pdf", "pdf_digest", "pdf_made_on"}
# What the other build has to be told to print as the first one does.
PATCHED = ("--print-media-type", "--disable-smart-shrinking", "--dpi", "96")


class PepPlanPrintable(models.AbstractModel):
    """A document about a child that is read on a page of its own, printed, and saved as a PDF.

    The page is complete in itself and a PDF is made of nothing else, see :mod:`..tools.plan_pdf`. Where wkhtmltopdf is
    not installed there is the page alone, and browsers print it.
    """

    _name = "pep.plan.printable"
    _description = "Document to print"

    # === What the document is ===

    def _print_version(self):
        """The number of the issued version; None for a draft."""
        return self.version

    def _print_name(self):
        """What the file is called, without its ending: reference, term and version, as in PEP-CH-7K3QX-Autumn-2026-v1.

        Whose copy it is, a list of downloads need not say.
        """
        version = self._print_version()
        words = ("PEP", self.child_reference, self.term_id.name or "", f"v{version}" if version else "draft")
        return "-".join(filter(None, (self._in_file_name(word) for word in words)))

    def _print_title(self):
        """For the properties of the file, a browser's tab, and the foot of each page."""
        version = self._print_version()
        words = {"reference": self.child_reference, "term": self.term_id.name or "", "version": version}
        if not version:
            return self.env._("PEP %(reference)s, %(term)s, draft", **words)
        return self.env._("PEP %(reference)s, %(term)s, version %(version)s", **words)

    def _print_foot(self):
        """What stands at the foot of each page, beside the number of the page."""
        return self._print_title()

    def _print_html(self):
        """The document itself, as HTML that is safe to show."""
        return self.document_view

    def _print_state(self):
        """``is_intact``: it is what was issued. ``draft``: words that say that it was not issued, or None."""
        return {"is_intact": self.is_intact, "draft": None}

    @api.model
    def _in_file_name(self, words):
        words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")

    @api.model
    def _in_css(self, words):
        """Words that can stand in quotes in a page's CSS: nothing that ends them, or the style."""
        return re.sub(r"[^\w ,.:–-]+", " ", words)

    # === Pages and PDFs ===

    def _print_lang(self):
        return (self.env.lang or "en_GB").replace("_", "-")

    def _print_page(self, **links):
        """The whole page, as a browser gets it.

        :param links: ``back`` and ``pdf``, addresses
        """
        self.ensure_one()
        values = {
            "title": self._print_title(),
            "lang": self._print_lang(),
            "document": self._print_html(),
            "foot": self._in_css(self._print_foot()),
            "back": None,
            "pdf": None,
            "size": None,
            **self._print_state(),
            **links,
        }
        page = self.env["ir.qweb"]._render("pep_module.plan_page", values, minimal_qcontext=True)
        return f"<!DOCTYPE html>\n{page.strip()}"

    @api.model
    def _pdf_program(self):
        """Path of wkhtmltopdf and whether it has the Qt made for it; None where there is none."""
        found = _wkhtml()
        return None if found.state in ("install", "broken") else (found.bin, found.is_patched_qt)

    def _print_pdf(self):
        """The document as a PDF.

        :return: bytes; None where there is no wkhtmltopdf
        :raise NotMadeError: it failed
        """
        self.ensure_one()
        program = self._pdf_program()
        if not program:
            return None
        path, patched = program
        return plan_pdf.make(
            path,
            self._print_page(size=SIZES["patched" if patched else "plain"]),
            title=self._print_title(),
            foot=self._print_foot(),
            page_of=lambda number, many: self.env._("Page %(number)s of %(many)s", number=number, many=many),
            language=self._print_lang(),
            mark=self.env._("DRAFT") if self._print_state()["draft"] else None,
            options=PATCHED if patched else (),
        )

    def _open_page(self, path):
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": path, "target": "new"}


class PepPlanIssue(models.Model):
    """The PDF of an issued version: made once, soon after it was issued, and kept beside it with a hash of its own.

    Completing a PEP waits for no PDF. A scheduled action makes it, or whoever asks for it first.
    """

    _name = "pep.plan.issue"
    _inherit = ["pep.plan.issue", "pep.plan.printable"]

    pdf = fields.Binary(string="PDF", attachment=True, readonly=True)
    pdf_digest = fields.Char(string="SHA-256 of the PDF", readonly=True)
    pdf_made_on = fields.Datetime(string="PDF made on", readonly=True)
    pdf_tries = fields.Integer(string="PDF tried", readonly=True, aggregator=None)

    _without_pdf = models.Index("(id) WHERE pdf_made_on IS NULL")

    def _print_foot(self):
        company = self.company_id.sudo()  # sudo: the council's clock
        day = format_date(self.env, company._pep_local(self.issued_on).date(), date_format="d MMMM y")
        return self.env._("%(title)s, issued %(day)s", title=self._print_title(), day=day)

    @api.model
    def _beside_the_issue(self):
        return super()._beside_the_issue() | ONCE | {"pdf_tries"}

    def write(self, vals):
        if ONCE & vals.keys() and any(issue.pdf_made_on for issue in self):
            raise UserError(self.env._("The PDF of an issued version is made once and never changes."))
        return super().write(vals)

    @api.model
    def _issue(self, plan):
        issue = super()._issue(plan)
        if self._pdf_program():
            self.env.ref("pep_module.ir_cron_plan_pdf").sudo()._trigger()  # sudo: a scheduled action of the app's own
        return issue

    def _make_pdf(self):
        """Make and keep the PDFs that these versions do not have. Can be repeated; one that fails stops no other."""
        waiting = self.filtered(lambda issue: not issue.pdf_made_on)
        for issue in waiting.sudo():  # sudo: nobody may write a version by hand
            try:
                if not issue.is_intact:
                    raise plan_pdf.NotMadeError("the hash of the version does not match")
                content = issue._print_pdf()
            except plan_pdf.NotMadeError as error:
                _logger.warning("The PDF of version %s was not made: %s", issue.id, error)
                issue.pdf_tries += 1
                continue
            if content:
                issue.write(
                    {
                        "pdf": base64.b64encode(content),
                        "pdf_digest": hashlib.sha256(content).hexdigest(),
                        "pdf_made_on": fields.Datetime.now(),
                    }
                )

    @api.model
    def _cron_make_pdf(self):
        """Scheduled action: make the PDFs that are missing, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        if not self._pdf_program():
            return
        waiting = self.search([("pdf_made_on", "=", False), ("pdf_tries", "<", TRIES)], order="id")
        cron._commit_progress(remaining=len(waiting))
        for issue in waiting:
            if not cron._pep_step(issue._make_pdf, processed=1):
                break

    def _get_pdf(self):
        """The PDF as it was kept, made now if it is not there yet.

        :return: bytes; None where it can't be made, or is not what was kept
        """
        self.ensure_one()
        self.check_access("read")
        if self.env.cr.readonly and not self.pdf_made_on:
            return self._print_pdf() if self.is_intact else None  # as from Odoo's own address: kept another time
        self._make_pdf()
        kept = self.sudo().with_context(bin_size=False)  # sudo: whoever reads the version reads its PDF; asked above
        content = base64.b64decode(kept.pdf or b"")
        if not content:
            return None
        if hashlib.sha256(content).hexdigest() != kept.pdf_digest:
            _logger.error("The PDF of version %s is not what was kept: its hash does not match", self.id)
            return None
        return content

    def action_read(self):
        """Button: open the whole version on a page of its own, to read or to print."""
        return self._open_page(f"/my/pep/issue/{self.id}")

    def action_pdf(self):
        """Button: download the whole version as a PDF."""
        return self._open_page(f"/my/pep/issue/{self.id}/pdf")


class PepPlanCopy(models.Model):
    """The PDF of a role's copy: made whenever somebody asks for it, of the copy as it was issued.

    Each issued version has up to six copies that are mostly read on a page: keeping their PDFs as well would take more
    room than everything else about the child.
    """

    _name = "pep.plan.copy"
    _inherit = ["pep.plan.copy", "pep.plan.printable"]

    def _print_foot(self):
        return self.env._("%(title)s, copy for: %(role)s", title=self._print_title(), role=self._label("role"))

    def action_pdf(self):
        """Button: download the copy as a PDF."""
        return self._open_page(f"/my/pep/copy/{self.id}/pdf")


class PepPlan(models.Model):
    """A PEP that is being worked on prints as a draft: made when it is asked for, marked as one, and kept nowhere."""

    _name = "pep.plan"
    _inherit = ["pep.plan", "pep.plan.printable"]

    def _print_version(self):
        return None

    def _print_html(self):
        """The whole PEP as it would be issued now.

        :raise AccessError: the reader would not read the issued version
        """
        self._check_reads_whole()
        issues = self.env["pep.plan.issue"]
        whole = self.sudo()  # sudo: as when it is issued; who works on a PEP reads all of it, asked just above
        data = issues._plain(whole._snapshot())
        if any(review.hidden_from_id == self.env.user for review in whole.quality_ids):
            data.update(quality=None, school_feedback=None)  # whoever marks it a second time does so blind
        return Markup(issues._render("pep_module.plan_document", {**data, "draft": True}))

    def _print_state(self):
        today = format_date(self.env, self.company_id._pep_today(), date_format="d MMMM y")
        words = (
            self.env._("Cancelled. It was never issued. As it stood on %(day)s.", day=today)
            if self.state == "cancelled"
            else self.env._("Draft. Not issued yet: as it stood on %(day)s, and it may change.", day=today)
        )
        return {"is_intact": True, "draft": words}

    def _check_reads_whole(self):
        """Refuse whoever would not read the issued version: that is for those who work on the PEP."""
        self.env["pep.plan.issue"].check_access("read")
        self.check_access("write")

    def action_print(self):
        """Button: open the PEP on a page to read or to print; as it was issued, or as a draft while it is worked on."""
        self.ensure_one()
        self._check_reads_whole()
        if self.state == "complete":
            issue = self.issue_ids.sorted("version")[-1:]
            if not issue:
                raise UserError(self.env._("You are moderating this PEP: you can read it when you have finished."))
            return issue.action_read()
        return self._open_page(f"/my/pep/{self.id}/draft")
