from odoo import api, fields, models
from odoo.exceptions import UserError


class PepSchoolCalendar(models.Model):
    """A school whose holidays differ from those of its area, as this council knows them.

    Several schools of a trust may follow one calendar. What has no row follows the calendar of the area it lies in.
    """

    _name = "pep.school.calendar"
    _inherit = ["pep.council.fixed"]
    _description = "School with its own holidays"
    _order = "school_id, id"

    school_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict", domain=[("pep_is_school", "=", True)]
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="School days",
        index=True,
        ondelete="restrict",
        domain="[('pep_kind', '=', 'school'), ('company_id', '=', company_id)]",
        help="Empty: a copy of its area's, to be changed. Schools of one trust may share one.",
    )
    company_id = fields.Many2one(
        "res.company",
        string="Council",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(default=True, help="Off: the school follows its area again.")
    pep_unchecked = fields.Integer(related="calendar_id.pep_unchecked")

    _uniq = models.UniqueIndex("(company_id, school_id) WHERE active", "This school has a calendar of its own already.")
    _has_calendar = models.Constraint("CHECK (calendar_id IS NOT NULL)", "Which school days does the school follow?")

    @api.depends("school_id.name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.school_id.name

    @api.constrains("calendar_id", "company_id", "school_id")
    def _check_calendar_id(self):
        for row in self:
            calendar = row.sudo().calendar_id  # sudo: what kind of calendar it is
            if not row.school_id.pep_is_school:
                raise UserError(self.env._("A calendar of school days is for a school."))
            if calendar.pep_kind != "school" or calendar.company_id != row.company_id:
                raise UserError(self.env._("Choose a calendar of school days of this council."))

    @api.model_create_multi
    def create(self, vals_list):
        self.browse().check_access("create")
        copied = []
        for vals in vals_list:
            if not vals.get("calendar_id"):
                company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
                school = self.env["res.partner"].browse(vals.get("school_id"))
                if not school.pep_is_school or not (self.env.su or company in self.env.companies):
                    raise UserError(self.env._("A calendar of school days is for a school, in your own council."))
                vals = {**vals, "calendar_id": self._copy_for(school, company).id}
            copied.append(vals)
        rows = super().create(copied)
        rows.calendar_id._pep_days_changed()
        return rows

    def write(self, vals):
        if "school_id" in vals and any(row.school_id.id != vals["school_id"] for row in self):
            raise UserError(self.env._("Dates were worked out by this. Archive it, and add the other school."))
        result = super().write(vals)
        self.calendar_id._pep_days_changed()
        return result

    @api.model
    def _copy_for(self, school, company):
        """A calendar for a school of its own: as its area's is now."""
        counter = self.env["resource.calendar"]._pep_day_counter(company)
        source = counter._calendar_for("school", school)
        calendars = source.sudo()  # sudo: the caller has asked who may give a school a calendar
        calendar = calendars.create(
            calendars._pep_prepare(
                company,
                "school",
                self.env._("School days, %s", school.name),
                pep_holiday_years=source.pep_holiday_years or [],
            )
        )
        calendars.env["resource.calendar.leaves"].create(
            [
                {
                    "calendar_id": calendar.id,
                    "name": leave.name,
                    "pep_first_day": leave.pep_first_day,
                    "pep_last_day": leave.pep_last_day,
                    "pep_by_rule": leave.pep_by_rule,
                    "pep_rule_key": leave.pep_rule_key,
                }
                for leave in source.pep_holiday_ids
            ]
        )
        return calendar

    def action_open_calendar(self):
        """Button: the school days of this school."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_calendar_action")
        form = self.env.ref("pep_module.pep_calendar_view_form")
        return {**action, "view_mode": "form", "views": [(form.id, "form")], "res_id": self.calendar_id.id}

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self:
            raise UserError(self.env._("Dates were worked out by this. Archive it: the school follows its area again."))
