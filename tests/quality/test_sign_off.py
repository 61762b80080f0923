from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .quality_common import QualityCase


@tagged("post_install", "-at_install")
class SignOffCase(QualityCase):
    """The child's VSEO, who covers for them, their support, two heads; and a colleague of another caseload."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        staff = {"company_id": cls.council.id, "company_ids": [(6, 0, cls.council.ids)]}
        cls.users["second_head"] = new_test_user(
            cls.env, "second_head.test", groups="pep_module.group_pep_head", **staff
        )
        cls.users["cover"] = new_test_user(cls.env, "cover.test", groups="pep_module.group_pep_vseo", **staff)
        cover = {
            "company_id": cls.council.id,
            "user_id": cls.users["vseo"].id,
            "date_from": cls.today,
            "date_to": cls.today,
        }
        cls.env["pep.cover"].create(
            [
                {**cover, "cover_user_id": cls.users["cover"].id, "role": "vseo"},
                {**cover, "cover_user_id": cls.users["support"].id, "role": "support"},
            ]
        )

    def complete(self, role):
        """Finish the PEP as a role; taken back. The exception, or None when it is complete."""
        savepoint = self.env.cr.savepoint()
        try:
            question = self.as_user(self.plan, role).action_complete()
            self.assertFalse(question)
            self.assertEqual(self.plan.state, "complete")
        except UserError as error:
            return error
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def assert_may(self, allowed, refused=()):
        for role in allowed:
            with self.subTest(role, may=True):
                self.assertIsNone(self.complete(role))
                self.assertFalse(self.as_user(self.plan, role).sign_off_note)
        for role in refused:
            with self.subTest(role, may=False):
                self.assertIsInstance(self.complete(role), AccessError)


@tagged("post_install", "-at_install")
class TestWhoCompletes(SignOffCase):
    def setUp(self):
        super().setUp()
        self.accept(role="cover")
        self.council.pep_qa_two_people = False

    def test_the_vseo_or_the_head(self):
        self.assertEqual(self.council.pep_complete_by, "vseo")
        self.assert_may(
            ["vseo", "cover", "head", "second_head"], ["support", "other_vseo", "finance", "admin", "employee"]
        )

    def test_the_head_alone(self):
        self.council.pep_complete_by = "head"
        self.assert_may(["head", "second_head"], ["vseo", "cover", "support", "other_vseo"])
        self.assertEqual(str(self.complete("vseo")), "The head of the virtual school finishes PEPs.")

    def test_anyone_but_the_vseo(self):
        self.council.pep_complete_by = "other"
        self.assert_may(["cover", "head", "support"], ["vseo", "other_vseo"])
        # neither the one of the PEP nor the one of the child
        self.child.vseo_id = self.users["other_vseo"]
        self.plan.sudo().vseo_id = self.users["vseo"]
        self.assertIsInstance(self.complete("other_vseo"), AccessError)

    def test_people_outside_never(self):
        for rule in ("vseo", "head", "other"):
            self.council.pep_complete_by = rule
            self.assert_may([], ["teacher", "social_worker", "carer", "parent", "iro"])

    def test_a_head_of_another_council_never(self):
        council = self.env["res.company"].create({"name": "Farshire"})
        self.users["far"] = new_test_user(
            self.env,
            "far.test",
            groups="pep_module.group_pep_head",
            company_id=council.id,
            company_ids=[(6, 0, council.ids)],
        )
        self.assert_may([], ["far"])

    def test_the_form_tells_who_and_offers_no_button_that_refuses(self):
        with Form(self.as_user(self.plan, "support")) as form:
            self.assertIn("VSEO or the head", form.sign_off_note)
        with Form(self.as_user(self.plan, "vseo")) as form:
            self.assertFalse(form.sign_off_note)

    def test_by_the_form_that_asks_for_reasons_as_well(self):
        plan = self.as_user(self.plan, "support")
        wizard = plan.env["pep.plan.go.on"].create({"plan_id": plan.id, "next_state": "complete"})
        with self.assertRaises(AccessError):
            wizard.action_go_on()

    def test_the_number_of_queries_does_not_grow(self):
        plans = self.plan
        for _number in range(3):
            plans |= self.process(self.make_plan(self.make_children()))
        counted = []
        for batch in (plans[0], plans):
            mine = self.as_user(batch, "vseo")
            mine.mapped("state")
            mine.company_id.pep_complete_by  # noqa: B018, read before counting
            mine.child_id.mapped("vseo_id")
            before = self.env.cr.sql_log_count
            mine._sign_off_refusals()
            counted.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counted[1], counted[0])


@tagged("post_install", "-at_install")
class TestTwoPeople(SignOffCase):
    def test_never_who_accepted_the_quality(self):
        self.assertTrue(self.council.pep_qa_two_people)
        for role, others in (("head", ["vseo", "second_head"]), ("vseo", ["head", "cover"])):
            with self.subTest(role):
                savepoint = self.env.cr.savepoint()
                self.accept(role=role)
                refused = self.complete(role)
                self.assertNotIsInstance(refused, AccessError)
                self.assertIn("two people sign it off", str(refused))
                self.assertIn("two people", self.as_user(self.plan, role).sign_off_note)
                self.assert_may(others)
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

    def test_where_one_person_is_enough(self):
        self.council.pep_qa_two_people = False
        self.accept(role="head")
        self.assert_may(["head"])

    def test_nor_under_sudo(self):
        """Whatever the app does on somebody's behalf: the person counts."""
        self.accept(role="head")
        with self.assertRaises(UserError):
            self.as_user(self.plan, "head").sudo().action_complete()

    def test_who_takes_a_review_over_has_marked_it(self):
        review = self.begin(role="vseo")
        self.mark(review)
        mine = self.as_user(review, "head")
        mine.action_take_over()
        mine.action_finish("accepted")
        self.assertIn("two people", str(self.complete("head")))
        self.assert_may(["vseo"])

    def test_a_review_that_was_set_aside_does_not_count(self):
        """Returned by the head, accepted by a colleague: then the head may finish it."""
        review = self.begin(role="head")
        self.mark(review, grade=self.red)
        part = self.plan.contribution_ids.filtered(lambda part: part.state == "submitted")
        review.action_finish("returned", [{"id": part.id}], "No targets")
        self.assertEqual(self.plan.state, "gathering")
        part.sudo().write({"state": "submitted"})
        mine = self.as_user(self.plan, "vseo")
        mine.action_ready()
        mine.action_process()
        self.accept(role="cover")
        self.assert_may(["head", "vseo"])

    def test_corrected_it_is_signed_off_anew(self):
        self.accept(role="head")
        self.as_user(self.plan, "vseo").action_complete()
        self.as_user(self.plan, "vseo")._take_step("correct", "A typing mistake")
        self.assertEqual(
            self.as_user(self.plan, "vseo").action_complete()["res_model"], "pep.plan.go.on", "judged anew"
        )
        self.accept(role="vseo")
        self.assertIn("two people", str(self.complete("vseo")))
        self.as_user(self.plan, "head").action_complete()
        self.assertEqual(self.plan.issue_version, 2)

    def test_a_setting_of_the_council(self):
        settings = self.as_user(self.env["pep.settings"], "admin")
        form = settings.create(
            {
                **settings.default_get(settings._setting_names()),
                "pep_complete_by": "head",
                "pep_qa_two_people": False,
                "pep_meeting_alias_name": "meetings-of-testshire",
            }
        )
        form.action_save()
        self.assertRecordValues(self.council, [{"pep_complete_by": "head", "pep_qa_two_people": False}])
