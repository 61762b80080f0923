from odoo import fields, models

from ...tools.mime import CALENDAR, FILE_NAME


class MailMail(models.Model):
    """A mail may carry an invitation for calendars."""

    _inherit = "mail.mail"

    pep_ical = fields.Text(string="For calendars", copy=False, readonly=True, groups=fields.NO_ACCESS)
    pep_ical_method = fields.Char(copy=False, readonly=True, groups=fields.NO_ACCESS)

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        results = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        mail = self.sudo()  # sudo: read by nobody but whoever sends it
        if mail.pep_ical:
            kind = CALENDAR.format(method=mail.pep_ical_method)
            for email in results:
                email["attachments"] = [*email["attachments"], (FILE_NAME, mail.pep_ical.encode(), kind)]
        return results
