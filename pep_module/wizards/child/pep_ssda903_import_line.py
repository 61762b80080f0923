from odoo import fields, models

from ...tools import ssda903

SEVERITIES = [("error", "Error"), ("warning", "Warning"), ("info", "Change")]

# What can be found, to group by. The sentence that says what is so is made in PepSsda903Import._texts.
FINDINGS = [
    ("too_big", "File too big"),
    ("empty", "Empty file"),
    ("spreadsheet", "Spreadsheet instead of CSV"),
    ("utf16", "Saved as Unicode text"),
    ("binary", "No text file"),
    ("not_csv", "No CSV"),
    ("no_rows", "No rows"),
    ("missing_column", "Column missing"),
    ("column_twice", "Column twice"),
    ("too_few_cells", "Too few cells"),
    ("too_many_cells", "Too many cells"),
    ("bad_date", "No date"),
    ("blank", "Empty cell"),
    ("bad_child", "No person ID"),
    ("child_twice", "Child twice"),
    ("episode_twice", "Two episodes begin on one day"),
    ("more_errors", "More errors"),
    ("uasc_not_in_header", "Unaccompanied child not in the header"),
    ("unknown_code", "Code not in the national list"),
    ("other_year_code", "Code of another year"),
    ("not_a_code", "No code"),
    ("upn_check_letter", "Wrong check letter in the UPN"),
    ("upn_format", "Not the form of a UPN"),
    ("upn_twice", "UPN twice in the file"),
    ("upn_elsewhere", "UPN of another child"),
    ("upn_kept", "Reason instead of the UPN"),
    ("row_twice", "Row twice"),
    ("not_in_header", "Child not in the header"),
    ("end_before_start", "Ends before it begins"),
    ("before_birth", "Begins before birth"),
    ("ends_same_day", "Ends the day it begins"),
    ("bad_urn", "Not the form of an Ofsted URN"),
    ("age_out_of_range", "Age out of range"),
    ("no_episode", "Child without an episode"),
    ("after_year", "After the collection year"),
    ("other_year", "Dates of another collection year"),
    ("older_return", "Older than the last return"),
    ("same_files", "Imported before"),
    ("changed", "Changed by the return"),
    ("kept", "Changed here: kept"),
    ("born_after_care", "In care before birth"),
    ("dates_kept", "Dates of care: kept"),
    ("reopened", "Episode open again"),
    ("several_open", "Several open episodes"),
    ("not_ended", "Earlier episode still open"),
    ("next_missing", "Next episode missing"),
    ("open_in_older", "Open in an older return"),
    ("archived", "Archived child"),
]


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
    code = fields.Selection(FINDINGS, string="What was found", required=True, readonly=True)
    message = fields.Char(string="What it means", required=True, readonly=True)
    compared = fields.Boolean(readonly=True, help="Found by comparing with the register, not in the files alone.")
