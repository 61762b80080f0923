from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import attendance


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_watch_no_school_days = fields.Integer(
        string="On the watch list after days without a school",
        default=5,
        help="Calendar days since the last day at a school or other provision.",
    )
    pep_watch_absence = fields.Float(
        string="On the watch list from this absence (%)",
        default=10.0,
        help="Share of the possible sessions of the last three months that were missed.",
    )

    @api.constrains("pep_watch_no_school_days", "pep_watch_absence")
    def _check_pep_watch(self):
        for company in self:
            if company.pep_watch_no_school_days < 1 or not 0 < company.pep_watch_absence <= 100:
                raise ValidationError(
                    self.env._("The watch list begins after a day at least, and at an absence of more than 0 %.")
                )

    def _pep_attendance_band(self, present, possible):
        """How good an attendance is by this council's lines, from sessions. See ``tools.attendance.band``."""
        return attendance.band(
            present,
            possible,
            self.pep_attendance_expected,
            self.pep_attendance_support,
            self.pep_attendance_persistent,
            self.pep_attendance_severe,
        )
