"""Everything that a database holds, to be compared with what it held before."""

import json
from collections import Counter

STAMPS = {"write_date", "write_uid"}


class Dump:
    """All rows of all tables, without some columns (``but``) and without when they were written.

    ``dump - earlier`` is what is new or different, as dict of table -> list of rows.
    """

    def __init__(self, db, but=()):
        self.columns = {}
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (table,) in db.sql(tables):
            self.columns[table] = set()
        for table, column in db.sql(query):
            if table in self.columns and column not in STAMPS | set(but):
                self.columns[table].add(column)
        self.rows = {table: self._rows(db, table) for table in sorted(self.columns)}

    def _rows(self, db, table):
        return [row for (row,) in db.sql(f'SELECT to_jsonb(t) FROM "{table}" t')]

    def _texts(self, table, columns):
        rows = self.rows.get(table, ())
        return Counter(json.dumps({name: row[name] for name in columns}, sort_keys=True) for row in rows)

    def __sub__(self, other):
        """Rows that the other dump does not have in the columns that both have; all rows of tables that it lacks."""
        result = {}
        for table, columns in self.columns.items():
            common = columns & other.columns.get(table, columns)
            if rows := self._texts(table, common) - other._texts(table, common):
                result[table] = [json.loads(row) for row in rows.elements()]
        return result

    def new_tables(self, other):
        """Names of tables that the other dump does not have."""
        return self.columns.keys() - other.columns.keys()

    def new_columns(self, other):
        """``table.column`` of columns that the other dump does not have, in tables that both have."""
        return {
            f"{table}.{column}"
            for table in self.columns.keys() & other.columns.keys()
            for column in self.columns[table] - other.columns[table]
        }
