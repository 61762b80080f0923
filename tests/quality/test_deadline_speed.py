"""What the clocks cost in queries does not grow with the children. Times are for bin/bench."""

from datetime import date, datetime, timedelta

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
                "number": 20,
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

    def assert_fixed(self, work, more=60):
        few, many = (self.queries(work, self.children[:number]) for number in (4, more))
        self.assertEqual(few, many)
        return many

    def assert_fixed_in_a_hundred(self, work):
        """Of up to a hundred rows that differ Odoo makes one statement: seven children have fewer parts and clocks."""
        children = self.children[:7]
        self.assertEqual(len(children.deadline_ids), 7 * 8)
        self.assertLessEqual(len(children.plan_ids.contribution_ids), 100)
        return self.assert_fixed(work, more=7)

    def plans_of(self, children):
        return self.plans.browse(plan.id for plan in self.plans if plan.child_id in children)

    def test_nothing_to_do(self):
        sync = self.env["pep.deadline"]._sync
        self.assertLessEqual(self.assert_fixed(lambda children: sync(children=children)), 34)
        self.assertLessEqual(self.assert_fixed(lambda children: sync(plans=self.plans_of(children))), 36)

    def test_all_move(self):
        """Due dates, what the PEPs keep of them, the parts, and the note in each chatter."""

        def into_care(children):
            children.write({"date_into_care": date(2026, 10, 28)})

        def by_hand(children):
            self.plans_of(children).write({"due_date": TODAY + timedelta(days=7)})

        for work in (into_care, by_hand):
            with self.subTest(work.__name__):
                self.assert_fixed_in_a_hundred(work)

    def test_all_are_met(self):
        parts = self.plans.contribution_ids.filtered(lambda part: part.required and part.owner_role == "teacher")
        ids = {part.id: part.child_id.id for part in parts}

        def hand_in(children):
            mine = self.env["pep.contribution"].browse(part for part, child in ids.items() if child in children.ids)
            mine.write({"state": "submitted", "submitted_on": fields.Datetime.now()})

        self.assert_fixed_in_a_hundred(hand_in)

    def test_all_change_hands(self):
        self.assert_fixed_in_a_hundred(lambda children: children.write({"vseo_id": self.users["other_vseo"].id}))

    def test_all_stop(self):
        self.assert_fixed_in_a_hundred(lambda children: children.write({"active": False}))

    def test_meetings_in_a_row(self):
        def schedule(children):
            self.env["pep.meeting"].with_context(pep_meeting_quiet=True).create(
                [
                    {"plan_id": plan.id, "start": datetime(2026, 11, 20, 10, 0), "is_extra": True}
                    for plan in self.plans_of(children)
                ]
            )

        def schedule_with_clocks(children):
            meetings = self.plans_of(children).meeting_ids
            meetings.write({"is_extra": False})

        with_clocks = {}
        for number in (4, 7):
            with self.env.cr.savepoint() as savepoint:
                children = self.children[:number]
                schedule(children)
                self.env.flush_all()
                with_clocks[number] = self.queries(schedule_with_clocks, children)
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(with_clocks[4], with_clocks[7])

    def test_nothing_is_written_a_second_time(self):
        self.env.flush_all()
        before = self.picture()
        self.env["pep.deadline"]._sync(plans=self.plans)
        self.assertEqual(self.picture(), before)
