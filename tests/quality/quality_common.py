"""A PEP in processing that waits for its quality review."""

from odoo import fields
from odoo.tests import tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class QualityCase(PepCase):
    """``self.plan`` is in processing: met, with a target, money and the school's part handed in."""

    quality = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rubric = cls.env["pep.rubric"].search([("company_id", "=", cls.council.id), ("state", "=", "in_use")])
        cls.green, cls.amber, cls.red = cls.rubric.grade_ids
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.process(cls.make_plan(cls.child))

    @classmethod
    def process(cls, plan):
        """Take a PEP to processing, with one part of the school handed in."""
        mine = cls.as_user(plan, "vseo")
        mine.action_start()
        part = plan.contribution_ids.filtered(lambda part: part.owner_role == "teacher").sorted("sequence")[:1]
        part.sudo().write({"state": "submitted", "submitted_on": fields.Datetime.now()})
        mine.action_ready()
        cls.smart_target(plan)
        meeting = mine.env["pep.meeting"].create({"plan_id": plan.id, "start": fields.Datetime.now()})
        meeting.attendee_ids.attended = True
        meeting._hold_without("Nobody else is around this child", False)
        mine.next_meeting_note = "Early next term"
        cls.assert_state(plan)
        return plan

    @classmethod
    def assert_state(cls, plan):
        plan.invalidate_recordset()
        assert plan.state == "processing", plan.missing

    @classmethod
    def begin(cls, plan=None, role="head"):
        """The review of a PEP as a role begins it."""
        plan = cls.as_user(plan or cls.plan, role)
        plan.action_review()
        return plan.env["pep.review"].search([("plan_id", "=", plan.id), ("state", "=", "open")])

    @classmethod
    def mark(cls, review, grade=None, **others):
        """Grade every area: ``grade``, green by default, but for those named by what they are about."""
        changes = []
        for line in review.line_ids:
            given = others.get(line.area_id.about) or grade or cls.green
            changes.append(
                {"kind": "line", "id": line.id, "field": "grade_id", "was": line.grade_id.id or 0, "value": given.id}
            )
            if given == cls.red:
                words = f"Missing in {line.name}"
                changes.append(
                    {"kind": "line", "id": line.id, "field": "comment", "was": line.comment or "", "value": words}
                )
        return review.review_save(changes)

    @classmethod
    def say(cls, review, **words):
        """Type what belongs to the whole review."""
        return review.review_save(
            [
                {
                    "kind": "review",
                    "field": name,
                    "was": getattr(review[name], "id", review[name]) or (0 if name.endswith("_id") else ""),
                    "value": value,
                }
                for name, value in words.items()
            ]
        )

    @classmethod
    def accept(cls, plan=None, role="head"):
        """A review that accepts a PEP."""
        review = cls.begin(plan, role)
        cls.mark(review)
        review.action_finish("accepted")
        return review
