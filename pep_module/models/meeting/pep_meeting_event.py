from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command

from .calendar_event import FOLLOW

# All of Odoo's own consequences of an event switched off: mails, followers, log, reminders, contact details.
QUIET = {
    "dont_notify": True,
    "mail_activity_automation_skip": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "no_mail_to_attendees": True,
    "skip_attendee_notification": True,
    "skip_contact_description": True,
    "tracking_disable": True,
    FOLLOW: True,
}
# Of whoever acts, all that the event may depend on: nothing that a call adds.
KEPT_CONTEXT = ("lang", "tz", "allowed_company_ids")
# What the calendar calls an answer.
STATE_OF = {"none": "needsAction", "accepted": "accepted", "tentative": "tentative", "declined": "declined"}
# What decides who of a meeting's list is in the event, and with which answer.
LISTED = {
    "role",
    "invitation",
    "answer",
    "written",
    "withhold_place",
    "withhold_link",
    "withhold_people",
    "own_start",
}


class PepMeeting(models.Model):
    """The event that a meeting has in Odoo's calendar.

    It follows the meeting, never the other way: time, place, link, chair and the invited who work in Odoo. It names
    nobody but those.
    """

    _inherit = "pep.meeting"

    event_id = fields.Many2one(
        "calendar.event", string="In the calendar", readonly=True, copy=False, ondelete="restrict"
    )

    _event_uniq = models.UniqueIndex("(event_id) WHERE event_id IS NOT NULL", "This event belongs to another meeting.")

    def _follow_in_calendar(self, names):
        """Make, change or archive the events of these meetings until they show what the meetings are now.

        Run twice, it changes nothing. A fixed number of queries, whatever the number of meetings that change alike.
        """
        context = {name: self.env.context[name] for name in KEPT_CONTEXT if name in self.env.context}
        # sudo: the app keeps the event, for whoever may write the meeting
        meetings = self.with_env(self.env(su=True, context={**context, **QUIET, "active_test": False}))
        people = meetings._people_in_calendar()
        new = meetings.filtered(lambda meeting: not meeting.event_id and meeting._is_in_calendar())
        new._make_events(people)
        old = (meetings - new).filtered("event_id")
        old._update_events()
        old._update_people_of_events(people)
        return super()._follow_in_calendar(names)

    def _is_in_calendar(self):
        self.ensure_one()
        return bool(self.start) and self.state in ("planned", "held")

    # === What the event shows ===

    def _event_values(self):
        """Values of the event of one meeting; all that a user or a bridge could have as a default is named."""
        self.ensure_one()
        joins = self.mode != "face" and self.link_kind == "pasted" and self._is_address(self.link)
        return {
            "name": self._title(),
            "start": self.start,
            "stop": self.stop,
            "location": self.place or False,
            "videocall_location": self.link if joins else False,
            "user_id": self.chair_id.id,
            "active": self._is_in_calendar(),
        }

    @api.model
    def _is_address(self, link):
        """Whether a link can stand in the calendar as it is. Odoo's own rooms come with a token that opens them."""
        link = link or ""
        return link.startswith(("https://", "http://")) and self.env["calendar.event"].DISCUSS_ROUTE not in link

    @api.model
    def _event_constants(self):
        events = self.env["calendar.event"]
        unsynced = {name: False for name in ("need_sync", "need_sync_m") if name in events._fields}
        return {
            "privacy": "private",
            "show_as": "busy",
            "allday": False,
            "description": False,
            "res_model": False,
            "res_model_id": False,
            "res_id": False,
            "access_token": False,
            "alarm_ids": [],
            "categ_ids": [],
            "activity_ids": [],
            **unsynced,
        }

    def _people_in_calendar(self):
        """Who of each list is in the event: the chair, and the invited with an internal login who are told everything.

        From whom something is kept is not in it, nor who has a slot of their own or takes part in writing: an event
        tells everybody in it the same.

        :return: dict of meeting -> dict of partner id -> answer in the words of the calendar, the chair first
        """
        asked = self.attendee_ids.filtered(lambda row: row.partner_id and row._is_told_everything())
        asked -= asked._barred()
        users = self.env["res.users"].search(
            [("partner_id", "in", asked.partner_id.ids), ("share", "=", False), ("active", "=", True)]
        )
        internal = set(users.partner_id.ids)
        people = {}
        for meeting in self:
            chair = meeting.chair_id.partner_id
            people[meeting] = {chair.id: "accepted"} if chair else {}
        for row in asked:
            if row.partner_id.id in internal:
                answer = STATE_OF[row.answer]
                if row.partner_id == row.meeting_id.chair_id.partner_id and row.answer == "none":
                    answer = "accepted"
                people[row.meeting_id][row.partner_id.id] = answer
        return people

    # === Making and changing ===

    def _make_events(self, people):
        constants = self._event_constants()
        vals_list = [
            {
                **constants,
                **meeting._event_values(),
                "pep_child_id": meeting.child_id.id,
                "partner_ids": [Command.set(list(people[meeting]))],
                "attendee_ids": [
                    Command.create(self._row_values(meeting, partner, state))
                    for partner, state in people[meeting].items()
                ],
            }
            for meeting in self
        ]
        if not vals_list:
            return
        events = self.env["calendar.event"].create(vals_list)
        self.plan_id.fetch(["state"])  # for all at once: each write of a meeting looks at its PEP
        for meeting, event in zip(self, events, strict=True):
            meeting.event_id = event

    @api.model
    def _row_values(self, meeting, partner, state):
        return {"partner_id": partner, "state": state, "access_token": False, "pep_child_id": meeting.child_id.id}

    def _update_events(self):
        """Write what differs, to all events at once that change alike."""
        alike = defaultdict(self.env["calendar.event"].browse)
        unsynced = {name: value for name, value in self._event_constants().items() if name.startswith("need_sync")}
        for meeting in self:
            event = meeting.event_id
            different = {}
            for name, value in meeting._event_values().items():
                field = event._fields[name]
                if field.convert_to_write(event[name], event) != value:
                    different[name] = value
            if different:
                alike[tuple(sorted(different.items()))] |= event
        for different, events in alike.items():
            events.write({**dict(different), **unsynced})

    def _update_people_of_events(self, people):
        """Bring the people of these events and their answers to what ``people`` says, in one go for all events."""
        rows = self.env["calendar.attendee"].search([("event_id", "in", self.event_id.ids)], order="id")
        rows_of = rows.grouped("event_id")
        commands, coming, going = [], [], rows.browse()
        answers = defaultdict(rows.browse)
        for meeting in self:
            event = meeting.event_id
            wanted = people[meeting]
            there = rows_of.get(event, rows.browse())
            for row in there:
                state = wanted.get(row.partner_id.id)
                if state is None:
                    going |= row
                elif state != row.state:
                    answers[state] |= row
            coming += [
                {"event_id": event.id, **self._row_values(meeting, partner, state)}
                for partner, state in wanted.items()
                if partner not in there.partner_id.ids
            ]
            if set(event.partner_ids.ids) != set(wanted):
                commands.append((event, [Command.set(list(wanted))]))
        # Odoo's own write of an event's people looks at each event by itself
        self.env["calendar.event"]._fields["partner_ids"].write_batch(commands)
        going.unlink()
        self.env["calendar.attendee"].create(coming)
        for state, answered in answers.items():
            answered.write({"state": state})


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    def _is_told_everything(self):
        """Whether this person is asked, to the whole meeting, and nothing of it is kept from them.

        From a parent something always is: who else comes, and the school's name.
        """
        self.ensure_one()
        kept = self.withhold_place or self.withhold_link or self.withhold_people or self.own_start
        kept = kept or self.role == "parent"
        return self.invitation == "invited" and not kept and self.written != "instead"

    def write(self, vals):
        result = super().write(vals)
        if LISTED & vals.keys():
            self.meeting_id._follow_in_calendar({"attendee_ids"})
        return result
