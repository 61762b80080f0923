"""Counting days: by hand, in the council's calendars, and at a fixed number of queries."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools.day_count import WEEKDAYS, DayCount, Holiday, NoDays

from tests.common import PepCase


def day(text):
    return date.fromisoformat(text)


# start, working days (negative: before), the day counted by hand on a printed calendar, holidays passed over
WORKING = [
    ("2026-12-23", 3, "2026-12-30", ["Christmas Day", "Boxing Day (substitute day)"]),
    ("2026-12-25", 1, "2026-12-29", ["Boxing Day (substitute day)"]),  # from Christmas Day itself
    ("2025-12-12", 10, "2025-12-30", ["Christmas Day", "Boxing Day"]),
    ("2027-12-24", 1, "2027-12-29", ["Christmas Day (substitute day)", "Boxing Day (substitute day)"]),
    ("2027-12-31", 1, "2028-01-04", ["New Year's Day (substitute day)"]),
    ("2026-04-02", 1, "2026-04-07", ["Good Friday", "Easter Monday"]),
    ("2026-03-27", 10, "2026-04-14", ["Good Friday", "Easter Monday"]),
    ("2022-05-30", 5, "2022-06-08", ["Spring bank holiday", "Platinum Jubilee"]),
    ("2022-09-16", 1, "2022-09-20", ["State Funeral of Queen Elizabeth II"]),
    ("2023-05-05", 1, "2023-05-09", ["Coronation of King Charles III"]),
    ("2020-05-01", 5, "2020-05-11", ["Early May bank holiday"]),
    ("2026-08-28", 1, "2026-09-01", ["Summer bank holiday"]),
    ("2026-09-05", 1, "2026-09-07", []),  # a Saturday: Monday is day 1
    ("2026-09-06", 1, "2026-09-07", []),
    ("2026-09-04", 1, "2026-09-07", []),  # a Friday
    ("2026-09-04", 10, "2026-09-18", []),
    ("2026-09-04", 20, "2026-10-02", []),
    ("2028-02-28", 1, "2028-02-29", []),
    ("2028-02-29", 1, "2028-03-01", []),
    ("2027-02-26", 1, "2027-03-01", []),
    ("2028-02-29", 20, "2028-03-28", []),
    ("2026-03-27", 1, "2026-03-30", []),  # the clock is put forward in between
    ("2026-10-23", 1, "2026-10-26", []),  # and back
    ("2026-10-23", -1, "2026-10-22", []),
    ("2026-12-29", -1, "2026-12-24", ["Christmas Day", "Boxing Day (substitute day)"]),
    ("2026-09-07", -3, "2026-09-02", []),
    ("2026-09-05", -3, "2026-09-02", []),
    ("2026-12-25", 0, "2026-12-25", []),  # 0: the day itself, whatever it is
]
# start, school days, the day by hand, by the holidays of thumb
SCHOOL = [
    ("2026-07-20", 1, "2026-07-21", []),
    ("2026-07-21", 1, "2026-09-02", ["Summer holidays"]),
    ("2026-07-25", 10, "2026-09-15", ["Summer holidays"]),  # comes into care on 25 July
    ("2026-10-23", 1, "2026-11-02", ["October half-term"]),
    ("2026-12-18", 1, "2027-01-04", ["Christmas holidays"]),
    ("2025-12-19", 1, "2026-01-05", ["Christmas holidays"]),
    ("2026-03-27", 1, "2026-04-13", ["Easter holidays"]),
    ("2027-03-24", 2, "2027-04-12", ["Good Friday", "Easter holidays"]),
    ("2026-05-01", 1, "2026-05-05", ["Early May bank holiday"]),
    ("2026-09-02", -1, "2026-07-21", ["Summer holidays"]),
]


@tagged("post_install", "-at_install")
class TestDayCountPure(BaseCase):
    def count(self, *holidays, week=WEEKDAYS):
        return DayCount(week, lambda year: [row for row in holidays if row.first.year <= year <= row.last.year])

    def test_the_longest_name_is_told(self):
        days = self.count(
            Holiday(day("2026-12-25"), day("2026-12-25"), "Christmas Day"),
            Holiday(day("2026-12-21"), day("2027-01-01"), "Christmas holidays"),
            Holiday(day("2027-01-01"), day("2027-01-01"), "New Year's Day"),
        )
        end, passed = days.count(day("2026-12-18"), 1)
        self.assertEqual((end, [holiday.name for holiday in passed]), (day("2027-01-04"), ["Christmas holidays"]))
        self.assertEqual(days.holiday_on(day("2027-01-01")).name, "Christmas holidays")
        self.assertIsNone(days.holiday_on(day("2027-01-04")))

    def test_weekends_are_no_holidays(self):
        days = self.count(Holiday(day("2026-09-05"), day("2026-09-06"), "A weekend"))
        self.assertEqual(days.count(day("2026-09-04"), 1), (day("2026-09-07"), []))

    def test_a_holiday_of_many_years(self):
        days = self.count(Holiday(day("2024-01-01"), day("2025-12-31"), "Closed"))
        self.assertEqual(days.count(day("2023-12-29"), 1)[0], day("2026-01-01"))
        self.assertEqual(days.number(day("2023-12-25"), day("2026-01-02")), 5 + 2)

    def test_every_second_week(self):
        days = self.count(week=frozenset((0,)))
        first, _passed = days.count(day("2026-01-01"), 1)
        second, _passed = days.count(day("2026-01-01"), 2)
        self.assertEqual((first.weekday(), second - first), (0, timedelta(days=14)))

    def test_no_days(self):
        for days in (self.count(week=frozenset()), self.count(Holiday(day("2020-01-01"), day("2030-01-01"), "Closed"))):
            with self.assertRaises(NoDays):
                days.count(day("2026-01-01"), 1)

    def test_there_and_back(self):
        """From a day that counts, as many days forward and back lead to it again; and number() agrees with count()."""
        days = self.count(Holiday(day("2026-04-03"), day("2026-04-06"), "Easter"))
        start = day("2026-03-02")
        for offset in range(60):
            begin = days.next_day(start + timedelta(days=offset))
            for length in (1, 5, 23):
                end, _passed = days.count(begin, length)
                self.assertEqual(days.count(end, -length)[0], begin)
                self.assertEqual(days.number(begin, end), length + 1)


@tagged("post_install", "-at_install")
class TestDayCount(PepCase):
    def counter(self):
        return self.env["resource.calendar"]._pep_day_counter(self.council)

    def test_working_days_by_hand(self):
        counter = self.counter()
        for start, length, end, names in WORKING:
            with self.subTest(start=start, length=length):
                counted = counter.count("working", day(start), length)
                self.assertEqual(counted.day, day(end))
                self.assertEqual(counted.calendar, "Working days, England")
                self.assertEqual([holiday.name for holiday in counted.left_out], names)

    def test_school_days_by_hand(self):
        counter = self.counter()
        for start, length, end, names in SCHOOL:
            with self.subTest(start=start, length=length):
                counted = counter.count("school", day(start), length, self.school)
                self.assertEqual(counted.day, day(end))
                self.assertEqual([holiday.name for holiday in counted.left_out], names)

    def test_rows_and_rules_count_the_same(self):
        """Whether the holidays of a year are rows or not yet, a count comes to the same."""

        def counts():
            starts = [(unit, day(f"{year}-01-01")) for year in (2018, 2019) for unit in ("working", "school")]
            return [self.counter().count(unit, start, 150) for unit, start in starts]

        before = counts()
        calendars = self.council.pep_calendar_id | self.council.pep_school_calendar_id
        for years in ([2019], [2017, 2018, 2020]):
            calendars._pep_generate(years)
            self.assertEqual(counts(), before)

    def test_calendar_days(self):
        counter = self.counter()
        self.assertEqual(counter.count("calendar", day("2028-02-28"), 2), (day("2028-03-01"), None, []))
        self.assertEqual(counter.count("calendar", day("2026-03-28"), 14).day, day("2026-04-11"))
        self.assertEqual(counter.count("calendar", day("2026-03-01"), -1).day, day("2026-02-28"))
        self.assertEqual(counter.number("calendar", day("2026-03-01"), day("2026-03-01")), 1)
        self.assertEqual(counter.number("calendar", day("2026-03-02"), day("2026-03-01")), 0)
        self.assertTrue(counter.is_day("calendar", day("2026-12-25")))
        self.assertEqual(counter.next_day("calendar", day("2026-12-25")), day("2026-12-25"))
        self.assertIsNone(counter.calendar_name("calendar"))

    def test_single_days(self):
        counter = self.counter()
        self.assertFalse(counter.is_day("working", day("2026-12-28")))
        self.assertTrue(counter.is_day("working", day("2026-12-29")))
        self.assertEqual(counter.next_day("working", day("2026-12-25")), day("2026-12-29"))
        self.assertEqual(counter.next_day("working", day("2026-12-29")), day("2026-12-29"))
        self.assertEqual(counter.next_day("school", day("2026-07-25")), day("2026-09-02"))
        summer = counter.holiday_on(day("2026-07-25"))
        self.assertEqual(summer, (day("2026-07-22"), day("2026-09-01"), "Summer holidays", True))
        self.assertIsNone(counter.holiday_on(day("2026-09-05")))
        self.assertEqual(counter.number("school", day("2026-07-20"), day("2026-09-03")), 4)

    def test_what_is_not_checked_is_told(self):
        school = self.counter().count("school", day("2026-07-20"), 5)
        self.assertEqual(school.calendar, "School days, England (holidays by rule, not checked yet)")
        self.assertTrue(school.left_out[0].by_rule)
        # without a holiday in between there is nothing to be unsure of; a bank holiday is none of thumb
        self.assertEqual(self.counter().count("school", day("2026-09-07"), 5).calendar, "School days, England")
        self.assertEqual(self.counter().count("school", day("2026-05-01"), 2).calendar, "School days, England")
        self.council.pep_school_calendar_id.action_pep_checked()
        self.assertEqual(self.counter().count("school", day("2026-07-20"), 5).calendar, "School days, England")

    def test_school_then_area_then_council(self):
        area = self.env["resource.calendar"].create(
            self.env["resource.calendar"]._pep_prepare(self.council, "school", "School days, Kent", pep_la_code="886")
        )
        kent = self.make_school("Oak School", "100002", pep_la_code="886")
        own = self.make_school("Ash School", "100003", pep_la_code="886")
        row = self.env["pep.school.calendar"].create({"school_id": own.id, "company_id": self.council.id})
        self.assertEqual(row.calendar_id.name, "School days, Ash School")
        row.calendar_id.pep_holiday_ids = [
            (0, 0, {"name": "Training day", "pep_first_day": "2026-09-04", "pep_last_day": "2026-09-04"})
        ]
        counter = self.counter()
        self.assertEqual(counter.calendar_name("school", kent), "School days, Kent")
        self.assertEqual(counter.calendar_name("school", own), "School days, Ash School")
        self.assertEqual(counter.calendar_name("school", self.school), "School days, England")
        self.assertEqual(counter.calendar_name("school"), "School days, England")
        self.assertEqual(counter.calendar_name("school", self.env["res.partner"]), "School days, England")
        self.assertEqual(counter.count("school", day("2026-09-03"), 1, own).day, day("2026-09-07"))
        self.assertEqual(counter.count("school", day("2026-09-03"), 1, kent).day, day("2026-09-04"))
        # archived: the school follows its area again, the area the council
        row.active = False
        self.assertEqual(self.counter().calendar_name("school", own), "School days, Kent")
        area.active = False
        self.assertEqual(self.counter().calendar_name("school", own), "School days, England")

    def test_another_council_counts_by_its_own(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        self.council.pep_calendar_id.pep_holiday_ids.filtered(lambda row: row.name == "Christmas Day").unlink()
        theirs = self.env["resource.calendar"]._pep_day_counter(other)
        year = self.today.year
        christmas = next(row for row in other.pep_calendar_id.pep_holiday_ids if row.name.startswith("Christmas Day"))
        self.assertFalse(theirs.is_day("working", christmas.pep_first_day))
        self.assertTrue(self.counter().is_day("working", christmas.pep_first_day), year)

    def test_whoever_counts(self):
        for role in ("vseo", "finance", "employee", "teacher"):
            model = self.as_user(self.env["resource.calendar"], role)
            council = self.council.with_env(model.env)
            self.assertEqual(
                model._pep_day_counter(council).count("working", day("2026-12-23"), 3).day, day("2026-12-30"), role
            )

    def test_queries_do_not_grow(self):
        schools = [self.make_school(f"School {number}", str(110000 + number)) for number in range(8)]
        self.env["pep.school.calendar"].create(
            [{"school_id": school.id, "company_id": self.council.id} for school in schools]
        )
        self.env.flush_all()
        every = self.env["res.partner"].concat(*schools)

        def run(schools, times):
            self.env.invalidate_all()
            counter = self.counter()
            before = self.cr.sql_log_count
            for number in range(times):
                start = day("2026-01-05") + timedelta(days=number)
                counter.count("working", start, 20)
                for school in schools:
                    counter.count("school", start, 20, school)
            return self.cr.sql_log_count - before

        once = run(every[:1], 1)
        self.assertEqual(run(every, 300), once)
        self.assertLessEqual(once, 9)

    def test_a_calendar_without_days(self):
        self.council.pep_calendar_id.attendance_ids.unlink()
        counter = self.counter()
        for ask in (lambda: counter.count("working", self.today, 1), lambda: counter.next_day("working", self.today)):
            with self.assertRaisesRegex(UserError, "No day of the week"):
                ask()
        self.assertEqual(counter.number("working", day("2026-01-01"), day("2026-02-01")), 0)

    def test_a_council_without_calendars_counts_by_the_rules(self):
        self.council.write({"pep_calendar_id": False, "pep_school_calendar_id": False})
        counted = self.counter().count("working", day("2026-12-23"), 3)
        self.assertEqual((counted.day, counted.calendar), (day("2026-12-30"), "Monday to Friday"))
        self.assertEqual(self.counter().count("school", day("2026-07-21"), 1).day, day("2026-09-02"))
