from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import clock

DAYS = {"pep_first_day", "pep_last_day"}
TIMES = {"date_from", "date_to"}


class ResourceCalendarLeaves(models.Model):
    """Holidays in the council's calendars: whole days on the council's clock, whatever is typed and wherever.

    What counts are the two days; Odoo's moments follow from them. These rows carry no company of their own, but that of
    their calendar: where the council's staff book their time off in Odoo as well, that app takes every row with a
    company for a public holiday of all staff, and reckons everybody's time off anew.
    """

    _inherit = "resource.calendar.leaves"

    pep_first_day = fields.Date(string="First day", copy=False)
    pep_last_day = fields.Date(string="Last day", copy=False)
    pep_by_rule = fields.Boolean(
        string="To be checked", readonly=True, copy=False, help="Worked out by a rule of thumb. Nobody has looked yet."
    )
    pep_rule_key = fields.Char(readonly=True, copy=False)

    _pep_rule_uniq = models.UniqueIndex(
        "(calendar_id, pep_rule_key) WHERE pep_rule_key IS NOT NULL", "This holiday has been made already."
    )
    _pep_order = models.Constraint(
        "CHECK (pep_last_day >= pep_first_day)", "The last day of a holiday is not before the first."
    )

    def _compute_company_id(self):
        ours = self._pep_ours()
        ours.company_id = False
        return super(ResourceCalendarLeaves, self - ours)._compute_company_id()

    def _pep_ours(self):
        return self.filtered(lambda leave: leave.sudo().calendar_id.pep_kind)  # sudo: whose it is

    # === Whole days ===

    @api.onchange("pep_first_day")
    def _onchange_pep_first_day(self):
        if self.pep_first_day and (not self.pep_last_day or self.pep_last_day < self.pep_first_day):
            self.pep_last_day = self.pep_first_day

    @api.model
    def _pep_moments(self, calendar, first, last):
        """Odoo's two moments of whole days: midnight to a second before midnight on the council's clock."""
        zone = calendar.company_id.pep_tz
        return {
            "date_from": clock.to_utc(zone, datetime.combine(first, time.min)),
            "date_to": clock.to_utc(zone, datetime.combine(last, time(23, 59, 59))),
        }

    @api.model
    def _pep_whole_days(self, calendar, vals):
        """The values of a new row, in whole days.

        :raise ValidationError: no day, or a last day before the first
        """
        zone = calendar.company_id.pep_tz
        days = {name: fields.Date.to_date(vals.get(name) or None) for name in DAYS}
        for day, moment in (("pep_first_day", "date_from"), ("pep_last_day", "date_to")):
            if not days[day] and vals.get(moment):
                days[day] = clock.to_local(zone, fields.Datetime.to_datetime(vals[moment])).date()
        first, last = days["pep_first_day"], days["pep_last_day"] or days["pep_first_day"]
        if not first:
            raise ValidationError(self.env._("On which day does the holiday begin?"))
        if last < first:
            raise ValidationError(self.env._("The last day of a holiday is not before the first."))
        return {
            **vals,
            "pep_first_day": first,
            "pep_last_day": last,
            **self._pep_moments(calendar, first, last),
            "resource_id": False,
            "company_id": False,
            "time_type": "leave",
        }

    @api.model
    def _pep_not_ours(self, vals):
        """Values for somebody's time off: a row with days of ours would be one that staff don't find."""
        return {name: value for name, value in vals.items() if not name.startswith("pep_")}

    def _pep_align(self):
        """Set the moments of these rows by their days, where they differ: the clock was changed, or another app did."""
        for leave in self:
            moments = self._pep_moments(leave.calendar_id, leave.pep_first_day, leave.pep_last_day)
            if any(leave[name] != moment for name, moment in moments.items()):
                leave.write({name: leave[name] for name in DAYS})

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_calendar_id")
        ids = {vals.get("calendar_id", default) for vals in vals_list} - {None, False}
        calendars = {
            calendar.id: calendar
            for calendar in self.env["resource.calendar"].sudo().browse(ids)  # sudo: whose days they become
            if calendar.pep_kind
        }
        normal = []
        for vals in vals_list:
            calendar = calendars.get(vals.get("calendar_id", default))
            if calendar:
                vals = self._pep_whole_days(calendar, {**vals, "calendar_id": calendar.id})
                if not self.env.su:
                    vals.update(pep_by_rule=False, pep_rule_key=False)
            else:
                vals = self._pep_not_ours(vals)
            normal.append(vals)
        leaves = super().create(normal)
        ours = leaves.sudo()._pep_ours()  # sudo: the moments follow from the days
        ours._pep_align()
        ours.filtered(lambda leave: not leave.pep_rule_key).calendar_id._pep_days_changed()
        return leaves

    def write(self, vals):
        ours = self._pep_ours()
        if "calendar_id" in vals:
            target = self.env["resource.calendar"].sudo().browse(vals["calendar_id"] or ())  # sudo: whose days
            if any(leave.calendar_id != target and (leave in ours or target.pep_kind) for leave in self):
                raise UserError(self.env._("A holiday stays in its calendar. Add it to the other one."))
        if not ours:
            return super().write(self._pep_not_ours(vals))
        if not self.env.su:
            fixed = ("resource_id", "company_id", "time_type", "pep_by_rule", "pep_rule_key")
            vals = {name: value for name, value in vals.items() if name not in fixed}
        if (DAYS | TIMES) & vals.keys():
            for leave in ours:
                super(ResourceCalendarLeaves, leave).write(leave._pep_changes(vals))
            rest = self - ours
            return super(ResourceCalendarLeaves, rest).write(self._pep_not_ours(vals)) if rest else True
        if "name" in vals:
            vals = {**vals, "pep_by_rule": False}
        return super().write(vals)

    def _pep_changes(self, vals):
        """What to write into a row of ours, in whole days. A holiday that somebody has moved has been looked at."""
        days = {name: vals[name] if name in vals else self[name] for name in DAYS}
        if not DAYS & vals.keys():  # moved in Odoo's own screens
            days = {name: vals.get(name, self[name]) for name in TIMES}
        calendar = self.sudo().calendar_id  # sudo: the council's clock
        whole = self._pep_whole_days(calendar, days)
        changes = {**vals, **{name: whole[name] for name in DAYS | TIMES}}
        if any(self[name] != whole[name] for name in DAYS):
            calendar._pep_days_changed()
            changes["pep_by_rule"] = False
        elif "name" in vals:
            changes["pep_by_rule"] = False
        return changes

    @api.ondelete(at_uninstall=False)
    def _unlink_pep_days_changed(self):
        self._pep_ours().sudo().calendar_id._pep_days_changed()  # sudo: what follows is the app's business

    def action_pep_checked(self):
        """Button: these holidays were looked at, and are right."""
        self.check_access("write")
        self._pep_ours().sudo().write({"pep_by_rule": False})  # sudo: kept by the app; who may was asked above

    def _check_access(self, operation):
        refused = self.env["resource.calendar"]._pep_days_access(
            self.filtered("id"), self.filtered("id")._pep_ours() if operation != "read" else self.browse(), operation
        )
        return super()._check_access(operation) if refused is False else refused


class ResourceCalendarAttendance(models.Model):
    """The days of the week that count in the council's calendars."""

    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        if not self.env.su:
            rows.filtered(lambda row: row._pep_is_ours()).calendar_id._pep_days_changed()
        return rows

    @api.ondelete(at_uninstall=False)
    def _unlink_pep_days_changed(self):
        self.filtered(lambda row: row._pep_is_ours()).calendar_id._pep_days_changed()

    def write(self, vals):
        target = self.env["resource.calendar"].sudo().browse(vals.get("calendar_id") or ())  # sudo: whose days
        if target and any(row.calendar_id != target and (row._pep_is_ours() or target.pep_kind) for row in self):
            raise UserError(self.env._("A day of the week stays in its calendar."))
        result = super().write(vals)
        self.filtered(lambda row: row._pep_is_ours()).calendar_id._pep_days_changed()
        return result

    def _pep_is_ours(self):
        return bool(self.sudo().calendar_id.pep_kind)  # sudo: whose it is

    def _check_access(self, operation):
        rows = self.filtered("id")
        ours = rows.filtered(lambda row: row._pep_is_ours()) if operation != "read" else self.browse()
        refused = self.env["resource.calendar"]._pep_days_access(rows, ours, operation)
        return super()._check_access(operation) if refused is False else refused
