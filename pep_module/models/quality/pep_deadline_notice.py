from odoo import api, fields, models
from odoo.exceptions import UserError

STAGES = [("reminder", "Reminded"), ("owner", "Told that it is late"), ("head", "Told as the head")]


class PepDeadlineNotice(models.Model):
    """That somebody was told of a clock: once for each stage, person and due date, for ever.

    Made and kept by :mod:`.pep_deadline_watch`. Each has a to-do on the PEP or the child, and a line in the next mail
    of the day that the person gets. It stands as long as the clock runs to that due date and the person answers for
    the child; then it is withdrawn, its to-do closed, and no mail tells of it any more.
    """

    _name = "pep.deadline.notice"
    _description = "Notice of a deadline"
    _inherit = ["pep.kept.rows"]
    _child_parent = "deadline_id"
    _order = "day desc, id desc"
    _allow_sudo_commands = False

    deadline_id = fields.Many2one(
        "pep.deadline", string="Clock", required=True, index=True, ondelete="restrict", readonly=True
    )
    stage = fields.Selection(STAGES, string="What for", required=True, readonly=True)
    due_date = fields.Date(string="Due by", required=True, readonly=True, help="The due date that was told of.")
    user_id = fields.Many2one("res.users", string="Who", required=True, index=True, ondelete="restrict", readonly=True)
    day = fields.Date(required=True, readonly=True, help="On which the to-do was made.")
    told_on = fields.Date(string="In the mail of", readonly=True)
    withdrawn_on = fields.Date(
        string="Closed on", readonly=True, help="The clock has ended or moved, or somebody else answers."
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null", groups=fields.NO_ACCESS
    )
    daily_mail_id = fields.Many2one(
        "pep.daily.mail", readonly=True, index="btree_not_null", ondelete="set null", groups=fields.NO_ACCESS
    )

    _once = models.UniqueIndex("(deadline_id, stage, due_date, user_id)", "This person has been told of that.")
    _standing_index = models.Index("(child_id) WHERE withdrawn_on IS NULL")
    _waiting_index = models.Index("(user_id) WHERE told_on IS NULL AND withdrawn_on IS NULL")

    @api.model
    def _refusal(self):
        return UserError(self.env._("Who is told of a deadline follows from the council's rules."))

    def _withdraw(self):
        """Close the to-dos of these notices; what was not told by mail yet is not told any more.

        What somebody has marked as done is history, and stays.
        """
        for company, notices in self.grouped("company_id").items():
            notices.write({"withdrawn_on": company._pep_today()})
        self.activity_id.filtered("active").unlink()
