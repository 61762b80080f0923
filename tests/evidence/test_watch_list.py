from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .evidence_common import EvidenceCase


@tagged("post_install", "-at_install")
class TestWatchList(EvidenceCase):
    """One line a child, with the reasons in words; nobody who gives no reason."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.as_user(cls.env["pep.child"], "vseo")

    def watched(self, role="vseo"):
        return self.as_user(self.env["pep.child"], role).search([("on_watch_list", "=", True)])

    def reasons(self, child=None):
        return (self.as_user(child or self.child, "vseo").watch_reasons or "").split("\n")

    def suspend(self, **values):
        day = {"date_from": self.today, "date_to": self.today, "sessions": 2}
        ids = {"child_id": self.child.id, "school_id": self.school.id}
        return self.env["pep.suspension"].create({**ids, **day, **values})

    def test_nobody(self):
        self.assertFalse(self.watched())
        self.assertFalse(self.as_user(self.child, "vseo").watch_reasons)
        self.assertIn(self.child, self.children.search([("on_watch_list", "=", False)]))

    def test_suspended_today(self):
        suspension = self.suspend()
        self.assertEqual(self.watched(), self.child)
        self.assertRegex(self.reasons()[0], "^Suspended until ")
        suspension.state = "withdrawn"
        self.assertFalse(self.watched())
        suspension.write({"state": "stands", "date_from": self.monday, "date_to": self.today - timedelta(days=1)})
        self.assertFalse(self.watched())

    def test_excluded_until_at_another_school(self):
        self.suspend(kind="permanent", date_from=self.monday, date_to=False, sessions=0)
        self.assertRegex(self.reasons()[0], "^Permanently excluded since ")
        self.child.enrolment_ids.date_to = self.monday
        enrolment = {"child_id": self.child.id, "school_id": self.make_school("Oak", "100002").id}
        self.env["pep.enrolment"].create({**enrolment, "date_from": self.monday + timedelta(days=1)})
        self.assertFalse(self.watched())

    def test_no_school_for_some_days(self):
        enrolment = self.child.enrolment_ids
        enrolment.date_to = self.today - timedelta(days=4)
        self.assertFalse(self.watched(), "four days are fewer than five")
        enrolment.date_to = self.today - timedelta(days=5)
        self.assertRegex(self.reasons()[0], r"^No school since .* \(5 days\)$")
        roll = {"child_id": self.child.id, "kind": "not_on_roll", "date_from": self.today - timedelta(days=4)}
        self.env["pep.enrolment"].create(roll)
        self.assertEqual(self.watched(), self.child, "that it is known does not help")
        hospital = {"child_id": self.child.id, "kind": "hospital", "date_from": self.today}
        self.env["pep.enrolment"].create(hospital)
        self.assertFalse(self.watched())

    def test_never_at_school(self):
        new = self.make_children(school=False, date_into_care=self.today - timedelta(days=5))
        newer = self.make_children(school=False, date_into_care=self.today - timedelta(days=4))
        young = self.make_children(school=False, date_of_birth=self.today - timedelta(days=3 * 366))
        self.assertEqual(self.watched(), new)
        self.council.pep_watch_no_school_days = 4
        self.assertEqual(self.watched(), new | newer)
        self.assertNotIn(young, self.watched())

    def test_absence_by_sessions(self):
        record = self.env["pep.attendance"].create(self.values(10, 9, 1))
        self.assertEqual(self.reasons(), ["Missed 1 of 10 sessions in three months: attendance 90.0 %"])
        self.council.pep_watch_absence = 10.1
        self.assertFalse(self.watched())
        self.council.pep_watch_absence = 10
        month = {"date_from": self.monday - timedelta(days=120), "date_to": self.monday - timedelta(days=100)}
        record.write(month)
        self.assertFalse(self.watched(), "long ago")

    def test_part_time_timetable(self):
        self.env["pep.attendance"].create(
            {**self.values(30, 28, 2, c2_sessions=2), "date_from": self.monday - timedelta(days=20)}
        )
        self.assertEqual(self.reasons(), ["Part-time timetable (C2): 2 sessions"])

    def test_all_reasons_in_one_line(self):
        self.env["pep.attendance"].create(self.values(10, 5, 5, c2_sessions=5))
        self.suspend()
        self.child.enrolment_ids.date_to = self.today - timedelta(days=9)
        self.assertEqual(len(self.reasons()), 4)
        self.assertEqual(len(self.watched()), 1)

    def test_who_sees_it(self):
        self.suspend()
        self.assertEqual(self.watched("head"), self.child)
        self.assertFalse(self.watched("other_vseo"))
        self.surround(self.child)
        for role in ("teacher", "social_worker", "carer", "finance", "admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.watched(role)
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.child, role).read(["watch_reasons"])

    def test_no_longer_in_care(self):
        self.suspend()
        self.child.date_out_of_care = self.today
        self.assertFalse(self.watched())

    def test_settings(self):
        for values in ({"pep_watch_no_school_days": 0}, {"pep_watch_absence": 0}, {"pep_watch_absence": 101}):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.council.write(values)

    def test_queries_do_not_grow(self):
        def look(children):
            found = children.search([("on_watch_list", "=", True)])
            return found.mapped("watch_reasons")

        self.suspend()
        few = self.queries(look, self.children)
        children = self.make_children(30)
        self.env["pep.attendance"].create([self.values(10, 5, 5, child=child) for child in children])
        ids = {"school_id": self.school.id, "date_from": self.today, "date_to": self.today, "sessions": 1}
        self.env["pep.suspension"].create([{"child_id": child.id, **ids} for child in children])
        many = self.queries(look, self.children)
        self.assertEqual(len(self.watched()), 31)
        self.assertLessEqual(many, few + 2, "the enrolments of those with attendance are asked for once")
