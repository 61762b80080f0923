"""Importing the public school register."""

import base64
from datetime import date
from functools import partial
from itertools import count

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .school_common import SHARED_GIAS, SchoolCase, gias_csv, links_csv


@tagged("post_install", "-at_install")
class TestGiasImport(SchoolCase):
    def _import(self, data, user=None, preview=False, **values):
        record = self.env["pep.gias.import"].with_user(user or self.admin).create(
            {"file": base64.b64encode(data), "file_name": "register.csv", **values}
        )  # fmt: skip
        (record.action_preview if preview else record.action_import)()
        return record

    def _find(self, urn):
        return self.env["res.partner"].with_context(active_test=False).search([("pep_urn", "=", urn)])

    def assertCounts(self, record, **counts):
        for name in ("new", "changed", "same", "closed", "skipped"):
            self.assertEqual(record[f"count_{name}"], counts.get(name, 0), name)

    # === What it does ===

    def test_import(self):
        record = self._import(gias_csv({}, {"URN": "190002", "TypeOfEstablishment (code)": "37"}))
        self.assertCounts(record, new=2)
        self.assertEqual((record.state, record.kind, record.count_rows), ("done", "schools", 2))
        self.assertEqual(record.done_by_id, self.admin)
        self.assertFalse(record.file)
        self.assertEqual(len(record.fingerprint), 64)
        school = self._find("190001")
        self.assertTrue(school.pep_is_school)
        self.assertTrue(school.is_company)
        self.assertFalse(school.company_id)
        self.assertFalse(school.pep_outside_gias)
        self.assertTrue(school.pep_maintained)
        self.assertTrue(school.pep_school_open)
        self.assertEqual((school.pep_laestab, school.city, school.phone), ("330/2001", "Birmingham", "01214960000"))
        self.assertEqual(school.country_id, self.env.ref("base.uk"))
        self.assertFalse(self._find("190002").country_id, "a school abroad is not in the United Kingdom")
        self.assertFalse(school.message_ids.filtered(lambda message: message.message_type == "notification"))

    def test_preview_writes_nothing(self):
        record = self._import(gias_csv({}), preview=True)
        self.assertCounts(record, new=1)
        self.assertEqual(record.state, "previewed")
        self.assertIn("190001", record.detail)
        self.assertFalse(self._find("190001"))
        record.action_import()
        self.assertTrue(self._find("190001"))

    def test_a_change_of_input_needs_a_new_preview(self):
        record = self._import(gias_csv({}), preview=True)
        record.write({"scope": "known"})
        self.assertEqual((record.state, record.count_new, record.detail), ("draft", 0, False))

    def test_same_file_again_changes_nothing(self):
        data = gias_csv({}, {"URN": "190002", "EstablishmentName": "=cmd()", "Locality": "", "TelephoneNum": ""})
        self._import(data)
        before = (self._find("190001") | self._find("190002")).mapped("write_date")
        record = self._import(data)
        self.assertCounts(record, same=2)
        self.assertEqual((self._find("190001") | self._find("190002")).mapped("write_date"), before)

    def test_an_import_runs_once(self):
        record = self._import(gias_csv({}))
        for action in (record.action_import, record.action_preview):
            with self.assertRaises(UserError):
                action()
        with self.assertRaises(UserError):
            record.write({"scope": "known"})

    def test_changes_and_closing(self):
        self._import(gias_csv({}, {"URN": "190002"}, {"URN": "190003"}))
        school = self._find("190001")
        child = self._child()
        self._enrol(child, school, self._day(-100))
        record = self._import(
            gias_csv(
                {"EstablishmentStatus (code)": "2", "CloseDate": "31-08-2026"},
                {"URN": "190002", "TelephoneNum": "01214969999"},
                {"URN": "190003"},
            )
        )
        self.assertCounts(record, changed=2, closed=1, same=1)
        self.assertEqual((school.pep_school_status, school.pep_close_date), ("closed", date(2026, 8, 31)))
        self.assertTrue(school.active, "a closed school is not archived: pupils were there")
        self.assertEqual(self._find("190002").phone, "01214969999")
        self.assertIn("still enrolled: 190001", record.detail)
        self.assertIn("Phone", record.detail)

    def test_hostile_cells_stay_text(self):
        name = '=HYPERLINK("http://evil","x")'
        self._import(gias_csv({"EstablishmentName": name, "Town": "<b>@SUM(1)</b>"}))
        self.assertEqual((self._find("190001").name, self._find("190001").city), (name, "<b>@SUM(1)</b>"))

    def test_archived_school_is_found_not_doubled(self):
        school = self._school(urn="190001", active=False)
        self._import(gias_csv({}))
        self.assertEqual(self._find("190001"), school)
        self.assertEqual(school.name, "Elm Primary School")
        self.assertFalse(school.active)

    def test_a_setting_with_a_urn_joins_the_register(self):
        setting = self._school(urn="190001", pep_outside_gias=True)
        self._import(gias_csv({}), scope="known")
        self.assertFalse(setting.pep_outside_gias)
        self.assertEqual(setting.name, "Elm Primary School")

    def test_scopes(self):
        self._school(urn="190003")
        data = gias_csv({}, {"URN": "190002", "LA (code)": "355"}, {"URN": "190003", "LA (code)": "207"})
        self.assertCounts(self._import(data, preview=True), new=2, changed=1)
        self.assertCounts(self._import(data, preview=True, scope="known"), changed=1, skipped=2)
        self.assertCounts(self._import(data, preview=True, scope="la", la_codes="330"), new=1, changed=1, skipped=1)
        self.assertCounts(self._import(data, scope="la", la_codes="330; 355 "), new=2, changed=1)
        with self.assertRaises(ValidationError):
            self._import(data, scope="la", la_codes="Birmingham")
        with self.assertRaises(ValidationError):
            self._import(data, scope="la")

    def test_closed_schools_can_be_left_out(self):
        data = gias_csv({"EstablishmentStatus (code)": "2"}, {"URN": "190002"})
        self.assertCounts(self._import(data, with_closed=False), new=1, skipped=1)
        self.assertFalse(self._find("190001"))
        self.assertCounts(self._import(data), new=1, same=1)

    # === What it refuses ===

    def test_a_bad_row_means_nothing_is_written(self):
        rows = [{"URN": str(190001 + number)} for number in range(30)]
        data = gias_csv(*rows, {"URN": "195000", "OpenDate": "31-02-2020"})
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self._import(data)
        self.assertIn("Row 32", str(caught.exception))
        self.assertIn("OpenDate", str(caught.exception))
        self.assertIn("31-02-2020", str(caught.exception))
        self.assertFalse(self._find("190001"))

    def test_messages(self):
        for data, words in (
            (b"", "empty"),
            (b"PK\x03\x04", "not a CSV"),
            (gias_csv({}) + b"\x81", "can't be read"),
            (gias_csv({}, drop=["URN"]), "missing: URN"),
            (gias_csv({}, {}), "Row 3"),
            (gias_csv({}) + b'"1"\r\n', "number of cells"),
            (gias_csv({"EstablishmentName": ""}), "no name"),
            (gias_csv({"LA (code)": "x"}), "LA (code)"),
            (gias_csv({"EstablishmentNumber": "x"}), "EstablishmentNumber"),
            (gias_csv({"EstablishmentTypeGroup (code)": "x"}), "EstablishmentTypeGroup (code)"),
            (gias_csv({"EstablishmentStatus (code)": "x"}), "status"),
            (gias_csv({}) + b'"1', "quotation mark"),
        ):
            with self.assertRaises(UserError) as caught:
                self._import(data, preview=True)
            self.assertIn(words, str(caught.exception))

    def test_who_may(self):
        for user in (self.head, self.admin):
            self.assertEqual(self._import(gias_csv({}), user=user).state, "done")
        draft = self.env["pep.gias.import"].create({"file": base64.b64encode(gias_csv({"URN": "190009"}))})
        for user in (self.vseo, self.support, self.contributor, self.finance, self.contact_manager, self.teacher):
            with self.assertRaises(AccessError):
                self._import(gias_csv({}), user=user)
            for action in ("action_import", "action_preview"):
                with self.assertRaises(AccessError):
                    getattr(draft.with_user(user), action)()
        self.assertFalse(self._find("190009"))

    def test_results_are_not_typed_in(self):
        imports = self.env["pep.gias.import"].with_user(self.admin)
        with self.assertRaises(UserError):
            imports.create({"state": "done"})
        record = imports.create({})
        with self.assertRaises(UserError):
            record.write({"count_new": 5})
        with self.assertRaises(AccessError):
            record.unlink()

    # === Links ===

    def test_links(self):
        old, new = self._school(urn="190001"), self._school(urn="190002")
        data = links_csv(
            ("190001", "190002", "Successor", "31-08-2017"),
            ("190002", "190001", "Predecessor", "01-09-2017"),
            ("190001", "199999", "Successor", "01-09-2018"),
            ("190001", "190002", "Sixth Form Centre Link", ""),
        )
        record = self._import(data)
        self.assertCounts(record, new=1, skipped=2)
        self.assertEqual((record.kind, record.count_rows), ("links", 4))
        link = old.pep_successor_ids
        self.assertEqual((link.successor_id, link.date, link.kind), (new, date(2017, 9, 1), "register"))
        self.assertEqual(new.pep_predecessor_ids, link)
        self.assertCounts(self._import(data), same=1, skipped=2)
        later = links_csv(("190001", "190002", "Successor", "01-01-2018"))
        self.assertCounts(self._import(later), changed=1)
        self.assertEqual(link.date, date(2018, 1, 1))

    def test_links_of_the_app_are_left_alone(self):
        old, new = self._school(urn="190001"), self._school(urn="190002")
        link = self.env["pep.school.link"].create(
            {"predecessor_id": old.id, "successor_id": new.id, "kind": "academised", "date": "2017-09-01"}
        )
        self.assertCounts(self._import(links_csv(("190001", "190002", "Successor", "31-08-2017"))), same=1)
        self.assertEqual(link.date, date(2017, 9, 1))

    # === How much work it is ===

    def test_queries_do_not_grow_with_the_file(self):
        starts = count(100000, 1000)
        imports = self.env["pep.gias.import"].with_user(self.admin)

        def prepare(number, before=None, **values):
            start = next(starts)
            rows = [{"URN": str(start + index)} for index in range(number)]
            if before:
                self._import(gias_csv(*rows))
            rows = [{**row, **{name: f"{value}{row['URN']}" for name, value in values.items()}} for row in rows]
            record = imports.create({"file": base64.b64encode(gias_csv(*rows))})
            return record.action_import

        self.assertSameQueries(prepare, 40, 80, "new")
        self.assertSameQueries(partial(prepare, before=True), 40, 80, "same")
        self.assertSameQueries(partial(prepare, before=True, TelephoneNum="0"), 40, 80, "changed")

    # === The public files ===

    def test_public_files(self):
        if not SHARED_GIAS.exists():
            self.skipTest("no shared test material here")
        for name, number in (("gias_edubase_2018_shape.csv", 4), ("gias_example_schools_2024_shape.csv", 2)):
            data = (SHARED_GIAS / name).read_bytes()
            self.assertCounts(self._import(data), new=number)
            self.assertCounts(self._import(data), same=number)
        links = (SHARED_GIAS / "gias_links_20250422_first2000.csv").read_bytes()
        self.assertCounts(self._import(links), skipped=1875)
        self._school(urn="100016")
        self._school(urn="132245")
        self.assertCounts(self._import(links), new=1, skipped=1874)
