from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.pep_module.tools.periods import Period, Periods

from tests.common import PORTAL, PepCase


@tagged("post_install", "-at_install")
class TestFaceToFace(PepCase):
    """At least once every four terms: of any four that follow one another, one has a meeting in person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.write({f"pep_quorum_{role}": False for role in ("teacher", "social_worker", "carer")})
        cls.council.pep_go_live = date(2020, 1, 1)
        cls.child = cls.make_children(date_into_care=date(2025, 1, 15), date_of_birth=date(2016, 1, 15))

    def term_on(self, day):
        return self.env["pep.term"]._term_on(self.council, day)

    def met(self, day, child=None, mode="face", **values):
        """A meeting held on a day, as an import would bring it."""
        child = child or self.child
        plan = self.plan_on(day, child)
        meeting = self.env["pep.meeting"].create(
            {
                "plan_id": plan.id,
                "start": self.council._pep_midnight_utc(day) + timedelta(hours=10),
                "mode": mode,
                "state": "planned",
                **values,
            }
        )
        meeting.attendee_ids.attended = True
        asked = ("academic_target_required", "review_required", "setting_required")
        plan.kind_id.write(dict.fromkeys(asked, False))
        meeting.action_hold()
        return meeting

    def plan_on(self, day, child=None):
        child = child or self.child
        term = self.term_on(day)
        with freeze_time(datetime.combine(day, datetime.min.time()) + timedelta(hours=12)):
            term._open(child)
        return child.plan_ids.filtered(lambda plan: plan.term_id == term)

    # === Terms ===

    def test_nothing_is_due_before_there_is_a_pep(self):
        self.assertFalse(self.child.face_due_date)
        self.assertFalse(self.child.face_due_why)
        self.assertFalse(self.child.face_overdue)

    def test_the_first_of_four_terms_is_that_of_the_first_pep(self):
        self.plan_on(date(2026, 1, 10))
        self.assertEqual(self.child.face_due_date, date(2027, 4, 15))
        # spring, summer, autumn 2026, spring 2027: the fourth ends the day before summer begins
        self.assertIn("Not met face to face since PEPs began on", self.child.face_due_why)
        self.assertIn("Spring 2026", self.child.face_due_why)
        self.assertIn("in Spring 2027 at the latest", self.child.face_due_why)

    def test_an_earlier_pep_in_this_time_of_care_begins_the_count(self):
        self.plan_on(date(2026, 5, 10))
        self.plan_on(date(2026, 1, 10))
        self.assertEqual(self.child.face_due_date, date(2027, 7, 20), "kept from the first one made")
        self.child._sync_face_due()
        self.assertEqual(self.child.face_due_date, date(2027, 4, 15))

    def test_counted_from_the_last_meeting_in_person(self):
        self.met(date(2026, 2, 3))
        self.assertEqual(self.child.last_face_to_face, date(2026, 2, 3))
        self.assertEqual(self.child.face_due_date, date(2027, 7, 20), "last day for meetings of the fourth term after")
        self.assertIn("Last met face to face on", self.child.face_due_why)
        self.assertIn("next in Summer 2027 at the latest", self.child.face_due_why)
        self.met(date(2026, 6, 3), mode="online")
        self.assertEqual(self.child.face_due_date, date(2027, 7, 20), "online does not count")
        self.met(date(2026, 10, 3), mode="both")
        self.assertEqual(self.child.face_due_date, date(2028, 4, 15), "some in person do")

    def test_the_edges_of_a_term(self):
        for day, due in (
            (date(2025, 12, 31), date(2027, 4, 15)),
            (date(2026, 1, 1), date(2027, 7, 20)),
            (date(2026, 4, 15), date(2027, 7, 20)),
            (date(2026, 4, 16), date(2027, 12, 31)),
            (date(2026, 8, 31), date(2027, 12, 31)),
            (date(2024, 2, 29), date(2025, 7, 20)),
        ):
            with self.subTest(day):
                child = self.make_children(date_into_care=date(2023, 1, 5), date_of_birth=date(2016, 1, 15))
                self.met(day, child)
                self.assertEqual(child.face_due_date, due)

    def test_the_day_is_that_of_the_council(self):
        """In summer time 23:30 UTC is the day after in London, and here the day after is in the next term."""
        summer = self.term_on(date(2026, 5, 1))
        self.term_on(date(2026, 3, 1)).window_to = date(2026, 3, 31)
        summer.write({"date_from": date(2026, 4, 1), "window_from": date(2026, 4, 1)})
        for start, due in (
            (datetime(2026, 3, 31, 22, 30), date(2027, 7, 20)),
            (datetime(2026, 3, 31, 23, 30), date(2027, 12, 31)),
        ):
            with self.subTest(start):
                child = self.make_children(date_into_care=date(2025, 1, 5))
                meeting = self.met(date(2026, 3, 31), child)
                meeting.sudo().write({"start": start})
                self.assertEqual(child.face_due_date, due)

    def test_an_extra_meeting_does_not_count(self):
        self.met(date(2026, 2, 3))
        self.met(date(2026, 6, 3), is_extra=True)
        self.assertEqual(self.child.face_due_date, date(2027, 7, 20))

    # === Settings ===

    def test_half_terms(self):
        """Four of six half-terms a year; a term is parted in the middle of its window."""
        self.met(date(2026, 2, 3))
        self.council.pep_face_unit = "half_term"
        # first half of spring 2026; then second half, both halves of summer, first half of autumn
        self.assertEqual(self.child.face_due_date, date(2026, 10, 31))
        self.assertIn("first half of Spring 2026", self.child.face_due_why)
        self.assertIn("first half of Autumn 2026", self.child.face_due_why)
        self.met(date(2026, 3, 3))
        self.assertEqual(self.child.face_due_date, date(2026, 12, 31))

    def test_the_middle_of_a_window(self):
        first, last = date(2025, 9, 1), date(2026, 8, 31)
        periods = self.env["pep.term"]._periods(self.council, "half_term", first, last)
        found = [(period.first, period.until) for period in periods if first <= period.first <= last]
        self.assertEqual(
            found,
            [
                (date(2025, 9, 1), date(2025, 10, 31)),
                (date(2025, 11, 1), date(2025, 12, 31)),
                (date(2026, 1, 1), date(2026, 2, 22)),
                (date(2026, 2, 23), date(2026, 4, 15)),
                (date(2026, 4, 16), date(2026, 6, 2)),
                (date(2026, 6, 3), date(2026, 7, 20)),
            ],
        )

    def test_another_interval_is_counted_anew_for_every_child(self):
        self.met(date(2026, 2, 3))
        archived = self.make_children(date_into_care=date(2025, 1, 5))
        self.met(date(2026, 2, 3), archived)
        archived.active = False
        with Form(self.as_user(self.env["pep.settings"], "admin"), "pep_module.pep_settings_view_form") as form:
            self.assertEqual((form.pep_face_interval, form.pep_face_unit), (4, "term"))
            form.pep_face_interval = 1
        form.record.action_save()
        self.assertEqual((self.child | archived).mapped("face_due_date"), [date(2026, 7, 20)] * 2)

    def test_an_interval_that_is_none(self):
        for number in (0, -1, 25):
            with self.subTest(number), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.council.pep_face_interval = number

    def test_a_term_that_somebody_changed(self):
        self.met(date(2026, 2, 3))
        summer = self.term_on(date(2027, 5, 1))
        summer.window_to = date(2027, 7, 9)
        self.assertEqual(self.child.face_due_date, date(2027, 7, 9))
        self.council.pep_summer_start = "05-01"
        self.assertEqual(self.child.face_due_date, date(2027, 7, 9), "terms that are there keep their days")

    # === Overdue ===

    def test_overdue_the_day_after_on_the_council_s_clock(self):
        self.met(date(2026, 2, 3))
        children = self.as_user(self.env["pep.child"], "vseo")
        # midnight in London in July is 23:00 UTC
        for moment, overdue in (("2027-07-20 22:59:59", False), ("2027-07-20 23:00:01", True)):
            with self.subTest(moment), freeze_time(moment):
                self.env.invalidate_all()
                found = children.search([("face_overdue", "=", True)])
                self.assertEqual(found.ids, self.child.ids if overdue else [])
                self.assertEqual(self.child.face_overdue, overdue)
                self.assertEqual(self.child.id in children.search([("face_overdue", "=", False)]).ids, not overdue)
                plans = self.as_user(self.env["pep.plan"], "vseo")
                self.assertEqual(
                    plans.search([("child_id.face_overdue", "=", True)]).child_id.ids, self.child.ids if overdue else []
                )
                figures = {figure["key"]: figure["number"] for figure in plans.board_figures()}
                self.assertEqual(figures["face"], int(overdue))

    @freeze_time("2027-09-10 10:00:00")
    def test_only_children_who_have_peps(self):
        self.met(date(2026, 2, 3))
        self.assertTrue(self.child.face_overdue)
        for values in (
            {"date_out_of_care": date(2027, 9, 10)},
            {"date_of_birth": date(2009, 9, 10)},
            {"active": False},
        ):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.child.write(values)
                self.env.invalidate_all()
                self.assertFalse(self.env["pep.child"].search([("face_overdue", "=", True)]))
                savepoint.rollback()
        self.env.invalidate_all()
        respite = self.env["pep.code"].search([("kind", "=", "legal_status"), ("code", "=", "V3")], limit=1)
        self.env["pep.care.episode"].create(
            {"child_id": self.child.id, "date_from": date(2027, 1, 1), "legal_status_id": respite.id}
        )
        self.env.invalidate_all()
        self.assertFalse(self.child.face_overdue)

    def test_back_in_care_the_count_begins_anew(self):
        self.met(date(2025, 2, 3))
        self.child.date_out_of_care = date(2025, 6, 1)
        with freeze_time("2027-02-10 10:00:00"):
            self.child.write({"date_into_care": date(2027, 2, 1), "date_out_of_care": False})
            self.assertFalse(self.child.face_due_date, "no PEP yet in this time of care")
        self.plan_on(date(2027, 2, 10))
        self.assertEqual(self.child.face_due_date, date(2028, 4, 15), "spring 2027 is the first of four")
        self.assertIn("PEPs began", self.child.face_due_why)

    def test_planned(self):
        plan = self.plan_on(date(2026, 1, 10))
        start = fields.Datetime.now() + timedelta(days=3)
        self.env["pep.meeting"].create({"plan_id": plan.id, "start": start, "mode": "online"})
        self.assertFalse(self.child.face_planned_on)
        self.env["pep.meeting"].create(
            {"plan_id": plan.id, "start": start + timedelta(hours=3), "mode": "face", "is_extra": False}
        )
        self.child.invalidate_recordset()
        self.assertEqual(self.child.face_planned_on, self.council._pep_local(start + timedelta(hours=3)).date())

    def test_a_note_on_the_card_in_the_term_in_which_it_is_due(self):
        self.met(date(2026, 2, 3))
        with freeze_time("2027-02-01 10:00:00"):
            early = self.plan_on(date(2027, 2, 1))
            self.assertFalse(early.face_note)
        with freeze_time("2027-05-01 10:00:00"):
            plan = self.plan_on(date(2027, 5, 1))
            self.env.invalidate_all()
            self.assertEqual(plan.face_note, "Face to face due by 20 Jul")
            self.env["pep.meeting"].create({"plan_id": plan.id, "start": datetime(2027, 6, 8, 9), "mode": "face"})
            self.env.invalidate_all()
            self.assertEqual(plan.face_note, "Face to face due by 20 Jul (planned: 8 Jun)")
        with freeze_time("2027-08-01 10:00:00"):
            self.env.invalidate_all()
            self.assertEqual(plan.face_note, "Face to face was due by 20 Jul")
            self.assertTrue(plan.face_overdue)

    def test_due_by_a_day(self):
        """For whoever plans a meeting: should this one be in person?"""
        self.met(date(2026, 2, 3))
        other = self.make_children()
        both = self.child | other
        for day, due in (
            (date(2027, 4, 15), False),
            (date(2027, 4, 16), True),
            (date(2027, 8, 31), True),
            (date(2027, 11, 1), True),
        ):
            with self.subTest(day):
                self.assertEqual(both._face_due_by(day), self.child if due else self.child.browse())

    # === Who ===

    def test_what_the_app_keeps_is_not_typed(self):
        self.plan_on(date(2026, 1, 10))
        with self.assertRaises(UserError):
            self.as_user(self.child, "vseo").face_due_date = date(2030, 1, 1)
        values = {
            "la_person_id": "F1",
            "first_name": "Zebedee",
            "last_name": "Unsaid",
            "date_of_birth": date(2016, 1, 1),
            "face_due_date": date(2030, 1, 1),
        }
        self.assertFalse(self.as_user(self.env["pep.child"], "vseo").create(values).face_due_date)

    def test_who_must_not(self):
        self.surround(self.child)
        self.met(date(2026, 2, 3))
        for role in PORTAL:
            for name in ("face_due_date", "face_overdue", "face_planned_on", "face_due_why"):
                with self.subTest(f"{role} {name}"), self.assertRaises(AccessError):
                    self.as_user(self.child, role).read([name])
            with self.subTest(f"{role} searches"), self.assertRaises(AccessError):
                self.as_user(self.env["pep.child"], role).search([("face_overdue", "=", True)])
            with self.subTest(f"{role} board"):
                self.assertEqual(self.as_user(self.env["pep.plan"], role).board_figures(), [])
        for role in ("other_vseo", "employee", "admin", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.child, role).read(["face_due_date"])

    # === Work ===

    def test_twice_run(self):
        self.met(date(2026, 2, 3))
        self.env.flush_all()
        before = self.child.face_due_date, self.child.write_date
        self.child._sync_face_due()
        self.env.flush_all()
        self.child.invalidate_recordset()
        self.assertEqual((self.child.face_due_date, self.child.write_date), before)

    def test_a_cancelled_first_pep_begins_nothing(self):
        plan = self.plan_on(date(2026, 1, 10))
        plan._take_step("cancel", "Opened by mistake")
        self.assertFalse(self.child.face_due_date)

    def test_queries_do_not_grow(self):
        children = self.make_children(12)
        self.term._open(children)
        vseo = self.as_user(children, "vseo")
        works = {
            "sync": lambda some: some.sudo()._sync_face_due(),
            "why": lambda some: some.mapped("face_due_why"),
            "overdue": lambda some: some.mapped("face_overdue"),
            "planning": lambda some: some._face_due_by(self.today),
            "board": lambda some: some.env["pep.plan"].board_figures(),
            "cards": lambda some: some.plan_ids.mapped(lambda plan: (plan.face_note, plan.quorum_gap)),
        }
        for name, work in works.items():
            counts = []
            for some in (vseo[:2], vseo[:2], vseo):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                work(some)
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
            with self.subTest(name):
                self.assertEqual(*counts[1:])

    def test_periods(self):
        periods = Periods([Period("one", date(2026, 1, 1), date(2026, 1, 20)), Period("two", date(2026, 2, 1), None)])
        self.assertEqual(periods.of(date(2026, 1, 31)).name, "one")
        self.assertEqual(periods.of(date(2026, 2, 1)).name, "two")
        with self.assertRaises(ValueError):
            periods.of(date(2025, 12, 31))
