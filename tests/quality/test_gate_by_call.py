from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .quality_common import QualityCase


@tagged("post_install", "-at_install")
class TestGateByCall(QualityCase):
    """What a call could say about a review besides the review itself."""

    def test_no_default_of_a_call_accepts_a_pep(self):
        defaults = {
            "default_state": "done",
            "default_outcome": "accepted",
            "default_grade_id": self.green.id,
            "default_hidden_from_id": self.users["head"].id,
        }
        plan = self.as_user(self.plan, "vseo").with_context(**defaults)
        plan.action_review()
        review = self.plan.quality_ids
        self.assertEqual((review.state, review.outcome, review.grade_id), ("open", False, self.green.browse()))
        self.assertFalse(review.hidden_from_id)
        self.assertFalse(any(line.grade_id for line in review.line_ids))
        self.assertFalse(self.plan._accepted_review())

    def test_no_default_of_a_user_does_either(self):
        self.env["ir.default"].set("pep.review", "outcome", "accepted", user_id=self.users["vseo"].id)
        self.env["ir.default"].set("pep.review", "state", "done", user_id=self.users["vseo"].id)
        self.as_user(self.plan, "vseo").action_review()
        self.assertEqual((self.plan.quality_ids.state, self.plan.quality_ids.outcome), ("open", False))

    def test_no_default_of_a_call_is_issued(self):
        self.accept(role="head")
        plan = self.as_user(self.plan, "vseo").with_context(
            default_pdf=b"Zm9yZ2Vk", default_pdf_digest="x", default_hidden_from_id=self.users["head"].id
        )
        plan.action_complete()
        issue = self.plan.issue_ids
        self.assertNotEqual(issue.pdf_digest, "x")
        self.assertFalse(issue.hidden_from_id)

    def test_the_kind_waives_no_review(self):
        kinds = self.env["pep.kind"].search([("company_id", "=", self.council.id)])
        light = kinds.filtered(lambda kind: kind.code == "teacher")
        light.qa_required = False
        with self.assertRaises(UserError):
            self.as_user(self.plan, "vseo").kind_id = light
        child = self.make_children()
        begun = self.make_plan(child)
        self.as_user(begun, "vseo").action_start()
        self.as_user(begun, "vseo").kind_id = light
        self.assertEqual(begun.kind_id, light, "a desk review instead of a meeting is for the VSEO to say")
        self.as_user(self.plan, "head").kind_id = light
        self.assertEqual(self.plan.kind_id, light)

    def test_who_supports_in_the_office_judges_nothing(self):
        cover = {"user_id": self.users["vseo"].id, "date_from": self.today, "date_to": self.today}
        self.env["pep.cover"].create(
            {
                **cover,
                "company_id": self.council.id,
                "cover_user_id": self.users["other_vseo"].id,
                "role": "support",
            }
        )
        with self.assertRaises(AccessError):
            self.as_user(self.plan, "other_vseo").action_review()
        self.assertFalse(self.plan.quality_ids)
