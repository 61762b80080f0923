from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

SUPPORT = "pep_module.group_pep_support"
UNKNOWN = "unknown"
DAY = timedelta(days=1)
# How far one question may reach: a term and a bit.
MOST_DAYS = 150


class PepMeetingBusy(models.AbstractModel):
    """When people are busy, and nothing else of what they do.

    Odoo's calendar of the council's own staff is read whole, private events too, and answered as intervals without a
    title, a place or an id. Whoever has no calendar in Odoo, or one of another council, is *unknown*: never free.
    """

    _name = "pep.meeting.busy"
    _description = "When people are busy"

    @api.model
    def action_busy(self, partner_ids, start, stop):
        """When these people are busy.

        :param list partner_ids: ids of colleagues, or of people around a child whom the user sees
        :param start: UTC datetime, or its string
        :param stop: the same; at most 150 days later
        :return: dict of partner id -> list of [start, stop], merged and in order, or the word *unknown*
        :raise AccessError: the user is no staff of the app, or asks about a stranger
        """
        if not self.env.user.has_group(SUPPORT):
            raise AccessError(self.env._("When people are busy is for the virtual school's staff to ask."))
        try:
            start, stop = fields.Datetime.to_datetime(start), fields.Datetime.to_datetime(stop)
            partners = self.env["res.partner"].browse([int(partner_id) for partner_id in partner_ids])
        except (TypeError, ValueError):
            start = stop = None
        if not start or not stop or not start < stop <= start + timedelta(days=MOST_DAYS):
            raise UserError(self.env._("From when to when? Ask for %(days)s days at most.", days=MOST_DAYS))
        self._check_may_ask(partners)
        busy = self._busy(partners, start, stop)
        return {
            partner_id: intervals if intervals == UNKNOWN else [list(interval) for interval in intervals]
            for partner_id, intervals in busy.items()
        }

    @api.model
    def _check_may_ask(self, partners):
        """Refuse to be asked about strangers: people who are neither colleagues nor around a child of the user's."""
        rest = partners - self._colleagues(partners)
        if not rest:
            return
        around = self.env["pep.network.member"].search([("partner_id", "in", rest.ids)]).partner_id
        around |= self.env["pep.meeting.attendee"].search([("partner_id", "in", (rest - around).ids)]).partner_id
        staff = self.env["pep.school.staff"].sudo()  # sudo: a teacher's login may be out of sight; the pupils decide
        staff = staff.search([("user_id.partner_id", "in", (rest - around).ids)])
        seen = self.env["pep.enrolment"].search([("school_id", "in", staff.school_id.ids)]).school_id
        teachers = staff.filtered(lambda member: member.school_id in seen).user_id.partner_id
        if set(rest.ids) - set(around.ids) - set(teachers.ids):
            raise AccessError(self.env._("You can ask about colleagues and about people around a child whom you see."))

    @api.model
    def _colleagues(self, partners):
        """Those of these people who have a login of the council's own staff: their calendar is in Odoo."""
        users = self.env["res.users"].sudo()  # sudo: who is staff of the council, no more
        users = users.search(
            [
                ("partner_id", "in", partners.ids),
                ("share", "=", False),
                ("company_ids", "in", self.env.companies.ids),
            ]
        )
        return partners.browse(users.partner_id.ids)

    @api.model
    def _busy(self, partners, start, stop, without=None):
        """When these people are busy between two moments. A fixed number of queries.

        Free is what they declined, what was archived, and what they have marked as free. The times that a chair offers
        for a meeting are kept for it.

        :param partners: ``res.partner`` records, whom the user may ask about
        :param datetime start: UTC
        :param datetime stop: UTC
        :param without: meetings that do not count: the one that is being arranged
        :return: dict of partner id -> list of (start, stop) within the two, merged and in order; or :data:`UNKNOWN`
        """
        known = self._colleagues(partners)
        without = without or self.env["pep.meeting"]
        intervals = defaultdict(list)
        if known:
            self._add_events(intervals, known, start, stop, without)
            self._add_meetings(intervals, known, start, stop, without)
            self._add_offered(intervals, known, start, stop, without)
        return {
            partner.id: self._merged(intervals[partner.id], start, stop) if partner in known else UNKNOWN
            for partner in partners
        }

    def _add_events(self, intervals, partners, start, stop, without):
        """What Odoo's calendar holds. A whole day is one in the council, whatever hours Odoo notes for it."""
        # sudo: private events count too; only when they are is taken from them
        events = self.env["calendar.event"].sudo().with_context(active_test=True)
        events = events.search_fetch(
            [
                ("partner_ids", "in", partners.ids),
                ("show_as", "=", "busy"),
                ("start", "<", stop + DAY),
                ("stop", ">", start - DAY),
            ],
            ["start", "stop", "allday", "start_date", "stop_date"],
            order="id",
        )
        if without:
            events -= without.sudo().event_id  # sudo: the event of a meeting that the user arranges
        attendees = self.env["calendar.attendee"].sudo()  # sudo: the same
        attendees = attendees.search_fetch(
            [("event_id", "in", events.ids), ("partner_id", "in", partners.ids), ("state", "!=", "declined")],
            ["event_id", "partner_id"],
            order="id",
        )
        company = self.env.company
        for attendee in attendees:
            event = attendee.event_id
            span = (event.start, event.stop)
            if event.allday:
                last = event.stop_date or event.stop.date()
                first = event.start_date or event.start.date()
                span = (company._pep_midnight_utc(first), company._pep_midnight_utc(last + DAY))
            intervals[attendee.partner_id.id].append(span)

    def _add_meetings(self, intervals, partners, start, stop, without):
        """PEP meetings to which they are asked beside Odoo's calendar: at a slot of their own, say."""
        rows = self.env["pep.meeting.attendee"].sudo()  # sudo: of meetings of any child; only when they are
        near = Domain("start", "<", stop) & Domain("stop", ">", start)
        own = Domain("own_start", "<", stop) & Domain("own_start", ">", start - DAY)
        rows = rows.search(
            Domain("partner_id", "in", partners.ids)
            & Domain("invitation", "=", "invited")
            & Domain("answer", "!=", "declined")
            & Domain("meeting_id.state", "=", "planned")
            & Domain("meeting_id", "not in", without.ids)
            & ((Domain("own_start", "=", False) & Domain("meeting_id", "any", near)) | own),
            order="id",
        )
        for row in rows:
            if row.written != "instead":
                intervals[row.partner_id.id].append((row.told_start, row.told_stop))

    def _add_offered(self, intervals, partners, start, stop, without):
        """The times that are offered for a meeting count for who chairs it, until one is chosen."""
        options = self.env["pep.meeting.option"].sudo()  # sudo: of meetings of any child; only when they are
        options = options.search(
            [
                ("state", "=", "offered"),
                ("meeting_id.state", "=", "offering"),
                ("meeting_id", "not in", without.ids),
                ("meeting_id.chair_id.partner_id", "in", partners.ids),
                ("start", "<", stop),
                ("stop", ">", start),
            ],
            order="id",
        )
        for option in options:
            intervals[option.meeting_id.chair_id.partner_id.id].append((option.start, option.stop))

    @api.model
    def _merged(self, spans, start, stop):
        merged = []
        for begin, end in sorted(spans):
            begin, end = max(begin, start), min(end, stop)
            if begin >= end:
                continue
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return merged
