"""What the tests of the calendar share: a planned meeting with its event, and colleagues of the council around it."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import new_test_user

from tests.common import PepCase

SILENT = {"no_mail_to_attendees": True, "mail_notrack": True}


class EventCase(PepCase):
    """A meeting next week at 10:00 UTC, of :attr:`child`, chaired by the VSEO."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        # a social worker and a reviewing officer who work for the council itself
        for role in ("social_worker", "iro"):
            cls.users[f"inner_{role}"] = cls.make_colleague(f"inner_{role}.test")
            cls.env["pep.network.member"].create(
                {
                    "child_id": cls.child.id,
                    "partner_id": cls.users[f"inner_{role}"].partner_id.id,
                    "role": role,
                    "date_from": cls.today - timedelta(days=30),
                }
            )
        cls.users["cover"] = cls.make_colleague("cover.test", "pep_module.group_pep_vseo")
        cls.users["stranger"] = cls.make_colleague("stranger.test")
        cls.users["system"] = cls.make_colleague("system.test", "base.group_system")
        cls.cover = cls.env["pep.cover"].create(
            {
                "user_id": cls.users["vseo"].id,
                "cover_user_id": cls.users["cover"].id,
                "company_id": cls.council.id,
                "role": "vseo",
                "date_from": cls.today,
                "date_to": cls.today + timedelta(days=60),
            }
        )
        cls.plan = cls.make_plan(cls.child)
        cls.start = datetime.combine(cls.today + timedelta(days=7), datetime.min.time()).replace(hour=10)
        cls.meeting = cls.make_meeting()

    @classmethod
    def make_colleague(cls, login, groups="pep_module.group_pep_contributor"):
        return new_test_user(
            cls.env, login, groups=groups, company_id=cls.council.id, company_ids=[(6, 0, cls.council.ids)]
        )

    @classmethod
    def make_meeting(cls, start=None, role="vseo", plan=None, **values):
        meetings = cls.as_user(cls.env["pep.meeting"], role).with_context(pep_meeting_quiet=True)
        return meetings.create({"plan_id": (plan or cls.plan).id, "start": start or cls.start, **values})

    @classmethod
    def event_of(cls, meeting, role=None):
        """The event of a meeting as a role sees it, or as the system."""
        event = meeting.sudo().event_id
        return cls.as_user(event, role) if role else event.with_env(cls.env)

    def invite(self, *roles, meeting=None):
        """Invite these users, whose rows are on the list, without a mail."""
        partners = self.env["res.partner"].union(*(self.users[role].partner_id for role in roles))
        rows = (meeting or self.meeting).sudo().attendee_ids.filtered(lambda row: row.partner_id in partners)
        self.assertEqual(len(rows), len(roles))
        rows.write({"invitation": "invited", "invited_on": fields.Datetime.now()})
        return rows

    def row_of(self, role, meeting=None):
        partner = self.users[role].partner_id
        return (meeting or self.meeting).sudo().attendee_ids.filtered(lambda row: row.partner_id == partner)

    def seat_of(self, role, meeting=None):
        """The row of a user in Odoo's calendar."""
        partner = self.users[role].partner_id
        event = (meeting or self.meeting).sudo().event_id
        return event.attendee_ids.filtered(lambda seat: seat.partner_id == partner)

    @classmethod
    def plain_event(cls, role="employee", **values):
        """An event of somebody's that has nothing to do with us."""
        user = cls.users[role]
        events = cls.as_user(cls.env["calendar.event"], role).with_context(**SILENT)
        return events.create(
            {
                "name": "Dentist",
                "start": cls.start,
                "stop": cls.start + timedelta(hours=1),
                "partner_ids": [(6, 0, user.partner_id.ids)],
                **values,
            }
        )
