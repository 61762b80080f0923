from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .evidence_common import EvidenceCase


@tagged("post_install", "-at_install")
class TestAttendance(EvidenceCase):
    """Sessions in, percentage out; one session counts once."""

    def test_totals(self):
        record = self.attended(10, 7, 1, 2)
        self.assertRecordValues(
            record,
            [{"percentage": 70, "missed": 3, "band": "persistent", "source": "typed", "school_name": self.school.name}],
        )
        self.assertEqual(record.display_name, self.child.reference)
        self.assertEqual((record.entered_by_id, record.entered_by_name), (self.users["vseo"], self.users["vseo"].name))
        record.write({"present": 10, "authorised": 0, "unauthorised": 0})
        self.assertRecordValues(record, [{"percentage": 100, "missed": 0, "band": "good"}])

    def test_a_pasted_register(self):
        record = self.attended(pasted="/\\ /\\ /\\\n/I Y4Y4", days=5)
        self.assertRecordValues(
            record, [{"possible": 8, "present": 7, "authorised": 1, "percentage": 87.5, "source": "register"}]
        )
        self.assertEqual(record.marks, f"{self.monday} /\\ /\\ /\\ /I Y4Y4")
        with self.assertRaisesRegex(ValidationError, "follow from the register"):
            record.write({"present": 8, "authorised": 0})
        record.write({"pasted": "/\\ /\\ /\\ C2C2 Y4Y4", "label": "Corrected"})
        self.assertRecordValues(record, [{"possible": 8, "present": 6, "c2_sessions": 2, "label": "Corrected"}])
        self.assertEqual(record.notable, "Part-time timetable (C2): 2")
        with self.assertRaisesRegex(ValidationError, "outside the period"):
            record.date_to = self.monday + timedelta(days=3)

    def test_what_is_wrong_with_a_pasted_register(self):
        for text, message in (
            ("/\\ /\\", "4 marks, and 10 sessions"),
            ("/\\ /\\\n/\\ /H /\\", "Line 2, mark 4: Code “H” was withdrawn"),
            ("/\\ /\\ ?\\ /\\ /\\", "Line 1, mark 5: “\\?” is not an attendance code"),
            ("=1+1", "Line 1, mark 1: “'=” is not"),
            ("/\\" * 20_000, "too long"),
        ):
            with self.subTest(text[:20]), self.assertRaisesRegex(UserError, message):
                self.attended(pasted=text)

    def test_the_form_shows_what_the_register_adds_up_to(self):
        with Form(
            self.records.with_context(default_child_id=self.child.id), "pep_module.pep_attendance_view_form"
        ) as form:
            form.school_id = self.school
            form.date_from = self.monday
            form.date_to = self.monday + timedelta(days=4)
            form.pasted = "/\\ /\\ /\\ /I Y4Y4"
            self.assertEqual((form.possible, form.present), (8, 7))
        self.assertEqual(form.record.percentage, 87.5)
        with Form(form.record, "pep_module.pep_attendance_view_form") as form, self.assertRaises(AssertionError):
            form.present = 3

    def test_the_form_adds_up_the_parts(self):
        with Form(
            self.records.with_context(default_child_id=self.child.id), "pep_module.pep_attendance_view_form"
        ) as form:
            form.school_id = self.school
            form.date_from = form.date_to = self.monday
            form.present = 1
            form.unauthorised = 1
            self.assertEqual(form.possible, 2)
        self.assertEqual(form.record.percentage, 50)

    def test_wrong_totals(self):
        for values, message in (
            ({"possible": 11}, "add up"),
            ({"present": 11, "possible": 11}, "more sessions than the days"),
            ({"authorised": -1, "present": 11}, "less than 0"),
            ({"c2_sessions": 2, "authorised": 1, "present": 9}, "C2 and E"),
            ({"b_sessions": 11}, "B and K"),
            ({"date_to": self.monday - timedelta(days=1)}, "before it begins"),
        ):
            with self.subTest(message), self.assertRaisesRegex(UserError, message):
                self.records.create({**self.values(10, 10), **values})

    def test_no_future_and_no_longer_than_a_year(self):
        ahead = self.today + timedelta(days=1)
        with self.assertRaisesRegex(ValidationError, "future"):
            self.attended(2, 2, date_from=ahead, date_to=ahead)
        with self.assertRaisesRegex(ValidationError, "school year"):
            self.attended(10, 10, date_from=self.monday - timedelta(days=400))

    def test_a_leap_day(self):
        leap = self.attended(2, 1, 1, date_from=date(2024, 2, 29), date_to=date(2024, 2, 29))
        summary = self.records._summary(self.child, date(2024, 2, 29), date(2024, 2, 29))
        self.assertEqual(summary[self.child.id].percentage, leap.percentage)
        with self.assertRaisesRegex(UserError, "19 August 2024"):
            self.attended(pasted="/\\", date_from=date(2024, 2, 28), date_to=date(2024, 2, 28))

    def test_periods_do_not_overlap(self):
        self.attended(10, 10)
        with self.assertRaisesRegex(UserError, "There is attendance at Elm Primary School"):
            self.attended(2, 2, date_from=self.monday + timedelta(days=4), date_to=self.monday + timedelta(days=4))
        following = self.monday + timedelta(days=5)
        second = self.attended(4, 4, date_from=following, date_to=following + timedelta(days=3))
        with self.assertRaisesRegex(UserError, "There is attendance"):
            second.date_from = following - timedelta(days=1)
        second.active = False
        second.date_from = following - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "There is attendance"):
            second.active = True
        self.attended(10, 10, school=self.make_school("Oak Primary School", "100002"))
        twice = {**self.values(4, 4), "date_from": following, "date_to": following + timedelta(days=3)}
        with self.assertRaisesRegex(UserError, "There is attendance"):
            self.records.create([twice, twice])

    def test_nor_do_they_past_the_check(self):
        """Two people at once are for the database to stop."""
        self.attended(10, 10)
        unchecked = self.env["pep.attendance"].with_context(pep_attendance_checked=True)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            unchecked.create(self.values(10, 10))

    def test_the_context_key_opens_nothing(self):
        self.attended(10, 10)
        with self.assertRaisesRegex(UserError, "There is attendance"):
            self.records.with_context(pep_attendance_checked=True).create(self.values(10, 10))

    def test_what_follows_is_not_typed(self):
        record = self.attended(10, 5, 5)
        for values in ({"percentage": 99}, {"missed": 0}, {"marks": "x"}, {"source": "file"}, {"school_name": "x"}):
            with self.subTest(values), self.assertRaises(UserError):
                record.write(values)
            with self.subTest(pasted=values), self.assertRaises(UserError):
                record.write({**values, "pasted": "/\\ /\\ /\\ /\\ /\\"})
        other = self.attended(
            10,
            5,
            5,
            date_from=self.monday - timedelta(days=7),
            date_to=self.monday - timedelta(days=1),
            percentage=99,
            marks="x",
            entered_by_name="x",
            source="file",
        )
        self.assertRecordValues(
            other, [{"percentage": 50, "marks": False, "entered_by_name": self.users["vseo"].name, "source": "typed"}]
        )
        with self.assertRaisesRegex(UserError, "never deleted"):
            self.env["pep.attendance"].browse(record.id).unlink()

    def test_lines_are_the_councils(self):
        record = self.attended(100, 94, 6, date_from=self.monday - timedelta(days=60), date_to=self.monday)
        self.assertEqual(record.band, "below")
        self.council.write({"pep_attendance_expected": 93, "pep_attendance_support": 94})
        self.env.invalidate_all()
        self.assertEqual(record.band, "good")

    def test_figures_without_access_to_the_lines(self):
        """A teacher of another council's pupil reads the band, though not the council."""
        self.surround(self.child)
        record = self.attended(10, 5, 5)
        self.assertEqual(self.as_user(record, "teacher").band, "severe")


@tagged("post_install", "-at_install")
class TestSummary(EvidenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.make_school("Oak Primary School", "100002")
        cls.env["pep.enrolment"].create(
            {"child_id": cls.child.id, "school_id": cls.second.id, "kind": "subsidiary", "date_from": cls.monday}
        )

    def summary(self, first=None, last=None):
        total = self.records._summary(self.child, first or self.monday, last or self.monday + timedelta(days=6))
        return total[self.child.id]

    def test_a_dual_registered_week_counts_once(self):
        self.attended(pasted="/\\ /\\ /\\ DD DD")
        self.attended(pasted="DD DD DD /\\ II", school=self.second)
        total = self.summary()
        self.assertEqual((total.counts["possible"], total.counts["present"], total.flags), (10, 8, set()))
        self.assertEqual(self.records._last_percentage(self.child), {self.child.id: 80.0})

    def test_totals_of_two_schools(self):
        self.attended(10, 2, 8, school=self.second)
        self.attended(10, 9, 1)
        self.assertEqual((self.summary().percentage, self.summary().flags), (90, {"dual"}))

    def test_term_by_term(self):
        edge = self.term.date_from
        before = edge - timedelta(days=1)
        previous = self.env["pep.term"]._term_on(self.council, before)
        self.attended(2, 1, 1, date_from=before, date_to=before)
        self.attended(2, 2, date_from=edge, date_to=edge)
        terms = self.records._by_term(self.child)[self.child.id]
        self.assertEqual([(term, total.percentage) for term, total in terms], [(previous, 50), (self.term, 100)])
        self.assertEqual(self.records._last_percentage(self.child), {self.child.id: 100.0})
        self.assertEqual(self.records._last_percentage(self.child, before), {self.child.id: 50.0})

    def test_totals_across_the_edge_of_a_term(self):
        edge = self.term.date_from
        self.attended(4, 2, 2, date_from=edge - timedelta(days=1), date_to=edge)
        terms = self.records._by_term(self.child)[self.child.id]
        self.assertEqual([(term, total.flags) for term, total in terms], [(self.term, {"beyond"})])
        record = self.child.attendance_ids
        self.assertEqual(record.term_id, self.term)

    def test_nothing_known(self):
        self.assertEqual(self.records._last_percentage(self.child), {})
        self.assertIsNone(self.summary().percentage)
        self.assertFalse(self.child.evidence_chart)

    def test_queries_do_not_grow(self):
        children = self.child | self.make_children(30)
        for child in children:
            self.attended(pasted="/\\ /\\ /\\ DD DD", child=child)
        few, all_ = (
            self.queries(lambda records, day=self.monday: self.records._summary(records, day, self.today), records)
            for records in (children[:2], children)
        )
        self.assertEqual(few, all_)
        few, all_ = (self.queries(self.records._last_percentage, records) for records in (children[:2], children))
        self.assertEqual(few, all_)
        few, all_ = (
            self.queries(lambda records: records.mapped("evidence_chart"), self.as_user(records, "vseo"))
            for records in (children[:2], children)
        )
        self.assertEqual(few, all_)


@tagged("post_install", "-at_install")
class TestReporting(EvidenceCase):
    """A teacher reports for the pupils whom they have today, and for nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.surround(cls.child)
        cls.other = cls.make_children(school=False)
        cls.week = {"date_from": str(cls.monday), "date_to": str(cls.monday + timedelta(days=4))}

    def report(self, role, child=None, **values):
        records = self.as_user(self.env["pep.attendance"], role)
        return self.env["pep.attendance"].browse(
            records.action_report((child or self.child).id, {**self.week, **values})
        )

    def test_a_teacher_reports(self):
        record = self.report("teacher", pasted="/\\ /\\ /\\ /I Y4Y4", told_by="Attendance officer")
        self.assertRecordValues(
            record,
            [{"child_id": self.child.id, "school_id": self.school.id, "percentage": 87.5, "source": "register"}],
        )
        self.assertEqual(record.entered_by_id, self.users["teacher"])
        again = self.report("teacher", possible=10, present=10)
        self.assertEqual(again, record)
        self.assertRecordValues(record, [{"percentage": 100, "source": "typed", "marks": False}])
        longer = self.report(
            "teacher", date_to=str(self.monday + timedelta(days=6)), possible=12, present=6, authorised=6
        )
        self.assertEqual((longer, longer.percentage), (record, 50))
        with self.assertRaisesRegex(UserError, "There is attendance"):
            self.report("teacher", possible=10, present=10)

    def test_staff_report_too(self):
        for role in ("vseo", "head"):
            self.assertEqual(self.report(role, possible=10, present=10).school_id, self.school)

    def test_who_may_not(self):
        for role in ("social_worker", "carer", "parent", "iro", "other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.report(role, possible=10, present=10)
            if role != "other_vseo":  # has a caseload of their own
                with self.subTest(role, file=True), self.assertRaises(AccessError):
                    self.as_user(self.env["pep.attendance"], role).action_import_file("", False, True)

    def test_not_for_another_child(self):
        messages = set()
        for child_id in (self.other.id, 2**31 - 1, 0, -1, "1", [self.child.id], None, True and self.other.id):
            with self.subTest(child_id), self.assertRaises(AccessError) as caught:
                self.as_user(self.env["pep.attendance"], "teacher").action_report(child_id, {})
            messages.add(str(caught.exception))
        self.assertEqual(len(messages), 1)

    def test_not_for_a_former_pupil(self):
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError):
            self.report("teacher", possible=10, present=10)

    def test_not_for_another_school(self):
        second = self.make_school("Oak Primary School", "100002")
        self.env["pep.enrolment"].create(
            {"child_id": self.child.id, "school_id": second.id, "kind": "subsidiary", "date_from": self.monday}
        )
        with self.assertRaises(AccessError):
            self.report("teacher", possible=10, present=10, school_id=second.id)
        self.assertEqual(
            self.report("teacher", possible=10, present=10, school_id=self.school.id).school_id, self.school
        )

    def test_nothing_but_what_belongs_in_a_report(self):
        for values in (
            {"child_id": self.other.id},
            {"company_id": 1},
            {"active": False},
            {"percentage": 99},
            {"entered_by_id": 1},
            {"marks": "x"},
            {"label": ["x"]},
            {"label": {"x": 1}},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self.report("teacher", possible=10, present=10, **values)

    def test_no_writing_by_the_orm(self):
        record = self.attended(10, 10)
        for role in ("teacher", "social_worker", "carer", "iro"):
            mine = self.as_user(record, role)
            with self.subTest(role):
                self.assertEqual(mine.percentage, 100)
                for work in (
                    lambda mine=mine: mine.write({"label": "x"}),
                    lambda mine=mine: mine.create(self.values(2, 2)),
                    mine.unlink,
                ):
                    with self.assertRaises(AccessError):
                        work()
        with self.assertRaises(AccessError):
            self.as_user(record, "parent").read(["percentage"])
        self.assertFalse(self.as_user(record, "other_vseo").search([]))
