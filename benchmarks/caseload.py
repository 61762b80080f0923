"""Handing a caseload of sixty children to another officer: children, open PEPs, access rows and the chatter's note."""

from .measuring import Line, medians, written_by

# Sixty children take some hundred rows, so what an action costs once counts as well as what it costs a row. Ten times
# plain SQL leaves it unnoticed by the person who pressed the button.
BOUND = 10


def lines(bench, repetitions):
    authority = bench.authority
    head, successor = authority.heads[0], authority.vseos[-1]

    def hand_over(env, number=60):
        env["pep.child"].browse(authority.children[:number]).write({"vseo_id": successor})

    written = written_by(bench, hand_over, head)
    orm, plain = medians(
        lambda: bench.time(hand_over, head), lambda: bench.time(written.write_again), repetitions=repetitions
    )
    rows = written.by_table()
    yield Line(
        "Another VSEO for 60 children: against the same rows by execute_values",
        orm / plain,
        BOUND,
        ms=orm,
        baseline_ms=plain,
        aside={"rows": rows},
    )
    ten, sixty = (bench.time(lambda env, number=number: hand_over(env, number), head)[1] for number in (10, 60))
    yield Line(
        "Another VSEO: queries for 60 children, as a multiple of those for 10",
        sixty / ten,
        1.1,
        aside={"queries": sixty},
    )
