from odoo.tests import tagged

from .checker import Checker
from .table import TABLE
from .world import CASES


@tagged("post_install", "-at_install")
class TestCells(Checker):
    """Every cell of the table for every child-bound model, every person and every way to stand to a child."""

    def assert_right(self, *operations):
        wrong, number = self.wrong_cells(operations=operations)
        self.assertFalse(wrong, f"{len(wrong)} of {number} cells are wrong:\n" + "\n".join(wrong))
        implied = len(TABLE.models("child")) * len(self.people) * len(operations) * len(CASES)
        if "read" in operations:
            more = sum(max(len(self.readers_of(model)) - 1, 0) for model in TABLE.models("child"))
            implied += more * len(self.people) * len(CASES)
        if "create" in operations:  # a new child: own, other and foreign only; and not for whoever would be its head
            implied -= len(self.people) * (len(CASES) - 3) + 3
        self.assertEqual(number, implied)
        print(f"access table: {number} cells of {', '.join(operations)} are right")

    def test_read(self):
        self.assert_right("read")

    def test_write_create_unlink(self):
        self.assert_right("write", "create", "unlink")

    def test_rules_word_for_word(self):
        self.assertFalse(self.wrong_rules())
