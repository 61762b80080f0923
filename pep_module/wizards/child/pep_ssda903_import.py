import base64
import binascii
import hashlib
import logging
import re
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools import ssda903
from .pep_ssda903_comparison import COUNTERS, Comparison

_logger = logging.getLogger(__name__)

CHUNK = 250
"""Children written in one go. What a chunk writes is committed, or not, as a whole."""
STEP_SECONDS = 2.0
"""A call of :meth:`PepSsda903Import.action_import_step` begins no further chunk after this."""
KEEP_FILES_DAYS = 7

FILES = ssda903.FILES
UPLOAD = ("file", "filename")
EDITABLE = {"company_id", "collection_year"} | {f"{file}_{what}" for file in FILES for what in UPLOAD}


class PepSsda903Import(models.Model):
    """One upload of the children looked-after return (SSDA903): checked, shown, then imported.

    **What it does.** Children are known by their person ID in the council (CHILD), their episodes by the day on which
    they began (DECOM). What is new is made, what differs is brought up to date, nothing is ever ended or removed
    because a row is missing. Children made here have no name (the return has none) and no VSEO yet: heads see them.

    **What people entered stays.** Each child and episode keeps what the last return said (``import_values``). A field
    is overwritten only if it still holds just that, or is empty and no return has filled it yet. Anything else was
    entered by somebody, and is kept and reported. A return older than the newest one that was imported changes nothing
    that is there, and reopens nothing: it only adds children and ended episodes that are missing.

    **What is not taken in.** HOME_POST, PL_POST, MOTHER and MC_DOB are never read, let alone stored: the virtual school
    has no use for them. The uploaded files themselves are dropped as soon as they are imported, and after a week if
    they are not; their names and SHA-256 stay.

    **All or nothing, yet step by step.** The files are checked from end to end before the first write, and again before
    each step. Then :data:`CHUNK` children at a time are written. Every write is keyed, so an import that was cut off
    goes on where it was, and doing a step twice changes nothing.

    Only heads have access; every field but the files and the year is written by the import itself.
    """

    _name = "pep.ssda903.import"
    _description = "Import of an SSDA903 return"
    _order = "id desc"

    company_id = fields.Many2one(
        "res.company", string="Council", required=True, ondelete="restrict", default=lambda self: self.env.company
    )
    collection_year = fields.Selection(
        "_selection_collection_year",
        string="Collection year",
        help="From 1 April to 31 March. Leave it empty to take it from the dates in the files.",
    )
    state = fields.Selection(
        [
            ("draft", "Files"),
            ("previewed", "Checked"),
            ("running", "Importing"),
            ("stopped", "Stopped"),
            ("done", "Imported"),
        ],
        default="draft",
        required=True,
        readonly=True,
    )
    header_file = fields.Binary(string="Header", attachment=False, copy=False, exportable=False)
    header_filename = fields.Char(string="Name of the header file")
    header_sha256 = fields.Char(string="SHA-256 of the header", readonly=True)
    episodes_file = fields.Binary(string="Episodes", attachment=False, copy=False, exportable=False)
    episodes_filename = fields.Char(string="Name of the episodes file")
    episodes_sha256 = fields.Char(string="SHA-256 of the episodes", readonly=True)
    uasc_file = fields.Binary(string="Unaccompanied children", attachment=False, copy=False, exportable=False)
    uasc_filename = fields.Char(string="Name of the unaccompanied children file")
    uasc_sha256 = fields.Char(string="SHA-256 of the unaccompanied children", readonly=True)

    child_new = fields.Integer(string="New children", readonly=True, aggregator=None)
    child_changed = fields.Integer(string="Changed children", readonly=True, aggregator=None)
    child_same = fields.Integer(string="Unchanged children", readonly=True, aggregator=None)
    child_left = fields.Integer(string="Children known from a newer return", readonly=True, aggregator=None)
    episode_new = fields.Integer(string="New episodes", readonly=True, aggregator=None)
    episode_changed = fields.Integer(string="Changed episodes", readonly=True, aggregator=None)
    episode_same = fields.Integer(string="Unchanged episodes", readonly=True, aggregator=None)
    episode_left = fields.Integer(string="Episodes known from a newer return", readonly=True, aggregator=None)
    row_skipped = fields.Integer(string="Rows not imported", readonly=True, aggregator=None)
    child_total = fields.Integer(string="Children in the files", readonly=True, aggregator=None)
    episode_total = fields.Integer(string="Rows of episodes in the files", readonly=True, aggregator=None)
    position = fields.Integer(string="Children done", readonly=True, aggregator=None)
    progress = fields.Integer(string="Done (%)", compute="_compute_progress")

    line_ids = fields.One2many("pep.ssda903.import.line", "import_id", string="What was found", readonly=True)
    error_count = fields.Integer(compute="_compute_line_counts", string="Errors")
    warning_count = fields.Integer(compute="_compute_line_counts", string="Warnings")
    started_by_id = fields.Many2one("res.users", string="Imported by", readonly=True, ondelete="restrict")
    started_on = fields.Datetime(readonly=True)
    done_on = fields.Datetime(string="Imported on", readonly=True)

    @api.model
    def _selection_collection_year(self):
        """The year in which each begins, latest first. 2005 is before any return that still matters."""
        last = ssda903.collection_year(self.env.company._pep_today())
        return [(str(year), ssda903.collection_year_label(year)) for year in range(last, 2004, -1)]

    @api.depends("collection_year")
    def _compute_display_name(self):
        for record in self:
            label = ssda903.collection_year_label(int(record.collection_year)) if record.collection_year else False
            record.display_name = " ".join(filter(None, ("SSDA903", label)))

    @api.depends("position", "child_total", "state")
    def _compute_progress(self):
        for record in self:
            share = 100 * record.position // record.child_total if record.child_total else 0
            record.progress = 100 if record.state == "done" else share

    @api.depends("line_ids")
    def _compute_line_counts(self):
        counts = {
            (record.id, severity): number
            for record, severity, number in self.env["pep.ssda903.import.line"]._read_group(
                [("import_id", "in", self.ids)], ["import_id", "severity"], ["__count"]
            )
        }
        for record in self:
            record.error_count = counts.get((record._origin.id, "error"), 0)
            record.warning_count = counts.get((record._origin.id, "warning"), 0)

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_typed_results(vals)
            self._clean_filenames(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_typed_results(vals)
        if EDITABLE & vals.keys() and not self.env.su and set(self.mapped("state")) - {"draft"}:
            raise UserError(
                self.env._("These files have been checked. To change anything, go back to the files first.")
            )
        vals = dict(vals)
        self._clean_filenames(vals)
        result = super().write(vals)
        if "company_id" in vals:
            self.check_access("write")  # the rule was asked about the council before
        return result

    def _refuse_typed_results(self, vals):
        """Only the import itself says what it did: people set the files, the year and the council."""
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(self.env._("What an import did is written by the import alone."))

    @api.model
    def _clean_filenames(self, vals):
        """Keep the last part of a path, and of that only characters that mean nothing to anybody."""
        for file in FILES:
            name = vals.get(f"{file}_filename")
            if name:
                vals[f"{file}_filename"] = re.sub(r"[^A-Za-z0-9._-]+", "_", re.split(r"[\\/]", name)[-1])[-60:]

    # === Actions ===

    def action_preview(self):
        """Check the files from end to end and say what an import would do. Writes no child.

        With errors the import stays where it was, and its lines say what is wrong where.
        """
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("draft", "previewed"):
            raise UserError(self.env._("This return has been imported already. Start a new import."))
        files = self._files()
        result = ssda903.read_return(files)
        vals = {f"{file}_sha256": hashlib.sha256(files[file]).hexdigest() if file in files else False for file in FILES}
        vals |= dict.fromkeys((*COUNTERS, "position"), 0)
        if result.errors:
            self._fail_preview(result, vals)
            return True
        year = ssda903.guess_collection_year(result, self.company_id._pep_today())
        year = int(self.collection_year or year or 0)
        if str(year) not in dict(self._selection_collection_year()):
            raise UserError(self.env._("The dates in the files do not tell the collection year: please choose it."))
        ssda903.check_against_year(result, year)
        preview = Comparison(self, result, year)
        preview.add_general_findings()
        children = list(result.children.values())
        for start in range(0, len(children), CHUNK):
            preview.compare(children[start : start + CHUNK])
        vals |= {
            "state": "previewed",
            "collection_year": str(year),
            "child_total": len(children),
            "episode_total": result.episode_rows,
            **preview.counts(),
            "row_skipped": preview.skipped + result.skipped_rows,
        }
        self._store(vals, result.findings, preview.findings)
        return True

    def _fail_preview(self, result, vals):
        """Back to the files, with what is wrong about them; what was known from an earlier check is gone."""
        self._store({**vals, "state": "draft", "child_total": 0, "episode_total": 0}, result.findings, [])

    def action_back_to_files(self):
        """Undo the check, so that other files or another year can be chosen."""
        for record in self:
            record.check_access("write")
            if record.state == "previewed":
                nothing = dict.fromkeys((*COUNTERS, "child_total", "episode_total"), 0)
                record._store({**nothing, "state": "draft", "collection_year": False}, [], [])
        return True

    def action_import(self):
        """Start the import, or go on with one that was cut off. The steps follow, see :meth:`action_import_step`."""
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("previewed", "stopped"):
            raise UserError(self.env._("Check the files first, then import them."))
        others = Domain("company_id", "=", self.company_id.id) & Domain("state", "=", "running")
        if self.search_count(others & Domain("id", "!=", self.id), limit=1):
            raise UserError(self.env._("Another return of this council is being imported. Wait until that is done."))
        if self.state == "stopped":
            self._write_result({"state": "running"})
            return True
        self._lines().filtered("compared").unlink()
        self._write_result(
            {
                **dict.fromkeys((*COUNTERS, "position"), 0),
                "state": "running",
                "started_by_id": self.env.uid,
                "started_on": fields.Datetime.now(),
            }
        )
        return True

    def action_import_step(self):
        """Import the next children. Called by the open page until the import is done; safe to call any number of times.

        :return: dict with ``state``, ``position`` and ``total`` (children)
        """
        self.ensure_one()
        self.check_access("write")
        begin = time.monotonic()
        if self.state == "running" and self.try_lock_for_update(allow_referencing=True):
            self.invalidate_recordset(["state", "position"])
            importer = self._importer() if self.state == "running" else None
            while importer and self.state == "running":
                self._import_chunk(*importer)
                if time.monotonic() - begin > STEP_SECONDS:
                    break
        return {"state": self.state, "position": self.position, "total": self.child_total}

    def action_view_children(self):
        """The children who have no VSEO yet, to be handed out."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Children without a VSEO"),
            "res_model": "pep.child",
            "view_mode": "list,form",
            "domain": [("company_id", "=", self.company_id.id), ("vseo_id", "=", False)],
        }

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_ssda903_import_line_action")
        return {**action, "domain": [("import_id", "=", self.id)]}

    # === Business ===

    def _files(self):
        """The uploaded files as bytes, by their part of the return."""
        self.ensure_one()
        record = self.with_context(bin_size=False)
        files = {}
        for file in FILES:
            content = record[f"{file}_file"]
            if content:
                try:
                    files[file] = base64.b64decode(content)
                except binascii.Error:
                    files[file] = b"\0"
            elif record[f"{file}_filename"]:
                files[file] = b""
        if not {ssda903.HEADER, ssda903.EPISODES} <= files.keys():
            raise UserError(self.env._("Choose both files of the return: the header and the episodes."))
        return files

    def _importer(self):
        """The return, read and checked again (nothing is kept between two steps), and what compares it; or None."""
        result = ssda903.read_return(self._files())
        if result.errors:  # can't happen unless the file was tampered with since it was checked
            self._fail_preview(result, {})
            return None
        return result, Comparison(self, result, int(self.collection_year))

    def _import_chunk(self, result, comparison):
        """Write the next children with their episodes, and where the import is."""
        if not self.position:
            comparison.add_general_findings()
        children = list(result.children.values())[self.position : self.position + CHUNK]
        comparison.compare(children, write=True)
        counts = comparison.counts()
        vals = {name: self[name] + number for name, number in counts.items()}
        vals["row_skipped"] = self.row_skipped + comparison.skipped
        vals["position"] = self.position + len(children)
        if vals["position"] >= len(result.children):
            vals["row_skipped"] += result.skipped_rows
            vals |= {"state": "done", "done_on": fields.Datetime.now()}
            vals |= {f"{file}_file": False for file in FILES}
        self._write_result(vals)
        self._create_lines(comparison.findings, compared=True)
        comparison.reset()

    def _lines(self):
        return self.env["pep.ssda903.import.line"].sudo().search([("import_id", "in", self.ids)])  # sudo: to renew them

    def _write_result(self, vals):
        self.sudo().write(vals)  # sudo: what the import did is written by the import alone, see _refuse_typed_results

    def _store(self, vals, found, compared):
        """Replace what this import knows and says by what has just been found."""
        self._lines().unlink()
        self._write_result(vals)
        self._create_lines(found, compared=False)
        self._create_lines(compared, compared=True)

    def _create_lines(self, findings, compared):
        texts = self._texts()
        lines = self.env["pep.ssda903.import.line"].sudo()  # sudo: only the import writes lines, so nobody else may
        lines.create(
            [
                {
                    "import_id": self.id,
                    "severity": finding.severity,
                    "file": finding.file or False,
                    "row": finding.row,
                    "column": finding.column or False,
                    "la_person_id": finding.child,
                    "code": finding.code,
                    "message": texts[finding.code] % {**finding.values, "column": finding.column},
                    "compared": compared,
                }
                for finding in findings
            ]
        )

    def _texts(self):
        """The sentence for each code of a finding. Says what is so, and what the import makes of it."""
        env = self.env
        return {
            # errors: nothing is imported
            "too_big": env._("The file has %(size)s MB. A return has less than %(limit)s MB: is it the right file?"),
            "empty": env._("The file is empty."),
            "spreadsheet": env._("This is a spreadsheet. Save it as “CSV (comma delimited)” and choose that file."),
            "utf16": env._("The file is saved as Unicode text (UTF-16). Save it as “CSV (comma delimited)”."),
            "binary": env._("This is not a text file. Choose the CSV file of the return."),
            "not_csv": env._("From this row on the file is no CSV: a quotation mark may be missing, or the commas."),
            "no_rows": env._("The file has its column names and no rows."),
            "missing_column": env._("The column %(column)s is missing."),
            "column_twice": env._("The column %(column)s is there twice."),
            "too_few_cells": env._("The row has %(found)s cells, the header %(expected)s."),
            "too_many_cells": env._("The row has %(found)s cells, the header %(expected)s."),
            "bad_date": env._("This is no date in the form dd/mm/yyyy, such as 31/03/2026."),
            "blank": env._("The cell is empty."),
            "bad_child": env._(
                "A person ID has letters, digits and - . / _ only, and is no longer than 30 characters."
            ),
            "child_twice": env._("This child is in the header twice: here and in row %(row)s."),
            "episode_twice": env._("Row %(row)s gives another episode of this child that begins on the same day."),
            "more_errors": env._("%(number)s more errors in this file."),
            # warnings about the files
            "uasc_not_in_header": env._("This child is not in the header: row left out."),
            "unknown_code": env._("“%(given)s” is not in the national list: left as it was, or empty."),
            "other_year_code": env._("“%(given)s” is not in the list of %(year)s: taken in, please check it."),
            "not_a_code": env._("This is not a code: left as it was, or empty."),
            "upn_check_letter": env._("The check letter does not belong to this UPN (it would be %(expected)s): kept."),
            "upn_format": env._("This is not the form of a UPN, one letter and twelve digits: kept as given."),
            "upn_twice": env._("Row %(row)s has the same UPN."),
            "row_twice": env._("The same row as row %(row)s: left out."),
            "not_in_header": env._("This child is not in the header, so there is no date of birth: row left out."),
            "end_before_start": env._("The episode ends before it begins: row left out."),
            "before_birth": env._("The episode begins before the child was born: row left out."),
            "ends_same_day": env._("The episode ends on the day on which it begins."),
            "bad_urn": env._("An Ofsted URN is SC and six digits, seven digits, or XXXXXXX."),
            "age_out_of_range": env._(
                "At the start of %(year)s a child of this age is not looked after: please check."
            ),
            "no_episode": env._("The return has no episode of this child: taken in without the dates of care."),
            "after_year": env._("This day comes after the end of the collection year %(year)s."),
            # what comparing with the register finds
            "other_year": env._("The dates in the files are those of %(year)s: is the collection year right?"),
            "older_return": env._("A newer return (%(year)s) has been imported. This one only adds what is missing."),
            "same_files": env._("Just these files were imported before, on %(day)s."),
            "changed": env._("Changes: %(columns)s."),
            "kept": env._("Changed here since the last return: what is here is kept."),
            "upn_kept": env._("The return gives a reason for having no UPN, but there is one here: kept."),
            "upn_elsewhere": env._("The child %(reference)s has the same UPN."),
            "born_after_care": env._("With this date of birth the child was in care before being born: not taken in."),
            "dates_kept": env._("The dates of coming into and leaving care do not fit what was entered here: kept."),
            "reopened": env._("The episode had ended and is open in this return."),
            "several_open": env._("%(number)s episodes of this child are open at once."),
            "not_ended": env._("An episode of this child is open although a later one has begun."),
            "next_missing": env._("The last episode ended because another began (X1), which is not there."),
            "open_in_older": env._("Open in this older return: row left out, a newer return knows better."),
            "archived": env._("This child is archived: brought up to date, and still archived."),
        }

    # === Scheduled ===

    @api.model
    def _cron_continue(self):
        """Go on with imports that nobody's open page is carrying on any more."""
        quiet = fields.Datetime.subtract(fields.Datetime.now(), minutes=2)
        abandoned = self.search([("state", "=", "running"), ("write_date", "<", quiet)], order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(abandoned))
        for record in abandoned:
            user_import = record.with_user(record.started_by_id)  # the rights of the person who started it
            try:
                while user_import.action_import_step()["state"] == "running":
                    if not cron._commit_progress(0):
                        return
            except Exception as error:  # noqa: BLE001 - whatever it is, the other imports go on
                self.env.cr.rollback()
                # no traceback: the database quotes the values of a row that it refuses
                _logger.error("Import %s of an SSDA903 return stopped: %s", record.id, type(error).__name__)
                record._write_result({"state": "stopped"})
            cron._commit_progress(1)

    @api.autovacuum
    def _gc_files(self):
        """Drop the files of imports that were not finished: a register of children does not lie about."""
        old = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_FILES_DAYS)
        forgotten = self.search(
            [
                ("state", "!=", "done"),
                ("write_date", "<", old),
                *Domain.OR(Domain(f"{file}_file", "!=", False) for file in FILES),
            ]
        )
        forgotten._write_result({"state": "draft", **{f"{file}_{what}": False for file in FILES for what in UPLOAD}})
