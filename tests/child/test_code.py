import csv
import unittest

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.tools.ssda903 import CODE_KINDS

from tests.common import PORTAL, PepCase

from .ssda903_common import SHARED

CODE_LISTS = SHARED / "codes" / "ssda903_2024_codelists.csv"

# The placement codes of two collection years, as the validation rules of the return list them.
PLACEMENTS_2022 = {
    *("A3", "A4", "A5", "A6", "H5", "K1", "K2", "P1", "P2", "P3", "R1", "R2", "R3", "R5", "S1"),
    *("T0", "T1", "T2", "T3", "T4", "U1", "U2", "U3", "U4", "U5", "U6", "Z1"),
}
PLACEMENTS_2025 = PLACEMENTS_2022 - {"H5", "P2", "Z1"} | {"K3", "Z11", "Z12", "Z13", "Z14"}


@tagged("post_install", "-at_install")
class TestCode(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.codes = cls.env["pep.code"]

    def test_placements_by_collection_year(self):
        self.assertEqual(set(self.codes._find("placement", year=2017)), PLACEMENTS_2022)
        self.assertEqual(set(self.codes._find("placement", year=2022)), PLACEMENTS_2022)
        self.assertEqual(set(self.codes._find("placement", year=2025)), PLACEMENTS_2025)
        self.assertEqual(set(self.codes._find("placement")), PLACEMENTS_2022 | PLACEMENTS_2025)

    def test_length_of_each_list(self):
        counts = dict(self.codes._read_group([("kind", "!=", "placement")], ["kind"], ["__count"]))
        self.assertEqual(
            counts,
            {
                "legal_status": 13,
                "provider": 6,
                "category_of_need": 8,
                "reason_new_episode": 6,
                "reason_ceased": 22,
                "reason_placement_change": 12,
                "ethnicity": 20,
                "upn_unknown": 5,
                "participation": 8,
                "suspension_reason": 16,
                "sdq_reason": 5,
            },
        )

    def test_find(self):
        found = self.codes._find("legal_status", ["C2", "V3", "XX"], 2025)
        self.assertEqual(set(found), {"C2", "V3"})
        self.assertEqual(found["C2"].display_name, "C2 Full care order")
        self.assertEqual(found["C2"], self.env.ref("pep_module.pep_code_legal_status_c2"))
        self.assertEqual(self.codes._find("placement", ["H5"], 2025), {})
        self.assertEqual(self.codes._find("legal_status", []), {})

    def test_find_prefers_the_latest_meaning(self):
        older = self.codes.create(
            {"kind": "provider", "code": "ZZ", "name": "Then", "year_from": 2010, "year_to": 2019}
        )
        newer = self.codes.create({"kind": "provider", "code": "ZZ", "name": "Now", "year_from": 2020})
        self.assertEqual(self.codes._find("provider", ["ZZ"]), {"ZZ": newer})
        self.assertEqual(self.codes._find("provider", ["ZZ"], 2019), {"ZZ": older})
        self.assertEqual(self.codes._find("provider", ["ZZ"], 2009), {})

    def test_unique_and_in_order(self):
        code = {"kind": "provider", "code": "PR1", "name": "Again"}
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.codes.create(code)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.codes.create({**code, "year_from": 2020, "year_to": 2019})

    def test_search_by_code_or_meaning(self):
        names = self.codes.name_search("care order", domain=[("kind", "=", "legal_status")])
        self.assertEqual({name for _id, name in names}, {"C1 Interim care order", "C2 Full care order"})
        self.assertEqual(self.codes.name_search("PR4")[0][1], "PR4 Private")

    def test_everyone_reads_and_no_one_deletes(self):
        code = self.env.ref("pep_module.pep_code_provider_pr1")
        for role in ("support", "vseo", "head", "finance", "admin", *PORTAL):
            with self.subTest(role):
                self.assertEqual(self.as_user(code, role).name, code.name)
                with self.assertRaises(AccessError):
                    self.as_user(code, role).unlink()
        with self.assertRaises(AccessError):
            self.as_user(code, "vseo").name = "Something else"
        with self.assertRaises(AccessError):
            _name = self.as_user(code, "employee").name

    @unittest.skipUnless(CODE_LISTS.exists(), "the shared test material is not here")
    def test_shared_lists(self):
        """Every code of the lists of 2023-24 is there, and valid in that year."""
        with CODE_LISTS.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["field"] in CODE_KINDS]
        self.assertGreater(len(rows), 100)
        for column, kind in CODE_KINDS.items():
            expected = {row["code"].strip() for row in rows if row["field"] == column}
            self.assertEqual(set(self.codes._find(kind, year=2023)), expected, column)
