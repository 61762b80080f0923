from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError

KEPT_DAYS = 30


class PepMeetingStray(models.Model):
    """A mail to a council's meeting address that fits no meeting.

    Nobody can tell which child it is about, if any, so nobody but the head of the virtual school reads it, who may
    read every child's record. The head puts it to a meeting, where that child's staff find it, or sets it aside; what
    was set aside is deleted after :data:`KEPT_DAYS` days, as it belongs to no child's record.
    """

    _name = "pep.meeting.stray"
    _description = "Mail that fits no meeting"
    _inherit = ["pep.checked.draft"]
    _order = "received_on desc, id desc"

    company_id = fields.Many2one(
        "res.company", string="Council", required=True, index=True, ondelete="restrict", readonly=True
    )
    received_on = fields.Datetime(string="Came on", required=True, readonly=True, default=fields.Datetime.now)
    sender = fields.Char(string="From", readonly=True)
    subject = fields.Char(readonly=True)
    words = fields.Text(string="What it says", readonly=True)
    file_count = fields.Integer(string="Files with it", readonly=True, aggregator=None)
    original = fields.Binary(string="The mail as it came", attachment=True, readonly=True)
    original_name = fields.Char(compute="_compute_original_name")
    too_large = fields.Boolean(readonly=True, help="Only the words were kept: ask the sender for the files.")
    mail_key = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    meeting_id = fields.Many2one(
        "pep.meeting", string="Belongs to the meeting", index="btree_not_null", ondelete="restrict"
    )
    state = fields.Selection(
        [("new", "To look at"), ("filed", "Put to a meeting"), ("aside", "Set aside")],
        required=True,
        readonly=True,
        default="new",
    )
    seen_by_id = fields.Many2one("res.users", string="Seen by", readonly=True, ondelete="restrict")
    seen_on = fields.Datetime(string="Seen on", readonly=True)
    todo_ids = fields.Many2many("mail.activity", readonly=True, groups=fields.NO_ACCESS)

    _mail_uniq = models.UniqueIndex("(company_id, mail_key)", "This mail is here already.")
    _new_index = models.Index("(company_id) WHERE state = 'new'")

    def _compute_display_name(self):
        """Neither sender nor subject: a page's title is no secret."""
        for mail in self:
            mail.display_name = self.env._("Mail %(number)s", number=mail.id)

    def _compute_original_name(self):
        for mail in self:
            mail.original_name = "mail.eml"

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("These are mails that came to the council's meeting address."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and vals.keys() - {"meeting_id"}:
            raise AccessError(self.env._("A mail stays as it came."))
        if not self.env.su and any(mail.state != "new" for mail in self):
            raise UserError(self.env._("This mail has been seen to already."))
        return super().write(vals)

    @api.autovacuum
    def _gc_set_aside(self):
        """What is about no child is not kept."""
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        old = self.search([("state", "=", "aside"), ("seen_on", "<", before)], limit=1000)
        old.unlink()
        return len(old), len(old) == 1000

    # === Mails that come in ===

    @api.model
    def _keep(self, mail):
        """Keep a mail that fits no meeting, once, and ask the heads to look."""
        if self.search_count([("company_id", "=", mail.company.id), ("mail_key", "=", mail.key)], limit=1):
            return
        vals = self.env["pep.meeting.reply"]._prepare_mail_vals(mail)
        self.create([{**vals, "company_id": mail.company.id}])._ask_to_look()

    def _ask_to_look(self):
        """One to-do for each head, however many mails come. It hangs on no record and says nothing of them."""
        for company in self.company_id:
            rows = self.search([("company_id", "=", company.id), ("state", "=", "new")])
            if rows.todo_ids:
                continue
            group = self.env.ref("pep_module.group_pep_head")
            heads = group.all_user_ids.filtered(
                lambda user, company=company: user.active and company in user.company_ids
            )
            link = Markup('<p><a href="%s">%s</a></p>') % (
                f"{company.get_base_url()}/odoo/pep-mails-without-a-meeting",
                self.env._("Open the list"),
            )
            todos = self.env["mail.activity"].with_user(SUPERUSER_ID).with_context(mail_activity_quick_update=True)
            todos = todos.create(
                [
                    {
                        "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                        "summary": self.env._("A mail that fits no meeting: please look"),
                        "note": link,
                        "user_id": head.id,
                        "date_deadline": company._pep_today(),
                    }
                    for head in heads
                ]
            )
            rows[:1].write({"todo_ids": [(6, 0, todos.ids)]})

    # === Looking ===

    def action_file(self):
        """Button: put these mails to the meetings chosen, where the children's staff see to them."""
        self._check_head()
        if any(mail.state != "new" or not mail.meeting_id for mail in self):
            raise UserError(self.env._("Choose the meeting first."))
        self.meeting_id.check_access("read")
        if any(mail.meeting_id.company_id != mail.company_id for mail in self):
            raise UserError(self.env._("That is a meeting of another council."))
        mails = self.sudo()  # sudo: mails stay as they came; the head puts them where they belong
        self.env["pep.meeting.reply"].sudo().create(  # sudo: the same
            [
                {
                    "meeting_id": mail.meeting_id.id,
                    "attendee_id": mail.meeting_id._person_at(mail.sender).id,
                    "received_on": mail.received_on,
                    "sender": mail.sender,
                    "subject": mail.subject,
                    "words": mail.words,
                    "why": "human",
                    "file_count": mail.file_count,
                    "original": mail.original,
                    "too_large": mail.too_large,
                    "mail_key": mail.mail_key,
                }
                for mail in mails
            ]
        )
        # from here on it is in the child's record, and nowhere else
        mails.write({"words": False, "subject": False, "original": False})
        self._see_to("filed")

    def action_set_aside(self):
        """Button: these are about no meeting. They are deleted after a while."""
        self._check_head()
        if any(mail.state != "new" for mail in self):
            raise UserError(self.env._("This mail has been seen to already."))
        self._see_to("aside")

    def _check_head(self):
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("pep_module.group_pep_head")):
            raise AccessError(self.env._("The head of the virtual school sees to these mails."))

    def _see_to(self, state):
        mails = self.sudo()  # sudo: checked by the buttons
        mails.write({"state": state, "seen_by_id": self.env.uid, "seen_on": fields.Datetime.now()})
        for company in mails.company_id:
            rows = mails.search([("company_id", "=", company.id), ("todo_ids", "!=", False)])
            if not mails.search_count([("company_id", "=", company.id), ("state", "=", "new")], limit=1):
                rows.todo_ids.unlink()
