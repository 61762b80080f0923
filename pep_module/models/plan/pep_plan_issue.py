import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date


class PepPlanIssue(models.Model):
    """One issued version of a PEP: what was agreed, as data and as a document, with a hash over both.

    Written once, by completing the PEP. Later corrections issue the next version; this one stays as it is.
    """

    _name = "pep.plan.issue"
    _description = "Issued version of a PEP"
    _defaults_do_not_count = True
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
        """Write down what was agreed in ``plan``, which has just been completed, as its current version.

        With it comes a copy for each role that gets one.
        """
        whole = plan.sudo()  # sudo: the whole PEP is issued, also what the child kept from whoever completes it
        data = self._plain(whole._snapshot())
        document = self._render("pep_module.plan_document", data)
        issues = self.sudo()  # sudo: nobody may write a version by hand
        issue = issues.create(
            {
                "plan_id": plan.id,
                "version": plan.issue_version,
                "issued_on": fields.Datetime.now(),
                "issued_by_id": self.env.uid,
                "reason": plan.stage_reason if plan.issue_version > 1 else False,
                "data": data,
                "document": document,
                "digest": self._digest(data, document),
            }
        )
        self.env["pep.plan.copy"]._make_for(issue)
        return issue

    @api.model
    def _plain(self, data):
        """The data as it comes back from the database: whatever a document is made of can be read again."""
        return json.loads(json.dumps(data))

    @api.model
    def _render(self, template, data):
        """A document from plain data alone. Every word in it is escaped.

        :return: HTML as text
        """
        values = {"plan": data, "day": self._day_in_words}
        return str(self.env["ir.qweb"]._render(template, values, minimal_qcontext=True, raise_if_not_found=True))

    @api.model
    def _day_in_words(self, text):
        """A day of the data, such as 2026-11-24, as it is written in a document: 24 November 2026."""
        return format_date(self.env, text, date_format="d MMMM y") if text else ""

    @api.model
    def _beside_the_issue(self):
        """Names of the fields that the app fills in after issuing: nothing that was agreed is among them."""
        return set()

    def write(self, vals):
        if self and not (self.env.su and vals.keys() <= self._beside_the_issue()):
            raise UserError(self.env._("An issued version never changes. Correct the PEP and issue the next one."))
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("An issued version can't be copied."))
        return super().copy(default)


class PepPlan(models.Model):
    _inherit = "pep.plan"

    def _snapshot(self):
        """What was agreed, as plain data that needs no other record to be read: names, labels and figures, no ids.

        Each piece is given to those roles alone that :mod:`..tools.plan_extract` names for it.
        """
        self.ensure_one()
        return {
            "format": 4,
            "reference": self.child_reference,
            "version": self.issue_version,
            "council": self.company_id.name,
            "term": self.term_id.name,
            "kind": self.kind_id.name,
            "form": self._label("variant"),
            **self._snapshot_of_facts(),
            "rules": self.rules or {},
            "due": str(self.due_date) if self.due_date else None,
            "summary": self.summary or None,
            "next_meeting": str(self.next_meeting_date) if self.next_meeting_date else None,
            "next_meeting_note": self.next_meeting_note or None,
            "next_meeting_words": self.next_meeting_text or None,
            "went_on_without": [
                {
                    "what": passed._label("gate"),
                    "reason": passed.reason_id.name,
                    "note": passed.note or None,
                    "by": passed.user_id.name,
                }
                for passed in self.pass_ids
            ],
            "contributions": self.contribution_ids._snapshots(),
            "evidence": self._snapshot_of_evidence(),
            "documents": [document._snapshot() for document in self.document_ids if document.state == "filed"],
            "meetings": [meeting._snapshot() for meeting in self.meeting_ids if meeting.state != "offering"],
            "previous_actions": [action._snapshot() for action in self._earlier_actions()[self.id]],
            "actions": [action._snapshot() for action in self.action_ids],
            "previous_targets": [review._snapshot() for review in self.review_ids],
            "targets": [target._snapshot() for target in self.target_ids if target.state != "withdrawn"],
        }

    def _snapshot_of_facts(self):
        child = self.child_id
        return {
            "child": {
                "name": child.full_name or None,
                "known_as": child.known_as or child.first_name or None,
                "date_of_birth": str(child.date_of_birth),
                "upn": child.upn or None,
                "year_group": self._label("year_group"),
                "key_stage": self._label("key_stage"),
                "sen_provision": self._label("sen_provision"),
                "into_care": str(self.date_into_care) if self.date_into_care else None,
                "legal_status": self.legal_status or None,
            },
            "school": self.school_name or None,
            "enrolment": self._label("setting_kind"),
            "officer": self.vseo_id.name or None,
        }

    def _snapshot_of_evidence(self):
        """The figures of the year up to the end of this PEP's term, by subject."""
        since = str(fields.Date.subtract(self.term_id.date_to, years=1))
        return {
            name: [row for row in rows if (row.get("date") or row.get("to") or row.get("from")) > since]
            for name, rows in self._evidence_snapshot().items()
        }
