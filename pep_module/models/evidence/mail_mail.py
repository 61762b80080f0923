from markupsafe import Markup

from odoo import models, tools


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _prepare_outgoing_body(self):
        """A file about a child is never sent by mail: the mail links to it, and the link asks for the login.

        Odoo leaves out of a mail the attachments that its body links to.
        """
        body = super()._prepare_outgoing_body()
        files = self.attachment_ids._pep_guarded()
        if not files:
            return body
        links = Markup(" ").join(
            Markup('<a href="%s/web/content/%s?download=1">%s</a>') % (self.get_base_url(), file.id, number)
            for number, file in enumerate(files, 1)
        )
        words = Markup("<p>%s %s</p>") % (self.env._("Files in the record, for who is logged in:"), links)
        return tools.mail.append_content_to_html(body, words, plaintext=False)
