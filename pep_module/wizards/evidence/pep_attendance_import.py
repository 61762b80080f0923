from odoo import api, fields, models
from odoo.exceptions import UserError

TYPED = {"file", "school_id"}


class PepAttendanceImport(models.TransientModel):
    """Form: one file of attendance, from a school or an attendance collector, for all its children.

    Checked first, and taken in as a whole or not at all. Nothing of the file is kept.
    """

    _name = "pep.attendance.import"
    _description = "Import of a file of attendance"

    file = fields.Binary(string="CSV file", attachment=False, exportable=False)
    school_id = fields.Many2one(
        "res.partner",
        domain=[("pep_is_school", "=", True)],
        help="Of rows that have no URN. Empty: each child's own school at that time.",
    )
    state = fields.Selection(
        [("draft", "File"), ("checked", "Checked"), ("done", "Imported")], default="draft", required=True, readonly=True
    )
    kind = fields.Selection([("register", "Register"), ("totals", "Totals")], string="Content", readonly=True)
    row_count = fields.Integer(string="Rows", readonly=True)
    new_count = fields.Integer(string="New periods", readonly=True)
    changed_count = fields.Integer(string="Periods brought up to date", readonly=True)
    same_count = fields.Integer(string="Periods that stay the same", readonly=True)
    error_count = fields.Integer(string="Mistakes", readonly=True)
    line_ids = fields.One2many("pep.attendance.import.line", "import_id", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{name: vals[name] for name in vals if name in TYPED} for vals in vals_list])

    def write(self, vals):
        """Another file or school has not been checked yet; what a check found is written by the form alone."""
        if not self.env.su:
            vals = {name: value for name, value in vals.items() if name in TYPED}
            if vals:
                self._note({"state": "draft", "error_count": 0}, [])
        return super().write(vals)

    def _note(self, vals, errors):
        lines = [fields.Command.clear(), *map(fields.Command.create, errors)]
        self.sudo().write({**vals, "line_ids": lines})  # sudo: what a check found is nobody's to type

    def action_check(self):
        """Button: say what the file would change, or what is wrong with it in which row and column. Writes nothing."""
        return self._run(write=False)

    def action_import(self):
        """Button: take the file in, as a whole. With an error in any row nothing is written."""
        return self._run(write=True)

    def _run(self, write):
        self.ensure_one()
        self.check_access("write")
        if self.state == "done":
            raise UserError(self.env._("This file was imported. Start again with another."))
        content = self.with_context(bin_size=False).file
        if not content:
            raise UserError(self.env._("Choose a file first."))
        result = self.env["pep.attendance"].action_import_file(content, self.school_id.id, write)
        done = write and not result["error_count"]
        self._note(
            {
                "state": "done" if done else "checked",
                "kind": result["kind"],
                "row_count": result["rows"],
                "new_count": result["new"],
                "changed_count": result["changed"],
                "same_count": result["same"],
                "error_count": result["error_count"],
                **({"file": False} if done else {}),
            },
            result["errors"],
        )
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_attendance_import_action")
        return {**action, "res_id": self.id}


class PepAttendanceImportLine(models.TransientModel):
    """Form: what is wrong in one row of the file."""

    _name = "pep.attendance.import.line"
    _description = "What is wrong in a file of attendance"
    _order = "id"

    import_id = fields.Many2one("pep.attendance.import", required=True, index=True, ondelete="cascade", readonly=True)
    row = fields.Integer(readonly=True)
    column = fields.Char(readonly=True)
    message = fields.Char(string="What is wrong", readonly=True)
