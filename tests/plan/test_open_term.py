from datetime import date, timedelta
from itertools import pairwise
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestTerm(PepCase):
    def on(self, day):
        return self.env["pep.term"]._term_on(self.council, day)

    def test_every_day_belongs_to_one_term(self):
        day, last = date(2026, 9, 1), date(2029, 8, 31)
        terms = self.env["pep.term"]
        while day <= last:
            term = self.on(day)
            self.assertTrue(term.date_from <= day, day)
            terms |= term
            day += timedelta(days=1)
        self.assertEqual(len(terms), 9)
        ordered = terms.sorted("date_from")
        for term, following in pairwise(ordered):
            self.assertEqual(term.date_to + timedelta(days=1), following.date_from)

    def test_the_turn_of_the_year_and_29_february(self):
        self.assertEqual(self.on(date(2027, 8, 31)).name, "Summer 2027")
        self.assertEqual(self.on(date(2027, 9, 1)).name, "Autumn 2027")
        self.assertEqual(self.on(date(2028, 2, 29)).name, "Spring 2028")

    def test_generating_twice_makes_nothing_twice(self):
        before = self.env["pep.term"].search_count([("company_id", "=", self.council.id)])
        self.assertGreaterEqual(before, 9)
        self.env["pep.term"]._generate(self.council)
        self.assertEqual(self.env["pep.term"].search_count([("company_id", "=", self.council.id)]), before)

    def test_a_council_moves_the_first_day_and_the_term_before_gives_way(self):
        spring = self.on(date(2027, 2, 1))
        autumn = self.on(date(2026, 12, 1))
        spring.write({"date_from": date(2027, 1, 5), "window_from": date(2027, 1, 5)})
        autumn.invalidate_recordset()
        self.assertEqual(autumn.date_to, date(2027, 1, 4))
        self.assertEqual(self.on(date(2027, 1, 4)), autumn)

    def test_meetings_do_not_go_on_into_the_next_term(self):
        autumn = self.on(date(2026, 12, 1))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            autumn.window_to = date(2027, 1, 1)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.on(date(2027, 2, 1)).write({"date_from": date(2026, 12, 20)})
        autumn.window_to = date(2026, 12, 18)

    def test_terms_out_of_order_or_outside_their_year_are_refused(self):
        spring = self.on(date(2027, 2, 1))
        for day in (date(2026, 8, 15), date(2027, 5, 1), date(2028, 2, 1)):
            with self.subTest(day), self.assertRaises(ValidationError), self.env.cr.savepoint():
                spring.write({"date_from": day, "window_from": day, "window_to": day})

    def test_the_rule_of_the_council(self):
        for name, value in (("pep_spring_start", "02-30"), ("pep_spring_start", "May"), ("pep_summer_start", "01-01")):
            with self.subTest(value), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.council[name] = value

    def test_today_is_the_council_s_today(self):
        # half past midnight on 1 September in British Summer Time is still August in UTC
        with freeze_time("2027-08-31 23:30:00"):
            self.assertEqual(self.council._pep_today(), date(2027, 9, 1))
            self.assertEqual(self.on(self.council._pep_today()).name, "Autumn 2027")
        with freeze_time("2027-12-31 23:30:00"):
            self.assertEqual(self.council._pep_today(), date(2027, 12, 31))


@tagged("post_install", "-at_install")
class TestOpenTerm(PepCase):
    def test_one_pep_for_each_child_in_scope_and_never_two(self):
        children = self.make_children(5)
        made = self.term._open()
        self.assertEqual(made.child_id, children)
        self.assertFalse(self.term._open())
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: 60.0):
            self.env["pep.term"]._cron_open()
            self.env["pep.term"]._cron_open()
        self.assertEqual(self.env["pep.plan"].search_count([("child_id", "in", children.ids)]), 5)

    def test_the_button_says_what_it_did(self):
        self.make_children(2)
        term = self.as_user(self.term, "head")
        self.assertIn("2", term.action_open()["params"]["message"])
        self.assertIn("already", term.action_open()["params"]["message"])
        far = self.next_term(self.next_term())
        with self.assertRaises(UserError):
            self.as_user(far, "head").action_open()

    @mute_logger("odoo.sql_db")
    def test_two_peps_for_one_child_and_term_are_refused_by_the_database(self):
        plan = self.make_plan()
        with self.assertRaises(IntegrityError) as caught, self.env.cr.savepoint():
            self.as_user(self.env["pep.plan"], "vseo").create({"child_id": plan.child_id.id, "term_id": self.term.id})
        self.assertIn("pep_plan", str(caught.exception))

    def test_who_is_in_scope(self):
        today = self.today
        code = self.env["pep.code"]
        statuses = {
            status: code.search([("kind", "=", "legal_status"), ("code", "=", status)]) for status in ("V3", "C2")
        }

        def child(legal=None, **values):
            child = self.make_children(**values)
            if legal:
                self.env["pep.care.episode"].create(
                    {"child_id": child.id, "date_from": child.date_into_care, "legal_status_id": statuses[legal].id}
                )
            return child

        def years_ago(years, days=0):
            return fields.Date.subtract(today, years=years) + timedelta(days=days)

        inside = {
            "no episode": child(),
            "care order": child("C2"),
            "three today": child(date_of_birth=years_ago(3), date_into_care=years_ago(1)),
            "eighteen tomorrow": child(date_of_birth=years_ago(18, 1)),
            "leaves tomorrow": child(date_out_of_care=today + timedelta(days=1)),
            "not on roll": child(school=False),
        }
        outside = {
            "short breaks": child("V3"),
            "three tomorrow": child(date_of_birth=years_ago(3, 1), date_into_care=years_ago(1)),
            "eighteen today": child(date_of_birth=years_ago(18)),
            "left today": child(date_out_of_care=today),
            "not yet in care": child(date_into_care=today + timedelta(days=1)),
            "archived": child(active=False),
        }
        made = self.term._open().child_id
        self.assertFalse({name for name, one in inside.items() if one not in made})
        self.assertFalse({name for name, one in outside.items() if one in made})

    def test_the_age_range_is_the_council_s(self):
        young = self.make_children(date_of_birth=fields.Date.subtract(self.today, years=2), date_into_care=self.today)
        self.assertFalse(self.term._open(young))
        self.council.pep_age_from = 2
        self.assertEqual(self.term._open(young).child_id, young)

    def test_form_and_facts_as_at_opening(self):
        def born(age):
            return date(self.term.academic_year - age, 9, 1)

        cases = {
            "early_years": self.make_children(date_of_birth=born(4)),
            "statutory": self.make_children(date_of_birth=born(9)),
            "post16": self.make_children(date_of_birth=born(17)),
            "not_on_roll": self.make_children(school=False),
        }
        self.term._open()
        for variant, child in cases.items():
            with self.subTest(variant):
                self.assertEqual(child.plan_ids.variant, variant)
        plan = cases["statutory"].plan_ids
        self.assertRecordValues(
            plan,
            [
                {
                    "school_id": self.school.id,
                    "school_name": self.school.name,
                    "year_group": "4",
                    "key_stage": "ks2",
                    "vseo_id": self.users["vseo"].id,
                    "due_date": self.term.window_to,
                    "next_due": self.term.window_to - timedelta(days=5),
                    "next_due_kind": "school_part",
                    "child_reference": cases["statutory"].reference,
                }
            ],
        )
        self.assertEqual(plan.rules["pep_attendance_persistent"], 90.0)
        self.council.pep_attendance_persistent = 85.0
        self.assertEqual(plan.rules["pep_attendance_persistent"], 90.0)

    def test_a_term_opened_early_or_late_has_the_facts_of_that_term(self):
        autumn = self.env["pep.term"]._term_on(self.council, date(2027, 10, 1))
        child = self.make_children(date_of_birth=date(2016, 3, 1), date_into_care=date(2024, 1, 1), school=False)
        primary, secondary = self.school, self.make_school("Oak High School", "100002")
        self.env["pep.enrolment"].create(
            [
                {"child_id": child.id, "school_id": primary.id, "date_from": "2020-09-01", "date_to": "2027-08-31"},
                {"child_id": child.id, "school_id": secondary.id, "date_from": "2027-09-01"},
            ]
        )
        summer = self.env["pep.term"]._term_on(self.council, date(2027, 5, 1))
        with freeze_time("2027-08-20 12:00:00"):
            self.assertRecordValues(autumn._open(child), [{"year_group": "7", "school_id": secondary.id}])
        with freeze_time("2027-09-20 12:00:00"):
            self.assertRecordValues(summer._open(child), [{"year_group": "6", "school_id": primary.id}])

    def test_into_care_mid_term_gets_an_initial_pep_the_same_day(self):
        self.term._open()
        child = self.make_children(date_into_care=self.today)
        self.assertRecordValues(
            child.plan_ids,
            [{"term_id": self.term.id, "due_date": self.today + timedelta(weeks=4), "state": "not_started"}],
        )
        self.assertEqual(child.plan_ids.kind_id.code, "initial")
        later = self.make_children(date_into_care=False)
        self.assertFalse(later.plan_ids)
        later.date_into_care = self.today
        self.assertEqual(later.plan_ids.kind_id.code, "initial")

    def test_before_the_term_is_opened_nobody_gets_one_early(self):
        self.assertFalse(self.make_children(date_into_care=self.today).plan_ids)

    def test_back_in_care_after_an_earlier_period_is_initial_again(self):
        child = self.make_children(date_into_care=date(self.today.year - 3, 1, 1))
        earlier = self.env["pep.term"]._term_on(self.council, date(self.today.year - 2, 2, 1))
        self.env["pep.plan"].create(earlier._prepare_plans(child))
        child.date_into_care = self.term.date_from
        self.assertEqual(self.make_plan(child).kind_id.code, "initial")

    def test_going_live_leaves_earlier_terms_shut(self):
        child = self.make_children()
        self.council.pep_go_live = self.term.date_from
        past = self.env["pep.term"]._term_on(self.council, self.term.date_from - timedelta(days=1))
        self.assertFalse(past._open(child))
        self.assertTrue(self.term._open(child))

    def test_the_vseo_follows_into_open_peps_only(self):
        finished, under_way = self.make_children(2)
        plans = self.term._open()
        plans.filtered(lambda plan: plan.child_id == finished)._move("complete")
        (finished | under_way).vseo_id = self.users["other_vseo"]
        self.assertEqual(finished.plan_ids.vseo_id, self.users["vseo"])
        self.assertEqual(under_way.plan_ids.vseo_id, self.users["other_vseo"])

    def assert_late_from(self, plan, in_time, late, reason):
        """Its meeting due by the one day the PEP is not late, by the other it is, and says why."""
        plan.due_date = in_time
        self.assertFalse(plan.is_late)
        self.assertNotIn(plan, self.env["pep.plan"].search([("is_late", "=", True)]))
        plan.due_date = late
        self.env.flush_all()
        plan.invalidate_recordset()
        self.assertTrue(plan.is_late)
        self.assertIn(reason, plan.late_reason)
        self.assertIn(plan, self.env["pep.plan"].search([("is_late", "=", True)]))
        self.assertNotIn(plan, self.env["pep.plan"].search([("is_late", "=", False)]))

    def test_late_is_by_the_council_s_clock(self):
        plan = self.make_plan()
        self.assertFalse(plan.is_late)
        in_time, late = self.today + timedelta(days=5), self.today + timedelta(days=4)
        self.assert_late_from(plan, in_time, late, "School's part handed in: was due by")
        parts = plan.contribution_ids.filtered(lambda part: part.owner_role in ("teacher", "social_worker"))
        parts.write({"state": "submitted", "submitted_on": fields.Datetime.now()})
        self.assert_late_from(plan, self.today, self.today - timedelta(days=1), "PEP meeting held: was due by")
        plan._take_step("cancel", "Adopted")
        self.assertFalse(plan.is_late)

    def test_a_pep_by_hand_takes_the_facts_and_an_extra_kind(self):
        child = self.make_children()
        desk = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "desk")])
        plan = self.as_user(self.env["pep.plan"], "vseo").create(
            {"child_id": child.id, "term_id": self.term.id, "kind_id": desk.id, "year_group": "13"}
        )
        self.assertEqual(plan.kind_id.code, "desk")
        self.assertEqual(plan.year_group, child.year_group)
        self.assertEqual(plan.school_id, self.school)


@tagged("post_install", "-at_install")
class TestOpenAhead(PepCase):
    """The coming term is opened some days before its first day, as many as the council wants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coming = cls.next_term()
        cls.children = cls.make_children(3)

    def run_cron(self, days_before):
        """The PEPs of the coming term after a night so many days before its first day."""
        day = self.coming.date_from - timedelta(days=days_before)
        with (
            patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0),
            freeze_time(self.council._pep_midnight_utc(day) + timedelta(hours=3)),
        ):
            self.env["pep.term"]._cron_open()
        return self.env["pep.plan"].search([("term_id", "=", self.coming.id)])

    def test_from_the_day_on_and_never_twice(self):
        self.assertFalse(self.run_cron(15))
        self.assertFalse(self.coming.opened_on)
        plans = self.run_cron(14)
        self.assertEqual(plans.child_id, self.children)
        self.assertTrue(self.coming.opened_on)
        self.assertEqual(self.run_cron(14), plans)
        self.assertEqual(self.run_cron(0), plans)
        self.assertEqual(set(plans.mapped("due_date")), {self.coming.window_to})

    def test_a_missed_week(self):
        self.assertEqual(len(self.run_cron(6)), 3)

    def test_missed_until_the_term_has_begun(self):
        self.assertEqual(len(self.run_cron(-3)), 3)

    def test_a_child_who_comes_later(self):
        self.run_cron(14)
        child = self.make_children()
        self.assertIn(child, self.run_cron(13).child_id)

    def test_who_has_left_by_then(self):
        self.children[0].date_out_of_care = self.coming.date_from - timedelta(days=1)
        self.assertEqual(self.run_cron(14).child_id, self.children[1:])

    def test_the_current_term_goes_on(self):
        self.run_cron(14)
        self.assertEqual(len(self.env["pep.plan"].search([("term_id", "=", self.term.id)])), 3)
        self.assertTrue(self.term.is_current)

    def test_the_council_decides(self):
        self.council.pep_open_ahead_days = 0
        self.assertFalse(self.run_cron(1))
        self.assertTrue(self.run_cron(0))
        for days in (-1, 29):
            with self.assertRaises(ValidationError):
                self.council.pep_open_ahead_days = days

    def test_four_weeks_at_most(self):
        self.council.pep_open_ahead_days = 28
        self.assertFalse(self.run_cron(29))
        self.assertTrue(self.run_cron(28))

    def test_into_the_next_school_year(self):
        """Autumn belongs to a school year of its own, which may have no terms yet."""
        summer = self.env["pep.term"]._term_on(self.council, date(self.today.year + 6, 6, 1))
        first = date(summer.date_from.year, 9, 1)
        with (
            patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0),
            freeze_time(self.council._pep_midnight_utc(first - timedelta(days=10)) + timedelta(hours=3)),
        ):
            self.env["pep.term"]._cron_open()
        autumn = self.env["pep.term"]._term_on(self.council, first)
        self.assertEqual(autumn.date_from, first)
        self.assertTrue(autumn.opened_on)

    def test_a_term_before_going_live_stays_closed(self):
        self.council.pep_go_live = self.coming.date_from
        self.run_cron(14)
        self.assertFalse(self.env["pep.plan"].search([("term_id", "=", self.term.id)]))
        self.assertTrue(self.coming.opened_on)
