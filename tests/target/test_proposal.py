from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.models.target.pep_target_proposal import MOST_OPEN, WORDS, ProposalRefused

from tests.common import PepCase

PROPOSERS = ("teacher", "social_worker", "carer")
OTHERS = ("parent", "iro", "vseo", "head", "other_vseo", "finance", "admin", "employee")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class ProposalCase(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.area = cls.env["pep.target.area"].search(
            [("company_id", "=", cls.council.id), ("is_academic", "=", True)], limit=1
        )

    @classmethod
    def values(cls, **values):
        return {"area_id": str(cls.area.id), "name": "Reads a page aloud", **values}

    @classmethod
    def wish(cls, **values):
        return cls.values(
            wish_name="Reading tuition",
            wish_why="Twice a week",
            wish_quantity="10",
            wish_unit_cost="£1,040.50",
            **values,
        )

    @classmethod
    def propose(cls, role="teacher", plan=None, **values):
        proposals = cls.as_user(cls.env["pep.target.proposal"], role)
        number = proposals.action_propose((plan or cls.plan).id, values or cls.values())
        return cls.env["pep.target.proposal"].browse(number)

    @classmethod
    def make_delegate(cls):
        """A colleague of the teacher to whom one section was delegated."""
        cls.users["delegate"] = new_test_user(cls.env, "delegate.test", groups="base.group_portal")
        cls.env["pep.school.staff"].create(
            {
                "user_id": cls.users["delegate"].id,
                "school_id": cls.school.id,
                "role": "colleague",
                "date_from": cls.today - timedelta(days=30),
            }
        )
        part = cls.plan.contribution_ids.filtered(lambda part: part.owner_role == "teacher")[:1]
        cls.as_user(cls.env["pep.delegation"], "teacher").action_delegate(
            cls.plan.id, cls.users["delegate"].id, part.id
        )


@tagged("post_install", "-at_install")
class TestSuggesting(ProposalCase):
    def test_who_may(self):
        self.make_delegate()
        for role in (*PROPOSERS, "delegate"):
            with self.subTest(role):
                proposal = self.propose(role)
                self.assertRecordValues(
                    proposal,
                    [
                        {
                            "role": role,
                            "proposed_by_id": self.users[role].id,
                            "proposed_by_name": self.users[role].name,
                            "child_id": self.child.id,
                            "state": "open",
                        }
                    ],
                )
                self.assertEqual(self.as_user(proposal, role).name, "Reads a page aloud")
        for role in OTHERS:
            with self.subTest(role), self.assertRaises(AccessError):
                self.propose(role)

    def test_only_for_the_own_child_today_and_a_pep_that_is_worked_on(self):
        other = self.make_plan(self.make_children(school=False))
        other.action_start()
        for number in (other.id, 999_999_999, None, "1", [self.plan.id], True):
            with self.subTest(number), self.assertRaises(AccessError):
                self.as_user(self.env["pep.target.proposal"], "carer").action_propose(number, self.values())
        self.plan._move("not_started")
        with self.assertRaises(UserError):
            self.propose()
        self.plan._move("gathering")
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError):
            self.propose("carer")

    def test_what_may_be_in_it(self):
        proposal = self.propose(
            **self.wish(by_when=str(self.term.date_to), agreed_with_child="partly", baseline=" a\nb ")
        )
        self.assertRecordValues(
            proposal,
            [
                {
                    "area_id": self.area.id,
                    "baseline": "a b",
                    "by_when": self.term.date_to,
                    "agreed_with_child": "partly",
                    "wish_quantity": 10,
                    "wish_unit_cost": 1040.5,
                    "wish_amount": 10405,
                }
            ],
        )
        foreign = self.env["res.company"].create({"name": "Othershire"})
        area = self.env["pep.target.area"].search([("company_id", "=", foreign.id)], limit=1)
        template = self.env["pep.target.area"].search([("company_id", "=", False)], limit=1)
        early = str(self.term.date_from - timedelta(days=1))
        wrong = {
            "area_id": ("", "x", str(area.id), str(template.id), "999999999", "-1"),
            "name": ("", "   ", None, "x" * (WORDS["name"] + 1)),
            "strategies": ("x" * 100_000,),
            "by_when": (early, "yesterday", "2026-13-01", "9999-01-01", "0001-01-01"),
            "agreed_with_child": ("perhaps",),
            "wish_quantity": ("0", "-1", "many", "nan", "inf", "1e9"),
            "wish_unit_cost": ("-1", "dear", "nan", "1e12"),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name, value=str(value)[:30]), self.assertRaises(ProposalRefused) as refused:
                    self.propose(**{**self.wish(), name: value})
                self.assertEqual(set(refused.exception.problems), {name})
        for unknown in ("state", "target_id", "role", "proposed_by_id", "child_id", "declined_reason", "x"):
            with self.subTest(unknown), self.assertRaises(UserError):
                proposals = self.as_user(self.env["pep.target.proposal"], "teacher")
                proposals.action_propose(self.plan.id, self.values(**{unknown: "1"}))
        for values in (None, [], "name"):
            with self.subTest(values), self.assertRaises(UserError):
                self.as_user(self.env["pep.target.proposal"], "teacher").action_propose(self.plan.id, values)

    def test_half_a_wish_is_asked_about(self):
        for values, problem in (
            ({"wish_name": "Tuition"}, "wish_unit_cost"),
            ({"wish_unit_cost": "10"}, "wish_name"),
        ):
            with self.assertRaises(ProposalRefused) as refused:
                self.propose(**self.values(**values))
            self.assertEqual(set(refused.exception.problems), {problem})

    def test_the_callers_context_sets_nothing(self):
        proposals = self.as_user(self.env["pep.target.proposal"], "teacher").with_context(
            default_state="agreed", default_declined_reason="x", default_hidden_from_id=self.users["vseo"].id
        )
        made = self.env["pep.target.proposal"].browse(proposals.action_propose(self.plan.id, self.values()))
        self.assertRecordValues(made, [{"state": "open", "declined_reason": False, "hidden_from_id": False}])

    def test_what_is_missing_to_be_smart(self):
        proposal = self.propose()
        self.assertIn("Where we start", proposal.missing)
        self.as_user(proposal, "teacher").action_change(
            {
                **{
                    name: "Something"
                    for name in ("baseline", "measure", "target_value", "realistic", "strategies", "by_whom")
                },
                "by_when": str(self.term.date_to),
                "agreed_with_child": "yes",
            }
        )
        self.assertFalse(proposal.missing)

    def test_not_endlessly_many(self):
        for _number in range(MOST_OPEN):
            last = self.propose()
        with self.assertRaises(UserError):
            self.propose()
        self.as_user(last, "teacher").action_withdraw()
        self.propose()
        self.propose("carer")

    def test_changed_and_taken_back_by_who_made_it_alone(self):
        proposal = self.propose("carer")
        self.as_user(proposal, "carer").action_change(
            {"name": "Reads two pages", "wish_name": "", "wish_unit_cost": "0"}
        )
        self.assertEqual(proposal.name, "Reads two pages")
        with self.assertRaises(ProposalRefused):
            self.as_user(proposal, "carer").action_change({"name": ""})
        for role in ("teacher", *OTHERS):
            for step in (lambda row: row.action_change({"name": "x"}), lambda row: row.action_withdraw()):
                with self.subTest(role), self.assertRaises(AccessError):
                    step(self.as_user(proposal, role))
        self.as_user(proposal, "carer").action_withdraw()
        self.assertEqual(proposal.state, "withdrawn")
        for step in (lambda row: row.action_change({"name": "x"}), lambda row: row.action_withdraw()):
            with self.assertRaises(UserError):
                step(self.as_user(proposal, "carer"))
        with self.assertRaises(UserError):
            self.as_user(proposal, "vseo").action_agree()

    def test_whoever_is_no_longer_what_they_were_changes_nothing(self):
        proposal = self.propose("carer")
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["carer"].partner_id.id,
                "role": "iro",
                "date_from": self.today,
            }
        )
        self.assertEqual(self.as_user(proposal, "carer").name, "Reads a page aloud", "reads it as reviewing officer")
        with self.assertRaises(AccessError):
            self.as_user(proposal, "carer").action_change({"name": "x"})

    def test_who_reads_it(self):
        expected = {
            ("carer", False): {"carer", "teacher", "social_worker", "iro"},
            ("carer", True): {"carer", "teacher"},
            ("social_worker", True): {"social_worker", "teacher"},
            ("teacher", False): {"teacher", "social_worker", "iro"},
            ("teacher", True): {"teacher"},
        }
        for (role, money), readers in expected.items():
            proposal = self.propose(role, **(self.wish() if money else self.values()))
            found = {
                reader
                for reader in ("teacher", "social_worker", "carer", "parent", "iro")
                if self.as_user(proposal, reader).search([("id", "=", proposal.id)])
            }
            self.assertEqual(found, readers, (role, money))
            self.assertTrue(self.as_user(proposal, "vseo").search([("id", "=", proposal.id)]))
            self.assertFalse(self.as_user(proposal, "other_vseo").search([("id", "=", proposal.id)]))

    def test_by_no_other_way(self):
        proposal = self.propose()
        values = {"plan_id": self.plan.id, "area_id": self.area.id, "name": "x", "role": "teacher"}
        for role in ("teacher", "vseo", "head"):
            row = self.as_user(proposal, role)
            for number, attempt in enumerate(
                (
                    lambda row=row: row.write({"name": "Easier"}),
                    lambda row=row: row.write({"state": "agreed"}),
                    lambda row=row: row.create(values),
                    lambda row=row: row.unlink(),
                    lambda row=row: row.copy(),
                )
            ):
                with self.subTest(role, number=number), self.assertRaises(UserError), self.env.cr.savepoint():
                    attempt()
        with self.assertRaises(UserError):
            proposal.sudo().write({"proposed_by_id": self.users["vseo"].id})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            proposal.sudo().write({"wish_quantity": 0})
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestDeciding(ProposalCase):
    def test_agreed_it_is_a_target_and_asks_for_the_money(self):
        proposal = self.propose(**self.wish(baseline="Half a page", agreed_note="I want to"))
        self.as_user(proposal, "vseo").action_agree()
        target = self.plan.target_ids
        self.assertRecordValues(
            target,
            [
                {
                    "name": "Reads a page aloud",
                    "area_id": self.area.id,
                    "baseline": "Half a page",
                    "agreed_note": "I want to",
                    "state": "open",
                }
            ],
        )
        self.assertEqual(self.as_user(target, "vseo").suggested_by, f"{self.users['teacher'].name} (School)")
        self.assertRecordValues(
            proposal, [{"state": "agreed", "target_id": target.id, "decided_by_id": self.users["vseo"].id}]
        )
        request = target.request_ids
        self.assertRecordValues(
            request,
            [
                {
                    "name": "Reading tuition",
                    "amount": 10405,
                    "asked_by_id": self.users["teacher"].id,
                    "typed_by_id": self.users["vseo"].id,
                    "state": "asked",
                }
            ],
        )
        self.assertEqual(request.funding_ids.asked_by_id, self.users["teacher"])
        self.assertEqual(request.fund_id.code, "ppp")
        with self.assertRaises(UserError):
            self.as_user(proposal, "vseo").action_agree()
        self.assertEqual(len(self.plan.target_ids), 1)
        for name in ("asked_by_id", "typed_by_id"):
            with self.assertRaises(UserError):
                self.as_user(request, "vseo").write({name: self.users["head"].id})

    def test_four_eyes_hold(self):
        """Who suggested the money does not decide on it, whatever they have become since."""
        proposal = self.propose(**self.wish())
        self.as_user(proposal, "head").action_agree()
        money = proposal.target_id.request_ids.funding_ids
        teacher = self.users["teacher"]
        self.env["pep.school.staff"].search([("user_id", "=", teacher.id)]).date_to = self.today - timedelta(days=1)
        teacher.write(
            {
                "group_ids": [
                    (6, 0, [self.env.ref("pep_module.group_pep_head").id, self.env.ref("base.group_user").id])
                ],
                "company_ids": [(6, 0, self.council.ids)],
                "company_id": self.council.id,
            }
        )
        with self.assertRaisesRegex(UserError, "yourself"):
            self.as_user(money, "teacher").action_approve()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            money.sudo().write({"state": "approved", "decided_by_id": teacher.id})
            self.env.flush_all()
        self.as_user(money, "head").action_approve()
        self.assertEqual(money.state, "approved")

    def test_without_a_wish_no_money(self):
        proposal = self.propose("carer")
        self.as_user(proposal, "head").action_agree()
        self.assertTrue(proposal.target_id)
        self.assertFalse(self.plan.request_ids)

    def test_declined_with_a_reason_that_is_read(self):
        proposal = self.propose()
        question = self.as_user(proposal, "vseo").action_ask_decline()
        wizards = self.as_user(self.env[question["res_model"]], "vseo").with_context(**question["context"])
        with self.assertRaises(UserError):
            self.as_user(proposal, "vseo").action_decline("  ")
        wizards.create({"reason": "One target at a time"}).action_confirm()
        self.assertEqual(self.as_user(proposal, "teacher").declined_reason, "One target at a time")
        self.assertFalse(self.plan.target_ids)
        with self.assertRaises(UserError):
            self.as_user(proposal, "vseo").action_agree()

    def test_who_decides(self):
        proposal = self.propose(**self.values())
        for role in (*PROPOSERS, "parent", "iro", "other_vseo", "finance", "admin", "employee"):
            row = self.as_user(proposal, role)
            for step in (row.action_agree, row.action_ask_decline, lambda row=row: row.action_decline("No")):
                with self.subTest(role), self.assertRaises(AccessError):
                    step()
        self.assertEqual(proposal.state, "open")

    def test_frozen_with_the_pep(self):
        proposal = self.propose()
        self.plan._move("complete")
        self.env.invalidate_all()
        self.assertFalse(
            self.as_user(proposal, "teacher").search([("id", "=", proposal.id)]), "copies are read instead"
        )
        refused = (
            lambda: self.as_user(proposal, "vseo").action_agree(),
            lambda: self.as_user(proposal, "vseo").action_decline("No"),
            lambda: self.as_user(proposal, "teacher").action_change({"name": "x"}),
            lambda: self.as_user(proposal, "teacher").action_withdraw(),
            self.propose,
            lambda: proposal.sudo().write({"name": "x"}),
        )
        for number, attempt in enumerate(refused):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        self.plan._move("processing")
        self.as_user(proposal, "vseo").action_agree()
        self.assertEqual(proposal.state, "agreed")

    def test_how_many_wait(self):
        first, second = self.propose(), self.propose("carer")
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual(plan.proposal_count, 2)
        self.as_user(first, "vseo").action_agree()
        self.as_user(second, "vseo").action_decline("No")
        self.assertEqual(self.as_user(self.plan, "vseo").proposal_count, 0)

    def test_several_at_once(self):
        proposals = self.propose() | self.propose("carer", **self.wish())
        self.as_user(proposals, "vseo").action_agree()
        self.assertEqual(proposals.mapped("state"), ["agreed", "agreed"])
        self.assertEqual(len(self.plan.target_ids), 2)


@tagged("post_install", "-at_install")
class TestPages(ProposalCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.page = f"/my/pep/{self.plan.id}/target"
        self.env.flush_all()

    def log_in(self, role):
        self.authenticate(self.users[role].login, self.users[role].login)

    def csrf_token(self):
        return http.Request.csrf_token(self)

    def post(self, path, token=True, **values):
        data = {**({"csrf_token": self.csrf_token()} if token else {}), **values}
        return self.url_open(path, data=data, allow_redirects=False)

    def count(self):
        return self.env["pep.target.proposal"].search_count([("plan_id", "=", self.plan.id)])

    def test_a_teacher_suggests_changes_and_takes_back(self):
        self.log_in("teacher")
        page = self.url_open(self.page)
        self.assertEqual(page.status_code, 200)
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        for word in ("Specific", "Measurable", "Achievable", "Realistic", "Timed"):
            self.assertIn(f"<dt>{word}</dt>", page.text)
        self.assertIn(self.child.reference, page.text.partition("</title>")[0])
        self.assertNotIn("Unsaid", page.text.partition("</title>")[0])
        answer = self.post(self.page, **self.wish(name="Wordtarget"))
        self.assertEqual(answer.status_code, 303)
        page = self.url_open(answer.headers["Location"])
        self.assertIn("has been sent", page.text)
        self.assertIn("Wordtarget", page.text)
        proposal = self.env["pep.target.proposal"].search([("plan_id", "=", self.plan.id)])
        self.assertEqual(proposal.wish_amount, 10405)
        form = self.url_open(f"{self.page}/{proposal.id}")
        self.assertIn('value="Wordtarget"', form.text)
        self.assertIn('value="1040.50"', form.text)
        answer = self.post(f"{self.page}/{proposal.id}", **self.values(name="Wordchanged"))
        self.assertEqual(answer.status_code, 303)
        proposal.invalidate_recordset()
        self.assertEqual(proposal.name, "Wordchanged")
        answer = self.post(f"{self.page}/{proposal.id}/withdraw")
        self.assertEqual(answer.status_code, 303)
        proposal.invalidate_recordset()
        self.assertEqual(proposal.state, "withdrawn")
        self.assertEqual(self.url_open(f"{self.page}/{proposal.id}").status_code, 404)

    def test_what_was_typed_stays_when_a_message_comes_back(self):
        self.log_in("carer")
        typed = self.values(name="", baseline=HOSTILE, strategies="one\ntwo", by_when="soon", wish_name="Tuition")
        answer = self.post(self.page, **typed)
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.count(), 0)
        for field in ("name", "by_when", "wish_unit_cost"):
            self.assertIn(f'href="#{field}"', answer.text)
            self.assertIn(f'id="{field}-e"', answer.text)
        self.assertIn("one\ntwo</textarea>", answer.text)
        self.assertIn('value="soon"', answer.text)
        self.assertNotIn("<script>alert(1)", answer.text)
        self.assertNotIn("<img src=x", answer.text)
        self.assertRegex(answer.text, rf'value="{self.area.id}"\s+selected')

    def test_outsiders_get_a_page_that_does_not_exist(self):
        proposal = self.propose("carer")
        paths = [self.page, f"{self.page}/{proposal.id}"]
        for role in OTHERS:
            self.log_in(role)
            for path in paths:
                with self.subTest(role, path=path):
                    self.assertEqual(self.url_open(path, allow_redirects=False).status_code, 404)
                    self.assertEqual(self.post(path, **self.values()).status_code, 404)
            self.assertEqual(self.post(f"{self.page}/{proposal.id}/withdraw").status_code, 404)
        self.log_in("teacher")
        self.assertEqual(self.url_open(f"{self.page}/{proposal.id}").status_code, 404, "it is somebody else's")
        self.assertEqual(self.post(f"{self.page}/{proposal.id}", **self.values(name="x")).status_code, 404)
        self.assertEqual(self.post(f"{self.page}/{proposal.id}/withdraw").status_code, 404)
        other = self.make_plan(self.make_children(school=False))
        other.action_start()
        self.env.flush_all()
        for path in (
            f"/my/pep/{other.id}/target",
            "/my/pep/999999999/target",
            f"/my/pep/{other.id}/target/{proposal.id}",
        ):
            self.assertEqual(self.url_open(path, allow_redirects=False).status_code, 404)
            self.assertEqual(self.post(path, **self.values()).status_code, 404)
        self.assertEqual(self.count(), 1)
        self.assertEqual(proposal.state, "open")

    def test_a_suggestion_belongs_to_the_pep_in_the_address(self):
        self.log_in("teacher")
        proposal = self.propose("teacher")
        second = self.make_plan(self.child, self.next_term())
        second.action_start()
        self.env.flush_all()
        self.assertEqual(self.url_open(f"/my/pep/{second.id}/target/{proposal.id}").status_code, 404)

    def test_a_former_carer_gets_nothing(self):
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.env.flush_all()
        self.log_in("carer")
        self.assertEqual(self.url_open(self.page).status_code, 404)
        self.assertEqual(self.post(self.page, **self.values()).status_code, 404)

    def test_no_token_no_write(self):
        self.log_in("teacher")
        with mute_logger("odoo.http"):
            answer = self.post(self.page, token=False, **self.values())
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.count(), 0)

    def test_a_field_that_was_added_by_hand_counts_for_nothing(self):
        self.log_in("teacher")
        answer = self.post(
            self.page, **self.values(state="agreed", role="carer", proposed_by_id="1", child_id="1", plan_id="1")
        )
        self.assertEqual(answer.status_code, 303)
        proposal = self.env["pep.target.proposal"].search([("plan_id", "=", self.plan.id)])
        self.assertRecordValues(
            proposal, [{"state": "open", "role": "teacher", "proposed_by_id": self.users["teacher"].id}]
        )

    def test_without_a_login(self):
        self.authenticate(None, None)
        answer = self.url_open(self.page, allow_redirects=False)
        self.assertIn("/web/login", answer.headers["Location"])

    def test_a_finished_pep_takes_none(self):
        self.plan._move("complete")
        self.env.flush_all()
        self.log_in("teacher")
        page = self.url_open(self.page)
        self.assertIn("not being worked on", page.text)
        self.assertNotIn("<textarea", page.text)
        self.assertEqual(self.post(self.page, **self.values()).status_code, 422)
        self.assertEqual(self.count(), 0)

    def test_as_many_queries_for_many_suggestions_as_for_few(self):
        self.log_in("teacher")
        self.propose()
        self.env.flush_all()
        self.url_open(self.page)

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.assertEqual(self.url_open(self.page).status_code, 200)
            return self.env.cr.sql_log_count - start

        few = queries()
        for _number in range(10):
            self.propose()
            self.propose("carer")
        self.assertLessEqual(queries(), few)
