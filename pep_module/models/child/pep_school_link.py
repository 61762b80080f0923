from odoo import api, fields, models

LINK_KINDS = [("register", "From the register"), ("academised", "Academised here")]


class PepSchoolLink(models.Model):
    """One school follows another, from a day on.

    Links come from the register (links file of GIAS), or from the action *Academised*. The latter may lie in the
    future: what the old and the new school *are* and whom money goes to then changes on the day, by a nightly job; who
    may see which child needs no job, since enrolments and school staff carry their dates.
    """

    _name = "pep.school.link"
    _description = "Link between a school and its successor"
    _order = "date desc, id desc"

    predecessor_id = fields.Many2one(
        "res.partner", string="Old school", required=True, index=True, readonly=True, ondelete="restrict"
    )
    successor_id = fields.Many2one(
        "res.partner", string="New school", required=True, index=True, readonly=True, ondelete="restrict"
    )
    date = fields.Date(string="From", readonly=True, help="First day of the new school. Empty: the register has none.")
    kind = fields.Selection(LINK_KINDS, string="Origin", required=True, readonly=True)
    is_applied = fields.Boolean(
        string="Taken effect",
        readonly=True,
        help="For “Academised here”: the day came, schools and money were changed.",
    )

    _pair_uniq = models.Constraint("UNIQUE (predecessor_id, successor_id)", "These two schools are linked already.")
    _two_schools = models.Constraint("CHECK (predecessor_id <> successor_id)", "A school does not follow itself.")
    _academised_once = models.UniqueIndex(
        "(predecessor_id) WHERE kind = 'academised'", "This school was academised already."
    )
    _academised_date = models.Constraint(
        "CHECK (kind <> 'academised' OR date IS NOT NULL)", "An academy has a first day."
    )
    _due = models.Index("(date) WHERE kind = 'academised' AND is_applied IS NOT TRUE")

    @api.depends("predecessor_id.name", "successor_id.name")
    def _compute_display_name(self):
        for link in self:
            link.display_name = f"{link.predecessor_id.name} → {link.successor_id.name}"

    @api.model
    def _cron_apply_due(self):
        """Nightly: let academisations take effect whose day has come. Idempotent; a missed night is made up for."""
        today = self.env.company._pep_today()
        due = self.search([("kind", "=", "academised"), ("is_applied", "=", False), ("date", "<=", today)])
        due._apply()

    def _apply(self):
        """Close the old school, open the new one, and let money that is not billed yet go to the new one."""
        for link in self:
            last_day = link.predecessor_id.pep_close_date or fields.Date.subtract(link.date, days=1)
            link.predecessor_id.write({"pep_school_status": "closed", "pep_close_date": last_day})
            if link.successor_id.pep_school_status == "proposed":
                link.successor_id.write({"pep_school_status": "open"})
            link._move_funding()
        self.write({"is_applied": True})

    def _move_funding(self):
        """Point money at the new school that the old one has not been given yet. What was billed stays with the old."""
        self.ensure_one()
        if "pep.funding" not in self.env:
            return
        funding = self.env["pep.funding"].sudo()  # sudo: money of every council's children moves with the school
        lines = funding.search(
            [("school_id", "=", self.predecessor_id.id), ("state", "in", self._unbilled_funding_states())]
        )
        lines.write({"school_id": self.successor_id.id})

    @api.model
    def _unbilled_funding_states(self):
        """States of ``pep.funding`` in which no bill or journal has been made out to the school."""
        return ["asked", "approved"]
