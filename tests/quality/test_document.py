"""The PEP as a page to print, for everybody and on every machine."""

import re
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from tests.access.table import ROLES, TABLE
from tests.plan.issue_common import WORDS
from tests.quality.document_common import NOT_THEIRS, OUTSIDE, STAFF, DocumentCase


@tagged("post_install", "-at_install")
class TestPage(DocumentCase):
    def test_it_is_complete_in_itself(self):
        issue = self.issue()
        for record in (issue, self.copy_for(issue, "child"), self.copy_for(issue, "teacher")):
            page = record._print_page()
            for word in ("<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "http:", "https:"):
                self.assertNotIn(word, page)
            self.assertIn(record.document, page)
            self.assertEqual(page.count("<h1"), 1)
            self.assertRegex(page, r'^<!DOCTYPE html>\n<html lang="en-')

    def test_title_foot_and_file_name_hold_no_name(self):
        issue = self.issue()
        reference, term = self.child.reference, self.term.name
        name = re.sub(r"[^A-Za-z0-9]+", "-", term)
        self.assertEqual(issue._print_name(), f"PEP-{reference}-{name}-v1")
        self.assertEqual(self.copy_for(issue, "carer")._print_name(), issue._print_name())
        [title] = re.findall(r"<title>(.*?)</title>", issue._print_page())
        self.assertEqual(title, f"PEP {reference}, {term}, version 1")
        [foot] = re.findall(r'@bottom-left { content: "(.*?)"', issue._print_page())
        self.assertIn(f"PEP {reference}, {term}, version 1, issued {self.today.day} ", foot)
        self.assertIn("copy for: Carer", self.copy_for(issue, "carer")._print_page())
        for words in (title, foot, issue._print_name()):
            self.assertNotIn("Zebedee", words)
            self.assertNotIn("Unsaid", words)

    def test_the_words_of_a_council_end_neither_style_nor_file_name(self):
        self.term.name = 'Autumn"; } </style><script>alert(1)</script> ../../etc/passwd \\a é'
        page = self.issue()._print_page()
        self.assertNotIn("<script", page)
        [foot] = re.findall(r"@bottom-left { content: (.*?); font", page)
        self.assertNotRegex(foot[1:-1], r"""["'<>{}\\;]""")
        self.assertRegex(self.plan.issue_ids._print_name(), r"^PEP-[A-Za-z0-9-]+-v1$")

    def test_what_is_not_what_was_issued_says_so(self):
        issue = self.issue()
        self.assertNotIn("not what was issued", issue._print_page())
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_plan_issue SET document = document || ' ' WHERE id = %s", [issue.id])
        issue.invalidate_recordset()
        self.assertIn("This is not what was issued", issue._print_page())

    def test_a_nearly_empty_pep(self):
        child = self.make_children(school=False)
        plan = self.make_plan(child)
        page = self.as_user(plan, "vseo")._print_page()
        self.assertIn(child.reference, page)
        self.assertIn("Not issued yet", page)
        self.assertNotIn("None<", page.replace("<p>None.</p>", ""))


@tagged("post_install", "-at_install")
class TestDraft(DocumentCase):
    def test_it_says_that_it_is_one_and_is_kept_nowhere(self):
        before = self.env["ir.attachment"].search_count([])
        page = self.as_user(self.plan, "vseo")._print_page()
        self.assertIn("Draft. Not issued yet", page)
        self.assertIn(">DRAFT</div>", page)
        self.assertEqual(self.plan._print_name()[-6:], "-draft")
        for word in WORDS:
            self.assertIn(word.lower(), page.lower())
        self.env.flush_all()
        self.assertEqual(self.env["ir.attachment"].search_count([]), before)
        self.assertFalse(self.plan.issue_ids)

    def test_it_is_for_those_who_would_read_the_issued_version(self):
        self.assertEqual(TABLE["pep.plan"]["write"], TABLE["pep.plan.issue"]["read"])
        readers = {role for role in ROLES if TABLE["pep.plan.issue"]["read"][role] != "no"}
        self.assertEqual(readers, {*STAFF, "support"})
        for role in (*OUTSIDE, *NOT_THEIRS):
            plan = self.as_user(self.plan, role)
            for attempt in (plan._print_page, plan._print_pdf, plan.action_print):
                with self.subTest(role, attempt=attempt.__name__), self.assertRaises(AccessError):
                    attempt()
        for role in STAFF:
            self.assertIn("Wordoffice", self.as_user(self.plan, role)._print_page())

    def test_what_a_child_kept_from_one_of_the_staff_is_in_no_draft(self):
        answer = self.parts["voice"].sudo().answer_ids.filtered("kept_private")
        answer.hidden_from_id = self.users["vseo"]
        for role in STAFF:
            self.assertNotIn("Wordprivate", self.as_user(self.plan, role)._print_page())

    def test_the_button_opens_what_there_is(self):
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual(plan.action_print()["url"], f"/my/pep/{plan.id}/draft")
        issue = self.issue()
        self.assertEqual(plan.action_print()["url"], f"/my/pep/issue/{issue.id}")
        plan._take_step("correct", "The target was mistyped")
        self.assertEqual(plan.action_print()["url"], f"/my/pep/{plan.id}/draft")
        second = self.issue()
        self.assertEqual(plan.action_print()["url"], f"/my/pep/issue/{second.id}")

    def test_a_cancelled_pep_says_that_it_was_never_issued(self):
        child = self.make_children()
        plan = self.make_plan(child)
        plan.action_start()
        self.as_user(plan, "vseo")._take_step("cancel", "Not in scope")
        page = self.as_user(plan, "vseo")._print_page()
        self.assertIn("Cancelled. It was never issued", page)


@tagged("post_install", "-at_install")
class TestAddresses(DocumentCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.council.pep_copy_parent = True
        self.other = self.make_plan(self.make_children(), self.term)
        self.other.action_start()
        self.issued = self.issue()
        self.env.flush_all()

    def get(self, role, path):
        user = self.users.get(role)
        self.authenticate(user and user.login, user and user.login)
        return self.url_open(path, allow_redirects=False)

    def paths(self):
        return [
            f"/my/pep/issue/{self.issued.id}",
            f"/my/pep/issue/{self.issued.id}/pdf",
            f"/my/pep/{self.other.id}/draft",
            f"/my/pep/{self.other.id}/draft/pdf",
        ]

    def test_the_whole_is_for_those_who_work_on_it(self):
        with self.without_program():
            for role in (*OUTSIDE, *NOT_THEIRS):
                for path in self.paths():
                    with self.subTest(role, path=path):
                        answer = self.get(role, path)
                        self.assertEqual(answer.status_code, 404)
                        self.assertNotIn("Word", answer.text)
            for role in STAFF:
                for path in self.paths()[::2]:
                    answer = self.get(role, path)
                    self.assertEqual(answer.status_code, 200)
                    self.assertEqual(answer.headers["Cache-Control"], "no-store")
                    self.assertIn("sandbox", answer.headers["Content-Security-Policy"])
            for path in self.paths():
                self.assertIn("/web/login", self.get("nobody", path).headers["Location"])

    def test_without_wkhtmltopdf_the_address_of_a_pdf_leads_to_the_page(self):
        copy = self.copy_for(self.issued, "teacher")
        with self.without_program():
            for role, path in (
                ("vseo", self.paths()[1]),
                ("vseo", self.paths()[3]),
                ("teacher", f"/my/pep/copy/{copy.id}/pdf"),
            ):
                answer = self.get(role, path)
                self.assertEqual(answer.status_code, 303)
                self.assertEqual(answer.headers["Location"].partition("/my/")[2], path[4:-4])
                page = self.url_open(path)
                self.assertNotIn("Download as PDF", page.text, "no link that leads nowhere")
            self.assertNotIn("Download PDF", self.get("teacher", f"/my/pep/{self.plan.id}").text)
        self.assertFalse(self.issued.pdf_made_on)

    def test_each_role_saves_its_own_copy_and_no_other(self):
        self.needs_program()
        for role in (*OUTSIDE, "other_vseo", "finance", "admin", "employee"):
            for copy in self.issued.copy_ids:
                answer = self.get(role, f"/my/pep/copy/{copy.id}/pdf")
                with self.subTest(role, copy=copy.role):
                    if copy.role == role:
                        self.assertEqual(answer.status_code, 200)
                        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
                        words = self.words(answer.content).lower()
                        for word, readers in WORDS.items():
                            self.assertEqual(word.lower() in words, role in readers, word)
                    else:
                        self.assertEqual(answer.status_code, 404)

    def test_the_file_is_called_by_the_reference_and_kept_by_no_browser(self):
        self.needs_program()
        name = f"{self.issued._print_name()}.pdf"
        for role, path in (
            ("vseo", self.paths()[1]),
            ("teacher", f"/my/pep/copy/{self.copy_for(self.issued, 'teacher').id}/pdf"),
        ):
            answer = self.get(role, path)
            self.assertEqual(answer.headers["Content-Disposition"], f"attachment; filename*=UTF-8''{name}")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(int(answer.headers["Content-Length"]), len(answer.content))
        draft = self.get("vseo", self.paths()[3])
        self.assertRegex(draft.headers["Content-Disposition"], r"UTF-8''PEP-CH-\w+-[\w-]+-draft\.pdf$")

    def test_after_leaving_there_is_no_pdf(self):
        copy = self.copy_for(self.issued, "carer")
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.env.flush_all()
        self.assertEqual(self.get("carer", f"/my/pep/copy/{copy.id}/pdf").status_code, 404)

    def test_a_finished_pep_has_no_draft(self):
        self.assertEqual(self.get("vseo", f"/my/pep/{self.plan.id}/draft").status_code, 404)
