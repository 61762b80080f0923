import base64
import hashlib
import logging
import re
from typing import NamedTuple

from markupsafe import Markup
from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ...tools import ical, mime
from .pep_meeting_attendee import ANSWERS

_logger = logging.getLogger(__name__)

WHY = [
    ("human", "Somebody wrote"),
    ("sender", "Answer sent by somebody else"),
    ("unknown", "Answer from an unknown address"),
    ("proposal", "Asks for another time"),
    ("unclear", "Answer that can't be read"),
    ("late", "Answer that came too late"),
    ("older", "Answer to an earlier time"),
]
STATES = [("new", "To look at"), ("nothing", "Nothing to do"), ("seen", "Seen")]
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST_UIDS = 20
LARGEST_ORIGINAL = 10 * 1024 * 1024  # octets of a mail that is kept as it came
LONGEST_NOTE = 500  # characters of what is said with an answer; the core keeps no more


class Mail(NamedTuple):
    """A mail to a council's meeting address, taken apart."""

    company: models.Model
    key: str  # the same for the same mail
    sender: str
    subject: str
    parts: mime.Parts
    answers: list
    uids: set  # the meetings that it speaks of
    raw: bytes


class PepMeetingReply(models.Model):
    """A mail about a meeting that needs a look: it came to the council's meeting address and is no plain answer.

    A plain answer of a calendar sets the answer of the person and leaves nothing here. What is said in a mail about a
    child is for that child's staff, and whatever can't be put to a meeting for the head alone
    (:class:`pep.meeting.stray`).
    """

    _name = "pep.meeting.reply"
    _description = "Mail about a meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "received_on desc, id desc"

    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict", readonly=True)
    plan_id = fields.Many2one("pep.plan", related="meeting_id.plan_id", store=True, index=True, precompute=True)
    start = fields.Datetime(related="meeting_id.start", string="Meeting begins")
    attendee_id = fields.Many2one(
        "pep.meeting.attendee", string="Whose", index="btree_not_null", ondelete="restrict", readonly=True
    )
    person = fields.Char(related="attendee_id.partner_name", string="Person")
    received_on = fields.Datetime(string="Came on", required=True, readonly=True, default=fields.Datetime.now)
    sender = fields.Char(string="From", readonly=True)
    subject = fields.Char(readonly=True)
    words = fields.Text(string="What it says", readonly=True)
    why = fields.Selection(WHY, string="What it is", required=True, readonly=True)
    answer = fields.Selection(ANSWERS, readonly=True)
    proposed_start = fields.Datetime(string="Proposed time", readonly=True)
    file_count = fields.Integer(string="Files with it", readonly=True, aggregator=None)
    original = fields.Binary(string="The mail as it came", attachment=True, readonly=True)
    original_name = fields.Char(compute="_compute_original_name")
    too_large = fields.Boolean(readonly=True, help="Only the words were kept: ask the sender for the files.")
    state = fields.Selection(STATES, required=True, readonly=True, default="new")
    seen_by_id = fields.Many2one("res.users", string="Seen by", readonly=True, ondelete="restrict")
    seen_on = fields.Datetime(string="Seen on", readonly=True)
    todo_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null", groups=fields.NO_ACCESS
    )
    mail_key = fields.Char(readonly=True, groups=fields.NO_ACCESS)

    _mail_uniq = models.UniqueIndex("(meeting_id, mail_key)", "This mail is here already.")
    _new_index = models.Index("(company_id, child_id) WHERE state = 'new'")

    def _compute_original_name(self):
        for reply in self:
            reply.original_name = f"{reply.child_reference}.eml"

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("These are mails that came to the council's meeting address."))
        replies = super().create(vals_list)
        replies.filtered(lambda reply: reply.state == "new")._ask_to_look()
        return replies

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A mail stays as it came."))
        return super().write(vals)

    # === Mails that come in ===

    @api.model
    def _addressed(self, header):
        """The councils whose meeting address is among the recipients of a mail.

        :param header: ``email.message.Message``, the headers are enough
        :return: (councils, whether others of Odoo's addresses are among them too)
        """
        names = ("Delivered-To", "To", "Cc", "Resent-To", "Resent-Cc")
        found = list(dict.fromkeys(mime.addresses(header, *names)))[:100]
        if not found:
            return self.env["res.company"], False
        aliases = self.env["mail.alias"].sudo()  # sudo: the gateway, whoever it logs in as
        locals_ = [address.split("@")[0] for address in found]
        aliases = aliases.search(
            Domain("alias_full_name", "in", found)
            | (Domain("alias_incoming_local", "=", True) & Domain("alias_name", "in", locals_))
        )
        councils = self.env["res.company"].sudo()  # sudo: the same
        councils = councils.search([("pep_meeting_alias_id", "in", aliases.ids)])
        return councils, bool(aliases - councils.pep_meeting_alias_id)

    @api.model
    def _receive(self, companies, raw):
        """Take in a mail to the meeting address of these councils. Never fails, and answers nobody.

        :param bytes raw: the mail as it came
        """
        replies = self.sudo()  # sudo: the gateway has no rights on children; who reads what, the records' rules say
        for company in companies:
            try:
                with self.env.cr.savepoint():
                    replies._take_in(company, raw)
            except OperationalError:
                raise  # two at the same moment: whoever called tries again
            except Exception as error:  # noqa: BLE001  one mail must not hold up others
                _logger.info("A mail to the meeting address of council %s is kept unread: %s", company.id, type(error))
                replies._keep_unread(company, raw)

    @api.model
    def _keep_unread(self, company, raw):
        key = hashlib.sha256(raw[:100_000]).hexdigest()
        self.env["pep.meeting.stray"]._keep(Mail(company, key, "", "", mime.Parts(), [], set(), raw))

    @api.model
    def _take_in(self, company, raw):
        message, parts = mime.read(raw)
        every = [answer for content, charset in parts.calendars for answer in ical.read(content, charset)]
        answers = list(dict.fromkeys(answer for answer in every if answer.method in ("REPLY", "COUNTER")))
        if not answers and mime.is_automatic(message):
            return
        sender = next(iter(mime.addresses(message, "From")), "")[:254]
        if sender and sender == company._pep_meeting_address()[1]:
            return  # our own, gone in a circle
        references = " ".join(mime.header(message, name, 4000) for name in ("In-Reply-To", "References"))
        uids = {answer.uid for answer in every} | set(UID.findall(references.lower())[-MOST_UIDS:])
        identity = mime.header(message, "Message-Id").encode() or raw[:100_000]
        mail = Mail(
            company=company,
            key=hashlib.sha256(identity).hexdigest(),
            sender=sender,
            subject=mime.header(message, "Subject"),
            parts=parts,
            answers=answers,
            uids=uids,
            raw=raw,
        )
        self._sort(mail)

    @api.model
    def _sort(self, mail):
        """Put a mail where it belongs: an answer to its person, words to the meeting, the rest to the head."""
        meetings = self.env["pep.meeting"].search(
            [("uid", "in", sorted(mail.uids)[:MOST_UIDS]), ("company_id", "=", mail.company.id)]
        )
        if not meetings:
            self.env["pep.meeting.stray"]._keep(mail)
            return
        by_uid = {meeting.uid: meeting for meeting in meetings}
        answered = self.browse()
        taken, done = meetings.browse(), meetings.browse()
        for answer in mail.answers:
            meeting = by_uid.get(answer.uid)
            if not meeting or meeting in done:
                continue
            done |= meeting
            vals = meeting._take_answer(answer, mail)
            if vals:
                answered |= self._keep(mail, meeting, vals)
            else:
                taken |= meeting
        if taken and not answered:
            self._keep_the_rest(mail, taken[:1])
        for meeting in (meetings - done)[:1] if not done else ():
            self._keep(mail, meeting, {"why": "human", "attendee_id": meeting._person_at(mail.sender).id})

    @api.model
    def _keep_the_rest(self, mail, meeting):
        """What an answer brought with it that doesn't fit beside the answer: many words, files."""
        if mail.parts.others or len(mail.parts.words) > LONGEST_NOTE:
            self._keep(mail, meeting, {"why": "human", "attendee_id": meeting._person_at(mail.sender).id})

    @api.model
    def _keep(self, mail, meeting, vals):
        """Keep a mail with a meeting, once."""
        if self.search_count([("meeting_id", "=", meeting.id), ("mail_key", "=", mail.key)], limit=1):
            return self.browse()
        return self.create([{**self._prepare_mail_vals(mail), "meeting_id": meeting.id, **vals}])

    @api.model
    def _prepare_mail_vals(self, mail):
        """Values that a mail has wherever it is kept."""
        large = len(mail.raw) > LARGEST_ORIGINAL
        return {
            "sender": mail.sender,
            "subject": mail.subject,
            "words": mail.parts.words or False,
            "file_count": mail.parts.others,
            "too_large": large,
            "mail_key": mail.key,
            "original": False if large else base64.b64encode(mail.raw),
        }

    # === Looking ===

    def _ask_to_look(self):
        """Give the VSEO one to-do a meeting, however many mails come. It names nobody and says nothing of them."""
        for meeting in self.meeting_id:
            rows = self.search([("meeting_id", "=", meeting.id), ("state", "=", "new")])
            todo = rows.todo_id.filtered("active")[:1] or meeting._make_todo_to_look()
            rows.write({"todo_id": todo.id})

    def action_seen(self):
        """Button: I have seen it and see to it."""
        self._check_may_see_to_it()
        self._seen()

    def _check_may_see_to_it(self):
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("pep_module.group_pep_support")):
            raise AccessError(self.env._("The virtual school's staff see to mails about meetings."))

    def _seen(self):
        rows = self.sudo()  # sudo: readable, checked just now; nothing else of it ever changes
        rows.filtered(lambda row: row.state != "seen").write(
            {"state": "seen", "seen_by_id": self.env.uid, "seen_on": fields.Datetime.now()}
        )
        for meeting in rows.meeting_id:
            every = self.sudo().search([("meeting_id", "=", meeting.id), ("todo_id", "!=", False)])  # sudo: the same
            if "new" not in every.mapped("state"):
                every.todo_id.unlink()

    def action_take_answer(self):
        """Button: it is the answer of that person after all, though it came from another address or late.

        :raise UserError: it holds no answer, or it is not known whose
        """
        self.ensure_one()
        self._check_may_see_to_it()
        if not self.attendee_id or self.answer in (False, "none"):
            raise UserError(
                self.env._("Open the meeting and note the answer there: this mail does not say whose it is.")
            )
        self.attendee_id.action_answer(self.answer, (self.words or "")[:LONGEST_NOTE])
        self._seen()

    def action_open_meeting(self):
        """Button: the meeting that it is about."""
        self.ensure_one()
        self.check_access("read")
        return self.meeting_id.get_formview_action()


class PepMeeting(models.Model):
    _inherit = "pep.meeting"

    reply_ids = fields.One2many("pep.meeting.reply", "meeting_id", string="Mails about it", readonly=True)
    reply_count = fields.Integer(string="Mails to look at", compute="_compute_reply_count")

    @api.depends("reply_ids.state")
    def _compute_reply_count(self):
        groups = self.env["pep.meeting.reply"]._read_group(
            [("meeting_id", "in", self.ids), ("state", "=", "new")], ["meeting_id"], ["__count"]
        )
        number = {meeting.id: count for meeting, count in groups}
        for meeting in self:
            meeting.reply_count = number.get(meeting._origin.id, 0)

    def action_replies(self):
        """Button: the mails about this meeting."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_meeting_reply_action")
        return {**action, "domain": [("meeting_id", "=", self.id)], "context": {}}

    def _person_at(self, address):
        """The one person on the list whom an address is of; nobody where it is of several."""
        self.ensure_one()
        rows = self.attendee_ids.filtered(lambda row: address and address in row._addresses())
        return rows if len(rows) == 1 else rows.browse()

    def _take_answer(self, answer, mail):
        """Set the answer that a calendar mailed, if it is the person's own and the newest.

        :return: None where it was taken; else values of the row for staff to look at
        """
        self.ensure_one()
        persons = [(person, self._person_at(person.address)) for person in answer.people]
        person, attendee = next(((person, row) for person, row in persons if row), (None, self.attendee_ids.browse()))
        said = ical.ANSWERS.get(person.partstat if person else answer.people[0].partstat if answer.people else "")
        vals = {"attendee_id": attendee.id, "answer": said}
        if answer.method == "COUNTER":
            return {**vals, "why": "proposal", "proposed_start": answer.start}
        if not answer.people:
            return {**vals, "why": "unclear", "attendee_id": self._person_at(mail.sender).id}
        if not attendee:
            # the address of whoever answers need not be the one that was asked: show whose it may be
            return {**vals, "why": "unknown", "attendee_id": self._person_at(mail.sender).id}
        if mail.sender not in attendee._addresses():
            return {**vals, "why": "sender"}
        if said in (None, "none"):
            return {**vals, "why": "unclear"}
        return attendee._take_answer(answer, said, self._note_of(answer, person, mail), vals)

    @api.model
    def _note_of(self, answer, person, mail):
        """What was said with an answer. Some calendars fill the mail with words of their own and say it elsewhere."""
        note = person.comment or answer.comment
        return note if note or len(mail.parts.words) > LONGEST_NOTE else mail.parts.words

    def _make_todo_to_look(self):
        """A to-do for the VSEO, or else the chair: whoever of them may read the PEP."""
        self.ensure_one()
        plan = self.plan_id
        users = plan.vseo_id | self.chair_id
        user = next((user for user in users if user.active and plan._pep_may_read(user)), None)
        link = Markup('<p><a href="%s">%s</a></p>') % (
            f"{self.get_base_url()}/odoo/pep-meetings/{self.id}",
            self.env._("Open the meeting"),
        )
        todos = self.env["mail.activity"].with_user(SUPERUSER_ID).with_context(mail_activity_quick_update=True)
        return todos.create(
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "res_model_id": self.env["ir.model"]._get_id("pep.plan"),
                "res_id": plan.id,
                "summary": self.env._("A mail about the meeting: please look"),
                "note": link,
                "user_id": user.id if user else False,
                "date_deadline": self.company_id._pep_today(),
            }
        ).with_env(self.env)


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    def _addresses(self):
        """The addresses by which this person is known: where the invitation went, and the contact's."""
        self.ensure_one()
        row = self.sudo()  # sudo: addresses, to compare
        return {address for address in (row.invited_email, email_normalize(row.partner_id.email or "")) if address}

    def _take_answer(self, answer, said, note, vals):
        """Set the answer unless a later one is known or it is to a time that is no more.

        :return: None where it was taken or known; else values of a row, to look at only if something was said with it
        """
        now = fields.Datetime.now()
        given = min(answer.stamp or now, now)
        look = "new" if note else "nothing"
        if self.answered_on and given < self.answered_on:
            return {**vals, "why": "late", "state": look}
        known = self.answer == said and (not note or note[:LONGEST_NOTE].strip() == (self.answer_note or ""))
        if known and self.answered_on == given:
            return None
        earlier = answer.sequence < self.sequence_sent and answer.start != self.told_start
        if earlier or self._takes_part_in_writing():
            return {**vals, "why": "older", "state": look}
        if self.invitation != "invited" or self.told_state != "planned" or (self.told_stop and self.told_stop < now):
            return {**vals, "why": "late", "state": look}
        self._set_answer(said, "mail", note)
        self.write({"answered_on": given})
        return None
