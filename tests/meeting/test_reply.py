"""Mails to the council's meeting address: answers of calendars, words of people, and everything else that arrives."""

import base64
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .mail_common import JUNE, MailCase

NOW = JUNE - timedelta(days=30)
IN_ICS = {"method", "attendee", "stamp", "start", "sequence", "uid", "more"}
IN_MAIL = {"sender", "to", "key", "words"}

ICS = """BEGIN:VCALENDAR
PRODID:-//Some Calendar//EN
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
ATTENDEE;PARTSTAT={partstat};CN=Known Person:mailto:{attendee}
{more}DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
DTSTART:{start:%Y%m%dT%H%M%SZ}
SEQUENCE:{sequence}
UID:{uid}
END:VEVENT
END:VCALENDAR
"""

# As Outlook mails it: the calendar as an alternative.
OUTLOOK = """From: "Known Person" <{sender}>
To: {to}
Subject: Accepted: PEP meeting
Message-ID: <{key}@mail.example>
Date: Mon, 12 May 2031 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=a"

--=a
Content-Type: text/plain; charset="{charset}"
Content-Transfer-Encoding: 8bit

{words}
--=a
Content-Type: text/calendar; charset="{charset}"; method=REPLY
Content-Transfer-Encoding: base64

{ics64}
--=a--
"""

# As Google mails it: the calendar twice, once as a file, and sent by a machine.
GOOGLE = """From: "Known Person" <{sender}>
Sender: Google Calendar <calendar-notification@google.com>
To: {to}
Subject: Accepted: PEP meeting
Message-ID: <calendar-{key}@google.com>
Auto-Submitted: auto-generated
Date: Mon, 12 May 2031 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=m"

--=m
Content-Type: multipart/alternative; boundary="=a"

--=a
Content-Type: text/plain; charset="UTF-8"

{words}
--=a
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: 7bit

{ics}
--=a--
--=m
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{ics64}
--=m--
"""

# The calendar alone.
BARE = """From: {sender}
To: {to}
Subject: Re
Message-ID: <{key}@mail.example>
MIME-Version: 1.0
Content-Type: text/calendar; charset={charset}; method=REPLY

{ics}
"""

WORDS = """From: "Known Person" <{sender}>
To: {to}
Subject: {subject}
Message-ID: <{key}@mail.example>
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{words}
"""


@tagged("post_install", "-at_install")
class ReplyCase(MailCase):
    """Everybody has been invited; a month to go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.meeting.sudo().action_send_invitations()
        cls.key = 0

    def reply(self, role="teacher", partstat="ACCEPTED", shape=OUTLOOK, raw=False, **values):
        """An answer as it arrives; what it made of the meeting."""
        type(self).key += 1
        address = f"{role}@people.example"
        ics = ICS.format(
            **{
                "method": "REPLY",
                "partstat": partstat,
                "attendee": address,
                "stamp": NOW,
                "start": JUNE,
                "sequence": 0,
                "uid": self.meeting.uid,
                "more": "",
                **{name: values[name] for name in IN_ICS & values.keys()},
            }
        )
        charset = values.get("charset", "utf-8")
        mail = shape.format(
            **{
                "sender": address,
                "to": self.address,
                "key": self.key,
                "words": "",
                "charset": charset,
                "ics": ics,
                "ics64": base64.encodebytes(ics.encode()).decode(),
                **{name: values[name] for name in IN_MAIL & values.keys()},
            }
        )
        return mail if raw else self.arrive(mail)

    def write_to(self, words="Hello", sender="teacher@people.example", more="", subject="Question", to=None, key=None):
        type(self).key += 1
        self.arrive(
            WORDS.format(
                sender=sender, to=to or self.address, words=words, more=more, subject=subject, key=key or self.key
            )
        )

    def arrive(self, mail):
        """Hand a mail to Odoo's gateway. It answers nobody, and makes no message."""
        messages, mails = self.env["mail.message"].search_count([]), self.env["mail.mail"].search_count([])
        gateway = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        result = gateway.message_process(None, mail)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(result)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["mail.message"].search_count([]), messages)
        return result

    def mails_to_look_at(self):
        return self.env["pep.meeting.reply"].search([("meeting_id", "=", self.meeting.id)])

    def strays(self):
        return self.env["pep.meeting.stray"].search([("company_id", "=", self.council.id)])

    def answered(self, role="teacher"):
        row = self.row(role)
        return row.answer, row.answered_how, row.answered_on


@tagged("post_install", "-at_install")
class TestAnswer(ReplyCase):
    def test_the_answers_of_calendars(self):
        stamp = NOW
        for shape in (OUTLOOK, GOOGLE, BARE):
            for partstat, answer in (("ACCEPTED", "accepted"), ("TENTATIVE", "tentative"), ("DECLINED", "declined")):
                stamp += timedelta(minutes=1)
                with self.subTest(partstat), freeze_time(stamp):
                    self.reply(partstat=partstat, shape=shape, stamp=stamp)
                    self.assertEqual(self.answered(), (answer, "mail", stamp))
        self.assertFalse(self.mails_to_look_at())
        self.assertFalse(self.strays())
        self.assertEqual(self.row("carer").answer, "none")

    def test_our_own_invitation_answered(self):
        """The very file that was mailed, sent back with another answer."""
        ics = self.row("teacher")._calendar_file()
        ics = ics.replace("METHOD:REQUEST", "METHOD:REPLY").replace("NEEDS-ACTION", "DECLINED")
        mail = BARE.format(
            sender="teacher@people.example", to=self.address, key="own", charset="utf-8", ics=ics.replace("\r\n", "\n")
        )
        self.arrive(mail)
        self.assertEqual(self.row("teacher").answer, "declined")

    def test_what_is_said_with_it(self):
        self.reply(words="I come a little late")
        self.assertEqual(self.row("teacher").answer_note, "I come a little late")
        self.reply("carer", "DECLINED", GOOGLE, words="Known Person has declined", more="COMMENT:Not then\n")
        self.assertEqual(self.row("carer").answer_note, "Not then")

    def test_many_words_are_not_lost(self):
        words = "A long story. " * 100
        self.reply(words=words)
        self.assertEqual(self.row("teacher").answer, "accepted")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.words, mail.why, mail.state), (words.strip(), "human", "new"))
        self.assertEqual(mail.attendee_id, self.row("teacher"))

    def test_charsets(self):
        for charset in ("us-ascii", "no-such-charset", "utf-16", "iso-8859-1"):
            with self.subTest(charset):
                self.row("teacher").write({"answer": "none", "answered_on": False})
                self.reply(charset=charset, words="Grüße")
                self.assertEqual(self.row("teacher").answer, "accepted")

    def test_twice(self):
        mail = self.reply(raw=True, words="x" * 600)
        self.arrive(mail)
        self.arrive(mail)
        self.assertEqual(self.row("teacher").answer, "accepted")
        self.assertEqual(len(self.mails_to_look_at()), 1)

    def test_an_earlier_answer_that_comes_later(self):
        with freeze_time(NOW + timedelta(hours=1)):
            self.reply(partstat="DECLINED", stamp=NOW + timedelta(minutes=30))
            self.reply(partstat="ACCEPTED", stamp=NOW + timedelta(minutes=10))
        self.assertEqual(self.answered(), ("declined", "mail", NOW + timedelta(minutes=30)))
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.state), ("late", "nothing"))

    def test_an_answer_on_the_portal_is_not_undone_by_an_earlier_mail(self):
        with freeze_time(NOW + timedelta(hours=1)):
            self.row("teacher")._set_answer("declined", "portal")
        with freeze_time(NOW + timedelta(hours=2)):
            self.reply(stamp=NOW, words="But I will come")
        self.assertEqual(self.row("teacher").answer, "declined")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.state), ("late", "new"), "something was said with it")

    def test_a_clock_that_is_ahead(self):
        self.reply(stamp=NOW + timedelta(days=300))
        self.assertEqual(self.answered(), ("accepted", "mail", NOW))

    def test_an_answer_to_an_earlier_time(self):
        self.meeting.sudo().write({"start": JUNE + timedelta(hours=2)})
        self.reply(sequence=0)
        self.assertEqual(self.row("teacher").answer, "none")
        self.assertEqual(self.mails_to_look_at().why, "older")
        self.reply("carer", sequence=1, start=JUNE + timedelta(hours=2))
        self.assertEqual(self.row("carer").answer, "accepted")

    def test_an_answer_to_the_same_time_counts_though_the_link_has_changed(self):
        self.meeting.sudo().write({"link": "https://meet.example/other"})
        self.reply(sequence=0)
        self.assertEqual(self.row("teacher").answer, "accepted")

    def test_too_late(self):
        for step in ("cancelled", "withdrawn", "over"):
            with self.subTest(step):
                moment = NOW
                with self.env.cr.savepoint() as savepoint:
                    if step == "cancelled":
                        self.meeting.sudo()._cancel("Snow")
                    elif step == "withdrawn":
                        self.row("teacher").sudo()._withdraw()
                    else:
                        moment = JUNE + timedelta(days=1)
                    with freeze_time(moment):
                        self.reply(stamp=moment)
                    self.assertEqual(self.row("teacher").answer, "none")
                    self.assertEqual(self.mails_to_look_at().why, "late")
                    savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_several_events(self):
        other = self.make_meeting(self.make_plan(self.make_children()), JUNE + timedelta(days=1))
        self.env["pep.meeting.attendee"].create(
            {"meeting_id": other.id, "partner_id": self.users["iro"].partner_id.id, "role": "iro"}
        )
        other.sudo().action_send_invitations()
        first = self.reply("iro", shape="{ics}", raw=True)
        second = self.reply("iro", "DECLINED", shape="{ics}", raw=True, uid=other.uid, start=other.start)
        event = second[second.index("BEGIN:VEVENT") : second.index("END:VCALENDAR")]
        ics = first.replace("END:VCALENDAR", f"{event}END:VCALENDAR")
        self.arrive(BARE.format(sender="iro@people.example", to=self.address, key="both", charset="utf-8", ics=ics))
        self.assertEqual(self.row("iro").answer, "accepted")
        self.assertEqual(self.row("iro", other).answer, "declined")

    def test_who_writes_instead(self):
        self.row("parent").sudo().write({"written": "instead"})
        self.reply("parent")
        self.assertEqual(self.row("parent").answer, "none")


@tagged("post_install", "-at_install")
class TestForged(ReplyCase):
    def test_another_sender(self):
        self.reply("teacher", sender="parent@people.example")
        self.assertEqual(self.row("teacher").answer, "none")
        self.assertEqual(self.row("parent").answer, "none")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.state, mail.answer), ("sender", "new", "accepted"))
        self.assertEqual(mail.attendee_id, self.row("teacher"))

    def test_somebody_not_on_the_list(self):
        self.reply("stranger")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.state), ("unknown", "new"))
        self.assertFalse(mail.attendee_id)

    def test_another_address_of_the_same_person(self):
        self.reply("teacher", attendee="t.eacher@school.example")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.attendee_id), ("unknown", self.row("teacher")))
        mail = self.as_user(mail, "vseo")
        mail.action_take_answer()
        self.assertEqual(self.row("teacher").answer, "accepted")
        self.assertEqual(self.row("teacher").answered_how, "staff")
        self.assertEqual((mail.state, mail.seen_by_id), ("seen", self.users["vseo"]))

    def test_an_address_of_two(self):
        self.users["carer"].partner_id.email = "teacher@people.example"
        self.reply("teacher")
        self.assertEqual(self.row("teacher").answer, "none")
        self.assertEqual(self.mails_to_look_at().why, "unknown")

    def test_a_meeting_that_is_not_known(self):
        self.reply(uid="5b2c1d7e-0000-4000-8000-000000000001")
        self.assertFalse(self.mails_to_look_at())
        self.assertEqual(self.strays().sender, "teacher@people.example")

    def test_a_meeting_of_another_council(self):
        other = self.env["res.company"].create(
            {"name": "Othershire", "alias_domain_id": self.council.alias_domain_id.id}
        )
        self.reply(to=other.pep_meeting_alias_id.alias_full_name)
        self.assertEqual(self.row("teacher").answer, "none")
        self.assertFalse(self.mails_to_look_at())
        stray = self.env["pep.meeting.stray"].search([("company_id", "=", other.id)])
        self.assertEqual(stray.sender, "teacher@people.example")

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_it_is_put_to_no_meeting_that_the_head_may_not_read(self):
        """By trying numbers the references of another council's children would be read."""
        other = self.env["res.company"].create({"name": "Othershire", "pep_go_live": self.council.pep_go_live})
        child = self.make_children(company_id=other.id, vseo_id=False, school=False)
        meeting = self.env["pep.meeting"].create({"plan_id": self.make_plan_of(other, child).id, "start": JUNE})
        self.write_to(sender="somebody@else.example")
        mail = self.as_user(self.strays(), "head")
        with self.assertRaises(AccessError):
            mail.write({"meeting_id": meeting.id})
        mail.write({"meeting_id": self.meeting.id})

    def make_plan_of(self, council, child):
        self.env["pep.term"]._term_on(council, self.today)._open(child)
        return child.plan_ids[:1]

    def test_asking_for_another_time(self):
        self.reply(method="COUNTER", partstat="TENTATIVE", start=JUNE + timedelta(days=1))
        self.assertEqual(self.row("teacher").answer, "none")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.proposed_start), ("proposal", JUNE + timedelta(days=1)))

    def test_no_answer_in_it(self):
        for partstat in ("DELEGATED", "NEEDS-ACTION", "X-WHATEVER"):
            with self.subTest(partstat):
                self.reply(partstat=partstat)
                self.assertEqual(self.row("teacher").answer, "none")
        self.assertEqual(set(self.mails_to_look_at().mapped("why")), {"unclear"})

    def test_an_employee_without_the_gateway_s_rights(self):
        """Whoever calls the gateway by hand can do no more than whoever writes a mail; a portal user not even that."""
        mail = self.reply("teacher", raw=True)
        with self.assertRaises(Exception):  # noqa: B017  Odoo's gateway refuses in its own ways
            self.env["mail.thread"].with_user(self.users["parent"]).message_process(None, mail)
        self.assertEqual(self.row("teacher").answer, "none")


@tagged("post_install", "-at_install")
class TestWords(ReplyCase):
    def test_an_answer_to_the_invitation(self):
        self.write_to("Could we do Thursday?", more=f"In-Reply-To: <{self.meeting.uid}.abc@testshire.example>\n")
        mail = self.mails_to_look_at()
        self.assertEqual((mail.why, mail.words, mail.subject), ("human", "Could we do Thursday?", "Question"))
        self.assertEqual(mail.attendee_id, self.row("teacher"))
        self.assertEqual(mail.child_id, self.child)
        self.assertFalse(self.strays())
        self.assertIn(b"Could we do Thursday?", base64.b64decode(mail.original))

    def test_from_somebody_else_with_the_invitation(self):
        self.write_to(sender="head@school.example", more=f"References: <{self.meeting.uid}.abc@x>\n")
        mail = self.mails_to_look_at()
        self.assertEqual(mail.sender, "head@school.example")
        self.assertFalse(mail.attendee_id)

    def test_out_of_the_blue(self):
        """It is for the head alone: nobody can tell which child it is about, though the sender is known."""
        self.write_to("About Zebedee: please call me")
        self.assertFalse(self.mails_to_look_at())
        mail = self.strays()
        self.assertEqual((mail.words, mail.state), ("About Zebedee: please call me", "new"))
        self.assertIn("Zebedee", self.as_user(mail, "head").words)
        for role in ("vseo", "support", "other_vseo", "finance", "admin", "employee", "teacher", "parent"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(mail, role).read(["words"])

    def test_put_to_a_meeting(self):
        self.write_to("Please call me")
        mail = self.as_user(self.strays(), "head")
        with self.assertRaises(UserError):
            mail.action_file()
        mail.meeting_id = self.meeting
        with self.assertRaises(AccessError):
            mail.words = "Something else"
        mail.action_file()
        self.assertEqual((mail.state, mail.words, mail.subject), ("filed", False, False))
        self.assertFalse(mail.original)
        kept = self.as_user(self.mails_to_look_at(), "vseo")
        self.assertEqual((kept.words, kept.attendee_id.role), ("Please call me", "teacher"))
        self.assertTrue(kept.original)
        with self.assertRaises(UserError):
            mail.action_file()

    def test_put_to_a_meeting_of_another_council(self):
        self.write_to("Please call me")
        mail = self.strays()
        other = self.env["res.company"].create({"name": "Othershire"})
        mail.company_id = other
        mail.meeting_id = self.meeting
        with self.assertRaises(UserError):
            mail.action_file()

    def test_set_aside_and_deleted(self):
        self.write_to("Cheap watches", sender="spam@evil.example")
        mail = self.strays()
        self.as_user(mail, "head").action_set_aside()
        strays = self.env["pep.meeting.stray"]
        strays._gc_set_aside()
        self.assertTrue(mail.exists())
        with freeze_time(NOW + timedelta(days=31)):
            strays._gc_set_aside()
        self.assertFalse(mail.exists())

    def test_what_nobody_looked_at_is_kept(self):
        self.write_to("Please call me")
        with freeze_time(NOW + timedelta(days=400)):
            self.env["pep.meeting.stray"]._gc_set_aside()
        self.assertTrue(self.strays())

    def test_files_with_it(self):
        mail = self.reply(shape=GOOGLE, raw=True).replace(
            "--=m--",
            '--=m\nContent-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--=m--',
        )
        self.arrive(mail)
        self.assertEqual(self.row("teacher").answer, "accepted")
        kept = self.mails_to_look_at()
        self.assertEqual((kept.file_count, kept.why), (1, "human"))
        self.assertIn(b"a.pdf", base64.b64decode(kept.original))

    def test_the_file_is_guarded(self):
        self.write_to(more=f"References: <{self.meeting.uid}.abc@x>\n")
        mail = self.mails_to_look_at()
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "pep.meeting.reply"), ("res_id", "=", mail.id), ("res_field", "=", "original")]
        )
        self.assertTrue(file)
        self.assertTrue(file._pep_guarded())
        self.assertFalse(file.index_content)
        with self.assertRaises(UserError):
            file.public = True
        self.write_to()
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "pep.meeting.stray"), ("res_id", "=", self.strays().id), ("res_field", "=", "original")]
        )
        self.assertTrue(file._pep_guarded())
        self.assertFalse(file.index_content)

    def test_too_large(self):
        with patch("odoo.addons.pep_module.models.meeting.pep_meeting_reply.LARGEST_ORIGINAL", 100):
            self.write_to("Hello " * 5000)
        mail = self.strays()
        self.assertTrue(mail.too_large)
        self.assertFalse(mail.original)
        self.assertEqual(len(mail.words), 20_000)

    def test_a_page(self):
        mail = WORDS.format(
            sender="teacher@people.example",
            to=self.address,
            subject="=?utf-8?q?Caf=C3=A9?=",
            key="page",
            more="",
            words="<html><body><p>Hello<script>alert(1)</script></p><p>there</p></body></html>",
        ).replace("text/plain", "text/html")
        self.arrive(mail)
        self.assertEqual(self.strays().subject, "Café")
        self.assertIn("Hello", self.strays().words)
        self.assertNotIn("<", self.strays().words)


@tagged("post_install", "-at_install")
class TestLook(ReplyCase):
    def todos(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "pep.plan"), ("res_id", "=", self.plan.id), ("summary", "ilike", "mail about")]
        )

    def human(self):
        self.write_to("Secret words", more=f"References: <{self.meeting.uid}.abc@x>\n")

    def test_one_to_do_for_the_officer(self):
        self.human()
        self.human()
        todo = self.todos()
        self.assertEqual(todo.user_id, self.users["vseo"])
        self.assertNotIn("Secret", f"{todo.summary}{todo.note}")
        self.assertEqual(self.as_user(self.meeting, "vseo").reply_count, 2)
        first, second = self.mails_to_look_at()
        self.as_user(first, "vseo").action_seen()
        self.assertTrue(self.todos())
        self.as_user(second, "vseo").action_seen()
        self.assertFalse(self.todos())
        self.human()
        self.assertEqual(len(self.todos()), 1)

    def test_one_to_do_for_the_head(self):
        self.write_to("Secret words")
        self.write_to("More")
        domain = [("user_id", "=", self.users["head"].id), ("summary", "ilike", "fits no meeting")]
        todo = self.env["mail.activity"].search(domain)
        self.assertEqual(len(todo), 1)
        self.assertFalse(todo.res_model)
        self.assertNotIn("Secret", f"{todo.summary}{todo.note}")
        self.as_user(self.strays(), "head").action_set_aside()
        self.assertFalse(self.env["mail.activity"].search(domain))

    def test_who_reads(self):
        self.human()
        mail = self.mails_to_look_at()
        for role in ("vseo", "head"):
            self.assertEqual(self.as_user(mail, role).words, "Secret words")
        for role in ("other_vseo", "support", "finance", "admin", "employee", "teacher", "carer", "parent", "iro"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(mail, role).read(["words"])
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(mail, role).action_seen()

    def test_it_stays_as_it_came(self):
        self.human()
        mail = self.as_user(self.mails_to_look_at(), "vseo")
        with self.assertRaises(AccessError):
            mail.words = "Other"
        with self.assertRaises(AccessError):
            self.as_user(self.env["pep.meeting.reply"], "vseo").create({"meeting_id": self.meeting.id, "why": "human"})
        with self.assertRaises(AccessError):
            mail.unlink()

    def test_whose_answer_is_not_known(self):
        self.reply("stranger")
        with self.assertRaises(UserError):
            self.as_user(self.mails_to_look_at(), "vseo").action_take_answer()

    def test_buttons_open_things(self):
        self.human()
        mail = self.as_user(self.mails_to_look_at(), "vseo")
        self.assertEqual(mail.action_open_meeting()["res_id"], self.meeting.id)
        action = self.as_user(self.meeting, "vseo").action_replies()
        self.assertEqual(action["domain"], [("meeting_id", "=", self.meeting.id)])


@tagged("post_install", "-at_install")
class TestGateway(ReplyCase):
    def test_machines_are_not_listened_to(self):
        reference = f"In-Reply-To: <{self.meeting.uid}.abc@x>\n"
        for more in (
            "Auto-Submitted: auto-replied\n",
            "Precedence: auto_reply\n",
            "X-Autoreply: yes\n",
            "Return-Path: <>\n",
        ):
            with self.subTest(more):
                self.write_to("I am away until Monday", more=reference + more)
        self.write_to("Mail delivery failed", sender="MAILER-DAEMON@mx.example", more=reference)
        self.write_to("Mail delivery failed", sender=self.address, more=reference)
        report = WORDS.format(
            sender="x@mx.example", to=self.address, subject="Undelivered", key="r", words="x", more=reference
        ).replace("text/plain", "multipart/report; report-type=delivery-status; boundary=b")
        self.arrive(report)
        self.assertFalse(self.mails_to_look_at())
        self.assertFalse(self.strays())

    def test_other_addresses_go_odoo_s_way(self):
        alias = self.env["mail.alias"].create(
            {
                "alias_name": "others",
                "alias_domain_id": self.council.alias_domain_id.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
                "alias_contact": "everyone",
            }
        )
        gateway = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        mail = WORDS.format(
            sender="a@b.example",
            to=f"{alias.alias_full_name}, {self.address}",
            subject="To both",
            key="both-ways",
            words="Hello",
            more="",
        )
        self.assertTrue(gateway.message_process(None, mail), "the other alias made its record")
        self.assertEqual(self.strays().subject, "To both")

    def test_no_recipient_of_ours(self):
        gateway = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        mail = WORDS.format(sender="a@b.example", to="no@where.example", subject="x", key="n", words="x", more="")
        with self.assertRaises(ValueError):
            gateway.message_process(None, mail)
        self.assertFalse(self.strays())

    def test_hostile(self):
        head = f"From: teacher@people.example\nTo: {self.address}\nMIME-Version: 1.0\n"
        deep = "".join(f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n' for level in range(2000))
        for number, mail in enumerate(
            (
                head + "\n",
                head + "Content-Type: multipart/mixed; boundary=\n\n--\n",
                head + 'Content-Type: text/calendar; charset="\x00"; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n',
                head + "Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: base64\n\n!!!!\n",
                head + "Content-Type: text/plain; charset*=utf-8''%ff\nSubject: =?x?b?!?=\n\nx\n",
                head + "Content-Type: text/html\n\n" + "<div>" * 20_000,
                head + "Content-Type: binary/octet-stream\n\nx\n",
                head + "References: " + "<x@y> " * 20_000 + "\n\nx\n",
                head + "To: " + "a@b.c, " * 20_000 + "\n\nx\n",
                head + deep,
                head
                + "Content-Type: multipart/mixed; boundary=b\n\n"
                + "--b\nContent-Type: text/calendar\n\nBEGIN:VEVENT\nEND:VEVENT\n" * 500,
            )
        ):
            with self.subTest(number):
                self.arrive(mail)
        self.assertEqual(self.row("teacher").answer, "none")
        self.assertTrue(self.strays())

    def test_what_breaks_us_is_kept_unread(self):
        replies = self.registry["pep.meeting.reply"]
        logger = "odoo.addons.pep_module.models.meeting.pep_meeting_reply"
        with patch.object(replies, "_sort", side_effect=KeyError("a secret")), self.assertLogs(logger) as logs:
            self.write_to("Important")
        self.assertIn(b"Important", base64.b64decode(self.strays().original))
        self.assertEqual(len(logs.output), 1)
        for secret in ("a secret", "people.example", "Important"):
            self.assertNotIn(secret, logs.output[0])

    def test_two_at_the_same_moment_try_again(self):
        replies = self.registry["pep.meeting.reply"]
        with patch.object(replies, "_sort", side_effect=OperationalError), self.assertRaises(OperationalError):
            self.write_to("Important")

    def test_nothing_of_it_in_the_log(self):
        with self.assertNoLogs("odoo.addons.pep_module", level="DEBUG"):
            self.write_to("About Zebedee", subject="Zebedee", more="X-Secret: Zebedee\n")
            self.reply()

    def test_bytes(self):
        mail = self.reply(raw=True)
        self.env["mail.thread"].with_user(self.env.ref("base.user_root")).message_process(None, mail.encode())
        self.assertEqual(self.row("teacher").answer, "accepted")
        self.assertEqual(self.row("teacher").answered_on, fields.Datetime.now())

    def test_queries(self):
        self.reply("carer")
        mail = self.reply(raw=True)
        self.env.flush_all()
        self.env.invalidate_all()
        gateway = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        with self.assertQueryCount(25):
            gateway.message_process(None, mail)
            self.env.flush_all()
