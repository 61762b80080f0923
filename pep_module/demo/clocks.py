"""The clocks of the demo council, and whom the watch has told.

The steps of the story are taken on the day of the installation, so while it is told no clock runs: the rules are put
away. Afterwards each PEP gets the days on which its steps were taken in the story, and the app works all clocks out
from those, as it would for a council that brings its records along.
"""

from datetime import timedelta

from .days import back


class Clocks:
    """Starts the clocks. ``story`` is the :class:`~.story.Story` that is being told."""

    def __init__(self, story):
        self.story = story
        self.env = story.env
        rules = self.env["pep.deadline.rule"].with_context(active_test=False)
        self.rules = rules.search([("company_id", "=", story.council.id)])

    def hold(self):
        """No clock until :meth:`tell`."""
        self.story.council.pep_go_live = self.story.before.date_from
        self.rules.active = False

    def tell(self):
        """Put the days of the story on each PEP, and let the clocks run."""
        plans = self.env["pep.plan"].search([("company_id", "=", self.story.council.id)])
        for plan in plans:
            self.stamp(plan)
        self.rules.active = True
        self.env["pep.deadline"]._sync(plans=plans, children=self.story.children)

    def stamp(self, plan):
        """The days on which this PEP was started, ready and in processing, and its copies sent."""
        meeting = plan.meeting_ids.filtered(lambda row: row.state == "held" and not row.is_extra)[:1]
        first = max(plan.term_id.date_from, plan.date_into_care or plan.term_id.date_from)
        turn = self.story.turn(plan)
        values = {}
        if plan.started_on:
            # one first PEP in four was started late
            late = plan.kind_id.code == "initial" and turn % 4 == 3
            values["started_on"] = min(back(first + timedelta(days=17 if late else 6 + turn % 5)), self.story.today)
        if plan.ready_on:
            day = meeting.date or plan.due_date or self.story.today
            values["ready_on"] = min(back(day - timedelta(days=1 + turn % 3)), self.story.today)
        if plan.processing_on:
            values["processing_on"] = meeting.date or min(plan.due_date, self.story.today)
        if plan.state == "complete":
            completed = plan.completed_on
            if plan.issue_version > 1:
                values["corrected_on"] = self.story.council._pep_local(completed).date() - timedelta(days=4)
            sent = completed + timedelta(days=9 if turn % 8 == 5 else turn % 4, hours=1)
            if sent < self.env.cr.now():
                values["copies_sent_on"] = sent
        if values:
            # sudo: stamps are the app's to write, and these were made today
            plan.sudo()._write_quietly({name: day for name, day in values.items() if day})
