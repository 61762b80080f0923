"""The watch of the clocks: reminded before, told after, the head later; nobody twice for the same thing."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .watch_common import WatchCase


@tagged("post_install", "-at_install")
class TestStages(WatchCase):
    def test_reminded_before_it_is_due(self):
        self.set_due(self.clock, 6)
        self.assertFalse(self.run_watch())
        self.set_due(self.clock, 5)
        to_do = self.run_watch()
        self.assertEqual(self.said(), [("reminder", "vseo")])
        self.assertEqual(to_do.user_id, self.users["vseo"])
        self.assertEqual((to_do.res_model, to_do.res_id), ("pep.plan", self.plan.id))
        self.assertEqual(to_do.date_deadline, self.clock.due_date)
        self.assertEqual(to_do.summary, f"{self.clock.name}: due by {self.in_words(5)}")
        self.assertEqual(self.clock.outcome, "pending")
        self.assertEqual(self.clock.watch_on, self.today + timedelta(days=6))

    def test_late_the_day_after_then_the_head(self):
        self.run_watch()
        self.assertEqual(self.said(), [("reminder", "vseo")], "due today is not late")
        self.assertEqual(self.clock.outcome, "pending")
        self.assertFalse(self.run_watch(1), "the to-do is there")
        self.assertEqual(self.said(), [("reminder", "vseo"), ("owner", "vseo")])
        self.assertEqual((self.clock.outcome, self.clock.days_late, self.clock.share_on_time), ("late", 1, 0))
        self.assertEqual(self.to_dos().summary, f"Late: {self.clock.name}, due by {self.in_words(0)}")
        for day in (2, 3, 4):
            self.assertFalse(self.run_watch(day))
        to_do = self.run_watch(5)
        self.assertEqual(to_do.user_id, self.users["head"])
        self.assertEqual(self.said()[2:], [("head", "head")])
        self.assertEqual(self.clock.days_late, 5)
        self.assertFalse(self.clock.watch_on)
        self.assertFalse(self.run_watch(30))

    def test_the_council_s_own_days(self):
        self.rule.write({"remind_days": 0, "owner_days": 3, "head_days": 0})
        self.set_due(self.clock, 0)
        self.assertFalse(self.run_watch())
        self.assertFalse(self.run_watch(1))
        self.assertEqual(self.clock.outcome, "late", "late is late, whoever is told when")
        self.assertFalse(self.run_watch(2))
        self.assertTrue(self.run_watch(3))
        self.assertFalse(self.run_watch(60))
        self.assertEqual(self.said(), [("owner", "vseo")])

    def test_a_part_s_clock_tells_the_officer_only_when_it_is_late(self):
        clock = self.clocks_of(self.plan, "school_part")
        self.assertTrue(clock)
        self.set_due(clock, 1)
        self.assertFalse(self.run_watch())
        self.assertFalse(self.run_watch(1))
        self.run_watch(2)
        self.assertEqual(self.said(clock), [("owner", "vseo")])

    def test_a_clock_of_the_child(self):
        child = self.make_children(date_into_care=self.today)
        self.env["pep.deadline"]._sync(children=child)
        clock = child.deadline_ids.filtered(lambda clock: clock.kind == "start")
        self.assertTrue(clock)
        clock.plan_id = False
        self.clock.watch_on = False
        self.set_due(clock, 2)
        to_do = self.run_watch()
        self.assertEqual((to_do.res_model, to_do.res_id), ("pep.child", child.id))
        self.assertNotIn(child.last_name, f"{to_do.summary} {to_do.note} {to_do.res_name}")


@tagged("post_install", "-at_install")
class TestWho(WatchCase):
    def test_whoever_covers_today(self):
        self.env["pep.cover"].create(
            {
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["other_vseo"].id,
                "role": "vseo",
                "company_id": self.council.id,
                "date_from": self.today - timedelta(days=1),
                "date_to": self.today + timedelta(days=2),
            }
        )
        self.run_watch()
        self.assertEqual(self.said(), [("reminder", "vseo"), ("reminder", "other_vseo")])
        self.assertEqual(self.to_dos().user_id, self.users["vseo"] | self.users["other_vseo"])
        self.run_watch(3)
        self.assertEqual(self.to_dos().user_id, self.users["vseo"], "the cover is over")

    def test_nobody_on_the_caseload(self):
        self.child.vseo_id = False
        self.run_watch(1)
        self.assertEqual(self.said(), [("owner", "head")])
        self.run_watch(5)
        self.assertEqual(self.said(), [("owner", "head")], "the head knows already")
        self.child.vseo_id = self.users["vseo"]
        to_do = self.run_watch(6)
        self.assertEqual(to_do.user_id, self.users["vseo"] | self.users["head"])
        self.assertEqual(self.said(), [("owner", "head"), ("owner", "vseo"), ("head", "head")])

    def test_nobody_at_all(self):
        self.child.vseo_id = False
        self.users["head"].active = False
        self.assertFalse(self.run_watch(1))
        self.assertFalse(self.notices())
        self.assertEqual(self.clock.outcome, "late")

    def test_an_officer_who_is_head_is_told_once(self):
        self.users["vseo"].group_ids = [(4, self.env.ref("pep_module.group_pep_head").id)]
        self.users["head"].active = False
        self.run_watch(1)
        self.run_watch(5)
        self.assertEqual(self.said(), [("owner", "vseo")])

    def test_handed_over(self):
        self.run_watch(1)
        self.child.vseo_id = self.users["other_vseo"]
        to_do = self.run_watch(2)
        self.assertEqual(to_do.user_id, self.users["other_vseo"])
        self.assertEqual(self.to_dos(), to_do)
        self.assertEqual(self.said(), [("owner", "vseo"), ("owner", "other_vseo")])
        self.assertFalse(self.run_watch(2))
        self.child.vseo_id = self.users["vseo"]
        to_do = self.run_watch(3)
        self.assertEqual(to_do.user_id, self.users["vseo"], "and back again")
        self.assertEqual(self.to_dos(), to_do)
        self.assertEqual(len(self.notices()), 2)

    def test_of_another_council(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        head = new_test_user(
            self.env,
            "elsewhere",
            groups="pep_module.group_pep_head",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.run_watch(5)
        self.assertNotIn(head, self.notices().user_id)

    def test_nobody_follows_by_a_to_do(self):
        before = self.plan.message_partner_ids
        self.run_watch(5)
        self.assertEqual(self.plan.message_partner_ids, before)
        self.assertFalse(self.env["mail.notification"].search([("mail_message_id.res_id", "=", self.plan.id)]))

    def test_words_name_nobody(self):
        to_dos = self.run_watch(5)
        for to_do in to_dos:
            for words in (to_do.summary, to_do.note, to_do.res_name, to_do.display_name):
                self.assertNotIn(self.child.last_name, words or "")
                self.assertNotIn(self.child.first_name, words or "")

    def test_who_reads_the_notices(self):
        self.run_watch(1)
        for role, number in (("vseo", 1), ("head", 1), ("other_vseo", 0)):
            self.assertEqual(self.as_user(self.env["pep.deadline.notice"], role).search_count([]), number, role)
        for role in ("admin", "finance", "employee", "teacher"):
            with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
                self.as_user(self.env["pep.deadline.notice"], role).search([])
        notice = self.as_user(self.notices(), "head")
        for attempt in (
            lambda: notice.write({"told_on": self.today}),
            lambda: notice.create({"deadline_id": self.clock.id}),
            notice.copy,
            notice.unlink,
        ):
            with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(UserError):
                attempt()


@tagged("post_install", "-at_install")
class TestOnce(WatchCase):
    def test_run_as_often_as_one_likes(self):
        for day in (0, 0, 1, 1, 5, 5, 6):
            self.run_watch(day)
        self.assertEqual(self.said(), [("reminder", "vseo"), ("owner", "vseo"), ("head", "head")])
        self.assertEqual(len(self.to_dos()), 2)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_a_second_time(self):
        self.run_watch()
        notice = self.notices()
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            notice.create(
                {name: notice[name].id for name in ("deadline_id", "user_id")}
                | {"stage": notice.stage, "due_date": notice.due_date, "day": notice.day}
            )

    def test_a_missed_week(self):
        self.set_due(self.clock, 0)
        self.run_watch(8)
        self.assertEqual(self.said(), [("owner", "vseo"), ("head", "head")], "nobody is reminded of what is late")
        self.assertEqual((self.clock.outcome, self.clock.days_late), ("late", 8))

    def test_a_missed_day_of_the_reminder(self):
        self.set_due(self.clock, 5)
        self.run_watch(4)
        self.assertEqual(self.said(), [("reminder", "vseo")])

    def test_met(self):
        self.run_watch()
        self.assertTrue(self.to_dos())
        self.clock._meet(self.today)
        self.assertFalse(self.to_dos())
        self.assertTrue(self.notices().withdrawn_on)
        self.assertFalse(self.run_watch(1))
        self.assertEqual(self.clock.outcome, "on_time")

    def test_met_by_what_happens(self):
        self.run_watch()
        start = self.council._pep_midnight_utc(self.today)
        meeting = self.env["pep.meeting"].create({"plan_id": self.plan.id, "start": start})
        meeting.sudo().write({"state": "held"})
        self.env["pep.deadline"]._sync(plans=self.plan)
        self.assertEqual(self.clock.state, "met")
        self.assertFalse(self.to_dos())

    def test_stopped_and_going_on(self):
        self.run_watch()
        self.run_daily()
        self.clock._stop("out_of_care")
        self.assertFalse(self.to_dos())
        self.assertFalse(self.run_watch())
        self.clock.write({"state": "open", "stop_code": False, "watch_on": self.clock._next_watch()})
        self.assertEqual(self.run_watch().user_id, self.users["vseo"], "there is something to do again")
        self.assertEqual(self.said(), [("reminder", "vseo")])
        self.assertFalse(self.run_daily(1), "which was told")

    def test_moved(self):
        self.run_watch()
        self.set_due(self.clock, 30)
        self.assertFalse(self.to_dos())
        self.assertFalse(self.run_watch(1))
        to_do = self.run_watch(25)
        self.assertEqual(to_do.date_deadline, self.today + timedelta(days=30))
        self.assertEqual(self.said(), [("reminder", "vseo")] * 2)
        self.assertEqual(self.notices().mapped("due_date"), [self.today, self.today + timedelta(days=30)])

    def test_moved_by_hand(self):
        self.run_watch()
        self.plan.due_date = self.today + timedelta(days=40)
        self.assertEqual(self.clock.due_date, self.today + timedelta(days=40))
        self.assertFalse(self.to_dos())
        self.assertFalse(self.clock.told)

    def test_a_failing_clock_ends_nothing_by_half(self):
        """All of a chunk is kept, or none of it."""
        deadline = type(self.env["pep.deadline"])

        def fail(*_args):
            raise UserError("no")

        original, deadline._next_watch = deadline._next_watch, fail
        self.addCleanup(setattr, deadline, "_next_watch", original)
        with self.assertRaises(UserError), self.cr.savepoint():
            self.run_watch(1)
        self.assertFalse(self.notices())
        self.assertFalse(self.to_dos())


@tagged("post_install", "-at_install")
class TestMails(WatchCase):
    def test_one_mail_tells_it_once(self):
        self.set_due(self.clock, 5)
        self.run_watch()
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["vseo"])
        self.assertIn(f"{self.child.reference}: {self.clock.name}, due by {self.in_words(5)}", self.body(mails, "vseo"))
        self.assertIn("/odoo/my-peps", self.body(mails, "vseo"))
        row = self.env["pep.daily.mail"].search([("mail_id", "=", mails.id)])
        self.assertEqual((row.clock_count, row.part_count, row.action_count), (1, 0, 0))
        self.assertEqual(self.notices().daily_mail_id, row)
        self.assertEqual(self.notices().told_on, self.today)
        self.assertFalse(self.run_daily())
        self.assertFalse(self.run_daily(1))

    def test_late(self):
        self.run_watch(1)
        self.assertIn(f"{self.clock.name}, late since {self.in_words(0)}", self.body(self.run_daily(1), "vseo"))

    def test_the_head_is_told_by_the_kind(self):
        plans = self.make_plan(self.make_children(3))
        clocks = self.clocks_of(plans)
        self.clock.watch_on = False
        for days, clock in zip((-5, -6, -7), clocks, strict=True):
            self.set_due(clock, days)
        self.run_watch()
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["head", "vseo"])
        body = self.body(mails, "head")
        self.assertIn(f"{self.clock.name}: 3 late, the longest since {self.in_words(-7)}", body)
        self.assertEqual(body.count("<li"), 1)
        self.assertIn("/odoo/pep-late", body)
        self.assertEqual(self.body(mails, "vseo").count("<li"), 3)

    def test_one_late_clock_by_its_reference(self):
        self.run_watch(5)
        self.assertIn(self.child.reference, self.body(self.run_daily(5), "head"))

    def test_by_the_school(self):
        self.council.pep_mail_label = "school"
        plans = self.plan | self.make_plan(self.make_children())
        self.set_due(self.clocks_of(plans), -1)
        self.run_watch()
        body = self.body(self.run_daily(), "vseo")
        self.assertIn(f"Elm Primary School: {self.clock.name} (2), late since", body)
        self.assertNotIn(self.child.reference, body)

    def test_what_is_over_is_not_told(self):
        self.run_watch()
        self.clock._meet(self.today)
        self.assertFalse(self.run_daily())

    def test_not_to_whom_it_is_not_any_more(self):
        self.run_watch()
        self.child.vseo_id = self.users["other_vseo"]
        self.assertFalse(self.run_daily())
        self.run_watch(1)
        self.assertEqual(self.told(self.run_daily(1)), ["other_vseo"])

    def test_weekends_wait(self):
        self.council.pep_mail_weekends = False
        saturday = (5 - self.today.weekday()) % 7
        self.set_due(self.clock, saturday)
        self.run_watch(saturday)
        self.assertFalse(self.run_daily(saturday))
        self.assertFalse(self.run_daily(saturday + 1))
        self.assertEqual(self.told(self.run_daily(saturday + 2)), ["vseo"])

    def test_no_address_yet(self):
        self.users["vseo"].partner_id.email = False
        self.run_watch()
        self.assertFalse(self.run_daily())
        self.users["vseo"].partner_id.email = "vseo@people.example"
        self.assertEqual(self.told(self.run_daily(1)), ["vseo"])

    def test_no_name(self):
        self.run_watch(5)
        for mail in self.run_daily(5):
            for name in (self.child.first_name, self.child.last_name, self.users["vseo"].name):
                self.assertNotIn(name, f"{mail.subject} {mail.body_html}")

    def test_an_archived_child(self):
        self.run_watch()
        self.child.active = False
        self.env["pep.deadline"]._sync(children=self.child)
        self.assertFalse(self.to_dos())
        self.assertFalse(self.run_daily())


@tagged("post_install", "-at_install")
class TestHowMuchItCosts(WatchCase):
    def test_the_same_for_few_clocks_and_many(self):
        self.clock.watch_on = False

        def queries(number):
            clocks = self.clocks_of(self.make_plan(self.make_children(number)))
            for days, some in ((-1, clocks[::2]), (-5, clocks[1::2])):
                self.set_due(some, days)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.run_watch()
            self.env.flush_all()
            watched = self.env.cr.sql_log_count - before
            self.assertGreaterEqual(len(self.notices(clocks)), number)
            self.run_daily(number)  # another day for each of these
            self.env.flush_all()
            return watched

        def ended(number):
            clocks = self.env["pep.deadline"].search([("told", "=", True)], limit=number, order="id desc")
            self.env.invalidate_all()
            clocks.mapped("told")
            before = self.env.cr.sql_log_count
            clocks._withdraw_notices()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(4)
        few, many = queries(6), queries(60)
        self.assertEqual(few, many)
        print(f"a watch: {many} queries")
        self.assertEqual(ended(5), ended(50))
