from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.tools import clock

from tests.common import PepCase

LONDON = "Europe/London"
# A Monday in term, in winter: the council's clock and UTC agree.
MONDAY = "2026-02-02 08:00:00"


class ScheduleCase(PepCase):
    """A VSEO with four children at one school and everybody around the first, on a Monday morning in February."""

    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time(MONDAY))
        super().setUpClass()
        cls.children = cls.make_children(4)
        cls.child = cls.children[0]
        cls.surround(cls.child)
        for child in cls.children[1:]:
            cls.env["pep.network.member"].create(
                {
                    "child_id": child.id,
                    "partner_id": cls.users["social_worker"].partner_id.id,
                    "role": "social_worker",
                    "date_from": date(2025, 9, 1),
                }
            )
        cls.plans = cls.term._open(cls.children)
        cls.plans.due_date = date(2026, 3, 27)
        cls.plan = cls.plans.filtered(lambda plan: plan.child_id == cls.child)

    @classmethod
    def startClassPatcher(cls, patcher):
        patcher.start()
        cls.addClassCleanup(patcher.stop)

    def open(self, plans=None, role="vseo", method="action_schedule_meetings"):
        """The form for these PEPs, as the role's user."""
        action = getattr(self.as_user(plans or self.plans, role), method)()
        self.assertEqual(action["res_model"], "pep.meeting.schedule")
        return self.as_user(self.env["pep.meeting.schedule"], role).browse(action["res_id"])

    def hours(self, lines):
        return [f"{clock.to_local(LONDON, line.start):%a %H:%M}" for line in lines.sorted("sequence")]

    def busy(self, role, begins, ends, day=3):
        self.env["calendar.event"].with_context(no_mail_to_attendees=True).create(
            {
                "name": "Secret appointment",
                "start": datetime(2026, 2, day, begins),
                "stop": datetime(2026, 2, day, ends),
                "partner_ids": [(6, 0, self.users[role].partner_id.ids)],
                "privacy": "private",
            }
        )

    def meetings_of(self, action):
        domain = action.get("domain") or [("id", "=", action["res_id"])]
        return self.env["pep.meeting"].search(domain, order="start, id")


@tagged("post_install", "-at_install")
class TestSchedule(ScheduleCase):
    # === What is filled in ===

    def test_one_meeting_is_filled_in(self):
        """The next working day with room, an hour, the people of today, the school for a meeting face to face."""
        wizard = self.open(self.plan, method="action_plan_meeting")
        line = wizard.line_ids
        self.assertEqual((line.plan_id, line.chair_id), (self.plan, self.users["vseo"]))
        self.assertEqual((wizard.start, wizard.minutes, wizard.send_now), (datetime(2026, 2, 3, 9), 60, True))
        self.assertEqual(line.place, "Elm Primary School")
        people = {person.role: person for person in wizard.person_ids}
        self.assertEqual(people.keys(), {"child", "vseo", "teacher", "social_worker", "carer", "parent", "iro"})
        self.assertTrue(people["social_worker"].needed and people["child"].needed)
        self.assertFalse(people["parent"].needed)
        self.assertTrue(all(wizard.person_ids.mapped("include")))
        self.assertEqual(people["vseo"].calendar, "Free")
        self.assertEqual(people["carer"].calendar, "Not known")
        self.assertFalse(people["child"].calendar)
        self.assertFalse(wizard.warning)

    def test_the_council_says_how_long(self):
        self.council.pep_meeting_hours = 1.5
        self.assertEqual(self.open(self.plan).minutes, 90)

    def test_the_day_that_was_set_last_time(self):
        """The last PEP's next meeting, if that is still to come; in summer at nine by the clock on the wall."""
        previous = self.next_term(self.env["pep.term"]._term_on(self.council, date(2025, 6, 1)))
        earlier = self.make_plan(self.child, previous)
        earlier.next_meeting_date = date(2026, 3, 11)
        self.assertEqual(self.open(self.plan).start, datetime(2026, 3, 11, 9))
        earlier.next_meeting_date = date(2026, 1, 11)
        self.assertEqual(self.open(self.plan).start, datetime(2026, 2, 3, 9))

    def test_the_month_that_was_set_last_time(self):
        previous = self.next_term(self.env["pep.term"]._term_on(self.council, date(2025, 6, 1)))
        self.make_plan(self.child, previous).sudo().next_meeting_month = date(2026, 3, 1)  # a Sunday
        self.assertEqual(self.open(self.plan).start, datetime(2026, 3, 2, 9))

    def test_face_to_face_when_it_is_time(self):
        self.child.sudo().face_due_date = date(2026, 3, 27)
        wizard = self.open()
        self.assertEqual((wizard.mode, wizard.link_kind), ("face", "none"))
        wizard.mode = "online"
        self.assertIn(f"{self.child.reference}: a meeting face to face is due by Fri 27 Mar 2026", wizard.warning)
        self.assertEqual(wizard.warning.count("face to face"), 1)
        wizard.mode = "both"
        self.assertFalse(wizard.warning)
        self.child.sudo().face_due_date = date(2026, 12, 11)
        self.assertEqual(self.open().mode, "online")

    def test_not_on_a_weekend(self):
        with freeze_time("2026-02-06 15:00:00"):  # a Friday
            self.assertEqual(self.open(self.plan).start, datetime(2026, 2, 9, 9))

    def test_who_must_not_have_contact_is_not_proposed(self):
        member = self.child.network_ids.filtered(lambda member: member.role == "parent")
        member.must_not_contact = True
        wizard = self.open(self.plan)
        self.assertNotIn("parent", wizard.person_ids.mapped("role"))
        self.assertNotIn(member.partner_id, wizard.person_ids.partner_id)

    def test_whoever_gets_the_bar_while_the_form_is_open(self):
        wizard = self.open(self.plan)
        self.child.network_ids.filtered(lambda member: member.role == "parent").must_not_contact = True
        with self.assertRaises(ValidationError):
            wizard.action_plan()

    def test_who_has_no_address_is_shown(self):
        self.users["carer"].partner_id.email = False
        wizard = self.open(self.plan)
        reach = {person.role: person.reach for person in wizard.person_ids}
        self.assertEqual((reach["carer"], reach["child"]), ("none", "child"))
        self.assertIn("without e-mail", wizard.line_ids.people)

    # === Times ===

    def test_one_after_the_other(self):
        wizard = self.open()
        wizard.write({"start": datetime(2026, 2, 4, 9), "minutes": 45, "pause": 15})
        self.assertEqual(self.hours(wizard.line_ids), ["Wed 09:00", "Wed 10:00", "Wed 11:00", "Wed 12:00"])
        self.assertIn("4 meetings", wizard.summary)
        last, first = wizard.line_ids[3], wizard.line_ids[0]
        last.sequence = -1
        self.assertLess(last.start, first.start)
        self.assertEqual(self.hours(wizard.line_ids), ["Wed 09:00", "Wed 10:00", "Wed 11:00", "Wed 12:00"])

    def test_the_evening_goes_on_the_next_working_day(self):
        """The first of a day stays where it was put."""
        wizard = self.open()
        wizard.write({"start": datetime(2026, 2, 6, 16, 30), "minutes": 60, "pause": 0})
        self.assertEqual(self.hours(wizard.line_ids), ["Fri 16:30", "Mon 16:30", "Tue 16:30", "Wed 16:30"])
        wizard.minutes = 45
        self.assertEqual(self.hours(wizard.line_ids), ["Fri 16:30", "Fri 17:15", "Mon 16:30", "Mon 17:15"])

    def test_across_the_change_of_the_clock(self):
        """What goes on on Monday begins at the same time by the clock, an hour earlier in UTC."""
        wizard = self.open()
        wizard.write({"start": datetime(2026, 3, 27, 16, 30), "minutes": 60, "pause": 0})
        starts = wizard.line_ids.sorted("sequence").mapped("start")
        self.assertEqual(starts[:2], [datetime(2026, 3, 27, 16, 30), datetime(2026, 3, 30, 15, 30)])
        self.assertEqual(self.hours(wizard.line_ids)[:2], ["Fri 16:30", "Mon 16:30"])
        self.plans.due_date = date(2026, 7, 1)
        for plan in self.plans:
            self.make_previous(plan, date(2026, 6, 10))
        self.assertEqual(self.open().start, datetime(2026, 6, 10, 8))

    def make_previous(self, plan, next_date):
        previous = self.next_term(self.env["pep.term"]._term_on(self.council, date(2025, 6, 1)))
        self.make_plan(plan.child_id, previous).next_meeting_date = next_date

    def test_warnings(self):
        wizard = self.open(self.plan)
        for start, words in (
            (datetime(2026, 3, 30, 9), "after the meeting is due"),
            (datetime(2026, 2, 7, 9), "at the weekend"),
            (datetime(2026, 1, 7, 9), "passed already"),
        ):
            with self.subTest(start=start):
                wizard.start = start
                self.assertIn(words, wizard.warning)
        wizard.start = datetime(2026, 3, 27, 15)
        self.assertFalse(wizard.warning)

    def test_the_day_is_the_councils(self):
        """Late on the last evening by London is the day after in UTC."""
        self.plan.due_date = date(2026, 6, 30)
        wizard = self.open(self.plan)
        wizard.start = datetime(2026, 6, 30, 22, 30)  # half past eleven in London
        self.assertFalse(wizard.warning)
        wizard.start = datetime(2026, 6, 30, 23, 30)  # half past midnight, in July
        self.assertIn("after the meeting is due", wizard.warning)

    def test_busy_is_shown_and_gone_round(self):
        self.busy("vseo", 9, 11)
        wizard = self.open(self.plan)
        self.assertEqual(wizard.start, datetime(2026, 2, 3, 11))
        wizard.start = datetime(2026, 2, 3, 10, 30)
        chair = wizard.person_ids.filtered(lambda person: person.role == "vseo")
        self.assertEqual((chair.calendar, chair.calendar_state), ("Busy 09:00–11:00", "busy"))
        self.assertIn("Busy 09:00–11:00", wizard.line_ids.free)
        self.assertNotIn("Secret", str(wizard.person_ids.read()) + str(wizard.line_ids.read()))

    def test_suggesting_times(self):
        """For all whose calendar is known; unknown ones do not count as free, and do not stop anything."""
        colleague = self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["support"].partner_id.id,
                "role": "other",
                "date_from": date(2025, 9, 1),
            }
        )
        self.busy("vseo", 9, 13)
        self.busy("support", 14, 16)
        wizard = self.open(self.plan)
        self.assertIn(colleague.partner_id, wizard.person_ids.partner_id)
        wizard.action_suggest()
        self.assertEqual(wizard.start, datetime(2026, 2, 3, 13))
        self.assertEqual(
            wizard.slot_ids.mapped("start"),
            [datetime(2026, 2, 3, 13)]
            + [datetime(2026, 2, day, hour) for day in (4, 5) for hour in (9, 13)]
            + [datetime(2026, 2, 6, 9)],
        )
        self.assertEqual(set(wizard.slot_ids.mapped("free")), {"Nobody is busy"})
        wizard.slot_ids[1].action_take()
        self.assertEqual(wizard.start, datetime(2026, 2, 4, 9))
        self.busy("support", 8, 14)
        person = wizard.person_ids.filtered(lambda person: person.partner_id == colleague.partner_id)
        wizard.action_suggest()
        self.assertEqual(wizard.start, datetime(2026, 2, 4, 9))
        person.include = False
        wizard.action_suggest()
        self.assertEqual(wizard.start, datetime(2026, 2, 3, 13))

    def test_suggestions_keep_to_the_working_day_and_the_due_date(self):
        self.plan.due_date = date(2026, 2, 4)
        for day in (3, 4):
            self.busy("vseo", 8, 15, day=day)
        wizard = self.open(self.plan)
        wizard.action_suggest()
        self.assertEqual(wizard.slot_ids.mapped("start"), [datetime(2026, 2, 3, 15), datetime(2026, 2, 4, 15)])
        for day in (3, 4):
            self.busy("vseo", 15, 16, day=day)
        with self.assertRaisesRegex(UserError, "no time left"):
            wizard.action_suggest()

    def test_a_row_needs_room_for_all(self):
        self.busy("vseo", 11, 12)
        wizard = self.open()
        self.assertEqual(wizard.start, datetime(2026, 2, 4, 9))
        self.assertEqual(self.hours(wizard.line_ids), ["Wed 09:00", "Wed 10:10", "Wed 11:20", "Wed 12:30"])

    # === Doing it ===

    def test_one_is_planned_and_invited(self):
        wizard = self.open(self.plan, method="action_plan_meeting")
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual((meeting.plan_id, meeting.state), (self.plan, "planned"))
        self.assertEqual((meeting.start, meeting.duration), (datetime(2026, 2, 3, 9), 1.0))
        self.assertEqual((meeting.mode, meeting.link_kind, meeting.place), ("online", "none", False))
        self.assertEqual(len(meeting.attendee_ids), 7)
        self.assertTrue(meeting.attendee_ids.filtered(lambda row: row.role == "teacher").needed)
        self.assertEqual(meeting.attendee_ids.filtered(lambda row: row.role == "carer").invitation, "invited")

    def test_without_inviting(self):
        wizard = self.open(self.plan)
        wizard.send_now = False
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual(set(meeting.attendee_ids.mapped("invitation")), {"none"})

    def test_whoever_is_not_ticked_is_not_asked(self):
        wizard = self.open(self.plan)
        wizard.person_ids.filtered(lambda person: person.role in ("parent", "iro")).include = False
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual(
            set(meeting.attendee_ids.mapped("role")), {"child", "vseo", "teacher", "social_worker", "carer"}
        )

    def test_one_that_took_place_is_put_on_record(self):
        wizard = self.open(self.plan)
        wizard.write({"start": datetime(2026, 1, 29, 10), "send_now": False})
        self.assertIn("passed already", wizard.warning)
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual((meeting.start, meeting.state), (datetime(2026, 1, 29, 10), "planned"))
        self.assertEqual(set(meeting.attendee_ids.mapped("invitation")), {"none"})

    def test_somebody_is_left(self):
        wizard = self.open(self.plan)
        wizard.person_ids.include = False
        with self.assertRaisesRegex(UserError, "Nobody is left"):
            wizard.action_plan()

    def test_a_school_day(self):
        """Four meetings with one press: each a record of its own, with its own event and its own people."""
        wizard = self.open()
        wizard.mode = "face"
        meetings = self.meetings_of(wizard.action_plan())
        self.assertEqual(len(meetings), 4)
        self.assertEqual(meetings.plan_id, self.plans)
        self.assertEqual(
            meetings.mapped("start"),
            [datetime(2026, 2, 3, 9) + timedelta(minutes=70) * number for number in range(4)],
        )
        self.assertEqual(set(meetings.mapped("place")), {"Elm Primary School"})
        self.assertEqual(len(set(meetings.mapped("uid"))), 4)
        self.assertEqual(len(meetings.event_id), 4)
        others = meetings.filtered(lambda meeting: meeting.child_id != self.child)
        self.assertNotIn(self.users["carer"].partner_id, others.attendee_ids.partner_id)
        self.assertEqual(set(meetings.mapped("link_kind")), {"none"})

    def test_pressed_twice(self):
        wizard = self.open()
        wizard.action_plan()
        with self.assertRaisesRegex(UserError, "planned already"):
            wizard.action_plan()
        self.assertEqual(self.env["pep.meeting"].search_count([("plan_id", "in", self.plans.ids)]), 4)

    def test_two_colleagues_at_once(self):
        first, second = self.open(), self.open(role="head")
        first.action_plan()
        with self.assertRaisesRegex(UserError, "has a meeting by now"):
            second.action_plan()

    def test_one_link_for_two_children_is_refused(self):
        """In the row, or that of another child's meeting; how it is written makes no difference."""
        wizard = self.open(self.plans[:2])
        wizard.link_kind = "pasted"
        with self.assertRaisesRegex(UserError, "Paste the link"):
            wizard.action_plan()
        wizard.line_ids[0].link = "https://teams.example/Meet/1 "
        wizard.line_ids[1].link = "https://teams.example/meet/1/"
        with self.assertRaisesRegex(UserError, "same link"):
            wizard.action_plan()
        wizard.line_ids[1].link = "https://teams.example/meet/2"
        meetings = self.meetings_of(wizard.action_plan())
        self.assertEqual(set(meetings.mapped("link")), {"https://teams.example/Meet/1", "https://teams.example/meet/2"})
        again = self.open(self.plans[2:3])
        again.link_kind = "pasted"
        again.line_ids.link = "https://teams.example/meet/2"
        with self.assertRaisesRegex(UserError, "another child's meeting"):
            again.action_plan()

    def test_the_same_child_keeps_its_link(self):
        wizard = self.open(self.plan)
        wizard.write({"link_kind": "pasted"})
        wizard.line_ids.link = "https://teams.example/meet/1"
        wizard.action_plan()
        extra = self.open(self.plan, method="action_extra_meeting")
        extra.write({"link_kind": "pasted", "purpose": "Travel", "start": datetime(2026, 2, 10, 9)})
        extra.line_ids.link = "https://teams.example/meet/1"
        self.assertEqual(len(self.meetings_of(extra.action_plan())), 1)

    def test_refusals(self):
        wizard = self.open(self.plan)
        for values, words in (
            ({"start": datetime(2026, 2, 2, 7)}, "passed already"),
            ({"minutes": 0}, "lasts from"),
            ({"minutes": 60 * 13}, "lasts from"),
            ({"pause": -5}, "between two meetings"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
                wizard.write(values)
                wizard.action_plan()
        self.assertFalse(self.plan.meeting_ids)

    # === Which PEPs ===

    def test_another_colleagues_child_is_not_shown_by_filling_in_a_form(self):
        """Odoo works out the lines of a form past the rules."""
        other = self.make_children(vseo_id=self.users["other_vseo"].id)
        line = {"plan_id": self.make_plan(other).id}
        shown = {"fields": {"plan_id": {}, "child_reference": {}, "school_name": {}, "due_date": {}}}
        wizard = self.as_user(self.env["pep.meeting.schedule"], "vseo")
        slot, person = wizard.env["pep.meeting.schedule.slot"], wizard.env["pep.meeting.schedule.person"]
        calls = {
            "lines": lambda: wizard.onchange({"line_ids": [(0, "virtual_1", line)]}, [], {"line_ids": shown}),
            "suggestions": lambda: wizard.onchange({"suggestion_ids": [(0, 0, line)]}, [], {"suggestion_ids": shown}),
            "default": lambda: wizard.with_context(default_line_ids=[(0, 0, line)]).onchange(
                {}, [], {"line_ids": shown}
            ),
            "slot": lambda: slot.onchange(
                {"wizard_id": {"line_ids": [(0, 0, line)]}}, [], {"wizard_id": {"fields": {"line_ids": shown}}}
            ),
            "person": lambda: person.onchange({"line_id": line}, [], {"line_id": shown}),
        }
        for name, call in calls.items():
            with self.subTest(name), mute_logger("odoo.addons.base.models.ir_rule"), self.assertRaises(AccessError):
                call()
        own = wizard.onchange({"line_ids": [(0, "virtual_1", {"plan_id": self.plan.id})]}, [], {"line_ids": shown})
        self.assertEqual(own["value"]["line_ids"][0][2]["child_reference"], self.child.reference)

    def test_those_with_a_meeting_are_left_out(self):
        self.open(self.plans[:1]).action_plan()
        self.plans[3].sudo().state = "cancelled"
        wizard = self.open()
        self.assertEqual(wizard.line_ids.plan_id, self.plans[1:3])
        self.assertIn("2 of those chosen", wizard.note)
        wizard.action_plan()
        with self.assertRaisesRegex(UserError, "nothing left to plan"):
            self.open()

    def test_the_meeting_that_is_there_is_opened(self):
        meeting = self.meetings_of(self.open(self.plan).action_plan())
        action = self.as_user(self.plan, "vseo").action_plan_meeting()
        self.assertEqual((action["res_model"], action["res_id"]), ("pep.meeting", meeting.id))

    def test_a_finished_pep(self):
        """Has no termly meeting planned any more; an extra one goes beside it and changes nothing."""
        self.plan.sudo().state = "complete"
        with self.assertRaises(UserError):
            self.open(self.plan, method="action_plan_meeting")
        wizard = self.open(self.plan, method="action_extra_meeting")
        with self.assertRaisesRegex(UserError, "what the extra meeting is for"):
            wizard.action_plan()
        wizard.purpose = "Travel to school"
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual((meeting.is_extra, meeting.purpose), (True, "Travel to school"))
        self.assertEqual(self.plan.state, "complete")
        self.assertFalse(self.plan.meeting_id)
        self.plan.sudo().state = "cancelled"
        with self.assertRaisesRegex(UserError, "was cancelled"):
            self.open(self.plan, method="action_extra_meeting")

    def test_an_extra_one_beside_the_termly_one(self):
        self.open(self.plan).action_plan()
        extra = self.open(self.plan, method="action_extra_meeting")
        self.assertEqual(extra.start, datetime(2026, 2, 3, 10))
        extra.purpose = "Travel to school"
        self.assertEqual(len(self.meetings_of(extra.action_plan())), 1)
        self.assertEqual(len(self.plan.meeting_ids), 2)

    # === Who goes well with whom ===

    def test_a_school_day_is_suggested(self):
        wizard = self.open(self.plan)
        suggested = {row.plan_id: row.why for row in wizard.suggestion_ids}
        self.assertEqual(set(suggested), set(self.plans - self.plan))
        self.assertEqual(wizard.school_more, 3)
        self.assertIn("Same school", suggested[self.plans[1]])
        self.assertIn("Same social worker", suggested[self.plans[1]])
        wizard.suggestion_ids[0].action_add()
        self.assertEqual((len(wizard.line_ids), wizard.pause), (2, 10))
        self.assertEqual(len(wizard.suggestion_ids), 2)
        wizard.action_add_school()
        self.assertEqual(wizard.line_ids.plan_id, self.plans)
        self.assertFalse(wizard.suggestion_ids)
        wizard.line_ids[3].action_leave_out()
        self.assertEqual((len(wizard.line_ids), len(wizard.suggestion_ids)), (3, 1))
        self.assertEqual(wizard.person_ids.line_id, wizard.line_ids)

    def test_siblings_and_shared_people_across_schools(self):
        far = self.make_school("Far School", "100002")
        one, two, three = self.make_children(3, school=False)
        for child in (one, two, three):
            self.env["pep.enrolment"].create({"child_id": child.id, "school_id": far.id, "date_from": date(2025, 9, 1)})
        for child, role in ((one, "parent"), (two, "carer")):
            self.env["pep.network.member"].create(
                {
                    "child_id": child.id,
                    "partner_id": self.users[role].partner_id.id,
                    "role": role,
                    "date_from": date(2025, 9, 1),
                    "must_not_contact": role == "parent",
                }
            )
        plans = self.term._open(one | two | three)
        why = {row.plan_id.child_id: row.why for row in self.open(self.plan).suggestion_ids}
        self.assertEqual(why[one], "A sibling: same parent")
        self.assertEqual(why[two], "Same carer")
        self.assertNotIn(three, why)
        self.assertEqual(len(plans), 3)

    def test_only_children_whom_the_user_sees(self):
        elsewhere = self.make_children(1, vseo_id=self.users["other_vseo"].id)
        plan = self.make_plan(elsewhere)
        self.assertNotIn(plan, self.open(self.plan).suggestion_ids.plan_id)
        self.assertIn(plan, self.open(self.plan, role="head").suggestion_ids.plan_id)
        wizard = self.open(self.plan)
        with self.assertRaises(AccessError):
            wizard.write({"suggestion_ids": [(0, 0, {"plan_id": plan.id})]})
        with self.assertRaises(AccessError):
            wizard.write({"line_ids": [(0, 0, {"plan_id": plan.id})]})
        with self.assertRaises(AccessError):
            self.as_user(self.plan | plan, "vseo").action_schedule_meetings()

    def test_nobody_who_was_around_once(self):
        """A carer of last year, or somebody with whom there must be no contact, brings nobody together."""
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = date(2025, 12, 1)
        other = self.make_children(1, school=False)
        self.env["pep.network.member"].create(
            {
                "child_id": other.id,
                "partner_id": self.users["carer"].partner_id.id,
                "role": "carer",
                "date_from": date(2025, 9, 1),
            }
        )
        plan = self.make_plan(other)
        self.assertNotIn(plan, self.open(self.plan).suggestion_ids.plan_id)

    # === Who may ===

    def test_who_must_not(self):
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "finance",
            "admin",
            "other_vseo",
            "employee",
        ):
            for method in ("action_plan_meeting", "action_schedule_meetings", "action_extra_meeting"):
                with self.subTest(role, method=method), self.assertRaises(AccessError):
                    self.open(self.plan, role=role, method=method)

    def test_another_councils_vseo(self):
        elsewhere = self.env["res.company"].create({"name": "Farshire"})
        self.users["far"] = new_test_user(
            self.env,
            "far.test",
            groups="pep_module.group_pep_vseo",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        self.addClassCleanup(self.users.pop, "far", None)
        with self.assertRaises(AccessError):
            self.open(self.plan, role="far")

    def test_nobody_uses_anothers_form(self):
        wizard = self.open(self.plan)
        for role in ("head", "other_vseo", "support", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(wizard, role).action_plan()

    def test_support_plans_for_the_vseo(self):
        self.env["pep.cover"].create(
            {
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["support"].id,
                "role": "support",
                "company_id": self.council.id,
            }
        )
        wizard = self.open(self.plan, role="support")
        self.assertEqual(wizard.line_ids.chair_id, self.users["vseo"])
        meeting = self.meetings_of(wizard.action_plan())
        self.assertEqual(meeting.chair_id, self.users["vseo"])

    def test_access_that_ends_while_the_form_is_open(self):
        wizard = self.open()
        self.child.vseo_id = self.users["other_vseo"]
        with self.assertRaises(AccessError):
            wizard.action_plan()
        self.assertFalse(self.env["pep.meeting"].search([("plan_id", "in", self.plans.ids)]))

    def test_two_councils_at_once(self):
        elsewhere = self.env["res.company"].create({"name": "Farshire"})
        head = self.users["head"]
        head.company_ids = [(4, elsewhere.id)]
        far = self.make_children(
            1,
            school=False,
            company_id=elsewhere.id,
            vseo_id=False,
            date_of_birth=date(2016, 1, 15),
        )
        term = self.env["pep.term"]._term_on(elsewhere, date(2026, 2, 2))
        plan = self.make_plan(far, term)
        with self.assertRaisesRegex(UserError, "one council"):
            self.open(self.plan | plan, role="head")

    # === On the screen ===

    def test_the_form_follows_what_is_typed(self):
        """Without saving: times, warnings and calendars."""
        self.busy("vseo", 9, 10, day=5)
        wizard = self.open(self.plans[:2])
        with Form(wizard) as form:
            form.start = datetime(2026, 2, 5, 9)
            self.assertIn("Thu 5 Feb", form.summary)
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.slot, "Thu 5 Feb 09:00–10:00")
                self.assertIn("Busy 09:00–10:00", line.free)
            form.start = datetime(2026, 4, 4, 9)
            self.assertIn("after the meeting is due", form.warning)
            form.start = datetime(2026, 2, 6, 9)
            self.assertFalse(form.warning)
            form.mode = "face"
            self.assertEqual(form.link_kind, "none")

    def test_on_the_board(self):
        """The button of the board and the list, and what a card says while times are offered."""
        action = self.env.ref("pep_module.pep_plan_action_schedule_meetings")
        plans = self.as_user(self.plans, "vseo")
        result = (
            action.with_user(self.users["vseo"])
            .with_context(active_model="pep.plan", active_ids=plans.ids, allowed_company_ids=self.council.ids)
            .run()
        )
        self.assertEqual(result["res_model"], "pep.meeting.schedule")
        bindings = self.as_user(self.env["ir.actions.actions"], "vseo").get_bindings("pep.plan")
        self.assertIn("Plan the meetings", [binding["name"] for binding in bindings.get("action", ())])


@tagged("post_install", "-at_install")
class TestScheduleSpeed(ScheduleCase):
    """What a row of meetings costs in queries does not grow with its length, beyond the chunks of Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = cls.make_children(60)
        cls.many_plans = cls.term._open(cls.many)

    def queries_of(self, plans, send_now):
        """Queries of opening the form, and of planning; undone, the second of two turns."""
        for _turn in range(2):
            with self.env.cr.savepoint() as savepoint:
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                wizard = self.open(plans, role="head")
                wizard.send_now = send_now
                self.env.flush_all()
                opening = self.env.cr.sql_log_count - before
                before = self.env.cr.sql_log_count
                wizard.action_plan()
                self.env.flush_all()
                planning = self.env.cr.sql_log_count - before
                savepoint.rollback()
            self.env.invalidate_all()
        return opening, planning

    def test_opening_and_planning(self):
        """Forty meetings for ten, with and without invitations."""
        for send_now in (False, True):
            few = self.queries_of(self.many_plans[:10], send_now)
            many = self.queries_of(self.many_plans[:40], send_now)
            with self.subTest(send_now=send_now):
                self.assertLessEqual(many[0] - few[0], 6)
                self.assertLessEqual(many[1] - few[1], 15)
