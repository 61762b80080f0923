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
