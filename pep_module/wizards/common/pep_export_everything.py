import csv
import hashlib
import io
import json
import logging
import mimetypes
import secrets
import zipfile
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext, split_every

from ...tools.spreadsheet import neutralise

_logger = logging.getLogger(__name__)

CHUNK = 1000
# What is about a record of the app but lies in a table of Odoo's: model, field with the record's model, fields to take.
ALONGSIDE = {
    "mail.message": (
        "model",
        ("model", "res_id", "date", "author_id", "email_from", "message_type", "subtype_id", "subject", "body"),
    ),
    "mail.activity": (
        "res_model",
        ("res_model", "res_id", "activity_type_id", "summary", "note", "date_deadline", "user_id", "create_date"),
    ),
    "ir.attachment": (
        "res_model",
        ("res_model", "res_id", "res_field", "name", "mimetype", "file_size", "create_uid", "create_date"),
    ),
}
READ_ME = """{title}

Council: {council}
Made on: {made_on} UTC, by {user}

This file holds the records of children. Keep it where only those may read it who may read the records themselves.

Each file with the ending .csv holds the rows of one kind of record, in UTF-8, the first row being the names of the
columns. A column such as school_id holds the name, school_id/id beside it the number under which the record is found in
its own file; a column such as state holds the words, state/code beside it the value in the database. Times are in UTC.
A text that a spreadsheet would take for a formula has an apostrophe before it, to be removed when reading it back.
manifest.json lists the files with their columns, their number of rows and their SHA-256.

Code to confirm with: {code}
"""


class _Hashing(io.RawIOBase):
    """Passes on what is written, and knows its SHA-256."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.sha256 = hashlib.sha256()

    def writable(self):
        return True

    def _pass_on(self, data):
        self.sha256.update(data)
        return self.stream.write(data)

    write = _pass_on


class PepExportEverything(models.TransientModel):
    """All records of one council as one file, for its head, and the confirmation that lets the app be uninstalled.

    Whoever uninstalls administers the server and sees no child; whoever sees every child does not uninstall. So the
    head exports, with nothing but their own access, and confirms; the administrator may then uninstall.

    The file is made while it is downloaded and is kept nowhere. A code inside it has to be typed to confirm: nobody can
    who has not opened it.
    """

    _name = "pep.export.everything"
    _description = "Export of everything"

    company_id = fields.Many2one(
        "res.company", string="Council", required=True, readonly=True, default=lambda self: self.env.company
    )
    with_files = fields.Boolean(string="With uploaded files", default=True, help="Documents and other attachments.")
    contents = fields.Text(string="What it holds", compute="_compute_contents")
    earlier = fields.Char(string="Confirmed before", compute="_compute_earlier")
    # Written while the file is made
    exported_on = fields.Datetime(readonly=True)
    row_count = fields.Integer(readonly=True)
    child_count = fields.Integer(readonly=True)
    digest = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    code = fields.Char(string="Code in the file", readonly=True, groups=fields.NO_ACCESS)
    # To confirm
    typed_code = fields.Char(string="Code", help="Stands at the end of READ ME.txt in the file that you downloaded.")
    stored_safely = fields.Boolean(string="I have opened the file and stored it safely")

    @api.depends("company_id")
    def _compute_contents(self):
        for wizard in self:
            lines = []
            for model in wizard._exported_models():
                number = wizard._visible(model, counted=True)
                if number:
                    lines.append(f"{model._description}: {number}")
            wizard.contents = "\n".join(lines)

    @api.depends("company_id")
    def _compute_earlier(self):
        confirmations = self.env["pep.export.confirmation"]
        for wizard in self:
            last = confirmations.search([("company_id", "=", wizard.company_id.id)], limit=1)
            wizard.earlier = False
            if last:
                words = {
                    "who": last.user_id.name,
                    "day": fields.Date.to_string(wizard.company_id._pep_local(last.confirmed_on).date()),
                }
                wizard.earlier = (
                    self.env._("By %(who)s on %(day)s. Nothing has changed since.", **words)
                    if last.is_valid
                    else self.env._("By %(who)s on %(day)s. Records have changed since: export again.", **words)
                )

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        inputs = {"with_files", "typed_code", "stored_safely"}
        return super().create(
            [
                {**{name: vals[name] for name in inputs & vals.keys()}, "company_id": self.env.company.id}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if not self.env.su and vals.keys() - {"with_files", "typed_code", "stored_safely"}:
            raise AccessError(self.env._("What was exported is written by the export alone."))
        return super().write(vals)

    def _check_allowed(self):
        if not self.env.user.has_group("pep_module.group_pep_head"):
            raise AccessError(self.env._("The head of the virtual school exports its records."))

    # === Actions ===

    def action_download(self):
        """Button: download the file. It is made by the request that follows, see the controller."""
        self.ensure_one()
        self._check_allowed()
        self._check_complete()
        return {"type": "ir.actions.act_url", "url": f"/pep/export/{self.id}", "target": "download"}

    def action_confirm(self):
        """Button: what was downloaded is stored safely. The app may be uninstalled, until a record changes."""
        self.ensure_one()
        self._check_allowed()
        made = self.sudo()  # sudo: the code and the digests are kept from everyone, so that the file has to be opened
        if not made.exported_on:
            raise UserError(self.env._("Download the file first."))
        if not self.stored_safely:
            raise UserError(self.env._("Open the file, store it safely, and tick that you have."))
        if (self.typed_code or "").strip().upper() != made.code:
            raise UserError(self.env._("This is not the code in the file that you downloaded last."))
        made.env["pep.export.confirmation"].create(
            {
                "company_id": self.company_id.id,
                "user_id": self.env.uid,
                "exported_on": made.exported_on,
                "confirmed_on": fields.Datetime.now(),
                "child_count": made.child_count,
                "row_count": made.row_count,
                "digest": made.digest,
                "fingerprint": made.fingerprint,
            }
        )
        _logger.info(
            "User %s confirmed the export of council %s: %s children, %s rows",
            self.env.uid,
            self.company_id.id,
            made.child_count,
            made.row_count,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Confirmed. The app can be uninstalled as long as no record changes."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === What is exported ===

    @api.model
    def _exported_models(self):
        """Every stored model of the app, as the user of the council sees it, archived rows included."""
        council = self.with_context(active_test=False, allowed_company_ids=self.company_id.ids)
        return [
            council.env[name]
            for name, model in sorted(self.env.registry.items())
            if name.startswith("pep.") and not (model._abstract or model._transient) and model._auto
        ]

    def _council_domain(self, model):
        """The council's own rows, and those that all councils share."""
        if model._name in ("pep.child", "pep.access") or "child_id" in model._fields:
            domain = Domain("company_id", "=", self.company_id.id)
            return domain & Domain("child_id", "!=", False) if model._name == "pep.access" else domain
        return Domain("company_id", "in", [self.company_id.id, False]) if "company_id" in model._fields else Domain.TRUE

    def _visible(self, model, counted=False):
        """The rows that the user may read, or their number. None of a model that the user has no access to."""
        if not model.has_access("read"):
            return 0 if counted else model
        domain = self._council_domain(model)
        return model.search_count(domain) if counted else model.search(domain, order="id")

    def _check_complete(self):
        """Refuse an export that would lack records of children because the user does not see them."""
        lacking, kept_from_user = [], False
        for model in self._exported_models():
            if model in self.env["pep.export.confirmation"]._child_models():
                everything = model.sudo().search_count(self._council_domain(model))  # sudo: a number, to compare with
                visible = self._visible(model, counted=True)
                if visible != everything:
                    lacking.append(f"{model._description}: {visible} / {everything}")
                    kept_from_user |= self._keeps_from_user(model)
        if kept_from_user:
            lacking.append(self.env._("What a child kept from you, somebody else who is head has to export."))
        if lacking:
            raise UserError(
                self.env._(
                    "You do not see all records of the council, so this would not be an export of everything:\n"
                    "%(lacking)s",
                    lacking="\n".join(lacking),
                )
            )

    def _keeps_from_user(self, model):
        """Whether there are rows that are kept from this user, such as what a child said while this person helped."""
        if "hidden_from_id" not in model._fields:
            return False
        domain = self._council_domain(model) & Domain("hidden_from_id", "=", self.env.uid)
        return bool(model.sudo().search_count(domain, limit=1))  # sudo: that there are any, to tell what to do

    # === Making the file ===

    def _write_archive(self, file):
        """Write the ZIP with everything into a binary file, and note what was written.

        Reads in one transaction, so all is as at one moment. Uses the user's own access throughout.

        :param file: open binary file
        """
        self.ensure_one()
        self._check_allowed()
        self._check_complete()
        code = secrets.token_hex(4).upper()
        exported_on = fields.Datetime.now()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            entries = [self._write_model(archive, model) for model in self._exported_models()]
            entries += self._write_partners_and_council(archive)
            entries += self._write_alongside(archive)
            manifest = {
                "format": 1,
                "council": self.company_id.name,
                "made_on": f"{exported_on}Z",
                "app": self.env.ref("base.module_pep_module").sudo().installed_version,  # sudo: which version this is
                "files": entries,
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False))
            archive.writestr(
                "READ ME.txt",
                READ_ME.format(
                    title=self.env._("Export of everything from the Virtual School"),
                    council=self.company_id.name,
                    made_on=exported_on,
                    user=self.env.user.name,
                    code=code,
                ),
            )
        row_count = sum(entry["rows"] for entry in entries)
        child_count = next(entry["rows"] for entry in entries if entry["file"] == "pep.child.csv")
        self.sudo().write(  # sudo: written here alone, see write()
            {
                "exported_on": exported_on,
                "row_count": row_count,
                "child_count": child_count,
                "digest": self._digest(file),
                # sudo: counts rows, shows none
                "fingerprint": self.env["pep.export.confirmation"].sudo()._fingerprint(self.company_id),
                "code": code,
            }
        )
        _logger.info(
            "User %s exported everything of council %s: %s children, %s rows in %s files",
            self.env.uid,
            self.company_id.id,
            child_count,
            row_count,
            len(entries),
        )

    @api.model
    def _digest(self, file):
        file.seek(0)
        sha256 = hashlib.sha256()
        while block := file.read(1 << 20):
            sha256.update(block)
        return sha256.hexdigest()

    def _write_model(self, archive, model):
        """One CSV file with the rows of a model; gives its entry for the manifest."""
        records = self._visible(model)
        columns = {
            name: field
            for name, field in model._fields.items()
            if field.store and field.type not in ("one2many", "binary") and model._has_field_access(field, "read")
        }
        return self._write_csv(archive, records, columns)

    def _write_partners_and_council(self, archive):
        """The app's own columns of contacts and of the council: they go when the app goes."""
        council = self.with_context(active_test=False, allowed_company_ids=self.company_id.ids)
        partners = council.env["res.partner"].search(
            Domain("pep_is_school", "=", True) | Domain("pep_network_ids.company_id", "=", self.company_id.id),
            order="id",
        )
        return [
            self._write_csv(archive, records, self._own_columns(records, names))
            for records, names in (
                (partners, ("id", "name", "email", "phone", "street", "street2", "city", "zip", "active")),
                (council.company_id, ("id", "name")),
            )
        ]

    @api.model
    def _own_columns(self, model, names):
        return {
            name: field
            for name, field in model._fields.items()
            if (name in names or name.startswith("pep_"))
            and field.store
            and field.type not in ("one2many", "binary")
            and model._has_field_access(field, "read")
        }

    def _write_alongside(self, archive):
        """Messages, activities and attachments of the exported records, and the files themselves."""
        council = self.with_context(active_test=False, allowed_company_ids=self.company_id.ids)
        entries = []
        for name, (model_field, columns) in ALONGSIDE.items():
            model = council.env[name]
            domain = Domain.OR(
                Domain(model_field, "=", about._name)
                & Domain("res_id", "in", about._search(self._council_domain(about)))
                for about in self._exported_models()
                if about.has_access("read")
            )
            # Odoo hides the files of fields else, such as those of documents; a condition on both is simplified away
            model = model.with_context(skip_res_field_check=True)
            records = model.search(domain, order="id")
            fields_ = {column: model._fields[column] for column in ("id", *columns)}
            entries.append(self._write_csv(archive, records, fields_, self._extra_columns(records)))
            if name == "ir.attachment" and self.with_files:
                self._write_files(archive, records)
        return entries

    @api.model
    def _extra_columns(self, records):
        if records._name == "ir.attachment":
            return {"file": self._file_name}
        if records._name == "mail.message":
            return {"changes": self._tracked_changes}
        return {}

    @api.model
    def _file_name(self, attachment):
        """Its number, not its name: a name may tell more than the folder of a file should."""
        return f"files/{attachment.id}{mimetypes.guess_extension(attachment.mimetype or '') or ''}"

    def _tracked_changes(self, message):
        values = message.sudo().tracking_value_ids  # sudo: nobody may read these rows but by their message, as here
        return "; ".join(
            f"{change['fieldInfo']['changedField']}: {change['oldValue'] or ''} → {change['newValue'] or ''}"
            for change in values._filter_has_field_access(self.env)._tracking_value_format()
        )

    def _write_files(self, archive, attachments):
        for attachment in attachments:
            content = attachment.raw
            if content:
                archive.writestr(self._file_name(attachment), content)
            attachment.invalidate_recordset(["raw", "datas"])

    def _write_csv(self, archive, records, columns, extra=None):
        """Write one CSV file.

        :param columns: dict of field name -> field
        :param extra: dict of column -> function from a record to a text
        """
        extra = extra or {}
        header = {}
        for name, field in columns.items():
            header[name] = field._description_string(self.env)
            suffix = {"many2one": "id", "many2many": "id", "selection": "code"}.get(field.type)
            if suffix:
                header[f"{name}/{suffix}"] = ""
        header |= dict.fromkeys(extra, "")
        file_name = f"{records._name}.csv"
        with archive.open(file_name, "w") as stream:
            hashing = _Hashing(stream)
            with io.TextIOWrapper(hashing, encoding="utf-8-sig", newline="", write_through=True) as text:
                writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
                writer.writerow(header)
                for ids in split_every(CHUNK, records.ids):
                    chunk = records.browse(ids)
                    names = self._names_of(chunk, columns)
                    for record, values in zip(chunk, chunk.read(list(columns)), strict=True):
                        row = self._cells(values, columns, names) + [function(record) for function in extra.values()]
                        writer.writerow([neutralise(cell) if isinstance(cell, str) else cell for cell in row])
                    chunk.invalidate_recordset()
        return {
            "file": file_name,
            "what": records._description,
            "rows": len(records),
            "sha256": hashing.sha256.hexdigest(),
            "columns": header,
        }

    @api.model
    def _names_of(self, records, columns):
        """Display names of what the many2many fields point at, by field; many2one fields bring theirs with them."""
        return {
            name: {
                record.id: record.display_name
                for record in records[name].sudo()  # sudo: the name of what an own record points at, as read() gives it
            }
            for name, field in columns.items()
            if field.type == "many2many"
        }

    @api.model
    def _cells(self, values, columns, names):
        """One row as cells: numbers as they are, all else as text that people can read."""
        cells = []
        for name, field in columns.items():
            value = values[name]
            if field.type == "many2one":
                cells += [value[1], value[0]] if value else ["", ""]
            elif field.type == "many2many":
                cells += ["; ".join(names[name][id_] for id_ in value), ";".join(map(str, value))]
            elif field.type == "selection":
                words = dict(field._description_selection(self.env))
                cells += [words.get(value, value) or "", value or ""]
            else:
                cells.append(self._cell(value, field))
        return cells

    @api.model
    def _cell(self, value, field):
        if field.type == "boolean":
            return "yes" if value else "no"
        if field.type in ("integer", "float", "monetary", "many2one_reference"):
            return value
        if value is False or value is None:
            return ""
        if field.type == "json":
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        if field.type == "html":
            return html2plaintext(value)
        if isinstance(value, datetime):
            return value.isoformat(sep=" ", timespec="seconds")
        return str(value)
