"""Days of the demo: relative to today, and believable ones. Pure Python."""

from datetime import date, timedelta

from ..tools import academic_year

MEETING_DAYS = (1, 2, 3)  # Tuesday to Thursday: no bank holiday falls on them in a term


def day_of(year, month_day):
    """A day of a year from "MM-DD"; 28 for 29 February where there is none."""
    month, day = map(int, month_day.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def birthday(year_group, month_day, today):
    """The date of birth of a child who is in a year group today and has this birthday."""
    year = academic_year.academic_year(today) - year_group - (5 if month_day >= "09-01" else 4)
    return day_of(year, month_day)


def back(day):
    """The last day at or before ``day`` on which a meeting may have been."""
    while day.weekday() not in MEETING_DAYS:
        day -= timedelta(days=1)
    return day


def workday(day):
    """``day``, or the Friday before it."""
    return day - timedelta(days=max(day.weekday() - 4, 0))


def forward(day):
    """The first day from ``day`` on for which a meeting may be planned."""
    while day.weekday() not in MEETING_DAYS:
        day += timedelta(days=1)
    return day


def phase_start(year_group, school_year):
    """First day, in nursery, primary, secondary or sixth form, of a child who is in a year group in a school year."""
    first = next(group for group in (12, 7, 0, year_group - 1) if group <= year_group)
    return academic_year.first_day(school_year - (year_group - first))
