from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from tests.common import PepCase

PARTS = {
    "baseline": "Where we start",
    "measure": "Measured by",
    "target_value": "Aim",
    "realistic": "Why it is realistic",
    "strategies": "Strategies",
    "by_whom": "By Whom",
    "by_when": "By When",
    "agreed_with_child": "Does the child agree?",
}


@tagged("post_install", "-at_install")
class TestTarget(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.make_plan()
        cls.target = cls.smart_target(cls.plan)

    def test_what_is_missing_is_named(self):
        self.assertTrue(self.target.smart_complete)
        for part, words in PARTS.items():
            with self.subTest(part):
                value = self.target[part]
                self.target[part] = "   " if self.target._fields[part].type in ("char", "text") else False
                self.assertFalse(self.target.smart_complete)
                self.assertEqual(self.target.missing.casefold(), words.casefold())
                self.target[part] = value
        self.assertTrue(self.target.smart_complete)
        self.assertFalse(self.target.missing)

    def test_everything_missing(self):
        bare = self.env["pep.target"].create(
            {"plan_id": self.plan.id, "area_id": self.target.area_id.id, "name": "Read more"}
        )
        self.assertEqual(len(bare.missing.split(", ")), len(PARTS))

    def test_not_before_the_term(self):
        with self.assertRaises(ValidationError):
            self.target.by_when = self.term.date_from - timedelta(days=1)

    def test_the_child_comes_from_the_pep_and_stays(self):
        self.assertEqual(self.target.child_id, self.plan.child_id)
        other = self.make_plan()
        with self.assertRaises(ValidationError):
            self.smart_target(self.plan, child_id=other.child_id.id)
        for vals in ({"plan_id": other.id}, {"child_id": other.child_id.id}):
            with self.assertRaises(UserError):
                self.target.sudo().write(vals)

    def test_withdrawn_not_deleted(self):
        with self.assertRaises(UserError):
            self.target.unlink()
        self.target.action_withdraw()
        self.assertEqual(self.target.state, "withdrawn")
        self.assertIn("no academic target", self.plan._gate_academic_target())

    def test_withdrawn_only_without_money(self):
        self.env["pep.funding.request"].create({"target_id": self.target.id, "name": "Books", "unit_cost": 20})
        with self.assertRaises(UserError):
            self.target.action_withdraw()

    def test_an_area_of_another_council_is_refused(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        area = self.env["pep.target.area"].search([("company_id", "=", other.id)], limit=1)
        with self.assertRaises(UserError):
            self.target.area_id = area

    def test_a_review_is_of_an_earlier_pep_of_the_same_child(self):
        reviews = self.env["pep.target.review"]
        with self.assertRaises(UserError), self.env.cr.savepoint():
            reviews.create({"plan_id": self.plan.id, "target_id": self.target.id})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            reviews.create({"plan_id": self.make_plan().id, "target_id": self.target.id})

    def test_who_must_not_write(self):
        self.surround(self.plan.child_id)
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "iro",
            "finance",
            "admin",
            "other_vseo",
            "employee",
            "parent",
        ):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.target, role).write({"name": "Easier"})
