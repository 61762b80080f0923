from odoo import fields, models


class PepKind(models.Model):
    """A kind of PEP and the steps it asks for. Not every term has a full meeting; councils differ in which."""

    _name = "pep.kind"
    _description = "Kind of PEP"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = (
        "name",
        "sequence",
        "code",
        "meeting_required",
        "review_required",
        "academic_target_required",
        "next_date_required",
        "setting_required",
        "contributions_required",
        "documents_required",
        "qa_required",
    )

    template_id = fields.Many2one("pep.kind")
    code = fields.Selection(
        [
            ("initial", "Initial"),
            ("full", "Full"),
            ("desk", "Desk review"),
            ("teacher", "Teacher's review"),
            ("interim", "Interim"),
        ],
        string="Stands for",
        required=True,
        help="Which of the kinds known to the app this is. The name is yours to choose.",
    )
    setting_required = fields.Boolean(
        string="School known", default=True, help="The school, or that there is none, is recorded."
    )
    contributions_required = fields.Boolean(
        string="Parts handed in", default=True, help="What school, social worker, carer and child say is there."
    )
    documents_required = fields.Boolean(string="Documents there", default=True)
    meeting_required = fields.Boolean(string="Meeting held", default=True)
    review_required = fields.Boolean(string="Previous targets reviewed", default=True)
    academic_target_required = fields.Boolean(string="An academic target", default=True)
    next_date_required = fields.Boolean(string="Next date set", default=True)
    qa_required = fields.Boolean(
        string="Quality assured", default=True, help="Not finished before a quality review has accepted it."
    )

    _uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), code) WHERE active", "The council has an active kind of PEP like this."
    )
