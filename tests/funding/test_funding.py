from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestFunding(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.make_plan()
        cls.target = cls.smart_target(cls.plan)

    def ask(self, role="vseo", **values):
        return self.as_user(self.env["pep.funding.request"], role).create(
            {"target_id": self.target.id, "name": "Reading tuition", "quantity": 12, "unit_cost": 45.5, **values}
        )

    def test_asked_by_one_approved_by_another(self):
        request = self.ask()
        money = request.funding_ids
        self.assertRecordValues(
            money,
            [
                {
                    "amount_asked": 546.0,
                    "state": "asked",
                    "school_id": self.school.id,
                    "term_id": self.term.id,
                    "asked_by_id": self.users["vseo"].id,
                    "display_name": self.plan.child_reference,
                }
            ],
        )
        self.assertEqual(money.fund_id.code, "ppp")
        self.as_user(money, "head").action_approve()
        self.assertRecordValues(
            money, [{"state": "approved", "amount_approved": 546.0, "decided_by_id": self.users["head"].id}]
        )
        self.assertEqual((self.plan.amount_asked, self.plan.amount_approved), (546.0, 546.0))

    def test_a_part_or_nothing_with_a_reason(self):
        money = self.as_user(self.ask().funding_ids, "head")
        for amount in (0, -5):
            with self.assertRaises(UserError):
                money.action_approve_part(amount)
        money.action_approve_part(300)
        self.assertEqual(money.amount_approved, 300)
        other = self.as_user(self.ask().funding_ids, "head")
        with self.assertRaises(UserError):
            other.action_decline(" ")
        other.action_decline("The school's own budget pays for this")
        self.assertRecordValues(
            other,
            [{"state": "declined", "amount_approved": 0, "decision_note": "The school's own budget pays for this"}],
        )

    @mute_logger("odoo.sql_db")
    def test_not_more_than_asked(self):
        money = self.as_user(self.ask().funding_ids, "head")
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            money.action_approve_part(546.01)
            self.env.flush_all()
        self.assertIn("approved_within_asked", str(caught.exception))

    def test_four_eyes(self):
        money = self.as_user(self.ask("head").funding_ids, "head")
        for decide in (money.action_approve, lambda: money.action_decline("No"), lambda: money.action_approve_part(5)):
            with self.assertRaises(UserError):
                decide()
        self.assertEqual(money.state, "asked")

    def test_asked_by_is_not_typed(self):
        request = self.ask("head", asked_by_id=self.users["vseo"].id)
        self.assertEqual(request.asked_by_id, self.users["head"])

    @mute_logger("odoo.sql_db")
    def test_four_eyes_in_the_database(self):
        money = self.ask().funding_ids
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            money.sudo().write({"state": "approved", "decided_by_id": money.asked_by_id.id})
            self.env.flush_all()
        self.assertIn("four_eyes", str(caught.exception))

    def test_decided_once(self):
        money = self.as_user(self.ask().funding_ids, "head")
        money.action_approve()
        with self.assertRaises(UserError):
            money.action_decline("After all not")
        with self.assertRaises(UserError):
            money.request_id.action_withdraw()
        with self.assertRaises(UserError):
            money.request_id.quantity = 1

    def test_changed_and_withdrawn_before_it_is_decided(self):
        request = self.ask()
        request.quantity = 2
        self.assertEqual(request.funding_ids.amount_asked, 91.0)
        request.action_withdraw()
        self.assertEqual(request.state, "cancelled")
        self.plan.invalidate_recordset()
        self.assertEqual(self.plan.amount_asked, 0)
        with self.assertRaises(UserError):
            self.as_user(request.funding_ids, "head").action_approve()

    def test_money_is_not_typed(self):
        money = self.ask().funding_ids
        for vals in ({"amount_approved": 1}, {"state": "approved"}, {"asked_by_id": self.users["vseo"].id}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.as_user(money, "head").write(vals)

    def test_a_target_of_another_pep_is_refused(self):
        with self.assertRaises(ValidationError):
            self.ask(plan_id=self.make_plan().id)

    def test_finance_sees_the_money_and_nothing_that_names(self):
        money = self.ask().funding_ids
        seen = self.as_user(money, "finance")
        values = seen.read(["child_reference", "amount_asked", "school_id", "term_id", "state", "child_id"])[0]
        self.assertEqual(values["child_reference"], self.plan.child_reference)
        self.assertEqual(values["child_id"][1], self.plan.child_reference)
        with self.assertRaises(AccessError):
            seen.read(["child_name"])
        for record in (money.request_id, self.plan, self.plan.child_id, self.target):
            with self.subTest(record._name), self.assertRaises(AccessError):
                self.as_user(record, "finance").read(["display_name"])

    def test_who_must_not_decide(self):
        money = self.ask().funding_ids
        for role in ("vseo", "support", "finance", "admin", "other_vseo", "employee", "teacher", "carer"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(money, role).action_approve()
        self.assertEqual(money.state, "asked")
