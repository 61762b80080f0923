from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

TEMPLATE_MODELS = (
    "pep.kind",
    "pep.gate.reason",
    "pep.document.type",
    "pep.section",
    "pep.question",
    "pep.target.area",
    "pep.fund",
    "pep.mail.text",
    "pep.rubric",
    "pep.deadline.rule",
)


class ResCompany(models.Model):
    """A council. Every figure here is a rule that councils word differently: a default that can be changed."""

    _inherit = "res.company"

    pep_tz = fields.Selection(
        selection=lambda self: [(tz, tz) for tz in sorted(pytz.common_timezones)],
        string="Time zone of the council",
        default="Europe/London",
        required=True,
        help="Decides what day it is, whoever asks and wherever the server stands.",
    )
    pep_access_ids = fields.One2many(
        "pep.access", "company_id", groups="pep_module.group_pep_head", help="Who sees the money of the whole council."
    )
    pep_age_from = fields.Integer(
        string="PEPs from age", default=3, help="A child has a PEP from this birthday on (years)."
    )
    pep_age_to = fields.Integer(
        string="PEPs until age", default=18, help="A child has no further PEP from this birthday on (years)."
    )
    pep_contribution_days = fields.Integer(
        string="Other parts due before the meeting (days)",
        default=5,
        help="Calendar days before the PEP meeting by which the child, the carer and others have said theirs. Of the "
        "school's and the social worker's part see Configuration, Clocks.",
    )
    pep_document_max_mb = fields.Integer(
        string="Largest document (MB)", default=10, help="A larger file is refused. A type of document may allow less."
    )
    pep_meeting_title = fields.Char(
        string="Meetings are called",
        default="PEP meeting",
        required=True,
        help="In calendars and invitations, before the reference or whatever else stands for the child. Never a name.",
    )
    pep_meeting_hours = fields.Float(string="A meeting lasts (hours)", default=1.0)
    pep_attendance_expected = fields.Float(string="Expected attendance (%)", default=95.0)
    pep_attendance_support = fields.Float(string="Attendance that needs support below (%)", default=96.0)
    pep_attendance_persistent = fields.Float(string="Persistent absence at or below (%)", default=90.0)
    pep_attendance_severe = fields.Float(string="Severe absence at or below (%)", default=50.0)
    pep_voice_pause = fields.Integer(
        string="Child's page closes after (minutes)",
        default=10,
        help="Minutes without activity after which the child's page closes by itself.",
    )
    pep_voice_code_age = fields.Integer(
        string="A code of their own from age",
        default=13,
        help="From this birthday on a young person may use a code (years).",
    )
    pep_voice_code_days = fields.Integer(
        string="A code counts for (days)",
        default=14,
        help="Days after which a code for the child's page opens nothing.",
    )
    pep_safeguarding_id = fields.Many2one(
        "res.partner",
        string="Safeguarding contact",
        ondelete="restrict",
        help="Is told at once, beside the VSEO, when a child wants to tell someone. Without content or name.",
    )
    pep_target_number = fields.Integer(
        string="Targets in a PEP", default=3, help="How many targets a PEP is expected to have."
    )
    pep_mail_days_ahead = fields.Integer(
        string="Mails tell of what is due within (days)",
        default=10,
        help="Once a day, whoever has something to hand in within so many days, or late, gets one mail.",
    )
    pep_action_reminder_days = fields.Integer(
        string="Reminded of an action before it is due (days)",
        default=3,
        help="Calendar days before the day agreed. In the same mail a day that tells of parts to hand in.",
    )
    pep_mail_weekends = fields.Boolean(string="Mails at weekends")
    pep_mail_label = fields.Selection(
        [
            ("reference", "The child's reference"),
            ("school", "The school"),
            ("label", "Words of the council's own"),
        ],
        string="Mails speak of a child by",
        required=True,
        default="reference",
        help="Never by name. A parent is told the reference where others are told the school.",
    )
    pep_mail_label_text = fields.Char(string="Words for a child in mails", default="A PEP")
    pep_colleague_any_domain = fields.Boolean(
        string="Colleagues with any address",
        help="A teacher may add colleagues whose e-mail address ends differently from the teacher's own.",
    )
    pep_go_live = fields.Date(
        string="Going live on",
        default=lambda self: self.env.company._pep_today(),
        help="Terms that ended before this date are never opened, and no clock starts for what happened before it.",
    )
    pep_open_ahead_days = fields.Integer(
        string="The coming term is opened before it begins (days)",
        default=14,
        help="Calendar days before its first day on which its PEPs are made. 0: on the first day. At most 28.",
    )
    pep_autumn_start = fields.Char(string="Autumn term begins", default="09-01", required=True, help="Month-day.")
    pep_spring_start = fields.Char(string="Spring term begins", default="01-01", required=True, help="Month-day.")
    pep_summer_start = fields.Char(string="Summer term begins", default="04-16", required=True, help="Month-day.")

    # Who gets a copy of a PEP that is issued
    pep_copy_teacher = fields.Boolean(string="The school", default=True)
    pep_copy_social_worker = fields.Boolean(string="The social worker", default=True)
    pep_copy_carer = fields.Boolean(string="The carer", default=True)
    pep_copy_parent = fields.Boolean(
        string="Parents", help="Their own part, and what else parents may read. Off unless the council decides so."
    )
    pep_copy_iro = fields.Boolean(string="The reviewing officer", default=True)
    pep_copy_child = fields.Boolean(
        string="The child", default=True, help="Their own words, the targets, the next meeting: for you to hand over."
    )

    @api.constrains("pep_mail_days_ahead", "pep_action_reminder_days", "pep_mail_label", "pep_mail_label_text")
    def _check_pep_mail(self):
        for company in self:
            if company.pep_mail_days_ahead < 0 or company.pep_action_reminder_days < 0:
                raise ValidationError(self.env._("Mails tell of what is due today, or within some days from today."))
            if company.pep_mail_label == "label" and not (company.pep_mail_label_text or "").strip():
                raise ValidationError(self.env._("Which words should mails use for a child?"))

    @api.constrains("pep_age_from", "pep_age_to")
    def _check_pep_ages(self):
        for company in self:
            if not 0 <= company.pep_age_from < company.pep_age_to <= 26:
                raise ValidationError(
                    self.env._("The age at which PEPs begin must come before the age at which they end.")
                )

    @api.constrains("pep_open_ahead_days")
    def _check_pep_open_ahead_days(self):
        for company in self:
            if not 0 <= company.pep_open_ahead_days <= 28:
                raise ValidationError(
                    self.env._("The coming term is opened from 0 to 28 days before it begins: earlier is too early.")
                )

    @api.constrains("pep_document_max_mb")
    def _check_pep_document_max_mb(self):
        for company in self:
            if not 1 <= company.pep_document_max_mb <= 100:
                raise ValidationError(self.env._("The largest document has from 1 to 100 MB."))

    @api.constrains("pep_voice_pause", "pep_voice_code_age", "pep_voice_code_days")
    def _check_pep_voice(self):
        for company in self:
            if not 2 <= company.pep_voice_pause <= 60:
                raise ValidationError(self.env._("The child's page closes after 2 to 60 minutes without activity."))
            if not 1 <= company.pep_voice_code_days <= 90:
                raise ValidationError(self.env._("A code for the child's page counts for 1 to 90 days."))
            if company.pep_voice_code_age < 8:
                raise ValidationError(self.env._("A child younger than 8 is helped by an adult, not by a code."))

    @api.constrains("pep_autumn_start", "pep_spring_start", "pep_summer_start")
    def _check_pep_term_starts(self):
        for company in self:
            company._pep_term_starts(2000)

    def _pep_term_starts(self, academic_year):
        """First day of each term of an academic year, by the council's rule.

        :param int academic_year: the year in which it begins (2026 for 2026/27)
        :return: list of (season, date) in order of date
        :raise ValidationError: a month-day that does not exist every year, or terms out of order
        """
        self.ensure_one()
        rules = [("autumn", self.pep_autumn_start, 0), ("spring", self.pep_spring_start, 1)]
        rules.append(("summer", self.pep_summer_start, 1))
        starts = []
        for season, month_day, offset in rules:
            try:
                day = datetime.strptime(f"{academic_year + offset}-{month_day}", "%Y-%m-%d").date()
            except ValueError:
                day = None
            if day is None or (day.month, day.day) == (2, 29) or (starts and day <= starts[-1][1]):
                raise ValidationError(
                    self.env._(
                        "Terms begin on a month and day such as 09-01, in the order autumn, spring, summer: "
                        "“%(value)s” does not fit.",
                        value=month_day,
                    )
                )
            starts.append((season, day))
        return starts

    def _pep_today(self):
        """Today's date on the wall clock of the council."""
        self.ensure_one()
        return self._pep_local(fields.Datetime.now()).date()

    def _pep_local(self, moment):
        """A naive UTC datetime as an aware one in the council's zone."""
        self.ensure_one()
        return pytz.utc.localize(moment).astimezone(pytz.timezone(self.pep_tz or "Europe/London"))

    @api.model
    def _pep_server_email(self):
        """The address of the system itself, for a council without one. Asks the database once, not for each mail."""
        root = self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
        return self.env["res.partner"].sudo().browse(root).email or ""  # sudo: the address alone

    def _pep_midnight_utc(self, day):
        """The naive UTC datetime at which ``day`` begins in the council."""
        self.ensure_one()
        zone = pytz.timezone(self.pep_tz or "Europe/London")
        return zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc).replace(tzinfo=None)

    def _pep_rules(self):
        """The council's figures as they are now, to be kept with each PEP: a later change moves no old PEP."""
        self.ensure_one()
        names = [
            name for name in self._fields if name.startswith("pep_") and self._fields[name].type in ("float", "integer")
        ]
        return {name: self[name] for name in names}

    def _pep_copy_roles(self):
        """The roles for which a copy is made of each PEP that is issued."""
        self.ensure_one()
        roles = [role for role, _label in self.env["pep.plan.copy"]._fields["role"].selection]
        return [role for role in roles if self[f"pep_copy_{role}"]]

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._pep_load_templates()
        return companies

    def write(self, vals):
        users = self.sudo().user_ids if "user_ids" in vals else None  # sudo: who is staff of a council, whoever asks
        result = super().write(vals)
        if users is not None:
            self.env["pep.access"]._sync_users(users | self.sudo().user_ids)  # sudo: the same
        if "pep_tz" in vals:
            access = self.env["pep.access"].sudo()  # sudo: the clock moves for every child of the council
            access._sync(self.env["pep.child"].sudo().search([("company_id", "in", self.ids)]))  # sudo: the same
        return result

    def _pep_load_templates(self):
        """Give these councils their own copy of what the app ships, and their terms. Idempotent."""
        for model in TEMPLATE_MODELS:
            self.env[model]._load_templates(self)
        self.env["pep.term"]._generate(self)

    def action_pep_update_from_templates(self):
        """Button: bring in what a newer version of the app ships; the council's own rows stay as they are."""
        if not (self.env.su or self.env.user.has_group("pep_module.group_pep_admin")):
            raise AccessError(self.env._("The administrator of the virtual school changes its settings."))
        self.check_access("read")
        self._pep_load_templates()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("What the app ships and you did not have yet has been added."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
