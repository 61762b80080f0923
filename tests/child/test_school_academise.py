"""A school becomes an academy: one dated action, and what follows from it."""

import base64
from itertools import count

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from tests.common import PepCase

from .school_common import SchoolCase, gias_csv


@tagged("post_install", "-at_install")
class TestSchoolAcademise(SchoolCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = cls._school(
            urn="190001",
            name="Elm Primary School",
            street="Elm Road",
            city="Leeds",
            pep_laestab="330/2001",
            pep_la_code="330",
            pep_school_phase="primary",
            pep_maintained=True,
        )
        cls.child = cls._child()
        cls.foreign_child = cls._child(company=cls.other_council)
        cls.enrolment = cls._enrol(cls.child, cls.old, cls._day(-400))
        cls.foreign_enrolment = cls._enrol(cls.foreign_child, cls.old, cls._day(-50), cls._day(90), kind="subsidiary")
        cls.member = cls._staff(cls.teacher, cls.old, cls._day(-300), lead=True)

    def _academise(self, day, urn="190002", user=None, school=None, **values):
        wizard = self.env["pep.school.academise"].with_user(user or self.head).create(
            {"school_id": (school or self.old).id, "date": day, "urn": urn, **values}
        )  # fmt: skip
        wizard.action_academise()
        return self.env["res.partner"].search([("pep_urn", "=", urn)])

    def _enrolments(self, child):
        return self.env["pep.enrolment"].search([("child_id", "=", child.id)], order="date_from")

    # === What it does ===

    def test_pupils_go_on_without_a_move(self):
        date = self._day(-30)
        new = self._academise(date)
        for child, enrolment, date_to in (
            (self.child, self.enrolment, False),
            (self.foreign_child, self.foreign_enrolment, self._day(90)),
        ):
            first, second = self._enrolments(child)
            self.assertEqual(first, enrolment)
            self.assertEqual((first.school_id, first.date_to), (self.old, self._day(-31)))
            self.assertEqual((second.school_id, second.date_from, second.date_to), (new, date, date_to))
            self.assertEqual((second.continues_id, second.kind), (first, first.kind))
            self.assertEqual(second.company_id, child.company_id)
            self.assertEqual((first.school_name, second.school_name), ("Elm Primary School", new.name))

    def test_the_new_school(self):
        new = self._academise(self._day(-30), name="Elm Academy", trust="Elm Trust", type_code="28")
        self.assertEqual(
            (new.name, new.pep_trust, new.street, new.city), ("Elm Academy", "Elm Trust", "Elm Road", "Leeds")
        )
        self.assertEqual((new.pep_school_type_code, new.pep_school_type), ("28", "Academy sponsor led"))
        self.assertEqual((new.pep_laestab, new.pep_la_code, new.pep_school_phase), ("330/2001", "330", "primary"))
        self.assertFalse(new.pep_maintained or new.company_id or new.pep_outside_gias)
        self.assertEqual((new.pep_open_date, new.pep_school_status), (self._day(-30), "open"))
        self.assertEqual((self.old.pep_close_date, self.old.pep_school_status), (self._day(-31), "closed"))
        self.assertTrue(self.old.active)
        link = self.old.pep_successor_ids
        self.assertEqual((link.successor_id, link.date, link.kind), (new, self._day(-30), "academised"))
        self.assertTrue(link.is_applied)

    def test_staff_and_access_are_unbroken(self):
        gone = self._staff(self.other_teacher, self.old, self._day(-300), self._day(-200))
        new = self._academise(self._day(-30))
        self.assertEqual(self.member.date_to, self._day(-31))
        member = self.env["pep.school.staff"].search([("school_id", "=", new.id)])
        self.assertEqual((member.user_id, member.date_from, member.date_to), (self.teacher, self._day(-30), False))
        self.assertEqual((member.lead, member.role), (True, "designated_teacher"))
        self.assertEqual(gone.date_to, self._day(-200))
        for day in (-40, -31, -30, -29, 0, 89):
            self.assertTrue(self._sees_on(self.teacher, self.child, self._day(day)), day)
            self.assertTrue(self._sees_on(self.teacher, self.foreign_child, self._day(day)), day)
        self.assertFalse(self._sees_on(self.teacher, self.foreign_child, self._day(91)))
        rows = self.env["pep.access"].search(
            [("user_id", "=", self.teacher.id), ("child_id", "=", self.child.id)], order="valid_from"
        )
        self.assertEqual(rows[0].valid_to, rows[1].valid_from, "not a second without access")
        seen = self.env["pep.child"].with_user(self.teacher).search([])
        self.assertEqual(seen, self.child | self.foreign_child)

    def test_a_future_date(self):
        date = self._day(20)
        new = self._academise(date)
        self.assertEqual((new.pep_school_status, new.pep_school_open), ("proposed", False))
        self.assertEqual((self.old.pep_school_status, self.old.pep_school_open), ("open_closing", True))
        self.assertFalse(self.old.pep_successor_ids.is_applied)
        for day in (0, 19, 20, 21):
            self.assertTrue(self._sees_on(self.teacher, self.child, self._day(day)), day)
        self.assertEqual(self.child.main_school_id, self.old)
        self.assertEqual(self.env["pep.child"].with_user(self.teacher).search([]), self.child | self.foreign_child)

        links = self.env["pep.school.link"]
        links._cron_apply_due()
        self.assertEqual(new.pep_school_status, "proposed", "not before its day")
        self.old.pep_successor_ids.date = self._day(0)
        links._cron_apply_due()
        links._cron_apply_due()
        self.assertEqual((new.pep_school_status, self.old.pep_school_status), ("open", "closed"))
        self.assertTrue(self.old.pep_successor_ids.is_applied)

    def test_what_begins_after_the_date_is_re_pointed(self):
        coming = self._enrol(self._child(), self.old, self._day(40))
        exactly = self._enrol(self._child(), self.old, self._day(20))
        joining = self._staff(self.other_teacher, self.old, self._day(40))
        past = self._enrol(self._child(), self.old, self._day(-90), self._day(-10))
        new = self._academise(self._day(20))
        self.assertEqual((coming.school_id, coming.date_from, coming.continues_id.id), (new, self._day(40), False))
        self.assertEqual((exactly.school_id, exactly.date_from), (new, self._day(20)))
        self.assertEqual(coming.school_name, new.name)
        self.assertEqual((joining.school_id, joining.date_from), (new, self._day(40)))
        self.assertTrue(self._sees_on(self.other_teacher, coming.child_id, self._day(41)))
        self.assertEqual((past.school_id, past.date_to), (self.old, self._day(-10)))

    def test_into_a_school_of_the_register(self):
        new = self._school(urn="190002", name="Elm Academy", pep_laestab="330/4001", pep_school_status="open")
        wizard = Form(self.env["pep.school.academise"].with_user(self.head).with_context(
            active_model="res.partner", active_id=self.old.id
        ))  # fmt: skip
        self.assertEqual(wizard.name, "Elm Primary School")
        wizard.date = self._day(-30)
        wizard.urn = "190002"
        self.assertEqual((wizard.successor_id, wizard.name, wizard.laestab), (new, "Elm Academy", "330/4001"))
        self.env["pep.school.link"].create(
            {"predecessor_id": self.old.id, "successor_id": new.id, "kind": "register", "date": self._day(-31)}
        )
        wizard.save().action_academise()
        self.assertEqual(self._enrolments(self.child)[-1].school_id, new)
        self.assertEqual(self.old.pep_successor_ids.kind, "academised", "the register's own link becomes ours")
        self.assertEqual(self.old.pep_successor_ids.date, self._day(-30))

    def test_the_register_may_lag_behind(self):
        self.old.pep_open_date = "1990-09-01"
        new = self._academise(self._day(-30))
        row = {"EstablishmentName": "Renamed", "URN": "190001"}
        proposed = {"URN": "190002", "EstablishmentStatus (code)": "4", "OpenDate": ""}
        for data in (gias_csv(row), gias_csv(row, proposed)):
            record = self.env["pep.gias.import"].create({"file": base64.b64encode(data)})
            record.action_import()
            self.assertEqual((self.old.pep_school_status, self.old.pep_close_date), ("closed", self._day(-31)))
            self.assertEqual((new.pep_school_status, new.pep_open_date), ("open", self._day(-30)))
        self.assertEqual((self.old.name, record.count_same), ("Renamed", 1))
        data = gias_csv({**row, "EstablishmentStatus (code)": "2", "CloseDate": "31-08-2020"})
        self.env["pep.gias.import"].create({"file": base64.b64encode(data)}).action_import()
        self.assertEqual(str(self.old.pep_close_date), "2020-08-31")

    # === What it refuses ===

    def test_twice_is_refused(self):
        self._academise(self._day(-30))
        for urn in ("190002", "190003"):
            with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                self._academise(self._day(-30), urn=urn)
            self.assertIn("already", str(caught.exception))
        self.assertEqual(len(self._enrolments(self.child)), 2)

    def test_chains_but_no_circles(self):
        new = self._academise(self._day(-30))
        newest = self._academise(self._day(-10), urn="190003", school=new)
        enrolments = self._enrolments(self.child)
        self.assertEqual(enrolments.mapped("school_id"), self.old | new | newest)
        self.assertEqual(enrolments[2].continues_id.continues_id, self.enrolment)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._academise(self._day(-5), urn="190001", school=newest)

    def test_refusals(self):
        self._school(urn="190005", pep_school_status="closed", pep_close_date=self._day(-100))
        self._school(urn="190006", active=False)
        for error, values in (
            (ValidationError, {"urn": "19000"}),
            (UserError, {"urn": "190001"}),
            (UserError, {"urn": "190005"}),
            (UserError, {"urn": "190006"}),
            (UserError, {"school": self.contact_manager.partner_id}),
        ):
            with self.assertRaises(error), self.env.cr.savepoint():
                self._academise(self._day(-30), **values)
        self.old.pep_open_date = self._day(-30)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._academise(self._day(-30))
        self.old.write({"pep_open_date": False, "pep_close_date": self._day(-60)})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._academise(self._day(-30))
        self.assertEqual(len(self._enrolments(self.child)), 1)

    def test_staff_of_both_schools_is_refused(self):
        other = self._school(urn="190002")
        self._staff(self.teacher, other, self._day(-10))
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self._academise(self._day(-30))
        self.assertIn(self.teacher.name, str(caught.exception))

    def test_who_may(self):
        for user in (self.vseo, self.support, self.contributor, self.finance, self.admin, self.teacher):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self._academise(self._day(-30), user=user)
            wizard = self.env["pep.school.academise"].create(
                {"school_id": self.old.id, "date": self._day(-30), "urn": "190002"}
            )
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_academise()
        self.assertEqual(len(self._enrolments(self.child)), 1)

    def test_queries_do_not_grow_with_the_pupils(self):
        urns = count(191000)

        def prepare(number):
            school = self._school(urn=str(next(urns)))
            for _index in range(number):
                self._enrol(self._child(), school, self._day(-100))
            new = str(next(urns))
            return lambda: self._academise(self._day(-30), urn=new, school=school)

        self.assertSameQueries(prepare, 5, 15)


@tagged("post_install", "-at_install")
class TestAcademiseMoney(PepCase):
    """Money that is not billed yet goes to the new school, from its first day on."""

    def setUp(self):
        super().setUp()
        child = self.make_children()
        plan = self.make_plan(child)
        self.funding = self.env["pep.funding"]
        for number, state in enumerate(("asked", "approved", "declined", "cancelled")):
            target = self.smart_target(plan, name=f"Target {number}")
            request = self.env["pep.funding.request"].create(
                {"target_id": target.id, "name": "Tuition", "unit_cost": 100.0}
            )
            if state != "asked":
                decided = {"decided_by_id": self.users["head"].id} if state != "cancelled" else {}
                request.funding_ids.write({"state": state, **decided})
            self.funding |= request.funding_ids
        self.assertEqual(self.funding.school_id, self.school)

    def _academise(self, day):
        self.as_user(self.env["pep.school.academise"], "head").create(
            {"school_id": self.school.id, "date": day, "urn": "190002"}
        ).action_academise()
        self.env.invalidate_all()
        return self.school.pep_successor_ids

    def test_at_once(self):
        new = self._academise(fields.Date.subtract(self.today, days=30)).successor_id
        self.assertEqual(
            [(funding.state, funding.school_id) for funding in self.funding],
            [("asked", new), ("approved", new), ("declined", self.school), ("cancelled", self.school)],
        )

    def test_on_the_day(self):
        link = self._academise(fields.Date.add(self.today, days=30))
        self.assertEqual(self.funding.school_id, self.school)
        self.env["pep.school.link"]._cron_apply_due()
        self.assertEqual(self.funding.school_id, self.school)
        link.date = self.today
        self.env["pep.school.link"]._cron_apply_due()
        self.assertEqual(self.funding[:2].school_id, link.successor_id)
        self.assertEqual(self.funding[2:].school_id, self.school)
