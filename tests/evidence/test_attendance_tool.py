import csv
import unittest
from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools import attendance
from odoo.addons.pep_module.tools.attendance import AM, PM, AttendanceError, Period

from tests.child.ssda903_common import SHARED

CODES = SHARED / "codes" / "dfe_attendance_codes_2024.csv"
TODAY = date(2026, 7, 1)
MONDAY, FRIDAY = date(2025, 9, 1), date(2025, 9, 5)
HEAD = "UPN,date,session,code\n"
TOTALS = "UPN,from,to,possible,present,authorised,unauthorised\n"


def counts(**values):
    return attendance.no_counts() | values


class ToolCase(BaseCase):
    def refused(self, kind, work, *arguments, row=None, column=None):
        with self.assertRaises(AttendanceError) as caught:
            work(*arguments)
        self.assertEqual((caught.exception.kind, caught.exception.row, caught.exception.column), (kind, row, column))
        return caught.exception

    def read(self, text):
        return attendance.read_file(text.encode(), TODAY)

    def errors(self, text):
        file = self.read(text)
        self.assertEqual(file.error_count, len(file.errors))
        return [(error.kind, error.row, error.column) for error in file.errors]


@tagged("post_install", "-at_install")
class TestArithmetic(ToolCase):
    def test_the_example(self):
        marks = attendance.read_marks("/\\ /\\ /\\ / I Y4 Y4")
        self.assertEqual(len(marks), 10)
        found = attendance.count(marks)
        self.assertEqual(found, counts(possible=8, present=7, authorised=1))
        self.assertEqual(attendance.percentage(found["present"], found["possible"]), 87.5)

    def test_seven_of_the_same_mark(self):
        found = attendance.count(["/"] * 7 + ["I"] + ["Y4"] * 2)
        self.assertEqual(attendance.percentage(found["present"], found["possible"]), 87.5)

    def test_no_possible_session(self):
        self.assertIsNone(attendance.percentage(0, 0))
        self.assertEqual(attendance.band(0, 0, 95, 96, 90, 50), "none")
        self.assertFalse(attendance.misses(0, 0, 10))

    @unittest.skipUnless(CODES.exists(), "the shared test material is not here")
    def test_every_code_of_the_national_list(self):
        with CODES.open(newline="", encoding="utf-8") as file:
            groups = {row["code"]: row["statistical_group"] for row in csv.DictReader(file)}
        known = {code: group for code, (group, _meaning) in attendance.codes_on().items()}
        self.assertEqual(known, groups)
        for code, group in groups.items():
            with self.subTest(code):
                found = attendance.count([code])
                self.assertEqual(found["possible"], group != "not_a_possible_attendance")
                self.assertEqual(found["present"], group in ("present", "approved_educational_activity"))
                self.assertEqual(found["authorised"], group == "authorised_absence")
                self.assertEqual(found["unauthorised"], group == "unauthorised_absence")
                self.assertEqual(attendance.read_marks(code), [code])

    def test_flagged_codes(self):
        found = attendance.count(["B", "K", "K", "C2", "D", "E", "C", "C1"])
        flagged = {name: found[name] for name in attendance.FLAGGED.values()}
        expected = {"b_sessions": 1, "k_sessions": 2, "c2_sessions": 1, "d_sessions": 1, "e_sessions": 1}
        self.assertEqual(flagged, expected)
        self.assertEqual((found["possible"], found["present"], found["authorised"]), (7, 3, 4))

    def test_bands_by_sessions_not_by_rounded_figures(self):
        for present, possible, expected in (
            (96, 100, "good"),
            (9599, 10000, "near"),
            (95, 100, "near"),
            (9499, 10000, "below"),
            (9001, 10000, "below"),  # 90.0 %, but not at or below 90
            (90, 100, "persistent"),
            (5001, 10000, "persistent"),
            (50, 100, "severe"),
            (0, 100, "severe"),
        ):
            with self.subTest(f"{present} of {possible}"):
                self.assertEqual(attendance.band(present, possible, 95, 96, 90, 50), expected)

    def test_lines_that_are_no_exact_binary_numbers(self):
        self.assertEqual(attendance.band(951, 1000, 95.1, 96.3, 90.7, 50), "near")
        self.assertEqual(attendance.band(963, 1000, 95.1, 96.3, 90.7, 50), "good")
        self.assertEqual(attendance.band(907, 1000, 95.1, 96.3, 90.7, 50), "persistent")
        self.assertTrue(attendance.misses(93, 100, 7))
        self.assertFalse(attendance.misses(931, 1000, 7))

    def test_typed_totals(self):
        for kind, values in (
            (None, counts(possible=10, present=8, authorised=1, unauthorised=1, c2_sessions=1, b_sessions=8)),
            ("sum", counts(possible=10, present=8, authorised=1)),
            ("negative", counts(possible=0, present=1, authorised=-1)),
            ("days", counts(possible=11, present=11)),
            ("days", counts(d_sessions=11)),
            ("authorised", counts(possible=2, present=1, authorised=1, c2_sessions=1, e_sessions=1)),
            ("present", counts(possible=2, present=1, authorised=1, b_sessions=1, k_sessions=1)),
        ):
            with self.subTest(kind, **values):
                self.assertEqual(attendance.wrong_totals(values, MONDAY, FRIDAY), kind)


@tagged("post_install", "-at_install")
class TestRegister(ToolCase):
    def test_ways_to_write_marks(self):
        expected = ["/", "\\", "I", "I", "Y4", "Y4", "C2", "#"]
        for text in ("/\\ II Y4Y4 C2#", "/ \\,I;I|Y4 Y4\tC2 #", "/\\\nii\ny4y4\nc2#\n", "/\\IIY4Y4C2#"):
            with self.subTest(text):
                self.assertEqual(attendance.read_marks(text), expected)

    def test_what_is_no_mark(self):
        self.assertEqual(self.refused("unknown", attendance.read_marks, "/\\ /A", row=1, column=4).value, "A")
        self.refused("withdrawn", attendance.read_marks, "/\\\n/\\ H", row=2, column=3)
        for code in "HJY":
            self.refused("withdrawn", attendance.read_marks, code, row=1, column=1)
        self.refused("unknown", attendance.read_marks, "-", row=1, column=1)
        self.refused("unknown", attendance.read_marks, "Y8", row=1, column=1)
        self.refused("too_long", attendance.read_marks, "/" * 20_001)
        self.assertEqual(len(attendance.read_marks("/\\ " * 5000)), 10_000)

    def test_codes_are_dated(self):
        self.refused("too_old", attendance.read_marks, "/", date(2024, 8, 18), row=1, column=1)
        self.assertEqual(attendance.read_marks("/", date(2024, 8, 19)), ["/"])
        self.assertIsNone(attendance.codes_on(date(2024, 2, 29)))

    def test_laid_out_on_school_days(self):
        marks = attendance.read_marks("/\\ II")
        register = attendance.lay_out(marks, date(2025, 9, 5), date(2025, 9, 8))
        self.assertEqual(
            register,
            {
                (date(2025, 9, 5), AM): "/",
                (date(2025, 9, 5), PM): "\\",
                (date(2025, 9, 8), AM): "I",
                (date(2025, 9, 8), PM): "I",
            },
        )
        error = self.refused("number", attendance.lay_out, marks, MONDAY, FRIDAY)
        self.assertEqual(error.value, (4, 10))
        self.assertEqual(attendance.lay_out([], date(2025, 9, 6), date(2025, 9, 7)), {})

    def test_leap_day(self):
        register = attendance.lay_out(["/", "\\"] * 3, date(2028, 2, 28), date(2028, 3, 1))
        self.assertEqual(sorted({day for day, _session in register})[1], date(2028, 2, 29))
        self.assertEqual(attendance.unpack(attendance.pack(register)), register)
        self.assertEqual(attendance.read_date("29/02/2028"), date(2028, 2, 29))
        self.assertIsNone(attendance.read_date("29/02/2027"))

    def test_kept_compactly(self):
        register = {(date(2025, 9, 5), AM): "/", (date(2025, 9, 8), PM): "Y4"}
        text = attendance.pack(register)
        self.assertEqual(text, "2025-09-05 /. .. .. .Y4")
        self.assertEqual(attendance.unpack(text), register)
        for wrong in ("", "x", "2025-09-05 /", "2025-09-05 ///", "2025-09-05 H/", "2025-09-05 /\\  /\\"):
            with self.subTest(wrong), self.assertRaises(ValueError):
                attendance.unpack(wrong)


@tagged("post_install", "-at_install")
class TestTwoSchools(ToolCase):
    """What two schools say of one child is put together without counting a session twice."""

    def register(self, school, rank, marks, first=MONDAY, last=FRIDAY):
        register = attendance.lay_out(attendance.read_marks(marks), first, last)
        found = attendance.count(register.values())
        return Period(school, rank, first, last, found, attendance.pack(register))

    def totals(self, school, rank, possible, present, first=MONDAY, last=FRIDAY, **values):
        found = counts(possible=possible, present=present, authorised=possible - present, **values)
        return Period(school, rank, first, last, found)

    def combined(self, *periods, first=MONDAY, last=FRIDAY):
        forward = attendance.combine(periods, first, last)
        self.assertEqual(attendance.combine(periods[::-1], first, last), forward, "the order does not matter")
        return forward.counts["possible"], forward.counts["present"], forward.flags

    def test_a_dual_registered_week(self):
        main = self.register(1, 0, "/\\ /\\ /\\ DD DD")
        other = self.register(2, 1, "DD DD DD /\\ II")
        self.assertEqual(self.combined(main, other), (10, 8, set()))

    def test_both_mark_the_same_session(self):
        main = self.register(1, 0, "/\\ /\\ /\\ II OO")
        other = self.register(2, 1, "DD DD DD /\\ II")
        self.assertEqual(self.combined(main, other), (10, 8, set()), "present at one of them is present")
        week = attendance.combine([main, other], MONDAY, FRIDAY).counts
        self.assertEqual((week["authorised"], week["unauthorised"]), (0, 2), "of two absences the main school's counts")

    def test_possible_at_one_only(self):
        self.assertEqual(
            self.combined(self.register(1, 0, "## ## ## ## ##"), self.register(2, 1, "/\\ /\\ II II II"))[:2], (10, 4)
        )

    def test_totals_of_two_schools(self):
        self.assertEqual(self.combined(self.totals(1, 0, 10, 9), self.totals(2, 1, 10, 2)), (10, 9, {"dual"}))
        self.assertEqual(self.combined(self.totals(1, 0, 6, 6, d_sessions=4), self.totals(2, 1, 4, 2)), (10, 8, set()))

    def test_register_and_totals(self):
        main = self.register(1, 0, "/\\ /\\ /\\ DD DD")
        self.assertEqual(self.combined(main, self.totals(2, 1, 4, 2)), (10, 8, set()))
        self.assertEqual(self.combined(main, self.totals(2, 1, 6, 2)), (6, 6, {"dual"}))
        whole = self.totals(1, 0, 10, 9)
        self.assertEqual(self.combined(whole, self.register(2, 1, "/\\ /\\ II II II")), (10, 9, {"dual"}))
        self.assertEqual(self.combined(whole, self.register(2, 1, "DD DD DD DD DD")), (10, 9, set()))

    def test_a_change_of_school_is_no_dual_registration(self):
        former = self.totals(1, 0, 4, 4)
        former.span = (MONDAY, date(2025, 9, 2))
        new = self.totals(2, 0, 6, 3)
        new.span = (date(2025, 9, 3), FRIDAY)
        self.assertEqual(self.combined(former, new), (10, 7, set()))

    def test_days_asked_for(self):
        week = self.register(1, 0, "/\\ /\\ /\\ /\\ II")
        self.assertEqual(self.combined(week, first=date(2025, 9, 4)), (4, 2, set()))
        total = self.totals(1, 0, 10, 9)
        self.assertEqual(self.combined(total, first=date(2025, 9, 4)), (10, 9, {"beyond"}))
        self.assertEqual(self.combined(total, last=date(2025, 9, 4)), (0, 0, {"beyond"}))
        self.assertEqual(self.combined(total, first=date(2025, 9, 8), last=date(2025, 9, 12)), (0, 0, set()))


@tagged("post_install", "-at_install")
class TestFile(ToolCase):
    UPN = "R201100018042"

    def test_a_register(self):
        text = "\ufeffPupil UPN;Name;Date;AM/PM;Mark\r\n" + "".join(
            f"{self.UPN.lower()};X;0{day}/09/2025;{session};{mark}\r\n"
            for day, session, mark in ((2, "pm", "\\"), (1, "AM", "/"), (1, "PM", "i"), (2, "1", "L"))
        )
        file = self.read(text)
        self.assertEqual((file.kind, file.errors, file.row_count), ("register", [], 4))
        (period,) = file.periods
        self.assertEqual((period.upn, period.urn, period.row), (self.UPN, "", 2))
        self.assertEqual((period.date_from, period.date_to), (MONDAY, date(2025, 9, 2)))
        self.assertEqual(period.marks, "2025-09-01 /I L\\")
        self.assertEqual(period.counts, counts(possible=4, present=3, authorised=1))

    def test_totals(self):
        text = (
            TOTALS.replace("UPN", "URN,UPN").replace("\n", ",C2\n")
            + f"100001,{self.UPN},2025-09-01,2025-09-05,10,8,1,1,1\n"
        )
        file = self.read(text)
        self.assertEqual((file.kind, file.errors), ("totals", []))
        self.assertEqual(file.periods[0].urn, "100001")
        self.assertEqual(
            file.periods[0].counts, counts(possible=10, present=8, authorised=1, unauthorised=1, c2_sessions=1)
        )

    def test_a_leap_day_in_totals(self):
        text = TOTALS + f"{self.UPN},29/02/2024,29/02/2024,2,2,0,0\n"
        self.assertEqual(self.read(text).periods[0].date_from, date(2024, 2, 29))
        self.assertEqual(self.errors(TOTALS + f"{self.UPN},29/02/2023,28/02/2023,2,2,0,0\n"), [("date", 2, "from")])

    def test_what_is_wrong_with_a_register(self):
        rows = (
            (f"{self.UPN},2025-09-01,AM,H", ("withdrawn", "code")),
            (f"{self.UPN},2025-09-01,AM,QQ", ("unknown", "code")),
            (f"{self.UPN},2025-09-01,AM,", ("missing", "code")),
            (f"{self.UPN},2025-09-01,AM", ("missing", "code")),
            (f"{self.UPN},2025-09-01,noon,/", ("session", "session")),
            (f"{self.UPN},31/06/2025,AM,/", ("date", "date")),
            (f"{self.UPN},,AM,/", ("missing", "date")),
            (f"{self.UPN},2024-03-01,AM,/", ("too_old", "code")),
            (f"{self.UPN},2026-07-02,AM,/", ("future", "date")),
            (",2025-09-01,AM,/", ("missing", "UPN")),
        )
        for row, (kind, column) in rows:
            with self.subTest(row):
                self.assertEqual(self.errors(f"{HEAD}\n{row}\n"), [(kind, 3, column)])
        everything = self.errors(HEAD + "\n".join(row for row, _error in rows))
        self.assertEqual([error[1] for error in everything], list(range(2, 2 + len(rows))))

    def test_a_planned_closure_may_lie_ahead(self):
        self.assertEqual(self.errors(f"{HEAD}{self.UPN},2026-07-02,AM,#\n"), [])

    def test_what_is_wrong_with_totals(self):
        good = [self.UPN, "2025-09-01", "2025-09-05", "10", "8", "1", "1"]
        for place, value, kind, column in (
            (1, "tomorrow", "date", "from"),
            (2, "2025-08-31", "order", "to"),
            (1, "2026-07-02", "order", "to"),
            (1, "2024-07-01", "too_long_period", "to"),
            (3, "11", "totals_sum", "possible"),
            (3, "-1", "number", "possible"),
            (4, "8.5", "number", "present"),
            (4, "", "missing", "present"),
            (5, "99999", "number", "authorised"),
        ):
            row = [value if index == place else cell for index, cell in enumerate(good)]
            with self.subTest(row):
                self.assertEqual(self.errors(TOTALS + ",".join(row)), [(kind, 2, column)])
        ahead = [self.UPN, "2026-07-02", "2026-07-03", "2", "2", "0", "0"]
        self.assertEqual(self.errors(TOTALS + ",".join(ahead)), [("future", 2, "from")])
        self.assertEqual(
            self.errors(TOTALS.replace("UPN", "UPN,URN") + ",".join([self.UPN, "12", *good[1:]])), [("urn", 2, "URN")]
        )

    def test_the_same_twice(self):
        row = f"{self.UPN},2025-09-01,2025-09-05,10,8,1,1\n"
        file = self.read(TOTALS + row + row)
        self.assertEqual((len(file.periods), file.errors), (1, []))
        other = f"{self.UPN},2025-09-05,2025-09-12,10,8,1,1\n"
        self.assertEqual(self.errors(TOTALS + row + other), [("overlap_in_file", 3, "from")])
        mark = f"{self.UPN},2025-09-01,AM,/\n"
        self.assertEqual(self.errors(HEAD + mark + mark), [])
        self.assertEqual(self.errors(HEAD + mark + mark.replace(",/", ",I")), [("two_marks", 3, "code")])

    def test_files_that_are_none(self):
        for kind, data in (
            ("empty", b""),
            ("empty", b" \n \n"),
            ("not_text", b"PK\x03\x04"),
            ("not_text", b"UPN\0date"),
            ("encoding", b"UPN,date\x81"),
            ("too_big", b"x" * (attendance.MAX_BYTES + 1)),
        ):
            with self.subTest(kind):
                self.refused(kind, attendance.read_file, data, TODAY)
        self.refused("columns", attendance.read_file, b"UPN,date\n", TODAY, row=1)
        self.refused("twice", attendance.read_file, b"UPN,date,session,code,UPN\n", TODAY, row=1, column="UPN")
        self.refused("csv", attendance.read_file, f'{HEAD}{self.UPN},"2025\n'.encode(), TODAY, row=2)

    def test_hostile_cells(self):
        formula = '=HYPERLINK("http://x";"y")'
        quoted = formula.replace('"', '""')
        file = self.read(f'{HEAD}{self.UPN},"{quoted}",AM,/\n')
        self.assertEqual(file.errors[0].value, f"'{formula}")
        for text in (formula * 400, "x" * 10_000, "<script>alert(1)</script>", "a\nb", "'" * 10_000):
            quoted = text.replace('"', '""')
            with self.subTest(text[:20]):
                file = self.read(f'{HEAD}"{quoted}","{quoted}","{quoted}","{quoted}"\n')
                self.assertTrue(file.errors)
                self.assertFalse(file.periods)
                for error in file.errors:
                    self.assertLessEqual(len(error.value), 31)
                    self.assertNotIn("\n", error.value)
        self.assertIn(("pupil", 2, "UPN"), self.errors(f"{HEAD}{'x' * 200_000},,,\n"))

    def test_many_errors_are_counted_and_few_are_kept(self):
        file = self.read(HEAD + f"{self.UPN},2025-09-01,AM,H\n" * 5000)
        self.assertEqual((file.error_count, len(file.errors)), (5000, attendance.MAX_ERRORS))

    def test_a_register_longer_than_a_school_year(self):
        text = HEAD + f"{self.UPN},2024-09-02,AM,/\n{self.UPN},2026-06-30,AM,/\n"
        self.assertEqual(self.errors(text), [("too_long_period", 2, "date")])
