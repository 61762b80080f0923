from odoo import api, fields, models
from odoo.fields import Command


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
        copies = model._copies_pointed_at(companies)
        return model.create(
            [
                {**template._prepare_copy_vals(company, copies), "company_id": company.id, "template_id": template.id}
                for company in companies
                for template in templates
                if (company.id, template.id) not in have
            ]
        )

    @api.model
    def _copies_pointed_at(self, companies):
        """The councils' own copies of what templates point at: a question's section, the kinds of PEP of a section.

        :return: dict of name of the field -> dict of (council id, template id) -> id of its copy
        """
        copies = {}
        for name in self._template_fields:
            field = self._fields[name]
            comodel = field.relational and self.env[field.comodel_name]
            if field.relational and isinstance(comodel, self.env.registry["pep.template.mixin"]):
                rows = comodel.search_fetch(
                    [("company_id", "in", companies.ids), ("template_id", "!=", False)], ["company_id", "template_id"]
                )
                copies[name] = {(row.company_id.id, row.template_id.id): row.id for row in rows}
        return copies

    def _prepare_copy_vals(self, company, copies):
        """Values of a council's copy.

        :param copies: what :meth:`_copies_pointed_at` gave
        """
        self.ensure_one()
        vals = {}
        for name in self._template_fields:
            field = self._fields[name]
            if not field.relational:
                vals[name] = self[name]
                continue
            ids = self[name].ids
            if name in copies:
                ids = [copies[name][company.id, id_] for id_ in ids if (company.id, id_) in copies[name]]
            vals[name] = [Command.set(ids)] if field.type == "many2many" else ids and ids[0]
        return vals
