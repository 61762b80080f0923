from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.quality.quality_common import QualityCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
OUTSIDE = ("teacher", "social_worker", "carer", "parent", "iro", "employee", "finance", "admin")


@tagged("post_install", "-at_install")
class ReviewCase(QualityCase):
    def refused(self, action, words="", error=UserError):
        with self.assertRaises(error) as refusal, mute_logger(*QUIET), self.env.cr.savepoint():
            action()
        self.assertIn(words, str(refusal.exception))


@tagged("post_install", "-at_install")
class TestMarking(ReviewCase):
    def test_a_review_has_every_area_of_the_rubric_in_use(self):
        review = self.begin()
        self.assertEqual(review.line_ids.area_id, self.rubric.area_ids)
        self.assertEqual((review.rubric_id, review.version, review.kind), (self.rubric, 1, "qa"))
        self.assertEqual(review.reviewer_id, self.users["head"])
        self.assertEqual(review.display_name, self.child.reference)

    def test_twice_begun_is_the_same_review(self):
        review = self.begin()
        self.assertEqual(self.begin(), review)
        self.assertEqual(self.begin(role="vseo").ids, review.ids)

    def test_the_overall_grade_follows_each_mark(self):
        review = self.begin()
        answer = self.mark(review, voice=self.amber)
        self.assertEqual({result["status"] for result in answer["results"]}, {"saved"})
        overall = answer["blocks"]["overall"]
        self.assertEqual((overall["grade"], overall["complete"]), ("Amber", True))
        self.assertEqual(overall["rule"], "If at least one area is Amber, the PEP is Amber.")
        answer = self.mark(review, voice=self.red)
        self.assertEqual(answer["blocks"]["overall"]["grade"], "Red")

    def test_a_first_mark_tells_how_far(self):
        review = self.begin()
        line = review.line_ids[0]
        answer = review.review_save(
            [{"kind": "line", "id": line.id, "field": "grade_id", "was": 0, "value": self.amber.id}]
        )
        overall = answer["blocks"]["overall"]
        self.assertEqual((overall["grade"], overall["graded"], overall["complete"]), ("Amber", 1, False))

    def test_what_somebody_else_marked_is_told_and_kept(self):
        review = self.begin()
        line = review.line_ids[0]
        change = {"kind": "line", "id": line.id, "field": "comment", "was": "", "value": "Mine"}
        review.review_save([change])
        result = review.review_save([{**change, "value": "From another page"}])["results"][0]
        self.assertEqual((result["status"], result["value"], result["by"]), ("conflict", "Mine", review.env.user.name))
        self.assertEqual(line.comment, "Mine")
        self.assertEqual(review.review_save([{**change, "was": "Mine"}])["results"][0]["status"], "same")

    def test_what_can_be_saved(self):
        review = self.begin()
        line = review.line_ids.filtered(lambda line: line.area_id.about == "voice")
        other = self.env["pep.rubric.grade"].search([("rubric_id", "!=", self.rubric.id)], limit=1)
        for change, status in (
            ({"kind": "line", "id": line.id, "field": "left_out", "was": False, "value": True}, "refused"),
            ({"kind": "line", "id": line.id, "field": "grade_id", "was": 0, "value": other.id}, "refused"),
            ({"kind": "line", "id": line.id, "field": "comment", "was": "", "value": "x" * 20_001}, "refused"),
        ):
            with self.subTest(change["field"]):
                self.assertEqual(review.review_save([change])["results"][0]["status"], status)
        for change in (
            {"kind": "line", "id": line.id, "field": "name", "was": "", "value": "x"},
            {"kind": "review", "id": 0, "field": "state", "was": "", "value": "done"},
            {"kind": "plan", "id": 0, "field": "state", "was": "", "value": "complete"},
            {"kind": "line", "id": line.id + 100_000, "field": "comment", "was": "", "value": "x"},
        ):
            with self.subTest(change["kind"]):
                self.refused(lambda change=change: review.review_save([change]), error=AccessError)

    def test_an_area_that_is_left_out_does_not_count(self):
        review = self.begin()
        self.mark(review, funding=self.red)
        line = review.line_ids.filtered(lambda line: line.area_id.about == "funding")
        answer = review.review_save([{"kind": "line", "id": line.id, "field": "left_out", "was": False, "value": True}])
        self.assertEqual(answer["blocks"]["overall"]["grade"], "Green")
        self.assertFalse(line.grade_id)

    def test_last_time_is_told(self):
        review = self.begin()
        self.mark(review, voice=self.red)
        part = review.plan_id.contribution_ids.filtered(lambda part: part.state == "submitted")
        review.action_finish("returned", [{"id": part.id}], "No voice")
        again = self.process_again()
        lines = {line["name"]: line for line in again.review_load(["lines"])["lines"]}
        self.assertIn("Red. Missing in Child's voice", lines["Child's voice"]["before"])
        self.assertIn("Green", lines["Targets"]["before"])

    def process_again(self):
        plan = self.as_user(self.plan, "vseo")
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "returned")
        part.sudo().state = "submitted"
        plan.action_ready()
        plan.action_process()
        return self.begin()

    def test_the_screen_in_a_fixed_number_of_queries(self):
        review = self.begin()
        review.review_load()

        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            review.review_load()
            return self.env.cr.sql_log_count - before

        few = count()
        for _number in range(5):
            self.smart_target(self.plan)
            self.env["pep.funding.request"].create(
                {"target_id": self.plan.target_ids[0].id, "name": "Tuition", "unit_cost": 10}
            )
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestOutcomes(ReviewCase):
    def test_accepted(self):
        review = self.accept()
        self.assertEqual((review.state, review.outcome, review.grade_id), ("done", "accepted", self.green))
        self.assertEqual(review.rule_words, "In every other case the PEP is Green.")
        self.assertTrue(review.done_on)
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual((plan.qa_state, plan.qa_grade, plan.qa_colour), ("accepted", "Green", "green"))
        self.assertEqual(plan.rubric_id, self.rubric)
        self.assertEqual(plan._accepted_review(), review)

    def test_amber_is_accepted_with_feedback(self):
        review = self.begin()
        self.mark(review, voice=self.amber)
        self.refused(lambda: review.action_finish("accepted"), "Amber is accepted with feedback")
        self.refused(lambda: review.action_finish("accepted_feedback"), "Write the feedback")
        self.say(review, feedback="Ask the child again next term")
        review.action_finish("accepted_feedback")
        self.assertEqual((review.outcome, review.grade_id), ("accepted_feedback", self.amber))

    def test_feedback_is_not_lost_by_accepting_without(self):
        review = self.begin()
        self.mark(review)
        self.say(review, feedback="Well done")
        self.refused(lambda: review.action_finish("accepted"), "accept with feedback")
        review.action_finish("accepted_feedback")

    def test_red_goes_back(self):
        review = self.begin()
        self.mark(review, targets=self.red)
        for outcome in ("accepted", "accepted_feedback"):
            self.refused(lambda outcome=outcome: review.action_finish(outcome), "goes back")

    def test_what_is_missing_is_said(self):
        review = self.begin()
        self.refused(lambda: review.action_finish("accepted"), "Still to be graded: Child's voice")
        self.mark(review, voice=self.red)
        line = review.line_ids[0]
        review.review_save([{"kind": "line", "id": line.id, "field": "comment", "was": line.comment, "value": ""}])
        self.refused(lambda: review.action_finish("returned", [], "Why"), "a comment on: Child's voice")
        self.mark(review)
        self.refused(lambda: review.action_finish("excellent"), "what comes of it")
        self.refused(review.action_finish, "what comes of it")

    def test_another_grade_than_the_rule_needs_a_reason(self):
        review = self.begin()
        self.mark(review, voice=self.red)
        self.say(review, override_grade_id=self.amber.id, feedback="Nearly")
        self.refused(lambda: review.action_finish("accepted_feedback"), "Say why the overall grade is another")
        self.say(review, override_reason="The child was in hospital")
        review.action_finish("accepted_feedback")
        self.assertEqual((review.grade_id, review.rule_grade_id), (self.amber, self.red))

    def test_returned_to_named_parts(self):
        review = self.begin()
        self.mark(review, voice=self.red)
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "submitted")
        other = self.plan.contribution_ids.filtered(lambda part: part.state == "not_started")[:1]
        self.refused(lambda: review.action_finish("returned", [], "Too thin"), "Choose which parts")
        self.refused(lambda: review.action_finish("returned", [{"id": other.id}], "Too thin"), "handed in")
        self.refused(lambda: review.action_finish("returned", [{"id": part.id}], " "), "Say why")
        self.say(review, feedback="Please ask the child")
        review.action_finish("returned", [{"id": part.id, "reason": "Not this term's figures"}], "Too thin")
        self.assertEqual((self.plan.state, self.plan.stage_reason), ("gathering", "Too thin"))
        self.assertEqual((part.state, part.returned_reason), ("returned", "Not this term's figures"))
        self.assertEqual((review.state, review.outcome, review.part_ids), ("done", "returned", part))
        self.assertEqual(self.as_user(self.plan, "vseo").qa_state, "returned")

    def test_a_part_of_another_pep_does_not_go_back(self):
        other = self.process(self.make_plan(self.make_children()))
        foreign = other.contribution_ids.filtered(lambda part: part.state == "submitted")
        review = self.begin()
        self.mark(review, voice=self.red)
        self.refused(lambda: review.action_finish("returned", [{"id": foreign.id}], "Why"), "of this PEP")

    def test_what_the_data_showed_is_kept(self):
        review = self.begin()
        self.mark(review)
        review.action_finish("accepted")
        kept = {line.area_id.about: line.hints for line in review.line_ids}
        self.assertIn("The child's voice is not there: nothing was handed in.", kept["voice"])

    def test_done_is_done(self):
        review = self.accept()
        self.refused(lambda: self.mark(review), "done")
        self.refused(lambda: review.action_finish("accepted"), "done")
        self.refused(review.action_take_over, "done")
        self.refused(lambda: review.sudo().write({"grade_id": self.red.id}), "done")
        self.refused(lambda: review.sudo().line_ids[0].write({"comment": "x"}), "done")


@tagged("post_install", "-at_install")
class TestGate(ReviewCase):
    def test_not_finished_without_an_accepted_review(self):
        plan = self.as_user(self.plan, "vseo")
        self.assertIn("no quality review has accepted it", plan.missing)
        self.assertEqual(plan.action_complete()["res_model"], "pep.plan.go.on")
        self.begin()
        plan.invalidate_recordset()
        self.assertIn("the quality review is not finished", plan.missing)
        self.assertEqual(plan.state, "processing")

    def test_finished_once_it_is(self):
        self.accept()
        plan = self.as_user(self.plan, "vseo")
        self.assertFalse(plan.missing)
        plan.action_complete()
        self.assertEqual(plan.state, "complete")

    def test_several_at_once(self):
        """One that is not reviewed keeps the others back, and is named."""
        other = self.process(self.make_plan(self.make_children()))
        self.accept()
        plans = self.as_user(self.plan | other, "vseo")
        self.refused(plans.action_complete, f"{other.child_reference}: no quality review has accepted it")

    def test_the_head_alone_goes_on_without(self):
        reasons = self.env["pep.gate.reason"].search([("company_id", "=", self.council.id), ("gate", "=", "qa")])
        self.assertTrue(reasons)
        self.assertTrue(all(reasons.mapped("head_only")))
        plan = self.as_user(self.plan, "vseo")
        question = plan.action_complete()
        wizard = plan.env[question["res_model"]].with_context(**question["context"]).create({})
        self.assertEqual(wizard.line_ids.gate, "qa")
        wizard.line_ids.reason_id = reasons[0]
        self.refused(wizard.action_go_on, error=AccessError)

    def test_kinds_that_ask_for_none(self):
        kinds = self.env["pep.kind"].search([("company_id", "=", self.council.id)])
        asked = {kind.code for kind in kinds if kind.qa_required}
        self.assertEqual(asked, {"full", "initial"})
        self.plan.kind_id.qa_required = False
        self.assertFalse(self.as_user(self.plan, "vseo").missing)

    def test_correcting_asks_for_a_new_review(self):
        review = self.accept()
        plan = self.as_user(self.plan, "vseo")
        plan.action_complete()
        plan._take_step("correct", "The wrong school")
        self.assertEqual(review.sudo().state, "set_aside")
        self.assertIn("no quality review", plan.missing)
        again = self.accept()
        self.assertEqual(again.version, 2)
        plan.invalidate_recordset()
        plan.action_complete()
        self.assertEqual(plan.issue_version, 2)
        self.assertEqual([issue.data["quality"]["overall"] for issue in plan.issue_ids], ["Green", "Green"])

    def test_going_back_by_hand_asks_for_a_new_review(self):
        accepted = self.accept()
        plan = self.as_user(self.plan, "vseo")
        plan._take_step("return", "Something came up")
        self.assertEqual(accepted.sudo().state, "set_aside")
        self.assertFalse(plan._accepted_review())
        plan.action_ready()
        plan.action_process()
        begun = self.begin()
        plan._take_step("return", "Once more")
        self.assertEqual(begun.sudo().state, "set_aside")
        self.refused(lambda: self.mark(begun), "set aside")

    def test_the_next_review_takes_the_place_of_a_return(self):
        review = self.begin()
        self.mark(review, voice=self.red)
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "submitted")
        review.action_finish("returned", [{"id": part.id}], "Why")
        plan = self.as_user(self.plan, "vseo")
        part.sudo().state = "submitted"
        plan.action_ready()
        plan.action_process()
        self.assertEqual(plan.qa_state, "to_do")
        self.accept()
        plan.invalidate_recordset()
        self.assertEqual((plan.qa_state, review.sudo().state), ("accepted", "set_aside"))

    def test_the_version_of_the_rubric_stays_with_the_pep(self):
        review = self.begin()
        admin = self.as_user(self.rubric, "admin")
        version = admin.browse(admin.action_new_version()["res_id"])
        version.action_use()
        self.mark(review)
        review.action_finish("accepted")
        self.as_user(self.plan, "vseo").action_complete()
        self.assertEqual(self.plan.rubric_id, self.rubric)
        quality = self.plan.issue_ids.data["quality"]
        self.assertEqual((quality["rubric"], quality["rubric_version"]), (self.rubric.name, 1))
        following = self.process(self.make_plan(self.make_children()))
        self.assertEqual(self.begin(following).rubric_id.ids, version.ids)

    def test_the_board_finds_what_waits(self):
        def waiting():
            plans = self.as_user(self.env["pep.plan"], "vseo")
            return plans.search(
                [
                    ("state", "=", "processing"),
                    ("kind_id.qa_required", "=", True),
                    (
                        "quality_ids",
                        "not any",
                        [("kind", "=", "qa"), ("state", "=", "done"), ("outcome", "in", ["accepted"])],
                    ),
                ]
            )

        self.assertEqual(waiting().ids, self.plan.ids)
        self.accept()
        self.assertFalse(waiting())

    def test_states_of_a_list_in_a_fixed_number_of_queries(self):
        children = self.make_children(8)
        self.term._open(children)
        plans = self.as_user(self.plan | children.plan_ids, "vseo")

        def count(records):
            self.env.invalidate_all()
            records.mapped("state")
            before = self.env.cr.sql_log_count
            records.mapped("qa_state")
            records.mapped("qa_gap")
            return self.env.cr.sql_log_count - before

        count(plans)  # what Odoo keeps of a person and a rule
        self.assertEqual(count(plans), count(plans[:3]))


@tagged("post_install", "-at_install")
class TestWhoReviews(ReviewCase):
    def test_roles_that_must_not(self):
        review = self.begin()
        for role in (*OUTSIDE, "other_vseo"):
            with self.subTest(role):
                theirs = self.as_user(review, role)
                self.refused(theirs.review_load, error=AccessError)
                self.refused(lambda theirs=theirs: theirs.review_save([]), error=AccessError)
                self.refused(lambda theirs=theirs: theirs.action_finish("accepted"), error=AccessError)
                self.refused(theirs.action_take_over, error=AccessError)
                self.refused(lambda role=role: self.as_user(self.plan, role).action_review(), error=AccessError)

    def test_support_reads_and_does_not_mark(self):
        self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["support"].id,
                "role": "support",
            }
        )
        review = self.begin()
        theirs = self.as_user(review, "support")
        self.assertTrue(theirs.review_load()["lines"])
        self.refused(lambda: theirs.review_save([]), error=AccessError)
        self.refused(theirs.action_take_over, error=AccessError)
        self.refused(self.as_user(self.plan, "support").action_review, error=AccessError)

    def test_nobody_writes_a_review_by_hand(self):
        review = self.begin()
        line = review.line_ids[0]
        for role in ("vseo", "head"):
            with self.subTest(role):
                self.refused(lambda role=role: self.as_user(review, role).write({"outcome": "accepted"}))
                self.refused(lambda role=role: self.as_user(line, role).write({"grade_id": self.green.id}))
                self.refused(
                    lambda role=role: self.as_user(self.plan, role).write(
                        {"quality_ids": [(1, review.id, {"outcome": "accepted", "state": "done"})]}
                    )
                )
                self.refused(lambda role=role: self.as_user(review, role).unlink(), error=AccessError)
                self.refused(lambda role=role: self.as_user(self.plan, role).write({"rubric_id": False}))
        self.refused(review.sudo().unlink)
        self.refused(review.sudo().copy)

    def test_a_colleague_takes_over(self):
        review = self.begin(role="vseo")
        theirs = self.as_user(review, "head")
        self.refused(lambda: theirs.review_save([]), "You can take it over")
        theirs.action_take_over()
        self.mark(theirs)
        theirs.action_finish("accepted")
        self.assertEqual(theirs.reviewer_id, self.users["head"])

    def test_only_in_processing(self):
        plan = self.make_plan(self.make_children())
        self.refused(self.as_user(plan, "vseo").action_review, "while it is in processing")

    def test_the_finished_one_is_opened_to_be_read(self):
        review = self.accept()
        self.as_user(self.plan, "vseo").action_complete()
        action = self.as_user(self.plan, "vseo").action_review()
        self.assertEqual(action["context"]["active_id"], review.id)
        screen = self.as_user(review, "vseo").review_load()
        self.assertFalse(screen["review"]["may_mark"])
        self.assertEqual(screen["overall"]["grade"], "Green")

    def test_no_name_in_the_title_of_the_page(self):
        review = self.begin()
        self.assertEqual(review.action_open()["name"], self.child.reference)


@tagged("post_install", "-at_install")
class TestModeration(ReviewCase):
    """What the sampling builds on: a second review that is kept apart from the first."""

    def test_a_second_person_marks_a_finished_pep(self):
        first = self.accept()
        plan = self.as_user(self.plan, "vseo")
        plan.action_complete()
        second = self.env["pep.review"]._begin(self.plan, "moderation", self.users["vseo"])
        first.sudo().hidden_from_id = self.users["vseo"]
        theirs = self.as_user(second, "vseo")
        self.assertFalse(theirs.search([("plan_id", "=", self.plan.id), ("kind", "=", "qa")]))
        self.assertFalse(theirs.env["pep.review.line"].search([("review_id", "=", first.id)]))
        self.assertFalse(self.as_user(self.plan, "vseo").qa_grade)
        self.assertFalse(any(line["before"] for line in theirs.review_load(["lines"])["lines"]))
        self.mark(theirs, voice=self.red)
        self.refused(lambda: theirs.action_finish("returned", [], "Why"), "no outcome")
        theirs.action_finish()
        self.assertEqual((second.state, second.grade_id, second.outcome), ("done", self.red, False))
        self.assertEqual((self.plan.state, self.plan._accepted_review().ids), ("complete", first.ids))

    def test_a_hidden_review_still_counts_for_the_gate(self):
        first = self.accept()
        first.sudo().hidden_from_id = self.users["vseo"]
        self.assertFalse(self.as_user(self.plan, "vseo").missing)
