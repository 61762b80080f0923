"""Periods that follow one another without gaps, each known by its first day; and the last day for meetings in it."""

from bisect import bisect_right
from datetime import date
from typing import NamedTuple


class Period(NamedTuple):
    """A term or a half of one."""

    name: str
    first: date
    until: date  # the last day for meetings in it; the period itself goes on to the day before the next one


class Periods(list):
    """Periods in order of time. Each day from the first one's on belongs to exactly one of them."""

    def index_of(self, day):
        """Number of the period that ``day`` is in.

        :raise ValueError: the day is before the first of them
        """
        index = bisect_right([period.first for period in self], day) - 1
        if index < 0:
            raise ValueError(f"{day} is before the first of the periods")
        return index

    def of(self, day):
        """The period that ``day`` is in."""
        return self[self.index_of(day)]
