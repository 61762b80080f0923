import hashlib
import hmac
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_date

from ...tools import academic_year
from ...tools.reference import ALPHABET

LENGTH = 10
GROUP = 5  # characters that are read out together
PREFIX = 4  # characters by which the row is found; the others are nowhere but on the paper
ROUNDS = 100_000
STATES = [("live", "Can be used"), ("withdrawn", "Withdrawn"), ("expired", "Expired"), ("done", "Handed in")]


class PepVoiceCode(models.Model):
    """A code with which a young person opens their own page, alone. Handed over in person; no link carries it.

    What is stored tells nobody the code: its first characters, to find the row by, and a salted digest of the whole. It
    is shown once, when it is made. It counts until it expires, is withdrawn, or the part is handed in.
    """

    _name = "pep.voice.code"
    _description = "Code for the child's page"
    _inherit = ["pep.child.bound"]
    _child_parent = "contribution_id"
    _order = "made_on desc, id desc"

    contribution_id = fields.Many2one(
        "pep.contribution", string="Part", required=True, index=True, ondelete="restrict", readonly=True
    )
    plan_id = fields.Many2one("pep.plan", related="contribution_id.plan_id", store=True, index=True, precompute=True)
    made_on = fields.Datetime(string="Made on", required=True, readonly=True)
    made_by_id = fields.Many2one("res.users", string="Made by", required=True, readonly=True, ondelete="restrict")
    valid_to = fields.Datetime(string="Counts until", required=True, readonly=True)
    last_used = fields.Datetime(string="Last used", readonly=True)
    use_count = fields.Integer(string="Times used", readonly=True, aggregator=None)
    withdrawn_on = fields.Datetime(string="Withdrawn on", readonly=True)
    withdrawn_by_id = fields.Many2one("res.users", string="Withdrawn by", readonly=True, ondelete="restrict")
    state = fields.Selection(STATES, compute="_compute_state")
    prefix = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    salt = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)

    _prefix_uniq = models.UniqueIndex("(prefix) WHERE withdrawn_on IS NULL AND prefix IS NOT NULL")

    @api.depends("valid_to", "withdrawn_on", "contribution_id.state", "contribution_id.is_live")
    def _compute_state(self):
        now = fields.Datetime.now()
        for code in self:
            if code.withdrawn_on:
                code.state = "withdrawn"
            elif code.contribution_id._voice_closed():
                code.state = "done"
            else:
                code.state = "live" if code.valid_to > now else "expired"

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("A code is made by its button on the child's part."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A code is not changed. Withdraw it and make another one."))
        return super().write(vals)

    # === Making one ===

    @api.model
    def _make(self, part):
        """Make a code for this part, which ends the one before it, and show it once.

        :return: the action of a dialog; the code is in it and nowhere else
        """
        company, child = part.company_id, part.child_id.sudo()  # sudo: the age alone
        age = academic_year.age_on(child.date_of_birth, company._pep_today())
        if age < company.pep_voice_code_age:
            raise UserError(
                self.env._(
                    "In this council a young person uses a code from the age of %(age)s on.",
                    age=company.pep_voice_code_age,
                )
            )
        self.search([("contribution_id", "=", part.id), ("withdrawn_on", "=", False)])._withdraw()
        code = self._new_code()
        now = fields.Datetime.now()
        salt = secrets.token_hex(16)
        made = self.create(
            {
                "contribution_id": part.id,
                "made_on": now,
                "made_by_id": self.env.uid,
                "valid_to": now + timedelta(days=company.pep_voice_code_days),
                "prefix": code[:PREFIX],
                "salt": salt,
                "digest": self._hash(code, salt),
            }
        )
        last_day = company._pep_local(made.valid_to).date()
        return {
            "type": "ir.actions.client",
            "tag": "pep_voice_code",
            "name": self.env._("A code for the young person"),
            "target": "new",
            "params": {
                "code": f"{code[:GROUP]} {code[GROUP:]}",
                "address": f"{made.get_base_url()}/voice/code",
                "until": format_date(self.env, last_day, date_format="d MMMM y"),
            },
        }

    @api.model
    def _new_code(self):
        while True:
            code = "".join(secrets.choice(ALPHABET) for _index in range(LENGTH))
            if not self.search_count([("prefix", "=", code[:PREFIX]), ("withdrawn_on", "=", False)], limit=1):
                return code

    @api.model
    def _hash(self, code, salt):
        return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), ROUNDS).hex()

    def action_withdraw(self):
        """Button: this code opens nothing any more, and closes the page that it has opened."""
        self.contribution_id._check_staff()
        codes = self.sudo()  # sudo: who may change the part may take its code back, by this method alone
        codes.filtered(lambda code: not code.withdrawn_on)._withdraw()

    def _withdraw(self):
        if self:
            self.write({"withdrawn_on": fields.Datetime.now(), "withdrawn_by_id": self.env.uid})
            visits = self.env["pep.voice.session"]
            visits.search([("code_id", "in", self.ids), ("closed_on", "=", False)])._close("ended")
            self.flush_recordset()

    # === Using one ===

    @api.model
    def _redeem(self, code, day, month, address):
        """Open the child's page with a code, or with anything that is none.

        Every way of failing looks the same from outside and takes as long. How often an address and the beginning of a
        code have failed is counted in the database, so for all workers alike.

        :param code: as typed
        :param day: day of birth as typed, the second thing to know
        :param month: month of birth
        :param address: where the attempt comes from
        :return: what the browser session keeps, or None
        """
        code = "".join(character for character in (code or "").upper() if character in ALPHABET)[: LENGTH + 1]
        attempts = self.env["pep.voice.attempt"]
        keys = attempts._keys(code[:PREFIX], address)
        row = self.search([("prefix", "=", code[:PREFIX]), ("withdrawn_on", "=", False)], limit=1) if code else self
        right = hmac.compare_digest(self._hash(code, row.salt or "none"), row.digest or "none")
        born = row.child_id.date_of_birth
        right &= hmac.compare_digest(
            f"{day}-{month}".encode(), f"{born.day}-{born.month}".encode() if born else b"none"
        )
        right &= row.state == "live"
        if attempts._too_many(keys):
            return None
        if not right:
            attempts._note(keys)
            return None
        row.write({"last_used": fields.Datetime.now(), "use_count": row.use_count + 1})
        return self.env["pep.voice.session"]._open(row.contribution_id, via="code", code_id=row.id)
