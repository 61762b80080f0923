from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...models.child.res_partner import SCHOOL_PHASES, SETTING_GROUPS
from ...tools import gias

ADDRESS = ("name", "street", "street2", "city", "zip", "phone", "email")


class PepSchoolSetting(models.TransientModel):
    """Add or change a setting that the register does not list, such as a tuition provider or a school abroad.

    The people who need it seldom have the right to edit contacts, so this does it for them, for schools only.
    """

    _name = "pep.school.setting"
    _description = "Setting outside the register"

    school_id = fields.Many2one(
        "res.partner",
        readonly=True,
        default=lambda self: self.env.context.get("pep_setting_id"),
    )
    name = fields.Char(required=True)
    school_type = fields.Char(string="Kind of setting", help="In plain words: tuition provider, school in Scotland.")
    phase = fields.Selection(SCHOOL_PHASES, default="not_applicable", required=True)
    la_code = fields.Char(string="LA number")
    la_name = fields.Char(string="Local authority")
    street = fields.Char()
    street2 = fields.Char()
    city = fields.Char(string="Town")
    zip = fields.Char(string="Postcode")
    phone = fields.Char()
    email = fields.Char()

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        school = self.env["res.partner"].browse(self.env.context.get("pep_setting_id"))
        if school:
            values.update({target: school[source] for source, target in self._mapping().items() if school[source]})
        return values

    @api.model
    def _mapping(self):
        """Field of the school -> field of this form."""
        return {
            **{name: name for name in ADDRESS},
            "pep_school_type": "school_type",
            "pep_school_phase": "phase",
            "pep_la_code": "la_code",
            "pep_la_name": "la_name",
        }

    def action_save(self):
        """Button: add the setting, or change the one this form was opened for.

        :raise AccessError: for anybody but business support, VSEOs, heads and administrators
        :raise UserError: the register lists this school, so the register says what it is
        """
        partners = self.env["res.partner"]
        partners._pep_require(
            SETTING_GROUPS, self.env._("Settings are added by the virtual school's staff and administrators.")
        )
        self.ensure_one()
        values = {source: self[target] for source, target in self._mapping().items()}
        school = self.school_id.sudo()  # sudo: the users who need this can't edit contacts; it reaches settings only
        if school:
            if not (school.pep_is_school and school.pep_outside_gias):
                raise UserError(self.env._("What the register says about a school can't be changed here."))
            school.write(values)
        else:
            school = school.create(
                {
                    **values,
                    "is_company": True,
                    "company_id": False,
                    "pep_is_school": True,
                    "pep_outside_gias": True,
                    "pep_school_status": "open",
                }
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_school_action")
        form = self.env.ref("pep_module.pep_school_view_form").id
        return {**action, "res_id": school.id, "view_mode": "form", "views": [(form, "form")]}


class PepSchoolMatch(models.TransientModel):
    """Say which school of the register a setting that was added by hand is.

    The partner that is there already, with all that hangs on it, takes the register's data and URN. If the register
    import has made a second partner with that URN by then, and nothing hangs on that one, it gives up its URN and is
    archived. If pupils, school staff, links or money hang on it, the match is refused: two schools with a history each
    are not one, and the dated action *Academised* moves what has to move.
    """

    _name = "pep.school.match"
    _description = "Match a setting with the register"

    school_id = fields.Many2one(
        "res.partner",
        string="Setting",
        required=True,
        domain=[("pep_outside_gias", "=", True)],
        default=lambda self: self._default_school_id(),
    )
    urn = fields.Char(string="URN", required=True)

    @api.model
    def _default_school_id(self):
        return self.env.context.get("active_model") == "res.partner" and self.env.context.get("active_id")

    def action_match(self):
        """Button: take over the URN, and the data with it where the register is imported already.

        :raise AccessError: for anybody but business support, VSEOs, heads and administrators
        :raise UserError: the setting is in the register already, or the school with this URN has a history of its own
        """
        partners = self.env["res.partner"]
        partners._pep_require(
            SETTING_GROUPS, self.env._("Settings are matched by the virtual school's staff and administrators.")
        )
        self.ensure_one()
        urn = (self.urn or "").strip()
        if not gias.is_urn(urn):
            raise ValidationError(self.env._("A URN of a school has six digits."))
        school = self.school_id.sudo()  # sudo: the users who need this can't edit contacts; it reaches settings only
        if not (school.pep_is_school and school.pep_outside_gias):
            raise UserError(self.env._("%(school)s is in the register already.", school=school.name))
        twin = school.with_context(active_test=False).search([("pep_urn", "=", urn), ("id", "!=", school.id)])
        if not twin:
            school.write({"pep_urn": urn})
            return self._notify(
                self.env._("The URN is noted. Its data come with the next import of the school register.")
            )
        self._check_twin(twin)
        values = twin._convert_to_write({name: twin[name] for name in self._register_fields()})
        twin.write({"pep_urn": False, "pep_is_school": False, "pep_outside_gias": False, "active": False})
        twin.flush_recordset()
        school.write({**values, "pep_outside_gias": twin.pep_outside_gias})
        return self._notify(self.env._("The setting is now the school of the register with this URN."))

    @api.model
    def _register_fields(self):
        """Fields that the register fills. The e-mail address and all else stay as they were."""
        return (
            *(name for name in ADDRESS if name != "email"),
            "country_id",
            "pep_urn",
            "pep_laestab",
            "pep_la_code",
            "pep_la_name",
            "pep_school_phase",
            "pep_school_type",
            "pep_school_type_code",
            "pep_school_status",
            "pep_maintained",
            "pep_open_date",
            "pep_close_date",
            "pep_trust",
        )

    def _check_twin(self, twin):
        """Refuse to empty a school that has a history, a login, people or a bank account of its own."""
        in_use = twin._pep_used() or twin.child_ids or twin.bank_ids or twin.user_ids
        if in_use:
            raise UserError(
                self.env._(
                    "The register's %(school)s (%(urn)s) has pupils, staff, contacts or money of its own, so it can't "
                    "be replaced. If this setting became that school on a day, use “Academised”.",
                    school=twin.name,
                    urn=twin.pep_urn,
                )
            )

    @api.model
    def _notify(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }
