"""A child whose PEP is being gathered, with everyone around, and people who may come instead."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user

from tests.plan.gathering_common import GatheringCase

NEW = ("teacher", "social_worker", "carer", "iro")


class NetworkCase(GatheringCase):
    """``self.new`` maps a role to the login of who comes instead; ``self.school2`` is where the new teacher leads."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yesterday = cls.today - timedelta(days=1)
        cls.school2 = cls.make_school("Oak Primary School", "100002")
        cls.new = {
            role: new_test_user(cls.env, f"new_{role}.test", name=f"New {role}", groups="base.group_portal")
            for role in NEW
        }
        for role, user in cls.new.items():
            cls.users[f"new_{role}"] = user
        cls.lead(cls.new["teacher"], cls.school2)

    @classmethod
    def lead(cls, user, school):
        return cls.env["pep.school.staff"].create(
            {
                "user_id": user.id,
                "school_id": school.id,
                "role": "designated_teacher",
                "lead": True,
                "date_from": cls.today - timedelta(days=400),
            }
        )

    @property
    def changes(self):
        return self.env["pep.network.change"].search([("child_id", "=", self.child.id)])

    @property
    def change(self):
        """The one that is open."""
        return self.changes.filtered(lambda change: change.state == "open").ensure_one()

    def member(self, role):
        today = self.council._pep_today()
        rows = self.child.network_ids.filtered(lambda row: row.role == role and row._counts(today))
        return rows.ensure_one()

    def join(self, role, user=None, **values):
        partner = (user or self.new[role]).partner_id
        return self.as_user(self.env["pep.network.member"], "vseo").create(
            {
                "child_id": self.child.id,
                "partner_id": partner.id,
                "role": role,
                "date_from": self.council._pep_today(),
                **values,
            }
        )

    def replace(self, role):
        """Somebody else takes a role in the network, from today on."""
        self.as_user(self.member(role), "vseo").date_to = self.yesterday
        return self.join(role)

    def move_school(self, school=None, child=None):
        """The child is at another school from today on."""
        child = child or self.child
        enrolments = child.enrolment_ids.filtered(lambda row: not row.date_to)
        self.as_user(enrolments, "vseo").write({"date_to": self.yesterday})
        return self.as_user(self.env["pep.enrolment"], "vseo").create(
            {"child_id": child.id, "school_id": (school or self.school2).id, "date_from": self.today}
        )

    def plan_meeting(self, send=True, **values):
        meeting = self.as_user(self.env["pep.meeting"], "vseo").create(
            {
                "plan_id": self.plan.id,
                "start": fields.Datetime.now() + timedelta(days=21),
                "mode": "both",
                "place": "Room 4, Elm Primary School",
                "link_kind": "pasted",
                "link": "https://meet.example.org/old",
                **values,
            }
        )
        if send:
            meeting.action_send_invitations()
        return meeting

    def invitation(self, meeting, user):
        return meeting.sudo().attendee_ids.filtered(lambda row: row.partner_id == user.partner_id)

    def kinds(self, change=None):
        return sorted((change or self.change).line_ids.mapped("kind"))

    def confirm(self):
        change = self.as_user(self.change, "vseo")
        change.action_confirm()
        self.env.invalidate_all()
        return change

    def catch_up(self):
        """The nightly job, for this council; nothing is committed."""
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=60):
            self.env["pep.network.change"]._catch_up(self.council)
