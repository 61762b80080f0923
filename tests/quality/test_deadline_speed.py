"""What the clocks cost in queries does not grow with the children. Times are for bin/bench."""

from datetime import date, timedelta

from odoo import fields
from odoo.tests import tagged

from tests.quality.deadline_common import TODAY, DeadlineCase


@tagged("post_install", "-at_install")
class TestDeadlineSpeed(DeadlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # of every kind: newcomers, a rule that asks for their schools, care reviews, meetings
        cls.env["pep.deadline.rule"].create(
            {
                "name": "After a move",
                "company_id": cls.council.id,
                "trigger": "setting_change",
                "met_by": "plan_started",
                "length": 20,
                "unit": "school",
            }
        )
        cls.children = cls.make_children(60, date_into_care=date(2026, 10, 26))
        oak = cls.make_school("Oak Primary School", "100002")
        cls.children.enrolment_ids.write({"date_to": date(2026, 11, 1)})
        cls.env["pep.enrolment"].create(
            [{"child_id": child.id, "school_id": oak.id, "date_from": date(2026, 11, 2)} for child in cls.children]
        )
        cls.children.write({"care_review_date": date(2026, 12, 9)})
        cls.plans = cls.term._open(cls.children)

    def queries(self, work, children):
        """The number of queries of ``work(children)``, which is undone; the second of two turns, from a cold cache."""
        for _turn in range(2):
            with self.env.cr.savepoint() as savepoint:
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                work(children)
                self.env.flush_all()
                number = self.env.cr.sql_log_count - before
                savepoint.rollback()
            self.env.invalidate_all()
        return number

    def assert_fixed(self, work):
        few, many = (self.queries(work, children) for children in (self.children[:10], self.children))
        self.assertEqual(few, many)
        return many

    def plans_of(self, children):
        return self.plans.filtered(lambda plan: plan.child_id in children)

    def test_nothing_to_do(self):
        sync = self.env["pep.deadline"]._sync
        self.assertLessEqual(self.assert_fixed(lambda children: sync(children=children)), 28)
        self.assertLessEqual(self.assert_fixed(lambda children: sync(plans=self.plans_of(children))), 28)

    def test_everything_moves(self):
        """Due dates, what the PEPs keep of them, the parts, and the note in each chatter."""

        def move(children):
            plans = self.plans_of(children)
            plans.write({"due_date": TODAY + timedelta(days=7)})

        def into_care(children):
            children.write({"date_into_care": date(2026, 10, 28)})

        def number(work, children):
            """Without the rows that are written: Odoo makes one statement of a hundred."""
            rows = len(children) * 9
            return self.queries(work, children) - rows // 100

        for work in (move, into_care):
            with self.subTest(work.__name__):
                few, many = number(work, self.children[:10]), number(work, self.children)
                self.assertLessEqual(abs(many - few), 8)

    def test_all_are_met(self):
        parts = self.plans.contribution_ids

        def hand_in(children):
            mine = parts.filtered(lambda part: part.child_id in children and part.owner_role == "teacher")
            mine.write({"state": "submitted", "submitted_on": fields.Datetime.now()})

        self.assert_fixed(hand_in)

    def test_all_change_hands(self):
        self.assert_fixed(lambda children: children.write({"vseo_id": self.users["other_vseo"].id}))

    def test_all_leave(self):
        """Their clocks stop in one go; what else ending asks for is told elsewhere."""

        def archive(children):
            children.write({"active": False})

        self.assert_fixed(archive)

    def test_meetings_of_many(self):
        def schedule(children):
            clocks = self.env["pep.deadline"]
            before = self.env.cr.sql_log_count
            clocks._sync(plans=self.plans_of(children))
            return self.env.cr.sql_log_count - before

        self.assert_fixed(schedule)

    def test_one_write_for_all_that_change_alike(self):
        """Opening a term for many makes one INSERT's worth of clocks and writes nothing a second time."""
        self.env["pep.deadline"]._sync(plans=self.plans)
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.env["pep.deadline"]._sync(plans=self.plans)
        self.env.flush_all()
        again = self.env.cr.sql_log_count - before
        self.assertLessEqual(again, 28)
