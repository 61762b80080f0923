from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .gathering_common import GatheringCase

REFUSALS = ("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")


@tagged("post_install", "-at_install")
class TestParts(GatheringCase):
    def test_a_pep_has_a_part_for_each_section(self):
        self.assertEqual(set(self.parts), set(self.sections))
        self.assertEqual(len(self.plan.contribution_ids), len(self.sections))
        school = self.parts["school"]
        self.assertEqual((school.owner_role, school.school_id, school.state), ("teacher", self.school, "not_started"))
        self.assertEqual((school.question_count, school.required_count), (7, 1))
        self.assertEqual(school.due_date, self.plan.due_date - timedelta(days=5))
        self.assertFalse(self.parts["carer"].school_id)

    def test_run_twice_makes_nothing_twice(self):
        self.assertFalse(self.env["pep.contribution"]._sync_for(self.plan))
        self.as_user(self.plan, "vseo").action_update_parts()
        self.assertEqual(len(self.plan.contribution_ids), len(self.sections))

    def test_a_dual_registered_child_has_one_for_each_school(self):
        child = self.make_children()
        second = self.make_school("Ash Centre", "100003")
        self.env["pep.enrolment"].create(
            {"child_id": child.id, "school_id": second.id, "kind": "subsidiary", "date_from": self.today}
        )
        plan = self.make_plan(child)
        parts = plan.contribution_ids.filtered(lambda part: part.section_id == self.sections["school"])
        self.assertEqual(parts.school_id, self.school | second)
        self.assertEqual(len(plan.contribution_ids), len(self.sections) + 1)

    def test_without_a_school_somebody_else_answers(self):
        plan = self.make_plan(self.make_children(school=False))
        part = self.parts_of(plan)["school"]
        self.assertEqual((part.owner_role, part.school_id.ids), ("social_worker", []))
        # a school is found: what nobody has begun goes over to it
        self.env["pep.enrolment"].create(
            {"child_id": plan.child_id.id, "school_id": self.school.id, "date_from": self.today}
        )
        plan.school_id = self.school
        self.assertFalse(self.env["pep.contribution"]._sync_for(plan))
        self.assertEqual((part.owner_role, part.school_id), ("teacher", self.school))

    def test_what_was_begun_stays_with_who_began_it(self):
        self.save(self.parts["school"], "teacher", well="Maths")
        second = self.make_school("Ash Centre", "100003")
        self.env["pep.enrolment"].search([("child_id", "=", self.child.id)]).date_to = self.today - timedelta(days=1)
        self.env["pep.enrolment"].create({"child_id": self.child.id, "school_id": second.id, "date_from": self.today})
        self.plan.school_id = second
        made = self.env["pep.contribution"]._sync_for(self.plan)
        self.assertEqual(made.school_id, second)
        self.assertEqual(self.parts["school"].school_id, self.school)

    def test_forms_and_kinds(self):
        self.sections["carer"].in_statutory = False
        desk = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "desk")])
        self.sections["office"].kind_ids = desk
        plan = self.make_plan(self.make_children())
        self.assertEqual(set(self.parts_of(plan)), {"school", "social", "voice"})
        plan.kind_id = desk
        self.env["pep.contribution"]._sync_for(plan)
        self.assertIn("office", self.parts_of(plan))

    def test_what_may_be_left_out_is_asked_where_there_is_somebody(self):
        self.sections["carer"].required = False
        alone = self.make_plan(self.make_children())
        self.assertNotIn("carer", self.parts_of(alone))
        self.env["pep.network.member"].create(
            {
                "child_id": alone.child_id.id,
                "partner_id": self.users["carer"].partner_id.id,
                "role": "carer",
                "must_not_contact": True,
            }
        )
        self.assertFalse(self.env["pep.contribution"]._sync_for(alone))
        alone.child_id.network_ids.must_not_contact = False
        self.assertEqual(self.env["pep.contribution"]._sync_for(alone).section_id, self.sections["carer"])

    def test_a_question_retired_later_stays_in_the_form(self):
        self.questions["well"].action_retire()
        with self.subTest("the open PEP"):
            self.assertIn(self.questions["well"], self.parts["school"]._questions())
        self.env.flush_all()
        later = fields.Datetime.now() + timedelta(minutes=1)
        self.assertNotIn(self.questions["well"], self.sections["school"]._questions_at(later))

    def test_due_some_days_before_the_meeting(self):
        start = fields.Datetime.now() + timedelta(days=20)
        self.env["pep.meeting"].create({"plan_id": self.plan.id, "start": start})
        day = self.council._pep_local(start).date() - timedelta(days=5)
        self.assertEqual({self.parts[key].due_date for key in ("school", "social", "carer")}, {day})
        self.council.pep_contribution_days = 10
        self.plan.meeting_ids.start = start + timedelta(days=1)
        self.assertEqual(self.parts["carer"].due_date, day - timedelta(days=4))
        # school and social worker have clocks, with rules of their own
        for key, kind in (("school", "school_part"), ("social", "social_work_part")):
            clock = self.plan.deadline_ids.filtered(lambda clock, kind=kind: clock.kind == kind)
            self.assertEqual((self.parts[key].due_date, clock.due_date), (day + timedelta(days=1),) * 2)

    def test_late(self):
        self.plan.due_date = self.today
        self.assertTrue(self.parts["carer"].is_late)
        self.hand_in(self.plan, "carer")
        self.assertFalse(self.parts["carer"].is_late)


@tagged("post_install", "-at_install")
class TestAnswers(GatheringCase):
    def test_one_of_each_kind(self):
        part = self.parts["school"]
        results = self.save(
            part,
            "teacher",
            well="Maths",
            age="9.5",
            since="2026-02-28",
            tuition="yes",
            level="On",
            happy="4",
            plans="X",
        )
        self.assertEqual({result["status"] for result in results.values()}, {"saved"})
        self.env.invalidate_all()
        values = {answer.question_id: answer.value for answer in part.answer_ids}
        expected = {
            "well": "Maths",
            "age": "9.5 years",
            "since": "28 February 2026",
            "tuition": "Yes",
            "level": "On",
            "happy": "4",
            "plans": "X",
        }
        self.assertEqual(values, {self.questions[key]: value for key, value in expected.items()})
        self.assertEqual((part.state, part.answered_count, part.required_answered), ("in_progress", 7, 1))
        self.assertEqual(part.progress, 100)
        self.assertEqual(part.answer_ids.author_id, self.users["teacher"])

    def test_what_does_not_fit_is_refused_and_the_rest_is_saved(self):
        wrong = {
            "age": ("nine", "inf", "3", "1e99"),
            "since": ("yesterday", "2026-02-29", "0001-01-01"),
            "tuition": ("maybe",),
            "level": ("Between", "on"),
            "happy": ("6", "-1", "2.5"),
            "plans": ("x" * 100_000,),
        }
        version = 0
        for key, values in wrong.items():
            for value in values:
                with self.subTest(key, value=value[:20]):
                    results = self.save(self.parts["school"], "teacher", version, well=f"Maths {key}", **{key: value})
                    self.assertEqual(results[key]["status"], "refused")
                    self.assertTrue(results[key]["message"])
                    self.assertIn(results["well"]["status"], ("saved", "same"))
                    version = results["well"]["version"]
        self.assertEqual(self.parts["school"].answer_ids.question_id, self.questions["well"])

    def test_29_february_and_what_empties_an_answer(self):
        self.save(self.parts["school"], "teacher", since="2028-02-29")
        self.assertEqual(self.parts["school"].answer_ids.value, "29 February 2028")
        self.save(self.parts["school"], "teacher", version=1, since="")
        self.assertFalse(self.parts["school"].answer_ids.value)
        self.assertEqual(self.parts["school"].answered_count, 0)

    def test_a_conflict_is_told_and_nothing_is_written_over(self):
        part = self.parts["school"]
        self.assertEqual(self.save(part, "teacher", well="Maths")["well"]["version"], 1)
        late = self.save(part, "teacher", well="Art")["well"]
        self.assertEqual((late["status"], late["version"], late["value"]), ("conflict", 1, "Maths"))
        self.assertTrue(late["by"] and late["on"])
        self.assertEqual(part.answer_ids.value, "Maths")
        self.assertEqual(self.save(part, "teacher", well="Maths")["well"]["status"], "same")
        self.assertEqual(self.save(part, "teacher", version=1, well="Art")["well"]["status"], "saved")
        self.assertEqual((part.answer_ids.value, part.answer_ids.version), ("Art", 2))

    def test_questions_of_another_part_prompts_and_facts_are_refused(self):
        for key in ("reading", "talk", "where"):
            with self.subTest(key), self.assertRaises(AccessError):
                self.save(self.parts["school"], "teacher", **{key: "x"})
        self.assertFalse(self.parts["school"].answer_ids)

    def test_as_last_time(self):
        part = self.parts["school"]
        self.save(part, "teacher", well="Maths", plans="College")
        self.as_user(part, "teacher").action_submit()
        later = self.make_plan(self.child, self.next_term())
        later.action_start()
        following = self.as_user(self.parts_of(later)["school"], "teacher")
        lines = {line["question"]: line for line in following._form()}
        self.assertEqual(lines[self.questions["plans"]]["last"].value, "College")
        self.assertFalse(lines[self.questions["well"]]["last"])
        self.assertEqual(lines[self.questions["where"]]["fact"], self.school.name)
        self.assertEqual(following.answered_count, 0)
        self.save(following, "teacher", plans="College")
        self.assertEqual(following.sudo().answered_count, 1)
        lines = {line["question"]: line for line in following._form()}
        self.assertFalse(lines[self.questions["plans"]]["last"])

    def test_as_last_time_follows_a_question_that_was_revised(self):
        self.save(self.parts["school"], "teacher", well="Maths", plans="College")
        self.as_user(self.parts["school"], "teacher").action_submit()
        self.questions["plans"].with_user(self.users["admin"]).action_revise()
        made = self.env["pep.question"].search([("replaces_id", "=", self.questions["plans"].id)])
        later = self.make_plan(self.child, self.next_term())
        later.contribution_ids.opened_on = made.used_from
        lines = {line["question"]: line for line in self.parts_of(later)["school"]._form()}
        self.assertEqual(lines[made]["last"].value, "College")
        self.assertNotIn(self.questions["plans"], lines)

    def test_nobody_writes_an_answer_by_hand(self):
        self.save(self.parts["school"], "teacher", well="Maths")
        answer = self.parts["school"].answer_ids
        for role in ("teacher", "vseo", "head"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.as_user(answer, role).write({"value_text": "Art"})
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.as_user(answer, role).create(
                    {"contribution_id": self.parts["carer"].id, "question_id": self.questions["reading"].id}
                )
        for role in ("vseo", "head"):
            with self.subTest(role), self.assertRaises(UserError):
                self.as_user(self.parts["school"], role).write({"state": "accepted"})

    def test_saving_costs_a_fixed_number_of_queries(self):
        part = self.as_user(self.parts["school"], "teacher")
        part.action_save_answers([{"question": self.questions["well"].id, "value": "A", "version": 0}])

        def cost(**values):
            answers = [
                {"question": self.questions[key].id, "value": value, "version": 0} for key, value in values.items()
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            results = part.action_save_answers(answers)
            self.env.flush_all()
            self.assertEqual({result["status"] for result in results.values()}, {"saved"})
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(cost(plans="B"), 25)
        self.assertEqual(cost(tuition="no", level="Above"), cost(happy="3", age="9", since="2026-01-31"))


@tagged("post_install", "-at_install")
class TestWhoMay(GatheringCase):
    def test_each_answers_its_own_part_and_no_other(self):
        owners = {"school": "teacher", "carer": "carer", "social": "social_worker"}
        values = {
            "school": {"well": "x"},
            "carer": {"reading": "x"},
            "social": {"contact": "x"},
            "voice": {"safe": "x"},
        }
        values["office"] = {"check": "x"}
        for key, part in self.parts.items():
            for role in ("teacher", "social_worker", "carer", "parent", "iro", "finance", "admin", "other_vseo"):
                with self.subTest(key, role=role), mute_logger("odoo.addons.base.models.ir_rule"):
                    if owners.get(key) == role:
                        continue
                    with self.assertRaises(AccessError):
                        self.save(part, role, **values[key])
                    with self.assertRaises(AccessError):
                        self.as_user(part, role).action_submit()
        self.assertFalse(self.plan.contribution_ids.answer_ids)

    def test_a_teacher_of_the_other_school_reads_and_does_not_write(self):
        second = self.make_school("Ash Centre", "100003")
        self.env["pep.enrolment"].create(
            {"child_id": self.child.id, "school_id": second.id, "kind": "subsidiary", "date_from": self.today}
        )
        self.env["pep.contribution"]._sync_for(self.plan)
        theirs = self.plan.contribution_ids.filtered(lambda part: part.school_id == second)
        with self.assertRaises(AccessError):
            self.save(theirs, "teacher", well="x")

    def test_the_staff_of_the_academy_go_on_with_what_the_school_began(self):
        self.save(self.parts["school"], "teacher", well="Maths")
        wizard = self.as_user(self.env["pep.school.academise"], "head").create(
            {"school_id": self.school.id, "urn": "100077", "name": "Elm Academy", "date": self.today}
        )
        wizard.action_academise()
        self.save(self.parts["school"], "teacher", 1, well="Maths and art")
        self.as_user(self.parts["school"], "teacher").action_submit()

    def test_words_are_read_by_others_when_they_are_handed_in(self):
        part = self.parts["school"]
        self.save(part, "teacher", well="Maths")
        answer = part.answer_ids

        def readers():
            people = ("teacher", "social_worker", "carer", "parent", "iro", "vseo", "other_vseo")
            return {
                role for role in people if self.as_user(self.env["pep.answer"], role).search([("id", "=", answer.id)])
            }

        self.assertEqual(readers(), {"teacher", "vseo"})
        self.as_user(part, "teacher").action_submit()
        self.assertEqual(readers(), {"teacher", "social_worker", "carer", "iro", "vseo"})
        self.as_user(part, "vseo")._take_step("return", "Which part of maths?")
        self.assertEqual(readers(), {"teacher", "vseo"})

    def test_what_a_child_kept_from_the_helper(self):
        part = self.parts["voice"].sudo()
        part._save_answers(
            [{"question": self.questions["safe"].id, "value": "No", "version": 0}],
            author=self.users["vseo"],
            kept_private=True,
            hidden_from_id=self.users["vseo"].id,
        )
        part._submit()
        answer = part.answer_ids
        seen = [
            role
            for role in ("vseo", "head", "teacher", "social_worker", "carer")
            if self.as_user(self.env["pep.answer"], role).search([("id", "=", answer.id)])
        ]
        self.assertEqual(seen, ["head"])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.as_user(answer, "vseo").read(["value"])

    def test_outside_the_stages_of_work_nobody_writes(self):
        fresh = self.make_plan(self.make_children())
        self.surround_again(fresh.child_id)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.save(self.parts_of(fresh)["carer"], "carer", reading="x")
        self.hand_in(self.plan, "carer")
        with self.assertRaisesRegex(UserError, "handed in"):
            self.save(self.parts["carer"], "carer", 1, reading="y")
        self.as_user(self.plan, "vseo")._take_step("cancel", "Left care")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.save(self.parts["social"], "social_worker", contact="x")

    def surround_again(self, child):
        self.env["pep.network.member"].create(
            {
                "child_id": child.id,
                "partner_id": self.users["carer"].partner_id.id,
                "role": "carer",
                "date_from": self.today,
            }
        )

    def test_who_has_left_does_neither(self):
        self.env["pep.enrolment"].search([("child_id", "=", self.child.id)]).date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.save(self.parts["school"], "teacher", well="x")

    def test_on_behalf_of(self):
        part = self.parts["carer"]
        with self.assertRaisesRegex(UserError, "on whose behalf"):
            self.save(part, "vseo", reading="By phone")
        staff = self.as_user(part, "vseo")
        for name, how, day in (("", "phone", self.today), ("Ms Day", "smoke", self.today), ("Ms Day", "phone", False)):
            with self.assertRaises(UserError):
                staff.action_enter_on_behalf(name, how, day)
        with self.assertRaisesRegex(UserError, "future"):
            staff.action_enter_on_behalf("Ms Day", "phone", self.today + timedelta(days=1))
        staff.action_enter_on_behalf("Ms Day", "phone", self.today)
        self.save(part, "vseo", reading="Every night")
        answer = part.answer_ids
        self.assertEqual((answer.author_id, answer.author_name), (self.users["vseo"], "Ms Day"))
        self.assertEqual((part.behalf_how, part.entered_by_id), ("phone", self.users["vseo"]))
        for role in ("teacher", "carer", "other_vseo", "finance"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*REFUSALS):
                self.as_user(part, role).action_enter_on_behalf("Me", "phone", self.today)


@tagged("post_install", "-at_install")
class TestHandingIn(GatheringCase):
    def test_what_must_be_answered_is_named(self):
        with self.assertRaisesRegex(UserError, "Question well"):
            self.as_user(self.parts["school"], "teacher").action_submit()
        self.save(self.parts["school"], "teacher", well=" \n ")
        with self.assertRaisesRegex(UserError, "Question well"):
            self.as_user(self.parts["school"], "teacher").action_submit()

    def test_returning_opens_that_part_alone(self):
        self.hand_in(self.plan, "school", "carer")
        school = self.as_user(self.parts["school"], "vseo")
        with self.assertRaisesRegex(UserError, "why"):
            school._take_step("return", " ")
        school._take_step("return", "Which part of maths?")
        self.assertEqual((self.parts["school"].state, self.parts["carer"].state), ("returned", "submitted"))
        self.assertEqual(self.as_user(self.parts["school"], "teacher").returned_reason, "Which part of maths?")
        self.save(self.parts["school"], "teacher", 1, well="Fractions")
        self.as_user(self.parts["school"], "teacher").action_submit()
        self.assertEqual(
            [list(entry["answers"].values()) for entry in self.parts["school"].history], [["Maths"], ["Fractions"]]
        )

    def test_accepting(self):
        part = self.as_user(self.parts["school"], "vseo")
        with self.assertRaises(UserError):
            part.action_accept()
        self.hand_in(self.plan, "school")
        for role in ("teacher", "other_vseo", "finance", "admin"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*REFUSALS):
                self.as_user(self.parts["school"], role).action_accept()
        self.as_user(self.parts["school"], "vseo").action_accept()
        self.assertEqual((part.state, part.accepted_by_id), ("accepted", self.users["vseo"]))

    def test_not_needed(self):
        part = self.as_user(self.parts["carer"], "vseo")
        part._take_step("not_needed", "Between placements")
        with self.assertRaisesRegex(UserError, "not needed"):
            self.save(self.parts["carer"], "carer", reading="x")
        part.action_needed()
        self.assertEqual(part.state, "not_started")

    def test_ready_when_what_is_required_is_in(self):
        plan = self.as_user(self.plan, "vseo")
        self.hand_in(self.plan, "school", "carer", "social")
        self.assertIn("Part voice", plan.missing)
        self.assertEqual(plan.action_ready()["res_model"], "pep.plan.go.on")
        self.hand_in(self.plan, "voice")
        self.assertFalse(plan.missing)
        plan.action_ready()
        self.assertEqual(plan.state, "ready")

    def test_ready_with_a_listed_reason(self):
        plan = self.as_user(self.plan, "vseo")
        self.hand_in(self.plan, "school", "social", "voice")
        question = plan.action_ready()
        wizard = plan.env["pep.plan.go.on"].with_context(**question["context"]).create({})
        self.assertEqual(wizard.line_ids.mapped("gate"), ["contributions"])
        wizard.line_ids.reason_id = self.env["pep.gate.reason"].search(
            [("company_id", "=", self.council.id), ("gate", "=", "contributions")], limit=1
        )
        wizard.action_go_on()
        self.assertEqual((plan.state, plan.pass_ids.gate), ("ready", "contributions"))

    def test_a_late_part_is_handed_in_during_processing(self):
        self.hand_in(self.plan, "school", "social", "voice")
        self.plan._move("processing")
        self.hand_in(self.plan, "carer")
        self.assertEqual(self.parts["carer"].state, "submitted")

    def test_finished_is_frozen_and_out_of_sight(self):
        self.hand_in(self.plan, "school", "carer", "social", "voice")
        self.plan._move("complete")
        with self.assertRaisesRegex(UserError, "finished"):
            self.as_user(self.parts["school"], "vseo").action_accept()
        with self.assertRaisesRegex(UserError, "finished"):
            self.as_user(self.parts["school"], "vseo")._take_step("return", "x")
        self.assertFalse(self.as_user(self.env["pep.contribution"], "teacher").search([]))
        self.assertFalse(self.as_user(self.env["pep.answer"], "teacher").search([]))
        self.as_user(self.plan, "vseo")._take_step("correct", "A word was wrong")
        self.as_user(self.parts["school"], "vseo")._take_step("return", "A word was wrong")
        self.save(self.parts["school"], "teacher", 1, well="Put right")

    def test_at_a_glance(self):
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual((plan.school_part, plan.school_progress, plan.voice_state), ("0 of 1", 0, "Not started"))
        self.assertEqual(plan.waiting_for, "School, Social worker, Carer, Child")
        self.save(self.parts["school"], "teacher", well="Maths")
        self.assertEqual((plan.school_part, plan.school_progress), ("0 of 1", 14))
        self.hand_in(self.plan, "carer")
        self.assertEqual(self.as_user(self.plan, "vseo").waiting_for, "School, Social worker, Child")
