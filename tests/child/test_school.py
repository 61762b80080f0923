"""Schools as shared partners: what identifies them, who may change them, and that nobody can tear them away."""

from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .school_common import SchoolCase


@tagged("post_install", "-at_install")
class TestSchool(SchoolCase):
    def assertRefused(self, **values):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._school(**values)
            self.env.flush_all()

    # === Identity ===

    def test_urn_is_unique_and_has_six_digits(self):
        self._school(urn="190001")
        self.assertRefused(urn="190001")
        for urn in ("19000", "1900011", "SC12345", "019000"):
            self.assertRefused(urn=urn)

    def test_urn_is_unique_among_the_archived_too(self):
        self._school(urn="190001", active=False)
        self.assertRefused(urn="190001")

    def test_no_urn_is_no_urn(self):
        first = self._school(urn="", pep_outside_gias=True)
        second = self._school(urn=" ", pep_outside_gias=True)
        self.assertEqual((first.pep_urn, second.pep_urn), (False, False))
        first.write({"pep_urn": " 190001 "})
        self.assertEqual(first.pep_urn, "190001")
        self.assertRefused(urn="190002", pep_laestab="3302001")
        self.assertRefused(urn="190002", pep_is_school=False)

    def test_a_school_belongs_to_no_council(self):
        self.assertRefused(urn="190001", company_id=self.council.id)

    def test_a_copy_is_no_school(self):
        copy = self._school(urn="190001").copy()
        self.assertEqual((copy.pep_is_school, copy.pep_urn), (False, False))

    # === Open today ===

    def test_open_today(self):
        schools = {
            True: [
                {"urn": "190001"},
                {"urn": "190002", "pep_open_date": self._day(0), "pep_school_status": "proposed"},
                {"urn": "190003", "pep_close_date": self._day(0), "pep_school_status": "open_closing"},
                {"urn": "190004", "pep_close_date": self._day(5), "pep_school_status": "closed"},
            ],
            False: [
                {"urn": "190005", "pep_school_status": "closed"},
                {"urn": "190006", "pep_school_status": "proposed"},
                {"urn": "190007", "pep_open_date": self._day(1)},
                {"urn": "190008", "pep_close_date": self._day(-1)},
            ],
        }
        partners = self.env["res.partner"]
        for is_open, values_list in schools.items():
            created = partners.union(*(self._school(**values) for values in values_list))
            self.assertEqual(created.mapped("pep_school_open"), [is_open] * len(created))
            found = partners.search([("pep_school_open", "=", is_open), ("id", "in", created.ids)])
            self.assertEqual(found, created)
            self.assertFalse(partners.search([("pep_school_open", "!=", is_open), ("id", "in", created.ids)]))
        self.assertFalse(self.contact_manager.partner_id.pep_school_open)

    # === Pickers ===

    def test_pickers_show_town_and_urn(self):
        school = self._school(urn="190001", name="St Mary's", city="Leeds")
        self.assertEqual(school.display_name, "St Mary's")
        self.assertEqual(school.with_context(pep_school=True).display_name, "St Mary's (Leeds, 190001)")

    def test_pickers_find_numbers(self):
        school = self._school(urn="190001", pep_laestab="330/2001")
        partners = self.env["res.partner"].with_context(pep_school=True)
        for text in ("190001", " 190001 ", "330/2001", "3302001", "School 19"):
            self.assertIn(school.id, [found for found, _name in partners.name_search(text)], text)
        self.assertNotIn(school.id, [found for found, _name in partners.name_search("190002")])

    def test_own_form_only_in_own_screens(self):
        school = self._school()
        form = self.env.ref("pep_module.pep_school_view_form").id
        self.assertEqual(school.with_context(pep_school=True).get_formview_id(), form)
        self.assertNotEqual(school.get_formview_id(), form)

    # === Who may change what the register says ===

    def test_who_may_change_a_school(self):
        school = self._school()
        for user in (self.contact_manager, self.vseo, self.finance, self.contributor, self.teacher):
            with self.assertRaises(AccessError):
                school.with_user(user).write({"pep_maintained": True})
        partners = self.env["res.partner"].with_user(self.contact_manager)
        for values, context in (({"pep_is_school": True}, {}), ({}, {"default_pep_is_school": True})):
            with self.assertRaises(AccessError):
                partners.with_context(**context).create({"name": "Not a school", **values})
        partners.create({"name": "A contact"}).write({"name": "Still a contact"})
        self.contact_manager.group_ids |= self.env.ref("pep_module.group_pep_admin")
        school.with_user(self.contact_manager).write({"pep_maintained": True})
        self.assertTrue(school.pep_maintained)

    # === Hard to tear away ===

    def test_archiving_needs_that_nobody_is_enrolled(self):
        school = self._school()
        child = self._child(company=self.other_council)
        enrolment = self._enrol(child, school, self._day(-100), self._day(0))
        with self.assertRaises(UserError) as caught:
            school.with_user(self.contact_manager).action_archive()
        self.assertNotIn(child.reference, str(caught.exception))
        enrolment.write({"date_from": self._day(10), "date_to": False})
        with self.assertRaises(UserError):
            school.action_archive()
        enrolment.write({"date_from": self._day(-100), "date_to": self._day(-1)})
        school.action_archive()
        self.assertFalse(school.active)

    def test_deleting_is_refused_where_anything_hangs_on_it(self):
        unused, enrolled, staffed, linked = (self._school(urn=f"19000{number}") for number in range(1, 5))
        self._enrol(self._child(), enrolled, self._day(-100), self._day(-50), active=False)
        self._staff(self.teacher, staffed, self._day(-100), self._day(-50))
        self.env["pep.school.link"].create(
            {"predecessor_id": linked.id, "successor_id": unused.id, "kind": "register"}
        )  # fmt: skip
        for school in (unused, enrolled, staffed, linked):
            with self.assertRaises(UserError):
                school.with_user(self.contact_manager).unlink()
            with self.assertRaises(UserError):
                school.write({"pep_is_school": False})
        never_used = self._school(urn="190009")
        never_used.unlink()
        self.assertFalse(never_used.exists())

    def test_the_database_refuses_too(self):
        school = self._school()
        self._enrol(self._child(), school, self._day(-100))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute("DELETE FROM res_partner WHERE id = %s", (school.id,))

    def test_merging_is_refused(self):
        school = self._school(email="office@school.example")
        contact = self.env["res.partner"].create({"name": "Twin", "email": "office@school.example"})
        merge = self.env["base.partner.merge.automatic.wizard"]
        for partners, target in ((school | contact, contact), (school | contact, school)):
            with self.assertRaises(UserError):
                merge._merge(partners.ids, target)
        self.assertTrue(school.exists() and contact.exists())

    # === Following a school ===

    def test_school_on_a_day(self):
        first, second, third = (self._school(urn=f"19000{number}") for number in range(1, 4))
        for old, new, day in ((first, second, "2020-09-01"), (second, third, "2024-09-01")):
            self.env["pep.school.link"].create(
                {"predecessor_id": old.id, "successor_id": new.id, "date": day, "kind": "academised"}
            )
        self.assertEqual(first._pep_school_on(date(2020, 8, 31)), first)
        self.assertEqual(first._pep_school_on(date(2020, 9, 1)), second)
        self.assertEqual(first._pep_school_on(date(2026, 1, 1)), third)
        self.assertFalse(self.env["res.partner"]._pep_school_on(date(2026, 1, 1)))

    def test_links(self):
        first, second = self._school(urn="190001"), self._school(urn="190002")
        links = self.env["pep.school.link"]
        values = {"predecessor_id": first.id, "successor_id": second.id, "kind": "register"}
        links.create(values)
        for wrong in (values, {**values, "successor_id": first.id}, {**values, "predecessor_id": second.id,
                      "successor_id": first.id, "kind": "academised"}):  # fmt: skip
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                links.create(wrong)
        for user in (self.head, self.admin, self.contact_manager):
            with self.assertRaises(AccessError):
                links.with_user(user).create({**values, "predecessor_id": second.id, "successor_id": first.id})

    # === Screens ===

    def test_screens_open_for_each_group(self):
        school = self._school()
        self._staff(self.teacher, school, self._day(-1))
        action = self.env.ref("pep_module.pep_school_action")
        views = [(view.view_id.id, view.view_mode) for view in action.view_ids] + [(action.search_view_id.id, "search")]
        for user in (self.head, self.vseo, self.support, self.contributor, self.finance, self.admin):
            partners = self.env["res.partner"].with_user(user)
            found = partners.get_views(views)
            for kind in ("list", "form"):
                names = found["models"]["res.partner"]["fields"]
                specification = {name: {} for name in names if f'name="{name}"' in found["views"][kind]["arch"]}
                self.assertTrue(partners.browse(school.id).web_read(specification))
