from datetime import date, datetime, timedelta

from odoo import fields
from odoo.tests import freeze_time, new_test_user, tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class RevocationCase(PepCase):
    """Rights follow the records in the same transaction; what ends with a day ends at midnight in the council."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.surround(cls.child)

    def sees(self, person, child=None, model="pep.child"):
        """Whether the next query shows it: from the database, nothing of rules or records kept."""
        child = child or self.child
        field = "id" if model == "pep.child" else "child_id"
        return bool(
            self.as_user(self.env[model], person).with_context(active_test=False).search_count([(field, "=", child.id)])
        )

    def rows(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM pep_access ORDER BY id")  # as stored, to the last column
        return self.env.cr.fetchall()

    def assert_loses(self, person, action):
        self.assertTrue(self.sees(person))
        action()
        self.assertFalse(self.sees(person))


@tagged("post_install", "-at_install")
class TestSync(RevocationCase):
    def test_twice_is_once(self):
        children = self.child | self.make_children(3)
        before = self.rows()
        for _time in range(2):
            self.env["pep.access"]._sync(children)
            self.env["pep.access"]._sync_users(self.env["res.users"].search([]))
            self.env["pep.access"]._sync_finance()
        self.assertEqual(self.rows(), before)

    def test_what_ended_stays_as_history(self):
        self.child.vseo_id = self.users["other_vseo"]
        row = self.env["pep.access"].search([("child_id", "=", self.child.id), ("user_id", "=", self.users["vseo"].id)])
        self.assertEqual(len(row), 1)
        self.assertLessEqual(row.valid_to, fields.Datetime.now())
        self.env["pep.access"]._sync(self.child)
        self.assertEqual(len(row.exists()), 1)

    def test_back_again_is_a_new_spell(self):
        with freeze_time("2026-11-02 10:00:00"):
            child = self.make_children(school=False)
        with freeze_time("2026-11-03 10:00:00"):
            child.vseo_id = self.users["other_vseo"]
        with freeze_time("2026-11-04 10:00:00"):
            child.vseo_id = self.users["vseo"]
        rows = self.env["pep.access"].search(
            [("child_id", "=", child.id), ("user_id", "=", self.users["vseo"].id)], order="valid_from"
        )
        self.assertEqual(
            [(row.valid_from, row.valid_to) for row in rows],
            [
                (datetime(2026, 11, 2, 10), datetime(2026, 11, 3, 10)),
                (datetime(2026, 11, 4, 10), datetime(9999, 12, 31)),
            ],
        )

    def test_a_drift_is_put_right_by_the_night(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_access SET valid_to = valid_from")  # a restored backup, say
        self.env.invalidate_all()
        self.assertFalse(self.sees("vseo"))
        self.env["pep.access"]._tidy_chunk(self.env["pep.child"].search([]), more=False)  # the job itself commits
        self.assertTrue(self.sees("vseo"))
        self.assertTrue(self.sees("carer"))


@tagged("post_install", "-at_install")
class TestRevocation(RevocationCase):
    def test_change_of_vseo(self):
        self.assert_loses("vseo", lambda: self.child.write({"vseo_id": self.users["other_vseo"].id}))
        self.assertTrue(self.sees("other_vseo"))

    def test_a_vseo_gives_the_child_away(self):
        self.assert_loses(
            "vseo", lambda: self.as_user(self.child, "vseo").write({"vseo_id": self.users["other_vseo"].id})
        )

    def test_must_not_have_contact(self):
        for role in ("social_worker", "carer", "parent", "iro"):
            member = self.child.network_ids.filtered(lambda member, role=role: member.role == role)
            with self.subTest(role):
                self.assert_loses(role, lambda member=member: member.write({"must_not_contact": True}))
                member.must_not_contact = False
                self.assertTrue(self.sees(role))

    def test_must_not_have_contact_whatever_else_they_are(self):
        for role in ("carer", "teacher"):
            self.env["pep.network.member"].create(
                {
                    "child_id": self.child.id,
                    "partner_id": self.users[role].partner_id.id,
                    "role": "other",
                    "must_not_contact": True,
                    "date_from": self.today,
                }
            )
            with self.subTest(role):
                self.assertFalse(self.sees(role))

    def test_membership_is_ended_archived_or_someone_elses(self):
        member = self.child.network_ids.filtered(lambda member: member.role == "carer")
        yesterday = {"date_to": self.today - timedelta(days=1)}
        for vals in ({"active": False}, yesterday, {"role": "other"}, {"partner_id": self.school_person().id}):
            with self.subTest(vals), self.env.cr.savepoint() as savepoint:
                self.assert_loses("carer", lambda vals=vals: member.write(vals))
                savepoint.rollback()
                self.env.invalidate_all()

    def school_person(self):
        return self.env["res.partner"].create({"name": "Another carer"})

    def test_enrolment_ends_or_was_a_mistake(self):
        enrolment = self.child.enrolment_ids
        for vals in (
            {"active": False},
            {"date_to": self.today - timedelta(days=1)},
            {"kind": "otherwise", "school_id": False},
        ):
            with self.subTest(vals), self.env.cr.savepoint() as savepoint:
                self.assert_loses("teacher", lambda vals=vals: enrolment.write(vals))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_another_school(self):
        school = self.make_school("Oak Primary School", "100002")
        self.assert_loses("teacher", lambda: self.child.enrolment_ids.write({"school_id": school.id}))

    def test_school_staff_leave(self):
        staff = self.env["pep.school.staff"].search([("user_id", "=", self.users["teacher"].id)])
        for vals in ({"active": False}, {"date_to": self.today - timedelta(days=1)}):
            with self.subTest(vals), self.env.cr.savepoint() as savepoint:
                self.assert_loses("teacher", lambda vals=vals: staff.write(vals))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_user_leaves_the_council(self):
        other = self.env["res.company"].create({"name": "Farshire"})
        for person in ("vseo", "head"):
            with self.subTest(person):
                self.assert_loses(
                    person,
                    lambda person=person: self.users[person].write(
                        {"company_id": other.id, "company_ids": [(6, 0, other.ids)]}
                    ),
                )

    def test_user_leaves_the_council_from_the_councils_side(self):
        other = self.env["res.company"].create({"name": "Farshire"})
        self.users["vseo"].write({"company_ids": [(4, other.id)], "company_id": other.id})
        self.assert_loses("vseo", lambda: self.council.write({"user_ids": [(3, self.users["vseo"].id)]}))

    def test_head_lost_and_gained(self):
        head = self.env.ref("pep_module.group_pep_head")
        vseo = self.env.ref("pep_module.group_pep_vseo")
        self.assert_loses("head", lambda: self.users["head"].write({"group_ids": [(6, 0, vseo.ids)]}))
        archived = self.make_children(active=False)
        self.users["head"].write({"group_ids": [(4, head.id)]})
        self.assertTrue(self.sees("head"))
        self.assertTrue(self.sees("head", archived))
        self.assertTrue(self.sees("head", self.make_children(vseo_id=self.users["other_vseo"].id)))
        self.assert_loses("head", lambda: head.write({"user_ids": [(3, self.users["head"].id)]}))
        self.assertFalse(self.sees("head", self.make_children()))

    def test_head_by_a_group_that_implies_it(self):
        head = self.env.ref("pep_module.group_pep_head")
        person = self.users["other_vseo"]
        group = self.env["res.groups"].create(
            {"name": "Directors", "implied_ids": [(4, head.id)], "user_ids": [(4, person.id)]}
        )
        self.assertTrue(self.sees("other_vseo"))
        self.assert_loses("other_vseo", lambda: group.write({"implied_ids": [(3, head.id)]}))
        group.write({"implied_ids": [(4, head.id)]})
        self.assert_loses("other_vseo", group.unlink)

    def test_vseo_who_is_none_any_more(self):
        contributor = self.env.ref("pep_module.group_pep_contributor")
        vseo = self.env.ref("pep_module.group_pep_vseo")
        self.assert_loses("vseo", lambda: self.users["vseo"].write({"group_ids": [(6, 0, contributor.ids)]}))
        self.users["vseo"].write({"group_ids": [(4, vseo.id)]})
        self.assertTrue(self.sees("vseo"))

    def test_support_before_and_after_joining_the_group(self):
        person = self.users["employee"]
        self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": person.id,
                "role": "support",
                "date_from": self.today,
            }
        )
        self.assertFalse(self.env["pep.access"].search_count([("user_id", "=", person.id), ("role", "=", "support")]))
        person.write({"group_ids": [(4, self.env.ref("pep_module.group_pep_support").id)]})
        self.assertTrue(self.sees("employee"))

    def test_finance_lost_and_gained(self):
        plan = self.make_plan(self.child)
        target = self.smart_target(plan)
        fund = self.env["pep.fund"].search([("company_id", "=", self.council.id)], limit=1)
        self.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "x", "unit_cost": 1, "fund_id": fund.id}
        )
        finance = self.env.ref("pep_module.group_pep_finance")
        self.assertTrue(self.sees("finance", model="pep.funding"))
        self.assertFalse(self.as_user(self.env["pep.funding"], "admin").has_access("read"))
        self.users["admin"].write({"group_ids": [(4, finance.id)]})
        self.assertTrue(self.sees("admin", model="pep.funding"))
        finance.write({"user_ids": [(3, self.users["finance"].id)]})
        contributor = self.env.ref("pep_module.group_pep_support")
        self.users["finance"].write({"group_ids": [(4, contributor.id)]})
        self.assertFalse(self.sees("finance", model="pep.funding"), "the access list lets support read money")

    def test_portal_user_of_two_councils(self):
        council = self.env["res.company"].create({"name": "Farshire"})
        vseo = new_test_user(
            self.env,
            "far.vseo",
            groups="pep_module.group_pep_vseo",
            company_id=council.id,
            company_ids=[(6, 0, council.ids)],
        )
        child = self.make_children(company_id=council.id, vseo_id=vseo.id)
        self.assertTrue(self.sees("teacher"))
        self.assertTrue(self.sees("teacher", child), "one login for all pupils of the school")
        child.enrolment_ids.date_to = self.today - timedelta(days=1)
        self.assertTrue(self.sees("teacher"))
        self.assertFalse(self.sees("teacher", child))

    def test_head_of_two_councils_sees_those_chosen(self):
        council = self.env["res.company"].create({"name": "Farshire"})
        self.users["head"].company_ids |= council
        child = self.make_children(company_id=council.id, vseo_id=False, school=False)
        children = self.as_user(self.env["pep.child"], "head")
        domain = [("id", "in", (child | self.child).ids)]
        for councils, seen in (
            (self.council | council, self.child | child),
            (self.council, self.child),
            (council, child),
        ):
            self.env.invalidate_all()
            found = children.with_context(allowed_company_ids=councils.ids).search(domain)
            self.assertEqual(found, seen, councils.mapped("name"))

    def test_uninvolved_see_nothing(self):
        for person in ("other_vseo", "finance", "admin", "employee", "support"):
            with self.subTest(person):
                children = self.as_user(self.env["pep.child"], person)
                self.assertFalse(children.has_access("read") and children.search([]))
        system = self.env.ref("base.user_admin")
        system.company_ids |= self.council
        self.users["system"] = system
        self.assertFalse(self.as_user(self.env["pep.child"], "system").has_access("read"))


@tagged("post_install", "-at_install")
class TestGathering(RevocationCase):
    """What people outside read of a PEP in the making ends with the PEP, the delegation or the purpose, at once."""

    gathering = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["pep.section"].search([("company_id", "=", cls.council.id)]).active = False
        cls.section = cls.env["pep.section"].create(
            {"name": "x", "company_id": cls.council.id, "owner_role": "teacher", "required": False, "for_carer": True}
        )
        cls.question = cls.env["pep.question"].create({"name": "x", "section_id": cls.section.id, "for_carer": True})
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.part = cls.plan.contribution_ids
        cls.colleague = new_test_user(cls.env, "colleague.test", groups="base.group_portal")
        cls.users["colleague"] = cls.colleague
        cls.env["pep.school.staff"].create(
            {
                "user_id": cls.colleague.id,
                "school_id": cls.school.id,
                "role": "colleague",
                "date_from": date(cls.today.year - 1, 9, 1),
            }
        )

    def save(self, person="teacher"):
        self.as_user(self.part, person).action_save_answers(
            [{"question": self.question.id, "value": "Secret", "version": 0}]
        )

    def delegate(self):
        delegations = self.as_user(self.env["pep.delegation"], "teacher")
        return delegations.browse(delegations.action_delegate(self.plan.id, self.colleague.id, self.part.id))

    def seen_by(self, person):
        return {
            model
            for model in ("pep.contribution", "pep.answer", "pep.plan", "pep.child")
            if self.sees(person, model=model)
        }

    def test_an_answer_is_read_by_others_when_it_is_handed_in(self):
        self.save()
        self.assertIn("pep.answer", self.seen_by("teacher"))
        self.assertNotIn("pep.answer", self.seen_by("carer"))
        self.as_user(self.part, "teacher").action_submit()
        self.assertIn("pep.answer", self.seen_by("carer"))
        self.part._take_step("return", "Please say more")
        self.assertNotIn("pep.answer", self.seen_by("carer"))

    def test_the_end_of_the_pep_is_the_end_of_its_parts(self):
        self.save()
        self.as_user(self.part, "teacher").action_submit()
        for role in ("teacher", "carer"):
            self.assertLessEqual({"pep.contribution", "pep.answer"}, self.seen_by(role))
        self.plan._take_step("cancel", "Moved away")
        for role in ("teacher", "carer"):
            with self.subTest(role):
                self.assertFalse({"pep.contribution", "pep.answer"} & self.seen_by(role))
        self.assertLessEqual({"pep.contribution", "pep.answer"}, self.seen_by("vseo"))

    def test_a_question_that_is_narrowed_closes_its_answers(self):
        self.save()
        self.as_user(self.part, "teacher").action_submit()
        self.assertIn("pep.answer", self.seen_by("carer"))
        self.question.for_carer = False
        self.assertNotIn("pep.answer", self.seen_by("carer"))

    def test_a_section_taken_back_from_a_colleague(self):
        self.assertFalse(self.seen_by("colleague"))
        delegation = self.delegate()
        self.save("colleague")
        everything = {"pep.contribution", "pep.answer", "pep.plan", "pep.child"}
        self.assertEqual(self.seen_by("colleague"), everything)
        for end in (
            delegation.action_end,
            lambda: self.child.enrolment_ids.write({"date_to": self.today - timedelta(days=1)}),
            lambda: self.env["pep.school.staff"].search([("user_id", "=", self.colleague.id)]).write({"active": False}),
            lambda: (
                self.env["pep.school.staff"]
                .search([("user_id", "=", self.users["teacher"].id)])
                .write({"date_to": self.today - timedelta(days=1)})
            ),
        ):
            with self.env.cr.savepoint() as savepoint:
                end()
                self.assertFalse(self.seen_by("colleague"))
                savepoint.rollback()
                self.env.invalidate_all()
            self.assertEqual(self.seen_by("colleague"), everything)

    def test_must_not_have_contact_ends_what_was_delegated(self):
        self.delegate()
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.colleague.partner_id.id,
                "role": "other",
                "must_not_contact": True,
                "date_from": self.today,
            }
        )
        self.assertFalse(self.seen_by("colleague"))


@tagged("post_install", "-at_install")
class TestMidnight(RevocationCase):
    """The last day counts, to its end on the wall of the council: in summer at 23:00 UTC, in winter at 24:00."""

    def assert_sees_until(self, person, end, day_before=True):
        with freeze_time(end - timedelta(seconds=1)):
            self.assertTrue(self.sees(person), f"until {end} UTC")
        with freeze_time(end):
            self.assertFalse(self.sees(person), f"from {end} UTC")

    def test_last_day_of_an_enrolment(self):
        enrolment = self.child.enrolment_ids
        enrolment.date_from = date(2020, 9, 1)
        for last_day, end in (
            (date(2027, 7, 31), datetime(2027, 7, 31, 23)),
            (date(2027, 12, 17), datetime(2027, 12, 18)),
            (date(2027, 3, 28), datetime(2027, 3, 28, 23)),  # the clocks go forward that morning
            (date(2027, 3, 27), datetime(2027, 3, 28)),
            (date(2027, 10, 31), datetime(2027, 11, 1)),  # and back
            (date(2027, 10, 30), datetime(2027, 10, 30, 23)),
        ):
            with self.subTest(last_day):
                enrolment.date_to = last_day
                self.assert_sees_until("teacher", end)

    def test_first_day(self):
        member = self.child.network_ids.filtered(lambda member: member.role == "carer")
        member.date_from = date(2027, 7, 1)
        with freeze_time("2027-06-30 22:59:59"):
            self.assertFalse(self.sees("carer"))
        with freeze_time("2027-06-30 23:00:00"):
            self.assertTrue(self.sees("carer"))

    def test_today_as_the_last_day_still_counts(self):
        self.child.enrolment_ids.date_to = self.today
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today
        self.assertTrue(self.sees("teacher"))
        self.assertTrue(self.sees("carer"))

    def test_cover(self):
        self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["other_vseo"].id,
                "date_from": date(2027, 8, 2),
                "date_to": date(2027, 8, 6),
            }
        )
        with freeze_time("2027-08-01 22:59:59"):
            self.assertFalse(self.sees("other_vseo"))
        with freeze_time("2027-08-01 23:00:00"):
            self.assertTrue(self.sees("other_vseo"))
        self.assert_sees_until("other_vseo", datetime(2027, 8, 6, 23))

    def test_another_zone_of_the_council(self):
        self.child.enrolment_ids.date_to = date(2027, 7, 31)
        self.council.pep_tz = "Europe/Paris"
        self.assert_sees_until("teacher", datetime(2027, 7, 31, 22))

    def test_time_passes_for_a_rule_that_is_kept_in_memory(self):
        """Odoo keeps the domain of a rule for a user: *now* in it has to be the now of each query."""
        self.child.enrolment_ids.date_to = date(2027, 7, 31)
        children = self.as_user(self.env["pep.child"], "teacher")
        with freeze_time("2027-07-31 22:59:59"):
            self.assertTrue(children.search([("id", "=", self.child.id)]))
            self.assertTrue(children.browse(self.child.id).has_access("read"))
        with freeze_time("2027-07-31 23:00:00"):
            self.assertFalse(children.search([("id", "=", self.child.id)]))
            self.assertFalse(children.browse(self.child.id).has_access("read"))
