"""Board, list, count and grouping: what need to know costs, and what ten times as many PEPs cost."""

from . import screens
from .measuring import Line, medians

# An officer with sixty children, a head with all of them, a designated teacher with three.
PERSONS = ("VSEO", "head", "teacher")
# The price of need to know against the same without rules, for the same children.
RULE_BOUND, RULE_SLACK = 1.25, 3
# The price of ten times as many PEPs in the database.
SIZE_BOUND = 1.3
# Cards a stage that the head of the small authority has too, so that both boards show the same number of them.
EQUAL_LIMIT = 20


class Reading:
    """The screens of a person on one database."""

    def __init__(self, bench, person):
        self.bench = bench
        authority = bench.authority
        self.user = {
            "VSEO": authority.vseos[0],
            "head": authority.heads[0],
            "teacher": authority.teachers[0],
        }[person]
        with bench.env(self.user) as env:
            self.children = env["pep.child"].search([]).ids
        with bench.env(authority.heads[0]) as env:
            self.specs = {view: screens.specification(env["pep.plan"], view) for view in ("kanban", "list")}
        with bench.env(self.user) as env:
            if env.user.share:
                # The portal has pages of its own: taken for them are the fields of these screens that it may read.
                self.specs = {view: screens.readable(env["pep.plan"], spec) for view, spec in self.specs.items()}

    def works(self, explicit=False):
        """The screens by name.

        :param explicit: with the ids of the user's children in the domain, for the superuser
        """
        given = [("child_id", "in", self.children)] if explicit else []
        this_term = [*given, ("term_id", "=", self.bench.authority.term)]
        kanban, columns = self.specs["kanban"], self.specs["list"]
        return {
            "board": lambda env: screens.board(env["pep.plan"], this_term, kanban),
            "board, cards found": lambda env: screens.board(env["pep.plan"], this_term, {}),
            "board of equal size": lambda env: screens.board(env["pep.plan"], this_term, kanban, EQUAL_LIMIT),
            "list of 80": lambda env: screens.listing(env["pep.plan"], given, columns),
            "list of 80, rows found": lambda env: screens.listing(env["pep.plan"], given, {}),
            "count": lambda env: env["pep.plan"].search_count(given),
            "grouping": lambda env: env["pep.plan"].formatted_read_group(given, ["term_id", "state"], ["__count"]),
        }

    def time(self, screen):
        return self.bench.time(self.works()[screen], self.user)

    def time_without_rules(self, screen):
        return self.bench.time(self.works(explicit=True)[screen])


def lines(large, small, repetitions):
    """Each screen of each person against the superuser, and against the small database."""
    for person in PERSONS:
        yield from lines_of(Reading(large, person), Reading(small, person), person, repetitions)


def lines_of(here, there, person, repetitions):
    whole = {"count", "grouping"} if person == "head" else set()  # of the head there are ten times as many
    for screen in ("board", "board, cards found", "list of 80", "list of 80, rows found", "count", "grouping"):
        here.time(screen)
        queries = here.time(screen)[1]
        ruled, plain = medians(
            lambda screen=screen: here.time(screen),
            lambda screen=screen: here.time_without_rules(screen),
            repetitions=repetitions,
        )
        yield Line(
            f"{screen.capitalize()}, {person} ({len(here.children):,} children): against the superuser with their ids",
            ruled / plain,
            RULE_BOUND,
            slack=RULE_SLACK,
            ms=ruled,
            baseline_ms=plain,
            aside={"queries": queries},
        )
    for screen in ("board of equal size", "list of 80", "count", "grouping"):
        if screen in whole:
            continue
        large, small = medians(
            lambda screen=screen: here.time(screen), lambda screen=screen: there.time(screen), repetitions=repetitions
        )
        yield Line(
            f"{screen.capitalize()}, {person}: against a tenth of the PEPs",
            large / small,
            SIZE_BOUND,
            ms=large,
            baseline_ms=small,
        )
