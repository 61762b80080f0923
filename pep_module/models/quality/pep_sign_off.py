from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

SUPPORT = "pep_module.group_pep_support"
HEAD = "pep_module.group_pep_head"
STAFF = {"vseo", "support", "head"}
COMPLETE_BY = [
    ("vseo", "The child's VSEO or the head"),
    ("head", "The head alone"),
    ("other", "Anyone of the virtual school on the child but its VSEO"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_complete_by = fields.Selection(
        COMPLETE_BY,
        string="A PEP is finished by",
        required=True,
        default="vseo",
        help="Who may press Complete. Whoever covers for the VSEO counts as the VSEO does.",
    )
    pep_qa_two_people = fields.Boolean(
        string="Two people",
        default=True,
        help="Whoever accepted the quality of a PEP can't be the one who finishes it as well.",
    )


class PepPlan(models.Model):
    """Sign-off: who may finish a PEP. Source: the council's setting; in none does anyone sign off their own review."""

    _inherit = "pep.plan"

    sign_off_note = fields.Char(
        string="Who finishes it",
        compute="_compute_sign_off_note",
        groups=SUPPORT,
        help="Why you can't finish this PEP, and who can. Empty when you can.",
    )

    @api.depends("state", "vseo_id", "quality_ids.state", "quality_ids.outcome")
    @api.depends_context("uid")
    def _compute_sign_off_note(self):
        refusals = self._origin.filtered(lambda plan: plan.state == "processing")._sign_off_refusals()
        for plan in self:
            plan.sign_off_note = refusals.get(plan._origin.id, (None, False))[1]

    def _sign_off_refusals(self):
        """Why the user can't finish these PEPs. A fixed number of queries.

        :return: dict of PEP id -> (exception class, sentence), of those that the user can't finish
        """
        roles_on = self.env["pep.access"]._roles_on(self.child_id)
        markers = {review.plan_id.id: review.reviewer_id for review in self._accepted_review()}
        refusals = {}
        for plan in self:
            roles = roles_on.get(plan.child_id.id, set()) & STAFF
            sentence = plan._refused_by_role(roles)
            marker = markers.get(plan.id)
            if sentence and not self.env.su:
                refusals[plan.id] = (AccessError, sentence)
            elif marker == self.env.user and plan.company_id.pep_qa_two_people:
                refusals[plan.id] = (UserError, plan._two_people_words())
        return refusals

    def _refused_by_role(self, roles):
        """Why somebody with these roles on the child may not finish this PEP, by the council's rule; else None.

        :param set roles: out of :data:`STAFF`
        """
        self.ensure_one()
        rule = self.company_id.pep_complete_by
        if rule == "head" and "head" not in roles:
            return self.env._("The head of the virtual school finishes PEPs.")
        if rule == "vseo" and not roles & {"vseo", "head"}:
            return self.env._("The child's VSEO or the head of the virtual school finishes this PEP.")
        if rule == "other" and (not roles or self.vseo_id == self.env.user or self.child_id.vseo_id == self.env.user):
            return self.env._("Somebody else of the virtual school than the child's VSEO finishes this PEP.")
        return None

    def _two_people_words(self):
        self.ensure_one()
        words = {
            "vseo": self.env._("The VSEO or a head who did not mark it finishes the PEP."),
            "head": self.env._("Another head finishes the PEP."),
            "other": self.env._("A colleague who is not the child's VSEO finishes the PEP."),
        }
        return self.env._(
            "You accepted the quality of this PEP, and two people sign it off. %(who)s",
            who=words[self.company_id.pep_complete_by],
        )

    def action_complete(self):
        """Processing → complete, by whom the council lets finish PEPs.

        :raise AccessError: the user's role on the child is not one that finishes PEPs
        :raise UserError: the user accepted the quality of the PEP, and the council asks for two people
        """
        self.check_access("write")
        refusals = self._sign_off_refusals().values()
        for error, sentence in refusals:
            if error is AccessError:
                raise error(sentence)
        self._refuse_unless("processing")
        for error, sentence in refusals:
            raise error(sentence)
        return super().action_complete()
