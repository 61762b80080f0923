"""The PDF of an issued version: what is in it, what it was made with, and that it is made once and kept."""

import base64
import hashlib
import logging
import socket
import stat
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.pep_module.tools import plan_pdf

from tests.plan.issue_common import WORDS
from tests.quality.document_common import NOT_THEIRS, OUTSIDE, DocumentCase

LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 12


class PdfCase(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.needs_program()


@tagged("post_install", "-at_install")
class TestContent(PdfCase):
    def test_every_piece_is_in_it(self):
        issue = self.issue()
        words = self.words(issue._get_pdf()).lower()
        for word in WORDS:
            self.assertIn(word.lower(), words)
        self.assertIn(self.child.full_name.lower(), words, "in the record itself the child has a name")

    def test_properties_pages_and_foot(self):
        issue = self.issue()
        reader = self.reader(issue._get_pdf())
        title = f"PEP {self.child.reference}, {self.term.name}, version 1"
        self.assertEqual(reader.metadata["/Title"], title)
        self.assertFalse([value for value in reader.metadata.values() if "Zebedee" in value or "Unsaid" in value])
        self.assertRegex(reader.trailer["/Root"]["/Lang"], r"^en-")
        many = len(reader.pages)
        self.assertGreater(many, 1)
        for number, page in enumerate(reader.pages, 1):
            words = page.extract_text()
            self.assertIn(f"Page {number} of {many}", words)
            self.assertIn(title, words)
            self.assertNotIn("DRAFT", words)
            size = (round(float(page.mediabox.width)), round(float(page.mediabox.height)))
            self.assertEqual(size, (595, 842), "A4")

    def test_a_draft_is_marked_on_each_page(self):
        for page in self.reader(self.as_user(self.plan, "vseo")._print_pdf()).pages:
            self.assertIn("DRAFT", page.extract_text())

    def test_a_nearly_empty_pep(self):
        plan = self.make_plan(self.make_children(school=False))
        pdf = self.as_user(plan, "vseo")._print_pdf()
        self.assertLessEqual(len(self.reader(pdf).pages), 3)
        self.assertIn(plan.child_reference, self.words(pdf))

    def test_thirty_targets_and_words_without_end(self):
        officer = self.as_user(self.plan, "vseo")
        officer.summary = f"{LONG}\n{'Nothing to break at. ' * 400}"
        for number in range(29):
            self.smart_target(self.plan, name=f"Target number {number} {LONG[:200]}", strategies="Ten minutes. " * 20)
        issue = self.issue()
        pdf = issue._get_pdf()
        words = self.run_together(self.words(pdf))
        for number in range(29):
            self.assertIn(f"targetnumber{number}{LONG[:40].lower()}", words)
        self.assertEqual(words.count("nothingtobreakat."), 400)
        self.assertGreater(len(self.reader(pdf).pages), 8)


@tagged("post_install", "-at_install")
class TestKept(PdfCase):
    def test_the_scheduled_action_makes_it_once(self):
        triggers = self.env["ir.cron.trigger"].sudo().search_count([])
        issue = self.issue()
        self.assertFalse(issue.pdf_made_on, "completing waits for no PDF")
        self.assertEqual(self.env["ir.cron.trigger"].sudo().search_count([]), triggers + 1)
        digest = issue.digest
        self.run_cron()
        self.assertTrue(issue.pdf_made_on)
        first = issue._get_pdf()
        self.assertEqual(hashlib.sha256(first).hexdigest(), issue.pdf_digest)
        with patch.object(plan_pdf, "make", side_effect=AssertionError("made again")):
            self.run_cron()
            self.assertEqual(self.as_user(issue, "vseo")._get_pdf(), first)
        self.assertEqual((issue.digest, issue.is_intact), (digest, True), "what was agreed is as it was")

    def test_the_first_to_ask_need_not_wait_for_it(self):
        issue = self.issue()
        pdf = self.as_user(issue, "head")._get_pdf()
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(issue.pdf), pdf)
        [file] = self.files(issue)
        self.assertEqual((file.name, file.mimetype, file.public), ("pdf", "application/pdf", False))
        self.assertFalse(file.index_content or file.access_token)

    def test_nobody_changes_or_removes_it(self):
        issue = self.issue()
        issue._get_pdf()
        [file] = self.files(issue)
        other = base64.b64encode(b"%PDF-other")
        for number, attempt in enumerate(
            (
                lambda: issue.sudo().write({"pdf": other}),
                lambda: issue.sudo().write({"pdf": False}),
                lambda: issue.sudo().write({"pdf_digest": "x"}),
                lambda: issue.sudo().write({"pdf_made_on": False}),
                lambda: self.as_user(issue, "head").write({"pdf": other}),
                lambda: self.as_user(issue, "head").write({"pdf_tries": 0}),
                lambda: file.sudo().write({"raw": b"%PDF-other"}),
                lambda: file.sudo().unlink(),
                lambda: self.as_user(file, "head").unlink(),
                lambda: file.sudo().write({"res_id": issue.id + 1}),
                lambda: file.sudo().write({"public": True}),
            )
        ):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()

    def test_a_correction_has_a_pdf_of_its_own(self):
        first = self.issue()
        kept = first._get_pdf()
        self.as_user(self.plan, "vseo")._take_step("correct", "The target was mistyped")
        self.as_user(self.plan, "vseo").target_ids.name = "Wordcorrected"
        second = self.issue()
        self.assertIn("Wordcorrected", self.words(second._get_pdf()))
        self.assertIn("version 2", self.words(second._get_pdf()))
        self.env.invalidate_all()
        self.assertEqual(first._get_pdf(), kept)

    def test_those_who_read_the_version_read_its_pdf(self):
        issue = self.issue()
        issue._get_pdf()
        [file] = self.files(issue)
        for role in (*OUTSIDE, *NOT_THEIRS):
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    self.as_user(issue, role)._get_pdf()
                with self.assertRaises(AccessError):
                    self.as_user(file, role).read(["raw"])
        for role in ("vseo", "head"):
            self.assertTrue(self.as_user(issue, role)._get_pdf())

    def test_one_that_fails_stops_no_other_and_is_tried_three_times(self):
        bad = self.issue()
        self.as_user(self.plan, "vseo")._take_step("correct", "Mistyped")
        good = self.issue()
        made = type(bad)._print_pdf

        def fails(issue):
            if issue.id == bad.id:
                raise plan_pdf.NotMadeError("wkhtmltopdf failed with code 139")
            return made(issue)

        with patch.object(self.registry["pep.plan.issue"], "_print_pdf", fails):
            with self.assertLogs("odoo.addons.pep_module", "WARNING") as log:
                for _turn in range(5):
                    self.run_cron()
            self.assertEqual(len(log.output), 3)
            self.assertNotIn("Zebedee", "".join(log.output))
            self.assertEqual((bad.pdf_tries, bool(bad.pdf_made_on)), (3, False))
            self.assertTrue(good.pdf_made_on)
        self.assertTrue(bad._get_pdf(), "whoever asks for it has it tried again")

    def test_of_what_is_not_what_was_issued_no_pdf_is_kept(self):
        issue = self.issue()
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_plan_issue SET document = document || ' ' WHERE id = %s", [issue.id])
        issue.invalidate_recordset()
        with self.assertLogs("odoo.addons.pep_module", "WARNING"):
            self.assertIsNone(issue._get_pdf())
        self.assertFalse(issue.pdf_made_on)

    def test_a_file_that_is_not_what_was_kept_is_not_given_out(self):
        issue = self.issue()
        issue._get_pdf()
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_plan_issue SET pdf_digest = 'x' WHERE id = %s", [issue.id])
        issue.invalidate_recordset()
        with self.assertLogs("odoo.addons.pep_module", "ERROR") as log:
            self.assertIsNone(issue._get_pdf())
        self.assertNotIn("Zebedee", "".join(log.output))

    def test_without_wkhtmltopdf_nothing_waits_and_nothing_fails(self):
        triggers = self.env["ir.cron.trigger"].sudo().search_count([])
        with self.without_program():
            issue = self.issue()
            self.run_cron()
            self.assertIsNone(issue._get_pdf())
        self.assertEqual(self.env["ir.cron.trigger"].sudo().search_count([]), triggers)
        self.assertEqual((issue.pdf_tries, bool(issue.pdf_made_on)), (0, False))
        self.run_cron()
        self.assertTrue(issue.pdf_made_on, "made up for when it is there")

    def files(self, issue):
        domain = [("res_model", "=", "pep.plan.issue"), ("res_id", "=", issue.id), ("res_field", "=", "pdf")]
        return self.env["ir.attachment"].sudo().search(domain)


@tagged("post_install", "-at_install")
class TestReport(PdfCase, HttpCase):
    """Odoo's own menu Print."""

    def render(self, issue, role):
        reports = self.as_user(self.env["ir.actions.report"], role)
        return reports._render_qweb_pdf("pep_module.report_plan_issue", issue.ids)

    def test_it_gives_the_pdf_that_is_kept(self):
        issue = self.issue()
        pdf, kind = self.render(issue, "vseo")
        self.assertEqual((pdf, kind), (issue._get_pdf(), "pdf"))
        for role in (*OUTSIDE, *NOT_THEIRS):
            with self.subTest(role), self.assertRaises(AccessError):
                self.render(issue, role)

    def test_several_are_one_file(self):
        first = self.issue()
        self.as_user(self.plan, "vseo")._take_step("correct", "Mistyped")
        both = first | self.issue()
        pdf, _kind = self.render(both, "vseo")
        number = sum(len(self.reader(issue._get_pdf()).pages) for issue in both)
        self.assertEqual(len(self.reader(pdf).pages), number)

    def test_without_wkhtmltopdf_it_gives_the_page(self):
        issue = self.issue()
        with self.without_program():
            page, kind = self.render(issue, "vseo")
            self.assertEqual(kind, "html")
            self.assertIn("Wordoffice", page.decode())
            with self.assertRaises(AccessError):
                self.render(issue, "teacher")

    def test_its_addresses(self):
        issue = self.issue()
        self.env.flush_all()
        path = f"/report/pdf/pep_module.report_plan_issue/{issue.id}"
        self.authenticate("vseo.test", "vseo.test")
        self.assertEqual(self.url_open(path).content[:5], b"%PDF-")
        report = self.env.ref("pep_module.action_report_plan_issue")
        name = f"PEP-{self.child.reference}-"
        self.assertIn(name, issue._print_name())
        self.assertEqual(report.print_report_name, "object._print_name()")


@tagged("post_install", "-at_install")
class TestAlone(PdfCase):
    """What wkhtmltopdf is given, and what it can reach with it."""

    def make(self, html, program=None):
        path = program or self.env["pep.plan.printable"]._pdf_program()[0]
        return plan_pdf.make(path, html, title="PEP", foot="PEP", page_of=lambda number, many: f"{number} of {many}")

    def test_it_asks_nobody_for_anything(self):
        calls = []
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            server.settimeout(0.2)
            over = threading.Event()

            def listen():
                while not over.is_set():
                    try:
                        connection, _address = server.accept()
                    except TimeoutError:
                        continue
                    calls.append(connection.recv(200))
                    connection.close()

            listener = threading.Thread(target=listen)
            listener.start()
            there = f"http://127.0.0.1:{server.getsockname()[1]}"
            html = f"""<!DOCTYPE html><html><head><title>x</title><meta charset="utf-8">
                <link rel="stylesheet" href="{there}/style"><script src="{there}/script"></script>
                <style>@import url({there}/import); @font-face {{ font-family: x; src: url({there}/font); }}
                p {{ font-family: x; background: url({there}/background); }}</style></head>
                <body><p>Words that stay</p><img src="{there}/picture"><iframe src="{there}/frame"></iframe>
                <object data="{there}/object"></object><embed src="{there}/embed">
                <script>new Image().src = "{there}/run"; document.write("Written by a script")</script>
                <svg><image href="{there}/svg"/></svg></body></html>"""
            try:
                words = self.words(self.make(html))
                self.make(f'<meta http-equiv="refresh" content="0; url={there}/refresh"><p>Words</p>')
            finally:
                over.set()
                listener.join()
        self.assertEqual(calls, [])
        self.assertIn("Words that stay", words)
        self.assertNotIn("Written by a script", words)

    def test_it_reads_no_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
            file.write("<p>Secretwords</p>")
            file.flush()
            words = self.words(self.make(f'<p>Here</p><iframe src="file://{file.name}"></iframe>'))
        self.assertNotIn("Secretwords", words)

    def test_what_it_is_given_names_nobody(self):
        """Its arguments, its environment and the names of its files: other users of the server may see those."""
        issue = self.issue()
        path, patched = issue._pdf_program()
        with tempfile.TemporaryDirectory() as folder:
            seen = Path(folder) / "seen"
            fake = Path(folder) / "wkhtmltopdf"
            fake.write_text(f'#!/bin/sh\n{{ echo "$@"; env; pwd; ls -la; }} > {seen}\nexec {path} "$@"\n')
            fake.chmod(stat.S_IRWXU)
            with (
                patch.object(self.registry["pep.plan.printable"], "_pdf_program", lambda *_a: (str(fake), patched)),
                self.assertLogs("odoo", logging.DEBUG) as log,
            ):
                logging.getLogger("odoo.addons.pep_module").debug("one line, for assertLogs to have some")
                pdf = self.as_user(issue, "vseo")._get_pdf()
            told = seen.read_text()
        self.assertIn("Wordoffice", self.words(pdf))
        said = [line for line in log.output if not line.startswith("DEBUG:odoo.sql_db")]
        for words in (told, "\n".join(said)):
            for name in ("Zebedee", "Unsaid", "Word"):
                self.assertNotIn(name, words)
        for word in ("session", "cookie", "PGPASS", "password"):
            self.assertNotIn(word, told.lower())
        self.assertIn("drwx------", told, "its folder is ours alone")
        home = next(line.partition("=")[2] for line in told.splitlines() if line.startswith("HOME="))
        self.assertFalse(Path(home).exists(), "gone when it is done")

    def test_what_goes_wrong_is_said_without_the_page(self):
        page = "<p>Zebedee</p>"
        with tempfile.TemporaryDirectory() as folder:
            for number, (script, why) in enumerate(
                (
                    ("exit 3", "failed with code 3"),
                    ("kill -SEGV $$", "failed with code -11"),
                    ("echo no PDF", "failed with code 0"),
                    ("sleep 20", "more than"),
                    (None, "could not be started"),
                )
            ):
                program = Path(folder) / str(number)
                if script:
                    program.write_text(f"#!/bin/sh\n{script}\n")
                    program.chmod(stat.S_IRWXU)
                with (
                    self.subTest(script),
                    patch.object(plan_pdf, "TIMEOUT", 1),
                    self.assertRaisesRegex(plan_pdf.NotMadeError, why) as caught,
                ):
                    self.make(page, str(program))
                self.assertNotIn("Zebedee", str(caught.exception))
