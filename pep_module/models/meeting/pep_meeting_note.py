from odoo import api, fields, models
from odoo.exceptions import AccessError


class PepMeetingNote(models.Model):
    """What one of the virtual school's staff noted at a meeting for colleagues alone.

    For adults, and not for the record that goes round: no issued version, no copy and no page of the portal has it.
    One a person and meeting, written by that person in the chair's view (:meth:`pep.meeting.chair_save`).
    """

    _name = "pep.meeting.note"
    _description = "Private note at a meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "meeting_id.id, id"

    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict", readonly=True)
    author_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    author_name = fields.Char(string="Name then", readonly=True)
    text = fields.Text(string="Private note", readonly=True)

    _uniq = models.UniqueIndex("(meeting_id, author_id)", "You have a note of this meeting already.")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Private notes are written in the chair's view."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Private notes are written in the chair's view."))
        return super().write(vals)

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"author_id"}
