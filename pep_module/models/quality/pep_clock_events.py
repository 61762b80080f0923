"""What clocks follow from: each change brings them up to date in its own transaction, once for a whole batch."""

from itertools import pairwise

from odoo import api, fields, models

from ..meeting.res_company import FACE_FIELDS
from ..plan.pep_contribution import HANDED_IN
from ..plan.pep_plan import CLOSED
from ..plan.pep_term import CLOCKS
from .pep_deadline_sync import MANY, NO_PARTS, PART_ROLES

STAFF = "pep_module.group_pep_support"
OF_COUNCIL = {"pep_go_live", "pep_age_from", "pep_age_to", "pep_tz", "pep_interim_school_days", *FACE_FIELDS}
OF_CHILD = {"date_into_care", "date_out_of_care", "date_of_birth", "active", "vseo_id", "care_review_date"}
OF_ENROLMENT = {"school_id", "kind", "date_from", "date_to", "active"}
OF_MEETING = {"state", "start", "is_extra"}
OF_PART = {"state", "required", "owner_role"}
OF_TERM = {"date_from", "window_from", "window_to"}
COUNTING = ("planned", "held")


class PepChild(models.Model):
    """Which time the child is looked after, and what clocks follow from on the child itself.

    A child who comes back has clocks of coming into care once more; a date that is put right has not. The day on which
    the child had left tells one from the other.
    """

    _inherit = "pep.child"

    care_number = fields.Integer(
        string="Which time in care",
        readonly=True,
        copy=False,
        default=1,
        aggregator=None,
        groups=STAFF,
        help="Rises when the child comes into care again.",
    )
    care_left_on = fields.Date(string="Left care before", readonly=True, copy=False, groups=STAFF)

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"care_number", "care_left_on"}

    @api.model_create_multi
    def create(self, vals_list):
        children = super(PepChild, self.with_context(pep_clocks_later=CLOCKS)).create(vals_list).with_env(self.env)
        if not self.env.context.get("pep_defer_opening"):
            self.env["pep.deadline"]._sync(children=children)
        return children

    def write(self, vals):
        if not OF_CHILD & vals.keys():
            return super().write(vals)
        names = sorted(OF_CHILD & vals.keys())
        before = {child: [child[name] for name in names] for child in self}
        into = {child: child.date_into_care for child in self}
        result = super(PepChild, self.with_context(pep_clocks_later=CLOCKS)).write(vals)
        changed = self.filtered(lambda child: [child[name] for name in names] != before[child])
        changed._note_time_in_care(into)
        if not self.env.context.get("pep_defer_opening"):
            self.env["pep.deadline"]._sync(children=changed)
        return result

    def _note_time_in_care(self, into):
        """Keep the day on which these children left care last, and count another time when they have come back.

        :param dict into: child -> day on which they had come into care, before this change
        """
        for child in self.sudo():  # sudo: follows from the dates of care, whoever set them
            left, was = child.care_left_on, into[child.with_env(self.env)]
            day = child.date_into_care
            if left and was and day and was < left <= day:
                child.write({"care_number": child.care_number + 1, "care_left_on": child.date_out_of_care})
            elif child.date_out_of_care and child.date_out_of_care != left:
                child.care_left_on = child.date_out_of_care

    def _sync_face_due(self):
        result = super()._sync_face_due()
        self.env["pep.deadline"]._sync(children=self)
        return result


class PepEnrolment(models.Model):
    _inherit = "pep.enrolment"

    @api.model_create_multi
    def create(self, vals_list):
        enrolments = super().create(vals_list)
        self.env["pep.deadline"]._sync(children=enrolments.child_id)
        return enrolments

    def write(self, vals):
        result = super().write(vals)
        if OF_ENROLMENT & vals.keys():
            self.env["pep.deadline"]._sync(children=self.child_id)
        return result


class PepMeeting(models.Model):
    """A meeting with its PEP's stages, or a whole row of meetings, brings the clocks up to date once."""

    _inherit = "pep.meeting"

    @api.model_create_multi
    def create(self, vals_list):
        meetings = super(PepMeeting, self.with_context(pep_clocks_later=CLOCKS)).create(vals_list).with_env(self.env)
        counting = meetings.filtered(lambda meeting: meeting.state in COUNTING and not meeting.is_extra)
        self.env["pep.deadline"]._sync(plans=counting.plan_id)
        return meetings

    def write(self, vals):
        if not {"mode", *OF_MEETING} & vals.keys():
            return super().write(vals)
        result = super(PepMeeting, self.with_context(pep_clocks_later=CLOCKS)).write(vals)
        concerned = self if "is_extra" in vals else self.filtered(lambda meeting: not meeting.is_extra)
        self.env["pep.deadline"]._sync(plans=concerned.plan_id)
        return result

    def _hold(self):
        result = super(PepMeeting, self.with_context(pep_clocks_later=CLOCKS))._hold()
        self.env["pep.deadline"]._sync(plans=self.filtered(lambda meeting: not meeting.is_extra).plan_id)
        return result


class PepContribution(models.Model):
    """Clocks follow from the required parts of school and social worker: whether they are in, and when."""

    _inherit = "pep.contribution"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        concerned = parts.filtered(lambda part: part._for_clocks())
        self.env["pep.deadline"]._sync(plans=concerned.plan_id)
        return parts

    def write(self, vals):
        if not OF_PART & vals.keys():
            return super().write(vals)
        before = {part: part._for_clocks() for part in self}
        result = super().write(vals)
        changed = self.filtered(lambda part: part._for_clocks() != before[part])
        self.env["pep.deadline"]._sync(plans=changed.plan_id)
        return result

    def _for_clocks(self):
        """What the clocks of the PEP follow from in this part: who answers it and whether it is in; None: nothing."""
        self.ensure_one()
        if not self.required or self.state in NO_PARTS or self.owner_role not in PART_ROLES.values():
            return None
        return self.owner_role, self.state in HANDED_IN

    def _pass_on(self, plans, roles):
        result = super(PepContribution, self.with_context(pep_clocks_later=CLOCKS))._pass_on(plans, roles)
        self.env["pep.deadline"]._sync(plans=plans)
        return result


class PepPlanCopy(models.Model):
    _inherit = "pep.plan.copy"

    @api.model_create_multi
    def create(self, vals_list):
        copies = super().create(vals_list)
        self.env["pep.deadline"]._sync(children=copies.filtered(lambda copy: copy.role == "iro").child_id)
        return copies


class PepTerm(models.Model):
    _inherit = "pep.term"

    @api.model_create_multi
    def create(self, vals_list):
        terms = super(PepTerm, self.with_context(pep_clocks_later=CLOCKS)).create(vals_list).with_env(self.env)
        terms._sync_clocks()
        return terms

    def write(self, vals):
        if not OF_TERM & vals.keys():
            return super().write(vals)
        before = self._and_those_before()
        result = super(PepTerm, self.with_context(pep_clocks_later=CLOCKS)).write(vals)
        (before | self._and_those_before())._sync_clocks()
        return result

    def _and_those_before(self):
        """These terms, and those that end where they begin."""
        terms = self
        for company, mine in self.grouped("company_id").items():
            every = self.search([("company_id", "=", company.id)], order="date_from")
            terms |= every.browse(earlier.id for earlier, later in pairwise(every) if later in mine)
        return terms

    def _sync_clocks(self):
        """The clocks of the PEPs of these terms, and face to face of everyone: it is counted in terms."""
        plans = self.env["pep.plan"].sudo()  # sudo: a term is one for every child of the council
        plans = plans.search([("term_id", "in", self._and_those_before().ids), ("state", "not in", CLOSED)])
        clocks = self.env["pep.deadline"].sudo()  # sudo: the same
        faces = clocks.search(
            [("company_id", "in", self.company_id.ids), ("state", "=", "open"), ("kind", "=", "face")]
        )
        many = self.env["res.company"]
        for council, members in (plans.child_id | faces.child_id).grouped("company_id").items():
            if len(members) > MANY:
                council._pep_clocks_changed()
                many |= council
        plans = plans.filtered(lambda plan: plan.company_id not in many)
        faces = faces.filtered(lambda clock: clock.company_id not in many)
        self.env["pep.deadline"]._sync(plans=plans, children=faces.child_id)


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        names = sorted(OF_COUNCIL & vals.keys())
        before = {company: [company[name] for name in names] for company in self}
        if not names:
            return super().write(vals)
        result = super(ResCompany, self.with_context(pep_clocks_later=CLOCKS)).write(vals)
        changed = self.filtered(lambda company: [company[name] for name in names] != before[company])
        self.env["pep.deadline"]._sync_councils(changed)
        return result

    def _pep_clocks_changed(self):
        """Have the running clocks of these councils worked out anew, soon, by the scheduled action."""
        self.sudo().pep_days_changed = fields.Datetime.now()  # sudo: what is to be done is noted by the app
        self.env.ref("pep_module.ir_cron_holidays").sudo()._trigger()  # sudo: a scheduled action of the app's own


class PepNetworkChange(models.Model):
    """The nightly look at what began or ended by its date, schools above all."""

    _inherit = "pep.network.change"

    @api.model
    def _note_by_date(self, events):
        result = super()._note_by_date(events)
        children = self.env["pep.child"].sudo()  # sudo: scheduled action, no user
        self.env["pep.deadline"]._sync(children=children.union(*{event.child for event in events}))
        return result
