from odoo import api, fields, models
from odoo.exceptions import AccessError


class PepSettings(models.TransientModel):
    """The council's rules, for the app's own administrator, who need not administer Odoo."""

    _name = "pep.settings"
    _description = "Virtual School settings"

    company_id = fields.Many2one("res.company", string="Council", required=True, readonly=True)
    pep_tz = fields.Selection(
        string="Time zone", selection=lambda self: self.env["res.company"]._fields["pep_tz"].selection(self)
    )
    pep_age_from = fields.Integer(string="PEPs from age")
    pep_age_to = fields.Integer(string="PEPs until age")
    pep_meeting_title = fields.Char(string="Meetings are called", required=True)
    pep_meeting_hours = fields.Float(string="A meeting lasts (hours)")
    pep_meeting_alias_name = fields.Char(
        string="Address of meetings", help="Invitations come from this address, and answers to them go to it."
    )
    pep_meeting_alias_domain = fields.Char(related="company_id.alias_domain_id.name", string="Mail domain")
    pep_quorum_teacher = fields.Boolean(string="Designated teacher")
    pep_quorum_social_worker = fields.Boolean(string="Social worker")
    pep_quorum_carer = fields.Boolean(string="Carer")
    pep_quorum_child = fields.Boolean(string="The child is invited", help="Asked. Whether to come is for the child.")
    pep_quorum_parent = fields.Boolean(string="Parent")
    pep_quorum_iro = fields.Boolean(string="Reviewing officer")
    pep_quorum_vseo = fields.Boolean(string="VSEO")
    pep_face_interval = fields.Integer(string="Face to face at least once every")
    pep_face_unit = fields.Selection(
        string="Terms or half-terms",
        required=True,
        selection=lambda self: self.env["res.company"]._fields["pep_face_unit"].selection,
        help="“Every four terms” can be read in two ways: of three terms a year it is sixteen months, of six eight.",
    )
    pep_contribution_days = fields.Integer(string="Parts due before the meeting (days)")
    pep_document_max_mb = fields.Integer(string="Largest document (MB)")
    pep_attendance_expected = fields.Float(string="Expected attendance (%)")
    pep_attendance_support = fields.Float(string="Needs support below (%)")
    pep_attendance_persistent = fields.Float(string="Persistent absence at or below (%)")
    pep_attendance_severe = fields.Float(string="Severe absence at or below (%)")
    pep_watch_no_school_days = fields.Integer(string="Watch list: days without a school")
    pep_watch_absence = fields.Float(string="Watch list: absence from (%)")
    pep_target_number = fields.Integer(string="Targets in a PEP")
    pep_mail_days_ahead = fields.Integer(string="Tell of what is due within (days)")
    pep_action_reminder_days = fields.Integer(string="Remind of an action before it is due (days)")
    pep_mail_weekends = fields.Boolean(string="Also at weekends")
    pep_mail_label = fields.Selection(
        string="Speak of a child by", selection=lambda self: self.env["res.company"]._fields["pep_mail_label"].selection
    )
    pep_mail_label_text = fields.Char(string="Words for a child")
    pep_colleague_any_domain = fields.Boolean(
        string="Colleagues with any address",
        help="A teacher may add colleagues whose e-mail address ends differently from the teacher's own.",
    )
    pep_voice_pause = fields.Integer(string="Child's page closes after (minutes)")
    pep_voice_code_age = fields.Integer(string="A code of their own from age")
    pep_voice_code_days = fields.Integer(string="A code counts for (days)")
    pep_safeguarding_id = fields.Many2one("res.partner", string="Safeguarding contact")
    pep_safeguarding_email = fields.Char(related="pep_safeguarding_id.email", string="Their e-mail address")
    pep_end_rule = fields.Selection(
        string="The PEP that is open then",
        required=True,
        selection=lambda self: self.env["res.company"]._fields["pep_end_rule"].selection,
    )
    pep_end_note = fields.Char(string="Last note on it")
    pep_interim_below = fields.Integer(string="With fewer school days than")
    pep_interim_school_days = fields.Integer(string="School's part due (school days)")
    pep_complete_by = fields.Selection(
        string="A PEP is finished by",
        required=True,
        selection=lambda self: self.env["res.company"]._fields["pep_complete_by"].selection,
    )
    pep_qa_two_people = fields.Boolean(string="Two people")
    pep_go_live = fields.Date(string="Going live on")
    pep_copy_teacher = fields.Boolean(string="The school")
    pep_copy_social_worker = fields.Boolean(string="The social worker")
    pep_copy_carer = fields.Boolean(string="The carer")
    pep_copy_parent = fields.Boolean(string="Parents", help="Their own part, and what else parents may read.")
    pep_copy_iro = fields.Boolean(string="The reviewing officer")
    pep_copy_child = fields.Boolean(
        string="The child", help="Their own words, targets, next meeting: for you to hand over."
    )
    pep_open_ahead_days = fields.Integer(
        string="Open the coming term before it begins (days)",
        help="0: on its first day. At most 28. The PEPs are made by a nightly job.",
    )
    pep_autumn_start = fields.Char(string="Autumn term begins", help="Month-day, for example 09-01.")
    pep_spring_start = fields.Char(string="Spring term begins", help="Month-day, for example 01-01.")
    pep_summer_start = fields.Char(string="Summer term begins", help="Month-day, for example 04-16.")

    @api.model
    def _setting_names(self):
        return [name for name, field in self._fields.items() if name.startswith("pep_") and not field.related]

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        company = self.env.company
        values.update(
            {
                name: company[name].id if self._fields[name].type == "many2one" else company[name]
                for name in self._setting_names()
                if name in fields
            }
        )
        values["company_id"] = company.id
        return values

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{**vals, "company_id": self.env.company.id} for vals in vals_list])

    def _check_allowed(self):
        if not (self.env.su or self.env.user.has_group("pep_module.group_pep_admin")):
            raise AccessError(self.env._("The administrator of the virtual school changes its settings."))
        if not self.env.su and self.company_id not in self.env.user.company_ids:
            raise AccessError(self.env._("These are the settings of a council that you do not belong to."))

    def action_save(self):
        """Button: keep these rules from now on. PEPs that are open keep those they were opened with."""
        self.ensure_one()
        self._check_allowed()
        council = self.company_id.sudo()  # sudo: the app's administrator need not administer Odoo's companies
        council.write({name: self[name] for name in self._setting_names()})
        return {"type": "ir.actions.act_window_close"}

    def action_update_from_templates(self):
        """Button: bring in what a newer version of the app ships."""
        self.ensure_one()
        self._check_allowed()
        return self.company_id.sudo().action_pep_update_from_templates()  # sudo: as above
