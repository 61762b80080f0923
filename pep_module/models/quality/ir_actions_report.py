import io

from odoo import models

# Reports that have a PDF of their own, made without a session and kept: template -> model.
OWN_PDF = {"pep_module.report_plan_issue": "pep.plan.issue"}


class IrActionsReport(models.Model):
    """Printing issued versions from Odoo's own menu: the same PDF as everywhere else, and the page where there is none.

    Odoo would open the page as the user, in a program that holds the user's session.
    """

    _inherit = "ir.actions.report"

    def _pep_own_pdf(self, report_ref):
        return self.env[OWN_PDF[name]] if (name := self._get_report(report_ref).report_name) in OWN_PDF else None

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        model = self._pep_own_pdf(report_ref)
        if model is None:
            return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        records = model.browse([res_ids] if isinstance(res_ids, int) else res_ids or [])
        contents = {record.id: record._get_pdf() for record in records}
        if not contents or not all(contents.values()):
            return self._render_qweb_html(report_ref, records.ids, data=data)
        streams = {number: {"stream": io.BytesIO(pdf), "attachment": None} for number, pdf in contents.items()}
        return streams, "pdf"
