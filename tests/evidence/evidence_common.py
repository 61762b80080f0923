"""What the tests of figures share: a child of the VSEO, a week in the past, and short ways to record."""

from datetime import timedelta

from odoo.tests import tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class EvidenceCase(PepCase):
    """``self.monday`` begins the last whole week; ``self.records`` is ``pep.attendance`` as the VSEO has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.monday = cls.today - timedelta(days=cls.today.weekday() + 7)
        cls.records = cls.as_user(cls.env["pep.attendance"], "vseo")

    def values(self, possible=0, present=0, authorised=0, unauthorised=0, *, child=None, school=None, days=5, **values):
        counts = {
            "possible": possible,
            "present": present,
            "authorised": authorised,
            "unauthorised": unauthorised,
        }
        return {
            "child_id": (child or self.child).id,
            "school_id": (school or self.school).id,
            "date_from": self.monday,
            "date_to": self.monday + timedelta(days=days - 1),
            **({} if values.get("pasted") else counts),
            **values,
        }

    def attended(self, *counts, **values):
        return self.records.create(self.values(*counts, **values))

    def queries(self, work, records):
        """The number of queries of ``work(records)`` from a cold cache; the second of two turns."""
        for _turn in range(2):
            self.env.invalidate_all()
            records.env.user.sudo().fetch()
            before = self.env.cr.sql_log_count
            work(records)
            self.env.flush_all()
        return self.env.cr.sql_log_count - before
