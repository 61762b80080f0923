import hashlib
import uuid
from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_list, formataddr
from odoo.tools.misc import format_date

from ...tools import ical
from .pep_meeting import OPEN
from .pep_meeting_attendee import SUPPORT

STAFF = {"vseo", "support", "head"}
# Written when somebody is told, and at no other time.
SENT = {"sent_kind", "sent_mark", "sent_start", "sent_stop", "sent_mail_id"}


class Telling(NamedTuple):
    """What one person is told now, by one mail."""

    attendee: models.Model
    code: str  # whose words it has, one of pep.mail.text
    holds: str  # what the person has afterwards
    method: str | None  # REQUEST or CANCEL; none: the mail is words alone
    barred: bool
    moved: bool


class PepMeeting(models.Model):
    """Invitations by mail.

    What each person holds is kept on their row (``sent_kind``, ``sent_mark``) and compared with what they should hold;
    the difference is mailed. So a change that a person is not told of mails them nothing, and doing it twice mails
    nobody twice, whatever led to it.
    """

    _inherit = "pep.meeting"

    tell_yourself = fields.Char(
        string="Tell them yourself",
        compute="_compute_tell_yourself",
        groups=SUPPORT,
        help="They are invited, and no mail reaches them: there is no address, or it could not be sent.",
    )

    @api.depends("attendee_ids.tell_yourself", "state")
    def _compute_tell_yourself(self):
        for meeting in self:
            rows = meeting.attendee_ids.filtered("tell_yourself") if meeting.state == "planned" else ()
            meeting.tell_yourself = format_list(self.env, [row.partner_name for row in rows]) if rows else False

    def _follow_by_mail(self, names):
        result = super()._follow_by_mail(names)
        self.attendee_ids._tell()
        return result

    def action_send_invitations(self):
        """Button: invite everybody on the list who has not been invited yet, each by a mail of their own.

        Pressed again, it mails those who had no address before. Who must not have contact is taken off instead.

        :raise UserError: a meeting has no time yet, or was held or cancelled
        """
        super().action_send_invitations()
        told = self._invite(self.attendee_ids)
        return self._said_of_invitations(told)

    def _invite(self, people):
        """Invite those of these people who have not been, and tell everybody on the lists what is new for them.

        :param people: ``pep.meeting.attendee`` rows of these meetings
        :return: those who were mailed
        :raise UserError: a meeting has no time yet, or was held or cancelled
        """
        if any(meeting.state != "planned" for meeting in self):
            raise UserError(self.env._("Only a planned meeting has invitations: give it a time first."))
        rows = people.sudo().filtered(  # sudo: kept by the methods of the model alone
            lambda attendee: attendee.invitation == "none"
        )
        barred = rows._barred()
        barred._withdraw()
        rows -= barred
        rows.write({"invitation": "invited", "invited_on": fields.Datetime.now()})
        return self.attendee_ids._tell()

    def _said_of_invitations(self, told):
        """What the button says."""
        words = [self.env._("Mails on their way: %(number)s.", number=len(told))]
        missing = [meeting.sudo().tell_yourself for meeting in self]  # sudo: who pressed it may write the meetings
        if any(missing):
            words.append(
                self.env._("No address, tell them yourself: %(names)s.", names=", ".join(filter(None, missing)))
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if any(missing) else "success",
                "message": " ".join(words),
                "sticky": any(missing),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _rise(self, at_least):
        """Number the next change of these meetings.

        :param at_least: dict of meeting -> the highest number that anybody of those told now knows
        """
        rising = defaultdict(self.browse)
        for meeting, known in at_least.items():
            if known >= meeting.ical_sequence:
                rising[known + 1] |= meeting
        for number, meetings in rising.items():
            meetings.sudo().write({"ical_sequence": number})  # sudo: kept by the app


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    sent_kind = fields.Selection(
        [("none", "Nothing"), ("event", "An invitation"), ("written", "Asked for a written part")],
        string="Holds",
        required=True,
        readonly=True,
        default="none",
        copy=False,
        groups=SUPPORT,
    )
    sent_mark = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS, help="Stands for what was told last.")
    sent_start = fields.Datetime(string="Told to come at", readonly=True, copy=False, groups=SUPPORT)
    sent_stop = fields.Datetime(readonly=True, copy=False, groups=fields.NO_ACCESS)
    sent_mail_id = fields.Many2one(
        "mail.mail", readonly=True, copy=False, index="btree_not_null", ondelete="set null", groups=fields.NO_ACCESS
    )
    told_how = fields.Char(string="How told", compute="_compute_told_how", groups=SUPPORT)
    tell_yourself = fields.Boolean(
        compute="_compute_told_how", groups=SUPPORT, help="Is to know, and no mail reaches them."
    )

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | SENT

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in SENT} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and SENT & vals.keys():
            raise UserError(self.env._("What somebody was told is noted when the mail is made."))
        return super().write(vals)

    # === Computes ===

    @api.depends("sent_kind", "sent_start", "sent_stop")
    def _compute_told(self):
        """Whoever is not asked any more knows when it was to be, and learns nothing of what changed since."""
        result = super()._compute_told()
        if self.env.su or self.env.user.has_group(SUPPORT):
            return result
        for attendee in self.filtered(lambda attendee: attendee.invitation == "withdrawn"):
            row = attendee.sudo()  # sudo: what this person was told, by the last mail
            attendee.told_title = row.meeting_id._title("parent")
            attendee.told_start, attendee.told_stop = row.sent_start, row.sent_stop
            attendee.told_mode = attendee.told_state = False
        return result

    def _takes_part_in_writing(self):
        """Also once the written part is there: what was kept from them then stays so."""
        asked_to_write = self.sudo().sent_kind == "written"  # sudo: works out what the person may know
        return super()._takes_part_in_writing() or asked_to_write and self.written == "received"

    @api.depends("invitation", "partner_id.email", "sent_kind", "sent_mail_id.state", "role")
    def _compute_told_how(self):
        for attendee in self:
            row = attendee.sudo()  # sudo: whether there is an address and the mail went out
            attendee.told_how, attendee.tell_yourself = False, False
            if row.invitation != "invited":
                continue
            if not row.partner_id:
                attendee.told_how = self.env._("By the carer or the school")
            elif row.sent_mail_id.state == "exception":
                attendee.told_how = self.env._("The mail could not be sent: tell them yourself")
                attendee.tell_yourself = True
            elif row.sent_kind != "none":
                attendee.told_how = self.env._("By mail")
            elif not email_normalize(row.partner_id.email or ""):
                attendee.told_how = self.env._("No address: tell them yourself")
                attendee.tell_yourself = True

    # === Hooks of the core ===

    def _told(self):
        return (*super()._told(), self.told_mode, self._takes_part_in_writing())

    def _told_otherwise(self):
        result = super()._told_otherwise()
        self._tell()
        return result

    def _withdrawn(self):
        result = super()._withdrawn()
        self._tell()
        return result

    # === What each is to be told ===

    def _tell(self):
        """Mail each of these people what has changed for them, if anything has. A fixed number of queries.

        With ``pep_meeting_quiet`` in the context they count as told, and no mail is made.

        :return: those who were mailed
        """
        rows = self.sudo().filtered("partner_id")  # sudo: addresses and links; what each is told is worked out below
        tellings = rows._tellings()
        if not tellings:
            return self.browse()
        known = defaultdict(lambda: -1)
        for telling in tellings:
            meeting = telling.attendee.meeting_id
            known[meeting] = max(known[meeting], telling.attendee.sequence_sent)
        rows.meeting_id._rise(known)
        quiet = self.env["pep.meeting"]._tells_nobody()
        mails = [None] * len(tellings) if quiet else rows._queue_mails(tellings)
        for telling, mail in zip(tellings, mails, strict=True):
            telling.attendee._stamp(telling, mail)
        return self.browse() if quiet else self.browse([telling.attendee.id for telling in tellings])

    def _tellings(self):
        """What is to be told to whom of these. Nobody without an address, and nothing of what is past."""
        now = fields.Datetime.now()
        barred = set(self._barred().ids)
        found = (attendee._telling(attendee.id in barred, now) for attendee in self)
        return [telling for telling in found if telling]

    def _telling(self, barred, now):
        """What this person is to be told, or None."""
        self.ensure_one()
        meeting, held = self.meeting_id, self.sent_kind
        if meeting.state == "held":
            return None
        asked = self.invitation == "invited" and meeting.state == "planned" and self.told_start and not barred
        wanted = ("written" if self._takes_part_in_writing() else "event") if asked else "none"
        if wanted == held == "none" or wanted == held and self.sent_mark == self._mark(wanted):
            return None
        ends = [moment for moment in (asked and self.told_stop, held != "none" and self.sent_stop) if moment]
        if not ends or max(ends) <= now or not self._address_for(wanted):
            return None
        moved = held == wanted and self.sent_start != self.told_start
        if wanted == "none":
            code, method = "meeting_cancelled", "CANCEL" if held == "event" else None
        elif wanted == "written":
            code, method = "meeting_written", "CANCEL" if held == "event" else None
        else:
            code, method = "meeting_changed" if held == "event" else "meeting", "REQUEST"
        return Telling(self, code, wanted, method, barred, moved)

    def _mark(self, kind):
        """Stands for what the person is told: the same mark, nothing new to tell."""
        told = (self.told_start,) if kind == "written" else self._told()
        return hashlib.sha256(repr((kind, told)).encode()).hexdigest()[:32]

    def _address_for(self, wanted):
        """Where the mail goes: to the person, or where the invitation went that is now taken back."""
        address = email_normalize(self.partner_id.email or "")
        return address if wanted != "none" else self.invited_email or address

    def _stamp(self, telling, mail):
        """Note what this person was told, in the transaction of the mail."""
        vals = {"sequence_sent": self.meeting_id.ical_sequence, "sent_kind": telling.holds}
        vals["sent_mail_id"] = mail and mail.id
        if telling.holds == "none":
            vals["sent_mark"] = False  # when it was to be stays: the person's own page says which one is off
        else:
            vals |= {
                "sent_mark": self._mark(telling.holds),
                "sent_start": self.told_start,
                "sent_stop": self.told_stop,
                "invited_email": self._address_for(telling.holds),
            }
            if telling.moved and self.own_start and self.answer != "none":
                vals |= {"answer": "none", "answered_on": False, "answered_how": False, "answer_note": False}
        self.write(vals)

    # === The mails ===

    def _queue_mails(self, tellings):
        """One mail for each; in order."""
        rows = self.browse([telling.attendee.id for telling in tellings])
        texts = self.env["pep.mail.text"]
        councils = rows.company_id
        words = {code: texts._of(code, councils) for code in {telling.code for telling in tellings}}
        urls = rows._answer_urls()
        vals_list = []
        for telling in tellings:
            attendee = telling.attendee
            text = words[telling.code][attendee.company_id]
            vals_list.append(attendee._prepare_invitation_mail(text, telling, urls.get(attendee)))
        mails = texts._queue(vals_list)
        self.env.ref(
            "mail.ir_cron_mail_scheduler_action"
        ).sudo()._trigger()  # sudo: they leave soon, not within an hour
        return mails

    def _prepare_invitation_mail(self, text, telling, url):
        """Values of one mail to one person."""
        council = self.company_id
        name, address = council._pep_meeting_address()
        start = self.sent_start if telling.holds == "none" else self.told_start
        shown = url if telling.holds != "none" else None
        items = self._lines(telling, url)
        vals = text._prepare_mail(council, self._address_for(telling.holds), items, shown, keep=False)
        sender = formataddr((name, address))
        domain = address.split("@")[-1]
        vals |= {
            "subject": f"{text.subject}: {self._when_in_short(start)}",
            "email_from": sender,
            "reply_to": sender,
            # by this an answer that a person writes is known again: see pep.meeting.reply
            "message_id": f"<{self.meeting_id.uid}.{uuid.uuid4().hex[:12]}@{domain}>",
        }
        if telling.method:
            vals |= {"pep_ical": ical.write(self._invitation(telling, url)), "pep_ical_method": telling.method}
        return vals

    def _invitation(self, telling, url):
        """What the person's calendar is told."""
        meeting, council = self.meeting_id, self.company_id
        cancelled = telling.method == "CANCEL"
        link = self._link()
        words = None
        if not cancelled:
            lines = [self.env._("Join: %(link)s", link=link)] if link else []
            lines += [self.env._("Answer and read more: %(url)s", url=url)] if url else []
            words = "\n".join(lines)
        return ical.Invitation(
            uid=meeting.uid,
            sequence=meeting.ical_sequence,
            stamp=fields.Datetime.now(),
            # what is taken back is known by when it was: somebody barred is not told when it is now
            start=self.sent_start if cancelled else self.told_start,
            stop=self.sent_stop if cancelled else self.told_stop,
            zone=council.pep_tz or "Europe/London",
            title=self._title_for(telling.barred),
            organizer=council._pep_meeting_address(),
            attendee=self._address_for(telling.holds),
            # an answer was to the time that was told
            answer="none" if cancelled or telling.moved else self.answer,
            place=None if cancelled else self._place(),
            link=link if not cancelled else None,
            words=words,
            cancelled=cancelled,
        )

    def _calendar_file(self):
        """The invitation as a calendar file, for the person's own page; None where there is nothing to put in one."""
        self.ensure_one()
        row = self.sudo()  # sudo: the own invitation, which whoever asks may read
        asked = row.invitation == "invited" and row.told_state == "planned" and row.told_start
        if not asked or row._takes_part_in_writing() or row._barred():
            return None
        telling = Telling(row, "meeting", "event", "REQUEST", False, False)
        if not row._address_for("event"):
            return None
        return ical.write(row._invitation(telling, row._answer_urls().get(row)))

    def _title_for(self, barred):
        """Somebody barred is told the reference: which school it is about may have changed."""
        if barred:
            return self.meeting_id._title("parent")
        return self.told_title

    def _place(self):
        return self.told_place if self.told_mode != "online" else None

    def _link(self):
        """How the person joins online: the link, if it is an address of the web."""
        if self.told_mode == "face":
            return None
        link = (self.told_link or "").strip()
        return link if link.startswith(("https://", "http://")) else None

    def _lines(self, telling, url):
        """The mail in lines: what, when, how, where. Nobody is named, and what is withheld is not there."""
        lines = [self._title_for(telling.barred)]
        if telling.holds == "none":
            lines.append(self._when(self.sent_start, self.sent_stop))
            if self.meeting_id.state == "cancelled" and not telling.barred:
                lines.append(self.env._("The meeting does not take place."))
            else:
                lines.append(self.env._("You are not asked to come any more."))
            return lines
        lines.append(self._when(self.told_start, self.told_stop))
        if telling.moved:
            lines.append(self.env._("Before this change: %(when)s", when=self._when(self.sent_start, self.sent_stop)))
        if telling.holds == "written":
            if not url:
                lines.append(self.env._("Answer this mail with what you want to say."))
            return lines
        return lines + self._lines_how(url)

    def _lines_how(self, url):
        lines = [self._mode_in_words()]
        place, link = self._place(), self._link()
        if place:
            lines.append(self.env._("Place: %(place)s", place=place))
        elif self.told_mode == "face":
            lines.append(self.env._("The virtual school tells you where."))
        if link:
            lines.append(self.env._("Join: %(link)s", link=link))
        elif self.told_mode == "online":
            lines.append(self.env._("The virtual school tells you how to join."))
        if not url:
            lines.append(self.env._("Say whether you come with the buttons of your calendar, or answer this mail."))
        return lines

    def _mode_in_words(self):
        return {
            "online": self.env._("Online"),
            "face": self.env._("Face to face"),
            "both": self.env._("Face to face, or online"),
        }[self.told_mode]

    def _when(self, start, stop):
        """Day and time on the council's wall clock: Tuesday 9 June 2026, 10:00 to 11:00 (London time)."""
        if not start or not stop:
            return ""
        council = self.company_id
        begin, end = council._pep_local(start), council._pep_local(stop)
        values = {
            "day": self._day(begin),
            "begin": f"{begin:%H:%M}",
            "end": f"{end:%H:%M}",
            "zone": (council.pep_tz or "Europe/London").split("/")[-1].replace("_", " "),
        }
        if begin.date() != end.date():
            values["end"] = f"{self._day(end)}, {values['end']}"
        return self.env._("%(day)s, %(begin)s to %(end)s (%(zone)s time)", **values)

    def _when_in_short(self, start):
        begin = self.company_id._pep_local(start)
        return f"{format_date(self.env, begin.date(), date_format='EEE d MMMM y')}, {begin:%H:%M}"

    def _day(self, local):
        return format_date(self.env, local.date(), date_format="EEEE d MMMM y")

    def _answer_urls(self):
        """Where each of these people reads and answers the invitation: the portal, or for staff the meeting.

        :return: dict of attendee -> URL, for those who have a login and a role on the child now
        """
        now = fields.Datetime.now()
        users = self.partner_id.user_ids
        rows = self.env["pep.access"].search(
            [
                ("user_id", "in", users.ids),
                ("child_id", "in", self.child_id.ids),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
            ]
        )
        roles = defaultdict(set)
        for row in rows:
            user = row.user_id
            role = row.role if row.role not in STAFF or not user.share else "portal"
            roles[user.partner_id.id, row.child_id.id].add(role)
        bases = {council: council.get_base_url() for council in self.company_id}
        urls = {}
        for attendee in self:
            found = roles.get((attendee.partner_id.id, attendee.child_id.id))
            if found:
                path = f"/odoo/pep-meetings/{attendee.meeting_id.id}"
                path = path if found & STAFF else f"/my/pep/meeting/{attendee.id}"
                urls[attendee] = bases[attendee.company_id] + path
        return urls


class PepNetworkMember(models.Model):
    _inherit = "pep.network.member"

    def _follow_membership(self, partners_before=()):
        """Who must not have contact any more is taken off the meetings to come, at once."""
        result = super()._follow_membership(partners_before)
        self.filtered("must_not_contact")._withdraw_from_meetings()
        return result

    def _withdraw_from_meetings(self):
        if not self:
            return
        rows = self.env["pep.meeting.attendee"].sudo()  # sudo: whoever knows of the bar, the meetings follow
        rows = rows.search(
            [
                ("child_id", "in", self.child_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("invitation", "!=", "withdrawn"),
                ("meeting_id.state", "in", OPEN),
                "|",
                ("meeting_id.start", "=", False),
                ("meeting_id.stop", ">", fields.Datetime.now()),
            ]
        )
        rows.filtered(lambda row: row.plan_id.state not in ("complete", "cancelled"))._barred()._withdraw()
