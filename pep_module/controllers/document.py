from werkzeug.exceptions import abort

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from ..models.evidence.pep_document_type import MEGABYTE

# What a form sends beside the file: names of fields, a token, what stands between them.
ROOM = MEGABYTE


class PepDocument(http.Controller):
    """Documents of a PEP, for whoever is logged in: each request asks for the access of that person alone.

    What may not be read is answered like a page that does not exist. Answers are JSON for ``Accept: application/json``,
    else the person goes back to the PEP's page, whose address says what happened in a word (``?said=filed``); what the
    word means in a sentence, :meth:`pep.document._saying` knows.
    """

    @http.route("/my/pep/document/<int:document_id>", type="http", auth="user", methods=["GET"], readonly=True)
    def download(self, document_id):
        document = self._document(document_id)
        stream = request.env["ir.binary"]._get_stream_from(document.sudo(), "file")  # sudo: found by the rule just now
        response = stream.get_response()
        response.headers["Cache-Control"] = "no-store"
        return response

    @http.route(
        "/my/pep/<int:plan_id>/document",
        type="http",
        auth="user",
        methods=["POST"],
        max_content_length=lambda self: self._most(),
    )
    def upload(self, plan_id, type_id=None, file=None, contribution_id=None, replaces_id=None, note=None, **_kw):
        numbers = [self._number(value) for value in (type_id, contribution_id, replaces_id)]
        if None in numbers or not numbers[0]:
            raise request.not_found()
        type_id, contribution_id, replaces_id = numbers
        name, content = self._read(file)
        documents = request.env["pep.document"]
        return self._answer(
            f"/my/pep/section/{contribution_id}" if contribution_id else f"/my/pep/{plan_id}",
            "filed",
            lambda: documents._file(
                plan_id, type_id, name, content, contribution_id=contribution_id, replaces_id=replaces_id, note=note
            ),
        )

    @http.route("/my/pep/document/<int:document_id>/withdraw", type="http", auth="user", methods=["POST"])
    def withdraw(self, document_id, reason=None, **_kw):
        document = self._document(document_id)
        page = f"/my/pep/{document.sudo().plan_id.id}"  # sudo: the number of the PEP whose document the user reads
        return self._answer(page, "withdrawn", lambda: document.action_withdraw(reason) and document)

    def _document(self, document_id):
        documents = request.env["pep.document"]
        document = documents.has_access("read") and documents.search([("id", "=", document_id)])
        if not document:
            raise request.not_found()
        return document

    def _number(self, value):
        """A number of a form: 0 for none, None for what is no number."""
        if not value:
            return 0
        return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else None

    def _read(self, file):
        """Name and bytes of an uploaded file. Of one that is too big, no more is read than shows that."""
        if not hasattr(file, "stream"):
            return "", b""
        limit = self._council_limit()
        return file.filename, file.stream.read(limit + 1)

    def _council_limit(self):
        councils = request.env["res.company"].sudo().search_fetch([], ["pep_document_max_mb"])  # sudo: a figure alone
        return max(councils.mapped("pep_document_max_mb"), default=0) * MEGABYTE

    def _most(self):
        """The most bytes that a request may have. A longer one is refused before any of it is read."""
        most = self._council_limit() + ROOM
        if (request.httprequest.content_length or 0) > most:
            page = request.httprequest.path.rpartition("/")[0]
            abort(self._response(page, "too_big", status=413))
        return most

    def _answer(self, page, done, act):
        """Do something, all of it or nothing, and tell what came of it."""
        try:
            with request.env.cr.savepoint():
                document = act()
        except AccessError as error:
            raise request.not_found() from error
        except UserError as error:
            return self._response(page, getattr(error, "code", "refused"), str(error), status=422)
        return self._response(page, done, status=200, id=document.id, name=document.sudo().file_name)  # sudo: own file

    def _response(self, page, code, message=None, status=200, **more):
        if "application/json" in request.httprequest.headers.get("Accept", ""):
            message = message or request.env["pep.document"]._saying(code)
            answer = {"ok": status == 200, "code": code, "message": message, **more}
            return request.make_json_response(answer, status=status)
        return request.redirect(f"{page}?said={code}", code=303)
