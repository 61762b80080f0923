from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from tests.common import PORTAL, PepCase


class HoldCase(PepCase):
    """A meeting that began an hour ago, of a child with everyone around."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.as_user(cls.make_plan(cls.child), "vseo")
        cls.meeting = cls.begun(cls.plan)

    @classmethod
    def begun(cls, plan, **values):
        return cls.as_user(cls.env["pep.meeting"], "vseo").create(
            {"plan_id": plan.id, "start": fields.Datetime.now() - timedelta(hours=1), "mode": "face", **values}
        )

    def person(self, role):
        return self.meeting.attendee_ids.filtered(lambda person: person.role == role)

    def all_but(self, *roles):
        """Everybody was there, but these."""
        people = self.meeting.attendee_ids
        people.attended = True
        people.filtered(lambda person: person.role in roles).attended = False

    def ask(self, meeting=None):
        """Press the button; the form that it opens."""
        action = (meeting or self.meeting).action_hold()
        self.assertEqual(action["res_model"], "pep.meeting.hold")
        return self.meeting.env[action["res_model"]].with_context(**action["context"]).create({})

    def reason(self, gate):
        return self.env["pep.gate.reason"].search(
            [("company_id", "=", self.council.id), ("gate", "=", gate), ("head_only", "=", False)], limit=1
        )

    def give_reasons(self, wizard):
        for line in wizard.line_ids:
            line.reason_id = self.reason(line.gate)


@tagged("post_install", "-at_install")
class TestHold(HoldCase):
    def test_held_and_on_to_processing_in_one_step(self):
        self.plan.action_start()
        self.plan.action_ready()
        self.smart_target(self.plan)
        self.all_but()
        self.assertFalse(self.meeting.action_hold())
        self.assertRecordValues(self.meeting, [{"state": "held", "quorum_state": "met", "without_reason": False}])
        self.assertEqual(self.plan.state, "processing")
        self.assertEqual(self.plan.processing_due, self.meeting.date + timedelta(days=14))
        self.assertFalse(self.meeting.quorum_gap)
        with self.assertRaises(UserError):
            self.meeting.action_hold()

    def test_from_each_stage_before(self):
        for stage in ("not_started", "gathering", "ready"):
            with self.subTest(stage):
                plan = self.as_user(self.make_plan(self.make_children()), "vseo")
                if stage != "not_started":
                    plan.action_start()
                if stage == "ready":
                    plan.action_ready()
                self.smart_target(plan)
                meeting = self.begun(plan)
                meeting.attendee_ids.attended = True
                meeting._hold_without("Nobody else is around this child", False)
                self.assertEqual((meeting.state, plan.state), ("held", "processing"))

    def test_already_processing_its_days_do_not_begin_again(self):
        plan = self.plan
        plan.action_start()
        plan.action_ready()
        self.smart_target(plan)
        passes = self.plan.env["pep.gate.pass"]
        passes.create({"plan_id": plan.id, "gate": "meeting", "reason_id": self.reason("meeting").id})
        plan.action_process()
        due = plan.processing_due
        self.all_but()
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.meeting.start += timedelta(days=2)
            self.assertFalse(self.meeting.action_hold())
        self.assertEqual((plan.state, plan.processing_due), ("processing", due))

    def test_an_extra_meeting_moves_nothing(self):
        extra = self.begun(self.plan, is_extra=True, purpose="A laptop", start=datetime(2026, 1, 7, 10))
        extra.attendee_ids[:1].attended = True
        self.assertFalse(extra.action_hold())
        self.assertEqual((extra.state, self.plan.state), ("held", "not_started"))
        self.assertEqual(extra.quorum_state, "met")
        self.assertFalse(self.plan.meeting_id == extra)

    def test_the_days_are_counted_on_the_council_s_clock(self):
        """A meeting that begins a quarter past midnight in summer is on the day before in UTC."""
        self.plan.action_start()
        self.plan.action_ready()
        self.smart_target(self.plan)
        with freeze_time("2027-07-01 08:00:00"):
            meeting = self.begun(self.plan, start=datetime(2027, 6, 30, 23, 15))
            meeting.attendee_ids.attended = True
            self.assertFalse(meeting.action_hold())
        self.assertEqual(str(self.plan.processing_due), "2027-07-15")

    def test_several_at_once(self):
        plans = self.env["pep.plan"]
        meetings = self.meeting.browse()
        for child in self.make_children(3):
            plan = self.make_plan(child)
            self.smart_target(plan)
            plans |= plan
            meetings |= self.begun(plan)
        meetings.attendee_ids.attended = True
        with self.assertRaisesRegex(UserError, "Nobody|nobody"):
            meetings.action_hold()
        self.council.write({f"pep_quorum_{role}": False for role in ("teacher", "social_worker", "carer")})
        self.assertFalse(meetings.action_hold())
        self.assertEqual(set(plans.mapped("state")), {"processing"})

    def test_who_must_not(self):
        self.all_but()
        wizard = self.ask()
        self.env.flush_all()
        for role in (*PORTAL, "finance", "admin", "other_vseo", "employee"):
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    self.as_user(self.meeting, role).action_hold()
                with self.assertRaises(AccessError):
                    self.as_user(wizard, role).action_confirm()
                with self.assertRaises(AccessError):
                    self.as_user(self.env["pep.meeting.hold"], role).create({"meeting_id": self.meeting.id})
        self.assertEqual(self.meeting.state, "planned")


@tagged("post_install", "-at_install")
class TestHeldWithout(HoldCase):
    """Somebody who must be there was not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.action_start()
        cls.plan.action_ready()
        cls.smart_target(cls.plan)

    def test_it_says_who_and_asks_why(self):
        self.all_but("social_worker")
        action = self.meeting.action_hold()
        self.assertEqual(self.meeting.state, "planned")
        wizards = self.meeting.env[action["res_model"]].with_context(**action["context"])
        with Form(wizards, "pep_module.pep_meeting_hold_view_form") as form:
            self.assertEqual(form.absent, "Not there: social worker")
            self.assertTrue(form.written_follows)
            self.assertFalse(len(form.line_ids))
            with self.assertRaises(AssertionError):
                form.save()
            form.reason = "Called to court that morning"
        form.record.action_confirm()
        self.assertRecordValues(
            self.meeting,
            [
                {
                    "state": "held",
                    "quorum_state": "awaiting",
                    "without_reason": "Called to court that morning",
                    "quorum_gap": "Not there, written part to follow: social worker",
                }
            ],
        )
        self.assertEqual(self.person("social_worker").written, "awaited")
        self.assertEqual(self.plan.state, "processing")
        self.assertEqual(self.plan.quorum_gap, "Not there, written part to follow: social worker")

    def test_without_a_reason_nothing_happens(self):
        self.all_but("social_worker")
        wizard = self.ask()
        for reason in (False, "   "):
            wizard.reason = reason
            with self.subTest(reason), self.assertRaises(UserError), self.env.cr.savepoint():
                wizard.action_confirm()
        self.assertEqual((self.meeting.state, self.plan.state), ("planned", "ready"))

    def hold_without_social_worker(self, **values):
        self.all_but("social_worker")
        wizard = self.ask()
        wizard.write({"reason": "Ill", **values})
        wizard.action_confirm()
        return wizard

    def test_the_written_part_comes_from_the_person(self):
        self.hold_without_social_worker()
        with self.assertRaises(AccessError):
            self.as_user(self.person("social_worker"), "carer").action_write_part("Not mine")
        self.as_user(self.person("social_worker"), "social_worker").action_write_part("He is proud of his reading.")
        self.env.invalidate_all()
        self.assertRecordValues(
            self.meeting,
            [
                {
                    "quorum_state": "received",
                    "quorum_gap": "Not there, but in writing: social worker",
                }
            ],
        )
        self.assertEqual(self.person("social_worker").written_part, "He is proud of his reading.")

    def test_the_written_part_comes_by_staff(self):
        self.hold_without_social_worker()
        self.person("social_worker").action_write_part("Said by telephone.")
        self.assertEqual(self.meeting.quorum_state, "received")

    def test_too_late_for_a_finished_pep(self):
        self.hold_without_social_worker()
        self.plan.next_meeting_note = "May"
        self.plan.action_complete()
        with self.assertRaisesRegex(UserError, "send it to the virtual school"):
            self.as_user(self.person("social_worker"), "social_worker").action_write_part("Late")

    def test_nothing_in_writing_to_follow(self):
        self.hold_without_social_worker(written_follows=False)
        self.assertRecordValues(self.meeting, [{"quorum_state": "without", "quorum_gap": "Not there: social worker"}])
        self.assertEqual(self.person("social_worker").written, "no")

    def test_two_are_awaited_until_both_have_written(self):
        self.all_but("social_worker", "carer")
        wizard = self.ask()
        self.assertEqual(wizard.absent, "Not there: social worker, carer")
        wizard.reason = "Snow"
        wizard.action_confirm()
        self.person("carer").action_write_part("All well.")
        self.assertEqual(self.meeting.quorum_state, "awaiting")
        self.person("social_worker").action_write_part("All well.")
        self.assertEqual(self.meeting.quorum_state, "received")

    def test_written_before_it_is_no_question(self):
        self.person("social_worker").action_write_part("I can't come, and this is what I have to say.")
        self.all_but("social_worker")
        wizard = self.ask()
        self.assertFalse(wizard.may_write)
        wizard.reason = "Wrote instead"
        wizard.action_confirm()
        self.assertEqual(self.meeting.quorum_state, "received")

    def test_nobody_had_the_role(self):
        self.person("carer").action_withdraw()
        self.all_but()
        self.person("carer").attended = False
        wizard = self.ask()
        self.assertEqual((wizard.absent, wizard.may_write), ("Nobody on the list as carer", False))
        wizard.reason = "Lives on his own"
        wizard.action_confirm()
        self.assertEqual((self.meeting.quorum_state, self.meeting.held_unlisted), ("without", "carer"))
        self.council.pep_quorum_iro = True
        self.person("iro").needed = False
        self.assertEqual(self.meeting.quorum_gap, "Nobody on the list as carer", "by the rule of then")

    def test_the_child_must_be_asked_and_need_not_come(self):
        self.all_but("child")
        self.assertEqual(self.ask().absent, "Not there: child")
        self.person("child").sudo().invitation = "invited"
        self.assertFalse(self.meeting.action_hold())
        self.assertEqual(self.meeting.quorum_state, "met")

    def test_put_right_afterwards(self):
        self.hold_without_social_worker()
        self.person("social_worker").attended = True
        self.assertEqual(self.meeting.quorum_state, "met", "it was ticked off by mistake")

    def test_rearrange_instead(self):
        self.all_but("social_worker")
        action = self.ask().action_rearrange()
        self.assertEqual(action["res_model"], "pep.meeting.move")
        self.assertEqual((self.meeting.state, self.plan.state), ("planned", "ready"))

    def test_found_and_counted(self):
        self.hold_without_social_worker()
        plans, meetings = self.as_user(self.env["pep.plan"], "vseo"), self.as_user(self.env["pep.meeting"], "vseo")
        self.assertEqual(meetings.search([("quorum_state", "=", "awaiting")]).ids, self.meeting.ids)
        domain = [("meeting_ids", "any", [("quorum_state", "=", "awaiting")])]
        self.assertEqual(plans.search(domain).ids, self.plan.ids)
        self.assertEqual({figure["key"]: figure["number"] for figure in plans.board_figures()}["awaiting"], 1)
        other = self.as_user(self.env["pep.plan"], "other_vseo")
        self.assertEqual({figure["key"]: figure["number"] for figure in other.board_figures()}["awaiting"], 0)

    def test_the_forms_reason_is_asked_of_a_planned_meeting_only(self):
        self.all_but("social_worker")
        wizard = self.ask()
        wizard.reason = "Ill"
        wizard.action_confirm()
        with self.assertRaises(UserError):
            wizard.action_confirm()


@tagged("post_install", "-at_install")
class TestGatesOnTheWay(HoldCase):
    """One form asks for everything that is missing, of the meeting and of the PEP."""

    gathering = True

    def test_from_gathering_all_gates_at_once(self):
        self.plan.action_start()
        self.all_but("social_worker")
        wizard = self.ask()
        self.assertEqual(wizard.absent, "Not there: social worker")
        self.assertEqual(wizard.line_ids.mapped("gate"), ["contributions", "academic_target"])
        wizard.reason = "Ill"
        with self.assertRaises(UserError), self.env.cr.savepoint():
            wizard.action_confirm()
        self.assertEqual((self.meeting.state, self.plan.state), ("planned", "gathering"))
        self.assertFalse(self.plan.pass_ids)
        self.give_reasons(wizard)
        wizard.action_confirm()
        self.assertEqual((self.meeting.state, self.plan.state), ("held", "processing"))
        self.assertEqual(sorted(self.plan.pass_ids.mapped("gate")), ["academic_target", "contributions"])
        self.assertEqual(self.plan.pass_ids.user_id, self.users["vseo"])

    def test_from_not_started_as_well(self):
        self.all_but()
        wizard = self.ask()
        self.assertEqual(wizard.line_ids[0].message, "Nobody has been asked for their part")
        self.assertEqual(self.plan.state, "not_started", "asking starts nothing")
        self.give_reasons(wizard)
        wizard.action_confirm()
        self.assertEqual((self.meeting.state, self.plan.state), ("held", "processing"))

    def test_closed_it_leaves_all_as_it_was(self):
        self.plan.action_start()
        self.all_but("social_worker")
        self.ask()
        self.assertRecordValues(self.meeting, [{"state": "planned", "quorum_state": False, "without_reason": False}])
        self.assertEqual(self.plan.state, "gathering")

    def test_a_missing_document_stops_both_or_neither(self):
        self.plan.action_start()
        self.smart_target(self.plan)
        self.all_but()
        wizard = self.ask()
        self.give_reasons(wizard)
        # in the meantime somebody takes the target out again: the form does not know
        self.plan.target_ids.action_withdraw()
        with self.assertRaisesRegex(UserError, "academic target"), self.env.cr.savepoint():
            wizard.action_confirm()
        self.env.invalidate_all()
        self.assertEqual((self.meeting.state, self.plan.state), ("planned", "gathering"))

    def test_only_the_head_s_reasons_for_the_head(self):
        self.plan.action_start()
        self.all_but()
        wizard = self.ask()
        self.give_reasons(wizard)
        head_only = self.env["pep.gate.reason"].search(
            [("company_id", "=", self.council.id), ("gate", "=", "contributions"), ("head_only", "=", True)], limit=1
        ) or self.env["pep.gate.reason"].create(
            {"company_id": self.council.id, "name": "Head decides", "gate": "contributions", "head_only": True}
        )
        wizard.line_ids[0].reason_id = head_only
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            wizard.action_confirm()

    def test_the_pep_s_own_button_goes_on_without_a_meeting(self):
        self.plan.action_start()
        question = self.plan.action_ready()
        wizard = self.plan.env[question["res_model"]].with_context(**question["context"]).create({})
        self.give_reasons(wizard)
        wizard.action_go_on()
        question = self.plan.action_process()
        wizard = self.plan.env[question["res_model"]].with_context(**question["context"]).create({})
        self.assertEqual(wizard.line_ids.mapped("gate"), ["meeting", "academic_target"])
        self.give_reasons(wizard)
        wizard.action_go_on()
        self.assertEqual((self.meeting.state, self.plan.state), ("planned", "processing"))
