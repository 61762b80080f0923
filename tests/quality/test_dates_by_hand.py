"""Dates worked out by hand, with a calendar on the wall, and the sentence that goes with each.

Bank holidays of England: gov.uk for 2026 and 2027; those of 2028 by the Act of 1971 and its substitute days. Weekdays
were looked up, not computed.
"""

from datetime import date, datetime, timedelta

from odoo.tests import tagged

from tests.quality.deadline_common import DeadlineCase

LEFT_OUT = "Left out by the calendar “Working days, England”: weekends"
CHRISTMAS = "Christmas Day (Fri 25 Dec 2026), Boxing Day (substitute day) (Mon 28 Dec 2026)"
NEW_YEAR = "New Year's Day (Fri 1 Jan 2027)"
EASTER = "Good Friday (Fri 26 Mar 2027), Easter Monday (Mon 29 Mar 2027)"
WEEKEND = (
    "Christmas Day (substitute day) (Mon 27 Dec 2027), Boxing Day (substitute day) (Tue 28 Dec 2027), "
    "New Year's Day (substitute day) (Mon 3 Jan 2028)"
)
# into care -> (started by, in words, what is left out), (ready by, in words, what is left out)
INTO_CARE = {
    "Christmas": (
        date(2026, 12, 15),
        "Tue 15 Dec 2026",
        (date(2026, 12, 31), "Thu 31 Dec 2026", CHRISTMAS),
        (date(2027, 1, 15), "Fri 15 Jan 2027", f"{CHRISTMAS}, {NEW_YEAR}"),
    ),
    "Easter": (
        date(2027, 3, 18),
        "Thu 18 Mar 2027",
        (date(2027, 4, 5), "Mon 5 Apr 2027", EASTER),
        (date(2027, 4, 19), "Mon 19 Apr 2027", EASTER),
    ),
    "August": (
        date(2026, 8, 17),
        "Mon 17 Aug 2026",
        (date(2026, 9, 1), "Tue 1 Sep 2026", "Summer bank holiday (Mon 31 Aug 2026)"),
        (date(2026, 9, 15), "Tue 15 Sep 2026", "Summer bank holiday (Mon 31 Aug 2026)"),
    ),
    "25 July, a Saturday in the summer holidays": (
        date(2026, 7, 25),
        "Sat 25 Jul 2026",
        (date(2026, 8, 7), "Fri 7 Aug 2026", ""),
        (date(2026, 8, 21), "Fri 21 Aug 2026", ""),
    ),
    "bank holidays on a weekend": (
        date(2027, 12, 20),
        "Mon 20 Dec 2027",
        (date(2028, 1, 6), "Thu 6 Jan 2028", WEEKEND),
        (date(2028, 1, 20), "Thu 20 Jan 2028", WEEKEND),
    ),
    "over 29 February": (
        date(2028, 2, 22),
        "Tue 22 Feb 2028",
        (date(2028, 3, 7), "Tue 7 Mar 2028", ""),
        (date(2028, 3, 21), "Tue 21 Mar 2028", ""),
    ),
    "on 29 February": (
        date(2028, 2, 29),
        "Tue 29 Feb 2028",
        (date(2028, 3, 14), "Tue 14 Mar 2028", ""),
        (date(2028, 3, 28), "Tue 28 Mar 2028", ""),
    ),
    "clocks go back on 25 October": (
        date(2026, 10, 19),
        "Mon 19 Oct 2026",
        (date(2026, 11, 2), "Mon 2 Nov 2026", ""),
        (date(2026, 11, 16), "Mon 16 Nov 2026", ""),
    ),
    "clocks go forward on 28 March": (
        date(2027, 3, 25),
        "Thu 25 Mar 2027",
        (date(2027, 4, 12), "Mon 12 Apr 2027", EASTER),
        (date(2027, 4, 26), "Mon 26 Apr 2027", EASTER),
    ),
    "Friday evening": (
        date(2026, 12, 4),
        "Fri 4 Dec 2026",
        (date(2026, 12, 18), "Fri 18 Dec 2026", ""),
        (date(2027, 1, 6), "Wed 6 Jan 2027", f"{CHRISTMAS}, {NEW_YEAR}"),
    ),
    "Saturday: Monday is the first day as well": (
        date(2026, 12, 5),
        "Sat 5 Dec 2026",
        (date(2026, 12, 18), "Fri 18 Dec 2026", ""),
        (date(2027, 1, 6), "Wed 6 Jan 2027", f"{CHRISTMAS}, {NEW_YEAR}"),
    ),
    "Christmas Day itself": (
        date(2026, 12, 25),
        "Fri 25 Dec 2026",
        (date(2027, 1, 12), "Tue 12 Jan 2027", "Boxing Day (substitute day) (Mon 28 Dec 2026), " + NEW_YEAR),
        (date(2027, 1, 26), "Tue 26 Jan 2027", "Boxing Day (substitute day) (Mon 28 Dec 2026), " + NEW_YEAR),
    ),
}
# (the meeting begins, UTC) -> its day in the council, finished within 14 days
PROCESSING = {
    "half an hour past midnight, the night the clocks go back": (
        datetime(2026, 10, 24, 23, 30),
        "Sun 25 Oct 2026",
        (date(2026, 11, 8), "Sun 8 Nov 2026"),
    ),
    "the evening of the same day": (
        datetime(2026, 10, 25, 23, 30),
        "Sun 25 Oct 2026",
        (date(2026, 11, 8), "Sun 8 Nov 2026"),
    ),
    "over Christmas, holidays count": (
        datetime(2026, 12, 16, 10, 0),
        "Wed 16 Dec 2026",
        (date(2026, 12, 30), "Wed 30 Dec 2026"),
    ),
    "over 29 February": (
        datetime(2028, 2, 23, 10, 0),
        "Wed 23 Feb 2028",
        (date(2028, 3, 8), "Wed 8 Mar 2028"),
    ),
    "before midnight in summer": (
        datetime(2027, 6, 9, 22, 59),
        "Wed 9 Jun 2027",
        (date(2027, 6, 23), "Wed 23 Jun 2027"),
    ),
    "after midnight in summer": (
        datetime(2027, 6, 9, 23, 0),
        "Thu 10 Jun 2027",
        (date(2027, 6, 24), "Thu 24 Jun 2027"),
    ),
}


@tagged("post_install", "-at_install")
class TestDatesByHand(DeadlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_go_live = date(2026, 1, 1)

    def assert_clock(self, clock, due, why):
        self.assertEqual((clock.due_date, clock.why), (due, why))

    def test_into_care(self):
        for name, (day, start, started, ready) in INTO_CARE.items():
            with self.subTest(name), self.on(day + timedelta(days=1)):
                child = self.make_children(date_into_care=day, date_of_birth=date(day.year - 9, 1, 15))
                for kind, number, (due, due_words, out) in (("start", 10, started), ("ready", 20, ready)):
                    self.assert_clock(
                        self.clocks(child, kind),
                        due,
                        f"{number} working days after coming into care ({start}): {due_words}. "
                        f"{LEFT_OUT}{', ' + out if out else ''}.",
                    )

    def test_the_first_pep_is_due_when_its_clock_is(self):
        day = date(2026, 12, 4)
        with self.on(day):
            plan = self.make_plan(self.make_children(date_into_care=day))
            self.assertEqual((plan.kind_id.code, plan.due_date), ("initial", date(2027, 1, 6)))
            self.assertEqual((plan.next_due, plan.next_due_kind), (date(2026, 12, 18), "start"))

    def test_school_days_from_25_july(self):
        """Twenty school days: the summer holidays do not count, and the bank holiday in them is one of their days."""
        rule = self.own_rule(
            name="Twenty school days", trigger="into_care", met_by="plan_ready", number=20, unit="school"
        )
        with self.on(date(2026, 7, 26)):
            child = self.make_children(date_into_care=date(2026, 7, 25))
            clock = self.clocks(child, "own")
            self.assertEqual(clock.rule_id, rule)
            self.assert_clock(
                clock,
                date(2026, 9, 29),
                "20 school days after coming into care (Sat 25 Jul 2026): Tue 29 Sep 2026. Left out by the calendar "
                "“School days, England (holidays by rule, not checked yet)”: weekends, "
                "Summer holidays (Wed 22 Jul 2026 to Tue 1 Sep 2026).",
            )

    def test_before_a_care_review_after_new_year(self):
        child = self.make_children()
        child.care_review_date = date(2027, 1, 5)
        self.assert_clock(
            self.clocks(child, "care_review"),
            date(2026, 12, 30),
            f"3 working days before the care review (Tue 5 Jan 2027): Wed 30 Dec 2026. {LEFT_OUT}, {NEW_YEAR}.",
        )

    def test_parts_before_the_meeting(self):
        plan = self.make_plan()
        self.plan_meeting(plan, date(2026, 12, 9))
        for kind in ("school_part", "social_work_part"):
            self.assert_clock(
                self.clocks(plan, kind),
                date(2026, 12, 4),
                "5 calendar days before the meeting (Wed 9 Dec 2026): Fri 4 Dec 2026.",
            )

    def test_processing(self):
        for name, (start, day, (due, due_words)) in PROCESSING.items():
            with self.subTest(name), self.on((start + timedelta(days=2)).date()):
                term = self.env["pep.term"]._term_on(self.council, self.council._pep_today())
                plan = self.make_plan(term=term)
                meeting = self.env["pep.meeting"].create({"plan_id": plan.id, "start": start})
                meeting.attendee_ids[:1].attended = True
                meeting.action_hold()
                why = f"14 calendar days after the meeting ({day}): {due_words}."
                self.assert_clock(self.clocks(plan, "processing"), due, why)
                self.assertEqual(plan.processing_due, due)

    def test_copies_over_christmas(self):
        with self.on(date(2026, 12, 24)):
            plan = self.make_plan()
            self.complete(plan)
            self.assert_clock(
                self.clocks(plan, "copies"),
                date(2027, 1, 5),
                f"5 working days after the PEP was complete (Thu 24 Dec 2026): Tue 5 Jan 2027. "
                f"{LEFT_OUT}, {CHRISTMAS}, {NEW_YEAR}.",
            )

    def test_on_the_day_itself(self):
        plan = self.make_plan()
        self.assert_clock(
            self.clocks(plan, "meeting"),
            date(2026, 12, 31),
            "On the day itself: the term's last day for meetings, Thu 31 Dec 2026.",
        )
        self.assert_clock(
            self.clocks(plan, "termly"), date(2026, 12, 31), "On the day itself: the term's last day, Thu 31 Dec 2026."
        )
