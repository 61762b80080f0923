"""A meeting that is going on, of a PEP with a small form: what the chair's view is about."""

from datetime import timedelta

from odoo import fields

from tests.plan.gathering_common import GatheringCase


class ChairCase(GatheringCase):
    """``self.meeting`` began a quarter of an hour ago. All questions are on the agenda, save *age* and *since*.

    ``self.old`` is a target of the PEP before, which this one reviews.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        earlier = cls.env["pep.term"].search(
            [("company_id", "=", cls.council.id), ("date_from", "<", cls.term.date_from)],
            order="date_from desc",
            limit=1,
        )
        before = cls.make_plan(cls.child, earlier)
        cls.old = cls.smart_target(before, name="Writes a paragraph", by_when=earlier.date_to)
        cls.review = cls.env["pep.target.review"].create({"plan_id": cls.plan.id, "target_id": cls.old.id})
        cls.meeting = cls.make_meeting()

    @classmethod
    def add_section(cls, key, owner, **values):
        super().add_section(key, owner, **values)
        if key == "office":
            super().add_section("targets", "teacher", required=False)
            questions = cls.env["pep.question"]
            questions.search([("company_id", "=", cls.council.id), ("code", "=", "targets_previous")]).active = False
            cls.questions["look_back"] = questions.create(
                {
                    "section_id": cls.sections["targets"].id,
                    "name": "What came of the last targets?",
                    "kind": "prompt",
                    "code": "targets_previous",
                    "agenda": True,
                }
            )

    @classmethod
    def add_question(cls, key, section, kind, **values):
        values.setdefault("agenda", key not in ("age", "since"))
        super().add_question(key, section, kind, **values)

    @classmethod
    def make_meeting(cls, plan=None, **values):
        start = fields.Datetime.now() - timedelta(minutes=15)
        return cls.as_user(cls.env["pep.meeting"], "vseo").create(
            {"plan_id": (plan or cls.plan).id, "start": start, **values}
        )

    @classmethod
    def chair(cls, role="vseo", meeting=None):
        return cls.as_user(meeting or cls.meeting, role)

    @classmethod
    def load(cls, role="vseo", blocks=None, meeting=None):
        return cls.chair(role, meeting).chair_load(blocks)

    @classmethod
    def point(cls, key, meeting=None):
        meeting = meeting or cls.meeting
        return meeting.sudo().point_ids.filtered(lambda point: point.question_id == cls.questions[key])

    @classmethod
    def beside(cls, data, key):
        """What stands beside the point of a question, by short name."""
        (point,) = [row for row in data["points"] if row["id"] == cls.point(key).id]
        return point["beside"]

    def save_change(self, kind, record, field, value, *, was="", role="vseo", meeting=None):
        """Save one change; the result."""
        change = {"kind": kind, "id": record.id, "field": field, "was": was, "value": value}
        return self.chair(role, meeting).chair_save([change])["results"][0]
