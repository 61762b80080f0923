import hashlib
import math
import secrets
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.agreement import agreement
from .pep_review import ACCEPTED, SUPPORT

HEAD = "pep_module.group_pep_head"
VSEO = "pep_module.group_pep_vseo"
# Written by drawing alone.
KEPT = {"seed", "drawn_on", "drawn_by_id", "population", "nobody_count", "review_ids"}


class PepModeration(models.Model):
    """A random sample of a term's quality reviews, each marked again by a second person, and how far the two agree.

    The sample follows from the seed alone: reviews are taken in the order of a digest over seed and PEP, so anybody can
    draw it again and nobody can choose. Drawn twice it draws nothing twice; when more PEPs have been reviewed since, it
    is topped up.

    The second person is neither who marked first nor the child's VSEO, and may review PEPs of this child anyhow: a
    moderation opens no record. Until they have finished they read neither the first marks nor an issued version, which
    tells of them (``hidden_from_id``).
    """

    _name = "pep.moderation"
    _description = "Moderation of a term's quality reviews"
    _inherit = ["pep.council.fixed"]
    _order = "term_id desc, id desc"
    _rec_name = "term_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        string="Council",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    term_id = fields.Many2one(
        "pep.term",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env["pep.term"]._term_on(self.env.company, self.env.company._pep_today()),
    )
    measure = fields.Selection(
        [("percent", "A share of them"), ("number", "A number of them")],
        string="To draw",
        required=True,
        default="percent",
    )
    percent = fields.Float(
        string="Share (%)",
        default=10.0,
        aggregator=None,
        help="Of the PEPs that were reviewed and accepted, rounded up.",
    )
    number = fields.Integer(default=5, aggregator=None)
    seed = fields.Char(
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_hex(8),
        help="From it the sample follows: whoever has it can draw the same one again.",
    )
    drawn_on = fields.Datetime(string="Drawn on", readonly=True, copy=False)
    drawn_by_id = fields.Many2one("res.users", string="Drawn by", readonly=True, copy=False, ondelete="restrict")
    population = fields.Integer(
        string="Reviewed PEPs then", readonly=True, copy=False, aggregator=None, help="From which it was drawn last."
    )
    nobody_count = fields.Integer(
        string="Nobody could moderate",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Came up and were passed over: beside who marked them and their VSEO nobody may review them.",
    )
    review_ids = fields.One2many("pep.review", "moderation_id", string="Sample", readonly=True)
    case_count = fields.Integer(string="In the sample", compute="_compute_counts")
    done_count = fields.Integer(string="Marked twice", compute="_compute_counts")
    agreement = fields.Json(
        string="Agreement as data", compute="_compute_agreement", help="Rows: name, number, same, share, kappa."
    )
    agreement_table = fields.Html(string="Agreement", compute="_compute_agreement", sanitize=False)

    _term_uniq = models.UniqueIndex("(company_id, term_id)", "This term has its moderation already. Open it.")
    _percent_range = models.Constraint("CHECK (percent > 0 AND percent <= 100)", "A share is up to 100 %.")
    _number_positive = models.Constraint("CHECK (number > 0)", "Moderate at least one PEP.")

    # === Computes ===

    @api.depends("review_ids.state")
    def _compute_counts(self):
        reviews = self.env["pep.review"].sudo()  # sudo: numbers of the council; whose PEPs is not told
        groups = reviews._read_group(
            [("moderation_id", "in", self.ids), ("state", "!=", "set_aside")], ["moderation_id", "state"], ["__count"]
        )
        number = Counter()
        for moderation, state, count in groups:
            number[moderation.id, state] += count
        for moderation in self:
            done = number[moderation._origin.id, "done"]
            moderation.done_count = done
            moderation.case_count = done + number[moderation._origin.id, "open"]

    @api.depends("review_ids.state")
    def _compute_agreement(self):
        """By area and overall, of what both have marked. A fixed number of queries."""
        reviews = self.env["pep.review"].sudo()  # sudo: as in _compute_counts
        done = reviews.search([("moderation_id", "in", self.ids), ("state", "=", "done")])
        done_of = done.grouped(lambda review: review.moderation_id.id)
        for moderation in self:
            rows = moderation._agreement_rows(done_of.get(moderation._origin.id, reviews))
            moderation.agreement = rows
            moderation.agreement_table = self.env["ir.qweb"]._render(
                "pep_module.moderation_agreement", {"rows": rows}, minimal_qcontext=True
            )

    def _agreement_rows(self, reviews):
        left_out = self.env._("left out")
        pairs = {}
        for review in reviews:
            pairs.setdefault(self.env._("Overall"), []).append((review.first_id.grade_id.name, review.grade_id.name))
            first = {
                line.area_id: left_out if line.left_out else line.grade_id.name for line in review.first_id.line_ids
            }
            for line in review.line_ids.sorted("sequence"):
                if line.area_id in first:
                    second = left_out if line.left_out else line.grade_id.name
                    pairs.setdefault(line.name, []).append((first[line.area_id], second))
        rows = []
        for name, graded in pairs.items():
            found = agreement(graded)
            kappa = None if found.kappa is None else round(found.kappa, 2)
            share = round(100 * found.share)
            rows.append({"name": name, "number": found.number, "same": found.same, "share": share, "kappa": kappa})
        return rows

    # === Drawing ===

    def _check_may_draw(self):
        self.check_access("write")
        if not (self.env.su or self.env.user.has_group(HEAD)):
            raise AccessError(self.env._("The head of the virtual school draws the sample."))

    def action_draw(self):
        """Draw the sample, or top it up; each PEP in it gets a second person, who marks it blind.

        :raise UserError: nothing has been reviewed yet
        """
        self.ensure_one()
        self._check_may_draw()
        self.lock_for_update()
        reviewed = self._reviewed()
        if not reviewed:
            raise UserError(
                self.env._("No PEP of %(term)s has been reviewed and accepted yet.", term=self.term_id.name)
            )
        cases = self.env["pep.review"].sudo()  # sudo: of the whole council, seen or not
        there = cases.search([("moderation_id", "=", self.id), ("state", "!=", "set_aside")])
        there -= self._give_back(there)
        again = there.first_id
        waiting = reviewed.filtered(lambda review: review not in again)
        chosen, nobody = self._choose(waiting, self._wanted(len(reviewed)) - len(there))
        self._ask(chosen)
        values = {"population": len(reviewed), "nobody_count": nobody}
        if not self.drawn_on or chosen:
            values |= {"drawn_on": fields.Datetime.now(), "drawn_by_id": self.env.uid}
        self.sudo().write(values)  # sudo: kept by this method alone
        return self._told(len(chosen))

    def _give_back(self, cases):
        """Set aside those of these second marks that are still to be given by somebody who may not any more.

        :return: these
        """
        under_way = cases.filtered(lambda case: case.state == "open")
        people = self._second_people(under_way.first_id)
        stuck = under_way.filtered(lambda case: case.reviewer_id not in people[case.first_id.id])
        stuck._set_aside()
        stuck.flush_recordset(["state"])  # before the next one is inserted: one at a time
        return stuck

    def _told(self, number):
        message = (
            self.env._("%(number)s PEPs were drawn.", number=number)
            if number
            else self.env._("The sample is complete: nothing was drawn.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _reviewed(self):
        """The quality reviews of the term that accepted a PEP, past the rules."""
        reviews = self.env["pep.review"].sudo()  # sudo: the sample is of all of them, whoever draws
        return reviews.search(
            [
                ("company_id", "=", self.company_id.id),
                ("term_id", "=", self.term_id.id),
                ("kind", "=", "qa"),
                ("state", "=", "done"),
                ("outcome", "in", ACCEPTED),
            ]
        )

    def _wanted(self, population):
        share = math.ceil(population * self.percent / 100 - 1e-9)
        return min(population, share if self.measure == "percent" else self.number)

    def _choose(self, reviews, number):
        """So many of these reviews in the order that the seed gives, each with a second person.

        :return: (dict of review -> ``res.users``, how many were passed over because nobody may moderate them)
        """
        people = self._second_people(reviews)
        order = sorted(reviews, key=lambda review: self._lot(review.plan_id.id))
        chosen, nobody, load = {}, 0, Counter()
        for review in order:
            if len(chosen) >= number:
                break
            if not people.get(review.id):
                nobody += 1
                continue
            second = min(people[review.id], key=lambda user: (load[user], self._lot(review.plan_id.id, user.id)))
            load[second] += 1
            chosen[review] = second
        return chosen, nobody

    def _lot(self, *numbers):
        words = ":".join([self.seed, *map(str, numbers)])
        return hashlib.sha256(words.encode()).hexdigest()

    def _second_people(self, reviews):
        """Who may mark each of these reviews again: may review PEPs of the child, and is neither who marked it nor the
        VSEO of the PEP or of the child.

        :return: dict of review id -> ``res.users`` records
        """
        now = fields.Datetime.now()
        rows = self.env["pep.access"].sudo()  # sudo: who is on these children, whoever draws
        rows = rows.search(
            [
                ("child_id", "in", reviews.child_id.ids),
                ("role", "in", ["vseo", "head"]),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
                ("user_id.active", "=", True),
                ("user_id.all_group_ids", "in", self.env.ref(VSEO).ids),
            ]
        )
        on = rows.grouped(lambda row: row.child_id.id)
        found = {}
        for review in reviews:
            plan = review.plan_id
            apart = review.reviewer_id | plan.vseo_id | plan.child_id.vseo_id
            found[review.id] = on.get(plan.child_id.id, rows.browse()).user_id - apart
        return found

    def _ask(self, chosen):
        """Begin the second marks, and keep the first ones from those who give them."""
        reviews = self.env["pep.review"].sudo()  # sudo: made by the app alone
        made = reviews.create(
            [
                {
                    **reviews._prepare_review(first.plan_id, "moderation", second, first.rubric_id),
                    "version": first.version,
                    "moderation_id": self.id,
                    "first_id": first.id,
                }
                for first, second in chosen.items()
            ]
        )
        made._add_lines()
        made._keep_first_marks_back()

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        context = {name: value for name, value in self.env.context.items() if name.removeprefix("default_") not in KEPT}
        maker = self.with_env(self.env(context=context))
        vals_list = [{name: vals[name] for name in vals if name not in KEPT} for vals in vals_list]
        return super(PepModeration, maker).create(vals_list).with_env(self.env)

    def write(self, vals):
        if not self.env.su and KEPT & vals.keys():
            raise UserError(self.env._("What was drawn stays as it was drawn."))
        if "term_id" in vals and any(row.drawn_on and row.term_id.id != vals["term_id"] for row in self):
            raise UserError(self.env._("This sample has been drawn: it stays with its term."))
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("A sample can't be copied. Make one for the other term."))
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A moderation is never deleted."))


class PepReview(models.Model):
    _inherit = "pep.review"

    moderation_id = fields.Many2one(
        "pep.moderation", readonly=True, index="btree_not_null", ondelete="restrict", groups=SUPPORT
    )
    first_id = fields.Many2one(
        "pep.review",
        string="Marked again",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        groups=SUPPORT,
        help="The review whose marks a second person gives again.",
    )
    second_ids = fields.One2many("pep.review", "first_id", string="Moderations", readonly=True, groups=SUPPORT)
    first_grade = fields.Char(string="First overall", compute="_compute_first", groups=SUPPORT)
    first_reviewer = fields.Char(string="First marked by", compute="_compute_first", groups=SUPPORT)
    is_same = fields.Boolean(string="Same overall", compute="_compute_first", groups=SUPPORT)

    _marked_again_once = models.UniqueIndex(
        "(first_id) WHERE first_id IS NOT NULL AND state <> 'set_aside'", "This PEP is in a sample already."
    )

    @api.depends("state", "grade_id", "first_id.grade_id")
    def _compute_first(self):
        """What the first person gave: told when the second is done, and not before."""
        for review in self:
            row = review.sudo()  # sudo: of a review that the user reads; before it is done nothing is told
            first = row.first_id if row.state == "done" else row.browse()
            review.first_grade = first.grade_id.name
            review.first_reviewer = first.reviewer_name
            review.is_same = bool(first) and first.grade_id == row.grade_id

    def _keep_first_marks_back(self):
        """Until these are done, who marks a PEP again reads no quality review of it, and no issued version.

        Nor the school's copy, in which the school is told what the first person thought of it.
        """
        for kept_from, reviews in self.grouped(lambda review: review.state == "open" and review.reviewer_id.id).items():
            plans = reviews.plan_id
            plans.quality_ids.filtered(lambda other: other.kind == "qa").write({"hidden_from_id": kept_from})
            plans.issue_ids.write({"hidden_from_id": kept_from})
            plans.copy_ids.filtered(lambda copy: copy.role == "teacher").write({"hidden_from_id": kept_from})

    def action_finish(self, outcome=None, parts=None, reason=None):
        result = super().action_finish(outcome, parts, reason)
        if self.kind == "moderation":
            self.sudo()._keep_first_marks_back()  # sudo: what was kept from the user comes back to them
        return result

    def _set_aside(self):
        result = super()._set_aside()
        again = self.sudo().second_ids.filtered(lambda review: review.state == "open")  # sudo: follows from the first
        if again:
            again._set_aside()
        self.sudo().filtered(lambda review: review.kind == "moderation")._keep_first_marks_back()  # sudo: as above
        return result


class PepPlanIssue(models.Model):
    _inherit = "pep.plan.issue"

    hidden_from_id = fields.Many2one(
        "res.users",
        string="Kept from",
        readonly=True,
        ondelete="restrict",
        groups=HEAD,
        help="Who marks this PEP again and is not to see the first marks, which are in it. Until they have finished.",
    )

    @api.model
    def _beside_the_issue(self):
        return super()._beside_the_issue() | {"hidden_from_id"}

    @api.model
    def _issue(self, plan):
        issue = super()._issue(plan)
        again = plan.sudo().quality_ids  # sudo: whether somebody is marking it, whoever completes it
        again.filtered(lambda review: review.kind == "moderation" and review.state == "open")._keep_first_marks_back()
        return issue


class PepChild(models.Model):
    _inherit = "pep.child"

    def _follow_vseo(self):
        """Whoever gets the child on their caseload marks its PEPs no more: the head draws somebody else."""
        result = super()._follow_vseo()
        cases = self.env["pep.review"].sudo()  # sudo: follows from handing over, whoever does that
        cases = cases.search([("child_id", "in", self.ids), ("kind", "=", "moderation"), ("state", "=", "open")])
        cases.filtered(lambda case: case.reviewer_id == case.child_id.vseo_id)._set_aside()
        return result
