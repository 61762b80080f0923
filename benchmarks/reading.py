"""Board, list, count and grouping: what need to know costs, and what ten times as many PEPs cost."""

from . import screens
from .measuring import Line, medians

# An officer with sixty children, a head with all of them, a designated teacher with three.
PERSONS = ("VSEO", "head", "teacher")
# The price of need to know against the same without rules, for the same children.
RULE_BOUND, RULE_SLACK = 1.25, 3
# The price of ten times as many PEPs in the database.
SIZE_BOUND = 1.3


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
        return {
            "board": lambda env: screens.board(env["pep.plan"], this_term, self.specs["kanban"]),
            "list of 80": lambda env: screens.listing(env["pep.plan"], given, self.specs["list"]),
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
        there, here = Reading(small, person), Reading(large, person)
        for screen in here.works():
            queries = here.time(screen)[1]
            ruled, plain, less = medians(
                lambda here=here, screen=screen: here.time(screen),
                lambda here=here, screen=screen: here.time_without_rules(screen),
                lambda there=there, screen=screen: there.time(screen),
                repetitions=repetitions,
            )
            yield Line(
                f"{screen.capitalize()}, {person} ({len(here.children):,} children): against the superuser with these ids",
                ruled / plain,
                RULE_BOUND,
                slack=RULE_SLACK,
                ms=ruled,
                baseline_ms=plain,
                aside={"queries": queries},
            )
            if person == "head" and screen in ("count", "grouping"):
                continue  # there are ten times as many to count
            yield Line(
                f"{screen.capitalize()}, {person}: against a tenth of the PEPs",
                ruled / less,
                SIZE_BOUND,
                ms=ruled,
                baseline_ms=less,
            )
