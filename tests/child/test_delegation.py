"""A leading teacher delegates a child or one section to a colleague; it ends with whichever of all this ends first."""

from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from tests.plan.gathering_common import GatheringCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class DelegationCase(GatheringCase):
    """``colleague`` and ``second`` work at the child's school and see nothing by that; ``stranger`` at another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.last_year = date(cls.today.year - 1, 9, 1)
        cls.school2 = cls.make_school("Oak Primary School", "100002")
        places = {"colleague": cls.school, "second": cls.school, "stranger": cls.school2}
        cls.staff = {
            name: cls.join_staff(cls.portal_user(name), school, "colleague") for name, school in places.items()
        }
        cls.staff["teacher"] = cls.env["pep.school.staff"].search([("user_id", "=", cls.users["teacher"].id)])
        cls.enrolment = cls.child.enrolment_ids

    @classmethod
    def portal_user(cls, name):
        cls.users[name] = new_test_user(cls.env, f"{name}@elm.example", groups="base.group_portal")
        return cls.users[name]

    @classmethod
    def join_staff(cls, user, school, role, **values):
        return cls.env["pep.school.staff"].create(
            {"user_id": user.id, "school_id": school.id, "role": role, "date_from": cls.last_year, **values}
        )

    def delegate(self, name="colleague", part=None, by="teacher", plan=None):
        delegations = self.as_user(self.env["pep.delegation"], by)
        return self.env["pep.delegation"].browse(
            delegations.action_delegate((plan or self.plan).id, self.users[name].id, part and part.id)
        )

    def roles(self, name, child=None):
        child = child or self.child
        return self.as_user(self.env["pep.access"], name)._roles_on(child).get(child.id, set())

    def reads(self, name, record):
        return bool(self.as_user(record, name).search([("id", "=", record.id)]))

    def refused(self, error, action):
        with self.assertRaises(error), mute_logger(*QUIET), self.env.cr.savepoint():
            action()


@tagged("post_install", "-at_install")
class TestDelegating(DelegationCase):
    def test_a_colleague_has_nothing_by_working_there(self):
        self.assertFalse(self.roles("colleague"))
        self.assertFalse(self.reads("colleague", self.child))
        self.staff["colleague"].role = "delegate"
        self.assertEqual(self.roles("colleague"), {"teacher"}, "who stands in for the teacher sees the pupils")
        self.staff["colleague"].role = "colleague"
        self.assertFalse(self.roles("colleague"))

    def test_a_whole_child(self):
        delegation = self.delegate()
        self.assertEqual(self.roles("colleague"), {"teacher"})
        self.assertTrue(self.reads("colleague", self.parts["school"]))
        self.save(self.parts["school"], "colleague", well="Maths")
        self.as_user(self.parts["school"], "colleague").action_submit()
        self.assertEqual((delegation.school_id, delegation.date_from), (self.school, self.today))
        self.assertEqual(delegation.user_name, self.users["colleague"].name)
        self.assertEqual(delegation.section_name, "The whole child")
        other = self.make_children()
        self.assertFalse(self.roles("colleague", other), "one child, not the school")

    def test_one_section(self):
        part = self.parts["school"]
        self.delegate(part=part)
        self.assertEqual(part.delegate_id, self.users["colleague"])
        self.assertEqual(self.roles("colleague"), {"delegate"})
        for record, readable in (
            (self.child, True), (self.plan, True), (part, True), (self.parts["social"], False),
            (self.parts["carer"], False), (self.enrolment, False),
        ):  # fmt: skip
            with self.subTest(record), mute_logger(*QUIET):
                try:
                    seen = self.reads("colleague", record)
                except AccessError:
                    seen = False
                self.assertEqual(seen, readable)
        self.save(part, "colleague", well="Maths")
        self.as_user(part, "colleague").action_submit()
        self.assertEqual(part.state, "submitted")
        self.assertTrue(self.reads("teacher", part), "the teacher keeps it too")

    def test_twice_is_once(self):
        for part in (None, self.parts["school"]):
            first = self.delegate(part=part)
            self.assertEqual(self.delegate(part=part), first)
        rows = self.env["pep.access"].search([("user_id", "=", self.users["colleague"].id)])
        self.assertEqual(sorted(rows.mapped("role")), ["delegate", "teacher"])

    def test_of_a_section_there_is_one_colleague_at_a_time(self):
        part = self.parts["school"]
        first = self.delegate(part=part)
        self.refused(UserError, lambda: self.delegate("second", part=part))
        self.as_user(first, "teacher").action_end()
        self.delegate("second", part=part)
        self.assertEqual(part.delegate_id, self.users["second"])
        values = {**first.copy_data()[0], "user_id": self.users["colleague"].id, "ended_on": False}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["pep.delegation"].create(values)

    def test_only_who_leads_delegates(self):
        deputy = self.join_staff(self.portal_user("deputy"), self.school, "designated_teacher")
        self.refused(AccessError, lambda: self.delegate(by="deputy"))
        self.staff["teacher"].lead = False
        self.delegate(by="deputy")  # without a lead, any designated teacher
        deputy.lead = True
        self.refused(AccessError, lambda: self.delegate("second", by="teacher"))

    def test_who_may_not(self):
        self.delegate()  # the colleague is a teacher of the child now, but leads nothing
        for name in ("colleague", "social_worker", "carer", "parent", "iro", "vseo", "head", "stranger", "employee"):
            with self.subTest(name):
                self.refused(AccessError, lambda name=name: self.delegate("second", by=name))
        plan = self.make_plan(self.make_children(school=False))
        self.refused(AccessError, lambda: self.delegate(plan=plan))

    def test_to_whom_it_can_not_be(self):
        for name in ("stranger", "teacher", "carer", "vseo"):
            with self.subTest(name):
                self.refused(UserError, lambda name=name: self.delegate(name))
        self.staff["colleague"].date_to = self.today - timedelta(days=1)
        self.refused(UserError, self.delegate)

    def test_what_can_not_be(self):
        self.refused(UserError, lambda: self.delegate(part=self.parts["social"]))
        self.refused(AccessError, lambda: self.delegate(part=self.parts["carer"]))
        other = self.make_plan(self.make_children())
        other.action_start()
        self.refused(AccessError, lambda: self.delegate(part=self.parts_of(other)["school"]))
        self.hand_in(self.plan, "school")
        self.refused(UserError, lambda: self.delegate(part=self.parts["school"]))

    def test_must_not_have_contact(self):
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["colleague"].partner_id.id,
                "role": "parent",
                "must_not_contact": True,
            }
        )
        for part in (None, self.parts["school"]):
            self.refused(UserError, lambda part=part: self.delegate(part=part))
        self.assertFalse(self.roles("colleague"))

    def test_barred_later(self):
        self.delegate(part=self.parts["school"])
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["colleague"].partner_id.id,
                "role": "other",
                "must_not_contact": True,
            }
        )
        self.assertFalse(self.roles("colleague"))
        self.assertFalse(self.reads("colleague", self.parts["school"]))

    def test_by_hand_nobody(self):
        delegation = self.delegate()
        values = {**delegation.copy_data()[0], "user_id": self.users["second"].id}
        for name in ("teacher", "colleague", "vseo", "head", "support", "admin"):
            rows = self.as_user(delegation, name)
            self.refused(AccessError, lambda rows=rows: rows.create(values))
            self.refused(AccessError, lambda rows=rows: rows.write({"date_to": False}))
            self.refused(UserError, lambda rows=rows: rows.unlink())
        self.refused(UserError, delegation.unlink)
        self.refused(UserError, lambda: delegation.write({"user_id": self.users["second"].id}))

    def test_a_colleague_does_not_lead(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.staff["colleague"].lead = True
            self.env.flush_all()

    def test_to_whom_one_may_is_listed_for_who_leads(self):
        colleagues = self.as_user(self.env["pep.delegation"], "teacher")._colleagues(self.plan)
        self.assertEqual({user for user, _name in colleagues}, {self.users[n].id for n in ("colleague", "second")})
        self.assertFalse(self.as_user(self.env["pep.delegation"], "social_worker")._colleagues(self.plan))

    def test_who_reads_it(self):
        delegation = self.delegate(part=self.parts["school"])
        readers = {"teacher": True, "vseo": True, "head": True, "carer": False, "stranger": False}
        for name, readable in readers.items():
            with self.subTest(name):
                self.assertEqual(self.reads(name, delegation), readable)
        self.assertFalse(self.reads("colleague", delegation), "a colleague reads the section and nothing about others")


@tagged("post_install", "-at_install")
class TestEnding(DelegationCase):
    def test_taken_back_at_once(self):
        part = self.parts["school"]
        for section in (None, part):
            delegation = self.delegate(part=section)
            self.as_user(delegation, "teacher").action_end()
            self.assertFalse(self.roles("colleague"))
            self.assertFalse(part.delegate_id)
            self.assertFalse(self.reads("colleague", part))
            ended = delegation.ended_on
            self.as_user(delegation, "teacher").action_end()
            self.assertEqual(delegation.ended_on, ended, "twice is once")
        self.env["pep.access"]._sync(self.child)
        self.assertFalse(self.roles("colleague"))

    def test_who_may_take_it_back(self):
        self.join_staff(self.portal_user("deputy"), self.school, "designated_teacher")
        for name, allowed in (("deputy", False), ("carer", False), ("colleague", False), ("vseo", True)):
            delegation = self.delegate()
            with self.subTest(name):
                if allowed:
                    self.as_user(delegation, name).action_end()
                else:
                    self.refused(AccessError, lambda name=name, row=delegation: self.as_user(row, name).action_end())
                self.assertEqual(bool(delegation.ended_on), allowed)
        self.staff["teacher"].lead = False
        self.env["pep.school.staff"].search([("user_id", "=", self.users["deputy"].id)]).lead = True
        self.as_user(self.delegate(by="deputy"), "deputy").action_end()

    def assert_ends_at_midnight(self, section):
        part = self.parts["school"]
        role = "delegate" if section else "teacher"
        for row in (self.enrolment, self.staff["teacher"], self.staff["colleague"]):
            with self.subTest(row._name), self.env.cr.savepoint() as savepoint:
                self.delegate(part=section)
                self.assertEqual(self.roles("colleague"), {role})
                row.date_to = self.today
                self.assertEqual(self.roles("colleague"), {role}, "the last day counts")
                tomorrow = self.today + timedelta(days=1)
                midnight = self.council._pep_midnight_utc(tomorrow)
                with freeze_time(midnight - timedelta(minutes=1)):
                    self.assertEqual(self.roles("colleague"), {role})
                with freeze_time(midnight):
                    self.assertFalse(self.roles("colleague"))
                    self.assertFalse(self.reads("colleague", part))
                # who comes back does not bring it back
                back = {"date_from": tomorrow + timedelta(days=1)}
                if row._name == "pep.enrolment":
                    self.env["pep.enrolment"].create({"child_id": self.child.id, "school_id": self.school.id, **back})
                else:
                    self.join_staff(row.user_id, self.school, row.role, lead=row.lead, **back)
                with freeze_time(midnight + timedelta(days=3)):
                    self.env["pep.access"]._sync(self.child)
                    self.assertEqual(self.roles("colleague"), set())
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_a_child_ends_with_pupil_teacher_or_colleague(self):
        self.assert_ends_at_midnight(None)

    def test_a_section_ends_with_pupil_teacher_or_colleague(self):
        self.assert_ends_at_midnight(self.parts["school"])

    def test_midnight_is_the_council_s(self):
        """In summer a day ends at 23:00 in UTC."""
        day = date(self.today.year + 1, 7, 1)
        delegation = self.delegate()
        delegation.sudo().date_to = day
        with freeze_time(f"{day} 22:59:00"):
            self.assertEqual(self.roles("colleague"), {"teacher"})
        with freeze_time(f"{day} 23:00:00"):
            self.assertFalse(self.roles("colleague"))

    def test_the_teacher_becomes_a_mere_colleague(self):
        self.delegate()
        self.staff["teacher"].write({"lead": False, "role": "colleague"})
        self.assertFalse(self.roles("colleague"))
        self.assertFalse(self.roles("teacher"))

    def test_a_finished_pep_needs_nobody(self):
        self.delegate(part=self.parts["school"])
        self.plan._move("cancelled")
        self.assertFalse(self.roles("colleague"))
        self.assertFalse(self.reads("colleague", self.child))

    def test_a_new_one_after_the_old_has_lapsed(self):
        part = self.parts["school"]
        first = self.delegate(part=part)
        self.staff["colleague"].date_to = self.today - timedelta(days=1)
        self.assertFalse(self.roles("colleague"))
        self.delegate("second", part=part)
        self.assertTrue(first.ended_on)
        self.assertEqual(part.delegate_id, self.users["second"])

    def test_daily_tidying_twice(self):
        part = self.parts["school"]
        delegation = self.delegate(part=part)
        kept = self.delegate("second")
        self.staff["colleague"].date_to = self.today - timedelta(days=1)
        self.assertEqual(part.delegate_id, self.users["colleague"], "written down, though it opens nothing")
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 1):
            for _run in range(2):
                self.env["pep.delegation"]._cron_close_lapsed()
                self.assertTrue(delegation.ended_on)
                self.assertFalse(part.delegate_id)
                self.assertFalse(kept.ended_on)

    def test_academised(self):
        delegation = self.delegate(part=self.parts["school"])
        self.delegate("second")
        wizard = self.env["pep.school.academise"].create(
            {"school_id": self.school.id, "date": self.today, "urn": "100009", "name": "Elm Academy"}
        )
        wizard.action_academise()
        self.assertEqual(self.roles("colleague"), {"delegate"})
        self.assertEqual(self.roles("second"), {"teacher"})
        moved = self.env["pep.delegation"].search([("user_id", "=", self.users["colleague"].id)])
        self.assertEqual(moved.filtered("active").school_id.pep_urn, "100009")
        self.assertFalse(delegation.active, "it was to begin on the day of the change")

    def test_roles_of_two_schools_do_not_mix(self):
        """Teacher of one school, and an ended delegation at the other: the other's part stays closed."""
        part = self.parts["school"]
        delegation = self.delegate()
        self.env["pep.enrolment"].create(
            {"child_id": self.child.id, "school_id": self.school2.id, "kind": "subsidiary", "date_from": self.last_year}
        )
        self.join_staff(self.users["colleague"], self.school2, "designated_teacher")
        self.assertIsNone(self.as_user(part, "colleague")._may_fill())
        delegation.sudo()._end()
        self.assertEqual(self.roles("colleague"), {"teacher"})
        self.refused(AccessError, lambda: self.as_user(part, "colleague")._may_fill())


@tagged("post_install", "-at_install")
class TestInvitingColleagues(DelegationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["teacher"].login = "dt@elm.example"

    def invite(self, email, name="Jo Newcombe", by="teacher", school=None):
        delegations = self.as_user(self.env["pep.delegation"], by)
        return delegations.action_invite_colleague((school or self.school).id, name, email)

    def mails(self, email):
        return self.env["mail.mail"].search([("email_to", "=", email)])

    def test_a_new_colleague_gets_a_login_and_sees_nothing(self):
        self.invite("Jo@Elm.example")
        user = self.env["res.users"].search([("login", "=", "jo@elm.example")])
        self.assertTrue(user.share)
        member = self.env["pep.school.staff"].search([("user_id", "=", user.id)])
        self.assertEqual((member.school_id, member.role, member.lead), (self.school, "colleague", False))
        self.assertFalse(self.env["pep.access"].search([("user_id", "=", user.id)]))
        mail = self.mails("jo@elm.example")
        self.assertEqual(len(mail), 1)
        self.assertIn("/web/signup?", mail.body_html)
        self.users["jo"] = user
        self.delegate("jo")
        self.assertEqual(self.roles("jo"), {"teacher"})

    def test_twice_is_once(self):
        for _time in range(2):
            self.invite("jo@elm.example")
        self.assertEqual(len(self.mails("jo@elm.example")), 1)
        self.assertEqual(self.env["pep.school.staff"].search_count([("user_name", "=", "Jo Newcombe")]), 1)

    def test_a_login_that_is_there_is_taken(self):
        self.invite("stranger@elm.example")
        members = self.env["pep.school.staff"].search([("user_id", "=", self.users["stranger"].id)])
        self.assertEqual(members.school_id, self.school | self.school2)

    def test_a_designated_teacher_stays_one(self):
        deputy = self.join_staff(self.portal_user("deputy"), self.school, "designated_teacher")
        self.invite("deputy@elm.example")
        self.assertEqual(deputy.role, "designated_teacher")

    def test_the_link_is_for_the_colleague_alone(self):
        self.invite("jo@elm.example")
        message = self.mails("jo@elm.example").mail_message_id
        self.refused(AccessError, lambda: self.as_user(message, "teacher").read(["body"]))

    def test_refusals(self):
        for email in ("jo@other.example", "jo", "", False, "jo@sub.elm.example"):
            with self.subTest(email):
                self.refused(UserError, lambda email=email: self.invite(email))
        self.refused(UserError, lambda: self.invite("jo@elm.example", name=" "))
        new_test_user(self.env, "clerk@elm.example", groups="base.group_user")
        self.refused(UserError, lambda: self.invite("clerk@elm.example"))
        self.users["second"].active = False
        self.refused(UserError, lambda: self.invite("second@elm.example"))
        self.users["teacher"].login = "dt@gmail.com"
        self.refused(UserError, lambda: self.invite("jo@gmail.com"))

    def test_the_council_allows_other_addresses(self):
        other = self.env["res.company"].create({"name": "Farshire"})
        self.council.pep_colleague_any_domain = True
        self.invite("jo@other.example")
        child = self.make_children(school=False, company_id=other.id, vseo_id=False)
        self.env["pep.enrolment"].create({"child_id": child.id, "school_id": self.school.id})
        self.refused(UserError, lambda: self.invite("joe@other.example"))  # another council's pupils are there too

    def test_only_who_leads(self):
        self.join_staff(self.portal_user("deputy"), self.school, "designated_teacher")
        for name in ("deputy", "colleague", "stranger", "carer", "social_worker", "vseo", "employee"):
            with self.subTest(name):
                self.refused(AccessError, lambda name=name: self.invite("jo@elm.example", by=name))
        self.refused(AccessError, lambda: self.invite("jo@elm.example", school=self.school2))
        self.refused(AccessError, lambda: self.invite("jo@elm.example", school=self.users["carer"].partner_id))
