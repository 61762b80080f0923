from odoo import api, fields, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    """Carers and relatives: known only to those who share a child with them.

    Every employee of a council can read its contacts, and "Foster carer, 12 Elm Road" says where a child lives. So the
    contacts of carers and relatives are confidential: one global rule hides them from whoever has no access row on a
    child whose network they are in, and they hold no postal address.
    """

    _inherit = "res.partner"

    pep_confidential = fields.Boolean(
        string="Known only around the child",
        index="btree_not_null",
        copy=False,
        help="Hidden from everyone who has no child in common with this person. Holds no address.",
    )
    pep_network_ids = fields.One2many(
        "pep.network.member", "partner_id", string="In the network of", groups="pep_module.group_pep_contributor"
    )

    _pep_confidential_has_no_address = models.Constraint(
        "CHECK (pep_confidential IS NOT TRUE OR (COALESCE(street, '') = '' AND COALESCE(street2, '') = '' "
        "AND COALESCE(city, '') = '' AND COALESCE(zip, '') = ''))",
        "The contact of a carer or relative holds no postal address: it would say where a child lives.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any("pep_confidential" in vals for vals in vals_list):
            raise UserError(self.env._("Who is known only around a child follows from the networks of the children."))
        return super().create(vals_list)

    def write(self, vals):
        if "pep_confidential" in vals and not self.env.su:
            raise UserError(self.env._("Who is known only around a child follows from the networks of the children."))
        return super().write(vals)

    def _pep_make_confidential(self):
        """Hide these contacts and drop their postal address and tags. Staff of the council are left as they are."""
        people = self.sudo()  # sudo: whoever adds a carer need not be allowed to edit contacts
        people = people.filtered(lambda partner: not partner.pep_confidential and not partner._pep_is_staff())
        if people:
            people.write(
                {
                    "pep_confidential": True,
                    "street": False,
                    "street2": False,
                    "city": False,
                    "zip": False,
                    "category_id": False,
                    "comment": False,
                }
            )

    def _pep_is_staff(self):
        return any(not user.share for user in self.with_context(active_test=False).user_ids)
