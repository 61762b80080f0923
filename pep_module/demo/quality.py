"""Quality assurance in the demo council: each PEP is judged before it is finished, and a sample of them twice."""

from datetime import timedelta

from odoo.tools import SQL

from . import words
from .days import back

# Which areas of the rubric are amber, by turn; most PEPs have none.
AMBER = ((), (2,), (), (3,), (0,), (), (4, 7), (), (2, 3), ())


class Quality:
    """Judges PEPs. ``story`` is the :class:`~.story.Story` that is being told."""

    def __init__(self, story):
        self.story = story

    def judge(self, plan, moment):
        """Somebody judges a PEP in processing, on the day before it is finished.

        :param plan: as whoever judges it
        :param moment: when it is finished
        """
        review = plan.env["pep.review"]._begin(plan)
        amber = self.mark(review, AMBER[self.story.turn(plan) % len(AMBER)])
        review.action_finish("accepted_feedback" if amber else "accepted")
        self.done_on(review, moment - timedelta(days=1))

    def mark(self, review, amber):
        """Grade each area green, but those amber; and overall say to the school what would make it green.

        :param amber: places of areas
        :return: whether the PEP is accepted with feedback
        """
        whole = review.sudo()  # sudo: the reviewer's screen writes these
        green, yellow = whole.rubric_id.grade_ids.sorted("sequence")[:2]
        lines = whole.line_ids
        for place, line in enumerate(lines):
            line.write(
                {
                    "grade_id": (yellow if place in amber else green).id,
                    "comment": words.QUALITY[place % len(words.QUALITY)] if place in amber else False,
                }
            )
        overall, _rule = whole._overall()
        if overall.asks_feedback and whole.kind == "qa":
            whole.feedback = words.QUALITY[amber[0] % len(words.QUALITY)]
        return overall.asks_feedback

    def done_on(self, review, moment):
        """Put its day on a review that was done just now."""
        self.story.env.flush_all()
        # raw SQL: what was judged can't be written through the ORM by anybody, so neither by its demo
        query = SQL("UPDATE pep_review SET begun_on = %s, done_on = %s WHERE id = %s", moment, moment, review.id)
        self.story.env.cr.execute(query)  # raw SQL: as above
        # raw SQL: as above
        query = SQL("UPDATE pep_review_feedback SET told_on = %s WHERE review_id = %s", moment, review.id)
        self.story.env.cr.execute(query)  # raw SQL: as above
        review.invalidate_recordset(["begun_on", "done_on"])
        review.env["pep.review.feedback"].invalidate_model(["told_on"])

    def moderate(self):
        """A sample of last term is drawn, and a colleague has marked some of it."""
        moderation = self.story.as_user(self.story.env["pep.moderation"], "head").create(
            {
                "term_id": self.story.last.id,
                "measure": "number",
                "number": 4,
                "company_id": self.story.council.id,
            }
        )
        moderation.sudo().seed = "demo"  # sudo: chosen by nobody but a demo that is the same each time
        moderation.action_draw()
        for place, review in enumerate(moderation.sudo().review_ids[:3]):  # sudo: each is marked by who was asked
            second = review.with_env(self.story.env(user=review.reviewer_id.id, su=False))
            self.mark(second, ((), (2,), (3,))[place % 3])
            second.action_finish()
            self.done_on(second, self.story.at(back(self.story.this.date_from + timedelta(days=20 + place)), 11))
