import logging

from psycopg2 import IntegrityError

from odoo.tests import tagged

from odoo.addons.pep_module.tools.quiet_sql import WithoutValues

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestQuietLog(PepCase):
    """What the database refuses is logged without what was to be written."""

    def refused(self, write):
        lines = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())
        logger = logging.getLogger("odoo.sql_db")
        propagate, logger.propagate = logger.propagate, False
        logger.addHandler(handler)
        try:
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                write()
        finally:
            logger.removeHandler(handler)
            logger.propagate = propagate
        return lines

    def test_a_person_id_given_twice(self):
        child = self.make_children()
        [line] = self.refused(lambda: self.make_children(la_person_id=child.la_person_id, last_name="Notforlogs"))
        self.assertEqual(
            line, "statement on pep_child refused: UniqueViolation pep_child_person_uniq (values left out)"
        )

    def test_tables_of_others_are_logged_as_ever(self):
        [line] = self.refused(lambda: self.env.cr.execute("INSERT INTO res_currency (name) VALUES ('EUR')"))
        self.assertIn("EUR", line)

    def test_put_in_once(self):
        filters = logging.getLogger("odoo.sql_db").filters
        self.assertEqual(len([one for one in filters if isinstance(one, WithoutValues)]), 1)
