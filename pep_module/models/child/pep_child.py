from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...tools import academic_year, upn
from ...tools.reference import is_reference, new_reference
from ..common.pep_child_bound import NAME_GROUPS

# What the council knows of a child by being its carer. Nobody outside it needs that for the child's learning.
COUNCIL = "pep_module.group_pep_contributor"

YEAR_GROUPS = [
    ("-2", "Before nursery"),
    ("-1", "Nursery"),
    ("0", "Reception"),
    *((str(year), f"Year {year}") for year in range(1, 14)),
]
KEY_STAGES = [
    ("eyfs", "Early years"),
    ("ks1", "Key stage 1"),
    ("ks2", "Key stage 2"),
    ("ks3", "Key stage 3"),
    ("ks4", "Key stage 4"),
    ("ks5", "Post-16"),
]
SEN_PROVISION = [("N", "No special provision"), ("K", "SEN support"), ("E", "Education, health and care plan")]
RESPITE = ("V3", "V4")


class PepChild(models.Model):
    """A child in the care of a council.

    Who may see a child is for ``pep.access`` to say; there is no other way in. Outside this record the child is its
    ``reference``: that is the display name, and the name is a field of its own that only people with access can read.
    A child is not a ``res.partner``: every employee of a council can read those.
    """

    _name = "pep.child"
    _description = "Looked-after child"
    _inherit = ["pep.need.to.know", "pep.thread", "mail.activity.mixin"]
    _order = "last_name, first_name, id"
    _rec_name = "reference"
    _check_company_auto = True

    # Who
    reference = fields.Char(required=True, readonly=True, copy=False, default="New", index=True)
    company_id = fields.Many2one(
        "res.company",
        string="Council",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(default=True)
    la_person_id = fields.Char(
        string="Person ID",
        required=True,
        copy=False,
        groups=COUNCIL,
        help="The child's number in the council's case system. Unique in the council.",
    )
    first_name = fields.Char(string="First name", groups=NAME_GROUPS)
    middle_names = fields.Char(string="Middle names", groups=NAME_GROUPS)
    last_name = fields.Char(string="Last name", groups=NAME_GROUPS)
    known_as = fields.Char(string="Known as", groups=NAME_GROUPS, help="What the child wants to be called.")
    full_name = fields.Char(
        string="Name", compute="_compute_full_name", store=True, index="trigram", groups=NAME_GROUPS
    )
    date_of_birth = fields.Date(string="Date of birth", required=True)
    dob_disputed = fields.Boolean(string="Date of birth disputed", groups=COUNCIL, help="The age is being assessed.")
    age = fields.Integer(compute="_compute_age", help="Age today in years.")
    sex = fields.Selection([("F", "Female"), ("M", "Male"), ("U", "Unknown")])
    ethnicity_id = fields.Many2one("pep.code", domain=[("kind", "=", "ethnicity")], ondelete="restrict")
    home_language = fields.Char(string="Home language")
    interpreter = fields.Boolean(string="Interpreter needed")
    uasc = fields.Boolean(string="Unaccompanied", groups=COUNCIL, help="Unaccompanied asylum-seeking child.")
    # Pupil
    upn = fields.Char(string="UPN", copy=False, help="Unique pupil number: 13 characters, the first is a check letter.")
    former_upn = fields.Char(string="Former UPN", copy=False)
    upn_unknown_id = fields.Many2one(
        "pep.code",
        string="Why there is no UPN",
        domain=[("kind", "=", "upn_unknown")],
        ondelete="restrict",
    )
    upn_problem = fields.Char(string="Problem with the UPN", compute="_compute_upn_problem", store=True)
    sen_provision = fields.Selection(SEN_PROVISION, string="SEN provision", tracking=True, help="Empty: not known yet.")
    year_group_override = fields.Selection(
        YEAR_GROUPS,
        string="Taught in another year",
        help="Only for a child taught out of the year of their age. Empty: from the date of birth.",
    )
    year_group = fields.Selection(
        YEAR_GROUPS,
        string="Year group",
        compute="_compute_year_group",
        search="_search_year_group",
        help="From the date of birth: who is 4 on 31 August starts reception the day after.",
    )
    key_stage = fields.Selection(KEY_STAGES, string="Key stage", compute="_compute_year_group")
    enrolment_ids = fields.One2many("pep.enrolment", "child_id", string="Enrolments")
    main_school_id = fields.Many2one(
        "res.partner", string="School", compute="_compute_main_school_id", search="_search_main_school_id"
    )
    # Care
    date_into_care = fields.Date(string="Into care", tracking=True)
    date_out_of_care = fields.Date(string="Out of care", tracking=True)
    care_episode_ids = fields.One2many("pep.care.episode", "child_id", string="Care episodes")
    legal_status_id = fields.Many2one(
        "pep.code",
        string="Legal status",
        compute="_compute_legal_status_id",
        groups=COUNCIL,
        help="Of the care episode that counts today.",
    )
    network_ids = fields.One2many("pep.network.member", "child_id")
    vseo_id = fields.Many2one(
        "res.users",
        string="VSEO",
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        default=lambda self: self.env.user if self.env.user.has_group("pep_module.group_pep_vseo") else False,
        help="Virtual school education officer: organises and chairs the PEP meetings.",
    )
    # What follows
    access_ids = fields.One2many(
        "pep.access", "child_id", readonly=True, groups="pep_module.group_pep_support", copy=False
    )
    plan_ids = fields.One2many("pep.plan", "child_id", string="PEPs")
    plan_count = fields.Integer(string="PEPs in all", compute="_compute_plan_count")
    last_face_to_face = fields.Date(
        string="Last face to face", compute="_compute_last_face_to_face", help="Day of the last meeting in person."
    )

    _reference_uniq = models.Constraint("UNIQUE (reference)", "Two children can't have the same reference.")
    _person_uniq = models.Constraint(
        "UNIQUE (company_id, la_person_id)", "Another child of this council has this person ID."
    )
    _upn_index = models.Index("(upn) WHERE upn IS NOT NULL")

    # === Computes ===

    @api.depends("reference", "full_name")
    @api.depends_context("uid", "pep_show_name")
    def _compute_display_name(self):
        """The reference; in our own pickers, for those who may see the child, with the name before it."""
        shown = self.browse()
        if self._may_show_names():
            shown = self._filtered_access("read")
        for child in self:
            child.display_name = child.reference
            if child in shown and child.full_name:
                child.display_name = f"{child.full_name} ({child.reference})"

    @api.model
    def _may_show_names(self):
        """Whether names were asked for, by a person (never under sudo) who belongs to those that may read any."""
        return (
            self.env.context.get("pep_show_name")
            and not self.env.su
            and self._has_field_access(self._fields["full_name"], "read")
        )

    @api.model
    def _search_display_name(self, operator, value):
        domain = Domain("reference", operator, value)
        if self._may_show_names() and isinstance(value, str):
            domain |= Domain("full_name", operator, value)
        return domain

    @api.model
    def _order_to_sql(self, order, query, alias=None, reverse=False):
        """Children are listed by name; what hangs on them by reference: finance lists money, and order tells names."""
        if order == self._order and alias and alias != self._table:
            order = "reference"
        return super()._order_to_sql(order, query, alias=alias, reverse=reverse)

    @api.depends("first_name", "last_name", "known_as")
    def _compute_full_name(self):
        for child in self:
            first = child.known_as or child.first_name
            child.full_name = " ".join(filter(None, (first, child.last_name))) or False

    @api.depends("upn", "upn_unknown_id")
    def _compute_upn_problem(self):
        for child in self:
            child.upn_problem = upn.problem(child.upn) if child.upn else False

    @api.depends("date_of_birth", "company_id")
    def _compute_age(self):
        for child in self:
            child.age = (
                academic_year.age_on(child.date_of_birth, child.company_id._pep_today()) if child.date_of_birth else 0
            )

    @api.depends("date_of_birth", "year_group_override", "company_id")
    def _compute_year_group(self):
        for child in self:
            group = child._year_group_on(child.company_id._pep_today()) if child.date_of_birth else None
            child.year_group = str(group) if group is not None and -2 <= group <= 13 else False
            child.key_stage = (group is not None and academic_year.key_stage(group)) or False

    def _year_group_on(self, day):
        """Year group on a day as a number: reception is 0, nursery -1. The override goes before the date of birth."""
        self.ensure_one()
        if self.year_group_override:
            return int(self.year_group_override)
        return academic_year.year_group(self.date_of_birth, day)

    def _search_year_group(self, operator, value):
        if operator != "in":
            return NotImplemented
        year = academic_year.academic_year(self.env.company._pep_today())
        domains = []
        for group in value:
            if not group:
                continue
            # who is in year group g turned g + 4 in the twelve months up to 31 August before the year began
            born = year - int(group) - 5
            by_age = Domain("date_of_birth", ">=", f"{born}-09-01") & Domain("date_of_birth", "<=", f"{born + 1}-08-31")
            domains.append(Domain("year_group_override", "=", group))
            domains.append(Domain("year_group_override", "=", False) & by_age)
        return Domain.OR(domains)

    @api.depends("enrolment_ids.school_id", "enrolment_ids.kind", "enrolment_ids.date_from", "enrolment_ids.date_to")
    def _compute_main_school_id(self):
        school_of = {}
        for company, children in self.grouped("company_id").items():
            today = company._pep_today() if company else fields.Date.today()
            enrolments = self.env["pep.enrolment"].search(
                Domain("child_id", "in", children.ids) & self.env["pep.enrolment"]._current_domain(today)
            )
            for enrolment in enrolments.sorted(lambda enrolment: (enrolment.kind != "main", enrolment.id)):
                school_of.setdefault(enrolment.child_id.id, enrolment.school_id)
        for child in self:
            child.main_school_id = school_of.get(child._origin.id, False)

    def _search_main_school_id(self, operator, value):
        today = self.env.company._pep_today()
        current = self.env["pep.enrolment"]._current_domain(today) & Domain("kind", "=", "main")
        return Domain("enrolment_ids", "any", current & Domain("school_id", operator, value))

    @api.depends("care_episode_ids.date_from", "care_episode_ids.date_to", "care_episode_ids.legal_status_id")
    def _compute_legal_status_id(self):
        for company, children in self.grouped("company_id").items():
            statuses = children._legal_status_on(company._pep_today() if company else fields.Date.today())
            for child in children:
                child.legal_status_id = statuses.get(child._origin.id, False)

    def _legal_status_on(self, day):
        """Legal status of each child on a day.

        :return: dict of child id -> ``pep.code``; a child without an episode on that day is missing
        """
        episodes = self.env["pep.care.episode"].search(
            [
                ("child_id", "in", self.ids),
                ("date_from", "<=", day),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", day),
            ],
            order="date_from, id",
        )
        return {episode.child_id.id: episode.legal_status_id for episode in episodes}

    def _compute_plan_count(self):
        counts = dict(self.env["pep.plan"]._read_group([("child_id", "in", self.ids)], ["child_id"], ["__count"]))
        for child in self:
            child.plan_count = counts.get(child, 0)

    def _compute_last_face_to_face(self):
        meetings = self.env["pep.meeting"].sudo()  # sudo: on which day, no more; for whoever sees the child
        last = dict(
            meetings._read_group(
                [("child_id", "in", self.ids), ("state", "=", "held"), ("mode", "in", ("face", "both"))],
                ["child_id"],
                ["date:max"],
            )
        )
        for child in self:
            child.last_face_to_face = last.get(child, False)

    def get_formview_action(self, access_uid=None):
        """From a picker that shows names a child still opens under the reference: the title of a page is no secret."""
        children = self.with_context(pep_show_name=False)
        return super(PepChild, children).get_formview_action(access_uid=access_uid)

    # === Constraints ===

    @api.constrains("date_into_care", "date_out_of_care", "date_of_birth")
    def _check_dates(self):
        for child in self:
            if child.date_into_care and child.date_into_care < child.date_of_birth:
                raise ValidationError(self.env._("A child can't come into care before being born."))
            if child.date_out_of_care and (not child.date_into_care or child.date_out_of_care < child.date_into_care):
                raise ValidationError(self.env._("A child can't leave care before coming into care."))

    @api.constrains("vseo_id")
    def _check_vseo(self):
        for user in self.vseo_id.sudo():  # sudo: which groups a colleague is in
            if not user.has_group("pep_module.group_pep_vseo"):
                raise ValidationError(
                    self.env._("%(user)s is no VSEO of the app. Ask who sets up users.", user=user.name)
                )

    @api.constrains("upn", "upn_unknown_id")
    def _check_upn(self):
        for child in self:
            if child.upn and child.upn_unknown_id:
                raise ValidationError(self.env._("A child with a UPN needs no reason for not having one."))

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        """Make children, give those their access who follow from it, and only then ask whether the maker may.

        The record rule looks at ``pep.access``, which can't have rows of a child that does not exist yet.
        """
        self.check_access("create")
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in self._kept_by_app()} for vals in vals_list]
        for name in {name for vals in vals_list for name in vals} & self._fields.keys():
            self._check_field_access(self._fields[name], "write")
        lines, vals_list = self._split_lines(vals_list)
        references = self._new_references(len(vals_list))
        vals_list = [
            {
                **vals,
                "reference": vals["reference"] if self.env.su and is_reference(vals.get("reference")) else reference,
                "upn": upn.normalise(vals["upn"]) if vals.get("upn") else False,
            }
            for vals, reference in zip(vals_list, references, strict=True)
        ]
        kept = set() if self.env.su else {f"default_{name}" for name in self._kept_by_app()}
        context = {key: value for key, value in self.env.context.items() if key not in kept}
        quiet = {"mail_create_nosubscribe": True, "mail_create_nolog": True, "tracking_disable": True}
        # sudo: the rule is asked below, once it has something to look at
        creator = self.with_env(self.env(context={**context, **quiet})).sudo()
        children = super(PepChild, creator).create(vals_list)
        self.env["pep.access"]._sync(children)
        children = children.with_env(self.env)
        if not self.env.su and children._filtered_access("create") != children:
            raise AccessError(
                self.env._("You can add children to your own caseload, or to one that you cover or support.")
            )
        for child, vals in zip(children, lines, strict=True):
            if vals:
                child.write(vals)
        children._open_plans_mid_term()
        return children

    @api.model
    def _split_lines(self, vals_list):
        """What hangs on a new child is made with the rights of the person who adds it, not with those of the app.

        :return: (values of one2many and many2many fields, the other values), each a dict for each child
        """
        lines = [
            {name: vals[name] for name in vals if vals[name] and self._fields[name].type in ("one2many", "many2many")}
            for vals in vals_list
        ]
        rest = [
            {name: vals[name] for name in vals if self._fields[name].type not in ("one2many", "many2many")}
            for vals in vals_list
        ]
        return lines, rest

    @api.model
    def _new_references(self, number):
        """This many references that no child of the database has."""
        references = set()
        while len(references) < number:
            references |= {new_reference() for _index in range(number - len(references))}
            taken = self.sudo().with_context(active_test=False)  # sudo: unique over all councils
            references -= set(taken.search([("reference", "in", list(references))]).mapped("reference"))
        return list(references)

    @api.model
    def _kept_by_app(self):
        """Names of the fields that follow from others by the app's own doing, and that no call sets."""
        return set()

    def write(self, vals):
        kept = set() if self.env.su else self._kept_by_app() & vals.keys()
        if kept:
            raise UserError(
                self.env._(
                    "%(field)s follows from other fields and can't be set.", field=self._fields[min(kept)].string
                )
            )
        if "reference" in vals and any(child.reference != vals["reference"] for child in self):
            raise UserError(self.env._("A reference never changes: other records know the child by it."))
        if "company_id" in vals and any(child.company_id.id != vals["company_id"] for child in self):
            raise UserError(self.env._("A child can't be moved to another council. The new council starts a record."))
        if vals.get("upn"):
            vals = {**vals, "upn": upn.normalise(vals["upn"])}
        result = super().write(vals)
        if "vseo_id" in vals:
            self.env["pep.access"]._sync(self)
            self._follow_vseo()
        if {"date_into_care", "date_out_of_care", "active"} & vals.keys():
            self._open_plans_mid_term()
        return result

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("A child can't be copied."))
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A child's record is never deleted. Archive it instead."))

    def _follow_vseo(self):
        """Open PEPs change hands with the child; finished ones keep the name of who was responsible."""
        plans = self.env["pep.plan"].sudo()  # sudo: who hands a child over has no access to it any more
        for vseo, children in self.sudo().grouped("vseo_id").items():  # sudo: the same
            plans.search(
                [("child_id", "in", children.ids), ("state", "not in", ("complete", "cancelled"))]
            )._write_quietly({"vseo_id": vseo.id})

    # === Actions ===

    def action_view_plans(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_plan_action_all")
        return {**action, "domain": [("child_id", "=", self.id)], "context": {"default_child_id": self.id}}

    # === Business ===

    @api.model
    def _in_scope_domain(self, company, day):
        """Children of a council who have a PEP on a day: looked after, and of the age that the council sets.

        Source: statutory guidance leaves the ends of the range to local policy; short breaks (V3, V4) are left out, see
        :meth:`_without_respite`.
        """
        return Domain(
            [
                ("company_id", "=", company.id),
                ("date_into_care", "!=", False),
                ("date_into_care", "<=", day),
                "|",
                ("date_out_of_care", "=", False),
                ("date_out_of_care", ">", day),
                ("date_of_birth", "<=", academic_year.latest_birth(company.pep_age_from, day)),
                ("date_of_birth", ">", academic_year.latest_birth(company.pep_age_to, day)),
            ]
        )

    def _without_respite(self, day):
        """These children without those who are looked after by agreed short breaks only (legal status V3 or V4)."""
        statuses = self._legal_status_on(day)
        return self.filtered(lambda child: child.id not in statuses or statuses[child.id].code not in RESPITE)

    def _settings_on(self, day):
        """Where each child learns on a day: the main enrolment, else the latest other one.

        :return: dict of child id -> ``pep.enrolment``; a child without any is missing
        """
        enrolments = self.env["pep.enrolment"].search(
            Domain("child_id", "in", self.ids) & self.env["pep.enrolment"]._current_domain(day)
        )
        settings = {}
        for enrolment in enrolments.sorted(lambda enrolment: (enrolment.kind != "main", -enrolment.id)):
            settings.setdefault(enrolment.child_id.id, enrolment)
        return settings

    @api.model
    def _variant_for(self, year_group, setting):
        """Which form of PEP: by phase, or *not on roll* for a child without a school."""
        if not setting or setting.kind == "not_on_roll":
            return "not_on_roll"
        if year_group <= 0:
            return "early_years"
        return "statutory" if year_group <= 11 else "post16"

    def _open_plans_mid_term(self):
        """A child who comes into care while a term is open gets a PEP the same day."""
        if self.env.context.get("pep_defer_opening"):
            return
        children = self.sudo()  # sudo: the PEP is made by the app, whoever recorded the child
        for company, members in children.grouped("company_id").items():
            term = self.env["pep.term"]._term_on(company, company._pep_today())
            newcomers = members.filtered(
                lambda child, term=term: child.date_into_care and child.date_into_care >= term.date_from
            )
            if term.opened_on and newcomers:
                term._open(newcomers)
