from odoo import api, models

from .story import Story


class PepDemo(models.AbstractModel):
    """Loads the demo council. Called by ``pep_demo.xml`` alone, so only where demo data was asked for."""

    _name = "pep.demo"
    _description = "Demo data of the virtual school"

    @api.model
    def _load(self):
        """Make the children of the demo council and play two finished terms and this one. A second time: nothing."""
        council = self.env.ref("pep_module.demo_council")
        children = self.env["pep.child"].with_context(active_test=False)
        if not children.search_count([("company_id", "=", council.id)], limit=1):
            Story(self.env).tell()
