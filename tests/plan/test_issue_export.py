import base64

from odoo.exceptions import UserError
from odoo.tests import tagged

from tests.child.test_export_everything import Exporting
from tests.plan.issue_common import IssueCase


@tagged("post_install", "-at_install")
class TestExportOfGathering(Exporting, IssueCase):
    """What everyone handed in, what was made of it, and the files: the export holds all of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["pep.target.proposal"].with_user(cls.users["carer"]).action_propose(
            cls.plan.id,
            {"area_id": cls.plan.target_ids[:1].area_id.id, "name": "Wordproposal", "wish_name": "", "wish_why": ""},
        )

    def test_every_piece_is_in_it(self):
        issue = self.issue()
        archive = self.export()
        for model, column, word in (
            ("pep.contribution", "behalf_name", "Grandma Moses"),
            ("pep.answer", "value_text", "Wordprivate"),
            ("pep.answer", "value_text", "Wordschool"),
            ("pep.target.proposal", "name", "Wordproposal"),
            ("pep.document", "digest", self.document.digest),
            ("pep.attainment", "subject", "Art and design"),
            ("pep.plan.issue", "digest", issue.digest),
        ):
            with self.subTest(model, word=word):
                self.assertIn(word, [row[column] for row in self.rows(archive, model)])
        copies = self.rows(archive, "pep.plan.copy")
        self.assertEqual({row["digest"] for row in copies}, set(issue.copy_ids.mapped("digest")))
        self.assertIn("Part voice", next(row for row in copies if row["role/code"] == "carer")["withheld_names"])

    def test_the_files_of_documents_are_in_it_under_a_number(self):
        archive = self.export()
        [row] = [row for row in self.rows(archive, "ir.attachment") if row["res_model"] == "pep.document"]
        self.assertEqual(archive.read(row["file"]), base64.b64decode(self.document.file))
        self.assertEqual(row["name"], self.document.file_name)
        self.assertFalse([name for name in archive.namelist() if "Unsaid" in name])

    def test_what_was_kept_from_the_head_another_head_exports(self):
        answer = self.parts["voice"].sudo().answer_ids.filtered("kept_private")
        answer.hidden_from_id = self.users["head"]
        with self.assertRaisesRegex(UserError, "somebody else who is head"):
            self.wizard().action_download()
        self.users["second"] = self.users["head"].copy({"login": "second.test", "name": "Second head"})
        self.env.flush_all()
        wizard = self.wizard("second")
        self.assertIn("Wordprivate", [row["value_text"] for row in self.rows(self.export(wizard), "pep.answer")])
