import hashlib
import hmac
from datetime import timedelta

from odoo import api, fields, models

WINDOW = timedelta(minutes=15)
MOST = {"code": 5, "address": 20}  # failed attempts within the window; a whole school may share one address


class PepVoiceAttempt(models.Model):
    """An attempt to open the child's page with a wrong code. Counted, so that nobody can go on guessing.

    A row holds neither a code nor an address, only what tells whether two attempts had one in common. Kept for a day.
    """

    _name = "pep.voice.attempt"
    _description = "Wrong code for the child's page"
    _log_access = False

    kind = fields.Selection([("code", "Beginning of the code"), ("address", "Address")], required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    moment = fields.Datetime(required=True, readonly=True, index=True)

    _key_index = models.Index("(key, moment)")

    @api.model
    def _keys(self, prefix, address):
        secret = self.env["ir.config_parameter"].get_param("database.secret", "")
        return {
            kind: hmac.new(secret.encode(), f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()
            for kind, text in (("code", prefix), ("address", address))
        }

    @api.model
    def _too_many(self, keys):
        since = fields.Datetime.now() - WINDOW
        rows = self._read_group([("key", "in", list(keys.values())), ("moment", ">", since)], ["kind"], ["__count"])
        return any(number >= MOST[kind] for kind, number in rows)

    @api.model
    def _note(self, keys):
        now = fields.Datetime.now()
        self.create([{"kind": kind, "key": key, "moment": now} for kind, key in keys.items()])

    @api.autovacuum
    def _forget(self):
        self.search([("moment", "<", fields.Datetime.now() - timedelta(days=1))]).unlink()
