from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import email_normalize

KINDS = [("teacher", "Member of school staff"), ("social_worker", "Social worker")]


class PepHandOver(models.TransientModel):
    """Somebody leaves: everything they did for children goes to another person, from a day on, in one action.

    Of school staff the rows are the school's, so all its pupils are handed over at once, of whichever council. Of a
    social worker the memberships of those children are handed over whom the user may change; the others are counted,
    not shown. Done again, it changes nothing.
    """

    _name = "pep.hand.over"
    _inherit = ["pep.checked.draft"]
    _description = "Hand over all children"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    staff_ids = fields.Many2many("pep.school.staff", string="At", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Contact of who leaves", readonly=True)
    leaver_name = fields.Char(string="Who leaves", compute="_compute_leaver_name")
    date = fields.Date(
        string="New person from",
        required=True,
        default=lambda self: self.env.company._pep_today() + timedelta(days=1),
        help="The day before is the last day of who leaves.",
    )
    to_partner_id = fields.Many2one(
        "res.partner",
        string="New person",
        domain=[("is_company", "=", False), ("pep_is_school", "=", False)],
        help="Somebody who is in the contacts.",
    )
    to_name = fields.Char(string="Or their name")
    to_email = fields.Char(
        string="E-mail", help="Whoever is known by this address is not made twice, whichever council knows them."
    )
    invite = fields.Boolean(string="Invite now", default=True)
    child_count = fields.Integer(string="Children in your sight", compute="_compute_child_count")
    done = fields.Text(string="What was done", readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids") or []
        if model == "pep.school.staff":
            staff = self.env["pep.school.staff"].browse(ids).exists()
            self._leaver(staff)
            values.update({"kind": "teacher", "staff_ids": [Command.set(staff.ids)]})
        elif model == "pep.network.member":
            member = self.env["pep.network.member"].browse(ids[:1])
            member.check_access("read")
            values.update({"kind": "social_worker", "partner_id": member.partner_id.id})
        elif model == "res.partner":
            values.update({"kind": "social_worker", "partner_id": ids[:1] and ids[0]})
        return values

    @api.model
    def _leaver(self, staff):
        """The one login that these rows are of.

        :raise UserError: of several people
        """
        user = staff.sudo().user_id  # sudo: a login of another council is out of sight
        if len(user) > 1:
            raise UserError(self.env._("Choose the rows of one person: the one who leaves."))
        return user

    # === What it is about ===

    @api.depends("kind", "staff_ids", "partner_id")
    def _compute_leaver_name(self):
        for wizard in self:
            names = wizard.staff_ids.mapped("user_name") if wizard.kind == "teacher" else [wizard.partner_id.name]
            wizard.leaver_name = names[0] if names else False

    @api.depends("kind", "staff_ids", "partner_id", "date")
    def _compute_child_count(self):
        for wizard in self:
            wizard.child_count = len(wizard._children()) if wizard.date else 0

    def _children(self):
        """Children of the leaver, from the day on, whom the user sees."""
        if self.kind == "social_worker":
            return self._memberships().child_id
        enrolments = self.env["pep.enrolment"].search(
            self._from_date() & Domain("school_id", "in", self._staff().school_id.ids)
        )
        return enrolments.child_id

    def _from_date(self):
        """What goes on at, or begins after, the day."""
        return Domain("date_to", "=", False) | Domain("date_to", ">=", self.date)

    def _staff(self):
        staff = self.env["pep.school.staff"]
        return staff.search(self._from_date() & Domain("id", "in", self.staff_ids.ids))

    def _memberships(self):
        """The leaver's memberships as social worker of the children whom the user may change."""
        members = self.env["pep.network.member"].search(self._open_memberships())
        return members._filtered_access("write")

    def _open_memberships(self):
        return (
            self._from_date()
            & Domain("partner_id", "=", self.partner_id.id)
            & Domain("role", "=", "social_worker")
            & Domain("must_not_contact", "=", False)
        )

    # === Doing it ===

    def action_hand_over(self):
        """Button: hand over.

        :return: the same form, which says what was done
        :raise UserError: no new person, or the one who leaves
        """
        self.ensure_one()
        done = self._hand_over_school() if self.kind == "teacher" else self._hand_over_network()
        self.done = "\n".join(done)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Handed over"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _hand_over_school(self):
        self.env["pep.school.staff"].check_access("write")
        staff = self._staff()
        if not staff:
            return [self.env._("There was nothing left to hand over.")]
        number = len(self._children())
        user = self._new_login().sudo()  # sudo: found by what the user typed; it may be of another council
        leaver = self._leaver(staff)
        if user == leaver:
            raise UserError(self.env._("Choose another person than the one who leaves."))
        delegations = self.env["pep.delegation"].sudo()  # sudo: of the pupils of every council, none of them shown
        delegations = delegations.search(
            self._from_date()
            & Domain("ended_on", "=", False)
            & Domain("school_id", "in", staff.school_id.ids)
            & (Domain("from_user_id", "=", leaver.id) | Domain("user_id", "=", leaver.id))
        )
        began = staff.filtered(lambda row: row.date_from < self.date)
        began.write({"date_to": self.date - timedelta(days=1)})
        (staff - began).write({"active": False})
        for row in staff:
            row._add(row.school_id, user, row.role, date_from=max(self.date, row.date_from), lead=row.lead)
        self._move_delegations(delegations, staff, leaver, user)
        if self.invite:
            user._pep_send_invitation(self.env.company)
        return [
            self.env._("%(name)s takes over from %(date)s.", name=user.name, date=self._day()),
            self.env._("Children of yours there: %(number)s. The school's other pupils went along.", number=number),
        ]

    def _move_delegations(self, delegations, staff, leaver, user):
        """What the leaver gave goes on, given by the new person. What the leaver was given goes to a new colleague;
        a new teacher has it anyway."""
        given = delegations.filtered(lambda row: row.from_user_id == leaver)
        given._go_on(self.date, from_user_id=user.id)
        colleagues = staff.filtered(lambda row: row.role == "colleague").school_id
        taken = delegations - given
        moving = taken.filtered(lambda row: row.school_id in colleagues)
        moving._go_on(self.date, user_id=user.id)
        (taken - moving)._end_before(self.date)

    def _new_login(self):
        if self.to_partner_id:
            return self.to_partner_id._pep_login(self.env.company)
        return self.env["res.users"]._pep_portal_login(self.to_name, self.to_email, self.env.company)

    def _hand_over_network(self):
        self.env["pep.network.member"].check_access("write")
        members = self._memberships()
        partner = self._new_partner()
        if partner == self.partner_id:
            raise UserError(self.env._("Choose another person than the one who leaves."))
        barred, there = self._already_around(members, partner)
        passed_over = members.filtered(lambda member: member.child_id in barred)
        members -= passed_over
        begin = [
            {
                "child_id": member.child_id.id,
                "partner_id": partner.id,
                "role": member.role,
                "relation": member.relation,
                "date_from": max(self.date, member.date_from),
                "date_to": member.date_to,
            }
            for member in members
            if member.child_id not in there
        ]
        began = members.filtered(lambda member: member.date_from < self.date)
        (members - began).write({"active": False})
        began.write({"date_to": self.date - timedelta(days=1)})
        self.env["pep.network.member"].create(begin)
        return self._what_was_done(partner, len(members.child_id), len(passed_over.child_id))

    def _already_around(self, members, partner):
        """Of these children: those with whom the new person must not have contact, and whose social worker they are."""
        rows = self.env["pep.network.member"].search(
            self._from_date() & Domain("child_id", "in", members.child_id.ids) & Domain("partner_id", "=", partner.id)
        )
        barred = rows.filtered("must_not_contact").child_id
        there = rows.filtered(lambda row: row.role == "social_worker" and not row.date_to)
        return barred, there.child_id

    def _new_partner(self):
        partner = self.to_partner_id
        if not partner:
            email = email_normalize(self.to_email or "")
            if not email or not (self.to_name or "").strip():
                raise UserError(self.env._("Choose the new person, or give their name and e-mail address."))
            partners = self.env["res.partner"].sudo()  # sudo: officers need not be allowed to edit contacts
            partner = partners._pep_find_by_email(email)
            partner = partner or partners.create({"name": self.to_name.strip(), "email": email})
        if self.invite:
            return partner._pep_invite(self.env.company)
        return partner

    def _what_was_done(self, partner, number, barred):
        if not number and not barred:
            done = [self.env._("There was nothing left to hand over.")]
        else:
            done = [
                self.env._(
                    "%(name)s takes over from %(date)s: %(number)s children.",
                    name=partner.sudo().name,  # sudo: the person that the user has just named
                    date=self._day(),
                    number=number,
                )
            ]
        if barred:
            done.append(
                self.env._("Not handed over, since the new person must not have contact: %(number)s.", number=barred)
            )
        rows = self.env["pep.network.member"].sudo()  # sudo: how many there are, none of them shown
        left = len(rows.search(self._open_memberships()).child_id) - barred
        if left > 0:
            done.append(
                self.env._("Left, since they are not yours to change: %(number)s. Ask their officer.", number=left)
            )
        return done

    def _day(self):
        return self.date.strftime("%-d %B %Y")
