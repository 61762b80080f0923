from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

CHUNK = 1000
# Addresses that anybody can have: that a colleague has one like it says nothing.
ANYBODYS = {"gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "icloud.com", "live.co.uk", "outlook.com"}
ANYBODYS |= {"btinternet.com", "yahoo.co.uk", "yahoo.com"}
STAFF = {"vseo", "support", "head"}


class PepDelegation(models.Model):
    """A teacher lets a colleague at the same school work on one child's PEP, or on one section of it.

    Of a whole child the colleague is a teacher like the others; of a section the colleague reads and answers that
    section alone. Both follow through :class:`pep.access`, and last as long as all of these do: the pupil's enrolment,
    the teacher's and the colleague's place on the staff, and the delegation. Those that were there on its first day are
    meant: who leaves and comes back later does not bring the delegation back.

    Made and ended by the methods below alone, and never deleted: it says who could see what, and through whom.
    """

    _name = "pep.delegation"
    _description = "Delegation to a colleague at school"
    _inherit = ["pep.child.bound"]
    _order = "child_id.id, date_from desc, id desc"
    _allow_sudo_commands = False

    school_id = fields.Many2one("res.partner", required=True, index=True, ondelete="restrict", readonly=True)
    from_user_id = fields.Many2one(
        "res.users", string="Delegated by", required=True, index=True, ondelete="restrict", readonly=True
    )
    from_name = fields.Char(string="Teacher", readonly=True, help="As it was then.")
    user_id = fields.Many2one(
        "res.users", string="Delegated to", required=True, index=True, ondelete="restrict", readonly=True
    )
    user_name = fields.Char(string="Colleague", readonly=True, help="As it was then.")
    contribution_id = fields.Many2one(
        "pep.contribution",
        string="Part of the PEP",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        help="Empty: everything that the school does for this child.",
    )
    section_name = fields.Char(string="Section", compute="_compute_section_name")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="Last day", readonly=True)
    ended_on = fields.Datetime(string="Ended on", readonly=True, help="From this moment on it counts no more.")
    ended_by_id = fields.Many2one("res.users", string="Ended by", readonly=True, ondelete="restrict")
    active = fields.Boolean(default=True, readonly=True)

    _dates = models.Constraint("CHECK (date_to IS NULL OR date_to >= date_from)", "It can't end before it begins.")
    _two_people = models.Constraint("CHECK (user_id <> from_user_id)", "Nobody delegates to themselves.")
    _one_a_section = models.UniqueIndex(
        "(contribution_id) WHERE contribution_id IS NOT NULL AND date_to IS NULL AND ended_on IS NULL AND active",
        "This section is delegated already. End that first.",
    )
    _one_a_child = models.UniqueIndex(
        "(child_id, school_id, user_id) "
        "WHERE contribution_id IS NULL AND date_to IS NULL AND ended_on IS NULL AND active",
        "This colleague has this child already.",
    )

    @api.depends("contribution_id")
    def _compute_section_name(self):
        for delegation in self:
            section = delegation.contribution_id.sudo()  # sudo: what was delegated of a child that the user may see
            delegation.section_name = section.section_name or self.env._("The whole child")

    # === How long it lasts ===

    def _spans(self):
        """First and last day on which each of these counts, or is going to count.

        :return: dict of delegation -> (date, date or None); those that never count are missing
        """
        place = Domain("school_id", "in", self.school_id.ids)
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: whether it counts, whoever asks
        enrolments = enrolments.search(place & Domain("child_id", "in", self.child_id.ids))
        staff = self.env["pep.school.staff"].sudo()  # sudo: the same
        staff = staff.search(place & Domain("user_id", "in", (self.from_user_id | self.user_id).ids))
        pupils = enrolments.grouped(lambda row: (row.school_id.id, row.child_id.id))
        members = staff.filtered(lambda row: row.user_id.share).grouped(lambda row: (row.school_id.id, row.user_id.id))
        teachers = {key: rows.filtered(lambda row: row.role != "colleague") for key, rows in members.items()}
        spans = {}
        for delegation in self:
            school, first = delegation.school_id.id, delegation.date_from
            rows = (
                self._on(pupils.get((school, delegation.child_id.id), ()), first),
                self._on(teachers.get((school, delegation.from_user_id.id), ()), first),
                self._on(members.get((school, delegation.user_id.id), ()), first),
            )
            if all(rows):
                ends = [row.date_to for row in (*rows, delegation) if row.date_to]
                spans[delegation] = (first, min(ends, default=None))
        return spans

    @api.model
    def _on(self, rows, day):
        """Of these dated rows, the one that counts on a day; the one that goes on longest, if there are several."""
        there = [row for row in rows if row.date_from <= day <= (row.date_to or date.max)]
        return max(there, key=lambda row: row.date_to or date.max, default=None)

    def _in_force(self):
        """Those of these that count today."""
        spans = self.filtered(lambda delegation: delegation.active and not delegation.ended_on)._spans()
        today = {company: company._pep_today() for company in self.company_id}
        return self.filtered(
            lambda delegation: (
                delegation in spans
                and spans[delegation][0] <= today[delegation.company_id] <= (spans[delegation][1] or date.max)
            )
        )

    @api.model
    def _held_by(self, user, children, schools):
        """Which of these children are delegated as a whole to this user today, and at which of these schools.

        :return: set of (``pep.child``, school)
        """
        delegations = self.sudo().search(  # sudo: asked about a person, not shown to anybody
            [
                ("child_id", "in", children.ids),
                ("user_id", "=", user.id),
                ("school_id", "in", schools.ids),
                ("contribution_id", "=", False),
                ("ended_on", "=", False),
            ]
        )
        return {(delegation.child_id, delegation.school_id) for delegation in delegations._in_force()}

    # === Delegating ===

    @api.model
    def action_delegate(self, plan_id, user_id, contribution_id=False):
        """Delegate the child of a PEP, or one section of it, to a colleague at the same school. Twice is once.

        :param int plan_id: a PEP that the caller may read
        :param int user_id: the colleague
        :param int contribution_id: the section; none for the whole child
        :return: id of the ``pep.delegation``
        :raise AccessError: the caller does not lead at the pupil's school
        :raise UserError: nobody of that school, or a section that is closed or delegated already
        """
        plan = self.env["pep.plan"].browse(plan_id)
        plan.check_access("read")
        section = self.env["pep.contribution"].browse(contribution_id or [])
        section.check_access("read")
        if section and section.plan_id != plan:
            raise AccessError(self.env._("This section belongs to another PEP."))
        school = self._school_of(self._schools_led(plan, section), user_id)
        self._check_section(section)
        delegations = self.sudo()  # sudo: checked above; teachers delegate by this method alone
        same = delegations.search(
            [("child_id", "=", plan.child_id.id), ("contribution_id", "=", section.id), ("ended_on", "=", False)]
        )
        same._close_lapsed()
        same = same.filtered(lambda row: not row.ended_on)
        mine = same.filtered(lambda row: row.user_id.id == user_id and row.school_id == school)
        if mine:
            return mine[0].id
        if section and same:
            raise UserError(
                self.env._("This section is delegated to %(name)s. End that first.", name=same[0].user_name)
            )
        delegation = delegations.create(
            {
                "child_id": plan.child_id.id,
                "school_id": school.id,
                "from_user_id": self.env.uid,
                "user_id": user_id,
                "contribution_id": section.id,
                "date_from": plan.sudo().company_id._pep_today(),  # sudo: what day it is in the pupil's council
            }
        )
        if not delegation._gives_access():
            raise UserError(self.env._("This can't be delegated to this colleague. Please ask the virtual school."))
        return delegation.id

    @api.model
    def _schools_led(self, plan, section):
        """The pupil's schools at which the caller leads and is the child's teacher; for a section, whose it is.

        :raise AccessError: there is none
        """
        child = plan.child_id
        schools = section.sudo().school_id  # sudo: schools are no secret, and portal users can't read contacts
        if not schools:
            enrolments = self.env["pep.enrolment"].sudo()  # sudo: where the pupil is, asked for one's own pupil
            today = plan.sudo().company_id._pep_today()  # sudo: what day it is in the pupil's council
            enrolments = enrolments.search(enrolments._current_domain(today) & Domain("child_id", "=", child.id))
            schools = enrolments.sorted(lambda row: (row.kind != "main", row.id)).school_id
        schools = self.env["pep.school.staff"]._leads_at(self.env.user, schools)
        if not schools or "teacher" not in self.env["pep.access"]._roles_on(child).get(child.id, ()):
            raise AccessError(self.env._("Who leads at the pupil's school may delegate."))
        return schools

    @api.model
    def _school_of(self, schools, user_id):
        """The first of these schools that this person works at."""
        members = self._staff_of(schools).filtered(lambda row: row.user_id.id == user_id)
        if not members or user_id == self.env.uid:
            raise UserError(self.env._("Choose a colleague who works at the same school."))
        return schools.filtered(lambda school: school in members.school_id)[0]

    @api.model
    def _staff_of(self, schools):
        staff = self.env["pep.school.staff"].sudo()  # sudo: a leading teacher's colleagues; teachers may not list staff
        today = self.env.company._pep_today()
        return staff.search(staff._current_domain(today) & Domain("school_id", "in", schools.ids))

    @api.model
    def _may_delegate(self, plan):
        """Whether the caller leads at the pupil's school."""
        try:
            return bool(self._schools_led(plan, self.env["pep.contribution"]))
        except AccessError:
            return False

    @api.model
    def _colleagues(self, plan):
        """To whom the caller may delegate this PEP's child or sections.

        :return: list of (user id, name), empty for whoever does not lead
        """
        try:
            schools = self._schools_led(plan, self.env["pep.contribution"])
        except AccessError:
            return []
        staff = self._staff_of(schools).filtered(lambda row: row.user_id != self.env.user)
        return sorted({row.user_id.id: row.user_name for row in staff}.items(), key=lambda pair: pair[1] or "")

    @api.model
    def _check_section(self, section):
        if not section:
            return
        if section.owner_role != "teacher":
            raise UserError(self.env._("Only the school's own sections can be delegated."))
        if not section.is_live or section.state not in ("not_started", "in_progress", "returned"):
            raise UserError(self.env._("This section is closed: there is nothing to delegate."))

    # === Colleagues ===

    @api.model
    def action_invite_colleague(self, school_id, name, email):
        """Add a colleague to the staff of a school, with a login; there is nothing for them to see yet. Twice is once.

        :param int school_id: where the caller leads
        :raise AccessError: the caller does not lead there
        :raise UserError: no address, one of another domain than the caller's, or of somebody at a council
        """
        school = self.env["res.partner"].sudo().browse(school_id)  # sudo: portal users can't read contacts
        if not self.env["pep.school.staff"]._leads_at(self.env.user, school):
            raise AccessError(self.env._("Who leads at the school may add colleagues."))
        address = email_normalize(email or "")
        councils = self._councils_at(school)
        if address and not self._may_have_address(address, councils):
            domain = self._domain()
            raise UserError(
                self.env._("Use the colleague's address at school. It ends like yours: @%(domain)s.", domain=domain)
            )
        company = self.env.company if self.env.company in councils else councils[:1] or self.env.company
        user = self.env["res.users"]._pep_portal_login(name, address, company.sudo())  # sudo: checked above
        self.env["pep.school.staff"]._add(school, user, "colleague")
        user._pep_send_invitation(company.sudo())  # sudo: the council's address
        return True

    @api.model
    def _councils_at(self, school):
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: which councils have pupils here, none of them shown
        current = enrolments._current_domain(self.env.company._pep_today())
        rows = enrolments._read_group(current & Domain("school_id", "=", school.id), [], ["company_id:recordset"])
        return rows[0][0]

    @api.model
    def _domain(self):
        """The domain of the caller's login, which is an address that the council knew them by."""
        return (email_normalize(self.env.user.login) or email_normalize(self.env.user.email or "") or "@").split("@")[1]

    @api.model
    def _may_have_address(self, address, councils):
        domain = self._domain()
        if domain and address.endswith(f"@{domain}") and domain not in ANYBODYS:
            return True
        return bool(councils) and all(councils.sudo().mapped("pep_colleague_any_domain"))  # sudo: a council's rule

    def _gives_access(self):
        """Whether the colleague has come to see what was delegated. Somebody who must not have contact has not."""
        access = self.env["pep.access"].sudo()  # sudo: derived just now, from this row
        sources = [f"delegation,{delegation.id}" for delegation in self]
        return bool(
            access.search_count(
                [
                    ("child_id", "in", self.child_id.ids),
                    ("user_id", "in", self.user_id.ids),
                    ("source", "in", sources),
                ],
                limit=1,
            )
        )

    # === Ending ===

    def action_end(self):
        """Take back what was delegated, at once. Twice is once.

        :raise AccessError: for anybody but the teacher who delegated, who leads at that school, and the council's staff
        """
        self.check_access("read")
        delegations = self.sudo()  # sudo: readable, and what it hangs on may not be
        roles = self.env["pep.access"]._roles_on(delegations.child_id)
        led = self.env["pep.school.staff"]._leads_at(self.env.user, delegations.school_id)
        for delegation in delegations:
            mine = roles.get(delegation.child_id.id, set())
            teaches = delegation.from_user_id == self.env.user or delegation.school_id in led
            if not (mine & STAFF or "teacher" in mine and teaches):
                raise AccessError(self.env._("Who delegated this, or leads at the school, may take it back."))
        delegations._end()
        return True

    def _end(self):
        """End these now, whoever asks."""
        ending = self.filtered(lambda delegation: not delegation.ended_on)
        ending.write({"ended_on": fields.Datetime.now(), "ended_by_id": self.env.uid})

    @api.model
    def _end_sections_of(self, plans):
        """End what was delegated of these PEPs: nobody works on them any more."""
        rows = self.sudo()  # sudo: who finishes a PEP need not have delegated its sections
        rows.search([("contribution_id.plan_id", "in", plans.ids), ("ended_on", "=", False)])._end()

    def _end_before(self, day):
        """Let these count no longer than to the day before ``day``; those that begin later never count."""
        ending = self.filtered(lambda delegation: not delegation.date_to or delegation.date_to >= day)
        begun = ending.filtered(lambda delegation: delegation.date_from < day)
        begun.write({"date_to": day - timedelta(days=1)})
        (ending - begun).write({"active": False})

    def _go_on(self, day, **values):
        """From ``day`` on let these go on with other values: another teacher, colleague or school.

        :return: the new rows
        """
        going_on = self.filtered(lambda delegation: not delegation.date_to or delegation.date_to >= day)
        vals_list = [
            {
                "child_id": delegation.child_id.id,
                "school_id": delegation.school_id.id,
                "from_user_id": delegation.from_user_id.id,
                "user_id": delegation.user_id.id,
                "contribution_id": delegation.contribution_id.id,
                "date_from": max(delegation.date_from, day),
                "date_to": delegation.date_to,
                **values,
            }
            for delegation in going_on
        ]
        going_on._end_before(day)
        self.flush_model()  # the old rows end before the new ones begin, for the database's constraints too
        return self.create([vals for vals in vals_list if vals["user_id"] != vals["from_user_id"]])

    def _close_lapsed(self):
        """Mark as ended what counts no more: the pupil, the teacher or the colleague has left."""
        spans = self._spans()
        today = {company: company._pep_today() for company in self.company_id}
        lapsed = self.filtered(
            lambda delegation: (
                not delegation.ended_on
                and (delegation not in spans or (spans[delegation][1] or date.max) < today[delegation.company_id])
            )
        )
        lapsed.write({"ended_on": fields.Datetime.now()})

    @api.model
    def _cron_close_lapsed(self):
        """Daily: mark what counts no more, and let each section know whose it is today. Idempotent.

        Access never waits for this: it ends by its own dates.
        """
        delegations = self.sudo().search([("ended_on", "=", False)], order="id")  # sudo: scheduled action, no user
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(delegations))
        for start in range(0, len(delegations), CHUNK):
            chunk = delegations[start : start + CHUNK]
            if not cron._pep_step(chunk._tidy, processed=len(chunk)):
                break

    def _tidy(self):
        self._close_lapsed()
        self._note_on_sections()

    def _note_on_sections(self):
        """Write on each section to whom it is delegated today, if to anybody."""
        sections = self.contribution_id.sudo()  # sudo: kept by the app
        rows = self.sudo().search([("contribution_id", "in", sections.ids), ("ended_on", "=", False)])  # sudo: the same
        users = {row.contribution_id: row.user_id for row in rows._in_force()}
        for section in sections:
            user = users.get(section, self.env["res.users"])
            if section.delegate_id != user:
                section.delegate_id = user

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Teachers delegate on the page of the PEP."))
        users = self.env["res.users"].browse(
            {vals.get(name) for vals in vals_list for name in ("user_id", "from_user_id")} - {None, False}
        )
        names = {user.id: user.name for user in users}
        for vals in vals_list:
            vals["user_name"] = names.get(vals.get("user_id"))
            vals["from_name"] = names.get(vals.get("from_user_id"))
        delegations = super().create(vals_list)
        delegations._follow()
        return delegations

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Teachers delegate on the page of the PEP."))
        result = super().write(vals)
        if {"date_from", "date_to", "ended_on", "active"} & vals.keys():
            self._follow()
        return result

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"school_id", "from_user_id", "user_id", "contribution_id"}

    def _follow(self):
        self.env["pep.access"]._sync(self.child_id)
        self._note_on_sections()
