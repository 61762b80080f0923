"""Keep what is said about children out of the server's log.

Odoo logs a statement that the database refuses together with its values: a person ID given twice would write the name
of the child beside it. Statements on the app's tables are therefore logged without values.
"""

import logging
import re

TABLE = re.compile(r'"?\bpep_\w+')


class WithoutValues(logging.Filter):
    """Replaces a refused statement on a table of the app by the name of the table and the kind of refusal."""

    def filter(self, record):
        table = TABLE.search(record.getMessage())
        if table:
            error = next((arg for arg in record.args or () if isinstance(arg, Exception)), None)
            kind = type(error).__name__ if error else "no more is said"
            constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
            record.msg = "statement on %s refused: %s (values left out)"
            record.args = (table.group().strip('"'), f"{kind} {constraint}" if constraint else kind)
            record.exc_info = record.exc_text = None
        return True


def install():
    """Put the filter on Odoo's logger of the database, once."""
    logger = logging.getLogger("odoo.sql_db")
    if not any(type(known).__name__ == WithoutValues.__name__ for known in logger.filters):
        logger.addFilter(WithoutValues())
