from odoo import api, fields, models
from odoo.fields import Domain

from .pep_meeting import OPEN

CLOSED = ("complete", "cancelled")


class PepMeeting(models.Model):
    """What a change of the network around a child asks of its meetings."""

    _inherit = "pep.meeting"

    @api.model_create_multi
    def create(self, vals_list):
        """A meeting made while a change of the network is still to be looked at is one more to look at there."""
        meetings = super().create(vals_list)
        changes = self.env["pep.network.change"].sudo()  # sudo: kept by the app
        changes = changes.search([("child_id", "in", meetings.child_id.ids), ("state", "=", "open")])
        if changes:
            changes._sync_meetings()
        return meetings

    @api.model
    def _to_come(self, children):
        """The meetings of these children that are still to be held, or of which several times are offered."""
        return self.search(
            Domain("child_id", "in", children.ids)
            & Domain("state", "in", OPEN)
            & (Domain("start", "=", False) | Domain("stop", ">", fields.Datetime.now()))
        ).filtered(lambda meeting: meeting._is_changeable())

    def _is_to_come(self):
        self.ensure_one()
        is_open = self.state in OPEN and self._is_changeable()
        return is_open and not (self.stop and self.stop <= fields.Datetime.now())

    def _is_changeable(self):
        """Whether its list can still change: a finished PEP keeps its meeting as it was."""
        self.ensure_one()
        state = self.plan_id.state
        return state not in CLOSED or (self.is_extra and state == "complete")

    def _day_in_words(self):
        self.ensure_one()
        if not self.start:
            return self.env._("times offered")
        return self.company_id._pep_local(self.start).strftime("%-d %B %Y, %H:%M")

    def _former_attendees(self):
        """Those on the lists of these meetings who were around the child and are no more.

        Who was never of the network, and is on a list because the VSEO wants them there, stays. A fixed number of
        queries.

        :return: ``pep.meeting.attendee`` records
        """
        listed = self.attendee_ids.filtered(
            lambda person: person.partner_id and person.invitation != "withdrawn" and person.role != "vseo"
        )
        if not listed:
            return listed
        days = {company: company._pep_today() for company in self.company_id}
        children, partners = listed.child_id, listed.partner_id
        members = self.env["pep.network.member"].with_context(active_test=False)
        members = members.search([("child_id", "in", children.ids), ("partner_id", "in", partners.ids)])
        around = {(row.child_id, row.partner_id) for row in members if row._counts(days[row.company_id])}
        ever = {(row.child_id, row.partner_id) for row in members}
        enrolments = self.env["pep.enrolment"].search([("child_id", "in", children.ids), ("school_id", "!=", False)])
        at_now = {(row.child_id, row.school_id) for row in enrolments if row._counts(days[row.company_id])}
        at_ever = {(row.child_id, row.school_id) for row in enrolments}
        logins = partners.sudo().user_ids.filtered("share")  # sudo: a teacher's login may be of another council
        staff = self.env["pep.school.staff"].sudo().with_context(active_test=False)  # sudo: the same
        staff = staff.search([("user_id", "in", logins.ids)]).grouped(lambda row: row.user_id.partner_id)
        return listed.filtered(
            lambda person: self._is_former(
                person, around, ever, at_now, at_ever, staff.get(person.partner_id, ()), days[person.company_id]
            )
        )

    @api.model
    def _is_former(self, person, around, ever, at_now, at_ever, staff, day):
        child, partner = person.child_id, person.partner_id
        school = partner.sudo().parent_id  # sudo: where a contact works
        if (child, partner) in around or (child, school) in at_now:
            return False
        if any((child, row.school_id) in at_now and row._counts(day) for row in staff):
            return False
        worked_there = any((child, row.school_id) in at_ever for row in staff) or (person.role == "teacher" and staff)
        return bool((child, partner) in ever or worked_there or (child, school) in at_ever)

    def _hand_to(self, vseo):
        """These meetings to come have another chair, since the child has another VSEO. Who chaired is asked no more.

        :param vseo: ``res.users``
        """
        former = {meeting: meeting.chair_id.partner_id for meeting in self}
        told = self.filtered(lambda meeting: "invited" in meeting.attendee_ids.mapped("invitation"))
        self.write({"chair_id": vseo.id})
        people = self.attendee_ids
        people.filtered(lambda row: row.role == "vseo" and row.partner_id == former[row.meeting_id])._withdraw()
        there = people.filtered(lambda row: row.partner_id == vseo.partner_id)
        there.action_put_back()
        new = people.create(
            [
                {"meeting_id": meeting.id, "role": "vseo", "partner_id": vseo.partner_id.id}
                for meeting in self - there.meeting_id
            ]
        )
        joining = (there | new).filtered(lambda row: row.invitation == "none" and row.meeting_id in told)
        joining = joining.filtered(lambda row: row.meeting_id.state == "planned")
        joining.write({"invitation": "invited", "invited_on": fields.Datetime.now()})
        joining._tell()

    def _ask(self, people, invite):
        """Put these people on the list of a meeting; whoever was taken off it before comes back.

        :param people: list of (role, partner)
        :param bool invite: also send them their invitation, since the others have theirs
        :return: their ``pep.meeting.attendee`` rows
        """
        self.ensure_one()
        before = {person.partner_id: person for person in self.attendee_ids if person.partner_id}
        back = self.attendee_ids.browse(before[partner].id for _role, partner in people if partner in before)
        back.action_put_back()
        needed = self._needed_roles()[self.company_id]
        new = back.create(
            [
                {"meeting_id": self.id, "role": role, "partner_id": partner.id, "needed": role in needed}
                for role, partner in people
                if partner not in before
            ]
        )
        if invite and (back or new) and self.state == "planned":
            self._invite(back | new)
        return back | new


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    def _tellings(self):
        """Who is around the child no more is told nothing new from that day on, save that they are not asked."""
        former = self.meeting_id._former_attendees()
        return [told for told in super()._tellings() if told.holds == "none" or told.attendee not in former]


class PepChild(models.Model):
    _inherit = "pep.child"

    def write(self, vals):
        """Who takes a child over chairs the meetings to come that the VSEO before was to chair."""
        rows = self.sudo()  # sudo: who hands a child over has no access to it any more
        former = {child: child.vseo_id for child in rows} if "vseo_id" in vals else {}
        result = super().write(vals)
        handed = rows.filtered(lambda child: former.get(child) and child.vseo_id and child.vseo_id != former[child])
        if handed:
            meetings = rows.env["pep.meeting"]._to_come(handed)
            meetings = meetings.filtered(lambda meeting: meeting.chair_id == former[meeting.child_id])
            for vseo, theirs in meetings.grouped(lambda meeting: meeting.child_id.vseo_id).items():
                theirs._hand_to(vseo)
        return result
