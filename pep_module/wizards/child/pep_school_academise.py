from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...models.child.pep_network_around import QUIETLY
from ...tools import gias

# Types of the register under which a school goes on as an academy: code, name.
ACADEMY_TYPES = [
    ("28", "Academy sponsor led"),
    ("33", "Academy special sponsor led"),
    ("34", "Academy converter"),
    ("42", "Academy alternative provision converter"),
    ("43", "Academy alternative provision sponsor led"),
    ("44", "Academy special converter"),
    ("45", "Academy 16-19 converter"),
    ("46", "Academy 16 to 19 sponsor led"),
    ("57", "Academy secure 16 to 19"),
]


class PepSchoolAcademise(models.TransientModel):
    """A school becomes an academy: the same building and pupils, in law another school with another URN.

    One dated action. From the date, what names the old school names the new one: pupils (their enrolment goes on, no
    move of school is counted), school staff (their access is unbroken), money that is not billed yet. What was before
    the date stays with the old school, which closes the day before. The date may lie in the future.

    Only a head may do it, and it reaches the pupils of *every* council at that school, also those whom the head does
    not see: a school can't be an academy for one council and not for another. Nothing about a child is shown.
    """

    _name = "pep.school.academise"
    _description = "School becomes an academy"

    school_id = fields.Many2one(
        "res.partner",
        required=True,
        domain=[("pep_is_school", "=", True)],
        default=lambda self: self._default_school_id(),
    )
    date = fields.Date(string="First day as an academy", required=True)
    urn = fields.Char(string="New URN", required=True)
    successor_id = fields.Many2one("res.partner", string="In the register already", compute="_compute_successor_id")
    name = fields.Char(
        string="New name", compute="_compute_from_school", store=True, readonly=False, precompute=True, required=True
    )
    laestab = fields.Char(string="LAESTAB", compute="_compute_from_school", store=True, readonly=False, precompute=True)
    type_code = fields.Selection(ACADEMY_TYPES, string="Type", required=True, default="34")
    trust = fields.Char()

    @api.model
    def _default_school_id(self):
        return self.env.context.get("active_model") == "res.partner" and self.env.context.get("active_id")

    @api.depends("urn")
    def _compute_successor_id(self):
        for wizard in self:
            wizard.successor_id = wizard._find_successor()

    @api.depends("school_id", "successor_id")
    def _compute_from_school(self):
        for wizard in self:
            source = wizard.successor_id or wizard.school_id
            wizard.name = source.name
            wizard.laestab = source.pep_laestab

    def _find_successor(self):
        self.ensure_one()
        urn = (self.urn or "").strip()
        partners = self.env["res.partner"].with_context(active_test=False)
        return partners.search([("pep_urn", "=", urn)]) if gias.is_urn(urn) else partners

    def action_academise(self):
        """Button: do it, all of it or nothing.

        :raise AccessError: for anybody but a head
        :raise UserError: the school was academised already, or the new one can't be its successor
        """
        self.env["res.partner"]._pep_require(
            ("pep_module.group_pep_head",), self.env._("Only a head can say that a school became an academy.")
        )
        self.ensure_one()
        old = self.school_id.sudo()  # sudo: a school is shared, and a head need not have the right to edit contacts
        old.lock_for_update(allow_referencing=True)
        self._check_can_academise(old)
        new = self._successor(old)
        self._move_enrolments(old, new)
        self._move_staff(old, new)
        self._move_delegations(old, new)
        self._close(old)
        links = self.env["pep.school.link"].sudo()  # sudo: nobody edits links by hand
        link = links.search([("predecessor_id", "=", old.id), ("successor_id", "=", new.id)])
        values = {"kind": "academised", "date": self.date, "is_applied": False}
        if link:
            link.write(values)
        else:
            links.create({**values, "predecessor_id": old.id, "successor_id": new.id})
        links._cron_apply_due()
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_school_action")
        form = self.env.ref("pep_module.pep_school_view_form").id
        return {**action, "res_id": new.id, "view_mode": "form", "views": [(form, "form")]}

    def _check_can_academise(self, old):
        urn = (self.urn or "").strip()
        if not gias.is_urn(urn):
            raise ValidationError(self.env._("A URN of a school has six digits."))
        if not old.pep_is_school:
            raise UserError(self.env._("Choose a school."))
        if urn == old.pep_urn:
            raise UserError(self.env._("This is the URN of the school as it is. The academy has another one."))
        links = self.env["pep.school.link"].sudo()  # sudo: the register's links are no secret
        done = links.search([("predecessor_id", "=", old.id), ("kind", "=", "academised")])
        if done:
            raise UserError(
                self.env._(
                    "%(school)s was academised already, as %(new)s from %(date)s.",
                    school=old.name,
                    new=done.successor_id.name,
                    date=fields.Date.to_string(done.date),
                )
            )
        if old.pep_open_date and old.pep_open_date >= self.date:
            raise UserError(self.env._("The school was not open the day before."))
        if old.pep_close_date and old.pep_close_date < self.date - timedelta(days=1):
            raise UserError(
                self.env._(
                    "The school closed on %(date)s, before the day before.",
                    date=fields.Date.to_string(old.pep_close_date),
                )
            )
        new = self._find_successor()
        if new and (not new.active or new.pep_close_date and new.pep_close_date < self.date):
            raise UserError(self.env._("%(school)s is closed and can't follow.", school=new.name))
        if new and links.search_count([("predecessor_id", "=", new.id), ("successor_id", "=", old.id)]):
            raise UserError(self.env._("%(school)s is a predecessor of this school.", school=new.name))

    def _successor(self, old):
        """The new school: the one with this URN, or a new one with the address of the old."""
        new = self._find_successor().sudo()  # sudo: as for the old school
        if new:
            return new
        today = self.env.company._pep_today()
        kept = ("street", "street2", "city", "zip", "country_id", "phone", "email", "pep_school_phase")
        values = old._convert_to_write({name: old[name] for name in (*kept, "pep_la_code", "pep_la_name")})
        return old.create(
            {
                **values,
                "name": self.name,
                "is_company": True,
                "company_id": False,
                "pep_is_school": True,
                "pep_urn": self.urn,
                "pep_laestab": self.laestab,
                "pep_school_type_code": self.type_code,
                "pep_school_type": dict(ACADEMY_TYPES)[self.type_code],
                "pep_trust": self.trust,
                "pep_maintained": False,
                "pep_open_date": self.date,
                "pep_school_status": "open" if self.date <= today else "proposed",
            }
        )

    def _from_date(self):
        """What goes on at, or begins after, the date."""
        return Domain("date_to", "=", False) | Domain("date_to", ">=", self.date)

    def _move_enrolments(self, old, new):
        """End each pupil's enrolment the day before and let it go on at the new school; re-point those yet to begin."""
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: pupils of every council move along
        enrolments = enrolments.with_context(pep_network_quiet=QUIETLY)  # nobody moves: nothing to look at
        moving = enrolments.search(Domain("school_id", "=", old.id) & self._from_date())
        to_split = moving.filtered(lambda enrolment: enrolment.date_from < self.date)
        following = [
            {
                "child_id": enrolment.child_id.id,
                "school_id": new.id,
                "kind": enrolment.kind,
                "date_from": self.date,
                "date_to": enrolment.date_to,
                "continues_id": enrolment.id,
                "note": enrolment.note,
            }
            for enrolment in to_split
        ]
        to_split.write({"date_to": self.date - timedelta(days=1)})
        (moving - to_split).write({"school_id": new.id})
        moving.flush_recordset()  # the old rows end before the new ones begin, for the database's constraints too
        enrolments.create(following)

    def _move_staff(self, old, new):
        """Let the school's staff go on at the new school, each with the days that they had."""
        staff = self.env["pep.school.staff"].sudo()  # sudo: a school's staff is one for all councils
        staff = staff.with_context(pep_school_moves=True, pep_network_quiet=QUIETLY)
        moving = staff.search(Domain("school_id", "=", old.id) & self._from_date())
        there = staff.search(
            Domain("school_id", "=", new.id) & Domain("user_id", "in", moving.user_id.ids) & self._from_date()
        )
        clash = moving.user_id & there.user_id
        if clash:
            raise UserError(
                self.env._(
                    "%(names)s: on the staff of both schools. End the row at one of them first.",
                    names=", ".join(clash.mapped("name")),
                )
            )
        to_split = moving.filtered(lambda member: member.date_from < self.date)
        following = [
            {
                "school_id": new.id,
                "user_id": member.user_id.id,
                "role": member.role,
                "lead": member.lead,
                "date_from": self.date,
                "date_to": member.date_to,
            }
            for member in to_split
        ]
        to_split.write({"date_to": self.date - timedelta(days=1)})
        (moving - to_split).write({"school_id": new.id})
        staff.create(following)

    def _move_delegations(self, old, new):
        """What teachers delegated goes on at the new school."""
        delegations = self.env["pep.delegation"].sudo()  # sudo: of the pupils of every council, none of them shown
        there = Domain("school_id", "=", old.id) & Domain("ended_on", "=", False)
        moving = delegations.search(there & self._from_date())
        moving._go_on(self.date, school_id=new.id)

    def _close(self, old):
        """Give the old school its last day. Until then the register calls it open, but proposed to close."""
        old.write({"pep_close_date": self.date - timedelta(days=1), "pep_school_status": "open_closing"})
