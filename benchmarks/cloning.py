"""Rows by the ten thousand, each a copy of one row that the app itself made.

A benchmark needs years of background data, and does not care how fast that is made. So the app makes one record of each
kind through its own methods, and SQL copies that record with other values in some columns: every column is there, as
the app fills it, whatever fields are added later.
"""

from psycopg2.extras import execute_values

from odoo.tools import SQL

PAGE = 1000


def columns_of(cr, table):
    """The columns of a table: dict of name -> SQL type."""
    cr.execute(
        """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
           WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum""",
        (table,),
    )
    return dict(cr.fetchall())


def clone(record, rows):
    """Insert a copy of the row of ``record`` for each of ``rows``.

    :param record: a record that the app has made; its row is the pattern
    :param rows: list of dicts, all with the same keys: column -> value that differs from the pattern
    :return: the ids of the new rows, in order
    """
    record.env.flush_all()
    cr, table = record.env.cr, record._table
    ids = new_ids(cr, table, len(rows))
    if not rows:
        return ids
    types = columns_of(cr, table)
    given = ["id", *rows[0]]
    kept = [name for name in types if name not in given]
    values = [(new_id, *row.values()) for new_id, row in zip(ids, rows, strict=True)]
    statement = """INSERT INTO {table} ({columns}) SELECT {given} {kept}
                   FROM (VALUES %s) AS v ({names}), {table} p WHERE p.id = {id}"""
    execute_values(
        cr._obj,
        statement.format(
            table=quoted(table),
            columns=", ".join(map(quoted, [*given, *kept])),
            given=", ".join(f"v.{quoted(name)}::{types[name]}" for name in given),
            kept="".join(f", p.{quoted(name)}" for name in kept),
            names=", ".join(map(quoted, given)),
            id=record.id,
        ),
        values,
        page_size=PAGE,
    )
    return ids


def new_ids(cr, table, number):
    """Reserve this many ids of a table."""
    cr.execute("SELECT nextval(%s) FROM generate_series(1, %s)", (f"{table}_id_seq", number))
    return [row[0] for row in cr.fetchall()]


def link(cr, table, columns, pairs):
    """Insert rows into the table of a many2many field."""
    execute_values(
        cr._obj, f"INSERT INTO {quoted(table)} ({', '.join(columns)}) VALUES %s", list(pairs), page_size=PAGE
    )


def quoted(name):
    """A name of the database as SQL."""
    return SQL.identifier(name).code
