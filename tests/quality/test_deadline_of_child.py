"""The clocks of a child: coming into care, another school, face to face; out of care and back."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from tests.quality.deadline_common import TODAY, DeadlineCase

INTO = date(2026, 11, 2)  # a Monday
START_BY = date(2026, 11, 16)
READY_BY = date(2026, 11, 30)


@tagged("post_install", "-at_install")
class TestIntoCare(DeadlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children(date_into_care=INTO)
        cls.plan = cls.make_plan(cls.child)

    def clock(self, kind, child=None):
        return self.clocks(child or self.child, kind)

    def test_two_clocks_start_and_belong_to_the_first_pep(self):
        self.assertEqual(self.states(self.child, "start"), [(1, START_BY, "open")])
        self.assertEqual(self.states(self.child, "ready"), [(1, READY_BY, "open")])
        for kind in ("start", "ready"):
            clock = self.clock(kind)
            self.assertEqual(
                (clock.plan_id, clock.of_plan, clock.term_id, clock.school_id),
                (self.plan, False, self.term, self.school),
            )
        self.assertFalse(self.clock("meeting"))  # a first PEP is due when its clock is
        self.assertEqual(self.plan.due_date, READY_BY)
        self.assertEqual(self.clock("school_part").due_date, READY_BY - timedelta(days=5))
        self.assertIn("the day by which the meeting is due (Mon 30 Nov 2026)", self.clock("school_part").why)
        self.assertEqual((self.plan.next_due, self.plan.next_due_kind), (START_BY, "start"))
        self.assert_settled()

    def test_without_a_term_that_is_open(self):
        """The duty begins with coming into care, whether the virtual school has opened its term or not."""
        child = self.make_children(date_into_care=INTO, school=False)
        clock = self.clock("start", child)
        self.assertEqual((clock.due_date, clock.plan_id, clock.school_id.id), (START_BY, self.plan.browse(), False))
        plan = self.make_plan(child)
        self.assertEqual(clock.plan_id, plan)
        self.assert_settled()

    def test_met_on_time(self):
        self.plan.action_start()
        self.assertEqual((self.clock("start").state, self.clock("start").met_on), ("met", TODAY))
        self.assertEqual(self.clock("start").outcome, "on_time")
        self.hold(self.plan)
        ready = self.clock("ready")
        self.assertEqual((ready.state, ready.met_on, ready.outcome), ("met", TODAY, "on_time"))
        self.assertEqual(self.plan.next_due_kind, "processing")
        self.assert_settled()

    def test_met_late(self):
        with self.on(date(2026, 12, 3)):
            self.hold(self.plan)
        self.assertEqual([(row.outcome, row.days_late) for row in self.clock("start")], [("late", 17)])
        self.assertEqual([(row.outcome, row.days_late) for row in self.clock("ready")], [("late", 3)])

    def test_an_extra_meeting_meets_nothing(self):
        meeting = self.plan_meeting(self.plan, TODAY, is_extra=True)
        meeting.attendee_ids[:1].attended = True
        meeting.action_hold()
        self.assertEqual(self.clock("ready").state, "open")

    def test_finished_without_a_meeting_it_is_there(self):
        self.plan.kind_id.meeting_required = False
        self.plan.action_start()
        self.plan.action_ready()
        self.plan.action_process()
        self.assertEqual(self.clock("ready").state, "open")
        self.plan.action_complete()
        self.assertEqual((self.clock("ready").state, self.clock("ready").met_on), ("met", TODAY))

    def test_open_ones_move_with_the_day_and_say_so(self):
        self.child.date_into_care = date(2026, 11, 4)
        self.assertEqual(self.states(self.child, "start"), [(1, date(2026, 11, 18), "open")])
        self.assertEqual(self.states(self.child, "ready"), [(1, date(2026, 12, 2), "open")])
        self.assertEqual(self.plan.due_date, date(2026, 12, 2))
        self.assertIn("On 10 November 2026 from 16 November 2026 to 18 November 2026", self.clock("start").moved_text)
        said = " ".join(self.said(self.plan))
        self.assertIn("PEP started: due by Wed 18 Nov 2026 instead of Mon 16 Nov 2026.", said)
        self.assertIn("10 working days after coming into care (Wed 4 Nov 2026)", said)
        self.assert_settled()

    def test_without_a_pep_it_is_said_with_the_child(self):
        child = self.make_children(date_into_care=INTO)
        child.date_into_care = date(2026, 11, 3)
        self.assertIn("PEP started: due by Tue 17 Nov 2026", " ".join(self.said(child)))

    def test_closed_ones_stay(self):
        """A date that is put right after the PEP was started: that clock is what it was, also if it comes later."""
        self.plan.action_start()
        for day in (date(2026, 10, 28), TODAY, date(2026, 11, 3)):
            with self.subTest(day):
                self.child.date_into_care = day
                self.assertEqual(self.states(self.child, "start"), [(1, START_BY, "met")])
                self.assertEqual([row.round for row in self.clock("ready")], [1])
        self.assertEqual(self.clock("ready").due_date, date(2026, 12, 1))
        self.assert_settled()

    def test_too_young_when_coming_into_care(self):
        """A baby has no first PEP; the clocks of the terms count when it is of age."""
        child = self.make_children(date_into_care=INTO, date_of_birth=date(2025, 1, 1))
        self.assertFalse(self.clocks(child))

    def test_a_day_still_to_come(self):
        child = self.make_children(date_into_care=TODAY + timedelta(days=3))
        self.assertFalse(self.clocks(child))
        with self.on(TODAY + timedelta(days=3)):
            self.make_plan(child)
            self.assertEqual(self.clock("start", child).start_date, TODAY + timedelta(days=3))

    def test_the_pep_is_cancelled_and_the_next_one_counts(self):
        self.plan._take_step("cancel", "A twin record")
        clock = self.clock("start")
        self.assertEqual((clock.state, clock.plan_id), ("open", self.plan.browse()))
        later = self.make_plan(self.child, term=self.next_term())
        self.assertEqual(clock.plan_id, later)
        with self.on(date(2027, 1, 11)):
            later.action_start()
        self.assertEqual((clock.state, clock.outcome), ("met", "late"))

    # === Out of care, and back ===

    def test_out_of_care_stops_them(self):
        self.child.date_out_of_care = date(2026, 11, 9)
        for row in self.clocks(self.child):
            self.assertEqual((row.state, row.stop_code, row.closed_on), ("stopped", "out_of_care", date(2026, 11, 9)))
            self.assertEqual(row.outcome, "pending")
        self.assert_settled()

    def test_it_was_not_late_on_the_day_the_child_left(self):
        """Recorded a month afterwards."""
        with self.on(date(2026, 12, 10)):
            self.child.date_out_of_care = date(2026, 11, 20)
        self.assertEqual((self.clock("start").outcome, self.clock("start").days_late), ("late", 4))
        self.assertEqual(self.clock("ready").outcome, "pending")

    def test_a_mistake_is_taken_back(self):
        before = self.states(self.child, "start") + self.states(self.child, "ready")
        self.child.date_out_of_care = TODAY
        self.child.date_out_of_care = False
        self.assertEqual(self.states(self.child, "start") + self.states(self.child, "ready"), before)
        self.assertEqual(self.child.care_number, 1)
        self.assertEqual({row.state for row in self.clocks(self.plan)}, {"open"})
        self.assert_settled()

    def test_back_in_care_is_a_second_time(self):
        self.plan.action_start()
        self.child.date_out_of_care = date(2026, 11, 9)
        with self.on(date(2026, 12, 2)):
            self.child.write({"date_into_care": date(2026, 12, 1), "date_out_of_care": False})
            self.assertEqual(self.child.care_number, 2)
            # the PEP that was started in the time before does not count for this one
            self.assertEqual(self.states(self.child, "start"), [(1, START_BY, "met"), (2, date(2026, 12, 15), "open")])
            self.assertEqual([row.state for row in self.clock("ready")], ["stopped", "open"])
            self.assert_settled()

    def test_back_in_care_in_two_steps_or_told_at_once(self):
        in_steps, at_once = self.make_children(2, date_into_care=INTO)
        in_steps.date_out_of_care = date(2026, 11, 5)
        in_steps.date_out_of_care = False
        in_steps.date_into_care = date(2026, 11, 7)
        self.assertEqual(in_steps.care_number, 2)
        at_once.date_out_of_care = date(2026, 11, 5)
        at_once.write({"date_into_care": date(2026, 11, 7), "date_out_of_care": False})
        for child in (in_steps, at_once):
            self.assertEqual(
                [(row.round, row.state) for row in self.clock("start", child)], [(1, "stopped"), (2, "open")]
            )

    def test_respite(self):
        code = self.env["pep.code"].search([("kind", "=", "legal_status"), ("code", "=", "V4")], limit=1)
        episode = self.env["pep.care.episode"].create(
            {"child_id": self.child.id, "date_from": INTO, "legal_status_id": code.id}
        )
        self.assertEqual({row.stop_code for row in self.clocks(self.child)}, {"respite"})
        episode.legal_status_id = code.search([("kind", "=", "legal_status"), ("code", "=", "C2")], limit=1)
        self.assertEqual({row.state for row in self.clocks(self.child)}, {"open"})
        self.assert_settled()

    def test_archived_and_of_age(self):
        self.child.active = False
        self.assertEqual({row.stop_code for row in self.clocks(self.child)}, {"archived"})
        self.child.active = True
        self.assertEqual({row.state for row in self.clocks(self.child)}, {"open"})
        self.child.date_of_birth = date(2008, 11, 5)
        self.assertEqual({row.stop_code for row in self.clocks(self.child)}, {"age"})
        self.assertEqual(self.clock("ready").closed_on, date(2026, 11, 5))
        self.child.date_of_birth = date(2010, 11, 5)
        self.assertEqual({row.state for row in self.clocks(self.child)}, {"open"})
        self.council.pep_age_from = 17
        self.assertEqual({row.stop_code for row in self.clocks(self.child)}, {"young", "undone"})
        self.assert_settled()

    def test_which_time_is_not_typed(self):
        child = self.as_user(self.child, "vseo")
        with self.assertRaises(UserError):
            child.care_number = 5
        made = self.as_user(self.child.browse(), "vseo").create(
            {
                "la_person_id": "N1",
                "date_of_birth": date(2015, 1, 1),
                "date_into_care": INTO,
                "care_number": 7,
                "company_id": self.council.id,
            }
        )
        self.assertEqual(made.sudo().care_number, 1)


@tagged("post_install", "-at_install")
class TestSettingChange(DeadlineCase):
    """A rule of the council's own: 20 school days after the child begins at another school."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.env["pep.deadline.rule"].create(
            {
                "name": "PEP after a move of school",
                "company_id": cls.council.id,
                "trigger": "setting_change",
                "met_by": "meeting_held",
                "number": 20,
                "unit": "working",
            }
        )
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)
        cls.oak = cls.make_school("Oak Primary School", "100002")

    def move(self, school, day):
        last = self.child.enrolment_ids.filtered(lambda place: not place.date_to)
        last.date_to = day - timedelta(days=1)
        return self.env["pep.enrolment"].create({"child_id": self.child.id, "school_id": school.id, "date_from": day})

    def states_of_own(self):
        return self.states(self.child, "own")

    def test_the_first_school_is_no_change(self):
        self.assertFalse(self.states_of_own())

    def test_starts_moves_and_is_met(self):
        place = self.move(self.oak, date(2026, 11, 9))
        clock = self.clocks(self.child, "own")
        self.assertEqual((clock.due_date, clock.plan_id, clock.name), (date(2026, 12, 7), self.plan, self.own.name))
        self.assertIn("20 working days after the first day at another school (Mon 9 Nov 2026)", clock.why)
        self.assert_settled()
        place.date_from = date(2026, 11, 10)
        self.assertEqual(self.states_of_own(), [(1, date(2026, 12, 8), "open")])
        self.hold(self.plan)
        self.assertEqual(self.states_of_own(), [(1, date(2026, 12, 8), "met")])
        place.date_from = date(2026, 11, 9)  # put right afterwards: no second time
        self.assertEqual(self.states_of_own(), [(1, date(2026, 12, 8), "met")])
        self.assert_settled()

    def test_a_meeting_at_the_school_before_does_not_count(self):
        self.hold(self.plan)
        with self.on(TODAY + timedelta(days=2)):
            self.move(self.oak, TODAY + timedelta(days=1))
            self.assertEqual([row.state for row in self.clocks(self.child, "own")], ["open"])

    def test_each_move_is_a_time_of_its_own(self):
        self.move(self.oak, date(2026, 11, 2))
        self.move(self.school, date(2026, 11, 9))
        self.assertEqual(
            [(row.round, row.state, row.stop_code) for row in self.clocks(self.child, "own")],
            [(1, "stopped", "again"), (2, "open", False)],
        )
        self.child.enrolment_ids.filtered(lambda place: place.date_from == date(2026, 11, 9)).active = False
        self.assertEqual([row.state for row in self.clocks(self.child, "own")], ["stopped", "stopped"])
        self.assert_settled()

    def test_an_academy_is_the_same_school(self):
        place = self.move(self.oak, date(2026, 11, 9))
        place.sudo().continues_id = self.child.enrolment_ids - place
        self.env["pep.deadline"]._sync(children=self.child)
        self.assertEqual(
            [(row.state, row.stop_code) for row in self.clocks(self.child, "own")], [("stopped", "undone")]
        )

    def test_a_move_still_to_come_starts_it_on_its_day(self):
        self.move(self.oak, date(2026, 11, 16))
        self.assertFalse(self.states_of_own())
        self.council.pep_network_seen = TODAY
        with self.on(date(2026, 11, 17)):
            self.env["pep.network.change"]._note_by_date(
                self.env["pep.enrolment"]._network_events_by_date(self.council, TODAY, date(2026, 11, 17))
            )
        self.assertEqual(self.states_of_own(), [(1, date(2026, 12, 14), "open")])


@tagged("post_install", "-at_install")
class TestFaceToFace(DeadlineCase):
    """Rounds of the clock of meetings in person, which counts whole terms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)

    def test_the_first_time_counts_from_where_peps_began(self):
        """The day of going live is the first day of the term in which they did."""
        clock = self.clocks(self.child, "face")
        self.assertEqual((clock.due_date, clock.state, clock.round), (self.child.face_due_date, "open", 1))
        self.assertEqual(
            (clock.why, clock.plan_id, clock.of_plan), (self.child.face_due_why, self.plan.browse(), False)
        )
        self.assertIn("Not met face to face since PEPs began", clock.why)

    def test_a_meeting_in_person_begins_the_next_round(self):
        self.hold(self.plan, mode="face")
        first, second = self.clocks(self.child, "face")
        self.assertEqual((first.state, first.met_on, first.outcome), ("met", TODAY, "on_time"))
        self.assertEqual((second.state, second.round, second.start_date), ("open", 2, TODAY))
        self.assertEqual((second.due_date, second.why), (self.child.face_due_date, self.child.face_due_why))
        self.assert_settled()

    def test_online_and_extra_meetings_do_not(self):
        self.hold(self.plan, mode="online")
        extra = self.plan_meeting(self.plan, TODAY - timedelta(days=1), is_extra=True, mode="face")
        extra.attendee_ids[:1].attended = True
        extra.action_hold()
        self.assertEqual([row.state for row in self.clocks(self.child, "face")], ["open"])

    def test_the_interval_moves_the_running_one(self):
        self.council.pep_face_interval = 2
        clock = self.clocks(self.child, "face")
        self.assertEqual((clock.due_date, clock.round), (self.child.face_due_date, 1))
        self.assertEqual(len(clock.moves), 1)
        self.assert_settled()

    def test_met_late(self):
        self.council.pep_face_interval = 1
        with self.on(date(2027, 1, 20)):
            later = self.make_plan(self.child, term=self.next_term())
            self.hold(later, mode="both")
        self.assertEqual(
            (self.clocks(self.child, "face")[0].outcome, len(self.clocks(self.child, "face"))), ("late", 2)
        )

    def test_met_in_person_before_going_live(self):
        """What happened before starts no clock; the register of face to face goes on by itself."""
        self.council.pep_go_live = date(2026, 11, 20)
        self.assertEqual(self.clocks(self.child, "face").stop_code, "go_live")
        self.assertTrue(self.child.face_due_date)
