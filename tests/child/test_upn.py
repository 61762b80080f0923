import csv
import unittest

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools import upn

from .ssda903_common import SHARED

VECTORS = SHARED / "upn" / "upn_vectors.csv"

# Worked out by hand from the rule: positions 2 to 13 times value, modulo 23, into the 23 letters.
# 2*8 + 3*0 + 4*1 + 5*2 + 13*1 = 43, 43 % 23 = 20: the letter after 20 others is X.
OWN = {
    "X801200000001": None,
    "A801200000001": "check_letter",
    "H801200001001": None,
    "R201100018042": None,
    "A000000000000": None,
    "B000000000002": "check_letter",  # 13*2 = 26, 26 % 23 = 3: D
    "D000000000002": None,
}


@tagged("post_install", "-at_install")
class TestUpn(BaseCase):
    def test_own_vectors(self):
        for number, problem in OWN.items():
            with self.subTest(number):
                self.assertEqual(upn.problem(number), problem)

    def test_check_letter_of_every_remainder(self):
        letters = {upn.check_letter(f"{serial:012d}") for serial in range(1000)}
        self.assertEqual(letters, set("ABCDEFGHJKLMNPQRTUVWXYZ"))

    def test_no_number_is_no_problem(self):
        for nothing in (None, False, "", "  "):
            self.assertIsNone(upn.problem(nothing))

    def test_reason_instead_of_a_number(self):
        for code in ("UN1", "UN5", "un10"):
            self.assertEqual(upn.problem(code), "unknown_reason")

    def test_forms(self):
        for number in (
            "X80120000000",
            "X8012000000011",
            "1801200000001",
            "X80120000A001",
            "X80120000000I",
            "X80120000000O",
            "X80120000000S",
            "X80120000000é",
            "X80120000000\u0661",
            "UN",
            "N/A",
        ):
            with self.subTest(number):
                self.assertEqual(upn.problem(number), "format")

    def test_a_first_letter_that_is_never_a_check_letter(self):
        """I, O and S are letters: what is wrong is the letter, not the form."""
        self.assertEqual(upn.problem("O801200000001"), "check_letter")

    def test_temporary(self):
        """The letter at the end counts its place in the alphabet without I, O and S: here Z is 22, A is 0."""
        for serial, value in (("A", 0), ("H", 7), ("J", 8), ("Z", 22)):
            body = f"80120000000{serial}"
            expected = "ABCDEFGHJKLMNPQRTUVWXYZ"[(2 * 8 + 4 * 1 + 5 * 2 + 13 * value) % 23]
            self.assertEqual(upn.check_letter(body), expected)
            self.assertIsNone(upn.problem(expected + body))
            self.assertTrue(upn.is_temporary(expected + body))
        self.assertFalse(upn.is_temporary("X801200000001"))
        self.assertFalse(upn.is_temporary("UN1"))

    def test_any_authority(self):
        """No list of authorities: 838, 839 and 940 to 943 are real, 000 is not, and none is judged."""
        for authority in ("838", "839", "940", "941", "942", "943", "000", "999"):
            body = f"{authority}200001001"
            self.assertIsNone(upn.problem(upn.check_letter(body) + body))

    def test_spaces_and_case(self):
        self.assertEqual(upn.normalise(" x8012 00000 001\u00a0"), "X801200000001")
        self.assertIsNone(upn.problem("x801 2000 00001"))

    def test_body_must_be_a_body(self):
        for body in ("", "80120000000", "8012000000011", "80120000000I", "A01200000001"):
            with self.subTest(body), self.assertRaises(ValueError):
                upn.check_letter(body)

    @unittest.skipUnless(VECTORS.exists(), "the shared test material is not here")
    def test_shared_vectors(self):
        with VECTORS.open(newline="") as file:
            vectors = list(csv.DictReader(file))
        self.assertEqual(len(vectors), 43)
        for vector in vectors:
            number, expected = vector["upn"], vector["expected"]
            with self.subTest(number):
                problem = upn.problem(number)
                if expected.startswith("invalid_check_letter"):
                    self.assertEqual(problem, "check_letter")
                elif expected.startswith(("invalid_format", "invalid_length")):
                    self.assertEqual(problem, "format")
                elif expected.startswith("upn_unknown_reason"):
                    self.assertEqual(problem, "unknown_reason")
                else:  # valid, whatever is thought of its authority
                    self.assertIsNone(problem)
                if len(number) == 13 and vector["recomputed_check_letter"] and number[1:12].isdigit():
                    self.assertEqual(upn.check_letter(number[1:]), vector["recomputed_check_letter"])
