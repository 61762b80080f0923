"""One mail a person and day with all that is due, by reference; nobody is told twice, and nobody is named."""

from contextlib import suppress
from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .gathering_common import GatheringCase


class DailyCase(GatheringCase):
    """Every part of ``plan`` is due in three days; mails go out on any day of the week."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.write({"pep_mail_weekends": True, "email": "school@testshire.example"})
        for role in ("teacher", "social_worker", "carer", "parent", "iro", "vseo", "other_vseo", "head"):
            cls.users[role].partner_id.email = f"{role}@people.example"
        cls.due(cls.plan, 3)

    @classmethod
    def due(cls, plan, days):
        plan.contribution_ids.write({"due_date": cls.today + timedelta(days=days)})

    def run_daily(self, moment=None):
        """The mails that a run makes."""
        mails = self.env["mail.mail"]
        before = mails.search([])
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0):
            if moment:
                with freeze_time(moment):
                    self.env["pep.daily.mail"]._cron_daily()
            else:
                self.env["pep.daily.mail"]._cron_daily()
        return mails.search([]) - before

    def told(self, mails):
        return sorted(mail.email_to.split("@")[0] for mail in mails)

    def body(self, mails, role):
        return mails.filtered(lambda mail: mail.email_to == f"{role}@people.example").body_html or ""

    def on(self, days, hour=7):
        day = self.today + timedelta(days=days)
        return self.council._pep_midnight_utc(day) + timedelta(hours=hour)


@tagged("post_install", "-at_install")
class TestWho(DailyCase):
    def test_each_who_has_a_part(self):
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["carer", "social_worker", "teacher", "vseo"])
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        self.assertFalse(any(mails.mapped("auto_delete")))
        self.assertFalse(mails.recipient_ids or mails.partner_ids)
        self.assertFalse(any(mails.mapped("model")))
        day = self.today + timedelta(days=3)
        self.assertIn(f"{self.child.reference}: 1 part, due by {day.day} {day:%B %Y}", self.body(mails, "teacher"))
        self.assertIn("/my/pep", self.body(mails, "teacher"))
        self.assertIn("/odoo/my-peps", self.body(mails, "vseo"))
        rows = self.env["pep.daily.mail"].search([("mail_id", "in", mails.ids)])
        self.assertEqual(len(rows), 4)
        self.assertEqual(set(rows.mapped("day")), {self.today})

    def test_no_name_anywhere(self):
        mails = self.run_daily()
        self.assertTrue(mails)
        names = (self.child.first_name, self.child.last_name, self.users["carer"].name, self.users["teacher"].name)
        for mail in mails:
            for part in mail._prepare_outgoing_list():
                everything = " ".join(map(str, part.values())) + f"{mail.subject} {mail.email_from} {mail.reply_to}"
                for name in names:
                    self.assertNotIn(name, everything)
                self.assertNotIn(self.child.reference, mail.subject)
                self.assertIn("auto-generated", str(part["headers"]))
            self.assertIn("school@testshire.example", mail.email_from)

    def test_nobody_with_nothing_due(self):
        self.hand_in(self.plan, "school")
        self.assertNotIn("teacher", self.told(self.run_daily()))

    def test_not_before_the_days_that_the_council_says(self):
        self.due(self.plan, 11)
        self.assertFalse(self.run_daily())
        self.council.pep_mail_days_ahead = 11
        self.assertTrue(self.run_daily())

    def test_only_while_the_pep_is_worked_on(self):
        for state in ("not_started", "complete", "cancelled"):
            with self.subTest(state):
                self.plan._move(state)
                self.env.flush_all()
                self.assertFalse(self.run_daily())
        self.plan._move("processing")
        self.assertTrue(self.run_daily())

    def test_returned_whenever_it_is_due(self):
        self.hand_in(self.plan, "carer")
        self.due(self.plan, 50)
        self.as_user(self.parts["carer"], "vseo")._take_step("return", "Please say more")
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["carer"])
        self.assertIn("returned to you: 1", self.body(mails, "carer"))

    def test_late(self):
        self.due(self.plan, -2)
        day = self.today - timedelta(days=2)
        self.assertIn(f"late since {day.day} {day:%B %Y}", self.body(self.run_daily(), "carer"))

    def test_not_needed(self):
        self.as_user(self.parts["carer"], "vseo")._take_step("not_needed", "New to the child")
        self.assertNotIn("carer", self.told(self.run_daily()))

    def test_a_teacher_of_another_school_of_the_child(self):
        second = self.make_school("Ash Centre", "100003")
        user = new_test_user(self.env, "ash@people.example", groups="base.group_portal")
        self.env["pep.school.staff"].create({"user_id": user.id, "school_id": second.id})
        self.env["pep.enrolment"].create(
            {"child_id": self.child.id, "school_id": second.id, "kind": "subsidiary", "date_from": self.today}
        )
        self.assertNotIn("ash", self.told(self.run_daily()), "the part is the main school's")

    def test_a_colleague_is_told_of_what_was_delegated(self):
        user = new_test_user(self.env, "colleague@people.example", groups="base.group_portal")
        self.env["pep.school.staff"].create({"user_id": user.id, "school_id": self.school.id, "role": "colleague"})
        self.assertNotIn("colleague", self.told(self.run_daily(self.on(0))))
        delegations = self.as_user(self.env["pep.delegation"], "teacher")
        row = delegations.browse(delegations.action_delegate(self.plan.id, user.id, self.parts["school"].id))
        self.assertIn("colleague", self.told(self.run_daily(self.on(1))))
        row.action_end()
        self.assertNotIn("colleague", self.told(self.run_daily(self.on(2))))
        delegations.action_delegate(self.plan.id, user.id)
        self.assertIn("colleague", self.told(self.run_daily(self.on(3))))

    def test_who_is_gone_or_barred(self):
        members = {row.role: row for row in self.child.network_ids}
        members["carer"].date_to = self.today - timedelta(days=1)
        members["social_worker"].must_not_contact = True
        self.env["pep.school.staff"].search([("user_id", "=", self.users["teacher"].id)]).date_to = self.today
        self.users["vseo"].active = False
        self.assertEqual(self.told(self.run_daily()), ["teacher"], "the last day counts")
        self.assertFalse(self.run_daily(self.on(1)))

    def test_no_address_no_mail(self):
        self.users["carer"].partner_id.email = False
        self.assertNotIn("carer", self.told(self.run_daily()))
        self.users["carer"].partner_id.email = "carer@people.example"
        self.assertEqual(self.told(self.run_daily()), ["carer"], "once there is one")

    def test_archived_child(self):
        self.child.active = False
        self.assertFalse(self.run_daily())

    def test_followers_decide_nothing(self):
        self.plan.message_subscribe(partner_ids=self.users["iro"].partner_id.ids)
        self.assertNotIn("iro", self.told(self.run_daily()))
        self.assertFalse(self.env["mail.notification"].search([("mail_mail_id", "in", self.run_daily().ids)]))

    def test_nobody_reads_or_writes_the_rows(self):
        self.run_daily()
        for role in ("vseo", "head", "admin", "carer"):
            with (
                self.subTest(role),
                mute_logger("odoo.addons.base.models.ir_model"),
                self.assertRaises(AccessError),
            ):
                self.as_user(self.env["pep.daily.mail"], role).search([])


@tagged("post_install", "-at_install")
class TestWhen(DailyCase):
    def test_once_a_day(self):
        self.assertTrue(self.run_daily())
        self.assertFalse(self.run_daily())
        self.assertFalse(self.run_daily(self.on(0, hour=22)))
        self.assertTrue(self.run_daily(self.on(1)))

    def test_a_new_part_waits_for_the_next_day(self):
        self.run_daily(self.on(0))
        plan = self.make_plan(self.make_children())
        plan.action_start()
        self.due(plan, 2)
        self.assertNotIn("teacher", self.told(self.run_daily(self.on(0, hour=12))))
        self.assertIn(plan.child_reference, self.body(self.run_daily(self.on(1)), "teacher"))

    def test_missed_days_are_one_mail(self):
        self.run_daily(self.on(0))
        self.assertEqual(self.told(self.run_daily(self.on(6))).count("carer"), 1)

    def test_weekends(self):
        self.council.pep_mail_weekends = False
        saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7)
        for day in (saturday, saturday + timedelta(days=1)):
            moment = self.council._pep_midnight_utc(day) + timedelta(hours=7)
            self.assertFalse(self.run_daily(moment))
        self.assertTrue(self.run_daily(self.council._pep_midnight_utc(saturday + timedelta(days=2))))

    def test_the_day_begins_at_the_council_s_midnight(self):
        """Half past eleven at night in UTC is the next day already in summer."""
        summer = date(self.today.year + 1, 7, 1)
        while summer.weekday() != 1:
            summer += timedelta(days=1)
        self.env.company.pep_tz = "Europe/London"
        self.plan.contribution_ids.write({"due_date": summer + timedelta(days=1)})
        self.council.pep_mail_days_ahead = 0
        self.assertFalse(self.run_daily(f"{summer} 22:30:00"))
        mails = self.run_daily(f"{summer} 23:30:00")
        self.assertIn("due by", self.body(mails, "carer"))
        row = self.env["pep.daily.mail"].search([("partner_id", "=", self.users["carer"].partner_id.id)])
        self.assertEqual(row.day, summer + timedelta(days=1))
        self.assertFalse(self.run_daily(f"{summer + timedelta(days=1)} 07:00:00"), "that was this day's")

    def test_the_database_refuses_a_second_one(self):
        self.run_daily()
        row = self.env["pep.daily.mail"].search([], limit=1)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            row.create({"partner_id": row.partner_id.id, "day": row.day})
            self.env.flush_all()

    def test_killed_half_way(self):
        """What was committed stays told; the next run tells the others."""
        daily = type(self.env["pep.daily.mail"])
        with patch("odoo.addons.pep_module.models.plan.pep_daily_mail.CHUNK", 2):
            tell, calls = daily._tell_people, []

            def dies(self, ids, days):
                calls.append(ids)
                if len(calls) > 1:
                    raise KeyboardInterrupt
                return tell(self, ids, days)

            before = self.env["mail.mail"].search([])
            with patch.object(daily, "_tell_people", dies), suppress(KeyboardInterrupt):  # assertRaises would undo all
                self.run_daily()
            self.assertEqual(len(calls), 2)
            first = self.env["mail.mail"].search([]) - before
            self.assertEqual(len(first), 2)
            second = self.run_daily()
        self.assertEqual(self.told(first | second), ["carer", "social_worker", "teacher", "vseo"])

    def test_old_rows_go(self):
        self.run_daily()
        rows = self.env["pep.daily.mail"].search([])
        with freeze_time(self.on(300)):
            rows._gc_old()
        self.assertEqual(rows.exists(), rows)
        with freeze_time(self.on(500)):
            rows._gc_old()
        self.assertFalse(rows.exists())


@tagged("post_install", "-at_install")
class TestWhatIsSaid(DailyCase):
    def test_by_the_school(self):
        self.council.pep_mail_label = "school"
        body = self.body(self.run_daily(), "teacher")
        self.assertIn("Elm Primary School: 1 part", body)
        self.assertNotIn(self.child.reference, body)

    def test_a_parent_is_not_told_the_school(self):
        self.council.pep_mail_label = "school"
        self.parts["school"].write({"owner_role": "parent"})
        self.due(self.plan, 3)
        body = self.body(self.run_daily(), "parent")
        self.assertIn(self.child.reference, body)
        self.assertNotIn("Elm Primary", body)

    def test_by_words_of_the_council_s_own(self):
        self.council.write({"pep_mail_label": "label", "pep_mail_label_text": "Learner of yours"})
        body = self.body(self.run_daily(), "carer")
        self.assertIn("Learner of yours: 1 part", body)
        self.assertNotIn(self.child.reference, body)
        with self.assertRaises(ValidationError):
            self.council.pep_mail_label_text = " "

    def test_what_reads_alike_is_one_line(self):
        self.council.pep_mail_label = "school"
        for _number in range(3):
            plan = self.make_plan(self.make_children())
            plan.action_start()
            self.due(plan, 3)
        body = self.body(self.run_daily(), "teacher")
        self.assertIn("Elm Primary School: 4 parts of 4 PEPs", body)
        self.assertEqual(body.count("<li"), 1)

    def test_a_long_list_is_cut(self):
        plans = self.make_plan(self.make_children(50))
        for plan in plans:
            plan.action_start()
            self.due(plan, 4)
        body = self.body(self.run_daily(), "teacher")
        self.assertEqual(body.count("<li"), 40)
        self.assertIn("and 12 more", body)

    def test_one_mail_for_several_councils(self):
        other = self.env["res.company"].create(
            {"name": "Farshire", "email": "school@farshire.example", "pep_mail_weekends": True}
        )
        term = self.env["pep.term"]._term_on(other, self.today)
        for _number in range(2):
            child = self.make_children(company_id=other.id, vseo_id=False)
            plan = self.make_plan(child, term)
            plan.action_start()
            self.due(plan, 3)
        mails = self.run_daily().filtered(lambda mail: mail.email_to == "teacher@people.example")
        self.assertEqual(len(mails), 1)
        self.assertEqual(mails.body_html.count("<li"), 3)
        self.assertIn("school@farshire.example", mails.email_from, "the council that most of it is for")

    def test_a_council_that_rests_at_weekends_beside_one_that_does_not(self):
        self.council.pep_mail_weekends = False
        other = self.env["res.company"].create({"name": "Farshire", "pep_mail_weekends": True})
        child = self.make_children(company_id=other.id, vseo_id=False)
        plan = self.make_plan(child, self.env["pep.term"]._term_on(other, self.today))
        plan.action_start()
        self.due(plan, 3)
        saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7)
        body = self.body(self.run_daily(self.council._pep_midnight_utc(saturday) + timedelta(hours=7)), "teacher")
        self.assertIn(child.reference, body)
        self.assertNotIn(self.child.reference, body)

    def test_a_shared_mailbox_is_told_how_much(self):
        self.school.pep_shared_mailbox = "office@elm.example"
        self.due(self.plan, -1)
        mails = self.run_daily()
        mail = mails.filtered(lambda mail: mail.email_to == "office@elm.example")
        self.assertEqual(len(mail), 1)
        self.assertIn("Parts of PEPs to hand in: 1", mail.body_html)
        self.assertIn("Late: 1", mail.body_html)
        for word in (self.child.reference, "Unsaid", "Zebedee"):
            self.assertNotIn(word, mail.body_html)
        self.assertFalse(self.run_daily(), "once a day")
        self.hand_in(self.plan, "school")
        self.assertNotIn("office", self.told(self.run_daily(self.on(1))))

    def test_a_mailbox_hears_nothing_of_pupils_who_left(self):
        self.school.pep_shared_mailbox = "office@elm.example"
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        self.assertNotIn("office", self.told(self.run_daily()))

    def test_the_settings(self):
        self.as_user(self.env["pep.settings"], "admin").create({"pep_mail_days_ahead": 4}).action_save()
        self.assertEqual(self.council.pep_mail_days_ahead, 4)
        with self.assertRaises(ValidationError):
            self.council.pep_mail_days_ahead = -1


@tagged("post_install", "-at_install")
class TestActions(DailyCase):
    """Who agreed to do something is reminded in the same mail, some days before and while it is late."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.due(cls.plan, 40)  # parts are due later: what is told of is the actions
        cls.action = cls.agree("carer", 3)

    @classmethod
    def agree(cls, role, days, plan=None, **values):
        actions = cls.env["pep.action"]
        return actions.create(
            {
                "plan_id": (plan or cls.plan).id,
                "name": "Finds a tutor for Zebedee",
                "partner_id": cls.users[role].partner_id.id,
                "role": role,
                "due_date": cls.today + timedelta(days=days),
                **values,
            }
        )

    def words(self, days):
        day = self.today + timedelta(days=days)
        return f"{day.day} {day:%B %Y}"

    def test_some_days_before(self):
        self.agree("iro", 4)
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["carer"])
        self.assertIn(
            f"{self.child.reference}: 1 action that was agreed, due by {self.words(3)}", self.body(mails, "carer")
        )
        self.assertIn("/my/pep", self.body(mails, "carer"))
        self.assertNotIn("tutor", mails.body_html)
        row = self.env["pep.daily.mail"].search([("mail_id", "=", mails.id)])
        self.assertEqual((row.part_count, row.action_count), (0, 1))
        self.assertFalse(self.run_daily(), "once a day")
        self.assertEqual(self.told(self.run_daily(self.on(1))), ["carer", "iro"])

    def test_the_councils_days(self):
        self.council.pep_action_reminder_days = 2
        self.assertFalse(self.run_daily())
        self.council.pep_action_reminder_days = 10
        self.assertTrue(self.run_daily())
        with self.assertRaises(ValidationError):
            self.council.pep_action_reminder_days = -1
        self.as_user(self.env["pep.settings"], "admin").create({"pep_action_reminder_days": 7}).action_save()
        self.assertEqual(self.council.pep_action_reminder_days, 7)

    def test_late(self):
        self.assertIn(f"late since {self.words(3)}", self.body(self.run_daily(self.on(9)), "carer"))

    def test_until_somebody_says_what_became_of_it(self):
        for deed in (
            lambda: self.as_user(self.action, "carer").action_done(),
            lambda: self.as_user(self.agree("carer", 1), "vseo").action_not_done("Too far"),
        ):
            deed()
            self.assertFalse(self.run_daily() if self.action.state == "open" else self.run_daily(self.on(0)))

    def test_one_mail_with_parts_and_actions(self):
        self.due(self.plan, 3)
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["carer", "social_worker", "teacher", "vseo"])
        body = self.body(mails, "carer")
        self.assertEqual(body.count("<li"), 2)
        self.assertIn("1 part, due", body)
        self.assertIn("1 action that was agreed, due", body)
        row = self.env["pep.daily.mail"].search([("partner_id", "=", self.users["carer"].partner_id.id)])
        self.assertEqual((row.part_count, row.action_count), (1, 1))

    def test_also_after_the_pep_is_finished(self):
        self.plan._move("complete", {"completed_on": self.env.cr.now()})
        self.env.flush_all()
        self.assertEqual(self.told(self.run_daily()), ["carer"])

    def test_only_who_sees_it(self):
        """Who has left, is barred or has no login is not told; nor is anybody of a child who is not there any more."""
        self.agree("parent", 1)
        self.agree("vseo", 1)
        self.agree("teacher", 1, partner_id=self.env["res.partner"].create({"name": "x", "email": "x@x.example"}).id)
        members = {row.role: row for row in self.child.network_ids}
        members["carer"].date_to = self.today
        members["parent"].must_not_contact = True
        mails = self.run_daily()
        self.assertEqual(self.told(mails), ["carer", "vseo"], "the last day counts")
        self.assertIn("/odoo/my-pep-actions", self.body(mails, "vseo"))
        self.assertEqual(self.told(self.run_daily(self.on(1))), ["vseo"])
        self.child.active = False
        self.assertFalse(self.run_daily(self.on(2)))

    def test_by_the_school_and_a_parent_by_the_reference(self):
        self.council.pep_mail_label = "school"
        self.agree("parent", 1)
        mails = self.run_daily()
        self.assertIn("Elm Primary School: 1 action", self.body(mails, "carer"))
        self.assertIn(f"{self.child.reference}: 1 action", self.body(mails, "parent"))

    def test_what_reads_alike_is_one_line(self):
        self.council.pep_mail_label = "school"
        self.agree("carer", 3)
        plan = self.make_plan(self.make_children())
        self.surround_by_carer(plan)
        self.agree("carer", 3, plan)
        body = self.body(self.run_daily(), "carer")
        self.assertIn("Elm Primary School: 3 actions that were agreed of 2 PEPs", body)
        self.assertEqual(body.count("<li"), 1)

    def surround_by_carer(self, plan):
        carer = self.users["carer"].partner_id
        self.env["pep.network.member"].create(
            {"child_id": plan.child_id.id, "partner_id": carer.id, "role": "carer", "date_from": self.today}
        )

    def test_no_activity_and_no_follower(self):
        self.run_daily()
        self.assertFalse(self.env["mail.activity"].search([("res_model", "=", "pep.action")]))


@tagged("post_install", "-at_install")
class TestHowMuchItCosts(DailyCase):
    def test_the_same_for_few_people_and_many(self):
        def queries(number):
            people = self.env["res.users"].create(
                [
                    {
                        "name": f"Carer {number} {index}",
                        "login": f"carer.{number}.{index}@people.example",
                        "email": f"carer.{number}.{index}@people.example",
                        "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
                    }
                    for index in range(number)
                ]
            )
            children = self.make_children(number)
            self.env["pep.network.member"].create(
                [
                    {"child_id": child.id, "partner_id": user.partner_id.id, "role": "carer"}
                    for child, user in zip(children, people, strict=True)
                ]
            )
            plans = self.make_plan(children)
            plans.action_start()
            self.due(plans, 3)
            self.env["pep.action"].create(
                [
                    {"plan_id": plan.id, "name": "x", "partner_id": user.partner_id.id, "due_date": self.today}
                    for plan, user in zip(plans, people, strict=True)
                ]
            )
            daily = self.env["pep.daily.mail"]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertGreaterEqual(len(self.run_daily()), number)
            self.env.flush_all()
            daily.invalidate_model()
            return self.env.cr.sql_log_count - before

        queries(3)
        few, many = queries(5), queries(80)
        self.assertEqual(few, many)
        print(f"the mails of a day: {many} queries")
