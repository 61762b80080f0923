from odoo import api, fields, models
from odoo.exceptions import AccessError

# Questions that look back at what was aimed at last time: the meeting begins with them.
FIRST = ("targets_previous", "targets_spending")
# Behind every question of the bank: what the chair adds to the agenda.
OWN_POINTS = 1_000_000
# Who reads of a finished PEP what was said at its meeting, where no question narrows that down.
MEETING_READERS = ("teacher", "social_worker", "iro")


class PepMeetingPoint(models.Model):
    """A point of a meeting's agenda: a question of the bank that is *on the agenda*, or the chair's own words.

    Made with :meth:`pep.meeting._make_agenda` from the questions that the PEP asks, those about the previous targets
    first. Written in the chair's view alone (:meth:`pep.meeting.chair_save`).
    """

    _name = "pep.meeting.point"
    _description = "Point of a meeting's agenda"
    _inherit = ["pep.child.bound"]
    _child_parent = "meeting_id"
    _order = "meeting_id.id, sequence, id"

    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict", readonly=True)
    question_id = fields.Many2one("pep.question", index="btree_not_null", ondelete="restrict", readonly=True)
    section_id = fields.Many2one("pep.section", related="question_id.section_id", store=True, precompute=True)
    name = fields.Char(string="Point", required=True, readonly=True)
    sequence = fields.Integer(readonly=True, default=OWN_POINTS, aggregator=None)
    state = fields.Selection(
        [("open", "Open"), ("discussed", "Discussed"), ("skipped", "Skipped")],
        required=True,
        readonly=True,
        default="open",
    )
    said = fields.Text(string="What was said", readonly=True)

    _uniq = models.UniqueIndex(
        "(meeting_id, question_id) WHERE question_id IS NOT NULL", "This question is on the agenda already."
    )

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("The agenda of a meeting is kept in the chair's view."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("The agenda of a meeting is kept in the chair's view."))
        return super().write(vals)

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"question_id"}

    # === What is issued ===

    def _snapshot(self):
        """What was said to this point, for an issued version, with the roles that find it in their copy."""
        self.ensure_one()
        return {
            "about": self.section_id.name or None,
            "point": self.name,
            "said": self.said,
            "audience": self._audience(),
        }

    def _audience(self):
        """The roles outside the virtual school that may read what was said: of a question, its own readers among them.

        :return: sorted list of roles
        """
        self.ensure_one()
        readers = set(MEETING_READERS)
        if self.question_id:
            readers &= self.question_id._audience() | {self.section_id.owner_role}
        return sorted(readers)


class PepMeeting(models.Model):
    _inherit = "pep.meeting"

    point_ids = fields.One2many("pep.meeting.point", "meeting_id", string="Agenda", readonly=True)

    def _make_agenda(self):
        """Give these meetings the points that they do not have yet. Run any number of times: the same rows.

        A termly meeting talks about the questions of its PEP that are on the agenda; an extra one about its purpose.
        A point that is there stays, also when its question is no longer asked. A fixed number of queries.

        :return: the points made
        """
        points = self.env["pep.meeting.point"].sudo()  # sudo: the agenda is made by the app; it holds no answers
        meetings = self.sudo()  # sudo: the same
        have = points.search_fetch([("meeting_id", "in", meetings.ids)], ["meeting_id", "question_id"])
        have = have.grouped("meeting_id")
        vals_list = []
        asked = meetings.filtered(lambda meeting: not meeting.is_extra)._questions_on_agenda()
        for meeting in meetings:
            there = have.get(meeting, points)
            if meeting.is_extra and meeting.purpose and not there:
                vals_list.append({"meeting_id": meeting.id, "name": meeting.purpose})
            for question in asked.get(meeting, self.env["pep.question"]) - there.question_id:
                vals_list.append(
                    {
                        "meeting_id": meeting.id,
                        "question_id": question.id,
                        "name": question.name,
                        "sequence": question._place_on_agenda()[0],
                    }
                )
        return points.create(vals_list)

    def _questions_on_agenda(self):
        """The questions that the PEP of each meeting asks and that its meeting talks about, in order.

        :return: dict of meeting -> ``pep.question`` records
        """
        parts = self.env["pep.contribution"].search_fetch(
            [("plan_id", "in", self.plan_id.ids), ("state", "!=", "not_needed")],
            ["plan_id", "section_id", "opened_on"],
            order="id",
        )
        questions = self.env["pep.question"].with_context(active_test=False)
        questions = questions.search([("section_id", "in", parts.section_id.ids), ("agenda", "=", True)])
        questions_of = questions.grouped("section_id")
        asked = {}
        for meeting in self:
            mine = questions.browse()
            for part in parts.filtered(lambda part, meeting=meeting: part.plan_id == meeting.plan_id):
                mine |= questions_of.get(part.section_id, questions.browse()).filtered(
                    lambda question, moment=part.opened_on: (
                        question.used_from <= moment and not (question.retired_on and question.retired_on <= moment)
                    )
                )
            asked[meeting] = mine.sorted(lambda question: question._place_on_agenda())
        return asked


class PepQuestion(models.Model):
    _inherit = "pep.question"

    def _place_on_agenda(self):
        """Where this question stands on an agenda: a key to sort by, its first part what a point keeps."""
        self.ensure_one()
        section = 0 if self.code in FIRST else min(max(self.section_id.sequence, 0) + 1, 900)
        return section * 1000 + min(max(self.sequence, 0), 999), self.section_id.id, self.id
