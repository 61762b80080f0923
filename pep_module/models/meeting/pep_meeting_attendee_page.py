import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

# Who is told which sorts of people come, never who they are. A parent is not: even that a carer comes can be too much.
TOLD_OF_OTHERS = {"vseo", "teacher", "social_worker", "carer", "iro", "support", "head"}
LONGEST = 20_000  # characters of a written part, as in action_write_part
OVER_SINCE = timedelta(hours=12)  # so long after its end a meeting stays among those that come


class PepMeetingAttendee(models.Model):
    """What the page of a person's own invitation needs to know of it."""

    _inherit = "pep.meeting.attendee"

    # === Which there are ===

    @api.model
    def _own_invitations(self, domain=(), limit=None):
        """The user's own invitations that there is a page of, the next ones first.

        A withdrawn one is shown until the meeting would have ended, so that whoever is no longer asked can see so. What
        was never sent is nobody's yet.
        """
        now = fields.Datetime.now()
        shown = Domain("invitation", "=", "invited") | (
            Domain("invitation", "=", "withdrawn")
            & Domain("invited_on", "!=", False)
            & (Domain("own_start", ">", now - OVER_SINCE) | Domain("meeting_id.stop", ">", now - OVER_SINCE))
        )
        shown |= self._offered_domain()
        shown &= Domain("partner_id", "=", self.env.user.partner_id.id) & Domain("child_id.active", "=", True)
        rows = self.sudo().search(shown & Domain(domain), limit=limit)  # sudo: the meeting's time; asked again below
        rows = self.search([("id", "in", rows.ids)])  # as the user: the record rule decides
        return rows.sorted(lambda row: (not row.told_start, row.told_start or now, row.id))

    @api.model
    def _offered_domain(self):
        """Invitations in which the person is asked which of several times suits: before they are invited to one."""
        return (
            Domain("invitation", "=", "none")
            & Domain("offer_sent", ">", 0)
            & Domain("meeting_id.state", "=", "offering")
        )

    @api.model
    def _coming_invitations(self, plan_id=None):
        """Those of the user's own invitations that something is to be known or done about now."""
        since = fields.Datetime.now() - OVER_SINCE
        coming = Domain("meeting_id.stop", ">", since) | Domain("own_start", ">", since)
        coming |= self._offered_domain() | (Domain("written", "=", "awaited") & Domain("invitation", "=", "invited"))
        coming &= Domain("plan_id", "=", plan_id) if plan_id else Domain.TRUE
        return self._own_invitations(coming, limit=50)

    # === What it says ===

    def _is_over(self):
        """Whether the meeting, or the person's own slot in it, is past or off."""
        self.ensure_one()
        if self.invitation == "withdrawn" or self.told_state in ("held", "cancelled"):
            return True
        return bool(self.told_stop) and self.told_stop < fields.Datetime.now()

    def _may_answer(self):
        self.ensure_one()
        return self.invitation == "invited" and self.told_state == "planned" and not self._is_over()

    def _others_in_words(self):
        """The sorts of people who are asked beside this person: labels of roles, in their order; none where withheld.

        Never names. Somebody with a slot of their own meets whom the chair brings, and is told of nobody.
        """
        self.ensure_one()
        if self.withhold_people or self.own_start or self.invitation != "invited":
            return []
        roles = self.env["pep.access"]._roles_on(self.child_id).get(self.child_id.id, set())
        if not roles & TOLD_OF_OTHERS or self.role not in TOLD_OF_OTHERS:
            return []
        meeting = self.meeting_id.sudo()  # sudo: which roles are asked, and no more
        others = (meeting.attendee_ids - self).filtered(
            lambda row: row.invitation == "invited" and not row.own_start and row.written != "instead"
        )
        asked = set(others.mapped("role"))
        labels = self._fields["role"]._description_selection(self.env)
        return [label for role, label in labels if role in asked]

    # === The written part ===

    def _asked_to_write(self):
        """Whether the page offers to write: who takes part in writing, and who does not come."""
        self.ensure_one()
        return self.invitation == "invited" and bool(
            self.written != "no" or self.answer == "declined" or self.written_part
        )

    def _closed_to_writing(self):
        """Why nothing can be written any more, in words; None while it can."""
        self.ensure_one()
        meeting = self.meeting_id.sudo()  # sudo: what state it is in
        if self.invitation != "invited" or meeting.state == "cancelled":
            return self.env._("This meeting was cancelled, or you are not asked to it any more.")
        if meeting.is_frozen:
            return self.env._("This PEP is finished.")
        return None

    def _written_version(self):
        """A short mark of the written part as it stands: who began from another one does not write over it."""
        return hashlib.sha256((self.written_part or "").encode()).hexdigest()[:16]

    def action_save_written(self, text, version=None):
        """Keep what the person has typed so far, without giving it in.

        :param str text: the whole written part as it stands in the field
        :param str version: mark of the text that the typing began from
        :return: dict with ``status`` (saved, same, refused or conflict) and ``version``; of a conflict also ``value``,
            ``by`` and ``on``; of a refusal ``message``
        :raise AccessError: it is somebody else's
        :raise UserError: nothing can be written any more
        """
        self.ensure_one()
        self.check_access("read")
        if not self._is_own():
            raise AccessError(self.env._("This is somebody else's invitation."))
        closed = self._closed_to_writing()
        if closed:
            raise UserError(closed)
        row = self.sudo()  # sudo: the own invitation, looked at above
        text = (text or "").replace("\r\n", "\n").replace("\x00", "").strip()
        if text == (row.written_part or ""):
            return {"status": "same", "version": row._written_version()}
        if not text and row.written == "received":
            message = self.env._("You have given this in already: change it, or leave it as it was.")
            return {"status": "refused", "version": version, "message": message}
        if len(text) > LONGEST:
            message = self.env._("That is too long: at most 20,000 characters.")
            return {"status": "refused", "version": version, "message": message}
        if version is not None and version != row._written_version():
            return {
                "status": "conflict",
                "version": row._written_version(),
                "value": row.written_part or "",
                "by": self.env._("the virtual school, or you on another page"),
                "on": row.company_id._pep_local(row.write_date).strftime("%H:%M"),
            }
        row.write({"written_part": text or False})
        return {"status": "saved", "version": row._written_version()}
