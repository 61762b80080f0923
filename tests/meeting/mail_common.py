"""What the tests of invitations share: a meeting with everybody around, and the mails as they leave."""

import email
import email.policy
from datetime import datetime
from unittest.mock import patch

import icalendar

from odoo.tests import tagged

from tests.common import PepCase

ROLES = ("vseo", "teacher", "social_worker", "carer", "parent", "iro")
# 10:00 on the wall in London, in summer
JUNE = datetime(2031, 6, 10, 9, 0)
LINK = "https://meet.example/room-4711"


class Letter:
    """One mail as it leaves: its headers, words and what calendars read of it."""

    def __init__(self, message):
        self.message = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        self.to = self.message["To"].addresses
        self.subject = self.message["Subject"]
        self.plain = self.message.get_body(("plain",)).get_content()
        self.html = self.message.get_body(("html",)).get_content()
        self.parts = [part for part in self.message.walk() if part.get_content_type() == "text/calendar"]
        self.files = list(self.message.iter_attachments())
        self.calendar = icalendar.Calendar.from_ical(self.parts[0].get_content()) if self.parts else None
        self.event = self.calendar.walk("VEVENT")[0] if self.calendar else None

    @property
    def whole(self):
        """Everything that can be read of it, decoded."""
        texts = [f"{name}: {value}" for name, value in self.message.items()]
        for part in self.message.walk():
            texts += [f"{name}: {value}" for name, value in part.items()]
            if not part.is_multipart():
                texts.append(part.get_payload(decode=True).decode())
        return "\n".join(texts)


@tagged("post_install", "-at_install")
class MailCase(PepCase):
    """A meeting of a child with everyone around, not sent yet, at 10:00 in June; the council has a mail domain."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.alias.domain"].create({"name": "first.example"})
        domain = cls.env["mail.alias.domain"].create({"name": "testshire.example"})
        cls.council.write({"alias_domain_id": domain.id, "email": "office@testshire.example"})
        for role in ROLES:
            partner = cls.users[role].partner_id
            partner.write({"email": f"{role}@people.example", "tz": False, "name": f"Known Person {role}"})
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.meeting = cls.make_meeting(cls.plan)
        cls.address = cls.council.pep_meeting_alias_id.alias_full_name

    @classmethod
    def make_meeting(cls, plan, start=JUNE, **values):
        return cls.env["pep.meeting"].create(
            {
                "plan_id": plan.id,
                "start": start,
                "mode": "both",
                "place": "Room 4 of the school",
                "link_kind": "pasted",
                "link": LINK,
                **values,
            }
        )

    def row(self, role, meeting=None):
        rows = (meeting or self.meeting).attendee_ids
        return rows.filtered(lambda row: row.role == role)

    def mails_of(self, action):
        """The mails that an action queues."""
        mails = self.env["mail.mail"]
        before = mails.search([])
        action()
        self.env.flush_all()
        return (mails.search([]) - before).sorted("id")

    def invite(self, meeting=None):
        meeting = self.as_user(meeting or self.meeting, "vseo")
        return self.mails_of(meeting.action_send_invitations)

    def write(self, values, role="vseo", meeting=None):
        return self.mails_of(lambda: self.as_user(meeting or self.meeting, role).write(values))

    def deliver(self, mails):
        """Send mails for real, up to the wire.

        :return: dict of recipient's address -> :class:`Letter`
        """
        server = self.registry["ir.mail_server"]
        built = []

        def send_email(_self, message, *_args, **_kwargs):
            built.append(message)
            return message["Message-Id"]

        with (
            patch.object(server, "send_email", send_email),
            patch.object(server, "_connect__", lambda *_args, **_kwargs: None),
            patch.object(server, "_disable_send", lambda *_args: False),
        ):
            mails.send()
        letters = {}
        for message in built:
            letter = Letter(message)
            (address,) = letter.to
            self.assertNotIn(address.addr_spec, letters, "one mail each")
            letters[address.addr_spec] = letter
        return letters

    def letters(self, action):
        return self.deliver(self.mails_of(action))

    def send(self):
        """Invite everybody; the mails that leave."""
        return self.deliver(self.invite())
