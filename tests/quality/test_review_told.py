from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from tests.quality.quality_common import QualityCase

WORDS = "Please ask the child before the next meeting"
COMMENT = "Thin, and in the words of an adult"


@tagged("post_install", "-at_install")
class TestWhoIsTold(QualityCase, HttpCase):
    """The school reads what was written for it, and nothing else of a review; nobody else outside reads anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.write({f"pep_copy_{role}": True for role in ("teacher", "social_worker", "carer", "parent", "iro")})
        cls.review = cls.begin()
        cls.mark(cls.review, voice=cls.amber)
        line = cls.review.line_ids[0]
        cls.review.review_save([{"kind": "line", "id": line.id, "field": "comment", "was": "", "value": COMMENT}])
        cls.say(cls.review, feedback=WORDS)

    def page(self, role):
        self.authenticate(f"{role}.test", f"{role}.test")
        response = self.url_open(f"/my/pep/{self.plan.id}")
        return response.text if response.status_code == 200 else ""

    def test_not_before_it_is_done(self):
        self.assertNotIn(WORDS, self.page("teacher"))

    def test_accepted_with_feedback(self):
        self.review.action_finish("accepted_feedback")
        page = self.page("teacher")
        self.assertIn(WORDS, page)
        self.assertIn("Feedback from the virtual school", page)
        self.assertNotIn(COMMENT, page)
        self.assertNotIn("Amber", page)
        for role in ("social_worker", "carer", "parent", "iro"):
            with self.subTest(role):
                self.assertNotIn(WORDS, self.page(role))

    def test_returned(self):
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "submitted")
        self.review.action_finish("returned", [{"id": part.id}], "Ask the child")
        page = self.page("teacher")
        self.assertIn("The virtual school sent this PEP back", page)
        self.assertIn(WORDS, page)
        self.assertIn("It came back:", page)

    def test_by_the_rule_those_words_alone(self):
        self.review.action_finish("accepted_feedback")
        told = self.env["pep.review.feedback"].search([("plan_id", "=", self.plan.id)])
        self.assertEqual((told.words, told.outcome, told.child_id), (WORDS, "accepted_feedback", self.child))
        for role in ("teacher", "social_worker", "carer", "parent", "iro"):
            with self.subTest(role):
                theirs = self.as_user(self.env["pep.review.feedback"], role).search([])
                self.assertEqual(theirs.ids, told.ids if role == "teacher" else [])
                self.assertFalse(theirs.env["pep.review"].search([]))
                self.assertFalse(theirs.env["pep.review.line"].search([]))

    def test_staff_who_teach_another_child_read_its_feedback_and_no_more(self):
        """Roles do not add up across children: the VSEO of one child, at the school of another."""
        self.review.action_finish("accepted_feedback")
        staff = self.as_user(self.review, "other_vseo")
        self.env["pep.access"].sudo().create(
            {
                "user_id": self.users["other_vseo"].id,
                "child_id": self.child.id,
                "company_id": self.council.id,
                "role": "teacher",
                "valid_from": fields.Datetime.now(),
                "valid_to": fields.Datetime.add(fields.Datetime.now(), days=1),
                "why": "A test",
                "source": "test",
            }
        )
        staff.env.invalidate_all()
        self.assertEqual(staff.env["pep.review.feedback"].search([]).words, WORDS)
        self.assertFalse(staff.env["pep.review"].search([]))
        self.assertFalse(staff.env["pep.review.line"].search([]))

    def test_what_was_told_stays(self):
        self.review.action_finish("accepted_feedback")
        told = self.env["pep.review.feedback"].search([("plan_id", "=", self.plan.id)])
        with self.assertRaises(UserError):
            told.sudo().write({"words": "Never said"})
        for role in ("vseo", "head"):
            with self.subTest(role), self.assertRaises(UserError), mute_logger("odoo.addons.base.models.ir_model"):
                self.as_user(told, role).write({"words": "Never said"})

    def test_set_aside_it_is_told_no_more(self):
        self.review.action_finish("accepted_feedback")
        self.as_user(self.plan, "vseo")._take_step("return", "Something came up")
        self.assertNotIn(WORDS, self.page("teacher"))

    def test_the_next_school_reads_it_in_a_copy_or_not_at_all(self):
        self.review.action_finish("accepted_feedback")
        told = self.env["pep.review.feedback"].search([("plan_id", "=", self.plan.id)])
        self.assertTrue(self.as_user(told, "teacher").has_access("read"))
        self.as_user(self.plan, "vseo").action_complete()
        self.assertFalse(self.as_user(told, "teacher").has_access("read"))
        self.assertFalse(self.as_user(told.browse(), "teacher").search([]))
        copy = self.plan.copy_ids.filtered(lambda copy: copy.role == "teacher")
        self.assertIn(WORDS, self.as_user(copy, "teacher").document)

    def test_in_the_issued_version_and_the_copies(self):
        self.review.action_finish("accepted_feedback")
        self.as_user(self.plan, "vseo").action_complete()
        issue = self.plan.issue_ids
        self.assertTrue(issue.is_intact)
        self.assertEqual(issue.data["format"], 4)
        quality = issue.data["quality"]
        self.assertEqual((quality["overall"], quality["outcome"]), ("Amber", "Accepted with feedback"))
        self.assertEqual(
            quality["areas"][0],
            {
                "area": "Child's voice",
                "grade": "Amber",
                "left_out": False,
                "comment": COMMENT,
            },
        )
        for words in (WORDS, COMMENT, "Amber"):
            self.assertIn(words, issue.document)
        documents = {copy.role: copy.document for copy in issue.copy_ids}
        self.assertGreaterEqual(set(documents), {"teacher", "social_worker", "carer", "parent", "iro", "child"})
        for role, document in documents.items():
            with self.subTest(role):
                self.assertEqual(WORDS in document, role == "teacher")
                self.assertNotIn(COMMENT, document)
                self.assertNotIn("Amber", document)
        withheld = issue.copy_ids.filtered(lambda copy: copy.role == "carer").withheld_names
        self.assertIn("Quality review", withheld)
        self.assertIn("Feedback for the school", withheld)

    def test_a_pep_without_a_review_has_no_trace_of_one(self):
        self.plan.kind_id.qa_required = False
        self.as_user(self.plan, "vseo").action_complete()
        self.assertIsNone(self.plan.issue_ids.data["quality"])
        self.assertNotIn("Quality review", self.plan.issue_ids.document)
