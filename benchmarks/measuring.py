"""Times as ratios: each piece of work beside what it is compared with, turn by turn in the same run."""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg2.extras import execute_values

from odoo import SUPERUSER_ID
from odoo.api import Environment

from .cloning import PAGE, columns_of, quoted


@dataclass
class Line:
    """A line of the result: a figure that must not pass its bound.

    ``figure`` and ``bound`` are in ``unit``: times the baseline (``x``), or a plain number. ``slack`` is a difference
    in milliseconds that passes whatever the ratio: nobody feels it.
    """

    name: str
    figure: float
    bound: float
    unit: str = "x"
    slack: float = 0.0
    at_least: bool = False
    ms: float | None = None
    baseline_ms: float | None = None
    aside: dict = field(default_factory=dict)

    @property
    def passed(self):
        if self.at_least:
            return self.figure >= self.bound
        return self.figure <= self.bound or bool(self.slack) and self.ms - self.baseline_ms <= self.slack

    @property
    def bound_text(self):
        text = f"{'≥' if self.at_least else '≤'} {self.bound:g}{' ' * bool(self.unit)}{self.unit}"
        return text + (f" or +{self.slack:g} ms" if self.slack else "")


class Clock:
    """Busy time in milliseconds: of this process and of the database's process that works for it.

    What other programs of the machine take away does not count, so the figures are the same on a busy machine. Where
    the database runs elsewhere it is the time on the wall.
    """

    def __init__(self, cr):
        cr.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL")
        pid, local = cr.fetchone()
        self.file = Path(f"/proc/{pid}/schedstat")
        self.busy = local and self.file.exists()
        if self.busy:
            # parallel workers would be processes of their own
            cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")

    def now(self):
        if self.busy:
            return time.process_time() * 1000 + int(self.file.read_text().split()[0]) / 1e6
        return time.perf_counter() * 1000


class Bench:
    """A database with its authority."""

    def __init__(self, registry, authority):
        self.registry = registry
        self.authority = authority

    @contextmanager
    def env(self, user=SUPERUSER_ID, **context):
        """A fresh environment of a user, as a request gets it; what it writes is rolled back."""
        with self.registry.cursor() as cr:
            try:
                yield Environment(cr, user, {"allowed_company_ids": [self.authority.company], **context})
            finally:
                cr.rollback()

    @staticmethod
    def begin_request(env):
        """What Odoo has read of a user before it calls a method: who it is, in which council, with which rights."""
        for records in (env.user, env.user.partner_id, env.companies, env.user.all_group_ids):
            records.sudo().fetch()

    def time(self, work, user=SUPERUSER_ID):
        """Milliseconds and queries of ``work(env)``, cold as a request is: nothing cached but what the server keeps."""
        with self.env(user) as env:
            self.begin_request(env)
            gc.collect()
            gc.disable()
            try:
                clock = Clock(env.cr)
                queries, start = env.cr.sql_log_count, clock.now()
                work(env)
                env.flush_all()
                return clock.now() - start, env.cr.sql_log_count - queries
            finally:
                gc.enable()


def medians(*works, repetitions):
    """The median time of each of these, run in turns after one turn that is not counted.

    :param works: functions that give milliseconds, or a tuple that begins with them
    """
    times = [[] for _work in works]
    for turn in range(repetitions + 1):
        for work, row in zip(works, times, strict=True):
            result = work()
            if turn:
                row.append(result[0] if isinstance(result, tuple) else result)
    return [statistics.median(row) for row in times]


# === The same rows without the ORM ===


class Written:
    """The rows that a transaction has written, to be written again by plain SQL.

    Counts every row of every table, whoever wrote it: what PostgreSQL says of the transaction.
    """

    def __init__(self, env):
        self.cr = env.cr
        self.cr.execute("SELECT sequencename, COALESCE(last_value, 0) FROM pg_sequences")
        self.last = dict(self.cr.fetchall())
        self.cr.execute("SELECT pg_current_xact_id()::text::bigint")
        self.transaction = self.cr.fetchone()[0]
        self.inserted, self.updated = {}, {}

    def collect(self):
        """Keep the rows that are new or changed. Those of a table that relates two others have no id, and are new."""
        self.cr.execute(
            """SELECT relname FROM pg_stat_xact_user_tables
               WHERE schemaname = 'public' AND n_tup_ins + n_tup_upd + n_tup_del > 0"""
        )
        for (table,) in self.cr.fetchall():
            columns = columns_of(self.cr, table)
            was_there = "id <= %s" if "id" in columns else "%s < 0"
            self.cr.execute(
                f"""SELECT {was_there}, {", ".join(as_value(name, kind) for name, kind in columns.items())}
                    FROM {quoted(table)} WHERE xmin::text::bigint >= %s ORDER BY {"id" if "id" in columns else "1"}""",
                (self.last.get(f"{table}_id_seq", 0), self.transaction),
            )
            rows = self.cr.fetchall()
            for was_there, kept in ((False, self.inserted), (True, self.updated)):
                found = [row[1:] for row in rows if row[0] == was_there]
                if found:
                    kept[table] = (columns, found)
        self.order = self.by_foreign_key()
        return self

    @property
    def number(self):
        return sum(len(rows) for kept in (self.inserted, self.updated) for _columns, rows in kept.values())

    def by_table(self):
        """How many rows of which table: the new ones and the changed ones."""
        return {
            f"{table} {how}": len(rows)
            for how, kept in (("new", self.inserted), ("changed", self.updated))
            for table, (_columns, rows) in kept.items()
        }

    def by_foreign_key(self):
        """The tables of the new rows, each after those that it refers to."""
        self.cr.execute(
            """SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND conrelid <> confrelid AND conrelid::regclass::text = ANY(%s)""",
            (list(self.inserted),),
        )
        needs = {table: set() for table in self.inserted}
        for table, other in self.cr.fetchall():
            if other in needs:
                needs[table].add(other)
        order = []
        while needs:
            table = min(needs, key=lambda name: len(needs[name] - set(order)))
            order.append(table)
            del needs[table]
        return order

    def keep_changed_columns(self, cr):
        """Of changed rows, keep the columns that changed: to be called when the rows are again as they were."""
        for table, (columns, rows) in self.updated.items():
            names = list(columns)
            cr.execute(
                f"""SELECT {", ".join(as_value(name, kind) for name, kind in columns.items())} FROM {quoted(table)}
                    WHERE id = ANY(%s)""",
                ([row[names.index("id")] for row in rows],),
            )
            before = {row[names.index("id")]: row for row in cr.fetchall()}
            changed = {"id"}
            for row in rows:
                old = before[row[names.index("id")]]
                changed |= {name for name, new, was in zip(names, row, old, strict=True) if new != was}
            kept = [index for index, name in enumerate(names) if name in changed]
            self.updated[table] = (
                {names[index]: columns[names[index]] for index in kept},
                [tuple(row[index] for index in kept) for row in rows],
            )

    def write_again(self, env):
        """Write the rows by ``execute_values`` in pages as large as the ORM's."""
        cursor = env.cr._obj
        for table, (columns, rows) in self.updated.items():
            names = list(columns)
            changes = ", ".join(f"{quoted(name)} = v.{quoted(name)}::{columns[name]}" for name in names if name != "id")
            if changes:
                statement = (
                    f"UPDATE {quoted(table)} t SET {changes} FROM (VALUES %s) AS v ({', '.join(map(quoted, names))})"
                )
                execute_values(cursor, f"{statement} WHERE t.id = v.id", rows, page_size=PAGE)
        for table in self.order:
            columns, rows = self.inserted[table]
            statement = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))}) VALUES %s"
            execute_values(cursor, statement, rows, page_size=PAGE)


def as_value(name, kind):
    """A column in a form that can be sent back as it is."""
    return f"{quoted(name)}::text" if kind in ("json", "jsonb") else quoted(name)


def written_by(bench, work, user=SUPERUSER_ID):
    """The rows that ``work(env)`` writes, kept for :meth:`Written.write_again`."""
    with bench.env(user) as env:
        written = Written(env)
        work(env)
        env.flush_all()
        written.collect()
    with bench.env() as env:
        written.keep_changed_columns(env.cr)
    return written
