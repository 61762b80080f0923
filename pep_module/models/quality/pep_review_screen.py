"""The screen of a quality review: its data in one call, its saves in small ones, the overall grade with each."""

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..plan.pep_contribution import HANDED_IN, STAFF
from .pep_review import SUPPORT

LONGEST = 20_000  # characters; ten printed pages
# What the screen saves: by kind of row, how each field is read. Nothing else can be written by it.
SAVES = {
    "line": {"grade_id": "grade", "left_out": "tick", "comment": "text"},
    "review": {"feedback": "text", "override_grade_id": "grade", "override_reason": "line"},
}
BLOCKS = ("review", "rubric", "lines", "overall", "parts")


class PepReview(models.Model):
    _inherit = "pep.review"

    # === Opening ===

    def _check_staff(self):
        """Refuse whoever is no staff of the virtual school on this child, whatever they are to another one."""
        self.check_access("read")
        child = self.sudo().child_id  # sudo: whose review it is
        roles = self.env["pep.access"]._roles_on(child).get(child.id, set())
        if not roles & STAFF or not self.env.user.has_group(SUPPORT):
            raise AccessError(self.env._("Quality reviews are for the virtual school."))

    def action_open(self):
        """Button: the screen on which this review is marked or read."""
        self.ensure_one()
        self._check_staff()
        action = self.env["ir.actions.client"]._for_xml_id("pep_module.pep_review_screen_action")
        return {
            **action,
            "name": self.child_reference,  # the title of the page: the reference alone
            "context": {"active_id": self.id, "active_ids": self.ids, "active_model": self._name},
        }

    # === Reading ===

    def review_load(self, blocks=None):
        """What the screen shows, read as the user, in a fixed number of queries.

        :param blocks: names out of :data:`BLOCKS`, to read those again; default all
        :return: dict of block -> plain data
        :raise AccessError: the review is not for the user to read
        """
        self.ensure_one()
        self._check_staff()
        return {name: getattr(self, f"_screen_{name}")() for name in BLOCKS if blocks is None or name in blocks}

    def _screen_review(self):
        plan = self.plan_id
        return {
            "id": self.id,
            "plan_id": plan.id,
            "name": plan.child_name or False,
            "reference": self.child_reference,
            "about": [
                words
                for words in (plan.term_id.name, plan.kind_id.name, plan.school_name, plan._label("year_group"))
                if words
            ],
            "kind": self.kind,
            "kind_label": self._label("kind"),
            "state": self.state,
            "by": self.reviewer_name,
            "mine": self.reviewer_id == self.env.user,
            "may_mark": self._may_mark(),
            "may_take_over": self.kind == "qa" and not self._closed() and self._may_review(),
            "closed": self._closed() or False,
            "outcome": self.outcome or False,
            "outcome_label": self._label("outcome") or False,
            "return_reason": self.return_reason or False,
            "returned_parts": self.part_ids.mapped("section_name"),
            "feedback": self.feedback or "",
            "override_grade_id": self.override_grade_id.id or 0,
            "override_reason": self.override_reason or "",
        }

    def _screen_rubric(self):
        rubric = self.rubric_id
        return {
            "name": rubric.display_name,
            "intro": rubric.intro or False,
            "rule": [rule.sentence for rule in rubric.rule_ids],
            "grades": [
                {
                    "id": grade.id,
                    "name": grade.name,
                    "key": grade.key,
                    "colour": grade.colour,
                    "sends_back": grade.sends_back,
                    "asks_feedback": grade.asks_feedback,
                }
                for grade in rubric.grade_ids
            ],
        }

    def _screen_lines(self):
        """The areas, each with what its grades mean, what the data shows, and the data itself."""
        plan = self.plan_id
        now = self.state == "open"
        hints = plan._quality_hints()[plan.id] if now else {}
        cards = plan._quality_cards()
        texts = {(row.area_id, row.grade_id): row.text for row in self.rubric_id.criterion_ids}
        before = self._grades_before()
        return [
            {
                "id": line.id,
                "name": line.name,
                "intro": line.area_id.intro or False,
                "may_leave_out": line.area_id.may_leave_out,
                "grade_id": line.grade_id.id or 0,
                "left_out": line.left_out,
                "comment": line.comment or "",
                "before": before.get(line.name) or False,
                "criteria": {grade.id: texts.get((line.area_id, grade)) or "" for grade in self.rubric_id.grade_ids},
                "hints": hints.get(line.area_id.about, []) if now else line.hints or [],
                "cards": cards.get(line.area_id.about, []),
            }
            for line in self.line_ids
        ]

    def _grades_before(self):
        """How each area was graded last: in this PEP before it went back, or in the child's last PEP.

        A moderator is not told: their marks are to be their own.

        :return: dict of the name of an area -> sentence
        """
        if self.kind != "qa":
            return {}
        before = self.search(
            [("child_id", "=", self.child_id.id), ("kind", "=", "qa"), ("done_on", "!=", False), ("id", "!=", self.id)],
            order="done_on desc, id desc",
            limit=10,
        ).filtered(lambda review: review.done_on <= self.begun_on)[:1]
        return {
            line.name: self.env._("Last time (%(term)s): %(grade)s", term=before.term_id.name, grade=line.grade_id.name)
            + (f". {line.comment}" if line.comment else "")
            for line in before.line_ids
            if line.grade_id and not line.left_out
        }

    def _screen_overall(self):
        """The overall grade as it stands, and why; while marking goes on, of what is graded so far."""
        lines = self.line_ids
        done = lines.filtered(lambda line: line.grade_id or line.left_out)
        if self.state == "open":
            grade, rule = self._overall()
            words = rule.sentence
        else:
            grade, words = self.rule_grade_id, self.rule_words
        given = self.override_grade_id or grade
        return {
            "graded": len(done),
            "areas": len(lines),
            "complete": len(done) == len(lines),
            "by_rule": grade.name or False,
            "rule": words or False,
            "grade_id": given.id or 0,
            "grade": given.name or False,
            "colour": given.colour or False,
            "sends_back": given.sends_back,
            "asks_feedback": given.asks_feedback,
            "otherwise": bool(self.override_grade_id and self.override_grade_id != grade),
        }

    def _screen_parts(self):
        """The parts that could go back."""
        return [
            {
                "id": part.id,
                "name": part.section_name,
                "who": part._label("owner_role"),
                "school": part.school_name or False,
            }
            for part in self.plan_id.contribution_ids
            if part.state in HANDED_IN
        ]

    # === Saving ===

    def review_save(self, changes):
        """Save what was marked or typed. What somebody else wrote meanwhile is told, never written over.

        :param changes: list of dicts with ``kind`` (one of :data:`SAVES`), ``id``, ``field``, ``was`` (the value that
            the change began from) and ``value``
        :return: dict with ``results``, one for each change: ``status`` (saved, same, conflict, refused), ``value``,
            for a conflict ``by`` and ``on``, for a refusal ``message``; and ``blocks``: the overall grade
        :raise UserError: this is not to be marked by the user now; nothing is saved
        """
        self._check_may_mark()
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL("UPDATE pep_review SET write_date = write_date WHERE id = %s", self.id), log_exceptions=False
        )
        results = [self._save_one(change) for change in changes]
        return {"results": results, "blocks": self.review_load(["overall"])}

    def _save_one(self, change):
        kind, name = change.get("kind"), change.get("field")
        if name not in SAVES.get(kind, ()):
            raise AccessError(self.env._("This can't be saved here."))
        row = self
        if kind == "line":
            row = self.line_ids.filtered(lambda line: line.id == change.get("id"))
            if not row:
                raise AccessError(self.env._("There is nothing like this in this review."))
        how = SAVES[kind][name]
        now = self._plain_value(row[name], how)
        try:
            value = self._read_value(row, name, how, change.get("value"))
        except UserError as error:
            return {"status": "refused", "message": str(error), "value": now}
        if now == value:
            return {"status": "same", "value": now}
        if now != self._plain_value(change.get("was"), how):
            zoned = self.company_id._pep_local(row.write_date)
            return {"status": "conflict", "value": now, "by": row.write_uid.name or "", "on": f"{zoned:%H:%M}"}
        vals = {name: value or False}
        if name == "left_out" and value:
            vals["grade_id"] = False
        elif name == "grade_id" and value and kind == "line":
            vals["left_out"] = False
        row.sudo().write(vals)  # sudo: may mark this review, checked before; it is written by this method alone
        return {"status": "saved", "value": value}

    def _plain_value(self, value, how):
        """A value as the screen holds and compares it: nothing is the same as an empty one."""
        if how == "tick":
            return bool(value)
        if how == "grade":
            return getattr(value, "id", value) or 0
        return str(value or "")

    def _read_value(self, row, name, how, value):
        """A value of the screen as it is stored.

        :raise UserError: it does not fit; the message says why
        """
        if how == "tick":
            if value and not row.area_id.may_leave_out:
                raise UserError(self.env._("“%(area)s” concerns every PEP: grade it.", area=row.name))
            return bool(value)
        if how == "grade":
            if value and value not in self.rubric_id.grade_ids.ids:
                raise UserError(self.env._("Choose one of the grades of the rubric."))
            return value or 0
        text = str(value or "").replace("\r\n", "\n").replace("\x00", "")
        if len(text) > LONGEST:
            raise UserError(self.env._("That is too long: at most %(most)s characters.", most=f"{LONGEST:,}"))
        if how == "line":
            return " ".join(text.split())
        return text if text.strip() else ""

    def review_finish(self, outcome=None, parts=None, reason=None):
        """Finish from the screen, as :meth:`action_finish` does.

        :return: the blocks of the screen that follow from it
        """
        self.action_finish(outcome, parts, reason)
        return self.review_load(["review", "lines", "overall", "parts"])

    def review_take_over(self):
        """Take this review over, on the screen.

        :return: the blocks of the screen that follow from it
        """
        self.action_take_over()
        return self.review_load(["review"])
