"""How far two people who graded the same things agree."""

from collections import Counter
from typing import NamedTuple


class Agreement(NamedTuple):
    """``number`` things graded by both, ``same`` of them alike, and Cohen's kappa, None where it says nothing."""

    number: int
    same: int
    kappa: float | None

    @property
    def share(self):
        """The part graded alike, from 0 to 1; None of nothing."""
        return self.same / self.number if self.number else None


def agreement(pairs):
    """The agreement over pairs of grades.

    Cohen's kappa (1960) is the agreement beyond chance: 1 is perfect, 0 is what two people who grade as often as these
    each do, but blindly, would reach. Where both gave one and the same grade to everything, chance alone reaches 1 and
    kappa is not defined.

    :param pairs: list of (grade of the first, grade of the second), any values that compare
    """
    pairs = list(pairs)
    number = len(pairs)
    same = sum(first == second for first, second in pairs)
    if not number:
        return Agreement(0, 0, None)
    first, second = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    by_chance = sum(first[grade] * second[grade] for grade in first)  # of number squared
    if by_chance == number * number:
        return Agreement(number, same, None)
    return Agreement(number, same, (same * number - by_chance) / (number * number - by_chance))
