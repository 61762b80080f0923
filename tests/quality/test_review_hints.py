from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.quality.quality_common import QualityCase


@tagged("post_install", "-at_install")
class TestHints(QualityCase):
    """What the data shows, by what an area is about."""

    def hints(self, about, plan=None):
        plan = plan or self.plan
        plan.invalidate_recordset()
        return plan._quality_hints()[plan.id].get(about, [])

    def test_no_voice(self):
        self.assertEqual(self.hints("voice"), ["The child's voice is not there: nothing was handed in."])
        part = self.plan.contribution_ids.filtered(lambda part: part.owner_role == "child")
        part.sudo().write({"state": "submitted"})
        self.assertEqual(self.hints("voice"), ["The child's part was handed in empty."])
        part.sudo().write({"answered_count": 3})
        self.assertFalse(self.hints("voice"))

    def test_targets(self):
        self.council.pep_target_number = 1
        self.assertFalse(self.hints("targets"))
        self.council.pep_target_number = 3
        self.assertEqual(self.hints("targets"), ["Targets: 1. The council expects 3."])
        self.plan.target_ids.measure = False
        self.assertIn("“Reads a page aloud without help” has no: Measured by.", self.hints("targets"))
        area = self.env["pep.target.area"].search(
            [("company_id", "=", self.council.id), ("is_academic", "=", False)], limit=1
        )
        self.plan.target_ids.area_id = area
        self.assertIn("There is no academic target.", self.hints("targets"))
        self.plan.target_ids.withdrawn_reason = "Not agreed"
        self.assertEqual(self.hints("targets"), ["There is no target."])

    def test_previous_targets_and_their_money(self):
        before = self.plan
        self.env["pep.funding.request"].create(
            {"target_id": before.target_ids.id, "name": "Tuition", "unit_cost": 120, "why": "Ten hours"}
        ).funding_ids.with_user(self.users["head"]).with_context(allowed_company_ids=self.council.ids).action_approve()
        self.accept(before)
        self.as_user(before, "vseo").action_complete()
        plan = self.make_plan(self.child, self.next_term())
        self.assertEqual(self.hints("previous", plan), ["Not reviewed: “Reads a page aloud without help”."])
        plan.review_ids.outcome = "achieved"
        self.assertEqual(self.hints("previous", plan), ["No impact said: “Reads a page aloud without help”."])
        money = self.hints("funding", plan)
        self.assertIn("120.00", money[0])
        self.assertIn("no impact is said", money[0])
        plan.review_ids.impact = "Reads at home now"
        self.assertFalse(self.hints("previous", plan))
        self.assertEqual(self.hints("funding", plan), ["No PP+ is asked for."])

    def test_money_without_a_reason(self):
        self.env["pep.funding.request"].create(
            {"target_id": self.plan.target_ids.id, "name": "Tuition", "unit_cost": 10}
        )
        self.assertEqual(self.hints("funding"), ["“Tuition”: not said how it helps."])

    def test_no_next_date_no_meeting(self):
        self.plan.next_meeting_note = False
        self.assertIn("The next meeting is not set.", self.hints("meeting"))
        other = self.make_plan(self.make_children())
        self.assertIn("No meeting was held.", self.hints("meeting", other))

    def test_missing_documents_and_parts(self):
        kind = self.env["pep.document.type"].search(
            [("company_id", "=", self.council.id), ("in_statutory", "=", True)], limit=1
        )
        kind = kind or self.env["pep.document.type"].search([("company_id", "=", self.council.id)], limit=1)
        kind.in_statutory = True
        self.assertIn(f"Missing: {kind.name}.", self.hints("documents"))
        part = self.plan.contribution_ids.filtered(
            lambda part: part.required and part.state == "not_started" and part.owner_role != "child"
        )[:1]
        self.assertTrue(any(part.section_name in hint for hint in self.hints("parts")))

    def test_nothing_recorded_and_what_to_ask_about(self):
        self.assertIn("No attainment is recorded in this term.", self.hints("attainment"))
        self.assertIn("No attendance is recorded in this term.", self.hints("attainment"))
        self.env["pep.attainment"].create(
            {"child_id": self.child.id, "date": self.term.date_from, "subject": "maths", "level": "below"}
        )
        self.assertNotIn("No attainment is recorded in this term.", self.hints("attainment"))

    def test_a_change_that_comes(self):
        self.plan.year_group = "6"
        self.assertEqual(self.hints("transition"), ["Year 6: a change comes, and nothing is said about it."])
        self.plan.year_group = "5"
        self.assertFalse(self.hints("transition"))

    def test_late(self):
        self.assertFalse([hint for hint in self.hints("time") if "meeting" in hint.lower()])
        self.plan.sudo().write({"due_date": self.today - timedelta(days=5)})
        self.assertTrue(any("The meeting was held on" in hint for hint in self.hints("time")))
        self.plan.sudo().write({"processing_due": self.today - timedelta(days=1)})
        self.assertTrue(any("It was to be finished by" in hint for hint in self.hints("time")))
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "submitted")
        part.sudo().write({"due_date": self.today - timedelta(days=3), "submitted_on": fields.Datetime.now()})
        self.assertTrue(any(part.section_name in hint for hint in self.hints("time")))

    def test_what_it_went_on_without(self):
        plan = self.make_plan(self.make_children())
        reason = self.env["pep.gate.reason"].search(
            [("company_id", "=", self.council.id), ("gate", "=", "academic_target")], limit=1
        )
        self.env["pep.gate.pass"].create({"plan_id": plan.id, "gate": "academic_target", "reason_id": reason.id})
        self.assertIn(f"It went on without: no academic target. Reason: {reason.name}.", self.hints("targets", plan))

    def test_a_fixed_number_of_queries(self):
        children = self.make_children(6)
        self.term._open(children)
        few, many = self.plan, children.plan_ids

        def count(plans):
            self.env.invalidate_all()
            plans.mapped("state")
            before = self.env.cr.sql_log_count
            plans._quality_hints()
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(count(many), count(few) + 6)

    def test_what_a_child_kept_from_this_reviewer_is_not_on_the_screen(self):
        """The answer stays away; that the child's voice is there is no secret."""
        part = self.plan.contribution_ids.filtered(lambda part: part.owner_role == "child")
        question = part._questions().filtered(lambda row: row._takes_answer() and row.kind == "text")[:1]
        self.env["pep.answer"].sudo().create(
            {
                "contribution_id": part.id,
                "question_id": question.id,
                "is_given": True,
                "value_text": "Not for them",
                "kept_private": True,
                "hidden_from_id": self.users["head"].id,
                "author_name": "The child",
                "answered_on": fields.Datetime.now(),
            }
        )
        part.sudo().write({"state": "submitted", "answered_count": 1})
        review = self.begin()
        self.assertNotIn("Not for them", str(review.review_load()))
        self.assertIn("Not for them", str(self.as_user(review, "vseo").review_load()))
        self.assertFalse(self.hints("voice"))
