"""The clocks of a PEP: each kind from its start to its end."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from tests.quality.deadline_common import TODAY, DeadlineCase

WINDOW_END = date(2026, 12, 31)


@tagged("post_install", "-at_install")
class TestDeadlineOfPlan(DeadlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)

    def clock(self, kind, plan=None):
        return self.clocks(plan or self.plan, kind)

    def parts(self, role):
        return self.plan.contribution_ids.filtered(lambda part: part.owner_role == role and part.required)

    def hand_in(self, role):
        self.parts(role).write({"state": "submitted", "submitted_on": fields.Datetime.now()})

    def assert_ended(self, kind, state, outcome, days_late=0, met_on=None, plan=None):
        clock = self.clock(kind, plan)[-1:]
        self.assertEqual(
            (clock.state, clock.outcome, clock.days_late, clock.met_on), (state, outcome, days_late, met_on or False)
        )
        self.assertEqual(clock.share_on_time, 100.0 if outcome == "on_time" else 0.0)
        self.assertFalse(clock.watch_on)

    # === Starting ===

    def test_what_runs_once_the_term_is_open(self):
        """The meeting and the PEP by the term's days, the parts before the meeting; nothing that has not begun."""
        self.assertEqual(
            {(row.kind, row.due_date, row.state, row.outcome) for row in self.clocks(self.plan)},
            {
                ("meeting", WINDOW_END, "open", "pending"),
                ("termly", WINDOW_END, "open", "pending"),
                ("school_part", WINDOW_END - timedelta(days=5), "open", "pending"),
                ("social_work_part", WINDOW_END - timedelta(days=5), "open", "pending"),
            },
        )
        for row in self.clocks(self.plan):
            self.assertEqual(
                (row.child_id, row.term_id, row.vseo_id, row.school_id, row.round, row.company_id),
                (self.child, self.term, self.users["vseo"], self.school, 1, self.council),
            )
        self.assert_settled()

    def test_what_the_pep_keeps_of_them(self):
        plan = self.plan
        self.assertEqual((plan.due_date, plan.due_by_hand), (WINDOW_END, False))
        self.assertEqual((plan.school_due, plan.social_work_due), (date(2026, 12, 26), date(2026, 12, 26)))
        self.assertEqual((plan.next_due, plan.next_due_kind), (date(2026, 12, 26), "school_part"))
        due = {part.owner_role: part.due_date for part in plan.contribution_ids}
        self.assertEqual((due["teacher"], due["social_worker"]), (plan.school_due, plan.social_work_due))

    def test_the_earliest_says_why_it_is_late(self):
        self.assertFalse(self.plan.is_late)
        with self.on(date(2026, 12, 28)):
            self.plan.invalidate_recordset()
            self.assertTrue(self.plan.is_late)
            self.assertEqual(self.plan.late_reason, "School's part handed in: was due by 26 Dec")
            self.assertIn(self.plan, self.plan.search([("is_late", "=", True)]))
            self.hand_in("teacher")
            self.assertEqual(self.plan.next_due_kind, "social_work_part")
            self.hand_in("social_worker")
            self.assertEqual((self.plan.next_due, self.plan.next_due_kind), (WINDOW_END, "meeting"))

    def test_no_part_no_clock(self):
        """Nothing is asked of a school that has no required part in this form."""
        self.parts("teacher").required = False
        self.assert_ended("school_part", "stopped", "pending")
        self.assertEqual(self.clock("school_part").stop_code, "not_needed")
        self.plan.contribution_ids.filtered(lambda part: part.owner_role == "teacher")[0].required = True
        self.assertEqual(self.clock("school_part").state, "open")
        self.assert_settled()

    def test_a_child_without_a_school(self):
        """What the school answers the social worker or the VSEO does then: no clock of a school."""
        plan = self.make_plan(self.make_children(school=False))
        self.assertEqual(plan.variant, "not_on_roll")
        self.assertFalse(plan.contribution_ids.filtered(lambda part: part.owner_role == "teacher" and part.required))
        self.assertFalse(self.clock("school_part", plan))
        self.assert_settled()

    def test_a_kind_that_needs_no_meeting(self):
        desk = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "desk")])
        self.plan.kind_id = desk
        self.assertEqual((self.clock("meeting").state, self.clock("meeting").stop_code), ("stopped", "not_needed"))
        self.plan_meeting(self.plan, date(2026, 12, 1))
        self.assertEqual(self.clock("meeting").state, "open")

    # === Moving ===

    def test_the_parts_move_with_the_meeting_and_it_is_said(self):
        meeting = self.plan_meeting(self.plan, date(2026, 12, 1))
        clock = self.clock("school_part")
        self.assertEqual((clock.start_date, clock.due_date, clock.round), (date(2026, 12, 1), date(2026, 11, 26), 1))
        self.assertEqual(clock.moves, [{"on": "2026-11-10", "from": "2026-12-26", "to": "2026-11-26"}])
        self.assertEqual(self.plan.school_due, date(2026, 11, 26))
        self.assertEqual(self.parts("teacher").mapped("due_date"), [date(2026, 11, 26)] * len(self.parts("teacher")))
        said = self.said(self.plan)[0]
        self.assertIn("School's part: due by Thu 26 Nov 2026 instead of Sat 26 Dec 2026.", said)
        self.assertIn("Social worker's part: due by Thu 26 Nov 2026", said)
        self.assertNotIn("Zebedee", said)
        self.assertEqual(self.clock("meeting").due_date, WINDOW_END)  # by when it must be held has not changed
        meeting.start += timedelta(days=2)
        self.assertEqual(self.clock("school_part").due_date, date(2026, 11, 28))
        self.assertEqual(len(self.clock("school_part").moves), 2)
        self.assert_settled()
        meeting._cancel("Nobody can come")
        self.assertEqual(self.clock("school_part").due_date, WINDOW_END - timedelta(days=5))
        self.assert_settled()

    def test_times_that_are_only_offered_move_nothing(self):
        before = self.picture()
        self.env["pep.meeting"].create({"plan_id": self.plan.id, "start": False, "state": "offering"})
        self.assertEqual(self.picture(), before)

    def test_what_was_met_stays_when_the_meeting_moves(self):
        meeting = self.plan_meeting(self.plan, date(2026, 12, 1))
        self.hand_in("teacher")
        self.assert_ended("school_part", "met", "on_time", met_on=TODAY)
        meeting.start += timedelta(days=9)
        self.assertEqual(self.clock("school_part").due_date, date(2026, 11, 26))
        self.assertEqual(self.clock("social_work_part").due_date, date(2026, 12, 5))

    def test_moving_the_days_of_the_term_moves_its_clocks(self):
        following = self.next_term()
        self.term.write({"window_to": date(2026, 12, 11)})
        self.assertEqual(self.clock("meeting").due_date, date(2026, 12, 11))
        self.assertEqual(self.plan.due_date, date(2026, 12, 11))
        self.assertEqual(self.clock("school_part").due_date, date(2026, 12, 6))
        following.write({"date_from": date(2027, 1, 5), "window_from": date(2027, 1, 5)})
        self.assertEqual(self.clock("termly").due_date, date(2027, 1, 4))
        self.assert_settled()

    def test_a_date_set_by_hand(self):
        self.plan.due_date = date(2026, 12, 4)
        clock = self.clock("meeting")
        self.assertTrue(self.plan.due_by_hand)
        self.assertEqual(clock.due_date, date(2026, 12, 4))
        self.assertEqual(clock.why, "Set by hand to Fri 4 Dec 2026; by the council's rule it would be Thu 31 Dec 2026.")
        self.assertEqual(self.clock("school_part").due_date, date(2026, 11, 29))
        self.term.write({"window_to": date(2026, 12, 20)})
        self.assertEqual((self.plan.due_date, self.clock("meeting").due_date), (date(2026, 12, 4),) * 2)
        self.assert_settled()
        self.plan.due_date = False
        self.assertEqual(
            (self.plan.due_by_hand, self.plan.due_date, self.clock("meeting").due_date),
            (False, date(2026, 12, 20), date(2026, 12, 20)),
        )

    def test_a_pep_made_by_hand(self):
        child = self.make_children()
        plans = self.as_user(self.env["pep.plan"], "vseo")
        plan = plans.create({"child_id": child.id, "term_id": self.term.id, "due_date": "2026-12-07"})
        self.assertTrue(plan.due_by_hand)
        self.assertEqual(self.clock("meeting", plan).due_date, date(2026, 12, 7))
        other = plans.create({"child_id": self.make_children().id, "term_id": self.term.id})
        self.assertFalse(other.due_by_hand)
        self.assertEqual(self.clock("meeting", other).due_date, WINDOW_END)
        self.assert_settled()

    def test_the_form_keeps_a_date_set_by_hand(self):
        with Form(self.as_user(self.plan, "vseo")) as form:
            form.due_date = date(2026, 12, 9)
        self.assertTrue(self.plan.due_by_hand)
        with Form(self.as_user(self.plan, "vseo")) as form:
            form.summary = "Goes on"
        self.assertEqual(self.clock("meeting").due_date, date(2026, 12, 9))

    # === Met, on time and late ===

    def test_parts_handed_in_by_their_people(self):
        self.surround(self.child)
        self.plan.action_start()
        answered = patch.object(self.registry["pep.contribution"], "_missing_questions", lambda part: part.answer_ids)
        with answered:
            for part in self.parts("teacher"):
                self.as_user(part, "teacher").action_submit()
        self.assert_ended("school_part", "met", "on_time", met_on=TODAY)
        self.assertEqual(self.clock("social_work_part").state, "open")

    def test_the_last_part_counts_and_too_late_is_late(self):
        with self.on(date(2026, 12, 29)):
            self.hand_in("social_worker")
        self.assert_ended("social_work_part", "met", "late", 3, date(2026, 12, 29))

    def test_a_part_that_is_not_needed_meets_nothing(self):
        for part in self.parts("teacher"):
            part._take_step("not_needed", "The school has nothing to say")
        self.assert_ended("school_part", "stopped", "pending")
        self.parts("teacher")[0].action_needed()
        self.assertEqual(self.clock("school_part").state, "open")

    def test_a_part_returned_after_it_was_in_opens_nothing(self):
        self.hand_in("teacher")
        self.parts("teacher")[0]._take_step("return", "Not complete")
        self.assert_ended("school_part", "met", "on_time", met_on=TODAY)

    def test_meeting_held_on_time(self):
        self.hold(self.plan)
        self.assert_ended("meeting", "met", "on_time", met_on=TODAY)
        processing = self.clock("processing")
        self.assertEqual((processing.start_date, processing.due_date), (TODAY, TODAY + timedelta(days=14)))
        self.assertEqual((self.plan.next_due, self.plan.next_due_kind), (processing.due_date, "processing"))
        self.assertEqual(self.plan.processing_due, processing.due_date)
        # what was to be there before the meeting and was not is no more waited for
        self.assert_ended("school_part", "stopped", "late", 5)
        self.assertEqual(self.clock("school_part").stop_code, "went_on")
        self.assert_settled()

    def test_meeting_held_late(self):
        day = date(2027, 1, 2)
        with self.on(day):
            self.hold(self.plan)
            self.assert_ended("meeting", "met", "late", 2, day)
            self.assert_ended("school_part", "stopped", "late", 5)

    def test_the_part_that_comes_after_all(self):
        """The PEP went on without the school's part; it is handed in before the PEP is finished, and that was late."""
        self.plan_meeting(self.plan, TODAY)
        self.assertEqual(self.clock("school_part").outcome, "late")  # due five days before today
        self.hold(self.make_plan())
        meeting = self.plan.meeting_ids
        meeting.attendee_ids[:1].attended = True
        meeting.action_hold()
        self.assertEqual(self.clock("school_part").stop_code, "went_on")
        with self.on(TODAY + timedelta(days=3)):
            self.hand_in("teacher")
        self.assert_ended("school_part", "met", "late", 8, TODAY + timedelta(days=3))
        self.assert_settled()

    def test_processing_and_the_term_and_copies(self):
        self.hold(self.plan)
        with self.on(TODAY + timedelta(days=10)):
            self.complete(self.plan)
        done = TODAY + timedelta(days=10)  # Friday 20 November
        self.assert_ended("processing", "met", "on_time", met_on=done)
        self.assert_ended("termly", "met", "on_time", met_on=done)
        copies = self.clock("copies")
        self.assertEqual((copies.start_date, copies.due_date, copies.state), (done, date(2026, 11, 27), "open"))
        self.assertEqual((self.plan.next_due, self.plan.next_due_kind), (date(2026, 11, 27), "copies"))
        with self.on(date(2026, 11, 30)):
            self.plan._write_quietly({"copies_sent_on": fields.Datetime.now()})
        self.assert_ended("copies", "met", "late", 3, date(2026, 11, 30))
        self.assertFalse(self.plan.next_due)
        self.assert_settled()

    def test_processed_late(self):
        self.hold(self.plan)
        with self.on(TODAY + timedelta(days=15)):
            self.complete(self.plan)
        self.assert_ended("processing", "met", "late", 1, TODAY + timedelta(days=15))

    def test_went_on_without_a_meeting(self):
        """Days to process count from when it went on; the meeting is no more waited for."""
        self.plan.kind_id.meeting_required = False
        self.plan.action_start()
        self.plan.action_ready()
        with self.on(TODAY + timedelta(days=2)):
            self.plan.action_process()
        clock = self.clock("processing")
        self.assertEqual(clock.due_date, TODAY + timedelta(days=16))
        self.assertIn("after the PEP going on without a meeting (Thu 12 Nov 2026)", clock.why)
        self.assertEqual(self.clock("meeting").state, "stopped")

    def test_an_extra_meeting_satisfies_nothing(self):
        self.hold_extra()
        self.assertEqual({row.state for row in self.clocks(self.plan)}, {"open"})
        self.assertFalse(self.clock("processing"))
        # unless it turns out to have been the termly one
        extra = self.plan.meeting_ids
        extra.is_extra = False
        self.assert_ended("meeting", "met", "on_time", met_on=TODAY)

    def hold_extra(self):
        meeting = self.plan_meeting(self.plan, TODAY, is_extra=True)
        meeting.attendee_ids[:1].attended = True
        meeting.action_hold()

    # === Back, corrected, cancelled ===

    def test_returned_and_on_again(self):
        """Two weeks after the meeting are two weeks after the meeting, whatever is returned to whom."""
        self.hold(self.plan)
        due = self.clock("processing").due_date
        self.plan._take_step("return", "The school's part is thin")
        self.assertEqual(self.plan.state, "gathering")
        self.assertEqual((self.clock("processing").state, self.clock("processing").due_date), ("open", due))
        self.assertEqual(self.plan.processing_due, due)
        self.assertEqual(self.clock("school_part").state, "open")  # it may come now
        self.plan.action_ready()
        with self.on(TODAY + timedelta(days=6)):
            self.plan.action_process()
        self.assertEqual(self.clock("processing").due_date, due)
        self.assertEqual(self.clock("school_part").stop_code, "went_on")
        self.assert_settled()

    def test_correction_is_a_second_round(self):
        self.complete(self.plan)
        first = self.clock("processing") | self.clock("copies")
        later = TODAY + timedelta(days=30)
        with self.on(later):
            self.plan._take_step("correct", "A wrong date")
            self.assertEqual(self.states(self.plan, "copies"), [(1, date(2026, 11, 17), "stopped")])
            self.assertEqual(self.clock("copies").stop_code, "corrected")
            self.assertEqual(
                self.states(self.plan, "processing"),
                [(1, TODAY + timedelta(days=14), "met"), (2, later + timedelta(days=14), "open")],
            )
            self.assertIn("after the correction (Thu 10 Dec 2026)", self.clock("processing")[-1].why)
            self.assertEqual(self.plan.processing_due, later + timedelta(days=14))
            self.assert_settled()
            self.complete(self.plan)
            self.assertEqual(self.clock("processing")[-1].state, "met")
            self.assertEqual([row.round for row in self.clock("copies")], [1, 2])
            self.assertEqual(self.clock("copies")[-1].state, "open")
        self.assertEqual(first.mapped("round"), [1, 1])
        self.assert_settled()

    def test_copies_of_the_first_version_count_for_the_first_alone(self):
        self.complete(self.plan)
        self.plan._write_quietly({"copies_sent_on": fields.Datetime.now() + timedelta(hours=1)})
        self.assertEqual(self.clock("copies").state, "met")
        with self.on(TODAY + timedelta(days=1)):
            self.plan._take_step("correct", "A wrong date")
            self.complete(self.plan)
            self.assertEqual([row.state for row in self.clock("copies")], ["met", "open"])

    def test_cancelled(self):
        self.plan._take_step("cancel", "A twin record")
        self.assertEqual({(row.state, row.stop_code) for row in self.clocks(self.plan)}, {("stopped", "cancelled")})
        self.assertFalse(self.plan.next_due)
        self.assertFalse(self.plan.is_late)
        self.assert_settled()

    def test_cancelled_too_late_stays_late(self):
        with self.on(date(2026, 12, 28)):
            self.plan._take_step("cancel", "A twin record")
        self.assert_ended("school_part", "stopped", "late", 2)
        self.assert_ended("meeting", "stopped", "pending")

    def test_a_cancelled_pep_of_the_council_going_live_has_none(self):
        """No clock starts only to be stopped."""
        plan = self.make_plan()
        plan._take_step("cancel", "By mistake")
        self.env["pep.deadline"]._sync(plans=plan)
        self.assertEqual(len(self.clocks(plan)), 4)

    # === Whose ===

    def test_another_vseo_takes_the_running_clocks(self):
        self.hand_in("teacher")
        self.child.vseo_id = self.users["other_vseo"]
        self.assertEqual(self.clock("meeting").vseo_id, self.users["other_vseo"])
        self.assertEqual(self.clock("school_part").vseo_id, self.users["vseo"])  # met in the other's time

    def test_another_school_takes_the_running_clocks(self):
        other = self.make_school("Oak Primary School", "100002")
        self.plan.sudo().write({"school_id": other.id})
        self.assertEqual({row.school_id for row in self.clocks(self.plan)}, {other})

    # === Nobody writes them ===

    def test_kept_by_the_app(self):
        for role in ("vseo", "head", "support", "admin"):
            clock = self.as_user(self.clock("meeting"), role)
            for attempt in (
                lambda clock=clock: clock.write({"due_date": TODAY}),
                lambda clock=clock: clock.create({"child_id": self.child.id, "rule_id": self.rule("meeting").id}),
                lambda clock=clock: clock.copy(),
                lambda clock=clock: clock.unlink(),
            ):
                with self.subTest(role), self.assertRaises(Exception) as refused:
                    attempt()
                self.assertIn(type(refused.exception).__name__, ("UserError", "AccessError"))

    def test_stages_are_not_written_by_hand(self):
        plan = self.as_user(self.plan, "vseo")
        for name in ("started_on", "ready_on", "processing_on", "school_due", "next_due_kind", "due_by_hand"):
            with self.subTest(name), self.assertRaises(UserError):
                plan.write({name: False})
