from collections import defaultdict
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..common.ir_rule import CACHE
from .pep_school_staff import TEACHING

OPEN_END = datetime(9999, 12, 31)
BEGINNING = datetime(1900, 1, 1)
CHUNK = 1000
TIDIED = "pep_module.access_tidied_to"

ROLES = [
    ("vseo", "Virtual school education officer"),
    ("support", "Business support"),
    ("head", "Virtual school head"),
    ("finance", "Finance"),
    ("teacher", "Designated teacher"),
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("parent", "Parent"),
    ("iro", "Reviewing officer"),
    ("delegate", "School colleague"),
]


class PepAccess(models.Model):
    """Who may see which child today, in which role, and why.

    The one table that every record rule of the app reads. Rows are never edited by hand: :meth:`_sync` derives them
    from caseload, cover, enrolment, delegation and network membership, in the transaction that changes those. A row
    says from when to when it counts, in UTC, and the rules compare that with *now* in SQL: revocation needs no job to
    run.

    Finance sees the money of every child and nothing else: one row a council without a child, so that the thousands of
    children do not become thousands of rows that the other models' rules would have to step over.
    """

    _name = "pep.access"
    _description = "Access to a child"
    _order = "child_id.id, role, valid_from, id"
    _allow_sudo_commands = False
    _log_access = True

    user_id = fields.Many2one("res.users", required=True, ondelete="restrict", readonly=True)
    child_id = fields.Many2one("pep.child", index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(
        "res.company", string="Council", required=True, index=True, ondelete="restrict", readonly=True
    )
    role = fields.Selection(ROLES, required=True, readonly=True)
    valid_from = fields.Datetime(string="From", required=True, readonly=True)
    valid_to = fields.Datetime(string="Until", required=True, readonly=True)
    source = fields.Char(required=True, readonly=True, help="The record that this access follows from.")
    why = fields.Char(readonly=True)

    _key = models.UniqueIndex("(child_id, user_id, role, source, valid_from)")
    _council_key = models.UniqueIndex("(company_id, user_id, role, source, valid_from) WHERE child_id IS NULL")
    # whose children a person is what to; a head has thousands of rows of one role, and no other rule steps over them
    _user_role_child = models.Index("(user_id, role, child_id)")
    _child_unless_finance = models.Constraint(
        "CHECK ((child_id IS NULL) = (role = 'finance'))", "Only finance sees a whole council, and only its money."
    )
    _order_of_dates = models.Constraint("CHECK (valid_from <= valid_to)", "Access can't end before it begins.")

    @api.depends("child_id", "role")
    def _compute_display_name(self):
        for access in self:
            access.display_name = access.child_id.sudo().reference or access.role  # sudo: a reference names nobody

    # === What is known of the rows in this transaction ===

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_named()
        return super().create(vals_list)

    def write(self, vals):
        self._forget_named()
        return super().write(vals)

    def unlink(self):
        self._forget_named()
        return super().unlink()

    def _forget_named(self):
        self.env.cr.cache.pop(CACHE, None)

    # === What a person is to a child ===

    @api.model
    def _roles_on(self, children):
        """The roles that the user has on each of these children now.

        :param children: ``pep.child`` records; they need not be readable
        :return: dict of child id -> set of roles; a child on whom the user has none is missing
        """
        now = fields.Datetime.now()
        rows = self.sudo()._read_group(  # sudo: one's own rows, which outsiders may not list
            [
                ("user_id", "=", self.env.uid),
                ("child_id", "in", children.ids),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
            ],
            ["child_id"],
            ["role:array_agg"],
        )
        return {child.id: set(roles) for child, roles in rows}

    # === Deriving the rows ===

    @api.model
    def _sync(self, children):
        """Make the access rows of these children what caseload, cover, enrolment and network say today.

        Idempotent. Rows that no longer follow from anything end now and are kept: they say who could see a child when.

        :param children: ``pep.child`` records
        """
        children = children.sudo().exists()  # sudo: access is derived from all there is, not from what the user sees
        children = children.sorted("id")  # locks are taken in one order, so that two such changes never wait in a ring
        for start in range(0, len(children), CHUNK):
            self.sudo()._sync_chunk(children[start : start + CHUNK])  # sudo: nobody may write these rows by hand

    def _sync_chunk(self, children):
        self._take_turn(children)
        wanted = self._wanted(children)
        existing = self.search([("child_id", "in", children.ids)])
        self._apply(existing, wanted)

    @api.model
    def _take_turn(self, children):
        """Of two transactions that change what one child's access follows from, let the second begin again.

        Waiting alone would not do: the second sees the data as they were before the first, and could leave somebody an
        access that no longer follows from anything. That the row was written makes PostgreSQL refuse the second, and
        Odoo repeats it.
        """
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL(
                """UPDATE pep_child SET write_date = write_date WHERE id IN (
                    SELECT id FROM pep_child WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)""",
                tuple(children.ids),
            ),
            log_exceptions=False,
        )

    @api.model
    def _apply(self, existing, wanted):
        """End, change and make rows until ``existing`` is what is ``wanted``.

        :param existing: access rows of the same scope
        :param wanted: dict of (company, child or False, user, role, source) -> (valid_from or None, valid_to, why);
            ids throughout; None begins now, or whenever the row that is already there began
        """
        now = fields.Datetime.now()
        to_end = self.browse()
        changes = defaultdict(self.browse)
        seen = set()
        for row in existing:
            key = (row.company_id.id, row.child_id.id, row.user_id.id, row.role, row.source)
            target = wanted.get(key)
            if row.valid_to <= now and (target is None or target[0] is None and row.valid_from != now):
                continue  # history
            if target is None or key in seen:
                to_end |= row
                continue
            seen.add(key)
            valid_from, valid_to, _why = target
            values = (valid_from or row.valid_from, valid_to)
            if values != (row.valid_from, row.valid_to):
                changes[values] |= row
        for row in to_end:
            changes[(min(row.valid_from, now), now)] |= row
        for (valid_from, valid_to), rows in changes.items():
            rows.write({"valid_from": valid_from, "valid_to": max(valid_from, valid_to)})
        self.create(
            [
                {
                    "company_id": company,
                    "child_id": child,
                    "user_id": user,
                    "role": role,
                    "source": source,
                    "valid_from": valid_from or now,
                    "valid_to": max(valid_from or now, valid_to),
                    "why": why,
                }
                for (company, child, user, role, source), (valid_from, valid_to, why) in wanted.items()
                if (company, child, user, role, source) not in seen
            ]
        )

    @api.model
    def _wanted(self, children):
        wanted = {}
        self._want_heads(children, wanted)
        self._want_caseload(children, wanted)
        self._want_school_staff(children, wanted)
        self._want_delegations(children, wanted)
        self._want_network(children, wanted)
        self._leave_out_barred(children, wanted)
        return wanted

    @api.model
    def _want(self, wanted, child, user, role, source, why, valid_from=None, valid_to=OPEN_END):
        """Note one row, unless the user is staff of another council only."""
        if not user.share and child.company_id not in user.company_ids:
            return
        wanted[(child.company_id.id, child.id, user.id, role, source)] = (valid_from, valid_to, why)

    def _want_heads(self, children, wanted):
        heads = self.env.ref("pep_module.group_pep_head").all_user_ids
        for company, members in children.grouped("company_id").items():
            for user in heads.filtered(lambda user, company=company: company in user.company_ids):
                for child in members:
                    self._want(wanted, child, user, "head", "head", "Head of the virtual school")

    def _want_caseload(self, children, wanted):
        covers = self.env["pep.cover"].search([("user_id", "in", children.vseo_id.ids), ("active", "=", True)])
        covers_of = covers.grouped("user_id")
        staff = {role: self.env.ref(f"pep_module.group_pep_{role}").all_user_ids for role in ("vseo", "support")}
        for child in children:
            if not child.vseo_id:
                continue
            if child.vseo_id in staff["vseo"]:
                self._want(wanted, child, child.vseo_id, "vseo", "caseload", "Own caseload")
            for cover in covers_of.get(child.vseo_id, ()):
                if cover.company_id != child.company_id or cover.cover_user_id not in staff[cover.role]:
                    continue
                valid_from, valid_to = self._span(child.company_id, cover.date_from, cover.date_to)
                why = "Covers a colleague" if cover.role == "vseo" else "Supports a colleague"
                source = f"cover,{cover.id}"
                self._want(wanted, child, cover.cover_user_id, cover.role, source, why, valid_from, valid_to)

    def _want_school_staff(self, children, wanted):
        enrolments = self.env["pep.enrolment"].search(
            [("child_id", "in", children.ids), ("school_id", "!=", False), ("active", "=", True)]
        )
        staff = self.env["pep.school.staff"].search(
            [("school_id", "in", enrolments.school_id.ids), ("role", "in", TEACHING)]
        )
        # a login that has become one of the council's staff is no teacher's any more
        staff_of = staff.filtered(lambda member: member.user_id.share).grouped("school_id")
        for enrolment in enrolments:
            for member in staff_of.get(enrolment.school_id, ()):
                start = max(filter(None, (enrolment.date_from, member.date_from)), default=None)
                end = min(filter(None, (enrolment.date_to, member.date_to)), default=None)
                if start and end and end < start:
                    continue
                child = enrolment.child_id
                valid_from, valid_to = self._span(child.company_id, start, end)
                source = f"enrolment,{enrolment.id},staff,{member.id}"
                self._want(wanted, child, member.user_id, "teacher", source, "Pupil's school", valid_from, valid_to)

    def _want_delegations(self, children, wanted):
        delegations = self.env["pep.delegation"].search([("child_id", "in", children.ids), ("ended_on", "=", False)])
        for delegation, (date_from, date_to) in delegations._spans().items():
            valid_from, valid_to = self._span(delegation.company_id, date_from, date_to)
            role = "delegate" if delegation.contribution_id else "teacher"
            source = f"delegation,{delegation.id}"
            why = "Delegated by a colleague"
            self._want(wanted, delegation.child_id, delegation.user_id, role, source, why, valid_from, valid_to)

    def _want_network(self, children, wanted):
        members = self.env["pep.network.member"].search(
            [
                ("child_id", "in", children.ids),
                ("must_not_contact", "=", False),
                ("role", "in", [role for role, _label in ROLES]),
                ("active", "=", True),
            ]
        )
        for member in members:
            valid_from, valid_to = self._span(member.company_id, member.date_from, member.date_to)
            for user in member.partner_id.user_ids:
                source = f"network,{member.id}"
                self._want(
                    wanted, member.child_id, user, member.role, source, "In the child's network", valid_from, valid_to
                )

    def _leave_out_barred(self, children, wanted):
        """Who must not have contact sees nothing of the child, whatever else they are to it; save the head."""
        barred = self.env["pep.network.member"].search(
            [("child_id", "in", children.ids), ("must_not_contact", "=", True), ("active", "=", True)]
        )
        pairs = {
            (member.child_id.id, user.id)
            for member in barred
            if not member.date_to or member.date_to >= member.company_id._pep_today()
            for user in member.partner_id.user_ids
        }
        for key in [key for key in wanted if (key[1], key[2]) in pairs and key[3] != "head"]:
            del wanted[key]

    @api.model
    def _span(self, company, date_from, date_to):
        """From the first to after the last of these local days, as UTC. Both days count; none means without end."""
        return (
            company._pep_midnight_utc(date_from) if date_from else BEGINNING,
            company._pep_midnight_utc(date_to + timedelta(days=1)) if date_to else OPEN_END,
        )

    # === What follows from users ===

    @api.model
    def _sync_users(self, users):
        """Follow a change of these users: their groups, councils, partner or being archived."""
        groups = ("pep_module.group_pep_head", "pep_module.group_pep_finance")
        if not users or not all(self.env.ref(group, raise_if_not_found=False) for group in groups):
            return  # nobody, or the app is just being installed or uninstalled
        access = self.sudo()  # sudo: derived rows, whoever changed the user
        users = users.sudo()  # sudo: the same
        access._sync_finance(users)
        children = self.env["pep.child"].sudo().with_context(active_test=False)  # sudo: the same
        heads = users & self.env.ref("pep_module.group_pep_head").all_user_ids
        concerned = access.search([("user_id", "in", users.ids), ("child_id", "!=", False)]).child_id
        concerned |= children.search([("company_id", "in", heads.company_ids.ids)])
        covers = self.env["pep.cover"].sudo().search([("cover_user_id", "in", users.ids)])  # sudo: the same
        concerned |= children.search([("vseo_id", "in", (users | covers.user_id).ids)])
        members = self.env["pep.network.member"].sudo()  # sudo: the same
        members = members.search([("partner_id", "in", users.partner_id.ids)])
        self._sync(concerned | members.child_id)

    def _sync_finance(self, users=None):
        """Make the council-wide rows what the group of finance says today: of these users, or of all."""
        finance = self.env.ref("pep_module.group_pep_finance").all_user_ids
        existing = Domain("child_id", "=", False)
        if users is not None:
            finance &= users
            existing &= Domain("user_id", "in", users.ids)
        wanted = {
            (company.id, False, user.id, "finance", "finance"): (None, OPEN_END, "Finance")
            for user in finance
            for company in user.company_ids
        }
        self._apply(self.search(existing), wanted)

    @api.model
    def _cron_tidy(self):
        """Nightly: derive everything again, so that a drift (a restored backup, a change by SQL) lasts a day at most.

        Access never waits for this: rows carry their own validity.
        """
        access = self.sudo()  # sudo: scheduled action, no user
        cron = self.env["ir.cron"]
        children = self._left_to_tidy()
        cron._commit_progress(remaining=len(children) + 1)
        cron._pep_step(access._sync_finance, processed=1)
        for start in range(0, len(children), CHUNK):
            chunk, more = children[start : start + CHUNK], start + CHUNK < len(children)
            if not cron._pep_step(access._tidy_chunk, chunk, more, processed=len(chunk)):
                break

    @api.model
    def _left_to_tidy(self):
        """Children that this round of :meth:`_cron_tidy` has not come to yet: it goes on where it ran out of time."""
        children = self.env["pep.child"].sudo().with_context(active_test=False)  # sudo: every child, for scheduled work
        last = self.env["ir.config_parameter"].sudo().get_param(TIDIED, "0")  # sudo: a note of the app to itself
        return children.search([("id", ">", int(last))], order="id")

    def _tidy_chunk(self, children, more):
        self._sync(children)
        last = children[-1:].id if more else 0
        self.env["ir.config_parameter"].sudo().set_param(TIDIED, str(last))  # sudo: a note of the app to itself
