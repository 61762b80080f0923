"""Settings outside the register: adding, changing, and finding them in the register later."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .school_common import SchoolCase


@tagged("post_install", "-at_install")
class TestSchoolSetting(SchoolCase):
    def _match(self, school, urn, user=None):
        wizard = self.env["pep.school.match"].with_user(user or self.vseo)
        return wizard.create({"school_id": school.id, "urn": urn}).action_match()

    def _twin(self):
        return self._school(
            urn="190001", name="Elm School", city="Leeds", pep_laestab="330/2001", pep_maintained=True, phone="0113"
        )

    def test_add_and_change(self):
        for number, user in enumerate((self.support, self.vseo, self.head, self.admin)):
            settings = self.env["pep.school.setting"].with_user(user)
            form = Form(settings)
            form.name = f"Tuition {number}"
            form.school_type = "Tuition provider"
            form.city = "Leeds"
            school = self.env["res.partner"].browse(form.save().action_save()["res_id"])
            self.assertTrue(school.pep_is_school and school.pep_outside_gias and school.pep_school_open)
            self.assertFalse(school.company_id or school.pep_urn or school.pep_maintained)
            form = Form(settings.with_context(pep_setting_id=school.id))
            self.assertEqual((form.name, form.city), (f"Tuition {number}", "Leeds"))
            form.phone = "0113 496 0000"
            form.save().action_save()
            self.assertEqual((school.phone, school.city), ("0113 496 0000", "Leeds"))

    def test_a_school_of_the_register_is_not_changed_here(self):
        for partner in (self._school(), self.contact_manager.partner_id):
            settings = self.env["pep.school.setting"].with_user(self.vseo)
            wizard = settings.with_context(pep_setting_id=partner.id).create({"name": "Hijacked"})
            with self.assertRaises(UserError):
                wizard.action_save()
            self.assertNotEqual(partner.name, "Hijacked")

    def test_who_may(self):
        setting = self._school(urn=False, pep_outside_gias=True)
        wizard = self.env["pep.school.setting"].create({"name": "New"})
        match = self.env["pep.school.match"].create({"school_id": setting.id, "urn": "190001"})
        for user in (self.contributor, self.finance, self.contact_manager, self.teacher):
            with self.assertRaises(AccessError):
                self.env["pep.school.setting"].with_user(user).create({"name": "New"})
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_save()
            with self.assertRaises(AccessError):
                match.with_user(user).action_match()

    def test_match_before_the_register_is_imported(self):
        setting = self._school(urn=False, pep_outside_gias=True)
        self._match(setting, " 190001 ")
        self.assertEqual(setting.pep_urn, "190001")
        self.assertTrue(setting.pep_outside_gias, "until the register says so")

    def test_match_with_a_school_that_is_there_but_unused(self):
        setting = self._school(urn=False, name="Elm", pep_outside_gias=True, email="elm@school.example")
        child = self._child()
        enrolment = self._enrol(child, setting, self._day(-10))
        twin = self._twin()
        self._match(setting, "190001")
        self.assertEqual((setting.name, setting.city, setting.phone), ("Elm School", "Leeds", "0113"))
        self.assertEqual((setting.pep_urn, setting.pep_laestab, setting.pep_maintained), ("190001", "330/2001", True))
        self.assertEqual(setting.email, "elm@school.example")
        self.assertFalse(setting.pep_outside_gias)
        self.assertEqual((twin.active, twin.pep_is_school, twin.pep_urn), (False, False, False))
        self.assertEqual((enrolment.school_id, enrolment.school_name), (setting, "Elm"))
        with self.assertRaises(UserError):
            self._match(setting, "190002")

    def test_match_with_a_school_that_has_a_history_is_refused(self):
        setting = self._school(urn=False, pep_outside_gias=True)
        twin = self._twin()
        enrolment = self._enrol(self._child(company=self.other_council), twin, self._day(-100), self._day(-50))
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self._match(setting, "190001")
        self.assertIn("Academised", str(caught.exception))
        self.assertEqual((twin.pep_urn, setting.pep_urn, enrolment.school_id), ("190001", False, twin))

    def test_match_with_a_school_that_has_people_is_refused(self):
        setting = self._school(urn=False, pep_outside_gias=True)
        twin = self._twin()
        self.env["res.partner"].create({"name": "School office", "parent_id": twin.id})
        with self.assertRaises(UserError):
            self._match(setting, "190001")

    def test_match_needs_a_urn(self):
        setting = self._school(urn=False, pep_outside_gias=True)
        with self.assertRaises(ValidationError):
            self._match(setting, "19000X")
        with self.assertRaises(UserError):
            self._match(self._school(urn="190007"), "190001")
