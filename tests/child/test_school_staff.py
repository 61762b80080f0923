"""School staff: portal logins that see the pupils of a school, from the first to the last day."""

from itertools import count

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .school_common import SchoolCase


@tagged("post_install", "-at_install")
class TestSchoolStaff(SchoolCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.school = cls._school()
        cls.child = cls._child()
        cls.foreign_child = cls._child(company=cls.other_council)
        cls.pupil_elsewhere = cls._child()
        cls._enrol(cls.child, cls.school, cls._day(-100))
        cls._enrol(cls.foreign_child, cls.school, cls._day(-50), cls._day(50))
        cls._enrol(cls.pupil_elsewhere, cls._school(urn="190002"), cls._day(-100))

    def test_access_follows_in_the_same_transaction(self):
        self._staff(self.teacher, self.school, self._day(-10))
        self.assertTrue(self._sees_on(self.teacher, self.child, self._day(0)))
        self.assertTrue(self._sees_on(self.teacher, self.foreign_child, self._day(0)), "one login for all councils")
        self.assertFalse(self._sees_on(self.teacher, self.foreign_child, self._day(51)))
        self.assertFalse(self._sees_on(self.teacher, self.child, self._day(-11)))
        self.assertFalse(self._sees_on(self.teacher, self.pupil_elsewhere, self._day(0)))
        self.assertFalse(self._sees_on(self.other_teacher, self.child, self._day(0)))
        seen = self.env["pep.child"].with_user(self.teacher).search([])
        self.assertEqual(seen, self.child | self.foreign_child)

    def test_who_may_add_need_not_see_the_pupils(self):
        staff = self.env["pep.school.staff"].with_user(self.support)
        self.assertNotIn(self.foreign_child, self.env["pep.child"].with_user(self.support).search([]))
        member = staff.create({"user_id": self.teacher.id, "school_id": self.school.id})
        self.assertTrue(self._sees_on(self.teacher, self.foreign_child, self._day(0)))
        member.date_to = member.date_from
        self.assertFalse(self._sees_on(self.teacher, self.foreign_child, self._day(1)))

    def test_ending_and_correcting(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        member.date_to = self._day(-1)
        self.assertFalse(self._sees_on(self.teacher, self.child, self._day(0)))
        member.date_to = False
        self.assertTrue(self._sees_on(self.teacher, self.child, self._day(0)))
        member.active = False
        self.assertFalse(self._sees_on(self.teacher, self.child, self._day(0)))

    def test_a_future_member_sees_nothing_today(self):
        self._staff(self.teacher, self.school, self._day(5))
        self.assertFalse(self._sees_on(self.teacher, self.child, self._day(0)))
        self.assertTrue(self._sees_on(self.teacher, self.child, self._day(5)))
        self.assertFalse(self.env["pep.child"].with_user(self.teacher).search([]))

    def test_name_stays_as_it_was(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        name = member.user_name
        self.assertTrue(name)
        self.teacher.name = "Somebody Else"
        self.assertEqual(member.user_name, name)
        self.assertEqual(member.display_name, f"{name}, {self.school.name}")
        with self.assertRaises(UserError):
            member.user_name = "Somebody Else"

    def test_login_of_another_council(self):
        """One login serves several councils, though Odoo hides it from the staff of all but one."""
        foreign = new_test_user(
            self.env,
            login="foreign.teacher",
            groups="base.group_portal",
            company_id=self.other_council.id,
            company_ids=[(6, 0, self.other_council.ids)],
        )
        staff = self.env["pep.school.staff"].with_user(self.support)
        self.assertFalse(self.env["res.users"].with_user(self.support).search([("id", "=", foreign.id)]))
        form = Form(staff.with_context(default_school_id=self.school.id))
        form.login = "foreign.teacher"
        form.date_from = self._day(-1)
        member = form.save()
        self.assertEqual(member.sudo().user_id, foreign)
        self.env.invalidate_all()
        for view in ("form", "list"):
            arch = staff.get_views([(False, view)])["views"][view]["arch"]
            names = {name: {"fields": {"display_name": {}}} if name in ("school_id", "user_id") else {}
                     for name in staff._fields if f'name="{name}"' in arch}  # fmt: skip
            (values,) = member.web_read(names)
            self.assertEqual(values["user_name"], foreign.name)
        self.assertTrue(self._sees_on(foreign, self.child, self._day(0)))
        for login in ("nobody", self.vseo.login):
            with self.assertRaises(UserError):
                staff.create({"login": login, "school_id": self.school.id})

    def test_portal_logins_only(self):
        for user in (self.vseo, self.contributor):
            with self.assertRaises(ValidationError):
                self._staff(user, self.school, self._day(-1))

    def test_at_a_school_only(self):
        with self.assertRaises(ValidationError):
            self._staff(self.teacher, self.contact_manager.partner_id, self._day(-1))

    def test_a_row_names_one_person_at_one_school(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        for values in ({"user_id": self.other_teacher.id}, {"school_id": self._school(urn="190003").id}):
            with self.assertRaises(UserError):
                member.write(values)
            with self.assertRaises(UserError):
                member.with_user(self.support).with_context(pep_school_moves=True).write(values)
        member.write({"user_id": self.teacher.id, "school_id": self.school.id})

    def test_never_deleted(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        with self.assertRaises(UserError):
            member.unlink()
        with self.assertRaises(AccessError):
            member.with_user(self.head).unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.teacher.unlink()

    def test_once_at_a_time(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        for date_from in (-5, -20):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self._staff(self.teacher, self.school, self._day(date_from))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._staff(self.teacher, self.school, self._day(-20), self._day(-10))
        self._staff(self.other_teacher, self.school, self._day(-10))
        member.date_to = self._day(-5)
        self._staff(self.teacher, self.school, self._day(-4))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            member.date_to = self._day(-11)
            self.env.flush_all()

    def test_uniqueness_stands_in_the_database(self):
        member = self._staff(self.teacher, self.school, self._day(-10))
        self.env.flush_all()
        for columns in ("date_from - 5", "date_from"):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.env.cr.execute(
                    "INSERT INTO pep_school_staff (school_id, user_id, role, active, date_from) "
                    f"SELECT school_id, user_id, role, active, {columns} FROM pep_school_staff WHERE id = %s",
                    (member.id,),
                )

    def test_who_may(self):
        values = {"user_id": self.teacher.id, "school_id": self.school.id, "date_from": self._day(-10)}
        staff = self.env["pep.school.staff"]
        for number, user in enumerate((self.support, self.vseo, self.head)):
            with self.env.cr.savepoint():
                day = self._day(-30 + number)
                member = staff.with_user(user).create({**values, "date_from": day, "date_to": day})
                member.lead = True
        member = self._staff(self.other_teacher, self.school, self._day(-10))
        for user in (self.contributor, self.finance, self.admin, self.contact_manager, self.teacher):
            with self.assertRaises(AccessError):
                staff.with_user(user).create(values)
            with self.assertRaises(AccessError):
                member.with_user(user).write({"date_to": self._day(0)})
        for user in (self.finance, self.contact_manager, self.teacher):
            with self.assertRaises(AccessError):
                member.with_user(user).read(["user_name"])
        member.with_user(self.contributor).read(["user_name"])

    def test_form(self):
        form = Form(
            self.env["pep.school.staff"].with_user(self.support).with_context(default_school_id=self.school.id)
        )  # fmt: skip
        form.user_id = self.teacher
        form.date_from = self._day(-1)
        member = form.save()
        self.assertEqual((member.school_id, member.role), (self.school, "designated_teacher"))

    def test_queries_do_not_grow_with_the_pupils(self):
        urns = count(191000)

        def prepare(number):
            school = self._school(urn=str(next(urns)))
            for _index in range(number):
                self._enrol(self._child(), school, self._day(-10))
            return lambda: self._staff(self.teacher, school, self._day(-5))

        self.assertSameQueries(prepare, 5, 15)
