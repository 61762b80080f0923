from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.pep_module.models.common.res_company import TEMPLATE_MODELS

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestUsersFollow(PepCase):
    """Access follows from groups and councils at once, whichever end they are changed from, and costs little."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.head = cls.env.ref("pep_module.group_pep_head")
        cls.finance = cls.env.ref("pep_module.group_pep_finance")
        cls.person = cls.users["employee"]

    def sees(self, user=None):
        user = user or self.person
        self.env.invalidate_all()
        return (
            self.env["pep.access"]
            .search([("user_id", "=", user.id), ("valid_from", "<=", "now"), ("valid_to", ">", "now")])
            .mapped("role")
        )

    def test_a_group_that_implies_head_is_made_changed_and_removed(self):
        self.assertFalse(self.sees())
        person = [Command.link(self.person.id)]
        group = self.env["res.groups"].create(
            {"name": "Directors", "implied_ids": [Command.link(self.head.id)], "user_ids": person}
        )
        self.assertEqual(self.sees(), ["head"])
        group.user_ids = [Command.clear()]
        self.assertFalse(self.sees())
        group.user_ids = person
        self.assertEqual(self.sees(), ["head"])
        group.unlink()
        self.assertFalse(self.sees())

    def test_a_group_comes_to_imply_head_or_finance_from_either_end(self):
        group = self.env["res.groups"].create({"name": "Board", "user_ids": [Command.link(self.person.id)]})
        self.assertFalse(self.sees())
        self.finance.implied_by_ids = [Command.link(group.id)]
        self.assertEqual(self.sees(), ["finance"])
        self.finance.implied_by_ids = [Command.unlink(group.id)]
        self.assertFalse(self.sees())
        group.implied_ids = [Command.link(self.head.id)]
        self.assertEqual(self.sees(), ["head"])
        group.implied_ids = [Command.unlink(self.head.id)]
        self.assertFalse(self.sees())

    def test_councils_and_archiving_from_the_user(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        head = self.users["head"]
        self.assertEqual(self.sees(head), ["head"])
        head.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(self.sees(head))
        head.company_ids = [Command.link(self.council.id)]
        self.assertEqual(self.sees(head), ["head"])
        head.active = False
        self.assertFalse(self.sees(head))

    def test_a_user_costs_a_fixed_number_of_queries(self):
        def queries(number):
            users = self.env["res.users"].create(
                [
                    {
                        "name": f"Teacher {number} {index}",
                        "login": f"teacher.{number}.{index}",
                        "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                    }
                    for index in range(number)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["pep.access"]._sync_users(users)
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(2), queries(150))
        self.assertLessEqual(queries(3), 15)

    def test_what_does_not_concern_access_costs_nothing(self):
        user = self.users["teacher"]
        self.env.invalidate_all()
        with patch.object(self.env.registry["pep.access"], "_sync_users", side_effect=AssertionError):
            user.write({"lang": "en_US", "signature": "x"})
            user.partner_id.write({"phone": "1"})
            self.env.flush_all()

    def test_a_new_council_costs_a_fixed_number_of_queries(self):
        def queries():
            with patch.object(self.env.registry["res.company"], "_pep_load_templates"):
                council = self.env["res.company"].create({"name": f"Council {self.env.cr.sql_log_count}"})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            council._pep_load_templates()
            made = self.env.cr.sql_log_count - before
            before = self.env.cr.sql_log_count
            council._pep_load_templates()
            return made, self.env.cr.sql_log_count - before

        queries()
        made, again = queries()
        for number in range(5):
            self.env["res.company"].create({"name": f"More {number}"})
        self.assertEqual(queries(), (made, again))
        # and the parts of a rubric, the calendars, the address for its meetings
        self.assertLessEqual(made, 10 * (len(TEMPLATE_MODELS) + 6))
        self.assertLessEqual(again, 3 * len(TEMPLATE_MODELS))
