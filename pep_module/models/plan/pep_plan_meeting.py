from odoo import api, fields, models
from odoo.exceptions import UserError

STAFF = "pep_module.group_pep_support"
# Through which gates a PEP goes to processing once its meeting has been held.
GATES_ON_THE_WAY = {
    "not_started": ("ready", "processing"),
    "gathering": ("ready", "processing"),
    "ready": ("processing",),
}


class PepPlan(models.Model):
    """A PEP moves on when its meeting is held, and says who that must be there is missing from it."""

    _inherit = "pep.plan"

    quorum_gap = fields.Char(
        string="Who must be there",
        compute="_compute_quorum",
        groups=STAFF,
        help="Of the meeting that was held or is next.",
    )
    quorum_state = fields.Selection(
        lambda self: self.env["pep.meeting"]._fields["quorum_state"].selection,
        string="Who must be there, afterwards",
        compute="_compute_quorum",
        groups=STAFF,
    )

    @api.depends("meeting_ids.state", "meeting_ids.start", "meeting_ids.is_extra", "meeting_ids.quorum_state")
    def _compute_quorum(self):
        for plan in self:
            plan.quorum_gap = plan.meeting_id.quorum_gap
            plan.quorum_state = plan.meeting_id.quorum_state

    # === The meeting is held ===

    def _missing_once_met(self):
        """What this PEP lacks to go on to processing once its meeting has been held.

        :return: list of (gate, sentence), those of all the stages on the way
        """
        self.ensure_one()
        return [
            (gate, sentence)
            for state in GATES_ON_THE_WAY.get(self.state, ())
            for gate, sentence in self._missing_for(state)
            if gate != "meeting"
        ]

    def _go_on_once_met(self):
        """Take these PEPs through their stages to processing. One that is further already stays where it is.

        :raise UserError: something is missing that was not passed with a reason
        """
        self.filtered(lambda plan: plan.state == "not_started").action_start()
        for state, step in (("gathering", "action_ready"), ("ready", "action_process")):
            for plan in self.filtered(lambda plan, state=state: plan.state == state):
                if getattr(plan, step)():
                    raise UserError(
                        self.env._("%(reference)s: %(missing)s", reference=plan.child_reference, missing=plan.missing)
                    )

    def _gate_contributions(self):
        if self.state == "not_started":
            parts = self.sudo().contribution_ids  # sudo: that there is something to ask for
            return self.env._("nobody has been asked for their part") if any(parts.mapped("required")) else False
        return super()._gate_contributions()

    def _gate_documents(self):
        if self.state == "not_started":
            types = self.env["pep.document.type"]._missing_for(self).get(self.id)
            return types and self.env._("missing documents: %(names)s", names=", ".join(types.mapped("name")))
        return super()._gate_documents()

    # === The board ===

    @api.model
    @api.readonly
    def board_figures(self):
        """What the board says above its cards, of the children that the user works on. A fixed number of queries.

        :return: list of dicts: key, label, number, whether it is urgent, action and filter that show the records;
            empty for whoever is no staff of the virtual school
        """
        if not self.env.user.has_group(STAFF):
            return []
        now = fields.Datetime.now()
        meetings = self.env["pep.meeting"]
        coming = meetings.search(
            [("state", "=", "planned"), ("start", ">=", now), ("start", "<", fields.Datetime.add(now, days=14))]
        )
        week = fields.Datetime.add(now, days=7)
        return [
            {
                "key": "coming",
                "label": self.env._("Meetings in the next 7 days"),
                "number": len(coming.filtered(lambda meeting: meeting.start < week)),
                "action": "pep_module.pep_meeting_action",
                "filter": "next_week",
                "urgent": False,
            },
            {
                "key": "short",
                "label": self.env._("Somebody who must be there is missing, next 14 days"),
                "number": sum(bool(gaps) for gaps in coming._quorum_gaps().values()),
                "action": "pep_module.pep_meeting_action",
                "filter": "short",
                "urgent": True,
            },
            {
                "key": "awaiting",
                "label": self.env._("Held, written part to follow"),
                "number": meetings.search_count([("quorum_state", "=", "awaiting")]),
                "action": "pep_module.pep_meeting_action",
                "filter": "awaiting",
                "urgent": False,
            },
            {
                "key": "face",
                "label": self.env._("Face to face overdue"),
                "number": self.env["pep.child"].search_count([("face_overdue", "=", True)]),
                "action": "pep_module.pep_child_action_face",
                "filter": False,
                "urgent": True,
            },
        ]
