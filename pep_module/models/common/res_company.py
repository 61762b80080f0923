from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

TEMPLATE_MODELS = ("pep.kind", "pep.gate.reason", "pep.target.area", "pep.fund")


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
    pep_processing_days = fields.Integer(
        string="Days to process a PEP",
        default=14,
        help="Calendar days between the meeting and the finished PEP. Two weeks in most councils.",
    )
    pep_attendance_expected = fields.Float(string="Expected attendance (%)", default=95.0)
    pep_attendance_support = fields.Float(string="Attendance that needs support below (%)", default=96.0)
    pep_attendance_persistent = fields.Float(string="Persistent absence at or below (%)", default=90.0)
    pep_attendance_severe = fields.Float(string="Severe absence at or below (%)", default=50.0)
    pep_target_number = fields.Integer(
        string="Targets in a PEP", default=3, help="How many targets a PEP is expected to have."
    )
    pep_go_live = fields.Date(string="Going live on", help="Terms that ended before this date are never opened.")
    pep_autumn_start = fields.Char(string="Autumn term begins", default="09-01", required=True, help="Month-day.")
    pep_spring_start = fields.Char(string="Spring term begins", default="01-01", required=True, help="Month-day.")
    pep_summer_start = fields.Char(string="Summer term begins", default="04-16", required=True, help="Month-day.")

    @api.constrains("pep_age_from", "pep_age_to")
    def _check_pep_ages(self):
        for company in self:
            if not 0 <= company.pep_age_from < company.pep_age_to <= 26:
                raise ValidationError(
                    self.env._("The age at which PEPs begin must come before the age at which they end.")
                )

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
