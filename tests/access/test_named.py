from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.pep_module.models.common import ir_rule

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestNamedChildren(PepCase):
    """A person's few children are named in the query; many are joined. Both say the same, at every moment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.make_children(3)
        cls.others = cls.make_children(2, vseo_id=cls.users["other_vseo"].id)
        cls.term._open()

    def seen(self, model="pep.plan", role="vseo"):
        records = self.env[model].with_user(self.users[role]).with_context(allowed_company_ids=self.council.ids)
        found = records.search([("company_id", "=", self.council.id)])
        return found.sudo() if model == "pep.child" else found.sudo().child_id

    def test_both_ways_say_the_same(self):
        for role in ("vseo", "other_vseo", "head", "support", "finance", "admin", "employee"):
            for model in ("pep.child", "pep.plan", "pep.enrolment", "pep.funding"):
                if not self.env[model].with_user(self.users[role]).has_access("read"):
                    continue
                with self.subTest(role, model=model):
                    self.env.cr.cache.clear()
                    named = self.seen(model, role)
                    self.env.cr.cache.clear()
                    with patch.object(ir_rule, "NAMED", 0):
                        self.assertEqual(self.seen(model, role), named)
        self.assertEqual(self.seen(), self.mine)
        self.assertEqual(self.seen(role="head"), self.mine | self.others)

    def test_the_query_names_few_and_joins_many(self):
        plans = self.env["pep.plan"].with_user(self.users["vseo"])
        self.assertNotIn("pep_access", plans._search([]).select().code)
        self.env.cr.cache.clear()
        with patch.object(ir_rule, "NAMED", 2):
            self.assertIn("pep_access", plans._search([]).select().code)

    @freeze_time("2030-03-05 10:00:00")
    def test_a_change_in_the_same_transaction_and_second_is_seen_by_the_next_query(self):
        self.assertEqual(self.seen(), self.mine)
        self.mine[0].vseo_id = self.users["other_vseo"]
        self.assertEqual(self.seen(), self.mine[1:])
        new = self.make_children()
        self.term._open(new)
        self.assertEqual(self.seen(), self.mine[1:] | new)

    def test_all_roles_are_looked_up_at_once(self):
        """A row that is for some has a branch for each role: one look at access for all of them, and other models."""
        plan = self.mine[0].plan_ids
        for role, number in (("vseo", 3), ("teacher", 3), ("head", 3)):
            if role == "teacher":
                self.surround(self.mine[0])
            answers = self.as_user(self.env["pep.answer"], role).with_context(active_test=False)
            for model in ("pep.answer", "pep.document"):  # what Odoo keeps of a person and a rule
                answers.env[model].search([("plan_id", "=", plan.id)])
            self.env.cr.cache.clear()
            self.env.flush_all()
            with self.subTest(role):
                with self.assertQueryCount(number):  # the rows, the next moment at which they change, the answers
                    answers.search([("plan_id", "=", plan.id)])
                with self.assertQueryCount(1):
                    answers.env["pep.document"].search([("plan_id", "=", plan.id)])

    def test_a_role_counts_for_its_own_branch_alone(self):
        """Named or joined, each branch has the children of its own role: the answer is the same."""
        pupil, fostered = self.mine[0], self.make_children(school=False)
        self.surround(pupil)
        self.mine[1:].enrolment_ids.active = False
        self.others.enrolment_ids.active = False
        member = {"child_id": fostered.id, "role": "carer", "date_from": self.today}
        self.env["pep.network.member"].create({**member, "partner_id": self.users["teacher"].partner_id.id})
        self.make_plan(fostered)
        parts = self.env["pep.contribution"].search([("child_id", "in", (pupil | fostered).ids)])
        found = {}
        for limit in (300, 0):
            for flags in ("teacher", "carer"):
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE pep_contribution SET for_teacher = %s, for_carer = %s WHERE id IN %s",
                    [flags == "teacher", flags == "carer", tuple(parts.ids)],
                )
                self.env.invalidate_all()
                self.env.cr.cache.clear()
                with self.subTest(flags, limit=limit), patch.object(ir_rule, "NAMED", limit):
                    seen = self.as_user(self.env["pep.contribution"], "teacher").search([]).sudo()
                    self.assertEqual(seen.child_id, pupil if flags == "teacher" else fostered)
                    self.assertEqual(found.setdefault(flags, seen), seen)

    def test_few_of_one_role_and_many_of_another(self):
        """One who is head of all and teacher of one: the many are joined, the few are named, and both are right."""
        self.surround(self.mine[0])
        head = self.users["head"]
        self.env["pep.access"].create(
            {
                "user_id": head.id,
                "child_id": self.mine[0].id,
                "company_id": self.council.id,
                "role": "carer",
                "valid_from": fields.Datetime.now(),
                "valid_to": fields.Datetime.now() + timedelta(hours=1),
                "source": "test",
            }
        )
        with patch.object(ir_rule, "NAMED", 2):
            everybody = self.seen("pep.contribution", "head")
            self.assertEqual(everybody, self.mine | self.others)
            rule = str(self.env["ir.rule"].with_user(head)._compute_domain("pep.contribution", "read"))
        self.assertIn(f"[{self.mine[0].id}]", rule)

    def test_a_condition_of_another_shape_is_joined(self):
        """What can't be split by role is asked as it stands."""
        rule = self.env.ref("pep_module.pep_plan_rule_read")
        access = "('child_id.access_ids', 'any', [('user_id', '=', user.id), {}, ('valid_to', '>', 'now')])"
        for inner in (
            "('role', '!=', 'carer')",
            "('role', 'in', ['vseo', 'unheard_of'])",
            "('valid_from', '<=', 'now')",
        ):
            rule.domain_force = f"[{access.format(inner)}]"
            self.env.registry.clear_cache()
            self.env.cr.cache.clear()
            with self.subTest(inner):
                plans = self.env["pep.plan"].with_user(self.users["vseo"])
                self.assertIn("pep_access", plans._search([]).select().code)
                self.assertEqual(self.seen(), self.mine)

    def test_what_was_rolled_back_is_not_remembered(self):
        with freeze_time("2030-03-05 10:00:00"):
            with self.env.cr.savepoint() as savepoint:
                self.others.vseo_id = self.users["vseo"]
                self.assertEqual(self.seen(), self.mine | self.others)
                savepoint.rollback()
            self.assertEqual(self.seen(), self.mine)

    def test_the_clock_alone_ends_it(self):
        access = self.env["pep.access"].search([("user_id", "=", self.users["vseo"].id), ("role", "=", "vseo")])
        end = fields.Datetime.now() + timedelta(hours=1)
        access.write({"valid_to": end})
        with freeze_time(fields.Datetime.to_string(end - timedelta(seconds=1))):
            self.assertEqual(self.seen(), self.mine)
        with freeze_time(fields.Datetime.to_string(end)):
            self.assertFalse(self.seen())

    def test_a_group_taken_away_is_seen_by_the_next_question(self):
        child = self.mine[:1].with_user(self.users["vseo"])
        name = child._fields["full_name"]
        self.assertTrue(child._has_field_access(name, "read"))
        self.users["vseo"].group_ids = self.env.ref("base.group_user")
        self.assertFalse(child._has_field_access(name, "read"))
