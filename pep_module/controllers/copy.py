from odoo import http
from odoo.http import request

from .page import found, hidden
from .portal import PepPortal

# The page is words alone: it runs nothing, loads nothing, sends nothing and is shown in no other page. Its own styles
# are in it; there is nothing that they could load. It may lead to a file to save.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-downloads"
)
KEPT_NOWHERE = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


class PepCopy(PepPortal):
    def _plan_rest(self, plan, plan_id, mine, company):
        """On the page of a PEP: the copies of the child's other PEPs, also of those before the reader came."""
        copies = request.env["pep.plan.copy"]
        child = (plan or mine[:1] or copies.search([("plan_id", "=", plan_id)], limit=1)).child_id
        shelf = copies._shelf(child)
        return {
            **super()._plan_rest(plan, plan_id, mine, company),
            "other_peps": [row for row in shelf if row["latest"].plan_id.id != plan_id],
            "pdf_here": bool(copies._pdf_program()),
        }

    @http.route("/my/pep/copy/<int:copy_id>", type="http", auth="user", website=False, methods=["GET"], readonly=True)
    @hidden
    def page(self, copy_id, **_kw):
        """A role's copy of an issued PEP, on a page made for reading and for printing."""
        copy = found(request.env["pep.plan.copy"], ("id", "=", copy_id))
        page = copy._print_page(
            back=None if request.env.user._is_internal() else f"/my/pep/{copy.plan_id.id}",
            pdf=f"/my/pep/copy/{copy_id}/pdf" if copy._pdf_program() and copy.is_intact else None,
        )
        return own_page(page)


def own_page(page):
    """A page that is complete in itself, for its reader alone: it runs nothing, loads nothing and is kept nowhere."""
    return request.make_response(
        page,
        headers=[
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", POLICY),
            ("X-Frame-Options", "DENY"),
            *KEPT_NOWHERE,
        ],
    )
