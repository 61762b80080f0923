"""An interim PEP: into care when schools are closed."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from tests.plan.gathering_common import GatheringCase

WORDS = "Lives with the Smiths' neighbours; virtual school finds a place at the new school by 20 August."


class InterimCase(GatheringCase):
    """It is Tuesday, 27 July 2027. A child came into care the day before; the social worker's part is asked for.

    By the rule of the council's calendar schools are back on 1 or 2 September.
    """

    @classmethod
    def setUpClass(cls):
        frozen = freeze_time("2027-07-27 11:00:00")
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        super().setUpClass()
        cls.council.pep_go_live = date(2020, 1, 1)
        cls.new = cls.into_care(date(2027, 7, 26))
        cls.initial = cls.plan_of(cls.new)
        cls.counter = cls.env["resource.calendar"]._pep_day_counter(cls.council)
        cls.back = cls.counter.next_day("school", date(2027, 7, 28), cls.school)

    @classmethod
    def into_care(cls, day):
        child = cls.make_children(date_into_care=day)
        cls.env["pep.network.member"].create(
            {
                "child_id": child.id,
                "partner_id": cls.users["social_worker"].partner_id.id,
                "role": "social_worker",
                "date_from": day,
            }
        )
        return child

    @classmethod
    def plan_of(cls, child):
        plan = cls.make_plan(child, cls.env["pep.term"]._term_on(cls.council, cls.council._pep_today()))
        plan.action_start()
        return plan

    def part(self, role, plan=None):
        return (plan or self.initial).contribution_ids.filtered(lambda part: part.owner_role == role)

    def hand_in(self, role="social_worker", plan=None):
        part = self.part(role, plan)
        part.write({"document_id": False})
        key = {"social_worker": "contact", "teacher": "well"}[role]
        question = self.questions[key]
        part._save_answers([{"question": question.id, "value": "Said", "version": 0}], author=self.env.user)
        part._submit()

    def clock(self, kind, plan=None):
        plan = plan or self.initial
        rows = self.env["pep.deadline"].search(
            [("child_id", "=", plan.child_id.id), ("kind", "=", kind)], order="round"
        )
        return rows.filtered(lambda row: not row.of_plan or row.plan_id == plan)[-1:]

    def agree(self, words=WORDS):
        self.as_user(self.initial, "vseo").action_interim(words)
        self.initial.invalidate_recordset()


@tagged("post_install", "-at_install")
class TestInterim(InterimCase):
    def test_offered_with_the_reason(self):
        plan = self.as_user(self.initial, "vseo")
        self.assertEqual(plan.kind_id.code, "initial")
        self.assertTrue(plan.interim_offered)
        self.assertIn("Schools are closed", plan.interim_text)
        self.assertEqual(self.back.month, 9)
        self.assertIn(f"{self.back.day} September 2027", plan.interim_text)

    def test_it_meets_the_clocks_of_coming_into_care_and_says_so(self):
        self.hand_in()
        with freeze_time("2027-08-05 11:00:00"):
            self.agree()
        self.assertEqual(self.initial.interim_on, date(2027, 8, 5))
        self.assertEqual((self.initial.interim_by_id, self.initial.interim_words), (self.users["vseo"], WORDS))
        ready = self.clock("ready")
        self.assertEqual((ready.state, ready.met_on, ready.outcome), ("met", date(2027, 8, 5), "on_time"))
        self.assertIn("Met by an interim PEP on Thu 5 Aug 2027.", ready.why)
        start = self.clock("start")
        self.assertEqual((start.state, start.met_on), ("met", date(2027, 7, 27)), "started before")
        self.assertNotIn("interim", start.why)

    def test_the_school_s_part_is_due_when_school_is_back(self):
        self.assertLess(self.part("teacher").due_date, self.back)
        self.hand_in()
        self.agree()
        due = self.counter.count("school", self.back, 10, school=self.school).day
        self.assertEqual(self.counter.number("school", self.back, due, self.school), 11)
        row = self.clock("school_part")
        self.assertEqual((row.state, row.due_date), ("open", due))
        self.assertIn("10 school days after the first school day after the interim PEP", row.why)
        self.assertIn("Left out by the calendar", row.why)
        self.assertEqual(self.initial.school_due, due)
        self.assertEqual(self.part("teacher").due_date, due)
        self.assertIn("instead of", str(self.initial.message_ids.mapped("body")))

    def test_the_term_s_own_clock_waits_for_the_school(self):
        before = self.clock("termly").due_date
        self.hand_in()
        self.agree()
        row = self.clock("termly")
        self.assertGreater(row.due_date, before)
        self.assertEqual(row.due_date, self.initial.school_due + timedelta(days=14))
        self.assertIn("Then 14 calendar days", row.why)

    def test_a_meeting_soon_after_school_is_back_comes_first(self):
        self.hand_in()
        self.agree()
        meetings = self.env["pep.meeting"].with_context(pep_meeting_quiet=True)
        day = self.back + timedelta(days=7)
        meetings.create({"plan_id": self.initial.id, "start": f"{day} 10:00:00"})
        self.env["pep.deadline"]._sync(plans=self.initial)
        self.assertEqual(self.clock("school_part").due_date, day - timedelta(days=5))
        self.assertIn("5 calendar days before the meeting", self.clock("school_part").why)

    def test_the_setting_counts(self):
        self.council.pep_interim_school_days = 3
        self.hand_in()
        self.agree()
        self.assertEqual(self.initial.school_due, self.counter.count("school", self.back, 3, school=self.school).day)

    def test_run_twice_it_puts_the_words_right_and_no_more(self):
        self.hand_in()
        self.agree()
        rows = self.env["pep.deadline"].search([("child_id", "=", self.new.id)], order="id")
        before = rows.mapped(lambda row: (row.state, row.met_on, row.due_date, row.why))
        with freeze_time("2027-08-11 11:00:00"):
            self.as_user(self.initial, "head").action_interim("  Starts at the new school in September. ")
        self.assertEqual(self.initial.interim_on, date(2027, 7, 27))
        self.assertEqual(self.initial.interim_words, "Starts at the new school in September.")
        self.assertEqual(self.initial.interim_by_id, self.users["head"])
        self.env["pep.deadline"]._sync(plans=self.initial)
        self.assertEqual(rows.mapped(lambda row: (row.state, row.met_on, row.due_date, row.why)), before)

    def test_late_it_is_met_late(self):
        self.hand_in()
        with freeze_time("2027-09-01 11:00:00"):
            self.agree()
        row = self.clock("ready")
        self.assertEqual((row.state, row.outcome), ("met", "late"))

    def test_without_the_social_worker_s_part_it_is_refused(self):
        plan = self.as_user(self.initial, "vseo")
        for call in (plan.action_ask_interim, lambda: plan.action_interim(WORDS)):
            with self.assertRaisesRegex(UserError, "social worker's part is not in yet: Part social"):
                call()
        self.assertFalse(self.initial.interim_on)

    def test_not_needed_it_is_not_waited_for(self):
        self.as_user(self.part("social_worker"), "vseo")._take_step("not_needed", "Known from the duty team")
        self.agree()
        self.assertTrue(self.initial.interim_on)

    def test_without_words_it_is_refused(self):
        self.hand_in()
        with self.assertRaisesRegex(UserError, "Write down"):
            self.agree("  ")

    def test_only_a_first_pep_when_schools_are_closed(self):
        with self.assertRaisesRegex(UserError, "fewer than 10 school days"):
            self.as_user(self.plan, "vseo").action_interim(WORDS)
        self.assertFalse(self.as_user(self.plan, "vseo").interim_offered)
        with freeze_time("2027-09-15 11:00:00"):
            autumn = self.plan_of(self.into_care(date(2027, 9, 14)))
            self.assertEqual(autumn.kind_id.code, "initial")
            self.assertFalse(autumn.interim_offered)
            with self.assertRaisesRegex(UserError, "fewer than 10 school days"):
                autumn.action_interim(WORDS)

    def test_the_last_days_of_term_count(self):
        """Into care a few days before the end of term: offered, with the days that are left."""
        with freeze_time("2027-07-13 11:00:00"):
            plan = self.plan_of(self.into_care(date(2027, 7, 12)))
            number = self.counter.number("school", date(2027, 7, 13), date(2027, 8, 9), self.school)
            self.assertTrue(0 < number < 10)
            self.assertTrue(plan.interim_offered)
            self.assertIn(f"{number} school days", plan.interim_text)
            self.council.pep_interim_below = number
            plan.invalidate_recordset()
            self.assertFalse(plan.interim_offered)
            self.council.pep_interim_below = 0
            self.initial.invalidate_recordset()
            self.assertFalse(self.initial.interim_offered, "0: never")

    def test_not_started_and_finished_ones_are_refused(self):
        other = self.make_plan(self.into_care(date(2027, 7, 26)))
        self.assertTrue(other.interim_offered)
        with self.assertRaisesRegex(UserError, "is at the stage"):
            other.action_interim(WORDS)
        self.initial._take_step("cancel", "x")
        with self.assertRaisesRegex(UserError, "is finished"):
            self.initial.action_interim(WORDS)

    def test_settings_have_bounds(self):
        for name in ("pep_interim_below", "pep_interim_school_days"):
            with self.assertRaises(ValidationError):
                self.council[name] = -1

    def test_written_by_the_button_alone(self):
        for role in ("vseo", "head"):
            plan = self.as_user(self.initial, role)
            for vals in ({"interim_words": "x"}, {"interim_on": date(2027, 7, 1)}, {"interim_by_id": 1}):
                with self.assertRaises(UserError):
                    plan.write(vals)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_who_may_not(self):
        self.hand_in()
        for role in ("other_vseo", "finance", "admin", "employee", "social_worker", "teacher"):
            plan = self.as_user(self.initial, role)
            for call in (plan.action_ask_interim, lambda plan=plan: plan.action_interim(WORDS)):
                with self.assertRaises(AccessError):
                    call()
        self.assertFalse(self.initial.interim_on)

    def test_the_form(self):
        self.hand_in()
        plan = self.as_user(self.initial, "vseo")
        action = plan.action_ask_interim()
        wizard = plan.env[action["res_model"]].with_context(**action["context"]).create({"words": WORDS})
        self.assertIn("Schools are closed", wizard.why)
        wizard.action_confirm()
        self.assertEqual(self.initial.interim_words, WORDS)
        again = Form(plan.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual((again.words, again.agreed_on), (WORDS, date(2027, 7, 27)))

    def test_in_the_issued_version_for_those_who_were_there(self):
        self.hand_in()
        self.agree()
        self.council.pep_copy_parent = True
        plan = self.initial
        plan.kind_id.write({"contributions_required": False, "meeting_required": False, "qa_required": False})
        plan.kind_id.write({"academic_target_required": False, "next_date_required": False})
        plan.action_ready()
        plan.action_process()
        plan.action_complete()
        issue = plan.issue_ids
        self.assertEqual(issue.data["interim"]["on"], "2027-07-27")
        self.assertIn("neighbours", issue.document)
        has = {copy.role: "neighbours" in copy.document for copy in issue.copy_ids}
        self.assertEqual({role for role, there in has.items() if there}, {"teacher", "social_worker", "carer", "iro"})
        self.assertFalse(has["child"] or has["parent"])
