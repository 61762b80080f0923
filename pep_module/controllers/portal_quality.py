from odoo.http import request

from .page import moment_in_words
from .portal import PepPortal


class PepQualityPortal(PepPortal):
    def _plan_rest(self, plan, plan_id, mine, company):
        """On the page of a PEP: what the virtual school says to the school about it."""
        return {
            **super()._plan_rest(plan, plan_id, mine, company),
            "feedback": self._school_feedback(plan_id, company),
        }

    def _school_feedback(self, plan_id, company):
        """The feedback of the last review, for those whom the rule lets read it: the school alone."""
        if request.env.user._is_internal():
            return None  # the virtual school has its own page for it
        told = request.env["pep.review.feedback"].search([("plan_id", "=", plan_id)], order="id desc", limit=1)
        return told and {
            "words": told.words,
            "returned": told.outcome == "returned",
            "when": moment_in_words(told.told_on, company),
        }
