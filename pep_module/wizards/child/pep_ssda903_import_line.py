from odoo import fields, models

from ...tools import ssda903

SEVERITIES = [("error", "Error"), ("warning", "Warning"), ("info", "Change")]


class PepSsda903ImportLine(models.Model):
    """One thing that an import found or changed, with its place in the file. Written by the import alone."""

    _name = "pep.ssda903.import.line"
    _description = "Finding of an SSDA903 import"
    _order = "import_id desc, severity desc, file, row, id"

    import_id = fields.Many2one("pep.ssda903.import", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True, precompute=True)
    severity = fields.Selection(SEVERITIES, string="Kind", required=True, readonly=True)
    file = fields.Selection(
        [(ssda903.HEADER, "Header"), (ssda903.EPISODES, "Episodes"), (ssda903.UASC, "Unaccompanied children")],
        readonly=True,
    )
    row = fields.Integer(
        readonly=True, aggregator=None, help="As a spreadsheet numbers it; the column names are row 1."
    )
    column = fields.Char(readonly=True)
    la_person_id = fields.Char(string="Person ID", readonly=True)
    code = fields.Char(string="Finding", required=True, readonly=True, index=True)
    message = fields.Char(string="What it means", required=True, readonly=True)
    compared = fields.Boolean(readonly=True, help="Found by comparing with the register, not in the files alone.")
