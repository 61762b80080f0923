from datetime import date, timedelta

from odoo.tests import freeze_time, tagged

from tests.common import PepCase

from .network_common import NetworkCase


@tagged("post_install", "-at_install")
class TestNetworkChangeClock(NetworkCase):
    """Midnight is the council's own."""

    def test_the_last_day_ends_at_midnight_in_the_summer(self):
        with freeze_time("2026-06-30 09:00:00"):
            self.council.pep_network_seen = date(2026, 6, 30)
            row = self.env["pep.network.member"].search([("child_id", "=", self.child.id), ("role", "=", "carer")])
            row.date_to = date(2026, 6, 30)
        with freeze_time("2026-06-30 22:59:00"):  # 23:59 in London
            self.catch_up()
            self.assertFalse(self.changes)
        with freeze_time("2026-06-30 23:01:00"):  # 00:01 in London
            self.catch_up()
            self.assertEqual(self.kinds(), ["person_left"])
            self.assertEqual(self.change.line_ids.date, date(2026, 7, 1))
            self.assertEqual(self.council.pep_network_seen, date(2026, 7, 1))

    def test_the_last_day_ends_at_midnight_in_the_winter(self):
        with freeze_time("2026-12-10 09:00:00"):
            self.council.pep_network_seen = date(2026, 12, 10)
            row = self.env["pep.network.member"].search([("child_id", "=", self.child.id), ("role", "=", "carer")])
            row.date_to = date(2026, 12, 10)
        with freeze_time("2026-12-10 23:59:00"):
            self.catch_up()
            self.assertFalse(self.changes)
        with freeze_time("2026-12-11 00:01:00"):
            self.catch_up()
            self.assertEqual(self.kinds(), ["person_left"])


@tagged("post_install", "-at_install")
class TestNetworkChangeBatch(PepCase):
    """Children by the hundred: no noise, and no more queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yesterday = cls.today - timedelta(days=1)
        cls.school2 = cls.make_school("Oak Primary School", "100002")

    def changes_of(self, children):
        return self.env["pep.network.change"].search([("child_id", "in", children.ids)])

    def queries(self, function):
        """How many queries something takes, with all that it leaves to be written."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def first_networks(self, children):
        self.env["pep.network.member"].create(
            [
                {"child_id": child.id, "partner_id": self.users["carer"].partner_id.id, "role": "carer"}
                for child in children
            ]
        )

    def test_first_networks_by_the_hundred_make_none_and_no_more_queries(self):
        few, many = self.make_children(3), self.make_children(60)
        self.make_plan(few | many)
        self.first_networks(self.make_children(1))
        counts = [self.queries(lambda group=group: self.first_networks(group)) for group in (few, many)]
        self.assertFalse(self.changes_of(few | many))
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_to_dos_by_the_hundred_take_no_more_queries(self):
        few, many = self.make_children(3), self.make_children(60)
        one = self.make_children(1)
        self.make_plan(one | few | many)

        def leave(children):
            children.enrolment_ids.write({"date_to": self.yesterday})

        leave(one)
        counts = [self.queries(lambda group=group: leave(group)) for group in (few, many)]
        self.assertEqual(len(self.changes_of(few | many)), 63)
        self.assertEqual(len((few | many).plan_ids.activity_ids), 63)
        self.assertLessEqual(counts[1], counts[0] + 12)

    def test_a_return_tells_of_moves_that_the_pep_began_with(self):
        codes = self.env["pep.code"].search([("kind", "=", "placement")], limit=2)
        children = self.make_children(20)
        self.make_plan(children)
        start = self.term.date_from
        episodes = self.env["pep.care.episode"].with_context(pep_defer_opening=True)
        episodes.create(
            [
                {"child_id": child.id, "date_from": day, "date_to": end, "placement_id": code.id, "source": "ssda903"}
                for child in children
                for day, end, code in (
                    (start - timedelta(days=200), start - timedelta(days=90), codes[0]),
                    (start - timedelta(days=89), False, codes[1]),
                )
            ]
        )
        self.assertFalse(self.changes_of(children))
        child = children[0]
        child.care_episode_ids.filtered(lambda row: not row.date_to).date_to = self.yesterday
        episodes.create({"child_id": child.id, "date_from": self.today, "placement_id": codes[0].id})
        self.assertEqual(self.changes_of(children).child_id, child)

    def test_a_school_that_became_an_academy_is_no_move(self):
        children = self.make_children(20)
        self.make_plan(children)
        for day in (self.today, self.today + timedelta(days=3)):
            school = children.enrolment_ids.filtered(lambda row: not row.date_to).school_id
            wizard = self.as_user(self.env["pep.school.academise"], "head").create(
                {
                    "school_id": school.id,
                    "date": day,
                    "urn": "20000" + str(day.day % 9),
                    "name": "Elm Academy",
                    "type_code": "34",
                }
            )
            wizard.action_academise()
            self.assertFalse(self.changes_of(children))
        self.council.pep_network_seen = self.today
        with freeze_time(f"{self.today + timedelta(days=5)} 12:00:00"):
            events = [
                event
                for name in ("pep.enrolment", "pep.network.member", "pep.school.staff")
                for event in self.env[name]._network_events_by_date(self.council, self.today, self.council._pep_today())
            ]
            self.assertFalse(events)
