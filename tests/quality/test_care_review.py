"""The next care review of a child, and the clock that has the PEP with the reviewing officer before it."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from tests.quality.test_ending import TODAY, EndCase

REVIEW = date(2027, 11, 24)  # a Wednesday


@tagged("post_install", "-at_install")
class TestCareReview(EndCase):
    def rows(self):
        return self.env["pep.deadline"].search(
            [("child_id", "=", self.child.id), ("kind", "=", "care_review")], order="round"
        )

    def figures(self):
        return self.rows().mapped(lambda row: (row.round, row.due_date, row.state))

    def issue(self, plan=None):
        """Finish a PEP: the reviewing officer gets a copy."""
        plan = plan or self.plan
        plan.kind_id.write({"meeting_required": False, "academic_target_required": False, "next_date_required": False})
        if plan.state == "not_started":
            plan.action_start()
        plan.action_ready()
        plan.action_process()
        plan.action_complete()
        self.assertIn("iro", plan.copy_ids.mapped("role"))

    def test_three_working_days_before(self):
        self.child.care_review_date = REVIEW
        row = self.rows()
        self.assertEqual(self.figures(), [(1, date(2027, 11, 19), "open")])
        self.assertIn("3 working days before the care review (Wed 24 Nov 2027)", row.why)

    def test_over_a_weekend_with_a_bank_holiday(self):
        self.child.care_review_date = date(2027, 12, 30)  # Thursday; 27 and 28 December are bank holidays
        self.assertEqual(self.figures(), [(1, date(2027, 12, 23), "open")])
        self.assertIn("Boxing Day", self.rows().why)

    def test_moved_before_it_has_come_it_is_the_same_review(self):
        self.child.care_review_date = REVIEW
        self.child.care_review_date = REVIEW + timedelta(days=7)
        self.assertEqual(self.figures(), [(1, date(2027, 11, 26), "open")])
        self.assertEqual((self.child.care_review_number, self.child.care_review_last), (1, False))
        self.assertIn("instead of", str(self.child.message_ids.mapped("body") + self.plan.message_ids.mapped("body")))

    def test_a_copy_for_the_reviewing_officer_meets_it(self):
        self.child.care_review_date = REVIEW
        with freeze_time("2027-11-02 12:00:00"):
            self.issue()
        row = self.rows()
        self.assertEqual((row.state, row.met_on, row.outcome), ("met", date(2027, 11, 2), "on_time"))

    def test_too_late(self):
        self.child.care_review_date = REVIEW
        with freeze_time("2027-11-23 12:00:00"):
            self.issue()
        self.assertEqual((self.rows().state, self.rows().outcome), ("met", "late"))

    def test_issued_before_the_date_was_known(self):
        self.issue()
        self.child.care_review_date = REVIEW
        self.assertEqual((self.rows().state, self.rows().met_on), ("met", TODAY))

    def test_postponed_after_it_was_met_it_stays_met(self):
        self.child.care_review_date = REVIEW
        self.issue()
        self.child.care_review_date = REVIEW + timedelta(days=14)
        self.assertEqual([row[0] for row in self.figures()], [1])
        self.assertEqual(self.rows().state, "met")

    def test_the_next_review_is_the_next_round(self):
        self.child.care_review_date = REVIEW
        self.issue()
        with freeze_time("2027-11-25 12:00:00"):
            self.child.invalidate_recordset()
            self.assertTrue(self.as_user(self.child, "vseo").care_review_passed)
            self.child.care_review_date = date(2028, 5, 10)
            self.assertEqual((self.child.care_review_number, self.child.care_review_last), (2, REVIEW))
            self.assertFalse(self.as_user(self.child, "vseo").care_review_passed)
        # 5 May 2028 is a Friday, Monday 1 May the bank holiday: 9, 8 and 5 May
        self.assertEqual(self.figures(), [(1, date(2027, 11, 19), "met"), (2, date(2028, 5, 5), "open")])
        with freeze_time("2028-02-10 12:00:00"):
            term = self.env["pep.term"]._term_on(self.council, date(2028, 2, 10))
            self.issue(self.make_plan(self.child, term))
        self.assertEqual(self.rows()[-1].met_on, date(2028, 2, 10))

    def test_what_the_officer_had_at_the_last_review_does_not_count_again(self):
        self.child.care_review_date = TODAY + timedelta(days=1)
        self.issue()
        with freeze_time("2027-10-15 12:00:00"):
            self.child.care_review_date = date(2028, 1, 12)
        self.assertEqual([row[2] for row in self.figures()], ["met", "open"])

    def test_not_met_the_round_ends_with_the_next(self):
        self.child.care_review_date = REVIEW
        with freeze_time("2027-11-25 12:00:00"):
            self.child.care_review_date = date(2028, 5, 10)
        first, second = self.rows()
        self.assertEqual((first.state, first.stop_code, first.outcome), ("stopped", "passed", "late"))
        self.assertEqual(second.state, "open")

    def test_taken_out_and_put_in_again(self):
        self.child.care_review_date = REVIEW
        self.child.care_review_date = False
        self.assertEqual(self.rows().state, "stopped")
        self.child.care_review_date = REVIEW
        self.assertEqual(self.figures(), [(1, date(2027, 11, 19), "open")])
        with freeze_time("2027-11-25 12:00:00"):
            self.child.care_review_date = False
            self.child.care_review_date = date(2028, 5, 10)
        self.assertEqual(self.figures()[-1], (2, date(2028, 5, 5), "open"))

    def test_the_same_day_twice(self):
        self.child.care_review_date = REVIEW
        before = self.figures()
        self.child.care_review_date = REVIEW
        self.env["pep.deadline"]._sync(children=self.child)
        self.assertEqual(self.figures(), before)

    def test_a_new_child_with_a_date(self):
        child = self.make_children(care_review_date=REVIEW)
        rows = self.env["pep.deadline"].search([("child_id", "=", child.id), ("kind", "=", "care_review")])
        self.assertEqual(rows.due_date, date(2027, 11, 19))

    def test_out_of_care_it_stops_and_back_it_goes_on(self):
        self.child.care_review_date = REVIEW
        self.leave()
        self.assertEqual((self.rows().state, self.rows().stop_code), ("stopped", "out_of_care"))
        self.child.date_out_of_care = False
        self.assertEqual(self.figures(), [(1, date(2027, 11, 19), "open")])

    def test_a_day_in_the_past_is_no_next_review(self):
        child = self.as_user(self.child, "vseo")
        with self.assertRaisesRegex(UserError, "can't be in the past"):
            child.care_review_date = TODAY - timedelta(days=1)
        child.care_review_date = TODAY
        with Form(child) as form:
            form.care_review_date = REVIEW
        self.assertEqual((self.child.care_review_last, self.child.care_review_number), (TODAY, 2))
        with Form(child) as form:
            form.home_language = "Welsh"

    def test_the_count_is_nobody_s_to_write(self):
        for role in ("vseo", "head"):
            for vals in ({"care_review_last": REVIEW}, {"care_review_number": 7}):
                with self.assertRaises(UserError):
                    self.as_user(self.child, role).write(vals)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_who_may_not(self):
        for role in ("teacher", "carer", "parent", "other_vseo", "finance", "employee"):
            with self.assertRaises(AccessError):
                self.as_user(self.child, role).write({"care_review_date": REVIEW})
        for role in ("teacher", "carer", "parent"):
            with self.assertRaises(AccessError):
                self.as_user(self.child, role).read(["care_review_date"])

    def test_the_queries_do_not_grow_with_the_children(self):
        children = self.make_children(8)

        def sync(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.write({"care_review_date": REVIEW})
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        sync(children[:1])
        self.assertLessEqual(sync(children[2:]), sync(children[1:2]) + 2)
