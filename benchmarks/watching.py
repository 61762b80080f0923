"""The watch over the clocks: time follows the clocks that fall due, not the PEPs that are kept."""

from datetime import timedelta
from unittest.mock import patch

from .measuring import Clock, Line, medians

# Clocks that fall due on one day.
DUE = 500
# A tenth of the PEPs may not be much quicker.
BOUND = 1.3
# Milliseconds for each person and clock told.
PER_REMINDER = 3


def lines(large, small, repetitions):
    """The scheduled action with so many clocks due, in both authorities; and its price a reminder."""
    notices = {}
    in_large, in_small = medians(
        lambda: watch(large, notices), lambda: watch(small, notices), repetitions=max(repetitions // 2, 3)
    )
    with large.env() as env:
        plans = env["pep.plan"].search_count([])
        clocks = env["pep.deadline"].search_count([])
    aside = {"plans": plans, "clocks": clocks, "notices": notices[large], "notices_small": notices[small]}
    yield Line(
        f"Watching {clocks:,} clocks of {plans:,} PEPs, {DUE} fall due: against a tenth of the PEPs",
        in_large / in_small,
        BOUND,
        ms=in_large,
        baseline_ms=in_small,
        aside=aside,
    )
    yield Line(
        f"Watching: milliseconds for each of {notices[large]:,} reminders",
        in_large / notices[large],
        PER_REMINDER,
        unit="ms",
        aside=aside,
    )
    ours, plain = medians(
        lambda: watch(large, notices), lambda: plain_activities(large), repetitions=max(repetitions // 2, 3)
    )
    yield Line(
        f"Watching, {DUE} clocks fall due: against as many activities that Odoo makes by itself",
        ours / plain,
        2,
        ms=ours,
        baseline_ms=plain,
    )


def fall_due(env):
    """Let clocks that run have something for the watch to do today: all those of some children, the same each time."""
    env.cr.execute(
        """UPDATE pep_deadline SET due_date = %(day)s, watch_on = %(day)s, outcome = 'pending'
           WHERE id IN (SELECT id FROM pep_deadline WHERE state = 'open' AND of_plan
                        ORDER BY child_id, kind LIMIT %(number)s)""",
        {"day": yesterday(env), "number": DUE},
    )


def yesterday(env):
    return env.company._pep_today() - timedelta(days=1)


def watch(bench, notices):
    """Milliseconds of the scheduled action; nothing is committed."""

    def work(env):
        env["pep.deadline"]._cron_watch()

    with bench.env() as env:
        fall_due(env)
        with patch.object(type(env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 3600):
            before = env["pep.deadline.notice"].search_count([])
            taken = timed(bench, env, work)
            notices[bench] = env["pep.deadline.notice"].search_count([]) - before
    return taken


def plain_activities(bench):
    """Milliseconds for as many activities on the same PEPs by Odoo's own method, one call for each person."""

    def work(env):
        plans = env["pep.plan"].search([("vseo_id", "!=", False), ("state", "=", "gathering")], limit=DUE)
        for user, members in plans.grouped("vseo_id").items():
            members.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo", user_id=user.id, summary="PEP late"
            )

    with bench.env() as env:
        return timed(bench, env, work)


def timed(bench, env, work):
    env.invalidate_all()
    bench.begin_request(env)
    clock = Clock(env.cr)
    start = clock.now()
    work(env)
    env.flush_all()
    return clock.now() - start
