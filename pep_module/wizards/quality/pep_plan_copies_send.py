from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...models.quality.pep_plan_copies_sent import BY_HAND


class PepPlanCopiesSend(models.TransientModel):
    """Who gets a copy of an issued PEP, and how: by mail those who read it online, the others from hand to hand."""

    _name = "pep.plan.copies.send"
    _description = "Sends the copies of a PEP"
    _inherit = ["pep.checked.draft"]

    plan_id = fields.Many2one("pep.plan", required=True, readonly=True)
    line_ids = fields.One2many("pep.plan.copies.send.line", "wizard_id", string="Copies")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        plan = self.env["pep.plan"].browse(values.get("plan_id"))
        if plan and "line_ids" in fields:
            lines = self.env["pep.plan.copies.send.line"]
            values["line_ids"] = [Command.create(vals) for vals in lines._prepare(plan._latest_copies())]
        return values

    def action_send(self):
        """Button: tell those whose copy is to be told of by mail, and note the others as sent.

        :raise UserError: nothing is chosen
        """
        self.ensure_one()
        mailed = self.line_ids.filtered("mail").copy_id
        by_hand = {line.copy_id: (line.how, line.day, line.note) for line in self.line_ids if line.how}
        if not mailed and not by_hand:
            raise UserError(self.env._("Tick who is to be told by mail, or say how a copy was sent."))
        told = self.plan_id._send_copies(mailed, by_hand)
        words = []
        if told:
            words.append(self.env._("Mails on their way: %(number)s.", number=told))
        if by_hand:
            words.append(self.env._("Noted as sent: %(number)s.", number=len(by_hand)))
        waiting = self.plan_id.copies_waiting
        words.append(
            self.env._("Still to be sent: %(who)s.", who=waiting) if waiting else self.env._("All copies are sent.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if waiting else "success",
                "message": " ".join(words),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class PepPlanCopiesSendLine(models.TransientModel):
    _name = "pep.plan.copies.send.line"
    _description = "One copy of a PEP to send"
    _inherit = ["pep.checked.draft"]

    wizard_id = fields.Many2one("pep.plan.copies.send", index=True, ondelete="cascade")
    copy_id = fields.Many2one("pep.plan.copy", required=True)
    role = fields.Selection(related="copy_id.role", string="Copy for")
    readers = fields.Char(string="Reads it online", compute="_compute_readers")
    may_mail = fields.Boolean(compute="_compute_readers")
    sent = fields.Char(related="copy_id.sent_words", string="Sent already")
    noted = fields.Boolean(string="Noted as sent", compute="_compute_noted")
    mail = fields.Boolean(string="Tell by mail")
    how = fields.Selection(BY_HAND, string="Or sent by hand")
    day = fields.Date(string="On", default=lambda self: self.env.company._pep_today())
    note = fields.Char(string="To whom", help="Where it is not plain from the role.")

    @api.model
    def _prepare(self, copies):
        """One line for each of these copies; the mail is ticked where it would tell somebody new."""
        return [{"copy_id": copy.id, "mail": bool(new)} for copy, _all, new in self._who(copies)]

    @api.model
    def _who(self, copies):
        """For each copy its readers with an address, and those of them who have not been told."""
        for copy, users in copies._readers().items():
            reached = users.partner_id.filtered("email")
            told = copy.sent_ids.filtered(lambda row: row.how == "mail").partner_id
            yield copy, reached, reached - told

    @api.depends("copy_id")
    def _compute_readers(self):
        who = {copy: (reached, new) for copy, reached, new in self._who(self.copy_id)}
        for line in self:
            reached, new = who.get(line.copy_id, (False, False))
            line.readers = ", ".join(reached.mapped("name")) if reached else self.env._("Nobody: sent by hand")
            line.may_mail = bool(new)

    @api.depends("copy_id")
    def _compute_noted(self):
        for line in self:
            line.noted = any(row.how != "mail" for row in line.copy_id.sent_ids)
