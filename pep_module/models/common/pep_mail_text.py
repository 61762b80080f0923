from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, formataddr

CODES = [
    ("daily", "What is due, once a day"),
    ("mailbox", "What is due, to a school's shared mailbox"),
    ("invite", "Invitation with a new login"),
    ("linked", "Invitation of somebody who has a login"),
    ("concern", "Somebody has to look now"),
    ("meeting_offer", "Several times are offered for a meeting"),
    ("meeting_offer_over", "Times are not offered any more"),
    ("meeting", "Invitation to a meeting"),
    ("meeting_changed", "A meeting has changed"),
    ("meeting_cancelled", "Not to come to a meeting after all"),
    ("meeting_written", "Asked to write instead of coming to a meeting"),
    ("copy", "A finished PEP is there to read"),
]
WORDS = ("subject", "intro", "closing", "button")
# What other programs fill in. Here it would be sent as it stands, and whoever wrote it would not expect that.
MARKS = ("{{", "}}", "${", "{%", "<t ")


class PepMailText(models.Model):
    """The words of a mail that the app sends, as the council wants them.

    Plain words: nothing is filled in. What a mail is about is listed by the app between the first words and the last,
    by reference or by whatever else names nobody, so that no wording can let a child's name out.
    """

    _name = "pep.mail.text"
    _description = "Words of a mail"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = ("name", "sequence", "code", *WORDS)

    template_id = fields.Many2one("pep.mail.text")
    name = fields.Char(string="Mail", translate=False, readonly=True)
    code = fields.Selection(CODES, string="When", required=True, readonly=True)
    subject = fields.Char(required=True, help="No name and no reference: subjects are read over shoulders.")
    intro = fields.Text(string="First words", required=True)
    closing = fields.Text(string="Last words")
    button = fields.Char(string="Words of the link", required=True, default="Open")

    _code_uniq = models.UniqueIndex("(COALESCE(company_id, 0), code)", "There is this mail already.")

    @api.constrains(*WORDS)
    def _check_plain_words(self):
        for text in self:
            for name in WORDS:
                mark = next((mark for mark in MARKS if mark in (text[name] or "")), None)
                if mark:
                    raise ValidationError(
                        self.env._(
                            "“%(mark)s” would be sent as it stands: mails hold plain words, and nothing is filled in.",
                            mark=mark,
                        )
                    )

    @api.model
    def _of(self, code, companies):
        """The text with this code of each of these councils; the app's own where a council has none.

        :return: dict of ``res.company`` -> ``pep.mail.text``
        """
        texts = self.sudo().with_context(active_test=False)  # sudo: the words of a mail are no secret of its recipient
        rows = texts.search([("code", "=", code), ("company_id", "in", [False, *companies.ids])])
        of_council = {row.company_id: row for row in rows}
        return {company: of_council.get(company) or of_council[self.env["res.company"]] for company in companies}

    @api.model
    def _send(self, code, company, partner, items=(), url=None, keep=True):
        """Put one mail in the queue.

        :param str code: one of :data:`CODES`
        :param company: the council whose words and address it has
        :param partner: who gets it, at the address of the contact
        :param items: lines of plain text that name nobody
        :param str url: where the link leads; none: no link
        :param bool keep: whether the mail is kept once it is sent; not, if the link lets somebody in
        :return: the ``mail.mail`` record, empty where the contact has no address
        """
        text = self._of(code, company)[company]
        vals = text._prepare_mail(company, partner.sudo().email, items, url, keep)  # sudo: only the address
        return self._queue([vals] if vals else [])

    @api.model
    def _queue(self, vals_list):
        """These mails, from the values that :meth:`_prepare_mail` gave.

        They belong to the system: Odoo lets whoever made a mail read it, and an invitation holds a way in.
        """
        return self.env["mail.mail"].with_user(SUPERUSER_ID).create(vals_list)

    def _prepare_mail(self, company, email, items=(), url=None, keep=True):
        """Values of one mail to a bare address: nobody's name is in its headers, and nobody follows anything by it."""
        self.ensure_one()
        address = email_normalize(email or "")
        if not address:
            return None
        sender = company.email_formatted or formataddr((company.name, company._pep_server_email()))
        body = self.env["ir.qweb"]._render(
            "pep_module.mail_text_body",
            {
                "council": company.name,
                "before": self._paragraphs(self.intro),
                "items": items,
                "after": self._paragraphs(self.closing),
                "url": url,
                "button": self.button,
            },
            minimal_qcontext=True,
        )
        return {
            "subject": self.subject,
            "body_html": body,
            "email_from": sender,
            "reply_to": sender,
            "email_to": address,
            "author_id": company.partner_id.id,
            "auto_delete": not keep,
            "message_type": "email_outgoing",
            "headers": repr({"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}),
        }

    @api.model
    def _paragraphs(self, words):
        return [line.strip() for line in (words or "").splitlines() if line.strip()]
