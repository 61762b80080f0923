from odoo import models


class PepMeeting(models.Model):
    """What an issued version says of a meeting. Never where it was or by which link, nor anybody's private note."""

    _inherit = "pep.meeting"

    def _snapshot(self):
        """Beside what the meeting itself tells: whether it was an extra one, and whom it was held without.

        A role is enough to say who was missing; names stand with the people, for those who may read these.
        """
        return {
            **super()._snapshot(),
            "date": str(self.date) if self.date else None,
            "extra": self.is_extra,
            "purpose": self.purpose or None,
            "quorum": self._label("quorum_state"),
            "without": self._snapshot_of_missing(),
            "without_reason": self.without_reason or None,
        }

    def _snapshot_of_missing(self):
        """The roles that must be there and were not, each with what became of its written part."""
        if self.state != "held":
            return []
        labels = dict(self.env["pep.meeting.attendee"]._fields["role"]._description_selection(self.env))
        return [
            {"role": labels[role], "written": {"awaited": "awaited", "received": "received"}.get(kind)}
            for role, kind, _people in self._quorum_gaps()[self.id]
        ]


class PepMeetingAttendee(models.Model):
    _inherit = "pep.meeting.attendee"

    def _snapshot(self):
        """With the written part of somebody who was not there, and that one is to follow."""
        return {**super()._snapshot(), "written_follows": self.written == "awaited" and not self.written_part}
