from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ...tools import gias

SCHOOL_PHASES = [
    ("nursery", "Nursery"),
    ("primary", "Primary"),
    ("middle_primary", "Middle deemed primary"),
    ("secondary", "Secondary"),
    ("middle_secondary", "Middle deemed secondary"),
    ("all_through", "All-through"),
    ("post_16", "16 plus"),
    ("not_applicable", "Not applicable"),
    ("other", "Other"),
]
SCHOOL_STATUSES = [
    ("proposed", "Proposed to open"),
    ("open", "Open"),
    ("open_closing", "Open, but proposed to close"),
    ("closed", "Closed"),
]
# What the register says about a school. Kept by the register import and the wizards, for everybody else read-only.
SCHOOL_FIELDS = {
    "pep_is_school",
    "pep_urn",
    "pep_laestab",
    "pep_la_code",
    "pep_la_name",
    "pep_school_phase",
    "pep_school_type",
    "pep_school_type_code",
    "pep_school_status",
    "pep_maintained",
    "pep_open_date",
    "pep_close_date",
    "pep_trust",
    "pep_outside_gias",
}
REGISTER_GROUPS = ("pep_module.group_pep_admin", "pep_module.group_pep_head")
SETTING_GROUPS = ("pep_module.group_pep_support", *REGISTER_GROUPS)
STAFF_GROUPS = "pep_module.group_pep_contributor,pep_module.group_pep_admin"


class ResPartner(models.Model):
    """Schools and other settings, as the public register of England (GIAS) knows them.

    A school is a partner without a council, shared by every council of the database. What hangs on it (enrolments,
    staff, money) holds on to it by ``restrict`` keys, so a school is closed with a date and never deleted.
    """

    _inherit = "res.partner"

    pep_is_school = fields.Boolean(string="School", copy=False)
    pep_urn = fields.Char(
        string="URN", copy=False, help="Unique reference number of the school in the register: 6 digits."
    )
    pep_laestab = fields.Char(
        string="LAESTAB", copy=False, help="Number of the local authority and of the establishment, such as 355/7025."
    )
    pep_la_code = fields.Char(string="LA number", copy=False, help="Local authority that the school lies in.")
    pep_la_name = fields.Char(string="Local authority", copy=False)
    pep_school_phase = fields.Selection(SCHOOL_PHASES, string="Phase", copy=False)
    pep_school_type = fields.Char(string="School type", copy=False)
    pep_school_type_code = fields.Char(string="School type code", copy=False, help="Code of the register, two digits.")
    pep_school_status = fields.Selection(SCHOOL_STATUSES, string="Status in the register", copy=False)
    pep_school_open = fields.Boolean(
        string="Open today",
        compute="_compute_pep_school_open",
        search="_search_pep_school_open",
        help="From the first and last day; the status counts only where the day is not known.",
    )
    pep_maintained = fields.Boolean(
        string="LA maintained", copy=False, help="Paid by journal: the local authority keeps its books."
    )
    pep_open_date = fields.Date(string="Opened on", copy=False)
    pep_close_date = fields.Date(string="Closed on", copy=False, help="The school's last day.")
    pep_trust = fields.Char(string="Trust", copy=False, help="Academy trust that runs the school.")
    pep_outside_gias = fields.Boolean(
        string="Outside the register", copy=False, help="Added by hand: the register does not list it (yet)."
    )
    pep_shared_mailbox = fields.Char(
        string="Shared mailbox",
        copy=False,
        groups=STAFF_GROUPS,
        help="Is told once a day how much is due at the school, and nothing more. It is not a login.",
    )
    pep_staff_ids = fields.One2many("pep.school.staff", "school_id", string="School staff", groups=STAFF_GROUPS)
    pep_predecessor_ids = fields.One2many("pep.school.link", "successor_id", string="Predecessors", groups=STAFF_GROUPS)
    pep_successor_ids = fields.One2many("pep.school.link", "predecessor_id", string="Successors", groups=STAFF_GROUPS)

    _pep_urn_uniq = models.UniqueIndex(
        "(pep_urn) WHERE pep_urn IS NOT NULL", "Another school has this URN already. Every URN is one school."
    )
    _pep_school_la = models.Index("(pep_la_code) WHERE pep_is_school")
    _pep_urn_format = models.Constraint("CHECK (pep_urn ~ '^[1-9][0-9]{5}$')", "A URN of a school has six digits.")
    _pep_laestab_format = models.Constraint(
        "CHECK (pep_laestab ~ '^[0-9]{3}/[0-9]{4}$')",
        "A LAESTAB is the number of a local authority and of a school, such as 355/7025.",
    )
    _pep_urn_of_school = models.Constraint(
        "CHECK (pep_urn IS NULL OR pep_is_school IS TRUE)", "Only a school has a URN."
    )
    _pep_school_shared = models.Constraint(
        "CHECK (company_id IS NULL OR pep_is_school IS NOT TRUE)",
        "A school belongs to no council: all councils of this database share it.",
    )

    # === Computes ===

    @api.depends("pep_is_school", "pep_school_status", "pep_open_date", "pep_close_date")
    @api.depends_context("company")
    def _compute_pep_school_open(self):
        today = self.env.company._pep_today()
        for school in self:
            begun = school.pep_open_date <= today if school.pep_open_date else school.pep_school_status != "proposed"
            goes_on = school.pep_close_date >= today if school.pep_close_date else school.pep_school_status != "closed"
            school.pep_school_open = school.pep_is_school and begun and goes_on

    def _search_pep_school_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._pep_today()
        begun = Domain("pep_open_date", "<=", today) | (
            Domain("pep_open_date", "=", False) & Domain("pep_school_status", "!=", "proposed")
        )
        goes_on = Domain("pep_close_date", ">=", today) | (
            Domain("pep_close_date", "=", False) & Domain("pep_school_status", "!=", "closed")
        )
        is_open = Domain("pep_is_school", "=", True) & begun & goes_on
        return Domain.OR(is_open if flag else ~is_open for flag in set(map(bool, value)))

    # Not on the app's own fields: Odoo, uninstalling them, would drop whatever else depends on a contact's name.
    @api.depends("city")
    @api.depends_context("pep_school")
    def _compute_display_name(self):
        """In our own pickers (context ``pep_school``) with town and URN: many schools have the same name."""
        super()._compute_display_name()
        if not self.env.context.get("pep_school"):
            return
        for school in self.filtered("pep_is_school"):
            details = ", ".join(filter(None, (school.city, school.pep_urn)))
            if details:
                school.display_name = f"{school.display_name} ({details})"

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if self.env.context.get("pep_school") and isinstance(value, str) and operator in ("=", "like", "ilike"):
            digits = value.strip().replace("/", "")
            if gias.is_urn(digits):
                domain |= Domain("pep_urn", "=", digits)
            elif digits.isdecimal() and len(digits) == 7:
                domain |= Domain("pep_laestab", "=", f"{digits[:3]}/{digits[3:]}")
        return domain

    def get_formview_id(self, access_uid=None):
        """From our own screens (context ``pep_school``) a school opens in the school form, not in the contact form."""
        if self.env.context.get("pep_school") and self and all(self.mapped("pep_is_school")):
            return self.env.ref("pep_module.pep_school_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    def _pep_school_on(self, day):
        """The school that this one is on a day: itself, or what it was academised into by then.

        :param day: date
        :return: one ``res.partner``, empty for none
        """
        school = self
        links = self.env["pep.school.link"].sudo()  # sudo: which school follows which is no secret
        for _step in range(10):  # schools change their identity once or twice in a lifetime
            link = links.search(
                [("predecessor_id", "=", school.id), ("kind", "=", "academised"), ("date", "<=", day)], limit=1
            )
            if not link:
                break
            school = link.successor_id.with_env(self.env)
        return school

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create([self._pep_clean_school_vals(vals) for vals in vals_list])
        # on the result, since a value may also come from a default of the context
        if not self.env.su and any(partner[name] for partner in partners for name in SCHOOL_FIELDS):
            self._pep_require_register()
        return partners

    def write(self, vals):
        if SCHOOL_FIELDS & vals.keys():
            self._pep_require_register()
            vals = self._pep_clean_school_vals(vals)
        if "pep_shared_mailbox" in vals:
            self._pep_require(SETTING_GROUPS, self.env._("The virtual school's staff says which mailbox is told."))
        if vals.get("active") is False:
            self._pep_check_no_open_enrolment()
        if "pep_is_school" in vals and not vals["pep_is_school"]:
            self._pep_check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_pep_school_in_use(self):
        self._pep_check_unused()

    @api.model
    def _pep_clean_school_vals(self, vals):
        """These values with the numbers of a school trimmed, and none at all in place of an empty one."""
        numbers = {name: (vals[name] or "").strip() or False for name in ("pep_urn", "pep_laestab") if name in vals}
        return {**vals, **numbers}

    @api.model
    def _pep_require_register(self):
        """Refuse whoever does not keep the register. Editing contacts does not give the right to change a school."""
        self._pep_require(
            REGISTER_GROUPS, self.env._("What the school register says is kept by heads and administrators.")
        )

    @api.model
    def _pep_require(self, groups, message):
        """Refuse the user unless a member of one of these groups.

        :param groups: external ids of groups
        :raise AccessError: with ``message``
        """
        if not (self.env.su or any(self.env.user.has_group(group) for group in groups)):
            raise AccessError(message)

    def _pep_check_no_open_enrolment(self):
        """Refuse to archive a school where a child of any council is, or is going to be, enrolled."""
        schools = self.filtered("pep_is_school")
        if not schools:
            return
        going_on = Domain("date_to", "=", False) | Domain("date_to", ">=", self.env.company._pep_today())
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: children of every council count, none of them is shown
        taken = enrolments.search_fetch(Domain("school_id", "in", schools.ids) & going_on, ["school_id"], limit=1)
        if taken:
            raise UserError(
                self.env._(
                    "%(school)s has pupils enrolled and can't be archived. Move the pupils first, or use "
                    "“Academised” if the school became another one.",
                    school=taken.school_id.name,
                )
            )

    def _pep_check_unused(self):
        """Refuse to lose a school that any record of the app holds on to, in any council and from any time."""
        schools = self.filtered("pep_is_school")
        used = schools._pep_used() if schools else schools
        if used:
            raise UserError(
                self.env._(
                    "%(school)s is part of children's records and can't be deleted or made an ordinary contact. "
                    "A school that closed is given its last day.",
                    school=used[0].name,
                )
            )

    def _pep_became(self):
        """Which academy each of these schools has become: its staff answer for what the old school had begun.

        :return: dict of school -> school; most are missing
        """
        links = self.env["pep.school.link"].sudo()  # sudo: schools are no secret, and portal users can't list links
        links = links.search([("predecessor_id", "in", self.ids), ("kind", "=", "academised")])
        return {link.predecessor_id: link.successor_id for link in links}

    def _pep_used(self):
        """Those of these partners that a stored record of the app points at."""
        used = self.browse()
        for name, model in self.env.registry.items():
            if not name.startswith("pep.") or model._abstract or model._transient or not model._auto:
                continue
            for field in model._fields.values():
                if field.type == "many2one" and field.comodel_name == "res.partner" and field.store:
                    records = self.env[name].sudo()  # sudo: what holds a school may be out of the user's sight
                    groups = records.with_context(active_test=False)._read_group(
                        [(field.name, "in", self.ids)], [field.name]
                    )
                    used |= self.browse(partner.id for (partner,) in groups)
        return used

    @api.constrains("pep_is_school", "pep_shared_mailbox")
    def _check_pep_shared_mailbox(self):
        for partner in self.sudo():  # sudo: the field is for the virtual school's staff, the check for everybody
            mailbox = partner.pep_shared_mailbox
            if mailbox and not partner.pep_is_school:
                raise ValidationError(self.env._("Only a school has a shared mailbox."))
            if mailbox and not email_normalize(mailbox):
                raise ValidationError(self.env._("“%(email)s” is not an e-mail address.", email=mailbox))

    @api.constrains("pep_is_school", "name")
    def _check_pep_school_name(self):
        for partner in self:
            if partner.pep_is_school and not partner.name:
                raise ValidationError(self.env._("A school has a name."))
