"""Counting the days of a calendar: which days count, and which holidays a count passed over.

Pure Python: where the days come from is the caller's business.
"""

from datetime import timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
WEEKDAYS = frozenset((0, 1, 2, 3, 4, 7, 8, 9, 10, 11))  # Monday to Friday, of both weeks
LONGEST_GAP = 1000  # days without any that counts, after which a calendar is taken to have none


class Holiday(NamedTuple):
    """Days that don't count, though their weekday does."""

    first: object  # date
    last: object  # date, included
    name: str
    by_rule: bool = False  # worked out by a rule of thumb, and looked at by nobody


class NoDays(Exception):
    """A calendar in which no day counts."""


class DayCount:
    """The days of one calendar.

    :param week: numbers of the weekdays that count, Monday 0 to Sunday 6, and 7 to 13 for every second week
        (in Odoo's sense: weeks are numbered since the year 1)
    :param holidays: called with a year; returns the :class:`Holiday` records that have days in it, asked once a year
    """

    def __init__(self, week, holidays):
        self._week = week
        self._holidays = holidays
        self._years = {}

    def holiday_on(self, day):
        """The :class:`Holiday` that ``day`` is in, or None. Of several the longest: "Christmas holidays"."""
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = self._days_of(day.year)
        return year.get(day)

    def _days_of(self, year):
        days = {}
        for holiday in sorted(self._holidays(year), key=lambda holiday: (holiday.last - holiday.first, holiday.first)):
            day = max(holiday.first, holiday.first.replace(year=year, month=1, day=1))
            last = min(holiday.last, holiday.last.replace(year=year, month=12, day=31))
            while day <= last:
                days[day] = holiday
                day += DAY
        return days

    def in_week(self, day):
        """Whether the weekday of ``day`` counts, holidays aside."""
        return day.weekday() + 7 * ((day.toordinal() - 1) // 7 % 2) in self._week

    def is_day(self, day):
        return self.in_week(day) and self.holiday_on(day) is None

    def next_day(self, day):
        """The first day that counts, on or after ``day``."""
        return day if self.is_day(day) else self.count(day, 1)[0]

    def number(self, first, last):
        """How many days count from ``first`` to ``last``, both included."""
        return sum(self.is_day(first + n * DAY) for n in range((last - first).days + 1))

    def count(self, day, length):
        """The day that is ``length`` days that count after ``day``, or before it where ``length`` is negative.

        ``day`` itself is day 0, whether it counts or not: one day after a Saturday is the Monday. A length of 0 is the
        day itself.

        :return: (date, list of the :class:`Holiday` passed over, in order of date)
        :raise NoDays: there is no such day
        """
        step = DAY if length > 0 else -DAY
        passed = {}
        left, gap = abs(length), 0
        while left:
            day += step
            gap += 1
            if gap > LONGEST_GAP:
                raise NoDays
            if not self.in_week(day):
                continue
            holiday = self.holiday_on(day)
            if holiday is None:
                left -= 1
                gap = 0
            else:
                passed[holiday] = None
        return day, sorted(passed)
