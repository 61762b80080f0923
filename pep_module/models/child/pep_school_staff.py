from datetime import date, timedelta
from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .res_partner_login import LOGIN_STATES

STAFF_ROLES = [
    ("designated_teacher", "Designated teacher"),
    ("delegate", "Stands in for the designated teacher"),
    ("colleague", "Colleague: only what is delegated"),
]
# Those who see all looked-after pupils of the school.
TEACHING = ("designated_teacher", "delegate")


class PepSchoolStaff(models.Model):
    """Who at a school may see the looked-after pupils there, from when to when.

    One login serves all pupils of the school, whichever council they belong to: the rows are the school's, not a
    council's. From them follows access in the role *teacher* (:class:`pep.access`), in the same transaction; for a
    colleague nothing does, but what a teacher delegates (:class:`pep.delegation`). A row is
    ended by its last day and never deleted: it says who could see whom, and when.
    """

    _name = "pep.school.staff"
    _description = "Member of school staff"
    _order = "school_id, date_to desc, id"
    _allow_sudo_commands = False

    school_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("pep_is_school", "=", True)],
    )
    user_id = fields.Many2one(
        "res.users",
        string="Login",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("share", "=", True)],
        help="A portal login. Staff of the council get their access through the caseload.",
    )
    login = fields.Char(
        string="Or its exact login",
        store=False,
        help="For a login that another council made: a teacher has one for all councils.",
    )
    user_name = fields.Char(string="Name", readonly=True, help="As it was when the person was added here.")
    role = fields.Selection(STAFF_ROLES, required=True, default="designated_teacher")
    lead = fields.Boolean(help="Who is asked first, where a school has several.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    date_to = fields.Date(string="Last day", help="Empty while the person works with the pupils of this school.")
    active = fields.Boolean(default=True, help="Off: entered by mistake.")
    login_state = fields.Selection(
        LOGIN_STATES, string="State of the login", compute="_compute_login", groups="pep_module.group_pep_support"
    )
    login_date = fields.Datetime(
        string="Signed in or invited", compute="_compute_login", groups="pep_module.group_pep_support"
    )

    _dates = models.Constraint("CHECK (date_to IS NULL OR date_to >= date_from)", "Nobody leaves before they come.")
    _one_open = models.UniqueIndex(
        "(school_id, user_id) WHERE date_to IS NULL AND active", "This person is on the staff of this school already."
    )
    _lead_teaches = models.Constraint(
        "CHECK (lead IS NOT TRUE OR role <> 'colleague')", "Who leads is the designated teacher or stands in."
    )
    _start_uniq = models.UniqueIndex(
        "(school_id, user_id, date_from) WHERE active", "This person began at this school on this day already."
    )

    @api.depends("user_name", "school_id.name")
    def _compute_display_name(self):
        for member in self:
            names = filter(None, (member.user_name, member.school_id.name))
            member.display_name = ", ".join(names) or self.env._("New member of staff")

    def _compute_login(self):
        users = self.user_id.sudo()  # sudo: a login of another council is out of sight; its state is told
        partners = {user: user.partner_id.id for user in users}
        states = users.partner_id._pep_login_states()
        for member in self:
            user = member.user_id.sudo()  # sudo: the same
            member.login_state, member.login_date = states.get(partners.get(user), ("none", False))

    @api.model
    def _current_domain(self, day):
        """Staff that count on a day."""
        return Domain("date_from", "<=", day) & (Domain("date_to", "=", False) | Domain("date_to", ">=", day))

    @api.model
    def _works_at(self, user, school):
        """Rows by which the user answers today for the pupils of a school; a colleague answers for none by that."""
        return self._teaching_at(school).filtered(lambda member: member.user_id == user)

    @api.model
    def _leads_at(self, user, schools):
        """Those of these schools where the user leads today: as marked or, where nobody is, as designated teacher.

        :return: ``res.partner`` records in the order of ``schools``
        """
        members = self._teaching_at(schools).grouped("school_id")
        led = set()
        for school, staff in members.items():
            leads = staff.filtered("lead") or staff.filtered(lambda member: member.role == "designated_teacher")
            if user in leads.user_id:
                led.add(school.id)
        return schools.filtered(lambda school: school.id in led)

    @api.model
    def _teaching_at(self, schools):
        current = self._current_domain(self.env.company._pep_today())
        rows = self.sudo()  # sudo: who works where decides what a teacher may do, and teachers may not list it
        return rows.search(current & Domain("school_id", "in", schools.ids) & Domain("role", "in", TEACHING))

    # === Constraints ===

    @api.constrains("user_id")
    def _check_portal_user(self):
        for user in self.user_id.sudo():  # sudo: a login of another council's portal may be out of the user's sight
            if not user.share:
                raise ValidationError(
                    self.env._(
                        "%(user)s is staff of the council. School staff have a portal login.",
                        user=user.name,
                    )
                )

    @api.constrains("school_id")
    def _check_school(self):
        if not all(self.school_id.mapped("pep_is_school")):
            raise ValidationError(self.env._("School staff belong to a school. Choose one from the register."))

    @api.constrains("school_id", "user_id", "date_from", "date_to", "active")
    def _check_overlap(self):
        rows = self.search([("school_id", "in", self.school_id.ids), ("user_id", "in", self.user_id.ids)])
        for same in rows.grouped(lambda row: (row.school_id.id, row.user_id.id)).values():
            for row, following in pairwise(same.sorted("date_from")):
                if (row.date_to or date.max) >= following.date_from:
                    raise ValidationError(
                        self.env._(
                            "%(user)s is on the staff of %(school)s on the same days already.",
                            user=following.user_name,
                            school=following.school_id.name,
                        )
                    )

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._resolve_login(vals) for vals in vals_list]
        users = self.env["res.users"].sudo()  # sudo: only the name, kept on the row
        users = users.browse({vals["user_id"] for vals in vals_list if vals.get("user_id")})
        names = {user.id: user.name for user in users}
        for vals in vals_list:
            vals["user_name"] = names.get(vals.get("user_id"), False)
        self.flush_model(["date_to", "active"])  # rows that were ended just now make room for new ones
        members = super().create(vals_list)
        members._sync_access()
        return members

    @api.model
    def _resolve_login(self, vals):
        """These values with the login that was typed in replaced by its user.

        Odoo hides the portal users of one council from the staff of another, so such a user can't be picked. Who knows
        the exact login of a portal user may name it; nothing else is told about it.
        """
        vals = dict(vals)
        login = (vals.pop("login", None) or "").strip()
        if login and not vals.get("user_id"):
            users = self.env["res.users"].sudo()  # sudo: the user may be out of sight, see above
            user = users.search([("login", "=", login), ("share", "=", True)])
            if not user:
                raise UserError(self.env._("Nobody has the portal login “%(login)s”.", login=login))
            vals["user_id"] = user.id
        return vals

    def write(self, vals):
        vals = {name: value for name, value in vals.items() if name != "login"}
        self._refuse_repointing(vals)
        schools = self.school_id
        result = super().write(vals)
        if {"school_id", "role", "date_from", "date_to", "active"} & vals.keys():
            self._sync_access(schools)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("School staff are never deleted: give the last day, or archive a mistake."))

    @api.model
    def _add(self, school, user, role, **values):
        """Put somebody on the staff of a school, or leave them where they are on it in this role or a wider one.

        :param user: a portal login
        :param values: ``date_from`` and ``lead``, where they differ from the usual
        :return: the row
        """
        rows = self.sudo()  # sudo: whoever may call this was checked, and the login may be out of sight
        day = values.get("date_from") or self.env.company._pep_today()
        going_on = Domain("date_to", "=", False) | Domain("date_to", ">=", day)
        there = rows.search(
            going_on & Domain("school_id", "=", school.id) & Domain("user_id", "=", user.id), order="date_from"
        )
        if not there:
            values = {"date_from": day, **values}
            return rows.create({"school_id": school.id, "user_id": user.id, "role": role, **values})
        row = there[0]
        if row.role == "colleague" and role != "colleague":
            if row.date_from >= day:
                row.write({"role": role, "lead": bool(values.get("lead"))})
                return row
            row.date_to = day - timedelta(days=1)
            return rows.create({"school_id": school.id, "user_id": user.id, "role": role, **values, "date_from": day})
        if values.get("lead") and not row.lead:
            row.lead = True
        return row

    def action_invite(self):
        """Button: send these people an invitation, with a link to choose a password where they never signed in.

        :raise UserError: works there no more, or the login is switched off
        """
        self.check_access("write")
        today = self.env.company._pep_today()
        for member in self:
            if not member.active or (member.date_to and member.date_to < today):
                raise UserError(self.env._("%(name)s works at this school no more.", name=member.user_name))
            partner = member.user_id.sudo().partner_id  # sudo: a login of another council is out of sight
            partner._pep_invite(self.env.company)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The invitation is on its way."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _refuse_repointing(self, vals):
        """A row names one person at one school for ever; only a school that became another one takes its rows along."""
        moves = {"user_id"} if self.env.su and self.env.context.get("pep_school_moves") else {"user_id", "school_id"}
        for name in moves & vals.keys():
            if any(row[name].id != vals[name] for row in self):
                raise UserError(self.env._("End this row with its last day and add a new one instead."))
        if "user_name" in vals and any(row.user_name != vals["user_name"] for row in self):
            raise UserError(self.env._("The name stays as it was when the person was added."))

    def _sync_access(self, schools_before=()):
        """Let access follow, for every child that is, was or will be enrolled at these schools."""
        schools = self.school_id.union(*schools_before)
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: pupils of every council, none of them shown
        groups = enrolments._read_group([("school_id", "in", schools.ids)], ["child_id"])
        children = self.env["pep.child"].browse(child.id for (child,) in groups)
        self.env["pep.access"]._sync(children)
