import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

KINDS = [
    ("start", "PEP started after coming into care"),
    ("ready", "PEP ready after coming into care"),
    ("termly", "Termly PEP finished"),
    ("meeting", "PEP meeting held"),
    ("school_part", "School's part handed in"),
    ("social_work_part", "Social worker's part handed in"),
    ("processing", "PEP processed after the meeting"),
    ("copies", "Copies sent"),
    ("face", "Met face to face"),
    ("care_review", "PEP with the reviewing officer before the care review"),
    ("own", "The council's own"),
]
# From which day a clock counts. Of a child: one clock each time that happens. Of a PEP: one clock for each PEP.
CHILD_TRIGGERS = [
    ("into_care", "The child comes into care"),
    ("setting_change", "The child begins at another school"),
    ("care_review", "The next care review"),
    ("face", "The last meeting face to face, by whole terms"),
]
PLAN_TRIGGERS = [
    ("window_start", "The term's first day for meetings"),
    ("window_end", "The term's last day for meetings"),
    ("term_end", "The term's last day"),
    ("meeting", "The PEP meeting (the day it is due, until one is planned)"),
    ("meeting_held", "The PEP meeting was held"),
    ("issued", "The PEP is complete"),
]
MET_BY = [
    ("plan_started", "The PEP is started"),
    ("plan_ready", "The PEP is ready for its meeting"),
    ("meeting_held", "The PEP meeting is held"),
    ("plan_complete", "The PEP is complete"),
    ("school_parts", "The school's required parts are handed in"),
    ("social_work_parts", "The social worker's required parts are handed in"),
    ("copies", "The copies are sent"),
    ("face", "A meeting in person is held"),
    ("iro_copy", "The reviewing officer has a copy"),
    ("hand", "Somebody of the virtual school says so"),
]
UNITS = [("calendar", "Calendar days"), ("working", "Working days"), ("school", "School days")]
DIRECTIONS = [("after", "after"), ("before", "before")]
PLANS = [("all", "Every PEP"), ("initial", "First PEPs"), ("later", "All but first PEPs")]
STAGES = {"remind_days", "owner_days", "head_days"}
FIXED = {"code", "trigger", "met_by", "number", "direction", "unit", "plans", "valid_from", "series"}


class PepDeadlineRule(models.Model):
    """How one kind of clock is worked out: from which event, how long, in which days, and what ends it.

    Councils word the statutory clocks differently, so each has rules of its own, and they are *dated*: an event is
    judged by the version of the rule that was valid on its day. A version that has started clocks changes no more in
    what decides a date; the next version does, from a day on. Whom it tells when may change at any time.

    Source of the shipped rules: statutory guidance on promoting the education of looked-after children (2018) for
    10 and 20 working days and a review each term; local procedures for the others.
    """

    _name = "pep.deadline.rule"
    _description = "Rule of a deadline"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, series, valid_from desc nulls last, id"
    _template_fields = (
        "name",
        "sequence",
        "code",
        "series",
        "trigger",
        "met_by",
        "number",
        "direction",
        "unit",
        "plans",
        "remind_days",
        "owner_days",
        "head_days",
        "wording",
    )

    template_id = fields.Many2one("pep.deadline.rule")
    code = fields.Selection(KINDS, string="Kind", required=True, default="own")
    series = fields.Char(
        string="Rule", readonly=True, required=True, default="New", index=True, help="The same for all versions of it."
    )
    trigger = fields.Selection(CHILD_TRIGGERS + PLAN_TRIGGERS, string="Counts from", required=True)
    met_by = fields.Selection(MET_BY, string="Met when", required=True, default="hand")
    number = fields.Integer(string="Number of days", aggregator=None, help="0: the day itself.")
    direction = fields.Selection(DIRECTIONS, required=True, default="after")
    unit = fields.Selection(UNITS, string="Counted in", required=True, default="working")
    plans = fields.Selection(PLANS, string="For", required=True, default="all")
    valid_from = fields.Date(string="For events from", help="Empty: always so.")
    valid_to = fields.Date(string="For events until", readonly=True, help="The day before the next version begins.")
    remind_days = fields.Integer(
        string="Remind before (days)", default=5, aggregator=None, help="Calendar days before it is due. 0: not at all."
    )
    owner_days = fields.Integer(
        string="Tell the VSEO after (days)", default=1, aggregator=None, help="Calendar days after it was due."
    )
    head_days = fields.Integer(
        string="Tell the head after (days)",
        default=5,
        aggregator=None,
        help="Calendar days after it was due. 0: not at all.",
    )
    wording = fields.Text(string="Where it comes from", help="The guidance or procedure that says so, in its words.")
    is_used = fields.Boolean(string="Has started clocks", compute="_compute_is_used")
    of_child = fields.Boolean(compute="_compute_of_child")

    _version_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), series, COALESCE(valid_from, '0001-01-01'))",
        "There is a version of this rule from that day on.",
    )
    _days = models.Constraint(
        "CHECK (number >= 0 AND number <= 400 AND remind_days >= 0 AND owner_days >= 1 AND head_days >= 0)",
        "Days are counted from 0 to 400; the VSEO is told from the day after on.",
    )

    @api.depends("trigger")
    def _compute_of_child(self):
        for rule in self:
            rule.of_child = rule._is_of_child()

    def _is_of_child(self):
        return self.trigger in dict(CHILD_TRIGGERS)

    def _compute_is_used(self):
        clocks = self.env["pep.deadline"].sudo()  # sudo: whether there is any, whoever asks
        used = {rule.id for (rule,) in clocks._read_group([("rule_id", "in", self.ids)], ["rule_id"])}
        for rule in self:
            rule.is_used = rule.id in used

    @api.constrains("code", "trigger", "met_by")
    def _check_fits(self):
        for rule in self:
            if (rule.code == "face") != (rule.trigger == "face") or (rule.met_by == "face") != (rule.trigger == "face"):
                raise ValidationError(
                    self.env._("Face to face is counted in whole terms, by a setting of its own, and met by a meeting.")
                )
            if rule._is_of_child() and rule.met_by in ("school_parts", "social_work_parts", "copies"):
                raise ValidationError(self.env._("Parts and copies belong to a PEP: count from something of the PEP."))

    @api.constrains("trigger", "series", "company_id")
    def _check_versions_alike(self):
        versions = self.with_context(active_test=False).search(
            [("series", "in", self.mapped("series")), ("company_id", "in", [*self.company_id.ids, False])]
        )
        for same in versions.grouped(lambda rule: (rule.series, rule.company_id)).values():
            if len({version._is_of_child() for version in same}) > 1:
                raise ValidationError(
                    self.env._("A rule counts from something of the child or of the PEP, in all its versions alike.")
                )

    # === Versions ===

    @api.model
    def _versions(self, companies):
        """The rules of these councils, archived ones too, by council: the newest version of each series first."""
        rules = self.sudo().with_context(active_test=False)  # sudo: the rules of a council are no secret of it
        return rules.search([("company_id", "in", companies.ids)]).grouped("company_id")

    def _valid_on(self, day):
        """Whether this version judges events of ``day``."""
        return (not self.valid_from or self.valid_from <= day) and (not self.valid_to or day <= self.valid_to)

    def _stages(self, due):
        """The days on which a clock that is due on ``due`` is looked at: list of (date, stage) in order.

        Stages: ``reminder`` before it is due; ``late`` the day after; ``owner`` and ``head``, who are told then.
        """
        self.ensure_one()
        stages = [(fields.Date.add(due, days=1), "late"), (fields.Date.add(due, days=self.owner_days), "owner")]
        if self.remind_days:
            stages.append((fields.Date.subtract(due, days=self.remind_days), "reminder"))
        if self.head_days:
            stages.append((fields.Date.add(due, days=self.head_days), "head"))
        return sorted(stages, key=lambda stage: stage[0])

    def _new_version(self, day, **changes):
        """The next version of this rule, for events from ``day`` on; this one ends the day before.

        Clocks of earlier events go on by the version they were started by.

        :raise UserError: ``day`` is not after the beginning of this version, or this is not the newest one
        """
        self.ensure_one()
        self.check_access("write")
        if self.valid_to:
            raise UserError(self.env._("A later version of this rule is there already: change that one."))
        if self.valid_from and day <= self.valid_from:
            raise UserError(self.env._("The next version begins after this one did, on %s.", self.valid_from))
        values = {
            name: self[name] for name in self._template_fields if not self._fields[name].relational and name != "name"
        }
        following = self.sudo().create(  # sudo: the series is not for anybody to type; may write was asked above
            {
                **values,
                "name": self.name,
                "company_id": self.company_id.id,
                "template_id": self.template_id.id,
                **changes,
                "valid_from": day,
            }
        )
        self.sudo().valid_to = fields.Date.subtract(day, days=1)  # sudo: kept by the app
        self.env["pep.deadline"]._sync_councils(self.company_id)
        return following.with_env(self.env)

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su:
                vals.pop("valid_to", None)
                vals["series"] = "New"
                if vals.get("code", "own") != "own":
                    raise UserError(self.env._("A rule that you add is the council's own. The others have versions."))
            if vals.get("series", "New") == "New":
                code = vals.get("code", "own")
                vals["series"] = code if code != "own" else f"own-{secrets.token_hex(6)}"
        rules = super().create(vals_list)
        if not self.env.su:
            self.env["pep.deadline"]._sync_councils(rules.company_id)
        return rules

    def write(self, vals):
        if not self.env.su:
            if "valid_to" in vals or "series" in vals:
                raise UserError(self.env._("When a version ends follows from the next one."))
            if FIXED & vals.keys() and any(rule.is_used for rule in self):
                raise UserError(
                    self.env._(
                        "This version has started clocks: what they were told stays. "
                        "Use “Change from a day on” for the next version."
                    )
                )
        result = super().write(vals)
        if STAGES & vals.keys():
            self._look_again()
        if not self.env.su and (FIXED | {"active"}) & vals.keys():
            self.env["pep.deadline"]._sync_councils(self.company_id)
        return result

    def _look_again(self):
        """Who is told when has changed: the watch looks at the running clocks anew. Nobody is told anything twice."""
        clocks = self.env["pep.deadline"].sudo()  # sudo: kept by the app
        clocks = clocks.search([("rule_id", "in", self.ids), ("state", "=", "open")])
        for (rule, due), same in clocks.grouped(lambda clock: (clock.rule_id, clock.due_date)).items():
            same.write({"watch_on": rule._stages(due)[0][0]})

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("Add a rule of your own, or use “Change from a day on”."))
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_unused(self):
        if any(rule.is_used or rule.code != "own" for rule in self):
            raise UserError(self.env._("Clocks were worked out by this rule. Archive it instead."))
