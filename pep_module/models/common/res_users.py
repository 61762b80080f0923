from odoo import api, models, tools

# What decides which children a user sees through pep.access.
ACCESS_FIELDS = {"group_ids", "company_ids", "active", "partner_id", "share"}


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        self.env["pep.access"]._sync_users(users)
        return users

    def write(self, vals):
        result = super().write(vals)
        if ACCESS_FIELDS & vals.keys() or any(name.startswith(("in_group_", "sel_groups_")) for name in vals):
            self.env["pep.access"]._sync_users(self)
        return result

    @api.model
    @tools.ormcache("user_id", "groups")
    def _pep_has_groups(self, user_id, groups):
        """``has_groups`` of a user, kept until Odoo forgets who is in which group."""
        return self.browse(user_id).has_groups(groups)


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        self.env["pep.access"]._sync_users(groups._pep_see_all_members())
        return groups

    def write(self, vals):
        if not {"user_ids", "implied_ids", "implied_by_ids"} & vals.keys():
            return super().write(vals)
        before = self._pep_see_all_members()
        result = super().write(vals)
        self.env["pep.access"]._sync_users(before | self._pep_see_all_members())
        return result

    def unlink(self):
        before = self._pep_see_all_members()
        result = super().unlink()
        self.env["pep.access"]._sync_users(before)
        return result

    def _pep_see_all_members(self):
        """Users that these groups make head or finance of a virtual school."""
        groups = self.sudo()  # sudo: membership is the system's business; only access rows follow from it
        see_all = self.env["res.groups"].sudo()  # sudo: the same
        for xmlid in ("pep_module.group_pep_head", "pep_module.group_pep_finance"):
            see_all |= self.env.ref(xmlid, raise_if_not_found=False) or see_all
        concerned = groups.filtered(lambda group: group.all_implied_ids & see_all)
        return concerned.all_user_ids
