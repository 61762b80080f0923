from datetime import date
from typing import NamedTuple

from odoo import fields

from ...tools.day_count import WEEKDAYS, DayCount, Holiday, NoDays

# Years around the one asked for that are read with it.
AROUND = 1


class Counted(NamedTuple):
    """What a count came to."""

    day: date
    calendar: str | None  # its name; None where calendar days were counted
    left_out: list  # of tools.day_count.Holiday (first, last, name, by_rule) passed over, in order; no weekends


class DayCounter:
    """Counts calendar, working and school days of one council, for the length of one operation.

    Reads each kind of calendar once and each year of holidays once, all calendars of the council together, so that the
    number of queries grows neither with the counts nor with the schools. Nothing is written: a year whose holidays
    nobody has made rows for is worked out in memory, the way the rows would be. What changes in the calendars later is
    not seen: take a new one for the next operation.

    All days are days on the council's clock.
    """

    def __init__(self, env, company):
        self._calendar = env["resource.calendar"].sudo()  # sudo: holidays are no secret; whoever counts may be a cron
        self._company = company.sudo()  # sudo: the same
        self._env = env
        self._calendars = None
        self._weeks = {}
        self._schools = {}
        self._areas = {}
        self._rows = {"working": {}, "school": {}}
        self._counts = {}

    # === What is asked ===

    def count(self, unit, day, length, school=None):
        """The day that is ``length`` days after ``day``, or before it where ``length`` is negative.

        ``day`` itself is day 0 and never counts: one working day after a Saturday is the Monday. A length of 0 is the
        day itself.

        :param str unit: ``calendar``, ``working`` or ``school``
        :param school: ``res.partner`` whose school days count; without one, those of the council's schools in general
        :return: :class:`Counted`
        :raise UserError: no weekday counts in the calendar
        """
        if unit == "calendar":
            return Counted(fields.Date.add(day, days=length), None, [])
        calendar = self._calendar_for(unit, school)
        try:
            result, left_out = self._days(calendar, unit).count(day, length)
        except NoDays:
            raise calendar._pep_no_days() from None
        return Counted(result, calendar._pep_name_in_words(left_out), left_out)

    def is_day(self, unit, day, school=None):
        return unit == "calendar" or self._days(self._calendar_for(unit, school), unit).is_day(day)

    def next_day(self, unit, day, school=None):
        """The first such day, on or after ``day``."""
        if unit == "calendar":
            return day
        calendar = self._calendar_for(unit, school)
        try:
            return self._days(calendar, unit).next_day(day)
        except NoDays:
            raise calendar._pep_no_days() from None

    def number(self, unit, first, last, school=None):
        """How many such days there are from ``first`` to ``last``, both included; 0 where ``last`` comes before."""
        if unit == "calendar":
            return max((last - first).days + 1, 0)
        return self._days(self._calendar_for(unit, school), unit).number(first, last)

    def holiday_on(self, day, school=None):
        """The school holiday that ``day`` is in: ``Holiday`` (first, last, name, by_rule), or None in term."""
        return self._days(self._calendar_for("school", school), "school").holiday_on(day)

    def calendar_name(self, unit, school=None):
        """The name of the calendar that a count in this unit uses; None for calendar days."""
        return None if unit == "calendar" else self._calendar_for(unit, school)._pep_name_in_words()

    # === Where it comes from ===

    def _calendar_for(self, unit, school):
        """The calendar: the school's own, that of the area it lies in, or the council's."""
        self._load()
        company = self._company
        if unit == "working":
            return company.pep_calendar_id
        if school:
            own = self._schools.get(school.id)
            # sudo: in which area a school lies
            return own or self._areas.get(school.sudo().pep_la_code) or company.pep_school_calendar_id
        return company.pep_school_calendar_id

    def _load(self):
        if self._calendars is not None:
            return
        mine = [("company_id", "=", self._company.id)]
        self._calendars = self._calendar.with_context(active_test=False).search_fetch(
            [*mine, ("pep_kind", "!=", False)], ["name", "active", "pep_kind", "pep_la_code", "pep_holiday_years"]
        )
        self._areas = {
            calendar.pep_la_code: calendar
            for calendar in self._calendars
            if calendar.active and calendar.pep_kind == "school" and calendar.pep_la_code
        }
        links = self._env["pep.school.calendar"].sudo()  # sudo: which calendar a school follows
        self._schools = {
            link.school_id.id: link.calendar_id for link in links.search_fetch(mine, ["school_id", "calendar_id"])
        }
        attendances = self._calendar.env["resource.calendar.attendance"].search_fetch(
            [
                ("calendar_id", "in", self._calendars.ids),
                ("display_type", "=", False),
                ("day_period", "!=", "lunch"),
            ],
            ["calendar_id", "dayofweek", "week_type"],
        )
        for attendance in attendances:
            weeks = (int(attendance.week_type),) if attendance.week_type else (0, 1)
            week = self._weeks.setdefault(attendance.calendar_id.id, set())
            week.update(int(attendance.dayofweek) + 7 * number for number in weeks)

    def _days(self, calendar, unit):
        if calendar not in self._counts:
            # a council that has lost its calendar counts from Monday to Friday, by the rules alone
            week = self._weeks.get(calendar.id, set()) if calendar else WEEKDAYS
            self._counts[calendar] = DayCount(frozenset(week), lambda year: self._holidays(calendar, unit, year))
        return self._counts[calendar]

    def _holidays(self, calendar, unit, year):
        """The holidays of a calendar that have days in a year."""
        holidays = list(self._rows_of(unit, year).get(calendar.id, ()))
        made = set(calendar.pep_holiday_years or ())
        for other in (year - 1, year):  # the Christmas holidays begin in the year before
            if other not in made:
                holidays += [
                    Holiday(first, last, name, by_rule)
                    for first, last, name, by_rule, _key in calendar._pep_by_rule(other, unit)
                    if last.year >= year
                ]
        return holidays

    def _rows_of(self, unit, year):
        """The rows of all calendars of this kind in a year: dict of calendar id -> list of ``Holiday``."""
        rows = self._rows[unit]
        if year not in rows:
            years = [other for other in range(year - AROUND, year + AROUND + 1) if other not in rows]
            rows.update({other: {} for other in years})
            leaves = self._calendar.env["resource.calendar.leaves"].search_fetch(
                [
                    ("calendar_id", "in", self._calendars.filtered(lambda row: row.pep_kind == unit).ids),
                    ("resource_id", "=", False),
                    ("pep_first_day", "<=", date(years[-1], 12, 31)),
                    ("pep_last_day", ">=", date(years[0], 1, 1)),
                ],
                ["calendar_id", "name", "pep_first_day", "pep_last_day", "pep_by_rule"],
            )
            for leave in leaves:
                holiday = Holiday(leave.pep_first_day, leave.pep_last_day, leave.name or "", leave.pep_by_rule)
                for other in years:
                    if holiday.first.year <= other <= holiday.last.year:
                        rows[other].setdefault(leave.calendar_id.id, []).append(holiday)
        return rows[year]
