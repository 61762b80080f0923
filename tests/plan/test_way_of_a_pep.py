from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestWayOfAPep(PepCase):
    """From not started to complete, corrected once, and on into the next term."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.as_user(cls.make_plan(cls.child), "vseo")
        # around these children is nobody but the VSEO
        cls.council.write({f"pep_quorum_{role}": False for role in ("teacher", "social_worker", "carer")})

    def plan_meeting(self, plan):
        """A meeting that has begun, with everybody there."""
        meeting = plan.env["pep.meeting"].create(
            {"plan_id": plan.id, "start": fields.Datetime.now() - timedelta(hours=1), "mode": "face"}
        )
        meeting.attendee_ids.attended = True
        return meeting

    def hold_meeting(self, plan):
        """Hold it, with all that a PEP asks for; the PEP goes on to processing."""
        meeting = self.plan_meeting(plan)
        self.assertFalse(meeting.action_hold())
        self.assertEqual((meeting.state, plan.state), ("held", "processing"))
        return meeting

    def bring_to(self, state, plan=None):
        """Take the steps up to a stage, with everything they ask for."""
        plan = plan or self.plan
        plan.action_start()
        if state == "gathering":
            return
        plan.action_ready()
        if state == "ready":
            return
        self.smart_target(plan)
        for review in plan.review_ids:
            review.outcome = "achieved"
        self.hold_meeting(plan)
        if state == "processing":
            return
        plan.next_meeting_date = self.today + timedelta(days=90)
        plan.action_complete()

    def test_the_whole_way(self):
        plan = self.plan
        self.assertEqual(plan.state, "not_started")
        plan.action_start()
        self.assertEqual(plan.state, "gathering")
        self.assertFalse(plan.action_ready())
        self.assertEqual(plan.state, "ready")
        target = self.smart_target(plan)
        meeting = self.hold_meeting(plan)
        self.assertEqual(plan.processing_due, meeting.date + timedelta(days=14))
        self.assertEqual(plan.next_due, plan.processing_due)
        plan.next_meeting_note = "In the second week of next term"
        self.assertFalse(plan.action_complete())
        self.assertEqual(plan.state, "complete")
        self.assertEqual(plan.next_due_kind, "copies")  # what is left to do
        plan.sudo()._write_quietly({"copies_sent_on": fields.Datetime.now() + timedelta(seconds=1)})
        self.assertFalse(plan.next_due)
        issue = plan.issue_ids
        self.assertEqual(issue.version, 1)
        self.assertTrue(issue.is_intact)
        self.assertEqual(issue.data["targets"][0]["name"], target.name)
        self.assertIn(target.name, issue.document)
        self.assertEqual(issue.display_name, self.child.reference)

    def test_a_step_starts_from_its_own_stage(self):
        for step in ("action_ready", "action_process", "action_complete", "action_return", "action_correct"):
            with self.subTest(step), self.assertRaises(UserError):
                getattr(self.plan, step)()
        self.plan.action_start()
        with self.assertRaises(UserError):
            self.plan.action_start()

    def test_the_stage_is_not_written_by_hand(self):
        for name, value in (
            ("state", "complete"),
            ("issue_version", 7),
            ("completed_on", fields.Datetime.now()),
            ("processing_due", self.today),
        ):
            with self.subTest(name), self.assertRaises(UserError):
                self.plan.write({name: value})
        made = self.as_user(self.env["pep.plan"], "vseo").create(
            {"child_id": self.make_children().id, "term_id": self.term.id, "state": "complete", "issue_version": 3}
        )
        self.assertEqual((made.state, made.issue_version), ("not_started", 0))

    def test_where_a_child_learns_is_recorded_before_ready(self):
        """A school, or a kind of enrolment that has none; no enrolment at all is not known."""
        for kind, known in ((None, False), ("not_on_roll", True), ("custody", True), ("hospital", True)):
            with self.subTest(kind):
                child = self.make_children(school=False)
                if kind:
                    self.env["pep.enrolment"].create({"child_id": child.id, "kind": kind, "date_from": self.today})
                plan = self.as_user(self.make_plan(child), "vseo")
                plan.action_start()
                self.assertEqual(not plan.action_ready(), known)
                self.assertEqual(plan.state, "ready" if known else "gathering")

    def test_without_an_academic_target_it_stays_ready(self):
        self.bring_to("ready")
        meeting = self.plan_meeting(self.plan)
        question = meeting.action_hold()
        self.assertEqual(question["res_model"], "pep.meeting.hold")
        self.assertEqual((meeting.state, self.plan.state), ("planned", "ready"))
        self.smart_target(self.plan, measure=False)
        self.assertEqual(meeting.action_hold()["res_model"], "pep.meeting.hold")
        self.assertEqual(self.plan.action_process()["res_model"], "pep.plan.go.on", "the PEP's own button asks as well")
        self.assertIn("Measured by", self.plan.missing)
        self.plan.target_ids.measure = "Reading test"
        self.assertFalse(meeting.action_hold())
        self.assertEqual(self.plan.state, "processing")

    def test_a_gate_is_passed_with_a_listed_reason(self):
        self.bring_to("ready")
        question = self.plan.action_process()
        wizard = self.plan.env[question["res_model"]].with_context(**question["context"]).create({})
        self.assertEqual(wizard.line_ids.mapped("gate"), ["meeting", "academic_target"])
        with self.assertRaises(UserError):
            wizard.action_go_on()
        reasons = self.env["pep.gate.reason"].search(
            [("company_id", "=", self.council.id), ("head_only", "=", False)], order="sequence desc"
        )
        reason_of = {reason.gate: reason for reason in reasons}
        for line in wizard.line_ids:
            line.reason_id = reason_of[line.gate]
        wizard.action_go_on()
        self.assertEqual(self.plan.state, "processing")
        self.assertRecordValues(
            self.plan.pass_ids,
            [
                {"gate": gate, "reason_id": reason_of[gate].id, "user_id": self.users["vseo"].id}
                for gate in ("meeting", "academic_target")
            ],
        )
        with self.assertRaises(UserError):
            self.plan.pass_ids[0].note = "something else"

    def test_a_reason_for_another_gate_or_for_the_head_alone_is_refused(self):
        self.bring_to("ready")
        reasons = self.env["pep.gate.reason"].search([("company_id", "=", self.council.id)])
        passes = self.plan.env["pep.gate.pass"]
        wrong = reasons.filtered(lambda reason: reason.gate == "next_date")[:1]
        with self.assertRaises(UserError):
            passes.create({"plan_id": self.plan.id, "gate": "meeting", "reason_id": wrong.id})
        head_only = reasons.filtered(lambda reason: reason.gate == "meeting" and reason.head_only)[:1]
        self.assertTrue(head_only)
        with self.assertRaises(AccessError):
            passes.create({"plan_id": self.plan.id, "gate": "meeting", "reason_id": head_only.id})

    def test_a_kind_asks_for_its_own_steps(self):
        interim = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "interim")])
        self.plan.kind_id = interim
        self.plan.action_start()
        self.plan.action_ready()
        self.assertFalse(self.plan.action_process())
        self.assertEqual(self.plan.state, "processing")

    def test_returned_with_a_reason(self):
        self.bring_to("ready")
        with self.assertRaises(UserError):
            self.plan._take_step("return", "  ")
        self.plan._take_step("return", "The school's attendance is missing")
        self.assertRecordValues(
            self.plan, [{"state": "gathering", "stage_reason": "The school's attendance is missing"}]
        )

    def test_complete_is_frozen_in_every_way_in(self):
        self.bring_to("complete")
        plan = self.plan
        target, meeting = plan.target_ids, plan.meeting_ids
        refused = [
            lambda: plan.write({"summary": "Rewritten"}),
            lambda: plan.sudo().write({"summary": "Rewritten"}),
            lambda: plan.write({"target_ids": [(0, 0, {"name": "One more", "area_id": target.area_id.id})]}),
            lambda: target.write({"name": "Easier"}),
            lambda: target.sudo().write({"by_when": False}),
            lambda: self.smart_target(plan),
            lambda: meeting.write({"notes": "Nothing was said"}),
            lambda: meeting.attendee_ids[0].write({"attended": False}),
            lambda: plan.env["pep.meeting"].create({"plan_id": plan.id, "start": fields.Datetime.now()}),
            lambda: plan.env["pep.funding.request"].create({"target_id": target.id, "name": "Late", "unit_cost": 10}),
            lambda: plan.issue_ids.sudo().write({"reason": "No reason"}),
            lambda: plan.issue_ids.sudo().unlink(),
            lambda: plan.sudo().unlink(),
            lambda: target.sudo().unlink(),
            plan.copy,
        ]
        for number, attempt in enumerate(refused):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()

    def test_what_happens_later_leaves_the_issue_as_it_was(self):
        self.bring_to("ready")
        target = self.smart_target(self.plan)
        self.hold_meeting(self.plan)
        request = self.plan.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "Reading tuition", "quantity": 10, "unit_cost": 40}
        )
        self.plan.next_meeting_note = "May"
        self.plan.action_complete()
        issue = self.plan.issue_ids
        before = issue.digest
        self.as_user(request.funding_ids, "head").action_approve()
        self.env["pep.enrolment"].search([("child_id", "=", self.child.id)]).date_to = self.today
        self.child.sen_provision = "E"
        following = self.make_plan(self.child, self.next_term())
        following.review_ids.outcome = "achieved"
        self.env.flush_all()
        issue.invalidate_recordset()
        self.assertEqual(issue.digest, before)
        self.assertTrue(issue.is_intact)
        self.assertEqual(target.state, "achieved")
        self.assertEqual(self.plan.sen_provision, "N")
        self.assertEqual(self.plan.school_id, self.school)

    def test_corrected_with_a_reason_and_issued_again(self):
        self.bring_to("complete")
        first = self.plan.issue_ids
        with self.assertRaises(UserError):
            self.plan._take_step("correct", "")
        self.plan._take_step("correct", "The reading age was mistyped")
        self.assertEqual(self.plan.state, "processing")
        self.plan.target_ids.baseline = "A quarter of a page"
        self.plan.action_complete()
        second = self.plan.issue_ids - first
        self.assertRecordValues(second, [{"version": 2, "reason": "The reading age was mistyped"}])
        self.assertEqual(first.data["targets"][0]["baseline"], "Half a page")
        self.assertEqual(second.data["targets"][0]["baseline"], "A quarter of a page")
        self.assertTrue(first.is_intact and second.is_intact)

    def test_a_forged_version_does_not_look_intact(self):
        self.bring_to("complete")
        issue = self.plan.issue_ids
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_plan_issue SET document = document || ' ' WHERE id = %s", [issue.id])
        issue.invalidate_recordset()
        self.assertFalse(issue.is_intact)

    def test_an_unfinished_target_comes_forward_once(self):
        self.bring_to("complete")
        target = self.plan.target_ids
        term = self.next_term()
        following = self.make_plan(self.child, term)
        self.assertEqual(following.review_ids.target_id, target)
        term._open(self.child)
        self.env["pep.target"]._bring_forward(following)
        self.assertEqual(len(following.review_ids), 1)
        review = following.review_ids
        review.write({"outcome": "partly", "carry_forward": True})
        self.assertRecordValues(
            following.target_ids, [{"name": target.name, "continues_id": target.id, "by_when": False}]
        )
        self.assertEqual(target.state, "partly")
        review.carry_forward = False
        self.assertEqual(following.target_ids.state, "withdrawn")
        review.carry_forward = True
        self.assertEqual(following.target_ids.mapped("state"), ["open"])

    def test_targets_of_a_pep_finished_late_still_come_forward(self):
        following = self.make_plan(self.child, self.next_term())
        self.assertFalse(following.review_ids)
        self.bring_to("complete")
        self.assertEqual(following.review_ids.target_id, self.plan.target_ids)

    def test_targets_not_reviewed_come_forward_again(self):
        self.bring_to("complete")
        target = self.plan.target_ids
        following = self.make_plan(self.child, self.next_term())
        following._take_step("cancel", "Left care for a while")
        self.assertEqual(following.review_ids.outcome, "unreviewed")
        self.assertEqual(target.state, "open")
        third = self.env["pep.term"]._term_on(self.council, self.next_term().date_to + timedelta(days=1))
        self.assertEqual(self.make_plan(self.child, third).review_ids.target_id, target)

    def test_cancelled_with_a_reason_and_frozen(self):
        with self.assertRaises(UserError):
            self.plan._take_step("cancel", None)
        self.plan._take_step("cancel", "Adopted")
        self.assertEqual(self.plan.state, "cancelled")
        with self.assertRaises(UserError):
            self.plan.summary = "x"
        with self.assertRaises(UserError):
            self.plan._take_step("correct", "Not so")

    def test_roles_that_must_not_take_a_step(self):
        self.surround(self.child)
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "finance",
            "admin",
            "other_vseo",
            "employee",
        ):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.plan, role).action_start()
        self.assertEqual(self.plan.state, "not_started")
