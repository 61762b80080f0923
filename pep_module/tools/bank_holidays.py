"""Bank holidays of England (and Wales), worked out for any year.

Source of the rules:

* Banking and Financial Dealings Act 1971, schedule 1: Easter Monday, the last Mondays in May and August, 26 December.
  Good Friday and Christmas Day are common-law holidays. By royal proclamation every year: New Year's Day (since 1974),
  the first Monday in May (since 1978), and another day instead of one that falls on a weekend.
* Single days moved or added by proclamation, as published on gov.uk: see ``_MOVED`` and ``_ADDED``. What will be
  proclaimed can't be known: the rows that are made from this list can be edited.

Earlier years than 1978 are worked out by the rules of 1978. Pure Python: needs no ORM, no database, no clock.
"""

from datetime import date, timedelta
from functools import cache

from dateutil.easter import easter

# (year, name) -> the day on which it was held
_MOVED = {
    (1995, "Early May bank holiday"): date(1995, 5, 8),  # 50 years after the end of the war in Europe
    (2020, "Early May bank holiday"): date(2020, 5, 8),  # 75 years after it
    (2002, "Spring bank holiday"): date(2002, 6, 4),
    (2012, "Spring bank holiday"): date(2012, 6, 4),
    (2022, "Spring bank holiday"): date(2022, 6, 2),
}
_ADDED = (
    (date(1981, 7, 29), "Royal wedding"),
    (date(1999, 12, 31), "Millennium"),
    (date(2002, 6, 3), "Golden Jubilee"),
    (date(2011, 4, 29), "Royal wedding"),
    (date(2012, 6, 5), "Diamond Jubilee"),
    (date(2022, 6, 3), "Platinum Jubilee"),
    (date(2022, 9, 19), "State Funeral of Queen Elizabeth II"),
    (date(2023, 5, 8), "Coronation of King Charles III"),
)
SATURDAY = 5


def first_monday(year, month):
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def last_monday(year, month):
    """The last Monday of a month of 31 days."""
    last = date(year, month, 31)
    return last - timedelta(days=last.weekday())


@cache
def bank_holidays(year):
    """The bank holidays of a calendar year.

    Those on a Saturday or Sunday are not listed, but the weekday instead of them, as on gov.uk.

    :return: tuple of (date, name), by date; each date once
    """
    sunday = easter(year)
    days = {
        sunday - timedelta(days=2): "Good Friday",
        sunday + timedelta(days=1): "Easter Monday",
    }
    for name, day in (
        ("Early May bank holiday", first_monday(year, 5)),
        ("Spring bank holiday", last_monday(year, 5)),
        ("Summer bank holiday", last_monday(year, 8)),
    ):
        days[_MOVED.get((year, name), day)] = name
    days.update(added for added in _ADDED if added[0].year == year)
    fixed = [
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year, 12, 26), "Boxing Day"),
    ]
    days.update((day, name) for day, name in fixed if day.weekday() < SATURDAY)
    for day, name in fixed:  # after the others: a day instead of one is none that is a holiday already
        if day.weekday() >= SATURDAY:
            while day.weekday() >= SATURDAY or day in days:
                day += timedelta(days=1)
            days[day] = f"{name} (substitute day)"
    return tuple(sorted(days.items()))
