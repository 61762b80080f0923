import resource

from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .document_common import OUTSIDERS, PDF, DocumentCase

JSON = {"Accept": "application/json"}
MEGABYTE = 1024 * 1024


class Endless:
    """What a browser sends of a form with a file of so many bytes, which is nowhere."""

    def __init__(self, form, size):
        fields = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
        )
        file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        self.head, self.left = (fields + file).encode(), size
        self.length = len(self.head) + size

    def __len__(self):
        return self.length

    def read(self, size=-1):
        piece, self.head = self.head, b""
        if not piece:
            piece = bytes(min(self.left, size if size > 0 else self.left))
            self.left -= len(piece)
        return piece

    def pieces(self):
        while piece := self.read(MEGABYTE):
            yield piece


class PageCase(DocumentCase, HttpCase):
    def login(self, role):
        self.authenticate(self.users[role].login, self.users[role].login)

    def upload(self, plan=None, kind=None, name="Zebedee.pdf", data=PDF, headers=JSON, token=True, **form):
        form = {"type_id": str((kind or self.types["support_plan"]).id), **form}
        if token:
            form["csrf_token"] = Request.csrf_token(self)
        return self.url_open(
            f"/my/pep/{(plan or self.plan).id}/document",
            data=form,
            files={"file": (name, data)} if name is not None else None,
            headers=headers,
            allow_redirects=False,
        )

    def withdraw(self, document, reason="Wrong one", token=True):
        form = {"reason": reason}
        if token:
            form["csrf_token"] = Request.csrf_token(self)
        return self.url_open(f"/my/pep/document/{document.id}/withdraw", data=form, headers=JSON, allow_redirects=False)

    def answer_to_no_page(self):
        return self.url_open("/my/pep/document/999999999")

    def assert_no_such_page(self, response):
        self.assertEqual(response.status_code, 404)
        self.assertNotIn("Zebedee", response.text)
        self.assertNotIn(self.child.reference, response.text)

    def newest(self):
        return self.env["pep.document"].search([("plan_id", "=", self.plan.id)], order="id desc", limit=1)


@tagged("post_install", "-at_install")
class TestDownload(PageCase):
    def test_readers(self):
        document = self.file(name="Zebedee.pdf")
        for role in ("teacher", "social_worker", "carer", "iro", "vseo", "head"):
            self.login(role)
            with self.subTest(role):
                response = self.url_open(document._link())
                self.assertEqual((response.status_code, response.content), (200, PDF))
                headers = response.headers
                self.assertEqual(headers["Content-Disposition"], f"attachment; filename={document.file_name}")
                self.assertEqual(headers["Content-Type"], "application/pdf")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(headers["Cache-Control"], "no-store")

    def test_everybody_else_like_a_page_that_does_not_exist(self):
        document = self.file()
        for role in ("parent", "other_vseo", "finance", "admin", "employee"):
            self.login(role)
            with self.subTest(role), mute_logger("odoo.addons.base.models.ir_model", "odoo.http"):
                response = self.url_open(document._link())
                self.assert_no_such_page(response)
                self.assertEqual(response.text, self.answer_to_no_page().text)

    def test_nobody_logged_in_is_asked_to(self):
        document = self.file()
        self.authenticate(None, None)
        response = self.url_open(document._link(), allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])

    def test_withdrawn_replaced_and_of_a_finished_pep(self):
        withdrawn, replaced = self.file(), self.file(data=PDF + b" ")
        stays, other = self.file(code="ehcp"), self.file(code="achievement")
        self.documents_of("teacher").browse(withdrawn.id).action_withdraw("Wrong one")
        self.file(data=PDF + b"  ", replaces_id=replaced.id)
        self.login("teacher")
        for document in (withdrawn, replaced):
            self.assert_no_such_page(self.url_open(document._link()))
        self.assertEqual(self.url_open(other._link()).status_code, 200)
        self.finish()
        self.env.flush_all()
        self.assert_no_such_page(self.url_open(other._link()))
        self.assertEqual(self.url_open(stays._link()).status_code, 200)

    def test_of_a_pupil_of_another_school(self):
        child = self.make_children(school=False)
        plan = self.make_plan(child)
        plan.action_start()
        document = self.file("vseo", plan=plan)
        for role in OUTSIDERS:
            self.login(role)
            self.assert_no_such_page(self.url_open(document._link()))


@tagged("post_install", "-at_install")
class TestUpload(PageCase):
    def test_answers_as_json(self):
        self.login("teacher")
        response = self.upload(note="The spring one")
        document = self.newest()
        self.assertEqual(response.status_code, 200)
        answer = response.json()
        self.assertEqual((answer["ok"], answer["code"], answer["id"]), (True, "filed", document.id))
        self.assertEqual(answer["name"], document.file_name)
        self.assertNotIn("Zebedee", response.text)
        self.assertEqual((document.original_name, document.note), ("Zebedee.pdf", "The spring one"))
        self.assertEqual((document.filed_by_id, document.owner_role), (self.users["teacher"], "teacher"))

    def test_or_goes_back_to_the_page(self):
        self.login("teacher")
        for data, code in ((PDF, "filed"), (PDF, "twice"), (b"", "empty"), (b"<html>", "unknown")):
            response = self.upload(data=data, headers=None)
            self.assertEqual(response.status_code, 303)
            self.assertTrue(response.headers["Location"].endswith(f"/my/pep/{self.plan.id}?said={code}"))

    def test_every_code_says_something(self):
        documents = self.env["pep.document"]
        codes = ("filed", "withdrawn", "too_big", "empty", "kind", "wrong_name", "macros", "locked", "heic", "unknown")
        codes += ("twice", "closed", "no_reason", "stands", "gone", "refused")
        for code in codes:
            self.assertTrue(documents._saying(code), code)
        self.assertIsNone(documents._saying("<script>"))

    def test_refusals_say_why(self):
        self.login("teacher")
        for name, data, code in (
            ("a.pdf", b"", "empty"),
            ("a.docx", PDF, "wrong_name"),
            ("a.pdf", b"MZ\x00" * 50, "unknown"),
            ("a.svg", b"<svg></svg>", "unknown"),
            (None, b"", "empty"),
        ):
            response = self.upload(name=name, data=data)
            self.assertEqual((response.status_code, response.json()["code"]), (422, code))
            self.assertTrue(response.json()["message"])
        self.assertFalse(self.newest())

    def test_no_token_no_write(self):
        self.login("teacher")
        document = self.file()
        with mute_logger("odoo.http"):
            self.assertEqual(self.upload(token=False, data=PDF + b" ").status_code, 400)
            self.assertEqual(self.withdraw(document, token=False).status_code, 400)
        self.assertEqual(self.newest(), document)
        self.assertEqual(document.state, "filed")

    def test_changed_numbers_are_answered_like_no_page(self):
        other = self.make_plan(self.make_children(school=False))
        other.action_start()
        foreign = self.env["res.company"].create({"name": "Farshire"})
        foreign_type = self.env["pep.document.type"].search([("company_id", "=", foreign.id)], limit=1)
        self.login("teacher")
        self.assert_no_such_page(self.upload(plan=other))
        self.assert_no_such_page(self.upload(kind=foreign_type))
        for form in (
            {"type_id": "x"},
            {"type_id": ""},
            {"type_id": "-1"},
            {"contribution_id": "999999999"},
            {"contribution_id": "1;2"},
            {"replaces_id": "999999999"},
        ):
            with self.subTest(form):
                self.assert_no_such_page(self.upload(**form))
        self.login("parent")
        self.assert_no_such_page(self.upload())
        self.login("employee")
        self.assert_no_such_page(self.upload())
        self.assertFalse(self.newest())

    def test_a_hidden_field_says_nothing_about_who_files(self):
        self.login("carer")
        self.upload(owner_role="teacher", filed_by_id=str(self.users["vseo"].id), state="withdrawn")
        self.assertEqual((self.newest().owner_role, self.newest().state), ("carer", "filed"))

    def test_a_finished_pep(self):
        self.finish()
        self.env.flush_all()
        self.login("teacher")
        response = self.upload()
        self.assertEqual((response.status_code, response.json()["code"]), (422, "closed"))

    def test_a_script_in_a_name(self):
        self.login("teacher")
        response = self.upload(name="<img src=x onerror=alert(1)>.pdf")
        self.assertNotIn("<img", response.text)
        self.assertNotIn("<", self.newest().file_name)


@tagged("post_install", "-at_install")
class TestTooBig(PageCase):
    def send(self, chunked):
        """Send a form with a file of 30 MB; returns the answer and by how much the process grew, in MB."""
        form = Endless(
            {"csrf_token": Request.csrf_token(self), "type_id": self.types["support_plan"].id}, 30 * MEGABYTE
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with mute_logger("odoo.http"):
            response = self.opener.request(
                "POST",
                f"{self.base_url()}/my/pep/{self.plan.id}/document",
                data=form.pieces() if chunked else form,
                headers={"Content-Type": "multipart/form-data; boundary=x", **JSON},
                timeout=30,
            )
        self.assertFalse(self.newest())
        return response, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    def test_thirty_megabytes_are_refused_and_fill_no_memory(self):
        self.login("teacher")
        response, grown = self.send(chunked=False)
        self.assertEqual((response.status_code, response.json()["code"]), (413, "too_big"))
        self.assertLess(grown, 20)

    def test_of_unknown_length_neither(self):
        self.login("teacher")
        response, grown = self.send(chunked=True)
        self.assertIn(response.status_code, (400, 413))
        self.assertLess(grown, 20)

    def test_a_form_goes_back_to_its_page(self):
        self.login("teacher")
        self.council.pep_document_max_mb = 1
        self.env["res.company"].search([]).pep_document_max_mb = 1
        self.env.flush_all()
        response = self.upload(data=PDF + bytes(3 * MEGABYTE), headers=None)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(f"/my/pep/{self.plan.id}?said=too_big"))

    def test_a_little_too_big_and_another_councils_limit(self):
        self.council.pep_document_max_mb = 1
        self.env.flush_all()
        self.login("teacher")
        response = self.upload(data=PDF + bytes(MEGABYTE))
        self.assertEqual((response.status_code, response.json()["code"]), (422, "too_big"))
        self.assertIn("1 MB", response.json()["message"])


@tagged("post_install", "-at_install")
class TestWithdrawPage(PageCase):
    def test_who_filed_it(self):
        document = self.file()
        self.login("teacher")
        self.assertEqual(self.withdraw(document, reason=" ").json()["code"], "no_reason")
        response = self.withdraw(document)
        self.assertEqual((response.status_code, response.json()["code"]), (200, "withdrawn"))
        self.assertEqual((document.state, document.withdrawn_reason), ("withdrawn", "Wrong one"))
        self.assert_no_such_page(self.withdraw(document))

    def test_nobody_else(self):
        document = self.file()
        for role in ("social_worker", "carer", "parent", "iro", "other_vseo", "employee", "admin"):
            self.login(role)
            with self.subTest(role), mute_logger("odoo.addons.base.models.ir_model", "odoo.http"):
                self.assert_no_such_page(self.withdraw(document))
        self.assertEqual(document.state, "filed")
