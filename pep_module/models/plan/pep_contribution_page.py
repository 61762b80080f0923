from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .pep_contribution import HANDED_IN, OPEN, STAFF

# How a page shows a part: to be answered, whose words to be said first, or to be read.
FILL, BEHALF, READ = "fill", "behalf", "read"


class PepContribution(models.Model):
    """What the pages on which people answer and read their part need to know of it."""

    _inherit = "pep.contribution"

    answers_view = fields.Html(
        string="What was answered", compute="_compute_answers_view", sanitize=False, help="For those who may read it."
    )

    # === Whose it is ===

    @api.model
    def _roles_of_user(self):
        """Every role that the user has on any child now."""
        now = fields.Datetime.now()
        rows = self.env["pep.access"].sudo()  # sudo: one's own rows, which outsiders may not list
        ((roles,),) = rows._read_group(
            [
                ("user_id", "=", self.env.uid),
                ("child_id", "!=", False),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
            ],
            [],
            ["role:array_agg_distinct"],
        )
        return set(roles or ())

    @api.model
    def _to_do(self, children=None):
        """The parts that the user still has to answer, of PEPs that are being worked on.

        :param children: only of these; default all
        """
        roles = self._roles_of_user()
        if roles & STAFF:
            roles = roles - STAFF | {"vseo"}
        domain = [
            ("is_live", "=", True),
            ("state", "in", OPEN),
            "|",
            ("owner_role", "in", sorted(roles)),
            ("delegate_id", "=", self.env.uid),
        ]
        if children is not None:
            domain.append(("child_id", "in", children.ids))
        return self.search(domain)._mine()

    def _mine(self):
        """Those of these parts that the user answers; of the virtual school's staff, those of the virtual school."""
        parts = self.sudo()  # sudo: parts that the user has found; whose they are hangs on records out of their sight
        roles_on = self.env["pep.access"]._roles_on(parts.child_id)
        mine = parts._owned_by(self.env.user, roles_on)
        if self.env.user._is_internal():
            mine |= parts.filtered(
                lambda part: part.owner_role == "vseo" and roles_on.get(part.child_id.id, set()) & STAFF
            )
        return self & mine

    def _left_off(self):
        """Which of these to go on with: what was returned, then what was begun last, then the first."""
        order = {"returned": 0, "in_progress": 1, "not_started": 2}
        last = self.sudo()  # sudo: when a part of one's own was last worked on
        return self.sorted(
            lambda part: (
                order.get(part.state, 3),
                -last.browse(part.id).write_date.timestamp() if part.state == "in_progress" else 0,
                part.sequence,
                part.id,
            )
        )[:1]

    def _minutes(self):
        """About how long the user still has to answer these, in minutes."""
        total = 0
        for part in self.sudo():  # sudo: how long a section of one's own takes
            left = part.question_count - part.answered_count
            share = left / part.question_count if part.question_count else 1
            total += part.section_id.minutes * max(share, 0)
        return max(round(total), 1) if self else 0

    # === What a page shows ===

    def _page_mode(self):
        """How the page of this part is shown to the user now.

        :return: (one of :data:`FILL`, :data:`BEHALF`, :data:`READ`; why it can't be answered, or None)
        :raise AccessError: it is somebody else's and has not been handed in, or may not be read at all
        """
        self.ensure_one()
        self.check_access("read")
        part = self.sudo()  # sudo: a part that the user may read, as in _may_fill
        staff = self._staff_here()
        if not staff and not self._mine():
            if part.state not in (*HANDED_IN, "earlier"):
                raise AccessError(self.env._("This part has not been handed in."))
            return READ, None
        reason = self._may_fill()
        if not reason:
            return FILL, None
        return (BEHALF if staff and part.is_live and part.state in OPEN else READ), reason

    def _staff_here(self):
        """Whether the user is the virtual school's staff for this child."""
        child = self.sudo().child_id  # sudo: as in _may_fill
        roles = self.env["pep.access"]._roles_on(child).get(child.id, set())
        return bool(roles & STAFF) and self.env.user._is_internal()

    def _may_name_people(self):
        """Whether the user may be told who wrote this: whoever answers it, the council's people, the reviewing officer.

        A parent is not to learn the carer's name from a part, nor a carer the parent's.
        """
        if self._mine() or self._staff_here():
            return True
        child = self.sudo().child_id  # sudo: as in _may_fill
        return bool(self.env["pep.access"]._roles_on(child).get(child.id, set()) & {"social_worker", "iro"})

    def _page_lines(self):
        """The lines of :meth:`_form` for the user: of somebody else's part, only what is meant for the user."""
        lines = self._form()
        if self._staff_here() or self._mine():
            return lines
        child = self.sudo().child_id  # sudo: as in _may_fill
        roles = self.env["pep.access"]._roles_on(child).get(child.id, set())
        return [line for line in lines if line["answer"] or line["question"]._audience() & roles]

    def _readers_in_words(self):
        """Who reads this part once it is handed in, besides who answers it: the labels of the roles."""
        labels = dict(self._fields["owner_role"]._description_selection(self.env))
        part = self.sudo()  # sudo: whom a part of one's own is meant for
        roles = [role for role in labels if role in part.section_id._audience() - {part.owner_role}]
        return [labels[role] for role in (*roles, "vseo") if role != part.owner_role]

    # === A document instead ===

    def action_use_document(self, document_id=False):
        """Let a document that is filed in this PEP stand for this part, or take that back.

        :param document_id: a ``pep.document`` of the same PEP that the user may read; false to answer after all
        :raise AccessError: there is no such document in this PEP
        :raise UserError: the part is closed, or a document may not stand for it
        """
        self.ensure_one()
        self._check_may_fill()
        part = self.sudo()  # sudo: checked just now; the document of a part is set by this method alone
        document = self.env["pep.document"]
        if document_id:
            document = self._documents_instead().filtered(lambda row: row.id == document_id)
            if not document:
                raise AccessError(self.env._("There is no such document in this PEP."))
            if not part.section_id.may_be_document:
                raise UserError(self.env._("A document can't stand for this part."))
        part.write(
            {
                "document_id": document.id,
                "state": "in_progress" if part.state == "not_started" and document else part.state,
            }
        )

    def _documents_instead(self):
        """The documents of this PEP that the user may choose to stand for this part."""
        self.ensure_one()
        part = self.sudo()  # sudo: as in _may_fill
        domain = [("plan_id", "=", part.plan_id.id), ("state", "=", "filed")]
        if part.section_id.document_type_id:
            domain.append(("type_id", "=", part.section_id.document_type_id.id))
        return self.env["pep.document"].search(domain)

    def _types_instead(self):
        """The types of document that the user may file for this part."""
        self.ensure_one()
        part = self.sudo()  # sudo: as in _may_fill
        wanted = part.section_id.document_type_id
        kinds = wanted or wanted.search([("company_id", "=", part.company_id.id)])
        if self._staff_here():
            return kinds
        roles = self.env["pep.access"]._roles_on(part.child_id).get(part.child_id.id, set())
        if part.delegate_id == self.env.user:
            roles = roles | {part.owner_role}
        return kinds.filtered(lambda kind: kind.active and kind._filed_by(roles))

    # === In the backend ===

    @api.depends("state", "answer_ids.value", "document_id")
    @api.depends_context("uid")
    def _compute_answers_view(self):
        """Questions and answers, to be read: each answer only by those whom its own rule lets read it."""
        for part in self:
            if not part.id:
                part.answers_view = False
                continue
            rows = [
                Markup("<dt><strong>%s</strong></dt><dd>%s</dd>") % (line["question"].name, part._line_in_words(line))
                for line in part._page_lines()
                if line["question"].kind != "prompt"
            ]
            part.answers_view = Markup('<dl class="o_pep_answers">%s</dl>') % Markup().join(rows)

    def _line_in_words(self, line):
        answer, last = line["answer"], line["last"]
        if line["question"].starts == "fact":
            return line["fact"] or self.env._("Not known")
        if answer and answer.is_given:
            lines = (answer.value or "").splitlines()
            words = Markup("<br/>").join(lines)
            if answer.kept_private:
                return Markup("%s<br/><em>%s</em>") % (words, self.env._("Kept for the virtual school alone"))
            return words
        if last and self.state in OPEN:
            if last.contribution_id.plan_id == self.plan_id:
                return Markup("<em>%s</em>") % self.env._(
                    "Written before somebody else took over, not confirmed yet: %(value)s", value=last.value
                )
            return Markup("<em>%s</em>") % self.env._("Last time, not confirmed yet: %(value)s", value=last.value)
        return Markup("<em>%s</em>") % self.env._("Not answered")
