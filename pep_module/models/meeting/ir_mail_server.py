from odoo import models

from ...tools import mime


class IrMailServer(models.Model):
    """Mails with an invitation are built as calendars expect them."""

    _inherit = "ir.mail_server"

    def _build_email__(
        self,
        email_from,
        email_to,
        subject,
        body,
        email_cc=None,
        email_bcc=None,
        reply_to=False,
        attachments=None,
        message_id=None,
        references=None,
        object_id=False,
        subtype="plain",
        headers=None,
        body_alternative=None,
        subtype_alternative="plain",
    ):
        invitations = [file for file in attachments or () if mime.METHOD.match(file[2] or "")]
        message = super()._build_email__(
            email_from,
            email_to,
            subject,
            body,
            email_cc=email_cc,
            email_bcc=email_bcc,
            reply_to=reply_to,
            attachments=[file for file in attachments or () if file not in invitations],
            message_id=message_id,
            references=references,
            object_id=object_id,
            subtype=subtype,
            headers=headers,
            body_alternative=body_alternative,
            subtype_alternative=subtype_alternative,
        )
        for invitation in invitations:
            mime.add_calendar(message, invitation)
        return message
