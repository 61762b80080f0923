from odoo import api, fields, models


class PepTemplateMixin(models.AbstractModel):
    """Reference data that the app ships as templates and each council owns as a copy.

    A row without a council is a template: shipped, updated with the app, used by nobody. :meth:`_load_templates` gives
    each council its own copy once; what the council changes afterwards stays as it is.
    """

    _name = "pep.template.mixin"
    _inherit = ["pep.council.fixed"]
    _description = "Template copied into each council"
    _template_fields = ("name", "sequence")

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        string="Council",
        index=True,
        ondelete="restrict",
        default=lambda self: not self.env.su and self.env.company,
        help="What a person adds belongs to their council; what the app ships belongs to none.",
    )
    template_id = fields.Many2one(
        "pep.template.mixin", string="Made from template", readonly=True, ondelete="restrict", copy=False
    )

    @api.model
    def _load_templates(self, companies):
        """Copy each template that a council does not have yet. Run any number of times: the same rows.

        :param companies: ``res.company`` records, the councils to provide for
        :return: the rows made
        """
        model = self.sudo().with_context(active_test=False)  # sudo: set-up of a council that the user may not be in
        templates = model.search([("company_id", "=", False)])
        have = {
            (company.id, template.id)
            for company, template in model._read_group(
                [("company_id", "in", companies.ids), ("template_id", "in", templates.ids)],
                ["company_id", "template_id"],
            )
        }
        return model.create(
            [
                {**template._prepare_copy_vals(), "company_id": company.id, "template_id": template.id}
                for company in companies
                for template in templates
                if (company.id, template.id) not in have
            ]
        )

    def _prepare_copy_vals(self):
        self.ensure_one()
        return {
            name: self[name].id if self._fields[name].type == "many2one" else self[name]
            for name in self._template_fields
        }
