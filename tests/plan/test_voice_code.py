from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.tools.reference import ALPHABET

from .voice_common import VoiceCase

DENIALS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
HERE = "192.0.2.1"


@tagged("post_install", "-at_install")
class TestVoiceCode(VoiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grow_up(15)
        cls.codes = cls.env["pep.voice.code"]
        born = cls.child.date_of_birth
        cls.day, cls.month = born.day, born.month

    def use(self, code, day=None, month=None, address=HERE):
        """The visit that a code opens, or none."""
        key = self.codes._redeem(code, day or self.day, month or self.month, address)
        return self.env["pep.voice.session"]._enter(key)[0]

    # === Making one ===

    def test_shown_once_and_kept_nowhere(self):
        action = self.as_user(self.part, "vseo").action_make_voice_code()
        code = action["params"]["code"]
        self.assertEqual((action["tag"], action["target"]), ("pep_voice_code", "new"))
        self.assertEqual(len(code.replace(" ", "")), 10)
        self.assertLessEqual(set(code.replace(" ", "")), set(ALPHABET))
        self.assertTrue(action["params"]["address"].endswith("/voice/code"), "no link carries it")
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT row_to_json(c)::text FROM pep_voice_code c WHERE contribution_id = %s", [self.part.id]
        )
        [(stored,)] = self.env.cr.fetchall()
        self.assertNotIn(code.replace(" ", ""), stored)
        self.assertNotIn(code.split()[1], stored)
        row = self.as_user(self.codes, "vseo").search([])
        self.assertRecordValues(
            row, [{"state": "live", "made_by_id": self.users["vseo"].id, "use_count": 0, "withdrawn_on": False}]
        )
        self.assertEqual(row.valid_to - row.made_on, timedelta(days=14))
        for name in ("prefix", "salt", "digest"):
            with self.assertRaises(AccessError):
                row.read([name])

    def test_from_an_age_that_the_council_sets(self):
        self.grow_up(12)
        with self.assertRaisesRegex(UserError, "from the age of 13"):
            self.make_code()
        self.council.pep_voice_code_age = 12
        self.assertTrue(self.make_code())

    def test_by_staff_for_an_open_part_alone(self):
        for role in ("teacher", "social_worker", "carer", "parent", "iro", "other_vseo", "finance", "admin"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*DENIALS):
                self.make_code(role)
        with self.assertRaises(UserError):
            self.as_user(self.parts["school"], "vseo").action_make_voice_code()
        self.part.sudo().write({"state": "accepted"})
        with self.assertRaises(UserError):
            self.make_code()

    def test_a_new_one_ends_the_one_before(self):
        first, second = self.make_code(), self.make_code()
        self.assertFalse(self.use(first))
        self.assertTrue(self.use(second))

    def test_the_settings_keep_within_reason(self):
        for values in ({"pep_voice_pause": 1}, {"pep_voice_code_days": 0}, {"pep_voice_code_age": 5}):
            with self.subTest(values), self.assertRaises(UserError):
                self.council.write(values)

    # === Using one ===

    def test_right(self):
        code = self.make_code()
        visit = self.use(code)
        self.assertRecordValues(
            visit, [{"via": "code", "opened_by_id": False, "child_id": self.child.id, "look": "older"}]
        )
        self.assertTrue(
            self.use(code.lower().replace(" ", "-")), "spaces, hyphens and small letters are fine; again too"
        )
        self.assertEqual(visit.closed_how, "replaced")
        self.assertEqual(visit.code_id.use_count, 2)

    def test_wrong(self):
        code = self.make_code()
        tail = "2" if code[-1] != "2" else "3"
        for wrong in ("", " ", code[:-1], code[:-1] + tail, code + "2", "%" * 10, "X" * 1000, None):
            with self.subTest(wrong=wrong):
                self.env["pep.voice.attempt"].search([]).unlink()
                self.assertFalse(self.use(wrong))
        self.env["pep.voice.attempt"].search([]).unlink()
        self.assertFalse(self.use(code, day=self.day % 28 + 1))
        self.assertFalse(self.use(code, month=self.month % 12 + 1))
        self.assertTrue(self.use(code))

    def test_expired(self):
        code = self.make_code()
        row = self.codes.search([("contribution_id", "=", self.part.id)])
        row.valid_to = fields.Datetime.now()
        self.assertFalse(self.use(code))
        row.invalidate_recordset(["state"])
        self.assertEqual(row.state, "expired")

    def test_withdrawn_it_also_closes_the_page_that_it_opened(self):
        visit = self.use(self.make_code())
        row = self.as_user(visit.code_id, "vseo")
        row.action_withdraw()
        self.assertRecordValues(row, [{"state": "withdrawn", "withdrawn_by_id": self.users["vseo"].id}])
        self.assertEqual(visit.closed_how, "ended")
        with self.assertRaises(AccessError), mute_logger(*DENIALS):
            self.as_user(visit.code_id, "other_vseo").action_withdraw()

    def test_handed_in(self):
        code = self.make_code()
        visit = self.use(code)
        self.say(visit, "safe", "Yes")
        visit._finish()
        self.assertRecordValues(self.part, [{"state": "submitted", "submitted_by_id": False}])
        self.assertEqual(self.part.history[-1]["by"], "The child")
        self.assertRecordValues(self.answer("safe"), [{"author_id": False, "author_name": "The child"}])
        self.assertFalse(self.use(code))
        self.part.sudo().write({"state": "returned"})
        self.env.invalidate_all()
        self.assertTrue(self.use(code), "given back, the code counts again until it expires")

    def test_alone_nobody_is_the_helper(self):
        visit = self.use(self.make_code())
        self.say(visit, "safe", "For you alone", private=True)
        self.assertRecordValues(self.answer("safe"), [{"kept_private": True, "hidden_from_id": False}])
        page = visit._page()
        self.assertEqual((page["helper"], page["alone"]), ("", True))
        mine = self.as_user(self.env["pep.answer"], "vseo").search([("contribution_id", "=", self.part.id)])
        self.assertEqual(mine.value, "For you alone")
        for role in ("teacher", "social_worker", "carer"):
            self.assertFalse(
                self.as_user(self.env["pep.answer"], role).search([("contribution_id", "=", self.part.id)]), role
            )

    # === Guessing ===

    def test_too_many_wrong_codes_and_the_right_one_fails_too(self):
        code = self.make_code()
        for _attempt in range(5):
            self.assertFalse(self.use(code[:-1] + "?"))
        self.assertFalse(self.use(code), "the beginning of this code has been tried too often")
        self.assertFalse(self.use(code, address="198.51.100.9"), "from anywhere")
        self.assertEqual(self.env["pep.voice.attempt"].search_count([]), 10, "what was not looked at is not counted")
        self.env["pep.voice.attempt"].search([]).moment = fields.Datetime.now() - timedelta(minutes=15)
        self.assertTrue(self.use(code))

    def test_too_many_from_one_address(self):
        code = self.make_code()
        for number in range(20):
            prefix = ALPHABET[number] * 4
            self.assertFalse(self.use(prefix + "222222"))
        self.assertFalse(self.use(code))
        self.assertTrue(self.use(code, address="198.51.100.9"))

    def test_attempts_tell_nothing_and_are_forgotten(self):
        self.use("WXYZ222222")
        attempts = self.env["pep.voice.attempt"].search([])
        self.assertEqual(sorted(attempts.mapped("kind")), ["address", "code"])
        self.assertNotIn("WXYZ", str(attempts.read()))
        self.assertNotIn(HERE, str(attempts.read()))
        attempts._forget()
        self.assertEqual(len(attempts.exists()), 2)
        attempts.moment = fields.Datetime.now() - timedelta(days=2)
        attempts._forget()
        self.assertFalse(attempts.exists())

    def test_every_failure_does_the_same_work(self):
        """One slow hash whatever is wrong: how long it takes tells nothing."""
        code = self.make_code()
        for wrong in ("", "BCDF222222", code[:-1] + "?"):
            with self.subTest(wrong=wrong), patch.object(type(self.codes), "_hash", return_value="x") as hashed:
                self.use(wrong)
                self.assertEqual(hashed.call_count, 1)
