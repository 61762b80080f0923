from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .pep_meeting import ATTENDEE_ROLES


class PepMeetingAttendee(models.Model):
    """Who was asked to a PEP meeting, in which role, and whether they came."""

    _name = "pep.meeting.attendee"
    _description = "Person at a PEP meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "meeting_id.id, role, id"

    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict")
    partner_id = fields.Many2one(
        "res.partner", string="Person", index="btree_not_null", ondelete="restrict", help="Empty for the child."
    )
    partner_name = fields.Char(string="Name then", readonly=True)
    role = fields.Selection(ATTENDEE_ROLES, required=True, default="other")
    attended = fields.Boolean(string="Was there")
    apologies = fields.Boolean()
    note = fields.Char(string="Written part or remark")

    _uniq = models.UniqueIndex(
        "(meeting_id, partner_id) WHERE partner_id IS NOT NULL", "This person is on the list already."
    )
    _one_child = models.UniqueIndex("(meeting_id) WHERE role = 'child'", "The child is on the list already.")
    _person = models.Constraint(
        "CHECK (role = 'child' OR partner_id IS NOT NULL)", "Say who: only the child has no contact."
    )

    @api.constrains("partner_id")
    def _check_contact_allowed(self):
        for attendee in self:
            barred = self.env["pep.network.member"].sudo()  # sudo: a bar on contact counts whether or not it is seen
            if attendee.partner_id and barred.search_count(
                [
                    ("child_id", "=", attendee.child_id.id),
                    ("partner_id", "=", attendee.partner_id.id),
                    ("must_not_contact", "=", True),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "This person must not have contact with %(reference)s.", reference=attendee.child_reference
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        partners = self.env["res.partner"].browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        names = {partner.id: partner.name for partner in partners}
        for vals in vals_list:
            vals["partner_name"] = names.get(vals.get("partner_id"), False)
        attendees = super().create(vals_list)
        attendees.meeting_id.plan_id._refuse_when_frozen()
        return attendees

    def write(self, vals):
        self.meeting_id.plan_id._refuse_when_frozen()
        return super().write(vals)

    def _snapshot(self):
        self.ensure_one()
        return {
            "name": self.partner_name or None,
            "role": self._label("role"),
            "attended": self.attended,
            "apologies": self.apologies,
            "note": self.note or None,
        }
