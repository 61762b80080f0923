"""A meeting that is planned and to which everybody around the child has been invited."""

from datetime import timedelta

from odoo import fields

from tests.plan.portal_common import PortalCase

ROLES = ("teacher", "social_worker", "carer", "parent", "iro")


class MeetingPortalCase(PortalCase):
    """``self.meeting`` is in a week, at a place and by a link; ``self.rows`` are the invitations by role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ROLES:
            cls.users[role].partner_id.name = f"Secretname of {role}"
        # a Tuesday in the middle of the day, whatever day it is
        cls.start = fields.Datetime.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
        cls.meeting = cls.make_meeting()
        cls.rows = cls.rows_of(cls.meeting)

    @classmethod
    def make_meeting(cls, plan=None, invited=True, **values):
        meetings = cls.as_user(cls.env["pep.meeting"].with_context(pep_meeting_quiet=True), "vseo")
        meeting = meetings.with_context(pep_meeting_quiet=True).create(
            {
                "plan_id": (plan or cls.plan).id,
                "start": cls.start,
                "mode": "both",
                "place": "Room 4 of the school",
                "link_kind": "pasted",
                "link": "https://meet.example/secret-link",
                "notes": "Secret notes",
                **values,
            }
        )
        if invited:
            cls.invite(meeting.attendee_ids)
        return cls.env["pep.meeting"].browse(meeting.id)

    @classmethod
    def invite(cls, rows):
        rows = rows.with_env(cls.env).with_context(pep_meeting_quiet=True).filtered("partner_id")
        rows.write({"invitation": "invited", "invited_on": fields.Datetime.now(), "sequence_sent": 0})

    @classmethod
    def rows_of(cls, meeting):
        return {row.role: row for row in meeting.attendee_ids}

    @classmethod
    def quietly(cls, record):
        return record.with_env(cls.env).with_context(pep_meeting_quiet=True)

    @classmethod
    def move(cls, meeting, start, hours=1):
        """Let a meeting have been at another time, past ones too, as if time had gone by."""
        meeting.flush_recordset()
        cls.env.cr.execute(  # what the app itself refuses of the past
            "UPDATE pep_meeting SET start = %s, stop = %s WHERE id = %s",
            [start, start + timedelta(hours=hours), meeting.id],
        )
        cls.env.invalidate_all()

    @classmethod
    def path(cls, role="teacher", more="", row=None):
        return f"/my/pep/meeting/{(row or cls.rows[role]).id}{more}"
