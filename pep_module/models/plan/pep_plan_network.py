from odoo import api, fields, models

SUPPORT = "pep_module.group_pep_support"


class PepPlan(models.Model):
    """What a change of the network around a child asks of its open PEP."""

    _inherit = "pep.plan"

    network_changed = fields.Boolean(
        string="The network changed",
        compute="_compute_network_changed",
        search="_search_network_changed",
        groups=SUPPORT,
        help="Something changed around the child and has not been looked at yet.",
    )

    def _compute_network_changed(self):
        changes = self.env["pep.network.change"]
        children = self.filtered(lambda plan: plan.state not in ("complete", "cancelled")).child_id
        groups = changes._read_group([("child_id", "in", children.ids), ("state", "=", "open")], ["child_id"])
        changed = {child.id for (child,) in groups}
        for plan in self:
            plan.network_changed = plan.child_id.id in changed and plan.state not in ("complete", "cancelled")

    @api.model
    def _search_network_changed(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = [("state", "not in", ("complete", "cancelled"))]
        changed = [("child_id.network_change_ids", "any", [("state", "=", "open")])]
        plans = fields.Domain(domain) & fields.Domain(changed)
        return plans if True in value else ~plans

    def action_open_network_change(self):
        """Button: what changed around the child, and what follows."""
        self.ensure_one()
        self.check_access("read")
        change = self.env["pep.network.change"].search([("child_id", "=", self.child_id.id), ("state", "=", "open")])
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_network_change_action")
        if change:
            return {**action, "res_id": change.id, "view_mode": "form", "views": [(False, "form")]}
        return {**action, "domain": [("child_id", "=", self.child_id.id)], "context": {}}

    def _move_to_school_of_today(self):
        """Let these open PEPs, of one child, go on at the school where the child is now.

        A PEP that is being worked on is about the school that takes part in it; a finished one keeps its own.

        :return: dict with ``from`` and ``to``, names or None; None where nothing moved
        """
        moved = None
        for plan in self:
            day = plan._day_of_places()
            if plan.school_id not in plan.child_id._schools_left(day):
                continue
            setting = plan.child_id._settings_on(day).get(plan.child_id.id)
            moved = {"from": plan.school_name or None, "to": (setting and setting.school_name) or None}
            plan.write(
                {
                    "school_id": setting and setting.school_id.id or False,
                    "school_name": setting and setting.school_name or False,
                    "setting_kind": setting and setting.kind or False,
                }
            )
        return moved

    def _day_of_places(self):
        """The day whose schools take part in this PEP: today, or the first day of a term that is yet to begin."""
        self.ensure_one()
        return max(self.company_id._pep_today(), self.term_id.date_from)
