from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.models.child import pep_child
from odoo.addons.pep_module.tools import reference

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestReference(PepCase):
    def test_check_character_finds_a_wrong_or_swapped_character(self):
        for _index in range(50):
            right = reference.new_reference()
            self.assertTrue(reference.is_reference(right))
            body = right[len(reference.PREFIX) :]
            for place, char in enumerate(body):
                other = reference.ALPHABET[(reference.ALPHABET.index(char) + 1) % len(reference.ALPHABET)]
                self.assertFalse(reference.is_reference(f"CH-{body[:place]}{other}{body[place + 1 :]}"))
                if place and body[place - 1] != char:
                    swapped = f"{body[: place - 1]}{char}{body[place - 1]}{body[place + 1 :]}"
                    self.assertFalse(reference.is_reference(f"CH-{swapped}"))

    def test_nothing_else_is_a_reference(self):
        for text in (None, "", "CH-", "CH-7K3Q", "7K3QX", "CH-7K3Q!", "CH-AEI01"):
            self.assertFalse(reference.is_reference(text), text)

    def test_made_by_the_app_unique_and_for_good(self):
        children = self.make_children(30)
        self.assertEqual(len(set(children.mapped("reference"))), 30)
        self.assertTrue(all(reference.is_reference(one.reference) for one in children))
        chosen = self.as_user(self.env["pep.child"], "vseo").create(
            {"la_person_id": "X1", "date_of_birth": "2015-01-01", "reference": "CH-SMITH"}
        )
        self.assertTrue(reference.is_reference(chosen.reference))
        with self.assertRaises(UserError):
            chosen.sudo().reference = reference.new_reference()

    def test_a_collision_is_drawn_again(self):
        taken = self.make_children().reference
        draws = iter([taken, "CH-22222", "CH-22223"])
        self.patch(pep_child, "new_reference", lambda: next(draws))
        self.assertEqual(set(self.env["pep.child"]._new_references(2)), {"CH-22222", "CH-22223"})


@tagged("post_install", "-at_install")
class TestChild(PepCase):
    def test_a_vseo_adds_to_the_own_caseload_only(self):
        children = self.as_user(self.env["pep.child"], "vseo")
        mine = children.create({"la_person_id": "A1", "date_of_birth": "2015-01-01", "last_name": "Unsaid"})
        self.assertEqual(mine.vseo_id, self.users["vseo"])
        self.assertEqual(mine.last_name, "Unsaid")
        for vseo in (self.users["other_vseo"].id, False):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                children.create({"la_person_id": "A2", "date_of_birth": "2015-01-01", "vseo_id": vseo})
        self.assertFalse(self.env["pep.child"].search_count([("la_person_id", "=", "A2")]))

    def test_business_support_adds_to_a_caseload_it_supports(self):
        children = self.as_user(self.env["pep.child"], "support")
        vals = {"la_person_id": "A1", "date_of_birth": "2015-01-01", "vseo_id": self.users["vseo"].id}
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            children.create(vals)
        self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["support"].id,
                "role": "support",
            }
        )
        self.assertTrue(children.create(vals).last_name is False)

    def test_the_head_adds_without_a_vseo(self):
        child = self.as_user(self.env["pep.child"], "head").create(
            {"la_person_id": "A1", "date_of_birth": "2015-01-01", "vseo_id": False}
        )
        self.assertTrue(child.read(["reference"]))

    def test_who_must_not_add(self):
        for role in ("finance", "admin", "employee", "teacher", "social_worker", "carer", "parent", "iro"):
            with self.subTest(role), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.as_user(self.env["pep.child"], role).create({"la_person_id": "A1", "date_of_birth": "2015-01-01"})

    def test_never_deleted_copied_or_moved_to_another_council(self):
        child = self.make_children()
        other = self.env["res.company"].create({"name": "Othershire"})
        for attempt in (child.unlink, child.copy, lambda: child.write({"company_id": other.id})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        child.active = False
        self.assertTrue(child.exists())

    @mute_logger("odoo.sql_db")
    def test_the_person_id_is_unique_in_a_council(self):
        child = self.make_children()
        other = self.env["res.company"].create({"name": "Othershire"})
        self.make_children(la_person_id=child.la_person_id, company_id=other.id, vseo_id=False, school=False)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.make_children(la_person_id=child.la_person_id)

    def test_upn(self):
        child = self.make_children(upn=" h801200001001 ")
        self.assertEqual(child.upn, "H801200001001")
        self.assertFalse(child.upn_problem)
        child.upn = "A801200001001"
        self.assertEqual(child.upn_problem, "check_letter")
        reason = self.env["pep.code"].search([("kind", "=", "upn_unknown")], limit=1)
        with self.assertRaises(ValidationError):
            child.upn_unknown_id = reason

    def test_dates_that_cannot_be(self):
        child = self.make_children()
        for vals in (
            {"date_into_care": child.date_of_birth - timedelta(days=1)},
            {"date_out_of_care": child.date_into_care - timedelta(days=1)},
            {"date_into_care": False, "date_out_of_care": self.today},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError), self.env.cr.savepoint():
                child.write(vals)

    def test_year_group_by_31_august_and_by_override(self):
        with freeze_time("2026-10-01"):
            child = self.make_children(date_of_birth=date(2016, 8, 31))
            younger = self.make_children(date_of_birth=date(2016, 9, 1))
            leap = self.make_children(date_of_birth=date(2016, 2, 29))
            self.assertEqual((child.year_group, younger.year_group, leap.year_group), ("6", "5", "6"))
            self.assertEqual(child.key_stage, "ks2")
            found = self.env["pep.child"].search([("year_group", "=", "6"), ("company_id", "=", self.council.id)])
            self.assertEqual(found, child | leap)
            younger.year_group_override = "6"
            self.assertEqual(younger.year_group, "6")
            found = self.env["pep.child"].search([("year_group", "=", "6"), ("company_id", "=", self.council.id)])
            self.assertEqual(found, child | leap | younger)
        with freeze_time("2027-08-31 22:59:59"):
            child.invalidate_recordset()
            self.assertEqual(child.year_group, "6")
        with freeze_time("2027-08-31 23:00:00"):
            child.invalidate_recordset()
            self.assertEqual(child.year_group, "7")

    def test_the_name_is_shown_when_asked_for_by_who_may_see_it(self):
        child = self.make_children(known_as="Zeb")
        self.assertEqual(child.full_name, f"Zeb {child.last_name}")
        shown = {"pep_show_name": True}
        self.assertEqual(self.as_user(child, "vseo").display_name, child.reference)
        self.assertIn(child.last_name, self.as_user(child, "vseo").with_context(**shown).display_name)
        self.assertEqual(self.as_user(child, "vseo").sudo().with_context(**shown).display_name, child.reference)
        found = self.as_user(self.env["pep.child"], "vseo").with_context(**shown).name_search(child.last_name)
        self.assertEqual([one[0] for one in found], child.ids)
        self.assertFalse(self.as_user(self.env["pep.child"], "vseo").name_search(child.last_name))
        for role in ("other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(child, role).with_context(**shown).read(["display_name"])


@tagged("post_install", "-at_install")
class TestEnrolment(PepCase):
    def test_dual_registration_and_one_main_school(self):
        child = self.make_children()
        second = self.make_school("Oak Academy", "100002")
        enrolments = self.env["pep.enrolment"]
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            enrolments.create(
                {
                    "child_id": child.id,
                    "school_id": second.id,
                    "date_from": self.today,
                    "date_to": self.today + timedelta(days=30),
                }
            )
        enrolments.create({"child_id": child.id, "school_id": second.id, "date_from": self.today, "kind": "subsidiary"})
        self.assertEqual(child.main_school_id, self.school)
        past = {"child_id": child.id, "school_id": second.id, "date_from": date(self.today.year - 2, 9, 1)}
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            enrolments.create({**past, "date_to": date(self.today.year - 1, 9, 1)})
        enrolments.create({**past, "date_to": date(self.today.year - 1, 8, 31)})

    @mute_logger("odoo.sql_db")
    def test_a_main_school_is_a_school(self):
        child = self.make_children(school=False)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["pep.enrolment"].create({"child_id": child.id, "date_from": self.today})
        self.env["pep.enrolment"].create({"child_id": child.id, "date_from": self.today, "kind": "custody"})
        self.assertFalse(child.main_school_id)

    def test_the_school_keeps_the_name_it_had(self):
        enrolment = self.make_children().enrolment_ids
        self.school.name = "Elm Free School"
        self.assertEqual(enrolment.school_name, "Elm Primary School")

    def test_an_enrolment_stays_with_its_child(self):
        enrolment, other = self.make_children(2).enrolment_ids
        with self.assertRaises(UserError):
            self.as_user(enrolment, "vseo").child_id = other.child_id
        with self.assertRaises(UserError):
            enrolment.unlink()

    def test_a_former_school_is_not_today_s(self):
        child = self.make_children()
        child.enrolment_ids.date_to = self.today - timedelta(days=1)
        child.invalidate_recordset()
        self.assertFalse(child.main_school_id)
        self.assertNotIn(child, self.env["pep.child"].search([("main_school_id", "=", self.school.id)]))


@tagged("post_install", "-at_install")
class TestNetwork(PepCase):
    def test_carers_and_relatives_become_confidential_and_lose_their_address(self):
        child = self.make_children()
        carer = self.env["res.partner"].create({"name": "Kind Carer", "street": "12 Secret Lane", "city": "Hidden"})
        worker = self.env["res.partner"].create({"name": "Social Worker", "street": "Council House"})
        for partner, role in ((carer, "carer"), (worker, "social_worker")):
            self.env["pep.network.member"].create({"child_id": child.id, "partner_id": partner.id, "role": role})
        self.assertRecordValues(carer, [{"pep_confidential": True, "street": False, "city": False}])
        self.assertRecordValues(worker, [{"pep_confidential": False, "street": "Council House"}])
        for role, sees in (
            ("vseo", True),
            ("head", True),
            ("other_vseo", False),
            ("employee", False),
            ("admin", False),
        ):
            found = self.as_user(self.env["res.partner"], role).search([("id", "=", carer.id)])
            self.assertEqual(bool(found), sees, role)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            carer.street = "12 Secret Lane"
            self.env.flush_all()

    def test_a_school_is_not_a_member(self):
        with self.assertRaises(ValidationError):
            self.env["pep.network.member"].create(
                {"child_id": self.make_children().id, "partner_id": self.school.id, "role": "other"}
            )

    def test_a_login_made_later_sees_the_child(self):
        child = self.make_children()
        partner = self.env["res.partner"].create({"name": "New Worker", "email": "new@example.org"})
        self.env["pep.network.member"].create({"child_id": child.id, "partner_id": partner.id, "role": "social_worker"})
        user = self.env["res.users"].create(
            {
                "name": "New Worker",
                "login": "new.worker",
                "partner_id": partner.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.assertTrue(child.with_user(user).read(["full_name"]))


@tagged("post_install", "-at_install")
class TestCover(PepCase):
    def cover(self, **values):
        return self.env["pep.cover"].create(
            {
                "company_id": self.council.id,
                "user_id": self.users["vseo"].id,
                "cover_user_id": self.users["other_vseo"].id,
                "date_from": self.today,
                "date_to": self.today + timedelta(days=7),
                **values,
            }
        )

    def sees(self, child, role="other_vseo"):
        return bool(self.as_user(self.env["pep.child"], role).search([("id", "=", child.id)]))

    def test_cover_begins_and_ends_by_itself(self):
        child = self.make_children()
        self.assertFalse(self.sees(child))
        cover = self.cover(date_from=self.today + timedelta(days=1))
        self.assertFalse(self.sees(child))
        start = self.council._pep_midnight_utc(cover.date_from)
        end = self.council._pep_midnight_utc(cover.date_to + timedelta(days=1))
        for moment, seen in (
            (start - timedelta(seconds=1), False),
            (start, True),
            (end - timedelta(seconds=1), True),
            (end, False),
        ):
            with self.subTest(moment), freeze_time(fields.Datetime.to_string(moment)):
                self.assertEqual(self.sees(child), seen)

    def test_children_who_join_or_leave_the_caseload_follow(self):
        self.cover()
        child = self.make_children()
        self.assertTrue(self.sees(child))
        child.vseo_id = self.users["head"]
        self.assertFalse(self.sees(child))

    @mute_logger("odoo.sql_db")
    def test_refused(self):
        for values in (
            {"date_to": False},
            {"cover_user_id": self.users["vseo"].id},
            {"date_to": self.today - timedelta(days=1)},
        ):
            with self.subTest(values), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.cover(**values)
        with self.assertRaises(ValidationError):
            self.cover(cover_user_id=self.users["teacher"].id)
        with self.assertRaises(UserError):
            self.cover().unlink()


@tagged("post_install", "-at_install")
class TestLastDay(PepCase):
    """The last day counts to its end on the council's wall clock, on both sides of the clock change."""

    def test_school_staff_see_the_child_to_the_end_of_the_last_day(self):
        child = self.make_children()
        self.surround(child)
        for last_day, gone in (
            (date(2030, 7, 31), datetime(2030, 7, 31, 23, 0)),
            (date(2030, 10, 27), datetime(2030, 10, 28, 0, 0)),
            (date(2030, 12, 31), datetime(2031, 1, 1, 0, 0)),
        ):
            child.enrolment_ids.date_to = last_day
            teacher = self.as_user(self.env["pep.child"], "teacher")
            with self.subTest(last_day), freeze_time(fields.Datetime.to_string(gone - timedelta(seconds=1))):
                self.assertTrue(teacher.search([("id", "=", child.id)]))
            with self.subTest(last_day), freeze_time(fields.Datetime.to_string(gone)):
                self.assertFalse(teacher.search([("id", "=", child.id)]))


@tagged("post_install", "-at_install")
class TestPersonAdd(PepCase):
    def add(self, child, role="vseo", **values):
        wizard = self.as_user(self.env["pep.person.add"], role).create(
            {"child_id": child.id, "name": "Kind Carer", "role": "carer", **values}
        )
        wizard.action_add()
        return child.network_ids

    def test_a_carer_is_confidential_from_the_first_moment(self):
        member = self.add(self.make_children(), email="kind@example.org", phone="01632 960001")
        self.assertRecordValues(
            member.partner_id, [{"name": "Kind Carer", "email": "kind@example.org", "pep_confidential": True}]
        )
        self.assertFalse(self.as_user(self.env["res.partner"], "employee").search([("name", "=", "Kind Carer")]))

    def test_the_same_address_is_the_same_person(self):
        one, other = self.make_children(2)
        first = self.add(one, email="kind@example.org")
        second = self.add(other, email="Kind@Example.org ", name="K. Carer")
        self.assertEqual(first.partner_id, second.partner_id)

    def test_no_address_no_guess(self):
        one, other = self.make_children(2)
        self.assertNotEqual(self.add(one).partner_id, self.add(other).partner_id)

    def test_not_an_address(self):
        with self.assertRaises(UserError):
            self.add(self.make_children(), email="kind at example")

    def test_who_must_not(self):
        child = self.make_children()
        for role in ("other_vseo", "support", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.add(child, role)
        self.assertFalse(child.network_ids)
