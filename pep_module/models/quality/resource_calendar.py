from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL

from ...tools.bank_holidays import bank_holidays
from ...tools.school_holidays import school_holidays
from .day_counter import DayCounter

KINDS = [("working", "Working days"), ("school", "School days")]
YEARS_AHEAD = 2


class ResourceCalendar(models.Model):
    """Working days and school days of a council, for its clocks: calendars of their own, apart from staff's hours.

    Which weekdays count is what Odoo calls working time, and holidays are its time off, in whole days. Bank holidays
    and usual school holidays are made once for each year; what an administrator changes or deletes then stays so.
    """

    _inherit = "resource.calendar"

    pep_kind = fields.Selection(KINDS, string="Counts", readonly=True, copy=False, index="btree_not_null")
    pep_la_code = fields.Char(
        string="Number of the area",
        copy=False,
        help="The local authority whose schools close on these days. Empty: for single schools, or for all others.",
    )
    pep_holiday_years = fields.Json(string="Years with holidays", readonly=True, copy=False)
    pep_school_calendar_ids = fields.One2many("pep.school.calendar", "calendar_id", string="Schools")
    pep_holiday_ids = fields.One2many(
        "resource.calendar.leaves", "calendar_id", string="Holidays", domain=[("resource_id", "=", False)]
    )
    pep_unchecked = fields.Integer(
        string="To be checked", compute="_compute_pep_unchecked", help="Holidays by rule of thumb, from today on."
    )
    pep_used_for = fields.Char(string="Used for", compute="_compute_pep_used_for")
    pep_of_council = fields.Boolean(compute="_compute_pep_used_for", help="One that the council can't do without.")
    pep_made_for = fields.Char(string="Holidays made for", compute="_compute_pep_made_for")
    pep_weekdays = fields.Char(string="Days of the week", compute="_compute_pep_weekdays")

    _pep_area = models.UniqueIndex(
        "(company_id, pep_la_code) WHERE pep_kind = 'school' AND pep_la_code IS NOT NULL AND active",
        "There is a calendar for this area already.",
    )
    _pep_area_format = models.Constraint(
        "CHECK (pep_la_code ~ '^[0-9]{3}$')", "The number of a local authority area has three digits, such as 886."
    )

    # === Counting ===

    @api.model
    def _pep_day_counter(self, company):
        """What counts the days of a council, for the length of one operation.

        :return: :class:`.day_counter.DayCounter`
        """
        return DayCounter(self.env, company)

    def _pep_name_in_words(self, left_out=()):
        """What a sentence calls this calendar, and whether its holidays are more than a rule of thumb."""
        name = self.name or self.env._("Monday to Friday")
        if any(holiday.by_rule for holiday in left_out):
            return self.env._("%(calendar)s (holidays by rule, not checked yet)", calendar=name)
        return name

    def _pep_no_days(self):
        return UserError(self.env._("No day of the week counts in “%s”.", self._pep_name_in_words()))

    @api.model
    def _pep_by_rule(self, year, kind):
        """The holidays of a year by the rules of :mod:`tools.bank_holidays` and :mod:`tools.school_holidays`.

        Bank holidays in the middle of school holidays are left out: no two rows of a calendar overlap.

        :param str kind: ``working`` or ``school``
        :return: list of (first day, last day, name, whether a rule of thumb, key), by date
        """
        holidays = []
        if kind == "school":
            holidays = [(first, last, name, True, f"{year} {name}") for first, last, name in school_holidays(year)]
            around = [*school_holidays(year - 1), *school_holidays(year)]
        else:
            around = []
        for day, name in bank_holidays(year):
            if not any(first <= day <= last for first, last, _name in around):
                holidays.append((day, day, name, False, day.isoformat()))
        return sorted(holidays)

    # === Computes ===

    @api.depends("leave_ids.pep_by_rule", "leave_ids.pep_last_day")
    def _compute_pep_unchecked(self):
        today = self.env.company._pep_today()
        numbers = dict(
            self.env["resource.calendar.leaves"]._read_group(
                [("calendar_id", "in", self.ids), ("pep_by_rule", "=", True), ("pep_last_day", ">=", today)],
                ["calendar_id"],
                ["__count"],
            )
        )
        for calendar in self:
            calendar.pep_unchecked = numbers.get(calendar._origin, 0)

    @api.depends("pep_kind", "pep_la_code", "pep_school_calendar_ids.school_id", "company_id.pep_school_calendar_id")
    def _compute_pep_used_for(self):
        for calendar in self:
            schools = calendar.pep_school_calendar_ids.school_id
            others = calendar.sudo().company_id.pep_school_calendar_id  # sudo: what the council uses it for
            calendar.pep_of_council = calendar.pep_kind == "working" or (
                bool(calendar._origin) and calendar._origin == others
            )
            if calendar.pep_kind == "working":
                used_for = self.env._("Clocks that count working days")
            elif calendar.pep_of_council:
                used_for = self.env._("Schools of which no other calendar is known")
            elif calendar.pep_la_code:
                used_for = self.env._("Schools in area %s", calendar.pep_la_code)
            elif len(schools) == 1:
                used_for = schools.name
            elif schools:
                used_for = self.env._("%s schools", len(schools))
            else:
                used_for = calendar.pep_kind and self.env._("Nothing yet: give it an area or schools")
            calendar.pep_used_for = used_for

    @api.depends("pep_holiday_years")
    def _compute_pep_made_for(self):
        for calendar in self:
            years = calendar.pep_holiday_years or ()
            calendar.pep_made_for = ", ".join(map(str, sorted(years))) or False

    @api.depends("attendance_ids.dayofweek")
    def _compute_pep_weekdays(self):
        labels = dict(self.env["resource.calendar.attendance"]._fields["dayofweek"]._description_selection(self.env))
        for calendar in self:
            days = sorted(set(calendar.attendance_ids.mapped("dayofweek")))
            calendar.pep_weekdays = ", ".join(labels[day] for day in days) or False

    # === Making calendars and holidays ===

    @api.model
    def _pep_prepare(self, company, kind, name, **values):
        """Values of a calendar of a council: Monday to Friday, whole days, no holidays yet."""
        return {
            "name": name,
            "company_id": company.id,
            "tz": company.pep_tz,
            "pep_kind": kind,
            "schedule_type": "fully_fixed",
            "two_weeks_calendar": False,
            "attendance_ids": [
                Command.create(
                    {
                        "name": label,
                        "dayofweek": day,
                        "day_period": "full_day",
                        "hour_from": 0,
                        "hour_to": 24,
                        "duration_days": 1,
                    }
                )
                for day, label in self.env["resource.calendar.attendance"]._fields["dayofweek"].selection[:5]
            ],
            "global_leave_ids": [],  # else Odoo copies the holidays of the council's staff
            "pep_holiday_years": [],
            **values,
        }

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_pep_kind")
        whole = []
        for vals in vals_list:
            kind = vals.get("pep_kind", default)
            if kind and not self.env.su:
                if kind != "school":
                    raise UserError(self.env._("A council has one calendar of working days. Change its holidays."))
                kept = ("name", "pep_la_code", "company_id")
                chosen = {name: vals[name] for name in kept if vals.get(name)}
                company = self.env["res.company"].browse(chosen.pop("company_id", self.env.company.id))
                vals = self._pep_prepare(company, kind, chosen.pop("name", False), **chosen)
            whole.append(vals)
        calendars = super().create(whole)
        if not self.env.su:
            ours = calendars.filtered("pep_kind")
            for calendar in ours:
                calendar._pep_generate(self._pep_years_to_make(calendar.company_id))
            ours._pep_days_changed()
        return calendars

    @api.model
    def _pep_years_to_make(self, company):
        this = company._pep_today().year
        return range(this, this + YEARS_AHEAD + 1)

    def _pep_generate(self, years):
        """Make the holidays of these years, each year once: what is edited or deleted afterwards stays so.

        :raise ConcurrencyError: (from PostgreSQL) another transaction makes them at this moment; the caller runs again
        """
        wanted = {}
        for calendar in self.filtered("pep_kind"):
            missing = sorted(set(years) - set(calendar.pep_holiday_years or ()))
            if missing:
                wanted[calendar] = missing
        if not wanted:
            return
        self.env["resource.calendar"].concat(*wanted)._pep_take_turn()
        vals_list = []
        for calendar, missing in wanted.items():
            calendar.sudo().pep_holiday_years = sorted(  # sudo: kept by the app; the caller asked who may
                {*(calendar.pep_holiday_years or ()), *missing}
            )
            for year in missing:
                for first, last, name, by_rule, key in self._pep_by_rule(year, calendar.pep_kind):
                    vals_list.append(
                        {
                            "calendar_id": calendar.id,
                            "name": name,
                            "pep_first_day": first,
                            "pep_last_day": last,
                            "pep_by_rule": by_rule,
                            "pep_rule_key": key,
                        }
                    )
        self.env["resource.calendar.leaves"].sudo().create(vals_list)  # sudo: as above

    def _pep_take_turn(self):
        """Wait until nobody else is making holidays of these calendars; see ``pep.term._take_turn``."""
        self.env.flush_all()
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL(  # raw SQL: the same
                "UPDATE resource_calendar SET write_date = %s WHERE id IN %s",
                self.env.cr.now(),
                tuple(sorted(self.ids)),
            ),
            log_exceptions=False,
        )

    def action_pep_next_year(self):
        """Button: make the holidays of the year after the last one that has any."""
        self._pep_add_year(lambda years: max(years) + 1)

    def action_pep_year_before(self):
        """Button: make the holidays of the year before the first one that has any, to correct them."""
        self._pep_add_year(lambda years: min(years) - 1)

    def _pep_add_year(self, choose):
        self.check_access("write")
        for calendar in self.filtered("pep_kind"):
            years = calendar.pep_holiday_years or [calendar.company_id._pep_today().year]
            calendar._pep_generate([choose(years)])

    def action_pep_checked(self):
        """Button: the holidays that were worked out by rule of thumb have been looked at, and are right."""
        self.check_access("write")
        self.pep_holiday_ids.filtered("pep_by_rule").action_pep_checked()

    # === What follows from a change ===

    def _pep_days_changed(self):
        """Have the running clocks of these calendars' councils worked out anew, soon, by the scheduled action."""
        councils = self.sudo().company_id  # sudo: what is to be done is noted by the app
        if councils:
            councils.pep_days_changed = fields.Datetime.now()
            # sudo: a scheduled action of the app's own
            self.env.ref("pep_module.ir_cron_holidays").sudo()._trigger()

    # === Who may change them ===

    @api.model
    def _pep_may_set_days(self):
        groups = ("pep_module.group_pep_admin", "pep_module.group_pep_head")
        return self.env.su or any(self.env.user.has_group(group) for group in groups)

    @api.model
    def _pep_days_access(self, records, ours, operation):
        """What the app says to a change of calendars, weekdays or holidays, before Odoo is asked.

        In Odoo every employee may write time off and whoever has to do with staff or machines may write calendars. From
        those that clocks count by they are kept away; the virtual school's administrator and head, who need not be
        allowed any of that, may change those and no others.

        :param records: what is to be changed; empty: whether anything could be
        :param ours: those of them that belong to calendars of the app
        :return: None: allowed; a pair as of ``_check_access``: refused; False: ask Odoo
        """
        if operation == "read" or self.env.su:
            return False
        may = self._pep_may_set_days()
        calendars = ours if ours._name == self._name else ours.sudo().calendar_id  # sudo: whose days they are
        elsewhere = calendars.sudo().company_id - self.env.companies  # sudo: the same
        if ours and (not may or elsewhere):
            return ours, lambda: AccessError(
                self.env._("Working days and holidays are set by the administrator and the head of the virtual school.")
            )
        return None if may and len(ours) == len(records) else False

    def _check_access(self, operation):
        ours = self.filtered(lambda calendar: calendar.id and calendar.sudo().pep_kind)  # sudo: whose it is
        refused = self._pep_days_access(self.filtered("id"), ours, operation)
        return super()._check_access(operation) if refused is False else refused

    # === CRUD ===

    def write(self, vals):
        ours = self.filtered(lambda calendar: calendar.sudo().pep_kind)  # sudo: whose it is
        if not self.env.su:
            if {"pep_kind", "pep_holiday_years"} & vals.keys() or (ours and "company_id" in vals):
                raise UserError(self.env._("What a calendar counts, and for which council, is fixed when it is made."))
            if ours and vals.get("schedule_type", "fully_fixed") != "fully_fixed":
                raise UserError(self.env._("Working days and school days are days of the week."))
        if ours and not vals.get("active", True):
            ours._pep_refuse_to_archive()
        result = super().write(vals)
        if ours and {"active", "pep_la_code"} & vals.keys():
            ours._pep_days_changed()
        return result

    @api.constrains("pep_la_code")
    def _check_pep_la_code(self):
        for calendar in self.filtered("pep_la_code"):
            council = calendar.sudo().company_id  # sudo: which calendars a council needs
            if calendar.pep_kind != "school" or calendar == council.pep_school_calendar_id:
                raise ValidationError(
                    self.env._(
                        "Only school days can be those of an area, and not those that are for all other schools."
                    )
                )

    def _pep_refuse_to_archive(self):
        councils = self.sudo().company_id  # sudo: which calendars a council needs
        if self & (councils.pep_calendar_id | councils.pep_school_calendar_id):
            raise UserError(self.env._("The council counts by this calendar. Change its holidays instead."))
        if self.sudo().pep_school_calendar_ids:  # sudo: which schools follow it
            raise UserError(self.env._("Schools follow this calendar. Take them out first."))

    def copy(self, default=None):
        if self.filtered(lambda calendar: calendar.sudo().pep_kind):  # sudo: whose it is
            raise UserError(
                self.env._("A school or an area gets a calendar of its own under “Schools with their own holidays”.")
            )
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_pep(self):
        if self.filtered(lambda calendar: calendar.sudo().pep_kind):  # sudo: whose it is
            raise UserError(self.env._("Dates were worked out by this calendar. Archive it instead."))
