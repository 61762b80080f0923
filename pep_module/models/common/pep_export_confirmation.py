import hashlib

from odoo import api, fields, models
from odoo.tools import SQL

# Derived from the other records, and kept up by a nightly action.
NOT_COUNTED = {"pep.access"}


class PepExportConfirmation(models.Model):
    """That the head of a council has taken all its records out of the app, opened the file and stored it safely.

    The app can be uninstalled only while each council that holds children has such a row, and nothing about any child
    of the council was added or changed after the export. Made by ``pep.export.everything`` alone.
    """

    _name = "pep.export.confirmation"
    _description = "Confirmed export of a council's records"
    _order = "id desc"

    company_id = fields.Many2one(
        "res.company", string="Council", required=True, index=True, readonly=True, ondelete="restrict"
    )
    user_id = fields.Many2one("res.users", string="Confirmed by", required=True, readonly=True, ondelete="restrict")
    exported_on = fields.Datetime(required=True, readonly=True)
    confirmed_on = fields.Datetime(required=True, readonly=True)
    child_count = fields.Integer(string="Children", readonly=True, aggregator=None)
    row_count = fields.Integer(string="Rows", readonly=True, aggregator=None)
    digest = fields.Char(string="SHA-256 of the file", required=True, readonly=True)
    fingerprint = fields.Char(required=True, readonly=True, help="Of what the council's records were at the export.")
    is_valid = fields.Boolean(
        string="Still holds", compute="_compute_is_valid", help="Nothing was added or changed since."
    )

    @api.depends("user_id", "confirmed_on")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.user_id.name}, {record.confirmed_on.date()}"

    @api.depends("fingerprint")
    def _compute_is_valid(self):
        current = {company: self._fingerprint(company) for company in self.company_id}
        for record in self:
            record.is_valid = record.fingerprint == current[record.company_id]

    @api.model
    def _child_models(self):
        """The models whose rows are the records of children: ``pep.child`` and all that hangs on it."""
        return [
            self.env[name]
            for name, model in sorted(self.env.registry.items())
            if name.startswith("pep.")
            and not (model._abstract or model._transient or name in NOT_COUNTED)
            and (name == "pep.child" or (child := model._fields.get("child_id")) and child.store)
        ]

    @api.model
    def _fingerprint(self, company):
        """What the records of a council are now, as one value that any addition or change of a row changes."""
        self.env.flush_all()
        parts = []
        for model in self._child_models():
            rows = self.env.execute_query(  # raw SQL: the ORM can't add up times; the value tells nothing about anybody
                SQL(
                    "SELECT count(*), max(id), sum(extract(epoch FROM write_date)) FROM %s WHERE company_id = %s",
                    SQL.identifier(model._table),
                    company.id,
                )
            )
            parts.append((model._name, *map(str, rows[0])))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @api.model
    def _unconfirmed(self):
        """Councils whose records nobody has taken out of the app since they last changed.

        :return: dict of ``res.company`` -> number of its children; only councils with children
        """
        children = self.env["pep.child"].sudo().with_context(active_test=False)  # sudo: counts every child, shows none
        records = self.sudo()  # sudo: who uninstalls need not be head of any virtual school
        held = dict(children._read_group([], ["company_id"], ["__count"]))
        unconfirmed = {}
        for company, number in held.items():
            last = records.search([("company_id", "=", company.id)], limit=1)
            if last.fingerprint != self._fingerprint(company):
                unconfirmed[company] = number
        return unconfirmed
