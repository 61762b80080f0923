from odoo import models


class CalendarPopoverDeleteWizard(models.TransientModel):
    """Odoo's dialog for deleting an event: it would mail those in it before the deletion is refused."""

    _inherit = "calendar.popover.delete.wizard"

    def action_send_mail_and_delete(self):
        self.calendar_event_id._pep_refuse_deleting()
        return super().action_send_mail_and_delete()
