from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from tests.common import PepCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


@tagged("post_install", "-at_install")
class TestNextMeeting(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.may = date(cls.today.year + 1, 5, 1)

    def gate(self):
        self.env.invalidate_all()
        return self.plan._gate_next_date()

    def set_next(self, *args, role="vseo", **kwargs):
        self.as_user(self.plan, role).action_set_next(*args, **kwargs)
        self.env.invalidate_all()

    def test_a_day(self):
        self.assertTrue(self.gate())
        self.assertFalse(self.plan.next_meeting_text)
        day = self.may.replace(day=24)
        self.set_next("date", date=str(day))
        self.assertRecordValues(
            self.plan,
            [{"next_meeting_kind": "date", "next_meeting_date": day, "next_meeting_month": False}],
        )
        self.assertEqual(self.plan.next_meeting_text, f"24 May {day.year}")
        self.assertFalse(self.gate())
        self.set_next("date", date=day, note="at the new school")
        self.assertEqual(self.plan.next_meeting_text, f"24 May {day.year} (at the new school)")
        self.set_next("date", date=self.today)

    def test_a_month(self):
        self.set_next("date", date=self.may)
        self.set_next("month", month=self.may.replace(day=17))
        self.assertRecordValues(
            self.plan,
            [{"next_meeting_kind": "month", "next_meeting_date": False, "next_meeting_month": self.may}],
        )
        self.assertEqual(self.plan.next_meeting_text, f"in May {self.may.year}")
        self.assertFalse(self.gate())
        self.set_next("month", month=self.today.replace(day=1))

    def test_none_with_the_reason(self):
        self.set_next("none", note="leaves care in June")
        self.assertEqual(self.plan.next_meeting_text, "none: leaves care in June")
        self.assertFalse(self.plan.next_meeting_date or self.plan.next_meeting_month)
        self.assertFalse(self.gate())
        self.assertEqual(self.plan._next_meeting_words(), "none is planned", "the reason is for those who may read it")

    def test_what_does_not_fit(self):
        yesterday = self.today - timedelta(days=1)
        last_month = self.today.replace(day=1) - timedelta(days=1)
        for args in (
            {"kind": "date"},
            {"kind": "date", "month": self.may},
            {"kind": "date", "date": yesterday},
            {"kind": "month"},
            {"kind": "month", "month": last_month},
            {"kind": "none"},
            {"kind": "none", "note": "  "},
            {"kind": "never", "note": "x"},
            {"kind": None},
        ):
            with self.subTest(args), self.assertRaises(UserError):
                self.set_next(**args)
        self.assertTrue(self.gate())

    def test_today_is_the_councils(self):
        """Half an hour before midnight in UTC it is tomorrow in summer."""
        summer = date(self.today.year + 1, 7, 14)
        with freeze_time(f"{summer} 23:30:00"):
            with self.assertRaises(UserError):
                self.set_next("date", date=summer)
            self.set_next("date", date=summer + timedelta(days=1))

    def test_staff_alone(self):
        for role in ("teacher", "social_worker", "carer", "parent", "iro", "other_vseo", "employee", "finance"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*QUIET):
                self.set_next("none", note="x", role=role)
        self.set_next("none", note="x", role="head")

    def test_not_once_it_is_finished(self):
        self.plan._take_step("cancel", "Adopted")
        with self.assertRaises(UserError):
            self.set_next("date", date=self.may)
        with self.assertRaises(UserError):
            self.as_user(self.plan, "vseo").action_ask_next()

    def test_by_hand(self):
        """A day that is typed in is a day; words alone are words; the kind is set by its button."""
        officer = self.as_user(self.plan, "vseo")
        officer.next_meeting_note = "Early in May"
        self.assertEqual((officer.next_meeting_text, officer.next_meeting_kind), ("Early in May", False))
        self.assertFalse(self.gate())
        officer = self.as_user(self.plan, "vseo")
        officer.next_meeting_date = self.may
        self.assertEqual(officer.next_meeting_kind, "date")
        self.assertEqual(officer.next_meeting_text, f"1 May {self.may.year} (Early in May)")
        officer.write({"next_meeting_date": False, "next_meeting_note": False})
        self.assertFalse(officer.next_meeting_kind or officer.next_meeting_text)
        for vals in ({"next_meeting_kind": "none"}, {"next_meeting_month": self.may}):
            with self.subTest(vals), self.assertRaises(UserError):
                officer.write(vals)

    def test_the_form(self):
        officer = self.as_user(self.plan, "vseo")
        ask = officer.action_ask_next()
        wizards = officer.env[ask["res_model"]].with_context(**ask["context"])
        with Form(wizards) as form:
            form.kind = "month"
            form.month = str(self.may)[:7]
        form.record.action_confirm()
        self.assertEqual(officer.next_meeting_month, self.may)
        with Form(wizards) as form:
            self.assertEqual((form.kind, form.month), ("month", str(self.may)[:7]))
            form.kind = "none"
            form.note = "Leaves care in June"
        form.record.action_confirm()
        self.assertEqual(officer.next_meeting_text, "none: Leaves care in June")
        form = Form(wizards)
        form.kind = "date"
        with self.assertRaisesRegex(AssertionError, "required"):
            form.save()

    def test_portal_people_read_the_day_and_no_reason(self):
        self.set_next("none", note="Leaves care in June")
        for role in ("teacher", "carer"):
            plan = self.as_user(self.plan, role)
            self.assertEqual(plan._next_meeting_words(), "none is planned")
            for name in ("next_meeting_text", "next_meeting_note"):
                with self.assertRaises(AccessError), mute_logger(*QUIET):
                    plan.read([name])

    def test_the_next_pep_takes_it(self):
        following = self.make_plan(self.child, self.next_term())
        self.assertIsNone(following._proposed_meeting_day())
        day = following.term_id.date_from + timedelta(days=20)
        self.set_next("date", date=day)
        self.assertEqual(following._proposed_meeting_day(), day)
        first = day.replace(day=1)
        self.set_next("month", month=first)
        proposed = following._proposed_meeting_day()
        self.assertEqual((proposed.year, proposed.month), (first.year, first.month))
        self.assertLess(proposed.weekday(), 5)
        self.assertLessEqual(proposed.day, 3)
        with freeze_time(self.council._pep_midnight_utc(first + timedelta(days=14))):
            self.assertGreaterEqual(following._proposed_meeting_day(), first + timedelta(days=14))
        with freeze_time("2099-01-01"):
            self.assertIsNone(following._proposed_meeting_day(), "it has passed")
        self.set_next("none", note="x")
        self.assertIsNone(following._proposed_meeting_day())
        self.assertIsNone(self.plan._proposed_meeting_day())

    def test_for_many_at_once(self):
        def queries(number):
            children = self.make_children(number)
            plans = self.make_plan(children)
            plans.action_set_next("date", date=self.next_term().date_from + timedelta(days=20))
            following = self.make_plan(children, self.next_term())
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(following._proposed_meeting_days()), number)
            return self.env.cr.sql_log_count - before

        queries(2)
        self.assertEqual(queries(3), queries(40))
