from odoo import api, fields, models
from odoo.exceptions import ValidationError

FACE_FIELDS = {"pep_face_interval", "pep_face_unit", "pep_autumn_start", "pep_spring_start", "pep_summer_start"}


class ResCompany(models.Model):
    _inherit = "res.company"

    # Who must be at a meeting; more people can be asked to any of them
    pep_quorum_teacher = fields.Boolean(string="Designated teacher must be at meetings", default=True)
    pep_quorum_social_worker = fields.Boolean(string="Social worker must be at meetings", default=True)
    pep_quorum_carer = fields.Boolean(string="Carer must be at meetings", default=True)
    pep_quorum_child = fields.Boolean(
        string="The child is invited to meetings",
        default=True,
        help="Is asked. Whether to come is for the child to decide.",
    )
    pep_quorum_parent = fields.Boolean(string="Parent must be at meetings")
    pep_quorum_iro = fields.Boolean(string="Reviewing officer must be at meetings")
    pep_quorum_vseo = fields.Boolean(string="VSEO must be at meetings")
    # Face to face
    pep_face_interval = fields.Integer(
        string="Face to face at least once every",
        default=4,
        help="Of so many terms that follow one another, at least one has a meeting in person. “Every four terms” can "
        "be read in two ways: four of three terms a year are sixteen months, four of six half-terms eight.",
    )
    pep_face_unit = fields.Selection(
        [("term", "terms (three a year)"), ("half_term", "half-terms (six a year)")],
        string="Terms or half-terms",
        required=True,
        default="term",
        help="Councils with six numbered terms a year mean half-terms.",
    )

    @api.constrains("pep_face_interval")
    def _check_pep_face_interval(self):
        for company in self:
            if not 1 <= company.pep_face_interval <= 24:
                raise ValidationError(self.env._("Face to face at least once every term, or every 2 to 24."))

    def _pep_quorum_roles(self):
        """The roles that must be at a meeting by this council's rule."""
        self.ensure_one()
        prefix = "pep_quorum_"
        return {name.removeprefix(prefix) for name in self._fields if name.startswith(prefix) and self[name]}

    def write(self, vals):
        changed = self.browse()
        if FACE_FIELDS & vals.keys():
            names = FACE_FIELDS & vals.keys()
            changed = self.filtered(lambda company: any(company[name] != vals[name] for name in names))
        result = super().write(vals)
        changed._pep_sync_face_due()
        return result

    def _pep_sync_face_due(self):
        """Work out anew, for every child of these councils, by when the next face-to-face meeting is due."""
        children = self.env["pep.child"].sudo().with_context(active_test=False)  # sudo: the rule holds for every child
        children.search([("company_id", "in", self.ids)])._sync_face_due()
