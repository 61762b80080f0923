"""The reader of the public school register: pure Python."""

import io
from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools import gias

from .school_common import SHARED_GIAS, gias_csv, links_csv, to_csv


def schools(data, wanted=None):
    rows = gias.read_rows(gias.open_text(data))
    headings = next(rows)
    assert gias.kind_of(headings) == "schools"
    return [values for _row, values in gias.read_schools(headings, rows, wanted)]


def links(data):
    rows = gias.read_rows(gias.open_text(data))
    headings = next(rows)
    assert gias.kind_of(headings) == "links"
    return gias.merge_links(gias.read_links(headings, rows))


@tagged("post_install", "-at_install")
class TestGiasReader(BaseCase):
    def assertProblem(self, kind, data, row=None, column=None):
        with self.assertRaises(gias.GiasError) as caught:
            schools(data)
        self.assertEqual((caught.exception.kind, caught.exception.row, caught.exception.column), (kind, row, column))

    def test_a_school(self):
        (school,) = schools(gias_csv({}))
        self.assertEqual(school["pep_urn"], "190001")
        self.assertEqual(school["name"], "Elm Primary School")
        self.assertEqual(school["pep_laestab"], "330/2001")
        self.assertEqual(school["pep_school_type_code"], "01")
        self.assertEqual(school["pep_school_phase"], "primary")
        self.assertEqual(school["pep_school_status"], "open")
        self.assertEqual(school["pep_open_date"], date(1990, 9, 1))
        self.assertIs(school["pep_close_date"], False)
        self.assertEqual((school["street"], school["street2"], school["zip"]), ("Elm Road", "Harborne", "B17 0AA"))
        self.assertIs(school["pep_trust"], False)

    def test_columns_are_found_by_name(self):
        headings = list(reversed(gias_csv({}).decode().splitlines()[0].replace('"', "").split(",")))
        self.assertEqual(schools(gias_csv({}, headings=headings)), schools(gias_csv({})))
        self.assertIs(schools(gias_csv({}, drop=["Trusts (name)"]))[0]["pep_trust"], False)

    def test_encodings(self):
        row = {"EstablishmentName": "École Sainte-Thérèse – “St Thérèse’s”"}
        for encoding in ("utf-8", "utf-8-sig", "cp1252"):
            self.assertEqual(schools(gias_csv(row, encoding=encoding))[0]["name"], row["EstablishmentName"])

    def test_not_a_csv_file(self):
        self.assertProblem("empty", b"")
        self.assertProblem("empty", b" \r\n")
        self.assertProblem("not_text", b"PK\x03\x04 a zip archive or an xlsx")
        self.assertProblem("not_text", gias_csv({}, encoding="utf-16"))
        self.assertProblem("encoding", gias_csv({}) + b"\x81\x8d")

    def test_missing_columns_are_named(self):
        with self.assertRaises(gias.GiasError) as caught:
            schools(gias_csv({}, drop=["URN", "CloseDate"]))
        self.assertEqual((caught.exception.kind, caught.exception.value), ("columns", "URN, CloseDate"))

    def test_bad_rows_are_pointed_at(self):
        good = {"URN": "190009"}
        for kind, column, value in (
            ("urn", "URN", "19000"),
            ("urn", "URN", "SC123456"),
            ("name", "EstablishmentName", "  "),
            ("la", "LA (code)", "Birmingham"),
            ("number", "EstablishmentNumber", "12345"),
            ("type", "TypeOfEstablishment (code)", "x"),
            ("status", "EstablishmentStatus (code)", "9"),
            ("date", "OpenDate", "31-02-2020"),
            ("date", "CloseDate", "2020-01-31"),
        ):
            self.assertProblem(kind, gias_csv(good, {column: value}), row=3, column=column)
        self.assertProblem("twice", gias_csv({}, {}), row=3, column="URN")
        self.assertProblem("cells", gias_csv({}) + b'"190002","330"\r\n', row=3)
        self.assertProblem("csv", gias_csv({}) + b'"190002,"330"\r\n', row=3)
        self.assertProblem("csv", gias_csv({}) + b'"190002","33', row=3)

    def test_blank_lines_are_not_rows(self):
        self.assertEqual(len(schools(gias_csv({}) + b"\r\n\r\n")), 1)

    def test_cells_are_plain_text(self):
        row = {"EstablishmentName": '=HYPERLINK("http://x","y")', "Street": "+44", "Town": "@x\u200b\x00  y\n z"}
        (school,) = schools(gias_csv(row))
        self.assertEqual(school["name"], '=HYPERLINK("http://x","y")')
        self.assertEqual((school["street"], school["city"]), ("+44", "@x y z"))

    def test_what_is_not_wanted_is_left_out_unread(self):
        data = gias_csv({}, {"URN": "190002", "LA (code)": "355", "OpenDate": "rubbish"})
        self.assertEqual(len(schools(data, wanted=lambda urn, la_code: la_code == "330")), 1)

    def test_maintained(self):
        """One example of each kind of the Department's list (group, type)."""
        yes = [("4", "1"), ("4", "2"), ("4", "03"), ("4", "5"), ("4", "14"), ("4", "15"), ("5", "7"), ("5", "12")]
        no = [("1", "18"), ("3", "11"), ("5", "8"), ("5", "10"), ("6", "30"), ("9", "27"), ("10", "34"), ("11", "35")]
        self.assertTrue(all(gias.is_maintained(*pair) for pair in yes))
        self.assertFalse(any(gias.is_maintained(*pair) for pair in no))

    def test_unknown_phase_is_other(self):
        self.assertEqual(schools(gias_csv({"PhaseOfEducation (code)": "42"}))[0]["pep_school_phase"], "other")
        self.assertEqual(schools(gias_csv({"PhaseOfEducation (code)": ""}))[0]["pep_school_phase"], "not_applicable")

    def test_no_laestab_without_a_number(self):
        self.assertIs(schools(gias_csv({"EstablishmentNumber": ""}))[0]["pep_laestab"], False)
        self.assertEqual(schools(gias_csv({"EstablishmentNumber": "7"}))[0]["pep_laestab"], "330/0007")

    def test_links_of_both_ends_are_one(self):
        data = links_csv(
            ("100001", "200001", "Successor", "31-08-2017"),
            ("200001", "100001", "Predecessor", "01-09-2017"),
            ("100002", "200001", "Successor - merged", ""),
            ("100003", "200002", "Sixth Form Centre Link", "01-09-2017"),
            ("100004", "100005", "Successor", ""),
            ("100005", "100004", "Successor", ""),
        )
        merged, other = links(data)
        self.assertEqual(
            merged, {("100001", "200001"): date(2017, 9, 1), ("100002", "200001"): False}
        )  # fmt: skip
        self.assertEqual(other, 3)

    def test_bad_links_are_pointed_at(self):
        with self.assertRaises(gias.GiasError) as caught:
            links(links_csv(("100001", "200001", "Successor", "99-99-9999")))
        self.assertEqual((caught.exception.row, caught.exception.column), (2, "LinkEstablishedDate"))
        with self.assertRaises(gias.GiasError) as caught:
            links(to_csv(["URN", "LinkURN"], []))
        self.assertEqual(caught.exception.value, "LinkType, LinkEstablishedDate")

    def test_rows_are_read_as_they_come(self):
        """The first row is there before the rest of the file is asked for: the national file has 60 MB."""

        class Endless(io.TextIOBase):
            def __init__(self):
                self.count = 0

            def __iter__(self):
                return self

            def __next__(self):
                self.count += 1
                return "a,b\r\n" if self.count == 1 else f"{self.count},x\r\n"

        stream = Endless()
        rows = gias.read_rows(stream)
        self.assertEqual((next(rows), next(rows)), (["a", "b"], (2, ["2", "x"])))
        self.assertEqual(stream.count, 2)

    def test_public_files(self):
        if not SHARED_GIAS.exists():
            self.skipTest("no shared test material here")
        found = schools((SHARED_GIAS / "gias_edubase_2018_shape.csv").read_bytes())
        self.assertEqual([school["pep_urn"] for school in found], ["100492", "100459", "100494", "100171"])
        self.assertTrue(all(school["pep_maintained"] for school in found))
        academy, closed = schools((SHARED_GIAS / "gias_example_schools_2024_shape.csv").read_bytes())
        self.assertEqual((academy["pep_laestab"], academy["pep_maintained"]), ("355/7025", False))
        self.assertEqual(
            (closed["pep_school_status"], closed["pep_close_date"]), ("closed", date(2022, 12, 31))
        )  # fmt: skip
        merged, other = links((SHARED_GIAS / "gias_links_20250422_first2000.csv").read_bytes())
        self.assertEqual(merged["100024", "100023"], date(2015, 9, 15))
        self.assertEqual(len(merged), 1848)
        self.assertEqual(other, 27)
