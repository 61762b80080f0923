"""Days and times as a council's clock shows them, and back to UTC, right through the changes of the clock."""

from datetime import datetime, timedelta

import pytz


def to_utc(zone, local):
    """A naive local time as naive UTC.

    A time that the change to summer time leaves out is taken as the moment an hour later; of one that comes twice the
    first is meant.

    :param str zone: name of the time zone
    :param datetime local: naive
    """
    tz = pytz.timezone(zone)
    try:
        moment = tz.localize(local, is_dst=None)
    except pytz.NonExistentTimeError:
        moment = tz.localize(local, is_dst=False)
    except pytz.AmbiguousTimeError:
        moment = tz.localize(local, is_dst=True)
    return moment.astimezone(pytz.utc).replace(tzinfo=None)


def to_local(zone, moment):
    """Naive UTC as a naive local time."""
    return pytz.utc.localize(moment).astimezone(pytz.timezone(zone)).replace(tzinfo=None)


def day_in_words(day, year=True):
    return f"{day:%a} {day.day} {day:%b %Y}" if year else f"{day:%a} {day.day} {day:%b}"


def span_in_words(zone, start, stop, year=True):
    """Day and times of a span of UTC: ("Tue 4 Mar 2025", "10:00-11:00")."""
    begin, end = to_local(zone, start), to_local(zone, stop)
    return day_in_words(begin, year), f"{begin:%H:%M}–{end:%H:%M}"


def next_weekday(day):
    """The working day after ``day``; bank holidays are not known."""
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def at(zone, day, time):
    """The moment in UTC at which the clock of the zone shows ``time`` on ``day``."""
    return to_utc(zone, datetime.combine(day, time))
