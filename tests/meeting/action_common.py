"""A PEP whose meeting is under way, and actions agreed in it."""

from datetime import timedelta

from odoo import fields

from tests.common import PepCase


class ActionCase(PepCase):
    """:attr:`child` with everyone around, :attr:`plan` being gathered, :attr:`meeting` begun an hour ago."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.meeting = cls.make_meeting(cls.plan)
        cls.soon = cls.today + timedelta(days=14)

    @classmethod
    def make_meeting(cls, plan, **values):
        start = fields.Datetime.now() - timedelta(hours=1, minutes=len(plan.meeting_ids))
        return cls.env["pep.meeting"].create({"plan_id": plan.id, "start": start, **values})

    @classmethod
    def contact(cls, role):
        return cls.users[role].partner_id

    @classmethod
    def agree(cls, role="carer", person=None, plan=None, **values):
        """An action of somebody around the child, as the VSEO adds it."""
        plan = plan or cls.plan
        actions = cls.as_user(cls.env["pep.action"], "vseo")
        made = actions.create(
            {
                "plan_id": plan.id,
                "name": "Finds a reading tutor",
                "partner_id": cls.contact(person or role).id if (person or role) in cls.users else False,
                "role": role,
                "due_date": cls.soon,
                **values,
            }
        )
        return made.with_env(cls.env)

    @classmethod
    def finish(cls, plan):
        """Complete a PEP, whatever it lacks."""
        plan._move("processing")
        plan.target_ids or cls.smart_target(plan)
        plan.next_meeting_note = "In spring"
        plan.meeting_ids.sudo().write({"state": "held"})
        cls.as_user(plan, "vseo").action_complete()
        cls.env.invalidate_all()

    @classmethod
    def next_plan(cls, start=True):
        plan = cls.make_plan(cls.child, cls.next_term())
        if start:
            plan.action_start()
        return plan

    @classmethod
    def leave(cls, role):
        """The person's last day around the child was yesterday."""
        member = cls.child.network_ids.filtered(lambda member: member.role == role)
        member.date_to = cls.today - timedelta(days=1)
        cls.env.flush_all()
