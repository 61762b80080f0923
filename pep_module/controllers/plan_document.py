from odoo import http
from odoo.http import content_disposition, request

from ..tools.plan_pdf import NotMadeError
from .copy import KEPT_NOWHERE, own_page
from .page import found, hidden


class PepPlanDocument(http.Controller):
    """A PEP as a document: the whole of it for those who work on it, as a page and as a PDF, and PDFs of copies.

    What may not be read is answered like a page that does not exist. Addresses hold a number, files are called by the
    reference. Where no PDF can be made, its address leads to the page, which every browser prints.
    """

    @http.route("/my/pep/issue/<int:issue_id>", type="http", auth="user", website=False, methods=["GET"], readonly=True)
    @hidden
    def issue_page(self, issue_id, **_kw):
        """An issued version, whole."""
        return self._page(self._issue(issue_id), f"/my/pep/issue/{issue_id}/pdf")

    @http.route("/my/pep/issue/<int:issue_id>/pdf", type="http", auth="user", website=False, methods=["GET"])
    @hidden
    def issue_pdf(self, issue_id, **_kw):
        """The PDF that is kept with it; the first request may be the one that makes it."""
        issue = self._issue(issue_id)
        return self._pdf(issue, issue._get_pdf(), f"/my/pep/issue/{issue_id}")

    @http.route(
        "/my/pep/copy/<int:copy_id>/pdf", type="http", auth="user", website=False, methods=["GET"], readonly=True
    )
    @hidden
    def copy_pdf(self, copy_id, **_kw):
        """A role's copy of an issued version."""
        copy = found(request.env["pep.plan.copy"], ("id", "=", copy_id))
        return self._pdf(copy, self._made(copy), f"/my/pep/copy/{copy_id}")

    @http.route("/my/pep/<int:plan_id>/draft", type="http", auth="user", website=False, methods=["GET"], readonly=True)
    @hidden
    def draft_page(self, plan_id, **_kw):
        """A PEP that is being worked on, whole, as it would be issued now."""
        return self._page(self._plan(plan_id), f"/my/pep/{plan_id}/draft/pdf")

    @http.route(
        "/my/pep/<int:plan_id>/draft/pdf", type="http", auth="user", website=False, methods=["GET"], readonly=True
    )
    @hidden
    def draft_pdf(self, plan_id, **_kw):
        plan = self._plan(plan_id)
        return self._pdf(plan, self._made(plan), f"/my/pep/{plan_id}/draft")

    def _issue(self, issue_id):
        return found(request.env["pep.plan.issue"], ("id", "=", issue_id))

    def _plan(self, plan_id):
        """A PEP of which the user may see a draft: one that is not complete, and of which they read all."""
        plan = found(request.env["pep.plan"], ("id", "=", plan_id), ("state", "!=", "complete"))
        plan._check_reads_whole()
        return plan

    def _made(self, record):
        """A PDF made now; None where it can't be."""
        try:
            return record._print_pdf() if record._print_state()["is_intact"] else None
        except NotMadeError:
            return None

    def _page(self, record, pdf):
        intact = record._print_state()["is_intact"]
        return own_page(record._print_page(pdf=pdf if intact and record._pdf_program() else None))

    def _pdf(self, record, content, page):
        if not content:
            return request.redirect(page, code=303)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(f"{record._print_name()}.pdf")),
                *KEPT_NOWHERE,
            ],
        )
