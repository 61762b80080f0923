from odoo import api, models
from odoo.exceptions import UserError


class PepMeeting(models.Model):
    """A meeting takes place: who must be there was, or it is said why not; and its PEP moves on, in one step."""

    _inherit = "pep.meeting"

    def action_hold(self):
        """Button: the meeting took place. Its PEP moves to processing, and the days to process it begin.

        :return: the form that asks for reasons, when one meeting or its PEP lacks something; None when all is done
        :raise UserError: not planned, not begun, nobody was there; or something is missing for one of several
        """
        self.check_access("write")
        self._check_may_hold()
        lacking = self._lacking_to_hold()
        if lacking and len(self) > 1:
            raise UserError("\n".join(lacking.values()))
        if lacking:
            return self._ask_to_hold()
        self._hold()
        return None

    def _lacking_to_hold(self):
        """What keeps these meetings from being held without a question: dict of meeting -> sentence."""
        absent = self._quorum_gaps(held=True)
        lacking = {}
        for meeting in self:
            words = [meeting._quorum_words(absent[meeting.id])] if absent[meeting.id] else []
            words += [sentence for _gate, sentence in meeting._missing_in_plan()]
            if words:
                lacking[meeting] = f"{meeting.child_reference}: {'; '.join(words)}"
        return lacking

    def _missing_in_plan(self):
        """What the PEP lacks to move on once this meeting has been held: list of (gate, sentence)."""
        self.ensure_one()
        return [] if self.is_extra else self.plan_id._missing_once_met()

    def _ask_to_hold(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Before it is closed"),
            "res_model": "pep.meeting.hold",
            "view_mode": "form",
            "target": "new",
            "context": {"default_meeting_id": self.id},
        }

    def _hold_without(self, reason, written_follows):
        """Hold this meeting without some who must be there.

        :param str reason: why, in words that stay with the meeting
        :param bool written_follows: those who were not there are asked for their part in writing
        """
        self.ensure_one()
        gaps = self._quorum_gaps(held=True)[self.id]
        if gaps:
            reason = (reason or "").strip()
            if not reason:
                raise UserError(self.env._("Say why the meeting was held without somebody who must be there."))
            unlisted = [role for role, kind, _people in gaps if kind == "unlisted"]
            # sudo: written by these steps alone
            self.sudo().write({"without_reason": reason, "held_unlisted": ",".join(unlisted) or False})
        if written_follows:
            for role, kind, people in gaps:
                if kind == "absent" and role != "child":
                    people.write({"written": "awaited"})
        self._hold()

    def _hold(self):
        result = super()._hold()
        termly = self.filtered(lambda meeting: not meeting.is_extra)
        termly.plan_id._go_on_once_met()
        return result

    # === Face to face ===

    @api.model_create_multi
    def create(self, vals_list):
        meetings = super().create(vals_list)
        meetings._met().child_id._sync_face_due()
        return meetings

    def write(self, vals):
        counts = bool({"state", "start", "mode", "is_extra"} & vals.keys())
        met = self._met() if counts else self.browse()
        result = super().write(vals)
        if counts:
            (met | self._met()).child_id._sync_face_due()
        return result

    def _met(self):
        return self.filtered(lambda meeting: meeting.state == "held")
