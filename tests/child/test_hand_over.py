"""Everything of somebody who leaves goes to another person in one action, from one day to the next."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from tests.common import PepCase

from .test_delegation import DelegationCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class HandOver:
    def wizard(self, records, by="vseo", **values):
        active = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        wizards = self.as_user(self.env["pep.hand.over"], by).with_context(**active)
        return wizards.create({"to_name": "Nora New", "to_email": "nora@elm.example", **values})

    def hand_over(self, records, by="vseo", **values):
        wizard = self.wizard(records, by, **values)
        wizard.action_hand_over()
        return wizard.done

    def refused(self, error, action):
        with self.assertRaises(error), mute_logger(*QUIET), self.env.cr.savepoint():
            action()

    def roles_on(self, user, child, day):
        noon = self.council._pep_midnight_utc(day) + timedelta(hours=12)
        with freeze_time(noon):
            return self.env["pep.access"].with_user(user)._roles_on(child).get(child.id, set())


@tagged("post_install", "-at_install")
class TestTeacher(HandOver, DelegationCase):
    def new(self):
        return self.env["res.users"].search([("login", "=", "nora@elm.example")])

    def test_the_new_teacher_has_all_from_that_day(self):
        other = self.make_children()
        done = self.hand_over(self.staff["teacher"])
        self.assertIn("Children of yours there: 2", done)
        old, tomorrow = self.users["teacher"], self.today + timedelta(days=1)
        for child in (self.child, other):
            self.assertEqual(self.roles_on(old, child, self.today), {"teacher"})
            self.assertFalse(self.roles_on(old, child, tomorrow))
            self.assertFalse(self.roles_on(self.new(), child, self.today))
            self.assertEqual(self.roles_on(self.new(), child, tomorrow), {"teacher"})
        member = self.env["pep.school.staff"].search([("user_id", "=", self.new().id)])
        self.assertEqual((member.lead, member.role, member.date_from), (True, "designated_teacher", tomorrow))
        mail = self.env["mail.mail"].search([("email_to", "=", "nora@elm.example")])
        self.assertEqual(len(mail), 1)
        self.assertNotIn("Unsaid", mail.body_html)

    def test_at_once(self):
        self.hand_over(self.staff["teacher"], date=self.today, invite=False)
        self.assertFalse(self.roles("teacher"))
        self.users["new"] = self.new()
        self.assertEqual(self.roles("new"), {"teacher"})
        self.assertFalse(self.env["mail.mail"].search([("email_to", "=", "nora@elm.example")]))

    def test_twice_changes_nothing(self):
        self.hand_over(self.staff["teacher"])
        rows = self.env["pep.school.staff"].with_context(active_test=False).search([])
        before = rows.read(["date_from", "date_to", "active", "role", "lead"])
        self.assertIn("nothing left", self.hand_over(self.staff["teacher"]))
        self.assertEqual(rows.search([]), rows)
        self.assertEqual(rows.read(["date_from", "date_to", "active", "role", "lead"]), before)

    def test_what_was_delegated_goes_along(self):
        part = self.parts["school"]
        self.delegate(part=part)
        self.delegate("second")
        self.hand_over(self.staff["teacher"], date=self.today)
        self.assertEqual(self.roles("colleague"), {"delegate"})
        self.assertEqual(self.roles("second"), {"teacher"})
        self.assertEqual(part.delegate_id, self.users["colleague"])
        delegations = self.env["pep.delegation"].search([("child_id", "=", self.child.id)])
        self.assertEqual(delegations.from_user_id, self.new())

    def test_what_was_delegated_goes_along_later(self):
        self.delegate()
        self.hand_over(self.staff["teacher"], date=self.today + timedelta(days=3))
        for day in range(6):
            self.assertEqual(
                self.roles_on(self.users["colleague"], self.child, self.today + timedelta(days=day)), {"teacher"}, day
            )

    def test_to_the_colleague_who_had_it_by_delegation(self):
        self.delegate()
        self.hand_over(self.staff["teacher"], date=self.today, to_email="colleague@elm.example")
        self.assertEqual(self.roles("colleague"), {"teacher"})
        self.assertEqual(self.staff["colleague"].date_to, self.today - timedelta(days=1))
        self.assertFalse(self.env["pep.delegation"].search([("child_id", "=", self.child.id), ("date_to", "=", False)]))

    def test_a_colleague_hands_on_what_was_delegated(self):
        part = self.parts["school"]
        self.delegate(part=part)
        self.hand_over(self.staff["colleague"], date=self.today, to_email="second@elm.example")
        self.assertFalse(self.roles("colleague"))
        self.assertEqual(self.roles("second"), {"delegate"})
        self.assertEqual(part.delegate_id, self.users["second"])

    def test_all_schools_of_one_person(self):
        here = self.staff["teacher"]
        there = self.join_staff(self.users["teacher"], self.school2, "designated_teacher")
        self.hand_over(here | there)
        rows = self.env["pep.school.staff"].search([("user_id", "=", self.new().id)])
        self.assertEqual({row.school_id: row.lead for row in rows}, {self.school: True, self.school2: False})

    def test_who_has_not_begun(self):
        later = self.join_staff(
            self.users["stranger"], self.school, "designated_teacher", date_from=self.today + timedelta(days=9)
        )
        self.hand_over(later, date=self.today)
        self.assertFalse(later.active)
        row = self.env["pep.school.staff"].search([("user_id", "=", self.new().id)])
        self.assertEqual(row.date_from, self.today + timedelta(days=9))

    def test_the_form_says_how_many_of_one_s_own(self):
        foreign = self.env["res.company"].create({"name": "Farshire"})
        child = self.make_children(school=False, company_id=foreign.id, vseo_id=False)
        self.env["pep.enrolment"].create({"child_id": child.id, "school_id": self.school.id})
        row = self.staff["teacher"]
        active = {"active_model": row._name, "active_ids": row.ids}
        form = Form(self.as_user(self.env["pep.hand.over"], "vseo").with_context(**active))
        self.assertEqual(form.child_count, 1)
        self.assertEqual(form.leaver_name, row.user_name)
        form.to_name, form.to_email = "Nora", "nora@elm.example"
        form.save().action_hand_over()
        tomorrow = self.today + timedelta(days=1)
        self.assertEqual(self.roles_on(self.new(), child, tomorrow), {"teacher"}, "one school, one teacher")

    def test_refusals(self):
        row = self.staff["teacher"]
        self.refused(UserError, lambda: self.wizard(row | self.staff["colleague"]))
        self.users["teacher"].login = "dt@elm.example"
        self.refused(UserError, lambda: self.hand_over(row, to_email="dt@elm.example"))
        self.refused(UserError, lambda: self.hand_over(row, to_email="nowhere"))
        self.refused(UserError, lambda: self.hand_over(row, to_email=False))
        for role in ("admin", "finance", "employee", "teacher", "social_worker"):
            with self.subTest(role):
                self.refused(AccessError, lambda role=role: self.hand_over(row, by=role))


@tagged("post_install", "-at_install")
class TestSocialWorker(HandOver, PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaver = cls.env["res.partner"].create({"name": "Lee Ving", "email": "lee@testshire.example"})

    @classmethod
    def cases(cls, number, role="social_worker", **values):
        children = cls.make_children(number, school=False, **values)
        cls.env["pep.network.member"].create(
            [
                {
                    "child_id": child.id,
                    "partner_id": cls.leaver.id,
                    "role": role,
                    "relation": "Children in care team",
                    "date_from": cls.today - timedelta(days=30),
                }
                for child in children
            ]
        )
        return children

    def workers(self, child, day):
        rows = self.env["pep.network.member"].search([("child_id", "=", child.id), ("role", "=", "social_worker")])
        rows = rows.filtered(lambda row: row.date_from <= day and (not row.date_to or row.date_to >= day))
        return rows.mapped("partner_id.name")

    def test_from_a_day_on(self):
        children = self.cases(3)
        done = self.hand_over(children[0].network_ids)
        self.assertIn("3 children", done)
        tomorrow = self.today + timedelta(days=1)
        for child in children:
            self.assertEqual(self.workers(child, self.today), ["Lee Ving"])
            self.assertEqual(self.workers(child, tomorrow), ["Nora New"])
        new = children[0].network_ids.filtered(lambda row: row.date_from == tomorrow)
        self.assertEqual(new.relation, "Children in care team")
        user = new.partner_id.user_ids
        self.assertFalse(self.roles_on(user, children[0], self.today))
        self.assertEqual(self.roles_on(user, children[0], tomorrow), {"social_worker"})

    def test_twice_changes_nothing(self):
        children = self.cases(2)
        self.hand_over(children[0].network_ids)
        rows = children.network_ids
        before = rows.read(["date_from", "date_to", "active", "partner_id"])
        self.assertIn("nothing left", self.hand_over(rows.filtered(lambda row: row.partner_id == self.leaver)[0]))
        self.assertEqual(children.network_ids, rows)
        self.assertEqual(rows.read(["date_from", "date_to", "active", "partner_id"]), before)

    def test_out_of_reach_is_counted(self):
        mine, others = self.cases(2), self.cases(3, vseo_id=self.users["other_vseo"].id)
        row = mine[0].network_ids
        active = {"active_model": row._name, "active_ids": row.ids}
        form = Form(self.as_user(self.env["pep.hand.over"], "vseo").with_context(**active))
        self.assertEqual(form.child_count, 2)
        done = self.hand_over(row)
        self.assertIn("2 children", done)
        self.assertIn("not yours to change: 3", done)
        tomorrow = self.today + timedelta(days=1)
        for child in others:
            self.assertEqual(self.workers(child, tomorrow), ["Lee Ving"])

    def test_the_head_hands_over_all(self):
        self.cases(2), self.cases(3, vseo_id=self.users["other_vseo"].id)
        wizard = self.wizard(self.leaver, by="head")
        self.assertEqual((wizard.kind, wizard.child_count), ("social_worker", 5))
        wizard.action_hand_over()
        self.assertIn("5 children", wizard.done)
        self.assertNotIn("Left", wizard.done)

    def test_only_as_social_worker(self):
        worker, carer = self.cases(1), self.cases(1, role="carer")
        self.hand_over(worker.network_ids)
        self.assertFalse(carer.network_ids.date_to)

    def test_must_not_have_contact(self):
        one, two = self.cases(2)
        new = self.env["res.partner"].create({"name": "Nora New", "email": "nora@elm.example"})
        self.env["pep.network.member"].create(
            {"child_id": one.id, "partner_id": new.id, "role": "other", "must_not_contact": True}
        )
        done = self.hand_over(two.network_ids, to_partner_id=new.id)
        self.assertIn("1 children", done)
        self.assertIn("must not have contact: 1", done)
        tomorrow = self.today + timedelta(days=1)
        self.assertEqual(self.workers(one, tomorrow), ["Lee Ving"])
        self.assertEqual(self.workers(two, tomorrow), ["Nora New"])
        barred = self.cases(1)
        barred.network_ids.must_not_contact = True
        self.hand_over(barred.network_ids, by="head")
        self.assertFalse(barred.network_ids.date_to, "who is barred has nothing to hand over")

    def test_somebody_who_is_there_already(self):
        child = self.cases(1)
        new = self.users["social_worker"].partner_id
        there = self.env["pep.network.member"].create(
            {"child_id": child.id, "partner_id": new.id, "role": "social_worker"}
        )
        self.hand_over(child.network_ids - there, to_partner_id=new.id)
        self.assertEqual(self.workers(child, self.today + timedelta(days=1)), [new.name])
        self.assertEqual(len(child.network_ids), 2)

    def test_who_begins_later(self):
        child = self.cases(1)
        child.network_ids.date_from = self.today + timedelta(days=9)
        self.hand_over(child.network_ids)
        self.assertEqual(child.network_ids.mapped("date_from"), [self.today + timedelta(days=9)])
        self.assertEqual(child.network_ids.partner_id.name, "Nora New")

    def test_staff_of_the_council_stay_staff(self):
        worker = new_test_user(
            self.env, "nora", groups="pep_module.group_pep_contributor", email="nora@elm.example",
            company_id=self.council.id, company_ids=[(6, 0, self.council.ids)],
        )  # fmt: skip
        child = self.cases(1)
        self.hand_over(child.network_ids, date=self.today)
        self.assertEqual(self.roles_on(worker, child, self.today), {"social_worker"})
        self.assertFalse(worker.share)

    def test_refusals(self):
        child = self.cases(1)
        self.refused(UserError, lambda: self.hand_over(child.network_ids, to_email="nowhere"))
        self.refused(UserError, lambda: self.hand_over(child.network_ids, to_name=" "))
        itself = {"to_email": "lee@testshire.example", "invite": False}
        self.refused(UserError, lambda: self.hand_over(child.network_ids, **itself))
        for role in ("admin", "finance", "employee"):
            with self.subTest(role):
                self.refused(AccessError, lambda role=role: self.hand_over(self.leaver, by=role))

    def test_a_big_caseload_in_a_fixed_number_of_queries(self):
        def queries(number):
            self.leaver = self.env["res.partner"].create({"name": "Lee", "email": f"lee{number}@testshire.example"})
            children = self.cases(number)
            wizard = self.wizard(children[0].network_ids, to_email=f"nora{number}@elm.example")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_hand_over()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(2)
        few, many = queries(5), queries(90)
        self.assertEqual(few, many)
        print(f"handing over a caseload: {many} queries")
