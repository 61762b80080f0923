import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import split_every

from ...models.child.res_partner import REGISTER_GROUPS
from ...tools import gias

CHUNK = 1000
EXAMPLES = 25
# What a person may set; all else is what the import found.
INPUT_FIELDS = {"file", "file_name", "scope", "la_codes", "with_closed"}
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "_partners_skip_fields_sync": True,  # schools have no parent company to copy an address from
}


class PepGiasImport(models.Model):
    """One run of the school register: a file, what it would change, and what it changed.

    Kept, so that it can be found again who brought in which file when. The file itself is public and is let go once it
    is imported; its fingerprint stays. Everything happens in one transaction: a bad row means that nothing is written.
    """

    _name = "pep.gias.import"
    _description = "School register import"
    _order = "id desc"

    file = fields.Binary(string="Register file", attachment=True, help="CSV as downloaded, taken out of its ZIP.")
    file_name = fields.Char()
    scope = fields.Selection(
        [
            ("la", "Schools of these local authorities, and those we know"),
            ("known", "Only schools that we know"),
            ("all", "All schools in the file"),
        ],
        string="Which schools",
        required=True,
        default="all",
    )
    la_codes = fields.Char(string="LA numbers", help="Three digits each, such as 330, 355.")
    with_closed = fields.Boolean(
        string="Closed schools too", default=True, help="Off: closed schools are left out unless we know them already."
    )
    state = fields.Selection(
        [("draft", "New"), ("previewed", "Preview"), ("done", "Imported")],
        required=True,
        default="draft",
        readonly=True,
    )
    kind = fields.Selection([("schools", "Schools"), ("links", "Links")], string="Content", readonly=True)
    fingerprint = fields.Char(string="SHA-256", readonly=True)
    count_rows = fields.Integer(string="Rows read", readonly=True)
    count_new = fields.Integer(string="New", readonly=True)
    count_changed = fields.Integer(string="Changed", readonly=True)
    count_same = fields.Integer(string="Same", readonly=True)
    count_closed = fields.Integer(
        string="Closing", readonly=True, help="Among the changed: open so far, closed in the file."
    )
    count_skipped = fields.Integer(
        string="Left out", readonly=True, help="Not asked for; of links also those with a school that we do not hold."
    )
    detail = fields.Text(readonly=True)
    done_at = fields.Datetime(string="Imported on", readonly=True)
    done_by_id = fields.Many2one("res.users", string="Imported by", readonly=True, ondelete="restrict")

    @api.depends("file_name", "create_date")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.file_name or self.env._("School register import")

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_input(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_input(vals)
        if not self.env.su:
            if "done" in self.mapped("state"):
                raise UserError(self.env._("This file was imported. Start a new import."))
            if vals:
                vals = {**vals, "state": "draft", **self._empty_result()}
        return super().write(vals)

    @api.model
    def _check_input(self, vals):
        if not self.env.su and vals.keys() - INPUT_FIELDS:
            raise UserError(self.env._("Only the file and what to take from it can be chosen."))

    @api.constrains("scope", "la_codes")
    def _check_la_codes(self):
        for record in self:
            codes = record._la_codes()
            if record.scope == "la" and (not codes or any(len(code) != 3 or not code.isdecimal() for code in codes)):
                raise ValidationError(
                    self.env._("Give the numbers of the local authorities, three digits each, such as 330, 355.")
                )

    def _la_codes(self):
        return set((self.la_codes or "").replace(",", " ").replace(";", " ").split())

    @api.model
    def _empty_result(self):
        counts = ("count_rows", "count_new", "count_changed", "count_same", "count_closed", "count_skipped")
        return {**dict.fromkeys(counts, 0), "kind": False, "fingerprint": False, "detail": False}

    # === Actions ===

    def action_preview(self):
        """Button: say what the file would change. Writes no school.

        :raise AccessError: for anybody but heads and administrators
        :raise UserError: the file can't be read; the message names row and column
        """
        self._check_allowed()
        self.ensure_one()
        if self.state == "done":
            raise UserError(self.env._("This file was imported. Start a new import."))
        result = self._run(write=False)
        self.sudo().write({**result, "state": "previewed"})  # sudo: results are not typed in by anybody

    def action_import(self):
        """Button: write what the file says. All of it or nothing; the same file again changes nothing.

        :raise AccessError: for anybody but heads and administrators
        :raise UserError: the file can't be read; the message names row and column
        """
        self._check_allowed()
        self.ensure_one()
        self.lock_for_update()
        self.invalidate_recordset(["state"])
        if self.state == "done":
            raise UserError(self.env._("This file was imported. Start a new import."))
        result = self._run(write=True)
        self.sudo().write(  # sudo: results are not typed in by anybody
            {
                **result,
                "state": "done",
                "file": False,
                "done_at": fields.Datetime.now(),
                "done_by_id": self.env.uid,
            }
        )

    def _check_allowed(self):
        self.env["res.partner"]._pep_require(
            REGISTER_GROUPS, self.env._("The school register is imported by heads and administrators.")
        )

    # === Reading ===

    def _run(self, write):
        """Read the file and return the values of the result fields; with ``write``, change the schools too."""
        data = base64.b64decode(self.with_context(bin_size=False).file or b"")
        try:
            rows = gias.read_rows(gias.open_text(data))
            headings = next(rows)
            kind = gias.kind_of(headings)
            if kind == "links":
                result = self._run_links(headings, rows, write)
            else:
                result = self._run_schools(headings, rows, write)
        except gias.GiasError as error:
            raise UserError(self._explain(error)) from error
        return {**result, "kind": kind, "fingerprint": hashlib.sha256(data).hexdigest()}

    @api.model
    def _explain(self, error):
        """Put what is wrong with the file into words, with the row and the column."""
        what = {
            "empty": self.env._("The file is empty."),
            "not_text": self.env._(
                "This is not a CSV file. Take the CSV out of the ZIP archive, or save the sheet as CSV."
            ),
            "encoding": self.env._("The text of the file can't be read. Save it as “CSV UTF-8”."),
            "columns": self.env._("These columns are missing: %(value)s.", value=error.value),
            "csv": self.env._("The row can't be read (%(value)s). A quotation mark may be missing.", value=error.value),
            "cells": self.env._("The number of cells is not that of the headings (%(value)s).", value=error.value),
            "urn": self.env._("“%(value)s” is not a URN, which has six digits.", value=error.value),
            "twice": self.env._("URN %(value)s is in the file twice.", value=error.value),
            "name": self.env._("The school has no name."),
            "la": self.env._(
                "“%(value)s” is not the number of a local authority, which has three digits.", value=error.value
            ),
            "number": self.env._(
                "“%(value)s” is not the number of an establishment, which has four digits.", value=error.value
            ),
            "type": self.env._("“%(value)s” is not a code of the register.", value=error.value),
            "status": self.env._("“%(value)s” is not a status of the register (1 to 4).", value=error.value),
            "date": self.env._("“%(value)s” is not a date written as 31-08-2026.", value=error.value),
        }[error.kind]
        if error.row and error.column:
            where = self.env._("Row %(row)s, column “%(column)s”:", row=error.row, column=error.column)
        elif error.row:
            where = self.env._("Row %(row)s:", row=error.row)
        else:
            return what
        return f"{where} {what} {self.env._('Nothing was imported.')}"

    # === Schools ===

    def _run_schools(self, headings, rows, write):
        result = dict.fromkeys(
            ("count_rows", "count_new", "count_changed", "count_same", "count_closed", "count_skipped"), 0
        )
        examples = []
        closing = self.env["res.partner"]
        counted = self._counting(rows, result)
        for chunk in split_every(CHUNK, gias.read_schools(headings, counted, self._wanted())):
            closing |= self._take_schools([values for _row, values in chunk], result, examples, write)
        taken = result["count_new"] + result["count_changed"] + result["count_same"]
        result["count_skipped"] = result["count_rows"] - taken
        result["detail"] = self._school_detail(closing, examples)
        return result

    @api.model
    def _counting(self, rows, result):
        for row in rows:
            result["count_rows"] += 1
            yield row

    def _wanted(self):
        """Function of (URN, LA number) that tells which schools to take, or None for all."""
        if self.scope == "all":
            return None
        known = set(self._schools().search(Domain("pep_urn", "!=", False)).mapped("pep_urn"))
        codes = self._la_codes() if self.scope == "la" else set()
        return lambda urn, la_code: urn in known or la_code in codes

    @api.model
    def _schools(self):
        partners = self.env["res.partner"].sudo()  # sudo: who keeps the register need not edit contacts
        return partners.with_context(active_test=False, **QUIET)

    def _take_schools(self, values_list, result, examples, write):
        """Compare one chunk with the schools we hold, count, and with ``write`` create and change.

        The number of queries does not depend on the number of schools.

        :return: the schools that this closes
        """
        uk = self.env.ref("base.uk").id
        for values in values_list:
            values["country_id"] = False if values.pop("abroad") else uk
            values.update(pep_is_school=True, pep_outside_gias=False, is_company=True)
        held = self._schools().search_fetch(
            [("pep_urn", "in", [values["pep_urn"] for values in values_list])], list(values_list[0])
        )
        by_urn = {school.pep_urn: school for school in held}
        academised = self._academised(held)
        closing = self.env["res.partner"]
        to_create = []
        for values in values_list:
            school = by_urn.get(values["pep_urn"])
            if not school:
                if values["pep_school_status"] == "closed" and not self.with_closed:
                    continue
                to_create.append({**values, "company_id": False})
                continue
            changes = self._changes(school, self._unless_outdated(school, values, academised))
            if not changes:
                result["count_same"] += 1
                continue
            result["count_changed"] += 1
            if changes.get("pep_school_status") == "closed":
                result["count_closed"] += 1
                closing |= school
            if len(examples) < EXAMPLES:
                examples.append(self._describe(school, changes))
            if write:
                school.write(changes)
        result["count_new"] += len(to_create)
        examples.extend(
            self.env._("New: %(urn)s %(name)s", urn=values["pep_urn"], name=values["name"])
            for values in to_create[: max(0, EXAMPLES - len(examples))]
        )
        if write and to_create:
            self._schools().create(to_create)
        return closing

    @api.model
    def _academised(self, schools):
        """Which of these schools were academised here: ids of the old ones, ids of the new ones."""
        links = self.env["pep.school.link"].sudo()  # sudo: which school follows which is no secret
        ids = schools.ids
        links = links.search(
            ["&", ("kind", "=", "academised"), "|", ("predecessor_id", "in", ids), ("successor_id", "in", ids)]
        )
        return links.predecessor_id.ids, links.successor_id.ids

    @api.model
    def _unless_outdated(self, school, values, academised):
        """These values without what a head knew before the register did: that the school closes, or that it opened."""
        old, new = academised
        known_better = set()
        if school.id in old and values["pep_school_status"] != "closed":
            known_better |= {"pep_school_status", "pep_close_date"}
        if school.id in new and values["pep_school_status"] == "proposed":
            known_better |= {"pep_school_status", "pep_open_date"}
        return {name: value for name, value in values.items() if name not in known_better}

    @api.model
    def _changes(self, school, values):
        changes = {}
        for name, value in values.items():
            current = school[name].id if name == "country_id" else school[name]
            if (current or False) != (value or False):
                changes[name] = value
        return changes

    @api.model
    def _describe(self, school, changes):
        labels = [self.env["res.partner"]._fields[name]._description_string(self.env) for name in changes]
        return self.env._(
            "Changed: %(urn)s %(name)s (%(fields)s)", urn=school.pep_urn, name=school.name, fields=", ".join(labels)
        )

    @api.model
    def _school_detail(self, closing, examples):
        lines = list(examples)
        going_on = Domain("date_to", "=", False) | Domain("date_to", ">=", self.env.company._pep_today())
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: pupils of every council count, none of them is shown
        groups = enrolments._read_group(Domain("school_id", "in", closing.ids) & going_on, ["school_id"])
        lines.extend(
            self.env._(
                "Closed in the register, but pupils are still enrolled: %(urn)s %(name)s",
                urn=school.pep_urn,
                name=school.name,
            )
            for (school,) in groups
        )
        return "\n".join(lines) or False

    # === Links ===

    def _run_links(self, headings, rows, write):
        result = dict.fromkeys(("count_rows", "count_new", "count_changed", "count_same", "count_closed"), 0)
        links, other = gias.merge_links(gias.read_links(headings, self._counting(rows, result)))
        schools = self._schools().search_fetch(Domain("pep_urn", "!=", False), ["pep_urn"])
        school_of = {school.pep_urn: school.id for school in schools}
        held = self.env["pep.school.link"].sudo()  # sudo: nobody edits links by hand
        link_of = {(link.predecessor_id.id, link.successor_id.id): link for link in held.search([])}
        to_create = []
        unknown = 0
        for (predecessor, successor), day in links.items():
            pair = (school_of.get(predecessor), school_of.get(successor))
            if not all(pair):
                unknown += 1
                continue
            link = link_of.get(pair)
            if not link:
                to_create.append({"predecessor_id": pair[0], "successor_id": pair[1], "date": day, "kind": "register"})
            elif link.kind == "academised" or link.date == day:
                result["count_same"] += 1
            else:
                result["count_changed"] += 1
                if write:
                    link.write({"date": day})
        result["count_new"] = len(to_create)
        result["count_skipped"] = unknown + other
        result["detail"] = self.env._(
            "%(unknown)s links are with a school that we do not hold; %(other)s rows are not about a predecessor or "
            "successor, or contradict each other.",
            unknown=unknown,
            other=other,
        )
        if write:
            held.create(to_create)
        return result
