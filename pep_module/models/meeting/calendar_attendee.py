from odoo import api, fields, models
from odoo.exceptions import UserError

from .calendar_event import FOLLOW

# What the calendar calls an answer, and what the meeting does.
ANSWER_OF = {"accepted": "accepted", "tentative": "tentative", "declined": "declined"}


class CalendarAttendee(models.Model):
    """Who is in an event. Of a PEP meeting the rows follow its own list; from here one answers, for oneself alone."""

    _inherit = "calendar.attendee"

    pep_child_id = fields.Many2one(
        "pep.child",
        string="Child of the PEP meeting",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="That of the event. Set once, by the app.",
    )

    _pep_no_token = models.Constraint(
        "CHECK (pep_child_id IS NULL OR access_token IS NULL)", "A PEP meeting opens to nobody by a link."
    )

    @api.model
    def default_get(self, fields):
        return super().default_get([name for name in fields if name != "pep_child_id"])

    def onchange(self, values, field_names, fields_spec):
        """As of an event: the number of any child would show the reference."""
        values = {name: value for name, value in values.items() if name != "pep_child_id"}
        return super().onchange(values, [name for name in field_names if name in values], fields_spec)

    def _pep_ours(self):
        """Those of these rows that are of PEP meetings, whether or not the person may see them."""
        return self.sudo().filtered("event_id.pep_child_id").with_env(self.env)  # sudo: whose event it is decides

    def _pep_following(self):
        return self.env.su and self.env.context.get(FOLLOW)

    @api.model_create_multi
    def create(self, vals_list):
        if not self._pep_following():
            default = self.env.context.get("default_event_id")
            for vals in vals_list:
                self._pep_refuse_place(vals.get("event_id", default), vals)
        return super().create(vals_list)

    def write(self, vals):
        if self._pep_following():
            return super().write(vals)
        self._pep_refuse_place(vals.get("event_id"), vals)
        ours = self._pep_ours()
        if not ours:
            return super().write(vals)
        ours.check_access("read")
        if vals.keys() != {"state"}:
            ours._pep_refuse_list()
        ours._pep_answer(vals["state"])
        rest = self - ours
        return super(CalendarAttendee, rest).write(vals) if rest else True

    def unlink(self):
        ours = self._pep_ours()
        if ours and not self._pep_following():
            ours.check_access("read")
            ours._pep_refuse_list()
        return super().unlink()

    def _unsubscribe_partner(self):
        """Nobody follows the event of a PEP meeting; Odoo would look at each event by itself."""
        return super(CalendarAttendee, self - self._pep_ours())._unsubscribe_partner()

    def _pep_refuse_place(self, event_id, vals):
        """Refuse to put a row into the event of a PEP meeting."""
        ours = self.env["calendar.event"].browse(event_id or []).exists()._pep_ours()
        ours.check_access("read")
        if ours or vals.get("pep_child_id") or self.env.context.get("default_pep_child_id"):
            self._pep_refuse_list()

    def _pep_refuse_list(self):
        raise UserError(
            self.env._("Who is asked to a PEP meeting is kept on its own list. Open the meeting to change it.")
        )

    # === Answers ===

    def do_accept(self):
        return self._pep_answer_or("accepted", super().do_accept)

    def do_decline(self):
        return self._pep_answer_or("declined", super().do_decline)

    def do_tentative(self):
        return self._pep_answer_or("tentative", super().do_tentative)

    def _pep_answer_or(self, state, odoo):
        """Odoo posts a message for each answer; one to a PEP meeting is noted in the meeting."""
        ours = self._pep_ours()
        if not ours:
            return odoo()
        ours.check_access("read")
        ours._pep_answer(state)
        rest = self - ours
        return getattr(rest, odoo.__name__)() if rest else True

    def _pep_answer(self, state):
        """Note the answer of the person whose row this is, in the meeting."""
        for attendee in self:
            row = attendee.sudo()  # sudo: whose row it is
            if row.partner_id != self.env.user.partner_id:
                raise UserError(
                    self.env._(
                        "Each person answers for themselves. If you were told, open the meeting and note it there."
                    )
                )
            invitation = row.event_id._pep_invitation_of(row.partner_id)
            if invitation.invitation != "invited":
                raise UserError(self.env._("You chair this meeting. Open it to move it or to give it another chair."))
            if state not in ANSWER_OF:
                raise UserError(self.env._("Say whether you come: yes, perhaps or no."))
            invitation._set_answer(ANSWER_OF[state], "calendar")

    def _notify_attendees(self, mail_template, notify_author=False, force_send=False):
        """Odoo's own mails about an event: none about a PEP meeting, which sends its own."""
        others = self - self._pep_ours()
        if self and not others:
            return False
        return super(CalendarAttendee, others)._notify_attendees(
            mail_template, notify_author=notify_author, force_send=force_send
        )
