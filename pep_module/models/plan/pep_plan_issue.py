import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError


class PepPlanIssue(models.Model):
    """One issued version of a PEP: what was agreed, as data and as a document, with a hash over both.

    Written once, by completing the PEP. Later corrections issue the next version; this one stays as it is.
    """

    _name = "pep.plan.issue"
    _description = "Issued version of a PEP"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "plan_id.id, version desc"

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict", readonly=True)
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    issued_on = fields.Datetime(string="Issued on", required=True, readonly=True)
    issued_by_id = fields.Many2one("res.users", string="Issued by", required=True, readonly=True, ondelete="restrict")
    reason = fields.Char(string="Why corrected", readonly=True)
    data = fields.Json(required=True, readonly=True)
    document = fields.Text(required=True, readonly=True, string="Document (HTML)", help="As it was rendered then.")
    document_view = fields.Html(string="Document", compute="_compute_document_view", sanitize=False)
    digest = fields.Char(string="SHA-256", required=True, readonly=True)
    is_intact = fields.Boolean(string="Unchanged", compute="_compute_is_intact")

    _uniq = models.UniqueIndex("(plan_id, version)", "This version of the PEP has been issued already.")

    @api.depends("document")
    def _compute_document_view(self):
        for issue in self:
            issue.document_view = issue.document

    @api.depends("data", "document", "digest")
    def _compute_is_intact(self):
        for issue in self:
            issue.is_intact = issue.digest == self._digest(issue.data, issue.document)

    @api.model
    def _digest(self, data, document):
        """SHA-256 over the data (JSON, keys sorted) and the document."""
        text = json.dumps(data, sort_keys=True, ensure_ascii=False) + "\n" + (document or "")
        return hashlib.sha256(text.encode()).hexdigest()

    @api.model
    def _issue(self, plan):
        """Write down what was agreed in ``plan``, which has just been completed, as its current version."""
        data = plan._snapshot()
        document = self.env["ir.qweb"]._render(
            "pep_module.plan_document", {"plan": data}, minimal_qcontext=True, raise_if_not_found=True
        )
        issues = self.sudo()  # sudo: nobody may write a version by hand
        return issues.create(
            {
                "plan_id": plan.id,
                "version": plan.issue_version,
                "issued_on": fields.Datetime.now(),
                "issued_by_id": self.env.uid,
                "reason": plan.stage_reason if plan.issue_version > 1 else False,
                "data": data,
                "document": str(document),
                "digest": self._digest(data, str(document)),
            }
        )

    def write(self, vals):
        if self:
            raise UserError(self.env._("An issued version never changes. Correct the PEP and issue the next one."))
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("An issued version can't be copied."))
        return super().copy(default)


class PepPlan(models.Model):
    _inherit = "pep.plan"

    def _snapshot(self):
        """What was agreed, as plain data that needs no other record to be read: names, labels and figures, no ids."""
        self.ensure_one()
        return {
            "format": 1,
            "reference": self.child_reference,
            "version": self.issue_version,
            "council": self.company_id.name,
            "term": self.term_id.name,
            "kind": self.kind_id.name,
            "form": self._label("variant"),
            "child": {
                "name": self.child_id.full_name or None,
                "date_of_birth": str(self.child_id.date_of_birth),
                "upn": self.child_id.upn or None,
                "year_group": self._label("year_group"),
                "key_stage": self._label("key_stage"),
                "sen_provision": self._label("sen_provision"),
                "into_care": str(self.date_into_care) if self.date_into_care else None,
                "legal_status": self.legal_status or None,
            },
            "school": self.school_name or None,
            "enrolment": self._label("setting_kind"),
            "officer": self.vseo_id.name or None,
            "rules": self.rules or {},
            "due": str(self.due_date) if self.due_date else None,
            "summary": self.summary or None,
            "next_meeting": str(self.next_meeting_date) if self.next_meeting_date else None,
            "next_meeting_note": self.next_meeting_note or None,
            "went_on_without": [
                {
                    "what": passed._label("gate"),
                    "reason": passed.reason_id.name,
                    "note": passed.note or None,
                    "by": passed.user_id.name,
                }
                for passed in self.pass_ids
            ],
            "meetings": [meeting._snapshot() for meeting in self.meeting_ids],
            "previous_targets": [review._snapshot() for review in self.review_ids],
            "targets": [target._snapshot() for target in self.target_ids if target.state != "withdrawn"],
        }
