"""Rules: versions by the day of the event, a council's own, going live, and who may change them."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.pep_module.models.quality import pep_clock_events, pep_deadline_sync

from tests.quality.deadline_common import TODAY, DeadlineCase


@tagged("post_install", "-at_install")
class TestDeadlineRule(DeadlineCase, CronMixinCase):
    def as_admin(self, rule):
        return self.as_user(rule, "admin")

    # === Versions ===

    def test_an_event_is_judged_by_the_rule_of_its_day(self):
        before, _plan = self.newcomer(date(2026, 11, 6))
        after = self.make_children(date_into_care=date(2026, 11, 9))
        old = self.rule("start")
        new = self.as_admin(old)._new_version(date(2026, 11, 9), number=5, wording="Panel of November")
        self.assertEqual((old.valid_to, new.valid_from, new.series), (date(2026, 11, 8), date(2026, 11, 9), old.series))
        self.assertEqual(self.states(before, "start"), [(1, date(2026, 11, 20), "open")])
        self.assertEqual(self.states(after, "start"), [(1, date(2026, 11, 16), "open")])
        self.assertEqual((self.clocks(before, "start").rule_id, self.clocks(after, "start").rule_id), (old, new))
        self.assertIn("5 working days", self.clocks(after, "start").why)
        self.assert_settled()
        # moved over the border it is judged by the other one
        before.date_into_care = date(2026, 11, 9)
        self.assertEqual(self.states(before, "start"), [(1, date(2026, 11, 16), "open")])

    def test_the_newest_is_not_taken_for_the_oldest(self):
        old = self.rule("start")
        for day, number in ((date(2026, 10, 1), 8), (date(2026, 11, 1), 6), (date(2026, 12, 1), 4)):
            self.as_admin(self.rule("start"))._new_version(day, number=number)
        child = self.make_children(date_into_care=date(2026, 11, 2))
        self.assertEqual(self.clocks(child, "start").rule_id.number, 6)
        self.assertEqual(
            self.env["pep.deadline.rule"]
            ._versions(self.council)[self.council]
            .filtered(lambda rule: rule.series == "start")
            .mapped("number"),
            [4, 6, 8, old.number],
        )

    def test_a_version_begins_after_the_last_one(self):
        rule = self.as_admin(self.rule("start"))
        second = rule._new_version(date(2026, 11, 9), number=5)
        for attempt in (
            lambda: rule._new_version(date(2026, 12, 9), number=3),
            lambda: second._new_version(date(2026, 11, 9), number=3),
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_a_version_that_has_started_clocks_stays(self):
        self.newcomer()
        rule = self.as_admin(self.rule("start"))
        self.assertTrue(rule.is_used)
        for name, value in (("number", 3), ("unit", "calendar"), ("trigger", "face"), ("met_by", "hand")):
            with self.subTest(name), self.assertRaises(UserError):
                rule.write({name: value})
        for vals in ({"valid_to": TODAY}, {"series": "other"}):
            with self.assertRaises(UserError):
                rule.write(vals)
        rule.write({"remind_days": 2, "name": "PEP begun"})
        with self.assertRaises(UserError):
            rule.unlink()

    def test_versions_keep_to_child_or_pep(self):
        rule = self.own_rule(trigger="into_care", met_by="plan_started")
        with self.assertRaises(ValidationError):
            self.as_admin(rule)._new_version(TODAY, trigger="window_end")

    def test_reminders_change_at_once(self):
        child, _plan = self.newcomer(date(2026, 11, 9))
        clock = self.clocks(child, "ready")
        due = clock.due_date
        self.assertEqual(clock.watch_on, due - timedelta(days=7))
        self.as_admin(self.rule("ready")).remind_days = 3
        self.assertEqual((clock.watch_on, clock.due_date), (due - timedelta(days=3), due))

    def test_an_archived_rule_stops_its_clocks(self):
        child, plan = self.newcomer()
        self.as_admin(self.rule("start")).active = False
        self.assertEqual(
            (self.clocks(child, "start").state, self.clocks(child, "start").stop_code), ("stopped", "rule")
        )
        self.assertFalse(self.clocks(self.make_children(date_into_care=TODAY), "start"))
        rule = self.env["pep.deadline.rule"].with_context(active_test=False)
        rule = rule.search([("company_id", "=", self.council.id), ("code", "=", "start")])
        self.as_admin(rule).active = True
        self.assertEqual(self.clocks(child, "start").state, "open")
        self.assertTrue(plan)
        self.assert_settled()

    def test_a_council_with_many_children_is_seen_to_in_the_background(self):
        child, plan = self.newcomer()
        before = self.picture()
        with (
            patch.object(pep_deadline_sync, "MANY", 0),
            patch.object(pep_clock_events, "MANY", 0),
            self.capture_triggers("pep_module.ir_cron_holidays") as triggers,
        ):
            self.as_admin(self.rule("start"))._new_version(date(2026, 11, 9), number=5)
            self.term.window_to = date(2026, 12, 18)
        self.assertEqual(len(triggers.records), 2)
        self.assertEqual(self.picture(), before)
        self.assertTrue(self.council.pep_days_changed)
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0):
            self.env["res.company"]._cron_pep_holidays()
        self.assertEqual(self.clocks(child, "start").due_date, date(2026, 11, 17))
        self.assertFalse(self.council.pep_days_changed)
        self.assertTrue(plan)
        self.assert_settled()

    # === A council's own ===

    def test_own_rule_of_a_pep_met_by_hand(self):
        plan = self.make_plan()
        rule = self.own_rule(name="Panel has seen it", trigger="window_start", number=50, unit="working")
        clock = self.clocks(plan, "own")
        self.assertEqual((clock.rule_id, clock.name, clock.state), (rule, "Panel has seen it", "open"))
        self.assertTrue(rule.series.startswith("own-"))
        seen = self.as_user(clock, "vseo")
        with self.assertRaises(UserError):
            seen.action_meet(TODAY + timedelta(days=1))
        seen.action_meet(TODAY)
        self.assertEqual((clock.state, clock.met_on, clock.outcome), ("met", TODAY, "on_time"))
        with self.assertRaises(UserError):
            seen.action_meet()
        with self.assertRaises(UserError):
            self.as_user(self.clocks(plan, "meeting"), "vseo").action_meet()
        self.assert_settled()

    def test_two_own_rules_do_not_meet(self):
        plan = self.make_plan()
        self.own_rule(name="One")
        self.own_rule(name="Two", trigger="meeting", number=3, direction="before", unit="working")
        self.assertEqual(sorted(self.clocks(plan, "own").mapped("name")), ["One", "Two"])

    def test_for_first_peps_alone(self):
        _child, first = self.newcomer()
        later = self.make_plan()
        self.own_rule(name="First", plans="initial")
        self.assertTrue(self.clocks(first, "own"))
        self.assertFalse(self.clocks(later, "own"))

    def test_what_does_not_fit(self):
        for values in (
            {"trigger": "face", "met_by": "face"},
            {"trigger": "into_care", "met_by": "copies"},
            {"trigger": "into_care", "met_by": "school_parts"},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError):
                self.own_rule(**values)
        with self.assertRaises(UserError):
            self.own_rule(code="start", trigger="into_care", met_by="plan_started")

    def test_who_may_not(self):
        for role in ("vseo", "support", "finance", "teacher", "social_worker", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.rule("start"), role)._new_version(TODAY, number=5)

    # === Going live ===

    def test_no_clock_for_what_happened_before(self):
        before = self.make_children(date_into_care=date(2026, 8, 31))
        plan = self.make_plan(before)
        self.assertFalse(self.clocks(before, "start"))
        after = self.make_children(date_into_care=date(2026, 9, 1))
        self.assertTrue(self.clocks(after, "start"))
        self.assertTrue(self.clocks(plan, "meeting"))  # the term's last day comes after it

    def test_an_earlier_day_starts_them_late(self):
        child = self.make_children(date_into_care=date(2026, 8, 31))
        self.as_user(self.council, "admin").sudo().pep_go_live = date(2026, 8, 1)
        clock = self.clocks(child, "start")
        self.assertEqual((clock.due_date, clock.state, clock.outcome), (date(2026, 9, 14), "open", "late"))
        self.assert_settled()

    def test_a_later_day_stops_them(self):
        child, plan = self.newcomer(date(2026, 11, 3))
        self.council.pep_go_live = date(2027, 1, 1)
        self.assertEqual({row.stop_code for row in self.clocks(child)}, {"go_live"})
        # boards go by the days of the PEP itself then
        self.assertEqual((plan.next_due, plan.next_due_kind), (plan.due_date, "meeting"))
        self.council.pep_go_live = date(2026, 9, 1)
        self.assertEqual({row.state for row in self.clocks(child)}, {"open"})
        self.assert_settled()

    def test_a_new_council_goes_live_today(self):
        council = self.env["res.company"].create({"name": "Newshire"})
        self.assertEqual(council.pep_go_live, TODAY)
        rules = self.env["pep.deadline.rule"].search([("company_id", "=", council.id)])
        self.assertEqual(len(rules), 10)
        self.assertEqual(rules.mapped("template_id.company_id"), self.env["res.company"])

    def test_councils_have_their_own(self):
        other = self.env["res.company"].create({"name": "Newshire", "pep_go_live": date(2026, 9, 1)})
        rules = self.env["pep.deadline.rule"].search([("company_id", "=", other.id), ("code", "=", "start")])
        rules.number = 3
        mine = self.make_children(date_into_care=TODAY)
        theirs = self.make_children(date_into_care=TODAY, company_id=other.id, vseo_id=False, school=False)
        self.assertEqual(self.clocks(mine, "start").due_date, date(2026, 11, 24))
        self.assertEqual(self.clocks(theirs, "start").due_date, date(2026, 11, 13))
