from odoo import models
from odoo.exceptions import UserError


class PepThread(models.AbstractModel):
    """Chatter on records under need to know.

    Whoever is told of a message can read it for ever, record or no record. So nobody follows a record, is mentioned in
    a message or told of one who may not read the record; and a message never carries the name that a screen shows.

    A record has readers with a portal login: school, carer, parent. What staff write to each other beside it is not for
    them; they read what they are sent.
    """

    _name = "pep.thread"
    _description = "Chatter under need to know"
    _inherit = ["mail.thread"]

    def _pep_readers(self, partner_ids):
        """Those of these partners who have a login with which they may read all of these records."""
        partners = self.env["res.partner"].sudo().browse(partner_ids or [])  # sudo: whoever posts need not see contacts
        return partners.filtered(lambda partner: any(self._pep_may_read(user) for user in partner.user_ids))

    def _pep_may_read(self, user):
        records = self.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        return records.has_access("read")

    def _pep_readable_by(self, user):
        """Those of these records that a user may read. One query, however many."""
        records = self.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        if not records.browse().has_access("read"):
            return self.browse()
        return self.browse(records._filtered_access("read").ids)

    def _pep_refuse_strangers(self, partner_ids):
        strangers = set(partner_ids or ()) - set(self._pep_readers(partner_ids).ids)
        if strangers:
            raise UserError(
                self.env._("A message about a child goes only to people who may read this record. Take the others out.")
            )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        operations = super()._mail_get_operation_for_mail_message_operation(message_operation)
        # nobody with a portal login may write any record
        return operations if self.env.user._is_internal() else dict.fromkeys(operations, "write")

    def _message_auto_subscribe_followers(self, updated_values, default_subtype_ids):
        return []

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        """Leave out who may not read the record: being given a task, or being mentioned, opens nothing.

        The daily watch gives tasks by the hundred (``pep_nobody_follows``): nobody gets all messages by one of them.
        """
        if self.env.context.get("pep_nobody_follows"):
            return True
        partners = self.env["res.partner"].sudo().browse(partner_ids or [])  # sudo: as in _pep_readers
        for partner in partners:
            readable = self.browse().union(*(self._pep_readable_by(user) for user in partner.user_ids))
            if readable:
                super(PepThread, readable)._message_subscribe(partner.ids, subtype_ids, customer_ids=customer_ids)
        return True

    def message_post(self, *, partner_ids=None, **kwargs):
        self._pep_refuse_strangers(partner_ids)
        record = self.with_context(pep_show_name=False)
        return super(PepThread, record).message_post(partner_ids=partner_ids, **kwargs)

    def message_notify(self, *, partner_ids=False, **kwargs):
        self._pep_refuse_strangers(partner_ids)
        record = self.with_context(pep_show_name=False)
        return super(PepThread, record).message_notify(partner_ids=partner_ids, **kwargs)
