from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools import clock
from .pep_meeting_busy import SUPPORT, UNKNOWN

SUITS = [("yes", "Suits"), ("perhaps", "Perhaps"), ("no", "Does not suit")]
# Who may be asked when they can: those with a part in the PEP and a way to tick.
ASKED_ROLES = ("teacher", "delegate", "social_worker", "carer", "parent", "iro")


class PepMeetingOption(models.Model):
    """One of several times that are offered for a meeting, until one of them is chosen.

    Those who are asked tick on the portal what suits them (:meth:`PepMeetingAttendee.action_tick_options`) and see
    neither the others nor what they ticked; staff see all of it, those who must be there first.
    """

    _name = "pep.meeting.option"
    _description = "Time offered for a PEP meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "meeting_id.id, start, id"

    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict")
    start = fields.Datetime(string="Begins", required=True)
    stop = fields.Datetime(string="Ends", compute="_compute_stop", store=True, precompute=True)
    state = fields.Selection(
        [("offered", "Offered"), ("chosen", "Chosen"), ("passed", "Not chosen"), ("withdrawn", "Withdrawn")],
        required=True,
        readonly=True,
        default="offered",
    )
    answer_ids = fields.One2many("pep.meeting.option.answer", "option_id", string="Who can", readonly=True)

    _once = models.UniqueIndex("(meeting_id, start) WHERE state <> 'withdrawn'", "This time is offered already.")
    _offered_index = models.Index("(start) WHERE state = 'offered'")

    @api.depends("start", "meeting_id.duration")
    def _compute_stop(self):
        for option in self:
            option.stop = option.start and option.meeting_id._stop_from(option.start)

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | {"state"}

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name != "state"} for vals in vals_list]
        options = super().create(vals_list)
        if any(option.meeting_id.state != "offering" for option in options):
            raise UserError(self.env._("This meeting has its time already."))
        now = fields.Datetime.now()
        if not self.env.su and any(option.start <= now for option in options):
            raise UserError(self.env._("Offer times that are still to come."))
        return options

    def write(self, vals):
        if "state" in vals and not self.env.su:
            raise UserError(self.env._("Use the buttons to choose a time or to take it back."))
        if "start" in vals and any(option.start != fields.Datetime.to_datetime(vals["start"]) for option in self):
            raise UserError(self.env._("People may have ticked this time. Take it back and offer another one."))
        return super().write(vals)

    def action_withdraw(self):
        """Button: take these times back. Nobody is told; they are no longer to be ticked."""
        self.check_access("write")
        if any(option.state != "offered" or option.meeting_id.state != "offering" for option in self):
            raise UserError(self.env._("This time is not offered any more."))
        self.sudo().write({"state": "withdrawn"})  # sudo: the state is written by these steps alone

    def action_confirm_option(self):
        """Button: the meeting is at this time. The calendar gets it, and everybody on the list is invited.

        :raise UserError: the meeting has a time already, or this one was taken back or has passed
        """
        self.ensure_one()
        self.check_access("write")
        meeting = self.meeting_id
        meeting.check_access("write")
        meeting.lock_for_update(allow_referencing=True)  # of two who choose at once, one is told
        if meeting.state != "offering":
            raise UserError(self.env._("This meeting has its time already."))
        if self.state != "offered":
            raise UserError(self.env._("This time is not offered any more."))
        if self.start <= fields.Datetime.now():
            raise UserError(self.env._("This time has passed. Offer another one."))
        options = meeting.option_ids.filtered(lambda option: option.state == "offered").sudo()  # sudo: steps alone
        options.filtered(lambda option: option.id == self.id).write({"state": "chosen"})
        options.filtered(lambda option: option.id != self.id).write({"state": "passed"})
        meeting.sudo().write({"start": self.start, "state": "planned"})  # sudo: the state is written by steps alone
        meeting.action_send_invitations()

    def _words(self, year=True):
        """Day and time as the council's clock shows them: (Tue 4 Mar 2025, 10:00-11:00)."""
        self.ensure_one()
        company = self.company_id.sudo()  # sudo: the council's time zone, for whoever is asked
        return clock.span_in_words(company.pep_tz, self.start, self.stop, year)


class PepMeetingOptionAnswer(models.Model):
    """Whether one offered time suits one person on the list. Kept by :meth:`PepMeetingAttendee._tick_options`."""

    _name = "pep.meeting.option.answer"
    _description = "Whether an offered time suits"
    _inherit = ["pep.child.bound"]
    _child_parent = "option_id"
    _order = "option_id.id, id"

    option_id = fields.Many2one("pep.meeting.option", string="Time", required=True, index=True, ondelete="restrict")
    attendee_id = fields.Many2one(
        "pep.meeting.attendee", string="Person", required=True, index=True, ondelete="restrict"
    )
    suits = fields.Selection(SUITS, help="Empty: ticked and taken back.")
    answered_on = fields.Datetime(string="Answered on", readonly=True)
    answered_how = fields.Selection(
        [("portal", "On the portal"), ("staff", "Told us")], string="How the answer came", readonly=True
    )

    _once = models.UniqueIndex("(option_id, attendee_id)", "This person has answered already.")

    @api.constrains("option_id", "attendee_id")
    def _check_one_meeting(self):
        for answer in self:
            if answer.option_id.meeting_id != answer.attendee_id.meeting_id:
                raise ValidationError(self.env._("This person is not on the list of the meeting."))


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    offer_sent = fields.Integer(
        string="Times told of", readonly=True, aggregator=None, help="The newest offered time that was in a mail."
    )
    option_answer_ids = fields.One2many(
        "pep.meeting.option.answer", "attendee_id", string="When they can", readonly=True, groups=SUPPORT
    )

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | {"offer_sent"}

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name != "offer_sent"} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if "offer_sent" in vals and not self.env.su:
            raise UserError(self.env._("Invitations and answers are kept by the app: use the buttons."))
        return super().write(vals)

    def action_tick_options(self, ticks):
        """Say which of the offered times suit: the person itself, or staff who were told.

        :param dict ticks: id of an offered time -> *yes*, *perhaps* or *no*; an empty word takes a tick back
        :raise UserError: the times are not offered any more, or not to this person
        """
        self.ensure_one()
        self.check_access("read")
        own = self._is_own()
        if not own:
            self.check_access("write")
        # sudo: the own invitation, or staff who may write it
        self.sudo()._tick_options(ticks, "portal" if own else "staff")

    def _tick_options(self, ticks, how):
        """Note which times suit, however that came. The one place that does."""
        self.ensure_one()
        try:
            ticks = {int(option_id): word or False for option_id, word in (ticks or {}).items()}
        except (AttributeError, TypeError, ValueError):
            ticks = {}
        if not ticks or any(word and word not in dict(SUITS) for word in ticks.values()):
            raise UserError(self.env._("Say of a time whether it suits: yes, perhaps or no."))
        offered = self.meeting_id._options_open()
        not_asked = self.invitation == "withdrawn" or bool(self._barred()) or (how == "portal" and not self.offer_sent)
        if not_asked or not ticks.keys() <= set(offered.ids):
            raise UserError(self.env._("This time is not offered any more. Please look again at what is."))
        known = {answer.option_id.id: answer for answer in self.option_answer_ids}
        now = fields.Datetime.now()
        told = {"answered_on": now, "answered_how": how}
        for option_id, word in ticks.items():
            if option_id in known and known[option_id].suits != word:
                known[option_id].write({"suits": word, **told})
        self.env["pep.meeting.option.answer"].create(
            [
                {"option_id": option_id, "attendee_id": self.id, "suits": word, **told}
                for option_id, word in ticks.items()
                if option_id not in known and word
            ]
        )

    def _offered_options(self):
        """The times among which this person may choose, for the portal's page: nothing of what others ticked.

        :return: list of dicts with ``id``, ``start``, ``stop`` (UTC), ``day``, ``time`` (in words) and ``suits``
        """
        self.ensure_one()
        self.check_access("read")
        row = self.sudo()  # sudo: the own row, just checked; of the times only when they are and the own ticks
        if row.invitation == "withdrawn" or not row.offer_sent or row._barred():
            return []
        ticked = {answer.option_id: answer.suits for answer in row.option_answer_ids}
        offered = []
        for option in row.meeting_id._options_open():
            day, time = option._words()
            offered.append(
                {
                    "id": option.id,
                    "start": option.start,
                    "stop": option.stop,
                    "day": day,
                    "time": time,
                    "suits": ticked.get(option, False),
                }
            )
        return offered

    def _withdrawn(self):
        result = super()._withdrawn()
        self._tell_offer_is_over()
        return result

    def _tell_offer_is_over(self):
        """Tell those of these who were asked when they can that they are not any more; each once.

        They hold no invitation yet, so nothing else takes it back. Whoever was invited is told with the mails.
        """
        now = fields.Datetime.now()
        rows = self.sudo().filtered(  # sudo: the address, and what the person was told
            lambda row: (
                row.offer_sent
                and row.sent_kind == "none"
                and not row.meeting_id.start
                and (row.invitation == "withdrawn" or row.meeting_id.state == "cancelled")
            )
        )
        if not rows:
            return
        barred = rows._barred()
        texts = self.env["pep.mail.text"]
        words = texts._of("meeting_offer_over", rows.company_id)
        mails = []
        for row in rows:
            meeting, council = row.meeting_id, row.company_id
            if not any(option.state == "offered" and option.start > now for option in meeting.option_ids):
                continue  # those times are past
            off = meeting.state == "cancelled" and row not in barred
            items = [
                # as with invitations: somebody barred is told the reference
                meeting._title("parent" if row in barred else row.role),
                self.env._("The meeting does not take place.")
                if off
                else self.env._("You are not asked to come any more."),
            ]
            mails.append(words[council]._prepare_mail(council, row.partner_id.email, items, None))
        rows.write({"offer_sent": 0})
        if not self.env["pep.meeting"]._tells_nobody():
            texts._queue([mail for mail in mails if mail])

    def _may_be_asked(self):
        """Those of these whom times are offered: they sign in, have a part in the PEP, and nothing is kept from them.

        Whoever has a slot of their own or does not learn place or link is asked by the virtual school itself.
        """
        rows = self.filtered(
            lambda attendee: (
                attendee.partner_id
                and attendee.invitation != "withdrawn"
                and attendee.written != "instead"
                and not attendee.own_start
                and not (attendee.withhold_place or attendee.withhold_link or attendee.withhold_people)
                and attendee.partner_id != attendee.meeting_id.chair_id.sudo().partner_id  # sudo: the chair's contact
            )
        )
        rows -= rows._barred()
        now = fields.Datetime.now()
        access = self.env["pep.access"].sudo()  # sudo: whether somebody who is asked can sign in and see it
        live = access.search(
            Domain("child_id", "in", rows.child_id.ids)
            & Domain("user_id.partner_id", "in", rows.partner_id.ids)
            & Domain("role", "in", [*ASKED_ROLES, "vseo", "support", "head"])
            & Domain("valid_from", "<=", now)
            & Domain("valid_to", ">", now)
        )
        pairs = {(row.child_id.id, row.user_id.partner_id.id) for row in live}
        return rows.filtered(lambda attendee: (attendee.child_id.id, attendee.partner_id.id) in pairs)


class PepMeeting(models.Model):
    _inherit = "pep.meeting"

    option_ids = fields.One2many("pep.meeting.option", "meeting_id", string="Times offered")
    offer_grid = fields.Json(string="Who can when", compute="_compute_offer_grid", groups=SUPPORT)
    to_offer_count = fields.Integer(
        string="Still to be asked when they can", compute="_compute_to_offer_count", groups=SUPPORT
    )

    def _follow_by_mail(self, names):
        result = super()._follow_by_mail(names)
        if "state" in names:
            self.attendee_ids._tell_offer_is_over()
        return result

    def _stop_from(self, start):
        """When a meeting of this length that begins at ``start`` ends."""
        self.ensure_one()
        return fields.Datetime.add(start, minutes=round((self.duration or 1.0) * 60))

    def _options_open(self):
        """The times that can still be ticked."""
        now = fields.Datetime.now()
        offering = self.filtered(lambda meeting: meeting.state == "offering")
        return offering.option_ids.filtered(lambda option: option.state == "offered" and option.start > now)

    @api.depends("state", "option_ids.state", "attendee_ids.offer_sent", "attendee_ids.invitation")
    def _compute_to_offer_count(self):
        to_ask = self.filtered(lambda meeting: meeting.state == "offering")._to_be_asked()
        for meeting in self:
            meeting.to_offer_count = len(to_ask.get(meeting, ()))

    def _to_be_asked(self):
        """Whom to mail that times are offered: those who have not been told of the newest one.

        :return: dict of meeting -> attendees
        """
        newest = {meeting: max(options.ids) for meeting, options in self._options_open().grouped("meeting_id").items()}
        attendees = self.browse([meeting.id for meeting in newest]).attendee_ids._may_be_asked()
        return {
            meeting: rows.filtered(lambda attendee, meeting=meeting: attendee.offer_sent < newest[meeting])
            for meeting, rows in attendees.grouped("meeting_id").items()
        }

    def action_offer(self):
        """Button: tell those on the list, each once, that times are offered."""
        self.check_access("write")
        if any(meeting.state != "offering" for meeting in self):
            raise UserError(self.env._("This meeting has its time already."))
        if any(not meeting._options_open() for meeting in self):
            raise UserError(self.env._("Add the times to choose from first."))
        self._offer()

    def _offer(self):
        """Mail those who have not been told of the newest offered time. Run twice, it mails nobody twice."""
        texts = self.env["pep.mail.text"]
        words = texts._of("meeting_offer", self.company_id)
        mails = []
        for meeting, attendees in self._to_be_asked().items():
            options = meeting._options_open()
            times = [", ".join(option._words()) for option in options]
            for attendee in attendees.sudo():  # sudo: the address alone
                items = [meeting._title(attendee.role), *times]
                url = f"{meeting.company_id.get_base_url()}/my/pep/meeting/{attendee.id}"
                mails.append(
                    words[meeting.company_id]._prepare_mail(meeting.company_id, attendee.partner_id.email, items, url)
                )
            attendees.sudo().write({"offer_sent": max(options.ids)})  # sudo: kept by the app
        if not self._tells_nobody():
            texts._queue([mail for mail in mails if mail])

    # === Who can when ===

    def _compute_offer_grid(self):
        """The times across, the people down, those who must be there first; for the screen of the virtual school."""
        for meeting in self:
            offered = meeting.option_ids.filtered(lambda option: option.state == "offered")
            if meeting.state != "offering" or not offered:
                meeting.offer_grid = False
                continue
            meeting.offer_grid = meeting._grid(offered)

    def _grid(self, options):
        self.ensure_one()
        people = self.attendee_ids.filtered(lambda attendee: attendee.invitation != "withdrawn")
        chair = self.chair_id.partner_id
        people = people.filtered(lambda attendee: attendee.partner_id != chair or not chair)
        people = people.sorted(lambda attendee: (not attendee.needed, attendee.id))
        ticks = defaultdict(dict)
        for answer in options.answer_ids:
            ticks[answer.attendee_id][answer.option_id.id] = answer.suits
        asked = people._may_be_asked()
        busy = self._chair_busy(options)
        now = fields.Datetime.now()
        columns = []
        for option in options:
            day, time = option._words(year=False)
            can = [person for person in people if ticks[person].get(option.id) == "yes"]
            without = [
                person.partner_name or person._label("role")
                for person in people
                if person.needed and ticks[person].get(option.id) == "no"
            ]
            columns.append(
                {
                    "id": option.id,
                    "day": day,
                    "time": time,
                    "yes": len(can),
                    "chair": busy[option],
                    "without": ", ".join(without),
                    "passed": option.start <= now,
                    "late": bool(self.plan_id.due_date and self._local_day(option.start) > self.plan_id.due_date),
                }
            )
        return {
            "people_count": len(people),
            "options": columns,
            "chair": self.chair_id.name or "",
            "people": [
                {
                    "id": person.id,
                    "name": person.partner_name or person._label("role"),
                    "role": person._label("role") if person.partner_name else "",
                    "needed": person.needed,
                    "asked": bool(person.offer_sent),
                    "can_be_asked": person in asked,
                    "ticks": ticks[person],
                }
                for person in people
            ],
        }

    def _local_day(self, moment):
        return self.company_id._pep_local(moment).date()

    def _chair_busy(self, options):
        """Of each offered time whether the chair's calendar has room: *free*, *busy* or *unknown*."""
        partner = self.chair_id.partner_id
        if not partner:
            return dict.fromkeys(options, UNKNOWN)
        calendar = self.env["pep.meeting.busy"].with_company(self.company_id)
        busy = calendar._busy(partner, min(options.mapped("start")), max(options.mapped("stop")), without=self)
        spans = busy[partner.id]
        if spans == UNKNOWN:
            return dict.fromkeys(options, UNKNOWN)
        return {
            option: "busy" if any(start < option.stop and stop > option.start for start, stop in spans) else "free"
            for option in options
        }
