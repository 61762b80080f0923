from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from tests.common import PORTAL, PepCase

TODO = "PEP meeting: the social worker can't come"


class QuorumCase(PepCase):
    """A meeting tomorrow of a child with everyone around, invited."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.meeting = cls.plan_meeting()

    @classmethod
    def plan_meeting(cls, plan=None, invite=True, **values):
        plan = plan or cls.plan
        meeting = cls.as_user(cls.env["pep.meeting"], "vseo").create(
            {"plan_id": plan.id, "start": fields.Datetime.now() + timedelta(days=1), **values}
        )
        if invite:
            meeting.with_context(pep_meeting_quiet=True).action_send_invitations()
        return meeting.with_env(cls.env)

    def person(self, role, meeting=None):
        return (meeting or self.meeting).attendee_ids.filtered(lambda person: person.role == role)[:1]

    def answer(self, role, answer, meeting=None):
        """The person answers on the portal; the VSEO says so for who has no login."""
        self.as_user(self.person(role, meeting), role).action_answer(answer)
        self.env.invalidate_all()

    def all_accept(self, meeting=None):
        for role in ("teacher", "social_worker", "carer"):
            self.answer(role, "accepted", meeting)

    def todos(self, plan=None):
        return self.env["mail.activity"].search(
            [("res_model", "=", "pep.plan"), ("res_id", "=", (plan or self.plan).id)]
        )


@tagged("post_install", "-at_install")
class TestWhoMustBeThere(QuorumCase):
    def needed(self, meeting):
        return sorted(meeting.attendee_ids.filtered("needed").mapped("role"))

    def test_the_rule_of_the_council_marks_new_people(self):
        self.assertEqual(self.needed(self.meeting), ["carer", "child", "social_worker", "teacher"])
        self.council.write({"pep_quorum_carer": False, "pep_quorum_iro": True, "pep_quorum_vseo": True})
        later = self.plan_meeting(start=fields.Datetime.now() + timedelta(days=2))
        self.assertEqual(self.needed(later), ["child", "iro", "social_worker", "teacher", "vseo"])
        self.assertEqual(self.needed(self.meeting), ["carer", "child", "social_worker", "teacher"], "as it was planned")

    def test_an_extra_meeting_needs_nobody_by_rule(self):
        extra = self.plan_meeting(is_extra=True, purpose="A laptop", start=fields.Datetime.now() + timedelta(days=2))
        self.assertFalse(self.needed(extra))
        self.assertFalse(extra.quorum_gap)

    def test_somebody_added_later_follows_the_rule_too(self):
        partners = self.env["res.partner"].create([{"name": "Other Worker"}, {"name": "Nurse"}])
        rows = self.as_user(self.env["pep.meeting.attendee"], "vseo").create(
            [
                {"meeting_id": self.meeting.id, "role": role, "partner_id": partner.id}
                for role, partner in zip(("social_worker", "other"), partners, strict=True)
            ]
        )
        self.assertEqual(rows.mapped("needed"), [True, False])

    def test_the_administrator_changes_the_rule(self):
        with Form(self.as_user(self.env["pep.settings"], "admin"), "pep_module.pep_settings_view_form") as form:
            self.assertTrue(form.pep_quorum_social_worker)
            self.assertFalse(form.pep_quorum_parent)
            form.pep_quorum_parent = True
            form.pep_quorum_carer = False
        form.record.action_save()
        self.assertEqual(self.council._pep_quorum_roles(), {"teacher", "social_worker", "child", "parent"})

    def test_the_gap_in_words(self):
        meeting = self.plan_meeting(invite=False, start=fields.Datetime.now() + timedelta(days=2))
        self.assertEqual(
            meeting.quorum_gap,
            "Not invited yet: child, designated teacher, social worker, carer",
        )
        meeting.with_context(pep_meeting_quiet=True).action_send_invitations()
        self.env.invalidate_all()
        self.answer("teacher", "accepted", meeting)
        self.answer("carer", "tentative", meeting)
        self.assertEqual(meeting.quorum_gap, "No answer yet: social worker. Perhaps not coming: carer")
        self.answer("social_worker", "declined", meeting)
        self.answer("carer", "accepted", meeting)
        self.assertEqual(meeting.quorum_gap, "Not coming: social worker")
        self.answer("social_worker", "accepted", meeting)
        self.assertFalse(meeting.quorum_gap)
        self.assertFalse(meeting.quorum_short)

    def test_nobody_on_the_list(self):
        self.all_accept()
        self.assertFalse(self.meeting.quorum_gap)
        self.as_user(self.person("carer"), "vseo").action_withdraw()
        self.env.invalidate_all()
        self.assertEqual(self.meeting.quorum_gap, "Nobody on the list as carer")
        self.as_user(self.person("carer"), "vseo").action_put_back()
        self.env.invalidate_all()
        self.assertEqual(self.meeting.quorum_gap, "Not invited yet: carer")

    def test_of_two_with_one_role_one_is_enough(self):
        other = self.env["res.partner"].create({"name": "Second Carer"})
        self.env["pep.meeting.attendee"].create(
            {"meeting_id": self.meeting.id, "role": "carer", "partner_id": other.id}
        )
        self.all_accept()
        self.assertFalse(self.meeting.quorum_gap)
        self.answer("social_worker", "declined")
        self.assertTrue(self.todos())

    def test_who_takes_part_in_writing_is_not_missing(self):
        self.all_accept()
        self.answer("carer", "declined")
        self.assertEqual(self.meeting.quorum_gap, "Not coming: carer")
        self.person("carer").written = "instead"
        self.assertFalse(self.meeting.quorum_gap)
        self.assertFalse(self.todos())

    def test_staff_say_who_must_be_there(self):
        self.all_accept()
        self.answer("social_worker", "declined")
        row = self.as_user(self.person("social_worker"), "vseo")
        row.needed = False
        self.env.invalidate_all()
        self.assertFalse(self.meeting.quorum_gap)
        self.as_user(self.person("iro"), "vseo").needed = True
        self.env.invalidate_all()
        self.assertEqual(self.meeting.quorum_gap, "No answer yet: reviewing officer")

    def test_somebody_other_is_named_to_staff(self):
        nurse = self.env["res.partner"].create({"name": "Florence Nurse"})
        self.env["pep.meeting.attendee"].create(
            {"meeting_id": self.meeting.id, "role": "other", "partner_id": nurse.id, "needed": True}
        )
        self.all_accept()
        self.assertEqual(self.meeting.quorum_gap, "Not invited yet: Florence Nurse")

    def test_a_cancelled_meeting_lacks_nobody(self):
        self.meeting._cancel("The room is not free")
        self.assertFalse(self.meeting.quorum_gap)

    def test_found_by_what_is_missing(self):
        second = self.plan_meeting(self.make_plan(self.make_children()))
        self.all_accept()
        meetings = self.as_user(self.env["pep.meeting"], "vseo")
        self.assertEqual(meetings.search([("quorum_short", "=", True)]).ids, second.ids)
        self.assertIn(self.meeting.id, meetings.search([("quorum_short", "=", False)]).ids)

    def test_what_the_app_keeps_is_not_typed(self):
        meeting = self.as_user(self.meeting, "vseo")
        for name, value in (("quorum_state", "met"), ("held_unlisted", "carer"), ("rearrange_todo_id", False)):
            with self.subTest(name), self.assertRaises(UserError):
                meeting.write({name: value})

    def test_queries_do_not_grow(self):
        plans = [self.make_plan(child) for child in self.make_children(12)]
        meetings = self.env["pep.meeting"].union(*[self.plan_meeting(plan, invite=False) for plan in plans])
        meetings = self.as_user(meetings, "vseo")
        counts = []
        for some in (meetings[:2], meetings[:2], meetings):
            self.env.flush_all()
            self.env.invalidate_all()
            meetings.env.user.has_group("pep_module.group_pep_support")
            before = self.env.cr.sql_log_count
            some.mapped("quorum_gap")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])


@tagged("post_install", "-at_install")
class TestRearrange(QuorumCase):
    """The decline of somebody who must be there makes one to-do."""

    def test_the_social_worker_declines(self):
        self.all_accept()
        self.assertFalse(self.todos())
        self.answer("social_worker", "declined")
        todo = self.todos()
        self.assertRecordValues(todo, [{"user_id": self.users["vseo"].id, "summary": TODO}])
        self.assertEqual(todo.date_deadline, self.council._pep_today())
        self.assertEqual(todo.res_name, self.child.reference)
        self.assertIn(f"/odoo/pep-meetings/{self.meeting.id}", todo.note)
        for text in (todo.summary, todo.note, todo.res_name):
            for name in (self.child.first_name, self.child.last_name, self.users["social_worker"].name):
                self.assertNotIn(name, text)

    def test_however_it_is_said(self):
        person = self.person("social_worker")
        for how in ("portal", "mail", "calendar", "staff"):
            with self.subTest(how):
                person.sudo()._set_answer("declined", how)
                self.assertEqual(self.todos().mapped("summary"), [TODO])
                person.sudo()._set_answer("accepted", how)
                self.assertFalse(self.todos())

    def test_staff_note_what_they_are_told(self):
        self.as_user(self.person("social_worker"), "vseo").action_declines()
        self.assertEqual(self.person("social_worker").answered_how, "staff")
        self.assertEqual(len(self.todos()), 1)
        self.as_user(self.person("social_worker"), "vseo").action_perhaps()
        self.assertFalse(self.todos())
        self.as_user(self.person("social_worker"), "vseo").action_comes()
        self.assertEqual(self.person("social_worker").answer, "accepted")

    def test_one_however_often_it_is_said(self):
        self.answer("social_worker", "declined")
        self.answer("social_worker", "declined")
        self.answer("carer", "declined")
        self.meeting._check_quorum(declined=True)
        self.assertEqual(self.todos().mapped("summary"), [TODO])

    def test_ticked_off_it_comes_back_only_with_another_decline(self):
        self.answer("social_worker", "declined")
        self.as_user(self.todos(), "vseo").action_feedback()
        self.meeting._check_quorum()
        self.assertFalse(self.todos())
        self.answer("carer", "declined")
        self.assertEqual(len(self.todos()), 1)

    def test_settled_when_they_come_after_all(self):
        self.answer("social_worker", "declined")
        self.answer("social_worker", "tentative")
        self.assertFalse(self.todos())

    def test_settled_when_moved_and_everybody_is_asked_again(self):
        self.all_accept()
        self.answer("social_worker", "declined")
        self.as_user(self.meeting, "vseo").start = self.meeting.start + timedelta(days=1)
        self.env.invalidate_all()
        self.assertFalse(self.todos())
        self.assertEqual(set(self.meeting.attendee_ids.mapped("answer")), {"none"})
        self.assertEqual(self.meeting.quorum_gap, "No answer yet: designated teacher, social worker, carer")

    def test_the_same_time_again_asks_nobody(self):
        self.all_accept()
        self.as_user(self.meeting, "vseo").write({"start": self.meeting.start, "place": "Room 2"})
        self.assertEqual(self.person("carer").answer, "accepted")

    def test_an_own_slot_keeps_its_answer(self):
        self.person("carer").own_start = self.meeting.start - timedelta(hours=1)
        self.all_accept()
        self.meeting.start += timedelta(days=1)
        self.assertEqual(self.person("carer").answer, "accepted")
        self.assertEqual(self.person("teacher").answer, "none")

    def test_settled_when_cancelled(self):
        self.answer("social_worker", "declined")
        self.as_user(self.meeting, "vseo")._cancel("Another day")
        self.assertFalse(self.todos())

    def test_settled_by_somebody_else_with_the_role(self):
        self.answer("social_worker", "declined")
        other = self.env["res.partner"].create({"name": "Team Manager"})
        self.as_user(self.env["pep.meeting.attendee"], "vseo").create(
            {"meeting_id": self.meeting.id, "role": "social_worker", "partner_id": other.id}
        )
        self.assertFalse(self.todos())

    def test_settled_when_they_need_not_come(self):
        self.answer("social_worker", "declined")
        self.as_user(self.person("social_worker"), "vseo").needed = False
        self.assertFalse(self.todos())

    def test_somebody_who_need_not_come_makes_none(self):
        self.answer("iro", "declined")
        self.assertFalse(self.todos())

    def test_the_chair_when_there_is_no_vseo_who_may_read(self):
        self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["other_vseo"].id,
                "role": "vseo",
                "date_to": self.today + timedelta(days=7),
            }
        )
        self.meeting.chair_id = self.users["other_vseo"]
        self.plan.sudo().vseo_id = False
        self.answer("social_worker", "declined")
        self.assertEqual(self.todos().user_id, self.users["other_vseo"])

    def test_nobody_who_may_not_read_gets_it(self):
        self.meeting.sudo().chair_id = self.users["other_vseo"]
        self.plan.sudo().vseo_id = False
        self.answer("social_worker", "declined")
        self.assertEqual(len(self.todos()), 1)
        self.assertFalse(self.todos().user_id)

    def test_another_time_in_one_form(self):
        action = self.as_user(self.meeting, "vseo").action_move()
        with Form(self.as_user(self.env[action["res_model"]], "vseo").with_context(**action["context"])) as form:
            self.assertEqual(form.start, self.meeting.start)
            later = form.start + timedelta(days=3)
            form.start = later
        form.record.action_confirm()
        self.assertEqual(self.meeting.start, later)
        with self.assertRaises(UserError):
            form.record.action_confirm()

    def test_cancelled_and_planned_again(self):
        wizard = self.as_user(self.env["pep.meeting.move"], "vseo").create(
            {"meeting_id": self.meeting.id, "start": self.meeting.start, "duration": 1}
        )
        action = wizard.action_plan_again()
        self.assertEqual(self.meeting.state, "cancelled")
        self.assertTrue(self.meeting.cancel_reason)
        self.assertEqual(action["res_model"], "pep.meeting.schedule")

    def test_who_must_not(self):
        for role in (*PORTAL, "finance", "admin", "other_vseo", "employee"):
            meeting, person = self.as_user(self.meeting, role), self.as_user(self.person("parent"), role)
            calls = [
                meeting.action_move,
                person.action_open,
                person.action_comes,
                person.action_perhaps,
                person.action_declines,
            ]
            for call in calls:
                with self.subTest(f"{role} {call.__name__}"), self.assertRaises(AccessError):
                    call()
        self.assertFalse(self.todos())
