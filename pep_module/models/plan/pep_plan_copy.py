from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.plan_extract import Extract

COPY_ROLES = [
    ("teacher", "School"),
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("parent", "Parent"),
    ("iro", "Reviewing officer"),
    ("child", "Child"),
]


class PepPlanCopy(models.Model):
    """What one role gets of an issued version: a document made for it, with nothing in it that the role may not see.

    Made with each issue, from its data alone and in its transaction; never changed or deleted. A corrected PEP gets
    copies of its next version, the earlier ones stay. Whoever has the role on the child today reads them, also those of
    terms in which somebody else had it. The child's copy is for the virtual school to hand over.
    """

    _name = "pep.plan.copy"
    _description = "Copy of an issued PEP for one role"
    _defaults_do_not_count = True
    _inherit = ["pep.audience"]
    _child_parent = "issue_id"
    _order = "issued_on desc, id desc"

    issue_id = fields.Many2one(
        "pep.plan.issue", string="Issued version", required=True, index=True, ondelete="restrict", readonly=True
    )
    plan_id = fields.Many2one(
        "pep.plan", string="PEP", related="issue_id.plan_id", store=True, index=True, precompute=True
    )
    term_id = fields.Many2one("pep.term", related="issue_id.term_id", store=True, index=True, precompute=True)
    role = fields.Selection(COPY_ROLES, string="Copy for", required=True, readonly=True)
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    issued_on = fields.Datetime(string="Issued on", required=True, readonly=True)
    document = fields.Text(required=True, readonly=True, string="Document (HTML)", help="As it was rendered then.")
    document_view = fields.Html(string="Document", compute="_compute_document_view", sanitize=False)
    digest = fields.Char(string="SHA-256", required=True, readonly=True)
    is_intact = fields.Boolean(string="Unchanged", compute="_compute_is_intact")
    withheld = fields.Integer(
        string="Left out",
        readonly=True,
        aggregator=None,
        groups="pep_module.group_pep_support",
        help="How many pieces of the issued version are not for this role.",
    )
    withheld_names = fields.Json(
        string="What was left out", readonly=True, groups="pep_module.group_pep_support", help="Headings, no content."
    )
    withheld_list = fields.Text(string="These", compute="_compute_withheld_list", groups="pep_module.group_pep_support")

    _uniq = models.UniqueIndex("(issue_id, role)", "This role has its copy of this version already.")

    # === Computes ===

    @api.depends("role")
    def _compute_audience(self):
        for copy in self:
            copy._set_audience({copy.role})

    @api.depends("document")
    def _compute_document_view(self):
        for copy in self:
            copy.document_view = copy.document

    @api.depends("document", "digest")
    def _compute_is_intact(self):
        for copy in self:
            issue = copy.issue_id.sudo()  # sudo: only its hash; a copy is readable where the whole version is not
            copy.is_intact = copy.digest == self._digest(issue, copy.role, copy.document)

    @api.depends("withheld_names")
    def _compute_withheld_list(self):
        for copy in self:
            copy.withheld_list = "\n".join(copy.withheld_names or ()) or False

    @api.model
    def _digest(self, issue, role, document):
        """SHA-256 over the document, what it is a copy of, and for whom."""
        return issue._digest({"issue": issue.digest, "version": issue.version, "role": role}, document)

    # === Making them ===

    @api.model
    def _make_for(self, issues):
        """Make the copies that these versions do not have yet, for the roles that their councils chose. Idempotent."""
        copies = self.sudo()  # sudo: follows from issuing; nobody makes or changes a copy by hand
        have = set(copies._read_group([("issue_id", "in", issues.ids)], ["issue_id", "role"]))
        return copies.create(
            [
                copies._prepare(issue, role)
                for issue in issues
                for role in issue.company_id.sudo()._pep_copy_roles()  # sudo: a setting of the council
                if (issue, role) not in have
            ]
        )

    @api.model
    def _prepare(self, issue, role):
        extract = Extract(issue.data, role, self._headings())
        template = "pep_module.plan_copy_of_child" if role == "child" else "pep_module.plan_document"
        document = issue._render(template, {**extract.data, "copy_for": self._role_label(role)})
        return {
            "issue_id": issue.id,
            "role": role,
            "version": issue.version,
            "issued_on": issue.issued_on,
            "document": document,
            "digest": self._digest(issue, role, document),
            "withheld": len(extract.withheld),
            "withheld_names": extract.withheld,
        }

    # === What a role gets ===

    @api.model
    def _role_label(self, role):
        return dict(self._fields["role"]._description_selection(self.env))[role]

    @api.model
    def _headings(self):
        """What staff read when a piece was withheld."""
        return {
            "school": self.env._("School"),
            "enrolment": self.env._("Enrolment"),
            "officer": self.env._("VSEO"),
            "summary": self.env._("What was discussed"),
            "interim": self.env._("Interim PEP"),
            "next_meeting": self.env._("Next meeting"),
            "next_meeting_note": self.env._("Next meeting"),
            "next_meeting_words": self.env._("Next meeting"),
            "legal_status": self.env._("Legal status"),
            "meetings": self.env._("Meetings"),
            "people": self.env._("Who was at the meeting"),
            "actions": self.env._("Actions"),
            "previous_actions": self.env._("Actions from last time"),
            "previous_targets": self.env._("Previous targets"),
            "targets": self.env._("Targets"),
            "funding_asked": self.env._("Funding asked for"),
            "attendance": self.env._("Attendance"),
            "attainment": self.env._("Attainment"),
            "suspensions": self.env._("Suspensions"),
            "sdq": self.env._("SDQ"),
            "went_on_without": self.env._("Went on without"),
            "quality": self.env._("Quality review"),
            "school_feedback": self.env._("Feedback for the school"),
        }

    # === Reading them ===

    @api.model
    def _shelf(self, children):
        """The copies that the user may read of these children, PEP by PEP, those of the latest term first.

        :return: list of dicts with ``term``, ``latest`` (copies of the latest version, one for each role that the user
            has) and ``earlier`` (those of the versions before it, the latest first)
        """
        copies = self.search_fetch(
            [("child_id", "in", children.ids)], ["plan_id", "term_id", "role", "version", "issued_on"]
        ).sorted(lambda copy: (copy.term_id.date_from, copy.version), reverse=True)
        shelf = []
        for same in copies.grouped(lambda copy: copy.plan_id.id).values():  # by id: not everybody reads the PEP itself
            latest = same.filtered(lambda copy, same=same: copy.version == same[0].version)
            shelf.append({"term": same[0].term_id, "latest": latest, "earlier": same - latest})
        return shelf

    def action_open(self):
        """Button: open the copy as the reader gets it, to read or to print."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": f"/my/pep/copy/{self.id}", "target": "new"}

    # === CRUD ===

    def write(self, vals):
        if self and not (self.env.su and vals.keys() <= {"hidden_from_id"}):
            raise UserError(self.env._("A copy of an issued version never changes."))
        return super().write(vals)


class PepPlanIssue(models.Model):
    _inherit = "pep.plan.issue"

    copy_ids = fields.One2many("pep.plan.copy", "issue_id", string="Copies", readonly=True)


class PepPlan(models.Model):
    _inherit = "pep.plan"

    copy_ids = fields.One2many("pep.plan.copy", "plan_id", string="Copies", readonly=True)
