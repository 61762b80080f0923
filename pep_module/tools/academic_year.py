"""The English school year: which one a day is in, and which year group a child belongs to.

Source of the rules:

* The school year runs from 1 September to 31 August. A child starts compulsory schooling in the cohort fixed by their
  age on 31 August, the day before it begins (Education Act 1996, section 8 and the orders under it; School Admissions
  Code: reception is the year after the fourth birthday). So a child born on 31 August is in the year above a child born
  one day later.
* A person reaches an age at the start of the anniversary of their birth (Family Law Reform Act 1969, section 9). One
  born on 29 February does so on 1 March of a year that has no 29 February.
* Key stages: Education Act 2002, section 82, by year group; the early years foundation stage is every year before
  year 1; "key stage 5" (years 12 and 13) is usage, not statute.

A child may be taught outside the group of their age. That is a fact about the child (``year_group_override``), not
something that can be worked out, and is not known here.

Pure Python: nothing here needs the ORM, a database, a setting or the time. Days are ``datetime.date``.
"""

from datetime import date

RECEPTION = 0
NURSERY = -1
LAST_YEAR_GROUP = 13

_KEY_STAGE_ENDS = ((RECEPTION, "eyfs"), (2, "ks1"), (6, "ks2"), (9, "ks3"), (11, "ks4"), (LAST_YEAR_GROUP, "ks5"))


def academic_year(day):
    """Return the year in which the school year of ``day`` began: 31 August 2026 -> 2025, 1 September 2026 -> 2026."""
    return day.year if day.month >= 9 else day.year - 1


def first_day(year):
    """Return 1 September, the first day of the school year that begins in the calendar year ``year``."""
    return date(year, 9, 1)


def last_day(year):
    """Return 31 August, the last day of the school year that begins in the calendar year ``year``."""
    return date(year + 1, 8, 31)


def academic_year_label(year):
    """Return how people write the school year that begins in ``year``: 2025 -> "2025/26", 1999 -> "1999/00"."""
    return f"{year}/{(year + 1) % 100:02d}"


def birthday_in(dob, year):
    """Return the day of ``year`` on which a person born on ``dob`` is a year older (29 February: maybe 1 March)."""
    try:
        return dob.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def age_on(dob, day):
    """Return the age in completed years on ``day`` of a person born on ``dob``; negative before the birth."""
    return day.year - dob.year - (day < birthday_in(dob, day.year))


def latest_birth(age, day):
    """Return the latest date of birth of a person who is ``age`` or older on ``day``: 3 on 1 May 2026 -> 1 May 2023.

    ``age_on(dob, day) >= age`` exactly when ``dob <= latest_birth(age, day)``, so it turns an age into a search.
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:  # 29 February: who was born on 1 March has no birthday yet
        return date(day.year - age, 2, 28)


def year_group(dob, day):
    """Return the year group, on ``day``, of the age of a child born on ``dob``.

    :param dob: date of birth
    :param day: any day of the school year in question; the result is the same on all of them
    :return: int: reception 0, year 1 to year 13 are 1 to 13, nursery (aged 3 on the 31 August before) -1, younger -2
        and less, past year 13 14 and more. Neither end is cut off: the caller decides whom a rule is about.
    """
    return age_on(dob, date(academic_year(day), 8, 31)) - 4


def year_group_label(group):
    """Return how people say a year group: "Nursery", "Reception", "Year 7"; "Under 3" and "Over 18" outside those."""
    if group < NURSERY:
        return "Under 3"
    if group > LAST_YEAR_GROUP:
        return "Over 18"
    return {NURSERY: "Nursery", RECEPTION: "Reception"}.get(group, f"Year {group}")


def key_stage(group):
    """Return the key stage of the year group ``group``.

    :return: 'eyfs' (every group up to reception), 'ks1' (1, 2), 'ks2' (3-6), 'ks3' (7-9), 'ks4' (10, 11),
        'ks5' (12, 13), None past year 13
    """
    return next((stage for last, stage in _KEY_STAGE_ENDS if group <= last), None)
