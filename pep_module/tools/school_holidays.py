"""School holidays as most schools in England have them, worked out for any year: a first guess to be checked.

No law says when schools close; the local authority decides for its own schools, and many schools for themselves. So
these are rules of thumb, nearest to what most areas published for 2021/22 to 2026/27, for areas and years whose dates
nobody has entered yet. A clock that rests on them says so.

* February: the week that 18 February is in.
* Easter: two weeks from the Monday before Easter, but not from before 29 March nor from after 7 April. Good Friday and
  Easter Monday, where they lie outside, are bank holidays of their own.
* May: the week with the last Monday in May.
* Summer: from the Wednesday after 20 July, at the latest 25 July, to the first weekday in September, which schools use
  to train their staff.
* October: the week with the last Monday in October.
* Christmas: two weeks from the Monday of the week with Christmas Day.

Weeks are given from Monday to Friday. Pure Python: needs no ORM, no database, no clock.
"""

from datetime import date, timedelta
from functools import cache

from dateutil.easter import easter

from .bank_holidays import last_monday


def _monday(day):
    """The Monday of the week of ``day``."""
    return day - timedelta(days=day.weekday())


def _easter_break(year):
    monday = _monday(easter(year))
    earliest, latest = date(year, 3, 29), date(year, 4, 7)
    while monday < earliest:
        monday += timedelta(weeks=1)
    while monday > latest:
        monday -= timedelta(weeks=1)
    return monday


def _summer_start(year):
    day = date(year, 7, 21)
    return min(day + timedelta(days=(2 - day.weekday()) % 7), date(year, 7, 25))


def _first_weekday_of_september(year):
    day = date(year, 9, 1)
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= 5 else day


@cache
def school_holidays(year):
    """The school holidays that begin in a calendar year; the Christmas ones end in the next.

    :return: tuple of (first day, last day, name), by date
    """
    week, fortnight = timedelta(days=4), timedelta(days=11)
    february = _monday(date(year, 2, 18))
    spring = _easter_break(year)
    may = last_monday(year, 5)
    october = last_monday(year, 10)
    christmas = _monday(date(year, 12, 25))
    return (
        (february, february + week, "February half-term"),
        (spring, spring + fortnight, "Easter holidays"),
        (may, may + week, "May half-term"),
        (_summer_start(year), _first_weekday_of_september(year), "Summer holidays"),
        (october, october + week, "October half-term"),
        (christmas, christmas + fortnight, "Christmas holidays"),
    )
