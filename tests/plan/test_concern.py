from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .voice_common import VoiceCase

DENIALS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
SECRET = "It is Mr Xylophone"


@tagged("post_install", "-at_install")
class TestConcern(VoiceCase, MailCase):
    def run(self, result=None):
        with self.mock_mail_gateway():
            return super().run(result)

    def tell(self, role="teacher", words=SECRET):
        """The concern that a child raises with this adult beside it."""
        visit = self.open_voice(role)
        self.assertTrue(visit._tell(words))
        return self.env["pep.concern"].search([("session_id", "=", visit.id)], limit=1)

    def tasks(self, role):
        return self.env["mail.activity"].search([("user_id", "=", self.users[role].id), ("res_model", "=", False)])

    def everything_of(self, mail):
        return " ".join(str(mail[name]) for name in ("subject", "body_html", "body", "headers", "email_to", "reply_to"))

    # === Who is told what ===

    def test_the_officer_and_the_contact_are_told_at_once_without_content(self):
        concern = self.tell()
        mails = concern.mail_ids
        self.assertEqual(
            set(mails.recipient_ids.mapped("email")), {"vseo@testshire.example", "safeguarding@testshire.example"}
        )
        self.assertEqual(len(mails), 2, "each for themselves")
        self.assertEqual(set(mails.mapped("state")), {"sent"})
        self.assertEqual(len(self._mails), 2, "they have left already")
        for mail in self._mails:
            self.assertNotIn("Xylophone", str(mail))
        for mail in mails:
            said = self.everything_of(mail)
            self.assertEqual(mail.subject, "Virtual school: please look now")
            self.assertIn(f"/odoo/peps/{self.plan.id}", said)
            for word in (SECRET, "Xylophone", "Zebedee", "Unsaid", "concern", "safeguard", "tell someone", "worr"):
                self.assertNotIn(word, said.replace("safeguarding@testshire.example", ""), word)
            self.assertFalse(mail.model or mail.res_id or mail.author_id, "it hangs on nothing, and is nobody's")
        self.assertEqual(concern.told, f"{self.users['vseo'].name} and Safeguarding team")
        self.assertEqual(concern.mails, "2 of 2 sent")
        (task,) = self.tasks("vseo")
        self.assertEqual((task.summary, task.date_deadline), (f"{self.child.reference}: please look now", self.today))
        self.assertNotIn("Xylophone", str(task.read()))

    def test_without_a_word(self):
        concern = self.tell(words="  ")
        self.assertFalse(concern.words)
        self.assertEqual(len(concern.mail_ids), 2)

    def test_again_within_minutes_is_kept_and_tells_nothing_new(self):
        visit = self.open_voice()
        for words in ("", SECRET):
            self.assertTrue(visit._tell(words))
        last, first = self.env["pep.concern"].search([("session_id", "=", visit.id)])
        self.assertEqual((last.words, len(first.mail_ids), len(last.mail_ids)), (SECRET, 2, 0))
        self.assertEqual(last.told, first.told)
        (first | last).said_on = fields.Datetime.now() - timedelta(minutes=11)
        visit._tell("")
        self.assertEqual(len(self.env["pep.concern"].search([("session_id", "=", visit.id)], limit=1).mail_ids), 2)

    def test_who_covers_for_the_officer_is_told_as_well(self):
        other = self.users["other_vseo"]
        other.partner_id.email = "other@testshire.example"
        self.env["pep.cover"].create(
            {
                "user_id": self.users["vseo"].id,
                "cover_user_id": other.id,
                "role": "vseo",
                "company_id": self.council.id,
                "date_from": self.today,
                "date_to": self.today,
            }
        )
        self.assertIn("other@testshire.example", self.tell().mail_ids.recipient_ids.mapped("email"))
        self.assertTrue(self.tasks("other_vseo"))

    def test_the_helper_is_never_told_and_the_head_is_instead(self):
        concern = self.tell("vseo")
        self.assertEqual(
            set(concern.mail_ids.recipient_ids.mapped("email")),
            {"head@testshire.example", "safeguarding@testshire.example"},
        )
        self.assertFalse(self.tasks("vseo"))
        self.assertTrue(self.tasks("head"))

    def test_a_helper_who_is_the_contact_is_not_told(self):
        self.council.pep_safeguarding_id = self.users["carer"].partner_id
        self.assertEqual(self.tell("carer").mail_ids.recipient_ids.mapped("email"), ["vseo@testshire.example"])

    def test_nobody_there(self):
        self.child.vseo_id = False
        self.council.pep_safeguarding_id = False
        self.users["head"].active = False
        visit = self.open_voice()
        self.assertFalse(visit._tell(SECRET), "and the child is told so")
        self.assertEqual(self.env["pep.concern"].search([("session_id", "=", visit.id)]).words, SECRET, "it is kept")

    def test_a_mail_server_that_is_down(self):
        server = type(self.env["ir.mail_server"])
        with patch.object(server, "_connect__", side_effect=OSError("down")), mute_logger("odoo.addons.mail"):
            concern = self.tell()
        self.assertEqual(set(concern.mail_ids.mapped("state")), {"exception"})
        self.assertEqual(concern.mails, "0 of 2 sent")
        self.assertTrue(self.tasks("vseo"))
        for _twice in range(2):
            self.env["pep.concern"]._cron_send_again()
            self.assertEqual(set(concern.mail_ids.mapped("state")), {"sent"})

    # === Who reads it ===

    def test_officer_and_head_alone(self):
        concern = self.tell()
        for role in self.users:
            with self.subTest(role), mute_logger(*DENIALS):
                try:
                    found = self.as_user(self.env["pep.concern"], role).search([])
                except AccessError:
                    found = concern.browse()
                self.assertEqual(concern in found, role in ("vseo", "head"))

    def test_never_the_helper_though_the_officer(self):
        concern = self.tell("vseo")
        mine = self.as_user(concern, "vseo")
        self.assertFalse(mine.search([]))
        with mute_logger(*DENIALS):
            for call in (mine.read, mine.action_seen, mine.action_open_plan):
                with self.assertRaises(AccessError):
                    call()
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual((plan.concern_count, len(plan.concern_ids)), (0, 0))
        self.assertFalse(plan.search([("concern_ids", "any", [("state", "=", "new")])]))
        self.assertEqual(self.as_user(self.plan, "head").concern_count, 1)

    def test_nothing_is_written_or_deleted(self):
        concern = self.tell()
        for role in ("vseo", "head"):
            mine = self.as_user(concern, role)
            with self.subTest(role), mute_logger(*DENIALS):
                for call in (
                    lambda mine=mine: mine.write({"words": "x"}),
                    lambda mine=mine: mine.write({"state": "seen"}),
                    lambda mine=mine: mine.create({"session_id": concern.session_id.id, "words": "x"}),
                    mine.unlink,
                    lambda mine=mine: mine.read(["mail_ids"]),
                ):
                    with self.assertRaises(UserError):
                        call()
        with self.assertRaises(UserError):
            concern.sudo().unlink()

    def test_seen(self):
        concern = self.tell()
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual(plan.concern_count, 1)
        self.assertTrue(plan.search([("concern_ids", "any", [("state", "=", "new")])]))
        self.assertEqual(plan.action_open_concerns()["domain"], [("plan_id", "in", self.plan.ids)])
        self.as_user(concern, "vseo").action_seen()
        self.assertRecordValues(concern, [{"state": "seen", "seen_by_id": self.users["vseo"].id, "words": SECRET}])
        self.assertTrue(concern.seen_on)
        self.assertFalse(self.tasks("vseo"))
        self.assertEqual(self.as_user(self.plan, "vseo").concern_count, 0)
        with self.assertRaisesRegex(UserError, "already"):
            self.as_user(concern, "head").action_seen()
