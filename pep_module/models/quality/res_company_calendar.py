from odoo import api, fields, models

CHUNK = 200


class ResCompany(models.Model):
    """The calendars by which a council's clocks count."""

    _inherit = "res.company"

    pep_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working days of clocks",
        ondelete="restrict",
        copy=False,
        index="btree_not_null",
        groups="pep_module.group_pep_contributor,pep_module.group_pep_admin",
        help="Not the hours of the council's staff.",
    )
    pep_school_calendar_id = fields.Many2one(
        "resource.calendar",
        string="School days of clocks",
        ondelete="restrict",
        copy=False,
        index="btree_not_null",
        groups="pep_module.group_pep_contributor,pep_module.group_pep_admin",
        help="Where neither the school nor the area it lies in has a calendar of its own.",
    )

    pep_days_changed = fields.Datetime(
        copy=False, groups="base.group_system", help="Clocks are to be worked out anew: holidays have changed."
    )

    def _pep_load_templates(self):
        result = super()._pep_load_templates()
        self._pep_load_calendars()
        return result

    def _pep_load_calendars(self):
        """Give these councils their calendars and the holidays of this year and the next ones. Idempotent."""
        calendars = self.env["resource.calendar"].sudo()  # sudo: set-up of a council, or a scheduled action
        for council in self.sudo():  # sudo: the same
            if not council.pep_calendar_id:
                council.pep_calendar_id = calendars.create(
                    calendars._pep_prepare(council, "working", self.env._("Working days, England"))
                )
            if not council.pep_school_calendar_id:
                council.pep_school_calendar_id = calendars.create(
                    calendars._pep_prepare(council, "school", self.env._("School days, England"))
                )
            every = calendars.search([("company_id", "=", council.id), ("pep_kind", "!=", False)])
            every._pep_generate(calendars._pep_years_to_make(council))

    def _pep_load_area_calendars(self):
        """Give each area in which a child of these councils goes to school a calendar. Idempotent."""
        calendars = self.env["resource.calendar"].sudo()  # sudo: scheduled action, no user
        for council in self.sudo():  # sudo: the same
            names = council._pep_areas_in_use()
            have = set(
                calendars.with_context(active_test=False)
                .search([("company_id", "=", council.id), ("pep_kind", "=", "school"), ("pep_la_code", "!=", False)])
                .mapped("pep_la_code")
            )
            calendars.create(
                [
                    calendars._pep_prepare(
                        council, "school", self.env._("School days, %s", name or f"area {code}"), pep_la_code=code
                    )
                    for code, name in sorted(names.items())
                    if code not in have
                ]
            )

    def _pep_areas_in_use(self):
        """Number and name of the areas in which children of this council go to school today."""
        self.ensure_one()
        today = self._pep_today()
        groups = (
            self.env["pep.enrolment"]
            .sudo()  # sudo: scheduled action, no user
            ._read_group(
                [
                    ("company_id", "=", self.id),
                    ("school_id.pep_la_code", "!=", False),
                    ("date_from", "<=", today),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", today),
                ],
                [],
                ["school_id:recordset"],
            )
        )
        return {school.pep_la_code: school.pep_la_name for school in groups[0][0]}

    @api.model
    def _cron_pep_holidays(self):
        """Daily: calendars for new areas, holidays of the years to come, clocks of councils whose holidays changed.

        Idempotent, committed in steps; a council whose clocks are not done to the end is begun again the next time.
        """
        councils = self.sudo().search([("pep_calendar_id", "!=", False)])  # sudo: scheduled action, no user
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(councils))
        for council in councils:
            cron._pep_step(council._pep_load_days)
            council._pep_follow_days()
            if not cron._commit_progress(1):
                break

    def _pep_load_days(self):
        self._pep_load_area_calendars()
        self._pep_load_calendars()

    def _pep_follow_days(self):
        """After a change of holidays: work the running clocks of the council out anew, one chunk of children a step."""
        changed = self.pep_days_changed
        if not changed:
            return
        cron, clocks = self.env["ir.cron"], self.env["pep.deadline"]
        children = self.env["pep.child"].sudo().search([("company_id", "=", self.id)])  # sudo: scheduled action
        for start in range(0, len(children), CHUNK):
            chunk = children[start : start + CHUNK]
            cron._pep_step(lambda chunk=chunk: clocks._sync(children=chunk))
        cron._pep_step(self._pep_days_followed, changed)

    def _pep_days_followed(self, changed):
        if self.pep_days_changed == changed:  # else they have changed again in the meantime
            self.pep_days_changed = False

    def write(self, vals):
        result = super().write(vals)
        if "pep_tz" in vals:
            calendars = self.env["resource.calendar"].sudo()  # sudo: the clock moves for all of the council
            ours = calendars.with_context(active_test=False).search(
                [("company_id", "in", self.ids), ("pep_kind", "!=", False)]
            )
            ours.tz = vals["pep_tz"]
            ours.pep_holiday_ids._pep_align()
        return result
