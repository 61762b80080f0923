from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..common.pep_audience import INSIDE
from .pep_meeting import ATTENDEE_ROLES, OPEN

SUPPORT = "pep_module.group_pep_support"
ANSWERS = [
    ("none", "No answer yet"),
    ("accepted", "Coming"),
    ("tentative", "Perhaps"),
    ("declined", "Not coming"),
]
# Written by the methods of the model alone.
KEPT = {
    "invitation",
    "invited_on",
    "invited_email",
    "sequence_sent",
    "answer",
    "answered_on",
    "answered_how",
    "answer_note",
    "partner_name",
}
# What the person is told of the meeting.
TOLD_FIELDS = (
    "told_title",
    "told_start",
    "told_stop",
    "told_mode",
    "told_place",
    "told_link_kind",
    "told_link",
    "told_state",
)


class PepMeetingAttendee(models.Model):
    """Who is asked to a PEP meeting, in which role, what they are told of it, what they answer, and whether they came.

    The person reads the own row, while they have a role on the child: it is their invitation. What they are told of
    place and link is worked out there (``told_*``), since not everybody may learn where the child goes to school or who
    else comes.
    """

    _name = "pep.meeting.attendee"
    _description = "Person at a PEP meeting"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "meeting_id.id, role, id"

    create_uid = fields.Many2one("res.users", string="Created by", readonly=True, groups=INSIDE)
    write_uid = fields.Many2one("res.users", string="Last updated by", readonly=True, groups=INSIDE)
    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict")
    plan_id = fields.Many2one("pep.plan", related="meeting_id.plan_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(
        "res.partner", string="Person", index="btree_not_null", ondelete="restrict", help="Empty for the child."
    )
    partner_name = fields.Char(string="Name then", readonly=True)
    role = fields.Selection(ATTENDEE_ROLES, required=True, default="other")
    needed = fields.Boolean(string="Must be there", help="The meeting counts as held without somebody if not.")
    # The invitation
    invitation = fields.Selection(
        [("none", "Not invited yet"), ("invited", "Invited"), ("withdrawn", "Invitation withdrawn")],
        required=True,
        readonly=True,
        default="none",
    )
    invited_on = fields.Datetime(string="Invited on", readonly=True)
    invited_email = fields.Char(string="Address used", readonly=True, groups=SUPPORT)
    sequence_sent = fields.Integer(string="Last change told of", readonly=True, aggregator=None, default=-1)
    answer = fields.Selection(ANSWERS, required=True, readonly=True, default="none")
    answered_on = fields.Datetime(string="Answered on", readonly=True)
    answered_how = fields.Selection(
        [("portal", "On the portal"), ("mail", "By mail"), ("calendar", "In the calendar"), ("staff", "Told us")],
        string="How the answer came",
        readonly=True,
    )
    answer_note = fields.Char(string="Said with the answer", readonly=True)
    # What is kept from this person
    withhold_place = fields.Boolean(string="Not told the place", help="School or placement withheld.")
    withhold_link = fields.Boolean(string="Not told the link", help="Does not join the others online.")
    withhold_people = fields.Boolean(string="Not told who else comes")
    withhold_reason = fields.Char(string="Why withheld", groups=SUPPORT)
    own_start = fields.Datetime(string="Own slot", help="Is asked at another time than the others.")
    own_duration = fields.Float(string="Length of the own slot", default=0.5, help="Hours.", aggregator=None)
    # What this person is told
    told_title = fields.Char(string="Called", compute="_compute_told")
    told_start = fields.Datetime(string="Begins", compute="_compute_told")
    told_stop = fields.Datetime(string="Ends", compute="_compute_told")
    told_mode = fields.Selection(
        lambda self: self.env["pep.meeting"]._fields["mode"].selection, string="How", compute="_compute_told"
    )
    told_place = fields.Char(string="Where", compute="_compute_told")
    told_link_kind = fields.Selection(
        lambda self: self.env["pep.meeting"]._fields["link_kind"].selection, string="Join by", compute="_compute_told"
    )
    told_link = fields.Char(string="Link", compute="_compute_told")
    told_state = fields.Selection(
        lambda self: self.env["pep.meeting"]._fields["state"].selection, string="State", compute="_compute_told"
    )
    # The meeting itself
    attended = fields.Boolean(string="Was there")
    apologies = fields.Boolean()
    note = fields.Char(string="Remark", groups=SUPPORT)
    written = fields.Selection(
        [
            ("no", "No"),
            ("instead", "Takes part in writing"),
            ("awaited", "Written part to follow"),
            ("received", "Written part is there"),
        ],
        string="In writing",
        required=True,
        default="no",
    )
    written_part = fields.Text(string="Written part", help="What this person says, who was not there.")

    # an invitation that was withdrawn can be made anew: the row comes back
    _uniq = models.UniqueIndex(
        "(meeting_id, partner_id) WHERE partner_id IS NOT NULL", "This person is on the list already."
    )
    _one_child = models.UniqueIndex("(meeting_id) WHERE role = 'child'", "The child is on the list already.")
    _person = models.Constraint(
        "CHECK (role = 'child' OR partner_id IS NOT NULL)", "Say who: only the child has no contact."
    )
    _own_duration = models.Constraint(
        "CHECK (own_start IS NULL OR (own_duration > 0 AND own_duration <= 12))", "How long is the own slot, in hours?"
    )

    # === Computes ===

    @api.depends_context("uid")
    @api.depends(
        "role",
        "invitation",
        "own_start",
        "own_duration",
        "withhold_place",
        "withhold_link",
        "written",
        "meeting_id.start",
        "meeting_id.stop",
        "meeting_id.mode",
        "meeting_id.place",
        "meeting_id.link_kind",
        "meeting_id.link",
        "meeting_id.state",
    )
    def _compute_told(self):
        """What the person is told of the meeting: their own slot, and neither place nor link where these are withheld.

        Somebody who takes part in writing is told neither, nor somebody whose invitation was withdrawn. Before the
        invitation is sent, staff see here what it will say, and the person nothing.
        """
        unsent = self.filtered(lambda attendee: attendee.invitation == "none")
        hidden = self.browse()
        if unsent and not self.env.su:  # somebody may be staff, and here only on the list
            staff = self.env.user.has_group(SUPPORT)
            mine = unsent._origin._filtered_access("write") if staff else unsent.browse()
            hidden = unsent.filtered(lambda attendee: not staff or attendee._origin - mine)
        for attendee in self:
            if attendee in hidden:
                attendee.update(dict.fromkeys(TOLD_FIELDS, False))
                continue
            meeting = attendee.meeting_id.sudo()  # sudo: what of it this person is told is worked out here
            writes = attendee._takes_part_in_writing() or attendee.invitation == "withdrawn"
            own = attendee.own_start
            # as a parent is told: where the place is kept from somebody, so is the school's name
            role = "parent" if attendee.withhold_place else attendee.role
            attendee.told_title = meeting._title(role) if meeting else False
            attendee.told_start = own or meeting.start
            attendee.told_stop = own + timedelta(minutes=round(attendee.own_duration * 60)) if own else meeting.stop
            attendee.told_mode = meeting.mode
            attendee.told_place = False if attendee.withhold_place or writes else meeting.place
            link_told = not (attendee.withhold_link or writes) and meeting.mode != "face"
            attendee.told_link_kind = meeting.link_kind if link_told else "none"
            attendee.told_link = meeting.link if link_told and meeting.link_kind == "pasted" else False
            attendee.told_state = meeting.state

    def _takes_part_in_writing(self):
        """Whether the person is asked to write instead of coming."""
        self.ensure_one()
        return self.written == "instead"

    # === Constraints ===

    @api.constrains("partner_id")
    def _check_contact_allowed(self):
        barred = self._barred()
        if barred:
            raise ValidationError(
                self.env._("This person must not have contact with %(reference)s.", reference=barred[0].child_reference)
            )

    def _barred(self):
        """Those of these who must not have contact with the child now, seen or not. One query."""
        pairs = self.env["pep.network.member"]._barred_pairs(self.child_id, self.partner_id)
        return self.filtered(lambda attendee: (attendee.child_id.id, attendee.partner_id.id) in pairs)

    # === CRUD ===

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | KEPT

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in KEPT} for vals in vals_list]
        partners = self.env["res.partner"].browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        names = {partner.id: partner.name for partner in partners}
        for vals in vals_list:
            vals["partner_name"] = names.get(vals.get("partner_id"), False)
        attendees = super().create(vals_list)
        attendees.meeting_id._refuse_when_closed()
        return attendees

    def write(self, vals):
        self.meeting_id._refuse_when_closed()
        if not self.env.su and KEPT & vals.keys():
            raise UserError(self.env._("Invitations and answers are kept by the app: use the buttons."))
        told = {"own_start", "own_duration", "withhold_place", "withhold_link", "written"} & vals.keys()
        before = {attendee: attendee._told() for attendee in self} if told else {}
        result = super().write(vals)
        changed = self.filtered(lambda attendee: attendee in before and attendee._told() != before[attendee])
        if changed:
            changed.meeting_id._follow_in_calendar({"attendee_ids"})
            changed._told_otherwise()
        return result

    def _told(self):
        """All that this person is told of the meeting."""
        self.ensure_one()
        return tuple(self[name] for name in ("told_start", "told_stop", "told_place", "told_link_kind", "told_link"))

    def _told_otherwise(self):
        """These people are to be told something else than before: with the mails."""

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"partner_id"}

    # === The invitation ===

    def action_answer(self, answer, note=None):
        """Say whether one comes: the person itself, or staff who were told.

        :param str answer: accepted, tentative or declined
        :param str note: a few words with it
        """
        self.ensure_one()
        self.check_access("read")
        if answer not in dict(ANSWERS) or answer == "none":
            raise UserError(self.env._("Say whether you come: yes, perhaps or no."))
        own = self._is_own()
        if not own:
            self.check_access("write")
        how = "staff" if not own else "portal"
        self.sudo()._set_answer(answer, how, note)  # sudo: the own invitation, or staff who may write it

    def _is_own(self):
        """Whether this is the invitation of the person who asks."""
        self.ensure_one()
        partner = self.sudo().partner_id  # sudo: whose invitation it is
        return bool(partner) and partner == self.env.user.sudo().partner_id  # sudo: the own contact

    def _set_answer(self, answer, how, note=None):
        """Note an answer, however it came. The one place that does.

        :raise UserError: the person is not invited, or the meeting is over or cancelled
        """
        self.ensure_one()
        meeting = self.meeting_id
        if self.invitation != "invited" or meeting.state != "planned":
            raise UserError(self.env._("This meeting can't be answered any more."))
        if meeting.stop and meeting.stop < fields.Datetime.now():
            raise UserError(self.env._("This meeting is over."))
        before = self.answer
        self.write(
            {
                "answer": answer,
                "answered_on": fields.Datetime.now(),
                "answered_how": how,
                "answer_note": (note or "").strip()[:500] or False,
            }
        )
        if before != answer:
            meeting._follow_in_calendar({"attendee_ids"})
            self._after_answer()

    def _after_answer(self):
        """What follows from an answer, for the meeting: who must be there declines."""

    def action_withdraw(self):
        """Button: take these people off the list. Whoever was invited is told; the row stays."""
        self.check_access("write")
        for attendee in self:
            if attendee.meeting_id.state not in OPEN:
                raise UserError(self.env._("This meeting is over: its list stays as it was."))
        self._withdraw()

    def _withdraw(self):
        """Take these people off the list, whoever asks; also because they must not have contact any more."""
        rows = self.sudo().filtered(  # sudo: written by the methods of the model alone
            lambda attendee: attendee.invitation != "withdrawn"
        )
        rows.write({"invitation": "withdrawn"})
        rows.meeting_id._follow_in_calendar({"attendee_ids"})
        rows._withdrawn()

    def _withdrawn(self):
        """These people are not asked any more: with the mails."""

    def action_put_back(self):
        """Button: put these people on the list again; they are invited anew."""
        self.check_access("write")
        self._check_contact_allowed()
        rows = self.sudo().filtered(  # sudo: written by the methods of the model alone
            lambda attendee: attendee.invitation == "withdrawn" and attendee.meeting_id.state in OPEN
        )
        rows.write({"invitation": "none", "answer": "none", "answered_on": False, "answered_how": False})

    def action_write_part(self, text):
        """Give the written part: the person itself, or staff who were sent it.

        :param str text: what the person says, plain words
        """
        self.ensure_one()
        self.check_access("read")
        if not self._is_own():
            self.check_access("write")
        text = (text or "").strip()
        if not text:
            raise UserError(self.env._("Write something first."))
        if len(text) > 20000:
            raise UserError(self.env._("That is too long: at most 20,000 characters."))
        self.sudo()._set_written_part(text)  # sudo: the own invitation, or staff who may write it

    def _set_written_part(self, text):
        self.ensure_one()
        if self.invitation == "withdrawn" or self.meeting_id.state == "cancelled":
            raise UserError(self.env._("This meeting was cancelled, or you are not asked to it any more."))
        self.write({"written_part": text, "written": "received"})

    def _snapshot(self):
        self.ensure_one()
        return {
            "name": self.partner_name or None,
            "role": self._label("role"),
            "attended": self.attended,
            "apologies": self.apologies,
            "note": self.written_part or None,
        }
