"""Other records of Odoo that point at events of the calendar: at one of a PEP meeting none does."""

from odoo import api, models
from odoo.exceptions import UserError


class MailActivity(models.Model):
    _inherit = "mail.activity"

    @api.constrains("calendar_event_id", "res_model")
    def _check_pep_calendar(self):
        """A task moves the event that it is linked to, and the event shows what the task says."""
        for activity in self.filtered("calendar_event_id"):
            event = activity.sudo().calendar_event_id  # sudo: whose event it is
            if event.pep_child_id or event._pep_about_child(activity.res_model):
                self._pep_refuse_event()

    def action_create_calendar_event(self):
        if self.env["calendar.event"]._pep_about_child(self.res_model):
            self._pep_refuse_event()
        return super().action_create_calendar_event()

    def _pep_refuse_event(self):
        raise UserError(
            self.env._(
                "A task about a child does not go into the calendar, where every employee can see it. A PEP meeting "
                "is planned from the PEP."
            )
        )


class CalendarRecurrence(models.Model):
    _inherit = "calendar.recurrence"

    @api.constrains("base_event_id")
    def _check_pep_meeting(self):
        """A PEP meeting is not the first of a row that Odoo copies from it."""
        if self.sudo().base_event_id.pep_child_id:  # sudo: whose event it is
            raise UserError(self.env._("A PEP meeting does not repeat. Plan the next one from the next PEP."))
