from datetime import timedelta

from odoo.tests import tagged

from tests.meeting.mail_common import JUNE, MailCase


@tagged("post_install", "-at_install")
class TestHandOver(MailCase):
    """A child goes to another VSEO: so do the meetings to come."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["other_vseo"].partner_id.email = "other_vseo@people.example"

    def hand_over(self, role="other_vseo"):
        child = self.as_user(self.child, "head")
        return self.mails_of(lambda: child.write({"vseo_id": self.users[role].id}))

    def test_the_new_one_chairs_and_both_are_told(self):
        self.send()
        letters = self.deliver(self.hand_over())
        methods = {address: str(letter.calendar["METHOD"]) for address, letter in letters.items()}
        self.assertEqual(methods, {"vseo@people.example": "CANCEL", "other_vseo@people.example": "REQUEST"})
        self.assertEqual(self.meeting.chair_id, self.users["other_vseo"])
        self.assertEqual(self.meeting.event_id.user_id, self.users["other_vseo"])
        self.assertEqual(self.meeting.event_id.partner_ids, self.users["other_vseo"].partner_id)
        rows = {row.partner_id: row.invitation for row in self.row("vseo")}
        self.assertEqual(
            rows, {self.users["vseo"].partner_id: "withdrawn", self.users["other_vseo"].partner_id: "invited"}
        )
        self.assertFalse(self.hand_over(), "nothing is new")

    def test_and_back_again(self):
        self.send()
        self.hand_over()
        letters = self.deliver(self.hand_over("vseo"))
        self.assertEqual(letters["vseo@people.example"].calendar["METHOD"], "REQUEST")
        self.assertEqual(letters["other_vseo@people.example"].calendar["METHOD"], "CANCEL")
        self.assertEqual(self.meeting.chair_id, self.users["vseo"])
        self.assertEqual(len(self.row("vseo")), 2)

    def test_nobody_is_told_before_anybody_was_invited(self):
        self.assertFalse(self.hand_over())
        self.assertEqual(self.meeting.chair_id, self.users["other_vseo"])
        self.assertIn("none", self.row("vseo").mapped("invitation"))

    def test_what_somebody_else_chairs_or_took_place_stays(self):
        self.meeting.chair_id = self.users["head"]
        past = self.make_meeting(self.plan, JUNE - timedelta(days=3000))
        self.hand_over()
        self.assertEqual(self.meeting.chair_id, self.users["head"])
        self.assertEqual(past.chair_id, self.users["vseo"])

    def test_without_a_vseo_the_chair_stays(self):
        self.as_user(self.child, "head").vseo_id = False
        self.assertEqual(self.meeting.chair_id, self.users["vseo"])
