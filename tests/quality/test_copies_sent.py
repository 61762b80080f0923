"""Copies of an issued PEP go out: a mail without a name to those who read theirs online, a note of all others."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from tests.plan.issue_common import IssueCase

MAILED = ("teacher", "social_worker", "carer", "iro")
NOT_THEIRS = ("teacher", "social_worker", "carer", "parent", "iro", "other_vseo", "finance", "admin", "employee")


class SendingCase(IssueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.email = "school@testshire.example"
        for role in (*MAILED, "parent"):
            cls.users[role].partner_id.email = f"{role}@people.example"
        cls.issued = cls.issue()

    def wizard(self, role="vseo"):
        action = self.as_user(self.plan, role).action_send_copies()
        wizards = self.as_user(self.env[action["res_model"]], role).with_context(**action["context"])
        return wizards.create(wizards.default_get(["plan_id", "line_ids"]))

    def line(self, wizard, role):
        return wizard.line_ids.filtered(lambda line: line.role == role)

    def send(self, wizard):
        """The mails that it makes."""
        mails = self.env["mail.mail"]
        before = mails.search([])
        self.said = wizard.action_send()["params"]
        self.env.flush_all()
        self.env.invalidate_all()
        return mails.search([]) - before

    def hand_over(self, wizard, role="child", **values):
        self.line(wizard, role).write({"how": "hand", **values})


@tagged("post_install", "-at_install")
class TestSending(SendingCase):
    def test_the_form_says_who_reads_it_online_and_who_does_not(self):
        wizard = self.wizard()
        self.assertEqual(set(wizard.line_ids.mapped("role")), {*MAILED, "child"})
        for role in MAILED:
            line = self.line(wizard, role)
            self.assertEqual((line.mail, line.readers), (True, self.users[role].name))
        line = self.line(wizard, "child")
        self.assertEqual((line.mail, line.may_mail, line.readers), (False, False, "Nobody: sent by hand"))

    def test_each_is_told_once_and_no_mail_names_the_child(self):
        mails = self.send(self.wizard())
        self.assertEqual(sorted(mails.mapped("email_to")), sorted(f"{role}@people.example" for role in MAILED))
        for mail in mails:
            role = mail.email_to.split("@")[0]
            copy = self.copy_for(self.issued, role)
            self.assertIn(f"/my/pep/copy/{copy.id}", mail.body_html)
            self.assertIn(self.child.reference, mail.body_html)
            self.assertIn(self.term.name, mail.body_html)
            for words in (mail.subject, mail.body_html, mail.headers, str(mail.email_from)):
                for name in ("Zebedee", "Unsaid", "Word"):
                    self.assertNotIn(name, words)
            self.assertNotIn(self.child.reference, mail.subject)
            self.assertFalse(mail.attachment_ids, "the copy itself stays on the server")
            self.assertEqual(mail.state, "outgoing")
        self.assertIn("Mails on their way: 4", self.said["message"])
        self.assertIn("Still to be sent: Child", self.said["message"])
        with self.assertRaisesRegex(UserError, "Tick who is to be told"):
            self.send(self.wizard())

    def test_the_council_s_words_for_a_child(self):
        self.council.write({"pep_copy_parent": True, "pep_mail_label": "school"})
        self.env["pep.plan.copy"]._make_for(self.issued)
        bodies = {mail.email_to.split("@")[0]: mail.body_html for mail in self.send(self.wizard())}
        self.assertIn(self.school.name, bodies["teacher"])
        self.assertNotIn(self.child.reference, bodies["teacher"])
        self.assertNotIn(self.school.name, bodies["parent"], "a parent is not told where")
        self.assertIn(self.child.reference, bodies["parent"])

    def test_all_sent_is_when_each_role_has_its_copy(self):
        self.assertIn("Child", self.as_user(self.plan, "vseo").copies_waiting)
        self.send(self.wizard())
        self.assertFalse(self.plan.copies_sent_on)
        self.assertEqual(self.as_user(self.plan, "vseo").copies_waiting, "Child")
        wizard = self.wizard()
        self.hand_over(wizard, note="At the meeting")
        self.assertFalse(self.send(wizard))
        self.assertIn("All copies are sent", self.said["message"])
        self.assertTrue(self.plan.copies_sent_on)
        self.assertFalse(self.as_user(self.plan, "vseo").copies_waiting)
        self.assertIn("At the meeting", self.as_user(self.copy_for(self.issued, "child"), "vseo").sent_words)

    def test_the_clock_of_the_copies_stops(self):
        clocks = self.env["pep.deadline"].search([("plan_id", "=", self.plan.id), ("kind", "=", "copies")])
        self.assertEqual(clocks.mapped("state"), ["open"])
        wizard = self.wizard()
        self.hand_over(wizard)
        self.send(wizard)
        self.assertEqual((clocks.state, clocks.met_on, clocks.outcome), ("met", self.today, "on_time"))

    def test_who_comes_later_is_told_and_nobody_else_again(self):
        wizard = self.wizard()
        self.hand_over(wizard)
        self.send(wizard)
        since = self.plan.copies_sent_on
        newcomer = self.users["parent"].copy({"login": "newcomer.test", "name": "Newcomer"})
        newcomer.partner_id.email = "newcomer@people.example"
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": newcomer.partner_id.id,
                "role": "social_worker",
                "date_from": self.today,
            }
        )
        wizard = self.wizard()
        self.assertEqual(wizard.line_ids.filtered("mail").mapped("role"), ["social_worker"])
        self.assertEqual(self.send(wizard).mapped("email_to"), ["newcomer@people.example"])
        self.assertEqual(self.plan.copies_sent_on, since)

    def test_nobody_without_address_or_login_is_mailed(self):
        self.users["carer"].partner_id.email = False
        self.users["iro"].active = False
        wizard = self.wizard()
        for role in ("carer", "iro"):
            self.assertEqual((self.line(wizard, role).mail, self.line(wizard, role).may_mail), (False, False))
        self.line(wizard, "carer").mail = True  # as a call from outside can
        self.assertEqual(len(self.send(wizard)), 2)
        self.assertFalse(self.copy_for(self.issued, "carer").sent_ids)

    def test_who_left_is_not_told(self):
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.assertNotIn("carer@people.example", self.send(self.wizard()).mapped("email_to"))

    def test_days_that_can_not_be(self):
        self.env.cr.execute(
            "UPDATE pep_plan SET completed_on = completed_on - interval '5 days' WHERE id = %s", [self.plan.id]
        )
        self.plan.invalidate_recordset()
        for day in (self.today + timedelta(days=1), self.today - timedelta(days=6)):
            wizard = self.wizard()
            self.hand_over(wizard, day=day)
            with self.assertRaisesRegex(UserError, "on a day after it was issued"):
                wizard.action_send()
        wizard = self.wizard()
        for line in wizard.line_ids:
            line.write({"mail": False, "how": "post", "day": self.today - timedelta(days=2)})
        self.assertFalse(self.send(wizard))
        sent_on = self.council._pep_local(self.plan.copies_sent_on).date()
        self.assertEqual(sent_on, self.today - timedelta(days=2), "when they were sent, not when it was noted")

    def test_noted_once(self):
        wizard = self.wizard()
        self.hand_over(wizard)
        self.send(wizard)
        wizard = self.wizard()
        self.assertTrue(self.line(wizard, "child").noted)
        self.hand_over(wizard)
        with self.assertRaisesRegex(UserError, "noted as sent already"):
            wizard.action_send()
        row = self.copy_for(self.issued, "child").sent_ids
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            row.sudo().create({"copy_id": row.copy_id.id, "how": "post", "day": self.today, "sent_by_id": self.env.uid})

    def test_what_was_agreed_is_as_it_was(self):
        before = (self.issued.digest, self.issued.data, self.issued.document)
        copies = {copy.id: copy.digest for copy in self.issued.copy_ids}
        wizard = self.wizard()
        self.hand_over(wizard)
        self.send(wizard)
        self.assertEqual((self.issued.digest, self.issued.data, self.issued.document), before)
        self.assertEqual({copy.id: copy.digest for copy in self.issued.copy_ids}, copies)
        self.assertTrue(self.issued.is_intact and all(self.issued.copy_ids.mapped("is_intact")))

    def test_a_correction_is_sent_again(self):
        wizard = self.wizard()
        self.hand_over(wizard)
        self.send(wizard)
        self.as_user(self.plan, "vseo")._take_step("correct", "Mistyped")
        with self.assertRaisesRegex(UserError, "is at the stage"):
            self.as_user(self.plan, "vseo").action_send_copies()
        second = self.issue()
        self.assertIn("School", self.as_user(self.plan, "vseo").copies_waiting)
        with self.assertRaisesRegex(UserError, "latest version"):
            self.as_user(self.plan, "vseo")._send_copies(self.copy_for(self.issued, "carer"), {})
        mails = self.send(self.wizard())
        self.assertEqual(len(mails), len(MAILED))
        self.assertIn(f"/my/pep/copy/{self.copy_for(second, 'iro').id}", "".join(mails.mapped("body_html")))

    def test_the_form_on_screen(self):
        action = self.as_user(self.plan, "vseo").action_send_copies()
        wizards = self.as_user(self.env["pep.plan.copies.send"], "vseo").with_context(**action["context"])
        with Form(wizards) as form:
            self.assertEqual(len(form.line_ids), len(MAILED) + 1)
            with form.line_ids.edit(len(MAILED)) as line:
                line.how = "post"
        self.assertEqual(len(self.send(form.record)), len(MAILED))
        self.assertTrue(self.plan.copies_sent_on)


@tagged("post_install", "-at_install")
class TestWhoSends(SendingCase):
    def test_those_who_work_on_the_pep(self):
        for role in NOT_THEIRS:
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    self.as_user(self.plan, role).action_send_copies()
                with self.assertRaises(AccessError):
                    self.as_user(self.plan, role)._send_copies(self.issued.copy_ids, {})
        self.assertEqual(len(self.send(self.wizard("head"))), len(MAILED))

    def test_what_was_sent_is_for_staff_to_read_and_for_nobody_to_write(self):
        self.send(self.wizard())
        rows = self.issued.copy_ids.sudo().sent_ids
        self.assertEqual(set(rows.mapped("sent_by_id")), {self.users["vseo"]})
        for role in NOT_THEIRS:
            model = self.as_user(rows, role)
            self.assertFalse(model.has_access("read") and model.search([("id", "in", rows.ids)]), role)
        row = rows[:1]
        for number, attempt in enumerate(
            (
                lambda: self.as_user(row, "head").write({"note": "x"}),
                lambda: row.sudo().write({"day": self.today}),
                lambda: row.sudo().unlink(),
                lambda: row.sudo().copy(),
                lambda: self.as_user(row, "vseo").create({"copy_id": row.copy_id.id, "how": "hand", "day": self.today}),
                lambda: self.as_user(self.plan, "vseo").write({"copies_sent_on": self.plan.completed_on}),
                lambda: self.as_user(row.copy_id, "vseo").write({"sent_ids": [Command.unlink(row.id)]}),
            )
        ):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()

    def test_a_line_of_another_child_s_copy_is_refused(self):
        wizard = self.wizard()
        other = self.make_children(vseo_id=self.users["other_vseo"].id)
        plan = self.make_plan(other)
        issue = self.env["pep.plan.issue"].sudo()._issue(plan)
        copy = issue.copy_ids[:1]
        with self.assertRaises(AccessError):
            wizard.write({"line_ids": [Command.create({"copy_id": copy.id, "mail": True})]})
            wizard.action_send()

    def test_no_more_queries_for_many_readers(self):
        def sent(copies):
            plan = self.as_user(self.plan, "vseo")
            copies = copies.with_env(plan.env)
            plan.company_id.read(["name"])
            start = self.env.cr.sql_log_count
            plan._tell_readers(copies)
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        for number in range(8):
            user = self.users["parent"].copy({"login": f"more{number}.test", "name": f"More {number}"})
            user.partner_id.email = f"more{number}@people.example"
            self.env["pep.network.member"].create(
                {
                    "child_id": self.child.id,
                    "partner_id": user.partner_id.id,
                    "role": "social_worker",
                    "date_from": self.today,
                }
            )
        sent(self.copy_for(self.issued, "iro"))  # what is cached of the models is read
        one = sent(self.copy_for(self.issued, "carer"))
        self.assertLessEqual(sent(self.copy_for(self.issued, "social_worker")), one + 1)
