from odoo import api, fields, models


class PepPlan(models.Model):
    _inherit = "pep.plan"

    attendance_ids = fields.Many2many("pep.attendance", compute="_compute_evidence")
    attainment_ids = fields.Many2many("pep.attainment", compute="_compute_evidence")
    suspension_ids = fields.Many2many("pep.suspension", string="Suspensions", compute="_compute_evidence")
    sdq_ids = fields.Many2many("pep.sdq", string="SDQ", compute="_compute_evidence")
    evidence_chart = fields.Json(compute="_compute_evidence_chart", exportable=False)

    @api.depends("child_id", "term_id")
    def _compute_evidence(self):
        """What is known of the child up to the end of the PEP's term, as far as the user may read it."""
        for name, day in (
            ("attendance", "date_from"),
            ("attainment", "date"),
            ("suspension", "date_from"),
            ("sdq", "date"),
        ):
            records = self.env[f"pep.{name}"]
            may_read = records.has_access("read")
            held = records.search([("child_id", "in", self.child_id.ids)]) if may_read else records
            by_child = held.grouped("child_id")
            for plan in self:
                until = plan.term_id.date_to
                mine = by_child.get(plan.child_id._origin, records)
                plan[f"{name}_ids"] = mine.filtered(
                    lambda record, day=day, until=until: not until or record[day] <= until
                )

    @api.depends("child_id", "term_id")
    def _compute_evidence_chart(self):
        by_end = self.grouped(lambda plan: plan.term_id.date_to)
        for until, plans in by_end.items():
            charts = plans.child_id._origin._evidence_charts(until)
            for plan in plans:
                plan.evidence_chart = charts.get(plan.child_id._origin.id, False)

    def _evidence_snapshot(self):
        """The evidence of a PEP as plain data, for an issued version: words and figures, no ids."""
        self.ensure_one()
        return {
            "attendance": [
                {
                    "school": record.school_name,
                    "from": str(record.date_from),
                    "to": str(record.date_to),
                    "possible": record.possible,
                    "present": record.present,
                    "authorised": record.authorised,
                    "unauthorised": record.unauthorised,
                    "percentage": round(record.percentage, 1),
                    "band": record._label("band"),
                    "notable": record.notable or None,
                }
                for record in self.attendance_ids
            ],
            "attainment": [
                {
                    "date": str(record.date),
                    "subject": record._subject_label(),
                    "measure": record._label("measure"),
                    "result": record.result,
                }
                for record in self.attainment_ids
            ],
            "suspensions": [
                {
                    "kind": record._label("kind"),
                    "state": record._label("state"),
                    "school": record.school_name,
                    "from": str(record.date_from),
                    "to": str(record.date_to) if record.date_to else None,
                    "sessions": record.sessions,
                    "reason": record.reason_id.name or None,
                }
                for record in self.suspension_ids
            ],
            "sdq": [{"date": str(record.date), "result": record._in_words()} for record in self.sdq_ids],
        }
