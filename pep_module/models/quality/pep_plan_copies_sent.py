from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

SUPPORT = "pep_module.group_pep_support"
BY_HAND = [
    ("hand", "Handed over"),
    ("post", "By post"),
    ("secure", "By secure e-mail"),
]
HOW = [("mail", "Told by mail, reads it online"), *BY_HAND]


class PepPlanCopySent(models.Model):
    """That a copy of an issued PEP was sent: to whom, how, when and by whom.

    A mail holds no copy: it says that there is one, and its reader signs in. What is handed over or posted the virtual
    school notes here itself. Rows are made by :meth:`pep.plan._send_copies` alone and stay as they are.
    """

    _name = "pep.plan.copy.sent"
    _description = "Copy of a PEP that was sent"
    _inherit = ["pep.child.bound"]
    _child_parent = "copy_id"
    _order = "day desc, id desc"

    copy_id = fields.Many2one("pep.plan.copy", required=True, index=True, ondelete="restrict", readonly=True)
    plan_id = fields.Many2one(
        "pep.plan", string="PEP", related="copy_id.plan_id", store=True, index=True, precompute=True
    )
    role = fields.Selection(related="copy_id.role")
    version = fields.Integer(related="copy_id.version", aggregator=None)
    how = fields.Selection(HOW, required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Who", ondelete="restrict", index="btree_not_null", readonly=True
    )
    partner_name = fields.Char(string="To", readonly=True, help="As it was then.")
    note = fields.Char(readonly=True, help="To whom, where that is not plain from the role.")
    day = fields.Date(string="Sent on", required=True, readonly=True)
    sent_by_id = fields.Many2one("res.users", string="Sent by", required=True, readonly=True, ondelete="restrict")

    _mailed_once = models.UniqueIndex(
        "(copy_id, partner_id) WHERE how = 'mail'", "This person has been told of this copy already."
    )
    _by_hand_once = models.UniqueIndex("(copy_id) WHERE how <> 'mail'", "This copy is noted as sent already.")

    def write(self, vals):
        if self:
            raise UserError(self.env._("What was sent stays noted as it was."))
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("What was sent stays noted as it was."))
        return super().copy(default)


class PepPlanCopy(models.Model):
    _inherit = "pep.plan.copy"

    sent_ids = fields.One2many("pep.plan.copy.sent", "copy_id", string="Sent to whom", readonly=True, groups=SUPPORT)
    sent_words = fields.Char(string="Sent to", compute="_compute_sent_words", groups=SUPPORT)

    @api.depends("sent_ids")
    def _compute_sent_words(self):
        """To whom each copy was sent, and when: in words, the first first."""
        labels = dict(self.sent_ids._fields["how"]._description_selection(self.env))
        for copy in self:
            words = [
                self.env._(
                    "%(who)s, %(day)s",
                    who=row.partner_name or row.note or labels[row.how],
                    day=format_date(self.env, row.day, date_format="d MMM y"),
                )
                for row in copy.sent_ids.sorted(lambda row: (row.day, row.id))
            ]
            copy.sent_words = "; ".join(words) or False

    def _readers(self):
        """Who reads each of these copies online today.

        :return: dict of copy -> ``res.users``, empty where nobody with a login has the role
        """
        now = fields.Datetime.now()
        access = self.env["pep.access"].sudo()  # sudo: who reads what they are about to be told of
        groups = access._read_group(
            [
                ("child_id", "in", self.child_id.ids),
                ("role", "in", self.mapped("role")),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
                ("user_id.active", "=", True),
            ],
            ["child_id", "role"],
            ["user_id:recordset"],
        )
        users = {(child.id, role): users for child, role, users in groups}
        return {copy: users.get((copy.child_id.id, copy.role), access.user_id) for copy in self}

    def _label_in_mails(self):
        """What a mail calls the PEP. Names nobody. A parent is told the reference where others are told the school."""
        self.ensure_one()
        company = self.company_id.sudo()  # sudo: how the council words things is no secret of its own people
        label = self.child_reference
        if company.pep_mail_label == "label":
            label = company.pep_mail_label_text or label
        elif company.pep_mail_label == "school" and self.role not in ("parent", "child"):
            label = self.sudo().plan_id.school_name or label  # sudo: as other mails say it
        return self.env._("%(label)s: PEP of %(term)s", label=label, term=self.term_id.name)


class PepPlan(models.Model):
    """Copies go to those around the child once the PEP is issued; then its clock for copies stops."""

    _inherit = "pep.plan"

    copies_waiting = fields.Char(
        string="Copies still to be sent",
        compute="_compute_copies_waiting",
        groups=SUPPORT,
        help="For whom the latest version has a copy of which nothing says that it was sent.",
    )

    @api.depends("issue_version", "state", "copy_ids.sent_ids")
    def _compute_copies_waiting(self):
        issued = self._origin.filtered(lambda plan: plan.state == "complete")
        copies = self.env["pep.plan.copy"].search_fetch(
            [("plan_id", "in", issued.ids), ("sent_ids", "=", False)], ["plan_id", "role", "version"], order="id"
        )
        of_plan = copies.grouped("plan_id")
        for plan in self:
            mine = of_plan.get(plan._origin, copies.browse())
            latest = mine.filtered(lambda copy, plan=plan: copy.version == plan.issue_version)
            plan.copies_waiting = ", ".join(copy._label("role") for copy in latest) or False

    def _latest_copies(self):
        """The copies of the version that counts."""
        self.ensure_one()
        return self.copy_ids.filtered(lambda copy: copy.version == self.issue_version).sorted("id")

    def action_send_copies(self):
        """Button: open the form that says who gets a copy, and how."""
        self.ensure_one()
        self.check_access("write")
        self._refuse_unless("complete")
        if not self._latest_copies():
            raise UserError(self.env._("This version has no copies: your council's settings say which roles get one."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send the copies"),
            "res_model": "pep.plan.copies.send",
            "view_mode": "form",
            "target": "new",
            "context": {"default_plan_id": self.id},
        }

    def _send_copies(self, mailed, by_hand):
        """Tell people of the copies that they can read, and note those that were sent by hand. Nobody is told twice.

        :param mailed: ``pep.plan.copy`` records, whose readers are told
        :param by_hand: dict of copy -> (one of :data:`BY_HAND`, day, note or None)
        :return: how many mails are on their way
        :raise UserError: the PEP is not complete, a copy is of another version, or a day can't be right
        """
        self.ensure_one()
        self.check_access("write")
        self._refuse_unless("complete")
        copies = self._latest_copies()
        if (mailed | mailed.union(*by_hand)) - copies:
            raise UserError(self.env._("Only copies of the latest version are sent."))
        told = self._tell_readers(mailed)
        self._note_sent_by_hand(by_hand)
        self._note_copies_sent(copies)
        return told

    def _tell_readers(self, copies):
        council, today = self.company_id, self.company_id._pep_today()
        rows = self.env["pep.plan.copy.sent"].sudo()  # sudo: made by this method alone; may write was asked before
        known = copies.sudo().sent_ids  # sudo: as above
        told = {(row.copy_id.id, row.partner_id.id) for row in known if row.how == "mail"}
        text = self.env["pep.mail.text"]._of("copy", council)[council]
        rows_vals, mails = [], []
        for copy, users in copies._readers().items():
            url = f"{council.get_base_url()}/my/pep/copy/{copy.id}"
            for partner in users.partner_id:
                mail = text._prepare_mail(council, partner.email, [copy._label_in_mails()], url)
                if not mail or (copy.id, partner.id) in told:
                    continue
                mails.append(mail)
                rows_vals.append(
                    {
                        "copy_id": copy.id,
                        "how": "mail",
                        "partner_id": partner.id,
                        "partner_name": partner.name,
                        "day": today,
                        "sent_by_id": self.env.uid,
                    }
                )
        rows.create(rows_vals)
        self.env["pep.mail.text"]._queue(mails)
        return len(mails)

    def _note_sent_by_hand(self, by_hand):
        today = self.company_id._pep_today()
        issued = self.company_id._pep_local(self.completed_on).date()
        noted = self.env["pep.plan.copy"].union(*by_hand).sudo()  # sudo: as in _tell_readers
        if any(row.how != "mail" for row in noted.sent_ids):
            raise UserError(self.env._("One of these copies is noted as sent already."))
        if any(not issued <= day <= today for _how, day, _note in by_hand.values()):
            raise UserError(self.env._("A copy is sent on a day after it was issued, and not in the future."))
        rows = self.env["pep.plan.copy.sent"].sudo()  # sudo: as in _tell_readers
        rows.create(
            [
                {
                    "copy_id": copy.id,
                    "how": how,
                    "day": day,
                    "note": (note or "").strip() or False,
                    "sent_by_id": self.env.uid,
                }
                for copy, (how, day, note) in by_hand.items()
            ]
        )

    def _note_copies_sent(self, copies):
        """Once every copy has been sent, the PEP says since when; that stays, whoever is told later."""
        sent = copies.sudo()  # sudo: as in _tell_readers
        known = self.copies_sent_on and self.copies_sent_on >= self.completed_on
        if known or not all(copy.sent_ids for copy in sent):
            return
        day = max(min(copy.sent_ids.mapped("day")) for copy in sent)
        council = self.company_id
        moment = fields.Datetime.now()
        if day < council._pep_today():
            moment = max(council._pep_midnight_utc(day), self.completed_on)
        self.sudo().write({"copies_sent_on": moment})  # sudo: kept by the app; the clock for copies follows
