from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_list

STATES = [("new", "Nobody has seen it"), ("seen", "Seen")]
LONGEST = 5_000  # characters
TOLD_AGAIN = timedelta(minutes=10)  # pressing the button again sooner tells the same people nothing new
NO_ADDRESS = ("mail_email_invalid", "mail_email_missing")


class PepConcern(models.Model):
    """A child pressed *I want to tell someone* on its own page.

    Whoever is the child's VSEO at that moment and the council's safeguarding contact are told at once that they should
    look, by a mail that says neither what about nor why, and nothing else. With words or without. Never told, and never
    able to read it, is the adult who sat beside the child (``hidden_from_id``), whoever that is: a VSEO who opened
    the page is passed over, and the head is told instead.
    """

    _name = "pep.concern"
    _description = "A child who wants to tell someone"
    _inherit = ["pep.child.bound"]
    _child_parent = "session_id"
    _order = "said_on desc, id desc"

    session_id = fields.Many2one(
        "pep.voice.session", string="Visit", required=True, index=True, ondelete="restrict", readonly=True
    )
    plan_id = fields.Many2one("pep.plan", related="session_id.plan_id", store=True, index=True, precompute=True)
    said_on = fields.Datetime(string="When", required=True, readonly=True)
    words = fields.Text(string="In the child's words", readonly=True)
    opened_by_id = fields.Many2one(
        "res.users", string="Who was with the child", readonly=True, ondelete="restrict", help="Knows nothing of this."
    )
    hidden_from_id = fields.Many2one("res.users", string="Kept from", readonly=True, ondelete="restrict")
    state = fields.Selection(STATES, required=True, readonly=True, default="new", index=True)
    seen_by_id = fields.Many2one("res.users", string="Seen by", readonly=True, ondelete="restrict")
    seen_on = fields.Datetime(string="Seen on", readonly=True)
    told = fields.Char(string="Who was told", readonly=True)
    mails = fields.Char(compute="_compute_mails", help="Whether they have left the server.")
    mail_ids = fields.Many2many("mail.mail", readonly=True, groups=fields.NO_ACCESS)
    activity_ids = fields.Many2many("mail.activity", readonly=True, groups=fields.NO_ACCESS)

    def _compute_mails(self):
        for concern in self:
            mails = concern.sudo().mail_ids  # sudo: whether they were sent, for who may read what they are about
            sent = len(mails.filtered(lambda mail: mail.state == "sent"))
            concern.mails = self.env._("%(sent)s of %(all)s sent", sent=sent, all=len(mails)) if mails else False

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("This is what a child says on its own page."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("What a child said stays as it was said."))
        return super().write(vals)

    # === Telling ===

    @api.model
    def _raise(self, visit, words):
        """Keep it and tell those who should look.

        :param visit: ``pep.voice.session``
        :param words: what the child wrote, or nothing
        :return: whether there is anybody who has been told
        """
        now = fields.Datetime.now()
        recent = self.search(
            [("session_id", "=", visit.id), ("state", "=", "new"), ("said_on", ">", now - TOLD_AGAIN)], limit=1
        )
        concern = self.create(
            {
                "session_id": visit.id,
                "said_on": now,
                "words": (words or "").replace("\x00", "").strip()[:LONGEST] or False,
                "opened_by_id": visit.opened_by_id.id,
                "hidden_from_id": visit.opened_by_id.id,
            }
        )
        if recent.told:
            concern.told = recent.told
        else:
            concern._tell()
        return bool(concern.told)

    def _tell(self):
        self.ensure_one()
        users, contact = self._whom_to_tell()
        self.activity_ids = self._prepare_tasks(users)
        self.mail_ids = self._prepare_mails(users.partner_id | contact)
        self.told = format_list(self.env, [*users.mapped("name"), *contact.mapped("name")]) or False
        self.mail_ids.send_after_commit()

    def _whom_to_tell(self):
        """The child's VSEO and who covers for them now, or the heads where there is none but the helper; and the
        council's safeguarding contact.

        :return: (users, partner)
        """
        rows = self.env["pep.access"].search(
            [
                ("child_id", "=", self.child_id.id),
                ("role", "in", ["vseo", "head"]),
                ("valid_from", "<=", self.said_on),
                ("valid_to", ">", self.said_on),
                ("user_id", "!=", self.hidden_from_id.id),
                ("user_id.active", "=", True),
            ]
        )
        officers = rows.filtered(lambda row: row.role == "vseo").user_id
        contact = self.company_id.pep_safeguarding_id
        return officers or rows.user_id, contact - self.hidden_from_id.partner_id

    def _subject(self):
        return self.env._("%(reference)s: please look now", reference=self.child_reference)

    def _link(self):
        return f"{self.get_base_url()}/odoo/peps/{self.plan_id.id}"

    def _prepare_tasks(self, users):
        """A task for each of these users. It hangs on no record: on a record others than its owner would see it."""
        kind = self.env.ref("mail.mail_activity_data_todo")
        link = Markup('<p><a href="%s">%s</a></p>') % (self._link(), self.env._("Open it"))
        tasks = self.env["mail.activity"].with_user(SUPERUSER_ID).with_context(mail_activity_quick_update=True)
        return tasks.create(
            [
                {
                    "activity_type_id": kind.id,
                    "summary": self._subject(),
                    "note": link,
                    "user_id": user.id,
                    "date_deadline": self.company_id._pep_today(),
                }
                for user in users
            ]
        )

    def _prepare_mails(self, partners):
        """A mail to each of these partners, for themselves alone, in the council's words."""
        texts = self.env["pep.mail.text"]
        text = texts._of("concern", self.company_id)[self.company_id]
        vals_list = []
        for partner in partners:
            vals = text._prepare_mail(self.company_id, partner.email, [self.child_reference], self._link())
            if vals:
                vals_list.append({**vals, "email_to": False, "author_id": False, "recipient_ids": [(4, partner.id)]})
        return texts._queue(vals_list)

    @api.model
    def _cron_send_again(self):
        """Send what the mail server would not take, as long as nobody has seen the concern. Run as often as wanted."""
        failed = self.search([("state", "=", "new")]).mail_ids.filtered(
            lambda mail: mail.state == "exception" and mail.failure_type not in NO_ADDRESS
        )
        if failed:
            failed.mark_outgoing()
            failed.send()

    # === Looking ===

    def action_seen(self):
        """Button: I have seen it and see to it. Its tasks are done."""
        self.check_access("read")
        if not self.env.user.has_group("pep_module.group_pep_vseo"):
            raise AccessError(self.env._("The child's VSEO or the head of the virtual school says so."))
        if any(concern.state == "seen" for concern in self):
            raise UserError(self.env._("This has been seen already."))
        concerns = self.sudo()  # sudo: readable, checked just now; nothing else of it ever changes
        concerns.write({"state": "seen", "seen_by_id": self.env.uid, "seen_on": fields.Datetime.now()})
        concerns.activity_ids.unlink()

    def action_open_plan(self):
        """Button: the PEP on whose page it was said."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "pep.plan",
            "view_mode": "form",
            "res_id": self.plan_id.id,
        }
