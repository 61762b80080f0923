"""Opening a term: the ORM beside the same rows by ``execute_values``."""

from .measuring import Line, medians, written_by


def open_term(env, term, children=None):
    """What the scheduled action does for one council."""
    return env["pep.term"].browse(term)._open(children and env["pep.child"].browse(children))


def lines(bench, repetitions):
    """Rows a second against ``execute_values``, and the queries of 1,000 and 2,000 PEPs."""
    authority = bench.authority

    def opening(env):
        open_term(env, authority.term)

    written = written_by(bench, opening)
    orm, plain = medians(lambda: bench.time(opening), lambda: bench.time(written.write_again), repetitions=repetitions)
    yield Line(
        f"Opening a term for {len(authority.children):,} children: rows a second, as a share of execute_values",
        plain / orm,
        0.25,
        at_least=True,
        ms=orm,
        baseline_ms=plain,
        aside={
            "rows": written.by_table(),
            "rows_per_second": round(1000 * written.number / orm),
        },
    )
    half = min(1000, len(authority.children) // 2)
    once = bench.time(lambda env: open_term(env, authority.term, authority.children[:half]))[1]
    twice = bench.time(lambda env: open_term(env, authority.term, authority.children[: 2 * half]))[1]
    yield Line(
        f"Opening for {2 * half:,} children: queries more than for {half:,}, as a share of those",
        (twice - once) / once,
        1,
        unit="",
        aside={"queries": once, "queries_of_twice_as_many": twice},
    )
