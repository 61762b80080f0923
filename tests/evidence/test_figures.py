from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .evidence_common import EvidenceCase


@tagged("post_install", "-at_install")
class FigureCase(EvidenceCase):
    model = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls.as_user(cls.env[cls.model], "vseo") if cls.model else None
        cls.surround(cls.child)

    def make(self, **values):
        return self.records.create({"child_id": self.child.id, **values})

    def report(self, role, child_id=None, **values):
        records = self.as_user(self.env[self.model], role)
        return self.env[self.model].browse(records.action_report(child_id or self.child.id, values))

    def assert_reporting(self, good, changed, wrong):
        """A teacher reports, and again; nobody else does, and of no other child."""
        record = self.report("teacher", **good)
        self.assertEqual(record.child_id, self.child)
        self.assertEqual(record.entered_by_id, self.users["teacher"])
        self.assertEqual(self.report("teacher", **{**good, **changed}), record)
        self.assertRecordValues(record, [changed])
        for role in ("social_worker", "carer", "parent", "iro", "other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.report(role, **good)
        other = self.make_children(school=False)
        for child_id in (other.id, -1, "1"):
            with self.subTest(child_id), self.assertRaises(AccessError):
                self.report("teacher", child_id, **good)
        for values in (wrong, {"company_id": 1}, {"child_id": other.id}, {"entered_by_id": 1}, {"active": False}):
            with self.subTest(values), self.assertRaises(UserError), self.env.cr.savepoint():
                self.report("teacher", **{**good, **values})
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError):
            self.report("teacher", **good)

    def assert_readers(self, record, *readers):
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "other_vseo",
            "finance",
            "admin",
            "employee",
        ):
            mine = self.as_user(record, role)
            with self.subTest(role):
                self.assertEqual(mine.has_access("read"), role in readers)
                for operation in ("write", "unlink"):
                    self.assertFalse(mine.has_access(operation))
                with self.assertRaises(AccessError):
                    mine.create(
                        {"child_id": self.child.id, "school_id": self.school.id}
                        if "school_id" in mine
                        else {"child_id": self.child.id}
                    )
        for role in ("vseo", "head"):
            self.assertTrue(self.as_user(record, role).has_access("write"))
        with self.assertRaisesRegex(UserError, "never deleted"):
            record.sudo().unlink()


@tagged("post_install", "-at_install")
class TestAttainment(FigureCase):
    model = "pep.attainment"

    def test_each_scale_in_words(self):
        for values, result in (
            (
                {"subject": "reading", "level": "below", "progress": "yes"},
                "Below what is expected, progress as expected",
            ),
            ({"subject": "maths", "level": "on"}, "On what is expected"),
            ({"subject": "science", "progress": "no"}, "progress not as expected"),
            ({"measure": "gld", "met": "no"}, "Not reached"),
            ({"measure": "phonics", "score": 32}, "32 of 40, standard met"),
            ({"measure": "mtc", "score": "0"}, "0 of 25"),
            (
                {"measure": "ks2", "subject": "maths", "score": "99", "standard": "WTS"},
                "Scaled score 99, standard not met, Working towards (WTS)",
            ),
            ({"measure": "ks2", "subject": "writing", "standard": "GDS"}, "Greater depth (GDS)"),
            ({"measure": "gcse", "subject": "maths", "grade": "4", "is_predicted": True}, "4, predicted"),
            ({"measure": "gcse", "subject": "english", "grade": "U"}, "U"),
        ):
            with self.subTest(result):
                self.assertEqual(self.make(**values).result, result)
        phonics = self.child.attainment_ids.filtered(lambda record: record.measure == "phonics")
        phonics.write({"date": self.monday, "score": "31"})
        self.assertEqual(phonics.result, "31 of 40, standard not met")

    def test_ranges(self):
        for values, message in (
            ({"measure": "phonics", "score": "41"}, "from 0 to 40"),
            ({"measure": "mtc", "score": "26"}, "from 0 to 25"),
            ({"measure": "mtc", "score": "-1"}, "from 0 to 25"),
            ({"measure": "ks2", "subject": "maths", "score": "79"}, "from 80 to 120"),
            ({"measure": "ks2", "subject": "maths", "score": "100.5"}, "from 80 to 120"),
            ({"measure": "ks2", "subject": "maths", "score": "=100"}, "from 80 to 120"),
            ({"measure": "phonics"}, "Give the result"),
            ({"measure": "gcse", "grade": "9"}, "Choose the subject"),
            ({"subject": "other", "level": "on"}, "name of the subject"),
            ({"subject": "maths"}, "Give the result"),
            ({"subject": "maths", "level": "on", "date": self.today + timedelta(days=1)}, "future"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, message), self.env.cr.savepoint():
                self.make(**values)
        with self.assertRaises(ValueError):
            self.make(measure="gcse", subject="maths", grade="10")

    def test_only_what_belongs_to_the_measure_is_kept(self):
        record = self.make(measure="phonics", score="33", subject="maths", level="on", grade="9")
        self.assertRecordValues(record, [{"subject": False, "level": False, "grade": False, "score": "33"}])
        record.write({"measure": "gld", "met": "yes"})
        self.assertRecordValues(record, [{"score": False, "result": "Reached"}])

    def test_one_a_day(self):
        record = self.make(subject="maths", level="on", date=self.monday)
        with self.assertRaisesRegex(UserError, "This is here already"):
            self.make(subject="maths", level="below", date=self.monday)
        other = self.make(subject="maths", level="below", date=self.today)
        with self.assertRaisesRegex(UserError, "This is here already"):
            other.date = self.monday
        record.active = False
        other.date = self.monday
        with self.assertRaisesRegex(UserError, "This is here already"):
            record.active = True
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE pep_attainment SET active = TRUE WHERE id = %s", [record.id])

    def test_a_batch_in_a_fixed_number_of_queries(self):
        children = self.make_children(30)

        def queries(some):
            before = self.env.cr.sql_log_count
            self.records.create([{"child_id": child.id, "subject": "maths", "level": "on"} for child in some])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(children[:1])
        self.assertEqual(queries(children[1:3]), queries(children[3:]))

    def test_leap_day_and_term(self):
        record = self.make(subject="maths", level="on", date=date(2024, 2, 29))
        self.assertEqual(record.date, date(2024, 2, 29))
        edge = self.make(subject="maths", level="on", date=self.term.date_from)
        self.assertEqual(edge.term_id, self.term)
        before = self.make(subject="maths", level="on", date=self.term.date_from - timedelta(days=1))
        self.assertNotEqual(before.term_id, self.term)

    def test_reporting(self):
        good = {"subject": "maths", "level": "on", "date": str(self.monday)}
        self.assert_reporting(good, {"level": "above"}, {"subject": "maths", "level": "x"})

    def test_readers(self):
        record = self.make(subject="maths", level="on")
        self.assert_readers(record, "teacher", "social_worker", "carer", "iro")

    def test_long_words_stay_words(self):
        text = "<script>alert(1)</script>" * 400
        record = self.make(subject="other", subject_name=text, level="on", note=text)
        self.assertEqual(len(record.note), 10_000)
        self.assertEqual(self.child.evidence_chart["subjects"][0]["name"], text)

    def test_the_form(self):
        with Form(
            self.records.with_context(default_child_id=self.child.id), "pep_module.pep_attainment_view_form"
        ) as form:
            form.measure = "ks2"
            form.subject = "maths"
            form.score = "104"
        self.assertEqual(form.record.result, "Scaled score 104, standard met")

    def test_the_chart(self):
        for day, level in ((self.monday, "below"), (self.today, "on")):
            self.make(subject="maths", level=level, date=day, progress="no")
        self.make(subject="reading", level="above", date=self.today)
        chart = self.child.evidence_chart
        self.assertEqual([subject["name"] for subject in chart["subjects"]], ["Maths", "Reading"])
        self.assertEqual([cell and cell["level"] for cell in chart["subjects"][0]["cells"]], ["below", "on"])
        self.assertEqual([cell and cell["level"] for cell in chart["subjects"][1]["cells"]], [False, "above"])


@tagged("post_install", "-at_install")
class TestSuspension(FigureCase):
    model = "pep.suspension"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fight = cls.env.ref("pep_module.pep_code_suspension_reason_pp")
        cls.three = {
            "school_id": cls.school.id,
            "date_from": cls.monday,
            "date_to": cls.monday + timedelta(days=2),
            "sessions": 6,
        }

    def test_a_suspension(self):
        record = self.make(**self.three, reason_id=self.fight.id, note="A fight in the corridor")
        self.assertRecordValues(record, [{"kind": "suspension", "state": "stands", "school_name": self.school.name}])
        self.assertEqual(record.reason_id.display_name, "PP Physical assault against a pupil")

    def test_what_does_not_fit(self):
        for values, message in (
            ({"date_to": False}, "has a last day"),
            ({"sessions": 0}, "how many sessions"),
            ({"sessions": 7}, "more sessions than the days"),
            ({"sessions": 91, "date_to": self.today}, "From 0 to 90"),
            ({"sessions": -1}, "From 0 to 90"),
            ({"date_to": self.monday - timedelta(days=1)}, "before it begins"),
            ({"date_from": self.today + timedelta(days=1), "date_to": self.today + timedelta(days=3)}, "not begun"),
            ({"reason_id": self.env.ref("pep_module.pep_code_legal_status_c2").id}, "list of reasons"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                self.make(**{**self.three, **values})
        record = self.make(**self.three)
        with self.assertRaisesRegex(UserError, "This is here already"):
            self.make(**self.three)
        with self.assertRaisesRegex(UserError, "before it begins"):
            record.date_to = self.monday - timedelta(days=1)

    def test_number_this_year(self):
        numbers = self.env["pep.suspension"]._number_this_year
        child = self.child
        self.assertEqual(numbers(child), {child.id: 0})
        for day, state in (
            (date(2025, 9, 1), "stands"),
            (date(2026, 2, 3), "stands"),
            (date(2026, 3, 3), "withdrawn"),
            (date(2025, 8, 31), "stands"),
        ):
            self.make(**{**self.three, "date_from": day, "date_to": day + timedelta(days=2)}, state=state)
        self.assertEqual(numbers(child, date(2026, 8, 31)), {child.id: 2})
        self.assertEqual(numbers(child, date(2026, 2, 2)), {child.id: 1})
        self.assertEqual(numbers(child, date(2025, 8, 31)), {child.id: 1})
        self.assertEqual(numbers(child, date(2026, 9, 1)), {child.id: 0})

    def test_reporting(self):
        good = {
            "date_from": str(self.monday),
            "date_to": str(self.monday + timedelta(days=2)),
            "sessions": 5,
            "reason_id": self.fight.id,
        }
        self.assert_reporting(good, {"sessions": 6, "state": "withdrawn"}, {"sessions": "many"})

    def test_readers(self):
        self.assert_readers(self.make(**self.three), "teacher", "social_worker", "carer", "iro")

    def test_the_form(self):
        with Form(
            self.records.with_context(default_child_id=self.child.id), "pep_module.pep_suspension_view_form"
        ) as form:
            form.school_id = self.school
            form.kind = "permanent"
            form.date_from = self.monday
        self.assertFalse(form.record.date_to)


@tagged("post_install", "-at_install")
class TestSdq(FigureCase):
    model = "pep.sdq"

    def test_bands(self):
        for score, band in (
            (0, "normal"),
            (13, "normal"),
            (14, "borderline"),
            (16, "borderline"),
            (17, "concern"),
            ("40", "concern"),
        ):
            with self.subTest(score):
                record = self.make(score=score, date=self.today - timedelta(days=int(score)))
                self.assertEqual(record.band, band)

    def test_what_does_not_fit(self):
        refused = self.env.ref("pep_module.pep_code_sdq_reason_sdq2")
        for values, message in (
            ({}, "Give the score, or"),
            ({"score": "12", "reason_id": refused.id}, "Give the score, or"),
            ({"score": "41"}, "from 0 to 40"),
            ({"score": "-1"}, "from 0 to 40"),
            ({"score": "7.5"}, "from 0 to 40"),
            ({"score": "=7"}, "from 0 to 40"),
            ({"score": "7", "date": self.today + timedelta(days=1)}, "future"),
            ({"reason_id": self.env.ref("pep_module.pep_code_legal_status_c2").id}, "list of reasons"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                self.make(**values)
        record = self.make(reason_id=refused.id)
        self.assertFalse(record.band)
        record.write({"reason_id": False, "score": 17})
        self.assertEqual(record.band, "concern")
        with self.assertRaisesRegex(UserError, "This is here already"):
            self.make(score="3")
        self.assertTrue(self.make(score="3", informant="child"))

    def test_last(self):
        last = self.env["pep.sdq"]._last
        self.assertEqual(last(self.child), {})
        self.make(score="17", date=date(2025, 5, 3))
        self.make(reason_id=self.env.ref("pep_module.pep_code_sdq_reason_sdq5").id, date=date(2026, 5, 3))
        self.assertIn("No score: The child or young person refused", last(self.child)[self.child.id])
        self.assertIn("17: Cause for concern", last(self.child, date(2025, 12, 1))[self.child.id])

    def test_readers(self):
        self.assert_readers(self.make(score="17"), "social_worker", "iro")

    def test_no_reporting_from_outside(self):
        self.assertFalse(hasattr(self.records, "action_report"))

    def test_the_form(self):
        with Form(self.records.with_context(default_child_id=self.child.id), "pep_module.pep_sdq_view_form") as form:
            form.score = "15"
        self.assertEqual(form.record.band, "borderline")


@tagged("post_install", "-at_install")
class TestOnThePlan(FigureCase):
    def test_what_a_plan_shows(self):
        plan = self.as_user(self.make_plan(self.child), "vseo")
        vseo = plan.env
        vseo["pep.attendance"].create(self.values(10, 9, 1))
        vseo["pep.attainment"].create({"child_id": self.child.id, "subject": "maths", "level": "on"})
        vseo["pep.sdq"].create({"child_id": self.child.id, "score": "17"})
        suspension = {"date_from": self.monday, "date_to": self.monday, "sessions": 1, "school_id": self.school.id}
        vseo["pep.suspension"].create({"child_id": self.child.id, **suspension})
        other = self.make_children()
        vseo["pep.attendance"].create(self.values(10, 10, child=other))
        plan.invalidate_recordset()
        self.assertEqual(plan.attendance_ids, self.child.attendance_ids)
        self.assertEqual(len(plan.attainment_ids | plan.attainment_ids), 1)
        self.assertEqual((len(plan.suspension_ids), len(plan.sdq_ids)), (1, 1))
        self.assertEqual(plan.evidence_chart["attendance"][0]["percentage"], 90)
        snapshot = plan._evidence_snapshot()
        self.assertEqual(snapshot["attendance"][0]["percentage"], 90)
        self.assertEqual(snapshot["sdq"][0]["result"], "17: Cause for concern (17 to 40)")
        self.assertNotIn(self.child.last_name, str(snapshot))

    def test_a_plan_shows_nothing_of_later_terms(self):
        previous = self.env["pep.term"]._term_on(self.council, self.term.date_from - timedelta(days=1))
        plan = self.as_user(self.make_plan(self.child, previous), "vseo")
        day = {"date_from": self.term.date_from, "date_to": self.term.date_from}
        plan.env["pep.attendance"].create({**self.values(2, 1, 1), **day})
        plan.invalidate_recordset()
        self.assertFalse(plan.attendance_ids)
        self.assertFalse(plan.evidence_chart)

    def test_each_reads_what_is_for_them(self):
        plan = self.make_plan(self.child)
        self.env["pep.sdq"].create({"child_id": self.child.id, "score": "17"})
        self.env["pep.attendance"].create(self.values(10, 9, 1))
        for role, seen in (("vseo", (1, 1)), ("social_worker", (1, 1)), ("teacher", (1, 0)), ("carer", (1, 0))):
            mine = self.as_user(plan, role)
            with self.subTest(role):
                self.assertEqual((len(mine.attendance_ids), len(mine.sdq_ids)), seen)
                self.assertTrue(mine.evidence_chart)

    def test_queries_of_the_page_do_not_grow(self):
        plan = self.as_user(self.make_plan(self.child), "vseo")

        def read(records):
            names = ("attendance_ids", "attainment_ids", "suspension_ids", "sdq_ids", "evidence_chart")
            return [records[name] for name in names]

        self.add_weeks(0, 2)
        few = self.queries(read, plan)
        self.add_weeks(2, 30)
        self.assertEqual(self.queries(read, plan), few)

    def add_weeks(self, first, last):
        days = [self.monday - timedelta(days=7 * number) for number in range(first, last)]
        self.env["pep.attendance"].create(
            [{**self.values(10, 9, 1), "date_from": day, "date_to": day + timedelta(days=4)} for day in days]
        )
        self.env["pep.attainment"].create(
            [{"child_id": self.child.id, "subject": "maths", "level": "on", "date": day} for day in days]
        )
