from xmlrpc.client import Binary

from odoo import api, models
from odoo.tools.mail import email_split_and_format

from ...tools import mime

TAKEN = "pep_meeting_taken"


# Mails to a council's meeting address are taken in before Odoo's gateway reads them. Odoo would make a message of each,
# which whoever is told of it keeps for ever, would answer some, and stops at a charset that nobody knows.
# (A comment, as every model with messages would show a docstring as its own description.)
class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_process(
        self, model, message, custom_values=None, save_original=False, strip_attachments=False, thread_id=None
    ):
        raw = bytes(message.data) if isinstance(message, Binary) else message
        raw = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
        replies = self.env["pep.meeting.reply"]
        known = self.env.su or self.env.user._is_internal()  # whoever the mail server logs in as
        companies, others = replies._addressed(mime.headers_of(raw)) if known else (self.env["res.company"], True)
        if companies:
            replies._receive(companies, raw)
            if not others:
                return False
        thread = self.with_context(**{TAKEN: True}) if companies else self
        return super(MailThread, thread).message_process(
            model,
            message,
            custom_values=custom_values,
            save_original=save_original,
            strip_attachments=strip_attachments,
            thread_id=thread_id,
        )

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        if self.env.context.get(TAKEN):  # who else it went to
            councils = self.env["res.company"].sudo().search([("pep_meeting_alias_id", "!=", False)])  # sudo: gateway
            taken = set(councils.pep_meeting_alias_id.mapped("alias_full_name"))
            recipients = email_split_and_format(message_dict["recipients"])
            message_dict["recipients"] = ",".join(
                address for address in recipients if not any(mine in address.lower() for mine in taken)
            )
        return super().message_route(message, message_dict, model, thread_id, custom_values)
