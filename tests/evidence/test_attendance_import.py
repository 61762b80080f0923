import base64
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .evidence_common import EvidenceCase

REGISTER = "UPN,date,session,code\n"
TOTALS = "UPN,from,to,possible,present,authorised,unauthorised\n"


@tagged("post_install", "-at_install")
class ImportCase(EvidenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.surround(cls.child)
        cls.child.upn = "R201100018042"
        cls.second = cls.make_children(upn="H801200001001")
        cls.week = (cls.monday, cls.monday + timedelta(days=4))
        cls.all = cls.env["pep.attendance"]

    def take(self, text, role="vseo", write=True, school=None):
        content = base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
        return self.as_user(self.all, role).action_import_file(content, school.id if school else False, write)

    def totals(self, *rows, upn=None, head=TOTALS):
        first, last = self.week
        return head + "".join(f"{upn or self.child.upn},{first},{last},{row}\n" for row in rows or ("10,8,1,1",))

    def taken(self, text, **options):
        """What came of a file without mistakes: numbers of new, changed and same periods."""
        result = self.take(text, **options)
        self.assertEqual((result["errors"], result["error_count"]), ([], 0))
        return result["new"], result["changed"], result["same"]

    def mistakes(self, text, **options):
        """Row and column of each mistake; nothing is written."""
        before = self.all.search([])
        stamps = before.mapped("write_date")
        result = self.take(text, **options)
        self.assertEqual(self.all.search([]), before)
        self.assertEqual(before.mapped("write_date"), stamps)
        self.assertEqual(len(result["errors"]), result["error_count"])
        return [(error["row"], error["column"]) for error in result["errors"]]


@tagged("post_install", "-at_install")
class TestAttendanceImport(ImportCase):
    """One file for all children, by UPN: as a whole or not at all, and twice is once."""

    def test_a_register_of_two_children(self):
        text = REGISTER + "".join(
            f"{child.upn},{day:%d/%m/%Y},{session},{mark}\n"
            for child, marks in ((self.child, "/\\/\\/\\/IYY"), (self.second, "/\\/\\/\\/\\/\\"))
            for index, mark in enumerate(marks)
            for day, session in [(self.monday + timedelta(days=index // 2), ("AM", "PM")[index % 2])]
        ).replace(",Y\n", ",Y4\n")
        self.assertEqual(self.taken(text, write=False), (2, 0, 0))
        self.assertFalse(self.all.search([]))
        self.assertEqual(self.taken(text), (2, 0, 0))
        self.assertEqual(self.child.attendance_ids.percentage, 87.5)
        self.assertRecordValues(
            self.child.attendance_ids,
            [{"school_id": self.school.id, "source": "file", "marks": f"{self.monday} /\\ /\\ /\\ /I Y4Y4"}],
        )
        self.assertEqual(self.second.attendance_ids.percentage, 100)
        self.env.invalidate_all()
        before = self.all.search([]).read()
        self.assertEqual(self.taken(text), (0, 0, 2), "the same file again")
        self.env.invalidate_all()
        self.assertEqual(self.all.search([]).read(), before)

    def test_totals_brought_up_to_date(self):
        self.assertEqual(self.taken(self.totals()), (1, 0, 0))
        record = self.child.attendance_ids
        self.assertEqual(self.taken(self.totals("10,9,1,0")), (0, 1, 0))
        self.assertEqual((self.child.attendance_ids, record.percentage), (record, 90))
        last = self.week[1]
        longer = self.totals("12,9,1,2").replace(f",{last},", f",{last + timedelta(days=2)},")
        self.assertEqual(self.taken(longer), (0, 1, 0), "from the same day on, and further")
        self.assertEqual((record.date_to, record.percentage), (last + timedelta(days=2), 75))
        self.assertEqual(self.mistakes(self.totals("10,9,1,0")), [(2, "from")])

    def test_totals_after_a_register(self):
        day = f"{self.child.upn},{self.monday},AM,/\n{self.child.upn},{self.week[1]},PM,I\n"
        self.taken(REGISTER + day)
        self.assertEqual(self.taken(self.totals("2,1,1,0")), (0, 0, 1))
        self.assertTrue(self.child.attendance_ids.marks)
        self.assertEqual(self.taken(self.totals("10,9,1,0")), (0, 1, 0))
        self.assertFalse(self.child.attendance_ids.marks)

    def test_overlap_with_other_days(self):
        self.attended(10, 10, date_from=self.monday - timedelta(days=3))
        result = self.take(self.totals())
        self.assertEqual(len(self.child.attendance_ids), 1)
        (error,) = result["errors"]
        self.assertRegex(error["message"], "^There is attendance from .* at this school already, of other days.$")
        self.assertEqual((error["row"], error["column"]), (2, "from"))

    def test_whose_and_where(self):
        rows = f"NOBODY0000001,{self.week[0]},{self.week[1]},10,8,1,1\n{self.totals()[len(TOTALS) :]}"
        self.assertEqual(self.mistakes(TOTALS + rows), [(2, "UPN")])
        self.child.vseo_id = self.users["other_vseo"]
        unseen = self.take(self.totals())
        unknown = self.take(self.totals(upn="NOBODY0000001"))
        self.assertEqual(unseen, unknown, "a child out of sight is like one that nobody has")
        self.assertEqual(self.taken(self.totals(), role="other_vseo"), (1, 0, 0))

    def test_another_council(self):
        council = self.env["res.company"].create({"name": "Farshire"})
        self.make_children(company_id=council.id, vseo_id=False, upn="R201100018099", school=False)
        self.assertEqual(self.mistakes(self.totals(upn="R201100018099"), role="head"), [(2, "UPN")])

    def test_a_former_upn(self):
        self.child.write({"upn": "A801200001002", "former_upn": "R201100018042"})
        self.assertEqual(self.taken(self.totals(upn="R201100018042")), (1, 0, 0))
        self.second.upn = "R201100018042"
        self.assertEqual(self.taken(self.totals(upn="R201100018042")), (1, 0, 0))
        self.assertEqual((len(self.child.attendance_ids), len(self.second.attendance_ids)), (1, 1))
        self.child.upn = "R201100018042"
        self.assertEqual(self.mistakes(self.totals(upn="R201100018042")), [(2, "UPN")], "two children have it")

    def test_both_upns_of_one_child(self):
        self.child.former_upn = "A801200001002"
        text = self.totals() + self.totals("10,9,1,0", upn="A801200001002")[len(TOTALS) :]
        self.assertEqual(self.mistakes(text), [(3, "from")])

    def test_the_school(self):
        oak = self.make_school("Oak Primary School", "100002")
        head = "URN," + TOTALS
        self.assertEqual(self.taken(head + f"100002,{self.totals()[len(TOTALS) :]}"), (1, 0, 0))
        self.assertEqual(self.child.attendance_ids.school_id, oak)
        self.assertEqual(self.mistakes(head + f"100003,{self.totals()[len(TOTALS) :]}"), [(2, "URN")])
        self.assertEqual(self.taken(self.totals()), (1, 0, 0), "the child's own school")
        ash = self.make_school("Ash Primary School", "100004")
        self.assertEqual(self.taken(self.totals(), school=ash), (1, 0, 0))
        self.child.enrolment_ids.date_to = self.monday - timedelta(days=1)
        self.assertEqual(self.mistakes(self.totals()), [(2, "UPN")])

    def test_a_teacher(self):
        self.assertEqual(self.taken(self.totals(), role="teacher"), (1, 0, 0))
        self.assertEqual(self.child.attendance_ids.entered_by_id, self.users["teacher"])
        oak = self.make_school("Oak Primary School", "100002")
        text = "URN," + TOTALS + f"{oak.pep_urn},{self.totals()[len(TOTALS) :]}"
        self.assertEqual(self.mistakes(text, role="teacher"), [(2, "URN")])
        self.assertEqual(self.mistakes(self.totals(), role="teacher", school=oak), [(2, "UPN")])
        elsewhere = self.make_children(school=False, upn="R201100018099")
        self.assertEqual(self.mistakes(self.totals(upn=elsewhere.upn), role="teacher"), [(2, "UPN")])
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        self.assertEqual(self.mistakes(self.totals("10,9,1,0"), role="teacher"), [(2, "UPN")])

    def test_a_teacher_who_is_a_carer_too(self):
        """Of a child whom they care for and do not teach they report nothing."""
        foster = self.make_children(school=False, upn="R201100018099")
        partner = self.users["teacher"].partner_id
        member = {"child_id": foster.id, "partner_id": partner.id, "role": "carer", "date_from": self.monday}
        self.env["pep.network.member"].create(member)
        self.assertEqual(self.mistakes(self.totals(upn=foster.upn), role="teacher"), [(2, "UPN")])
        with self.assertRaises(AccessError):
            self.as_user(self.all, "teacher").action_report(foster.id, {})

    def test_hostile_files(self):
        formula = '"=HYPERLINK(""http://x"";""y"")"'
        result = self.take(REGISTER + f"{self.child.upn},{formula},AM,/\n")
        self.assertIn("“'=HYPERLINK", result["errors"][0]["message"])
        long = "x" * 10_000
        self.assertEqual(
            self.mistakes(REGISTER + f"{long},{long},{long},{long}\n"),
            [(2, "UPN"), (2, "date"), (2, "session"), (2, "code")],
        )
        for data in (b"", b"\0\1\2", b"PK\3\4", b"\xff\xfe\x81", "UPN\n" * 3, '"', "<script>"):
            with self.subTest(data):
                result = self.take(data)
                self.assertEqual((result["error_count"], result["kind"]), (1, False))
        for content in ("%%%", "é", None, False, 3):
            with self.subTest(content):
                result = self.as_user(self.all, "vseo").action_import_file(content, False, True)
                self.assertEqual(result["error_count"], 1)
        many = self.take(REGISTER + f"{self.child.upn},{self.monday},AM,H\n" * 1000)
        self.assertEqual((many["error_count"], len(many["errors"])), (1000, 200))

    def test_a_malformed_row_stops_the_whole_file(self):
        good = "".join(f"{child.upn},{self.monday},AM,/\n" for child in (self.child, self.second))
        self.assertEqual(self.mistakes(REGISTER + good + f"{self.child.upn},{self.monday},noon,/\n"), [(4, "session")])

    def test_queries_do_not_grow(self):
        children = self.make_children(60)
        for index, child in enumerate(children):
            child.upn = f"A80120000{1000 + index}"
        numbers = []
        for number in (3, 60):
            some = children[:number]
            text = TOTALS + "".join(self.totals(upn=child.upn)[len(TOTALS) :] for child in some)
            with self.env.cr.savepoint() as savepoint:
                new = self.queries(lambda _records, text=text: self.take(text, write=False), self.records)
                self.take(text)
                text = text.replace(",8,1,1", ",9,0,1")
                changed = self.queries(lambda _records, text=text: self.take(text, write=False), self.records)
                savepoint.rollback()
            self.env.invalidate_all()
            with self.env.cr.savepoint() as savepoint:
                before = self.env.cr.sql_log_count
                self.take(text)
                self.env.flush_all()
                written = self.env.cr.sql_log_count - before
                text = text.replace(",9,0,1", ",8,1,1")
                before = self.env.cr.sql_log_count
                self.assertEqual(self.take(text)["changed"], number)
                self.env.flush_all()
                numbers.append((new, changed, written, self.env.cr.sql_log_count - before))
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(*numbers)


@tagged("post_install", "-at_install")
class TestImportForm(ImportCase):
    def form(self, text, role="vseo"):
        forms = self.as_user(self.env["pep.attendance.import"], role)
        return forms.create({"file": base64.b64encode(text.encode())})

    def test_check_then_take_in(self):
        form = self.form(self.totals())
        form.action_check()
        self.assertRecordValues(form, [{"state": "checked", "new_count": 1, "error_count": 0, "kind": "totals"}])
        self.assertFalse(self.all.search([]))
        form.action_import()
        self.assertRecordValues(form, [{"state": "done", "new_count": 1, "file": False}])
        self.assertEqual(self.child.attendance_ids.possible, 10)
        with self.assertRaisesRegex(UserError, "was imported"):
            form.action_import()

    def test_mistakes_are_listed(self):
        form = self.form(self.totals("10,8,1,1", "11,8,1,1", "x,8,1,1"))
        form.action_import()
        self.assertRecordValues(
            form.line_ids,
            [
                {
                    "row": 3,
                    "column": "possible",
                    "message": "Present, authorised and unauthorised absence have to add up to the possible sessions.",
                },
                {"row": 4, "column": "possible", "message": "“x” is not a number of sessions."},
            ],
        )
        self.assertRecordValues(form, [{"state": "checked", "error_count": 2}])
        form.file = base64.b64encode(self.totals().encode())
        self.assertRecordValues(form, [{"state": "draft", "error_count": 0, "line_ids": []}])
        form.action_check()
        self.assertEqual(form.error_count, 0)

    def test_results_are_not_typed(self):
        form = self.as_user(self.env["pep.attendance.import"], "vseo").create({"state": "done", "new_count": 9})
        form.write({"state": "checked", "error_count": 3})
        self.assertRecordValues(form, [{"state": "draft", "new_count": 0, "error_count": 0}])
        with self.assertRaisesRegex(UserError, "Choose a file"):
            form.action_check()

    def test_who_may(self):
        form = self.form(self.totals())
        for role in ("contributor", "finance", "admin", "employee", "teacher", "social_worker"):
            if role in self.users:
                with self.subTest(role), self.assertRaises(AccessError):
                    self.as_user(form, role).action_check()
        with self.assertRaises(AccessError):
            self.as_user(form, "head").action_check()

    def test_the_view(self):
        with Form(
            self.as_user(self.env["pep.attendance.import"], "vseo"), "pep_module.pep_attendance_import_view_form"
        ) as form:
            form.file = base64.b64encode(self.totals().encode())
        self.assertEqual(form.record.state, "draft")
