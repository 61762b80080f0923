from odoo import fields
from odoo.tests import tagged

from benchmarks import screens
from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestSpeed(PepCase):
    """What follows from a change of many children is derived in a fixed number of queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.make_children(40)
        cls.surround(cls.children[0])

    def queries(self, work, children):
        """The number of queries of ``work(children)``, which is undone; the second of two turns, from a cold cache."""
        for _turn in range(2):
            with self.env.cr.savepoint() as savepoint:
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                work(children)
                self.env.flush_all()
                number = self.env.cr.sql_log_count - before
                savepoint.rollback()
            self.env.invalidate_all()
        return number

    def assert_fixed(self, work, more=40):
        self.assertEqual(self.queries(work, self.children[:10]), self.queries(work, self.children[:more]))

    def test_sync_with_nothing_to_do(self):
        self.assert_fixed(self.env["pep.access"]._sync)

    def test_sync_from_nothing(self):
        """Every row is ended, then derived again: up to a hundred rows, of which Odoo makes one INSERT."""

        def end_and_sync(children):
            rows = self.env["pep.access"].search([("child_id", "in", children.ids)])
            rows.write({"valid_to": fields.Datetime.now()})
            self.env["pep.access"]._sync(children)

        self.assert_fixed(end_and_sync, more=30)

    def test_another_vseo(self):
        """Children, their open PEPs, clocks and access rows: up to a hundred rows, of which Odoo makes one UPDATE."""
        self.term._open()
        as_head = self.as_user(self.children, "head")

        def hand_over(children):
            as_head.browse(children.ids).write({"vseo_id": self.users["other_vseo"].id})

        self.assert_fixed(hand_over, more=20)

    def test_list_of_children(self):
        children = self.as_user(self.children, "vseo")
        spec = screens.specification(children.browse(), "list")
        self.assert_fixed(lambda some: screens.listing(children.browse(), [("id", "in", some.ids)], spec))

    def test_checking_access_asks_once(self):
        """Odoo's own check of many records reads every access row of theirs; ours asks the rule in one query."""
        children = self.as_user(self.children, "vseo")
        children.env.user.sudo().fetch()
        children[:2].check_access("read")
        with self.assertQueryCount(1):
            children.check_access("read")
        self.assertEqual(self.as_user(self.children, "other_vseo")._filtered_access("read"), children.browse())
