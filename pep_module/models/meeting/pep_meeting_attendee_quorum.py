from odoo import api, models
from odoo.exceptions import UserError

# Of a person on the list: what decides whether somebody who must be there is missing.
DECIDES = {"needed", "invitation", "answer", "role", "written"}


class PepMeetingAttendee(models.Model):
    """Whether a person who must be there comes, came, or has their say in writing."""

    _inherit = "pep.meeting.attendee"

    @api.onchange("role")
    def _onchange_role(self):
        """A person who is added must be there if the council's rule asks for the role."""
        meeting = self.meeting_id
        if meeting.company_id and not meeting.is_extra:
            self.needed = self.role in meeting.company_id.sudo()._pep_quorum_roles()  # sudo: a rule, no secret

    @api.model_create_multi
    def create(self, vals_list):
        asked = [vals for vals in vals_list if "needed" not in vals and vals.get("meeting_id")]
        meetings = self.env["pep.meeting"].browse({vals["meeting_id"] for vals in asked})
        termly = meetings.filtered(lambda meeting: not meeting.is_extra)
        rules = {council.id: roles for council, roles in termly._needed_roles().items()}
        for vals in asked:
            meeting = meetings.browse(vals["meeting_id"])
            vals["needed"] = meeting in termly and vals.get("role", "other") in rules[meeting.company_id.id]
        attendees = super().create(vals_list)
        attendees._settle_quorum()
        return attendees

    def write(self, vals):
        result = super().write(vals)
        if DECIDES & vals.keys():
            self._settle_quorum()
        return result

    def _settle_quorum(self):
        """Somebody else with the role was added, or need not come after all: nobody has to rearrange any more."""
        meetings = self.meeting_id.sudo()  # sudo: the app's own to-do
        meetings.filtered("rearrange_todo_id")._check_quorum()

    def _after_answer(self):
        result = super()._after_answer()
        declined = self.filtered(lambda person: person.needed and person.answer == "declined")
        declined.meeting_id._check_quorum(declined=True)
        return result

    def _set_written_part(self, text):
        self.ensure_one()
        if self.meeting_id.plan_id.state == "complete" and self.meeting_id.is_frozen:
            raise UserError(
                self.env._("This PEP has been finished in the meantime. Please send it to the virtual school.")
            )
        return super()._set_written_part(text)

    # === For staff, who are told ===

    def action_open(self):
        """Button: everything about one person on the list."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self._label("role"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(self.env.ref("pep_module.pep_meeting_attendee_view_form").id, "form")],
            "res_id": self.id,
            "target": "new",
        }

    def action_comes(self):
        """Button: this person told us that they come."""
        return self._answer_told("accepted")

    def action_perhaps(self):
        """Button: this person told us that they may come."""
        return self._answer_told("tentative")

    def action_declines(self):
        """Button: this person told us that they can't come."""
        return self._answer_told("declined")

    def _answer_told(self, answer):
        self.check_access("write")  # who was invited answers on the own page
        self.action_answer(answer)
        return {"type": "ir.actions.act_window_close"}
