from collections import defaultdict

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from .pep_meeting import ATTENDEE_ROLES

SUPPORT = "pep_module.group_pep_support"
# What is asked of an attendee to say whether somebody who must be there is missing.
ASKED = ["meeting_id", "role", "partner_name", "needed", "invitation", "answer", "attended", "written", "written_part"]


class PepMeeting(models.Model):
    """Who must be there: said in words before the meeting, checked when it is held.

    The council's rule names the roles; each person on the list carries *must be there*, which staff may change. Of
    several people with one role one is enough: one of two carers, one of two schools. People with the role *other*
    count one by one. The child must be asked, and need not come.
    """

    _inherit = "pep.meeting"

    quorum_gap = fields.Char(
        string="Who must be there",
        compute="_compute_quorum_gap",
        help="Who that must be there is not on the list, not invited, not coming, or was not there.",
    )
    has_begun = fields.Boolean(string="Has begun", compute="_compute_has_begun")
    quorum_short = fields.Boolean(
        string="Somebody is missing", compute="_compute_quorum_gap", search="_search_quorum_short"
    )
    quorum_state = fields.Selection(
        [
            ("met", "Held with all who must be there"),
            ("awaiting", "Held, written part to follow"),
            ("received", "Held, written part is there"),
            ("without", "Held without somebody"),
        ],
        string="Who must be there, afterwards",
        compute="_compute_quorum_state",
        store=True,
        help="Empty until the meeting has been held.",
    )
    held_unlisted = fields.Char(
        string="Roles that nobody on the list had", readonly=True, help="As it was when the meeting was held."
    )
    rearrange_todo_id = fields.Many2one(
        "mail.activity",
        string="To-do: find another time",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=SUPPORT,
    )

    _awaiting_index = models.Index("(company_id, child_id) WHERE quorum_state = 'awaiting'")

    @api.depends("start")
    def _compute_has_begun(self):
        now = fields.Datetime.now()
        for meeting in self:
            meeting.has_begun = bool(meeting.start and meeting.start <= now)

    # === Who must be there ===

    def _needed_roles(self):
        """The roles that must be at a meeting, by the rule of each council.

        :return: dict of ``res.company`` -> set of roles
        """
        councils = self.company_id.sudo()  # sudo: the council's rules are no secret
        return {council.with_env(self.env): council._pep_quorum_roles() for council in councils}

    def _quorum_gaps(self, held=False):
        """Who that must be there is missing from each of these meetings, role by role. A fixed number of queries.

        ===============  ==================================================================================
        ``unlisted``     nobody on the list has the role, and the council's rule asks for it
        ``not_invited``  on the list, and not invited
        ``unanswered``   invited, and has not answered
        ``tentative``    perhaps comes
        ``declined``     not coming, and nobody else with the role is asked
        ``awaited``      was not there, the written part is to follow
        ``received``     was not there, the written part is there
        ``absent``       was not there, and nothing is to follow
        ===============  ==================================================================================

        The first five before the meeting, the last three and ``unlisted`` once it has been held; ``unlisted`` alone
        while several times are offered. A meeting that was cancelled lacks nobody.

        :param bool held: look at a planned meeting as if it had taken place
        :return: dict of meeting id -> list of (role, kind, attendees), in the order of :data:`ATTENDEE_ROLES`
        """
        meetings = self.filtered(lambda meeting: meeting.state != "cancelled")
        rows = self.env["pep.meeting.attendee"].search_fetch(
            [("meeting_id", "in", meetings.ids), ("invitation", "!=", "withdrawn")], ASKED, order="id"
        )
        people = rows.grouped(lambda row: (row.meeting_id.id, row.role))
        rules = {council.id: roles for council, roles in meetings._needed_roles().items()}
        gaps = {}
        for meeting in meetings:
            found = []
            for role, _label in ATTENDEE_ROLES:
                same = people.get((meeting.id, role), rows.browse())
                if not same and meeting._quorum_asks_for(role, rules[meeting.company_id.id]):
                    found.append((role, "unlisted", same))
                needed = same.filtered("needed")
                for group in [*needed] if role == "other" else [needed] if needed else []:
                    kind = meeting._quorum_kind(role, group, held or meeting.state == "held")
                    if kind:
                        found.append((role, kind, group))
            gaps[meeting.id] = found
        return gaps

    def _quorum_asks_for(self, role, roles):
        """Whether nobody with this role on the list is a gap: by the rule, or as it was when the meeting was held."""
        if self.state == "held":
            return role in (self.held_unlisted or "").split(",")
        return role in roles and not self.is_extra

    def _quorum_kind(self, role, people, held):
        """What is missing of these people of one role, one of :meth:`_quorum_gaps`, or None."""
        if role == "child":
            asked = any(child.invitation == "invited" or child.attended for child in people)
            if asked or self.state == "offering":
                return None
            return "absent" if held else "not_invited"
        if held:
            return self._quorum_kind_held(people)
        writing = people.filtered(lambda person: person.written in ("instead", "received"))
        if self.state == "offering" or writing or "accepted" in people.mapped("answer"):
            return None
        coming = people.filtered(lambda person: person.answer != "declined")
        if not coming:
            return "declined"
        if "tentative" in coming.mapped("answer"):
            return "tentative"
        return "unanswered" if "invited" in coming.mapped("invitation") else "not_invited"

    def _quorum_kind_held(self, people):
        if any(people.mapped("attended")):
            return None
        if any(person.written_part or person.written == "received" for person in people):
            return "received"
        return "awaited" if {"awaited", "instead"} & set(people.mapped("written")) else "absent"

    # === In words ===

    @api.depends(
        "state",
        "held_unlisted",
        "is_extra",
        "attendee_ids.role",
        "attendee_ids.needed",
        "attendee_ids.invitation",
        "attendee_ids.answer",
        "attendee_ids.attended",
        "attendee_ids.written",
        "attendee_ids.written_part",
    )
    def _compute_quorum_gap(self):
        gaps = self._origin._quorum_gaps()
        for meeting in self:
            found = gaps.get(meeting._origin.id, [])
            meeting.quorum_gap = meeting._quorum_words(found)
            meeting.quorum_short = bool(found)

    def _quorum_words(self, gaps):
        """Who is missing, in words: by role; by name only where the role says nothing. False when nobody is.

        :param gaps: those of one meeting, see :meth:`_quorum_gaps`
        """
        sentences = {
            "declined": self.env._("Not coming: %(who)s"),
            "unlisted": self.env._("Nobody on the list as %(who)s"),
            "not_invited": self.env._("Not invited yet: %(who)s"),
            "unanswered": self.env._("No answer yet: %(who)s"),
            "tentative": self.env._("Perhaps not coming: %(who)s"),
            "absent": self.env._("Not there: %(who)s"),
            "awaited": self.env._("Not there, written part to follow: %(who)s"),
            "received": self.env._("Not there, but in writing: %(who)s"),
        }
        who = defaultdict(list)
        for role, kind, people in gaps:
            name = people[:1].partner_name if role == "other" and people else self._quorum_role(role)
            who[kind].append(name)
        words = [sentence % {"who": ", ".join(who[kind])} for kind, sentence in sentences.items() if who[kind]]
        return ". ".join(words) or False

    def _quorum_role(self, role):
        label = dict(self.env["pep.meeting.attendee"]._fields["role"]._description_selection(self.env))[role]
        return label if label.isupper() else label[:1].lower() + label[1:]

    def _search_quorum_short(self, operator, value):
        """Among the meetings to come; those held are found by ``quorum_state``."""
        if operator != "in":
            return NotImplemented
        coming = self.search([("state", "=", "planned"), ("start", ">=", fields.Datetime.now())])
        short = Domain("id", "in", [meeting_id for meeting_id, gaps in coming._quorum_gaps().items() if gaps])
        return short if True in value else ~short

    @api.depends(
        "state",
        "held_unlisted",
        "attendee_ids.needed",
        "attendee_ids.attended",
        "attendee_ids.written",
        "attendee_ids.written_part",
    )
    def _compute_quorum_state(self):
        held = self.filtered(lambda meeting: meeting.state == "held")
        gaps = held._origin._quorum_gaps() if held else {}
        for meeting in self:
            kinds = {kind for _role, kind, _people in gaps.get(meeting._origin.id, ())}
            if meeting not in held:
                meeting.quorum_state = False
            elif "awaited" in kinds:
                meeting.quorum_state = "awaiting"
            elif kinds - {"received"}:
                meeting.quorum_state = "without"
            else:
                meeting.quorum_state = "received" if kinds else "met"

    # === Somebody who must be there is not coming ===

    def action_move(self):
        """Button: find another time for this meeting."""
        self.ensure_one()
        self.check_access("write")
        self._refuse_unless_open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Find another time"),
            "res_model": "pep.meeting.move",
            "view_mode": "form",
            "target": "new",
            "context": {"default_meeting_id": self.id},
        }

    def _check_quorum(self, declined=False):
        """Ask to rearrange a meeting that lost somebody who must be there; take the question back when it is settled.

        One to-do for each meeting, however often this runs. One that was ticked off stays so until somebody else who
        must be there declines.

        :param bool declined: somebody has just declined
        """
        meetings = self.sudo()  # sudo: follows from an answer, whoever gave it
        gaps = meetings._quorum_gaps()
        settled, asking = meetings.browse(), meetings.browse()
        for meeting in meetings:
            lost = meeting.state == "planned" and any(kind == "declined" for _role, kind, _ in gaps[meeting.id])
            todo = meeting.rearrange_todo_id
            if todo and not lost:
                settled |= meeting
            elif lost and declined and not (todo and todo.active):
                asking |= meeting
        settled._close_rearranging()
        for meeting in asking:
            roles = [role for role, kind, _people in gaps[meeting.id] if kind == "declined"]
            meeting._ask_to_rearrange(roles)

    def _ask_to_rearrange(self, roles):
        """Give the VSEO, or else the chair, a to-do: whoever of them may read the PEP. It names nobody."""
        self.ensure_one()
        plan = self.plan_id
        user = next((user for user in (plan.vseo_id | self.chair_id) if user.active and plan._pep_may_read(user)), None)
        who = self.env._(" and ").join(dict.fromkeys(self._quorum_role(role) for role in roles))
        link = Markup('<p><a class="btn btn-primary" href="/odoo/pep-meetings/%s">%s</a></p>') % (
            self.id,
            self.env._("Find another time"),
        )
        activities = self.env["mail.activity"].with_user(SUPERUSER_ID).with_context(mail_activity_quick_update=True)
        self.rearrange_todo_id = activities.create(
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "res_model_id": self.env["ir.model"]._get_id("pep.plan"),
                "res_id": plan.id,
                "summary": self.env._("PEP meeting: the %(who)s can't come", who=who),
                "note": link,
                "user_id": user.id if user else False,
                "date_deadline": self.company_id._pep_today(),
            }
        ).with_env(self.env)

    def _close_rearranging(self):
        """Nobody has to find another time for these meetings any more."""
        self.sudo().rearrange_todo_id.unlink()  # sudo: the app's own to-do, whoever settles it

    def write(self, vals):
        asked_again = self._ask_again_at(vals["start"]) if vals.get("start") else self.browse()
        moved = "start" in vals or "state" in vals
        before = {meeting.id: (meeting.start, meeting.state) for meeting in self} if moved else {}
        result = super().write(vals)
        if moved:
            changed = self.filtered(lambda meeting: (meeting.start, meeting.state) != before[meeting.id])
            changed._close_rearranging()
        asked_again._follow_in_calendar({"attendee_ids"})
        return result

    def _ask_again_at(self, start):
        """An answer was to the time that was told: at another one nobody has answered yet. Own slots stay as they are.

        :return: those of these meetings in which somebody is asked again
        """
        start = fields.Datetime.to_datetime(start)
        moving = self.filtered(lambda meeting: meeting.state == "planned" and meeting.start != start)
        answered = moving.attendee_ids.sudo().filtered(  # sudo: answers are kept by the app
            lambda person: person.answer != "none" and not person.own_start and person.invitation == "invited"
        )
        answered.write({"answer": "none", "answered_on": False, "answered_how": False, "answer_note": False})
        return answered.meeting_id.with_env(self.env)
