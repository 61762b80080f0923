from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

STAFF = {"vseo", "support", "head"}
EVERY_SCHOOL = object()
SCALARS = (str, int, float, bool, type(None))


class PepEvidence(models.AbstractModel):
    """A figure about a child that the PEP argues from, with who put it in and who told them.

    Figures are the child's, not one PEP's: each PEP shows those of its time. A mistake is archived, never deleted.
    """

    _name = "pep.evidence"
    _description = "Evidence about one child"
    _inherit = ["pep.child.bound"]
    # What together names one fact, its day last. A second record of it is refused; reported again, it is updated.
    _key_names = ()

    entered_by_id = fields.Many2one("res.users", string="Entered by", readonly=True, ondelete="restrict", copy=False)
    entered_by_name = fields.Char(string="Entered by (name)", readonly=True, copy=False, help="As it was then.")
    told_by = fields.Char(string="Told by", help="Who gave it to you, when it came by phone, mail or on paper.")
    active = fields.Boolean(default=True, help="Off: entered by mistake.")

    @api.model
    def _kept_by_app(self):
        """Names of the fields that the app fills in, whoever names them in a call."""
        return {"entered_by_id", "entered_by_name"}

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | self._kept_by_app()

    @api.model_create_multi
    def create(self, vals_list):
        # first of all: what is there already is told to nobody who may not add to it
        self.check_access("create")
        self._check_readable(vals_list)
        kept = set() if self.env.su else self._kept_by_app()
        vals_list = [{name: vals[name] for name in vals if name not in kept} for vals in vals_list]
        vals_list = self._complete(vals_list)
        self._refuse_doubles([(self.browse(), vals) for vals in vals_list])
        return super().create(vals_list)

    @api.model
    def _complete(self, vals_list):
        """The values of new records with what the app adds to them."""
        who = {"entered_by_id": self.env.uid, "entered_by_name": self.env.user.sudo().name}  # sudo: one's own name
        defaults = self.default_get(list(self._key_names))
        return [{**defaults, **vals, **who} for vals in vals_list]

    def write(self, vals):
        self.check_access("write")
        self._refuse_kept(vals)
        if {*self._key_names, "active"} & vals.keys():
            self._refuse_doubles([(record, vals) for record in self])
        return super().write(vals)

    # === One fact, one record ===

    def _key(self, vals=None):
        """What names the fact that this record is about, once it has these values."""
        values = []
        for name in self._key_names:
            value = vals[name] if vals and name in vals else self[name]
            if self._fields[name].type == "date":
                value = self._to_date(value)
            elif isinstance(value, models.BaseModel):
                value = value.id
            values.append(value or False)
        return tuple(values)

    @api.model
    def _to_date(self, value):
        """A date, or False.

        :raise UserError: the value is none
        """
        try:
            return fields.Date.to_date(value) or False
        except ValueError as error:
            raise UserError(self.env._("A date is not a date.")) from error

    @api.model
    def _by_key(self, keys):
        """The records that are about these facts: dict of key -> record."""
        place, day = self._key_names.index("child_id"), self._key_names[-1]
        keys = [key for key in keys if key[place] and key[-1]]
        if not keys:
            return {}
        records = self.search(
            [("child_id", "in", [key[place] for key in keys]), (day, "in", [key[-1] for key in keys])]
        )
        return {record._key(): record for record in records}

    @api.model
    def _refuse_doubles(self, rows):
        """Refuse a second record of the same fact, before the database does in its own words.

        :param rows: list of (record or empty, the values that it is about to get)
        """
        if not self._key_names:
            return
        rows = [(record, record._key(vals)) for record, vals in rows if vals.get("active", record.active or not record)]
        there = self.sudo()._by_key([key for _record, key in rows])  # sudo: it counts whoever sees it
        seen = set()
        for record, key in rows:
            if key in seen or there.get(key, record) != record:
                raise UserError(
                    self.env._("This is here already, of %(day)s. Change that.", day=format_date(self.env, key[-1]))
                )
            seen.add(key)

    def _refuse_kept(self, vals):
        kept = set() if self.env.su else self._kept_by_app() & vals.keys()
        if kept:
            label = self._fields[min(kept)]._description_string(self.env)
            raise UserError(self.env._("%(field)s is filled in by the app, not by hand.", field=label))

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("This can't be copied: it is a fact about one child on one day."))
        return super().copy(default)


class PepEvidenceOfSchool(models.AbstractModel):
    """Evidence that a school gives.

    The virtual school's staff write it as any record. A teacher has no right to write, and reports through
    :meth:`_report` instead, which looks at the access to *this* child and at where the child is enrolled *today*.
    """

    _name = "pep.evidence.of.school"
    _description = "Evidence that a school gives about a child"
    _inherit = ["pep.evidence"]

    school_id = fields.Many2one(
        "res.partner", index="btree_not_null", ondelete="restrict", domain=[("pep_is_school", "=", True)]
    )
    school_name = fields.Char(string="School's name then", readonly=True, copy=False)

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"school_name"}

    @api.model
    def _complete(self, vals_list):
        names = self._school_names(vals.get("school_id") for vals in vals_list)
        return super()._complete(
            [{**vals, "school_name": names.get(vals.get("school_id"), False)} for vals in vals_list]
        )

    def write(self, vals):
        result = super().write(vals)
        if "school_id" in vals:
            named = self.sudo()  # sudo: filled in by the app
            named.write({"school_name": self._school_names([vals["school_id"]]).get(vals["school_id"], False)})
        return result

    @api.model
    def _school_names(self, ids):
        schools = self.env["res.partner"].sudo().browse({school for school in ids if school})  # sudo: a name, kept here
        return {school.id: school.name for school in schools}

    @api.constrains("school_id")
    def _check_school(self):
        schools = self.school_id.sudo()  # sudo: what kind of contact it is
        if not all(schools.mapped("pep_is_school")):
            raise UserError(self.env._("Choose a school from the register."))

    # === Reporting ===

    @api.model
    def _schools_to_report_for(self, children):
        """For which schools the user may report figures of each of these children now.

        :param children: ``pep.child`` records that the user may read
        :return: dict of child id -> :data:`EVERY_SCHOOL` for the virtual school's staff, or the teacher's schools as
            ``res.partner`` records, the child's main school first; whoever may report nothing is missing
        """
        roles = self.env["pep.access"]._roles_on(children)
        schools = {child_id: EVERY_SCHOOL for child_id, held in roles.items() if held & STAFF}
        pupils = children.filtered(lambda child: child.id not in schools and "teacher" in roles.get(child.id, ()))
        staff = self.env["pep.school.staff"].sudo()  # sudo: one's own rows
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: of children on whom the user is teacher
        for company, members in pupils.grouped("company_id").items():
            today = company.sudo()._pep_today()  # sudo: the council's clock
            own = staff.search(staff._current_domain(today) & Domain("user_id", "=", self.env.uid)).school_id
            current = enrolments.search(
                enrolments._current_domain(today)
                & Domain("child_id", "in", members.ids)
                & Domain("school_id", "in", own.ids)
            )
            for enrolment in current.sorted(lambda enrolment: (enrolment.kind != "main", enrolment.id)):
                held = schools.get(enrolment.child_id.id, self.env["res.partner"])
                schools[enrolment.child_id.id] = held | enrolment.school_id.with_env(self.env)
        return schools

    @api.model
    def _report(self, child_id, values):
        """Add what the user reports of a child, or bring it up to date where the same was reported before.

        :param int child_id: whose
        :param dict values: fields of :meth:`_reportable`; ``school_id`` is one of the user's, by default the main
        :return: the record
        :raise AccessError: the child is not there, not for this user, or not at a school of theirs today
        :raise UserError: the values do not fit
        """
        self.check_access("read")
        if not isinstance(child_id, int) or not isinstance(values, dict):
            self._refuse_report()
        child = self.env["pep.child"].search([("id", "=", child_id)])
        schools = self._schools_to_report_for(child).get(child.id)
        if not schools:
            self._refuse_report()
        if not all(name in self._reportable() and self._fits(name, value) for name, value in values.items()):
            raise UserError(self.env._("Something in this report is not known here."))
        values = {**values, "child_id": child.id, "school_id": self._school_of_report(child, schools, values)}
        values = self._prepare_report(values)
        records = self.sudo().browse()  # sudo: a teacher has no right to write; checked for this child above
        same = records._same_report(values)
        if same:
            same.write({name: value for name, value in values.items() if name not in ("child_id", "school_id")})
        return (same or records.create([values])).with_env(self.env)

    @api.model
    def _fits(self, name, value):
        """Whether a value that came from outside is of the field's kind; its range is for the model to check."""
        field = self._fields[name]
        if field.type == "selection":
            return not value or value in field.get_values(self.env)
        if field.type == "many2one":
            return not value or isinstance(value, int)
        return isinstance(value, SCALARS)

    @api.model
    def _refuse_report(self):
        raise AccessError(self.env._("There is no child here for whom you can report this."))

    @api.model
    def _school_of_report(self, child, schools, values):
        """Id of the school that a report is about; False when it names none and the child has none."""
        school_id = values.get("school_id")
        if schools is EVERY_SCHOOL:
            setting = child._settings_on(child.company_id._pep_today()).get(child.id)
            return school_id or (setting.school_id.id if setting else False)
        if school_id and school_id not in schools.ids:
            self._refuse_report()
        return school_id or schools[0].id

    @api.model
    def _reportable(self):
        """Names of the fields that a report may hold."""
        return {"school_id", "told_by"}

    @api.model
    def _prepare_report(self, values):
        """The values of a report as they are written."""
        return values

    @api.model
    def _same_report(self, values):
        """The record that these values bring up to date; empty when they are about something new."""
        key = self._key(values)
        return self._by_key([key]).get(key, self.browse())
