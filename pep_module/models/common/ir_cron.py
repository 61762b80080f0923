import random
import time

from psycopg2.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from odoo import api, models
from odoo.exceptions import ConcurrencyError

TRIES = 8
CONFLICTS = (ConcurrencyError, DeadlockDetected, SerializationFailure, UniqueViolation)


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _pep_step(self, function, *arguments, processed=0):
        """Do one step of scheduled work and commit it; do it again when another transaction was quicker.

        Odoo repeats a request that conflicts with another one, but not a scheduled action: that would wait for its next
        turn, the day after. So each step has to be one that can be repeated.

        :param function: called with ``arguments``
        :param int processed: how far this step brings the progress of the scheduled action
        :return: seconds left for the scheduled action, see ``_commit_progress``
        """
        for tries_left in reversed(range(TRIES)):
            try:
                function(*arguments)
                return self._commit_progress(processed)
            except CONFLICTS:
                self.env.cr.rollback()
                if not tries_left:
                    raise
                time.sleep(random.uniform(0, 0.1 * 2 ** (TRIES - tries_left)))
