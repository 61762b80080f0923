from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestChildForm(PepCase):
    """The form of a child, filled in by the person whose work it is."""

    def form(self, role="vseo"):
        return Form(self.as_user(self.env["pep.child"], role), "pep_module.pep_child_view_form")

    def fill_in(self, form):
        form.first_name = "Zebedee"
        form.last_name = "Unsaid"
        form.date_of_birth = date(self.today.year - 10, 1, 15)
        form.la_person_id = "F1"
        form.date_into_care = date(self.today.year - 1, 1, 15)

    def test_a_vseo_adds_a_child(self):
        with self.form() as form:
            self.fill_in(form)
            self.assertEqual(form.vseo_id, self.users["vseo"])
        child = form.record
        self.assertEqual(child.full_name, "Zebedee Unsaid")
        self.assertEqual(child.display_name, child.reference)
        with Form(child, "pep_module.pep_child_view_form") as form:
            with form.enrolment_ids.new() as enrolment:
                enrolment.school_id = self.school
                enrolment.date_from = date(self.today.year - 1, 9, 1)
            with form.network_ids.new() as member:
                member.role = "social_worker"
                member.partner_id = self.users["social_worker"].partner_id
        self.assertEqual(child.main_school_id, self.school)
        self.assertIn(self.users["social_worker"], child.access_ids.user_id)

    def test_a_vseo_adds_no_child_to_another_caseload(self):
        with self.assertRaises(AccessError), self.form() as form:
            self.fill_in(form)
            form.vseo_id = self.users["other_vseo"]

    def test_who_has_access_is_shown_to_the_office_alone(self):
        arch = self.as_user(self.env["pep.child"], "support").get_view(
            self.env.ref("pep_module.pep_child_view_form").id, "form"
        )["arch"]
        self.assertIn("access_ids", arch)
        self.users["support"].group_ids = self.env.ref("pep_module.group_pep_contributor")
        arch = self.as_user(self.env["pep.child"], "support").get_view(
            self.env.ref("pep_module.pep_child_view_form").id, "form"
        )["arch"]
        self.assertNotIn("access_ids", arch)

    def test_cover_is_arranged_by_the_vseo(self):
        child = self.make_children()
        with Form(self.as_user(self.env["pep.cover"], "vseo"), "pep_module.pep_cover_view_form") as form:
            form.user_id = self.users["vseo"]
            form.cover_user_id = self.users["other_vseo"]
            form.date_to = self.today
        self.assertTrue(self.as_user(child, "other_vseo").has_access("read"))
