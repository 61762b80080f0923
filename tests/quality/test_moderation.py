from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.tools.agreement import agreement

from .quality_common import QualityCase


@tagged("post_install", "-at_install")
class TestAgreement(BaseCase):
    def test_by_hand(self):
        """The example of Cohen's paper in the form that text books give it: 20, 5, 10 and 15 of 50."""
        pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
        found = agreement(pairs)
        self.assertEqual((found.number, found.same, found.share), (50, 35, 0.7))
        self.assertAlmostEqual(found.kappa, 0.4)

    def test_three_grades(self):
        """Same: 6 of 8. First: 4 green, 2 amber, 2 red; second: 5, 1, 2. By chance 26 of 64. (48 - 26) / (64 - 26)."""
        pairs = list(zip("gggaargr", "ggggargr", strict=True))
        found = agreement(pairs)
        self.assertEqual(found.same, 7)
        pairs = list(zip("ggggaarr", "ggggargr", strict=True))
        found = agreement(pairs)
        self.assertEqual(found.same, 6)
        self.assertAlmostEqual(found.kappa, (8 * 6 - (4 * 5 + 2 * 1 + 2 * 2)) / (64 - 26))

    def test_edges(self):
        self.assertEqual(agreement([]), (0, 0, None))
        self.assertIsNone(agreement([]).share)
        self.assertEqual(agreement([("g", "g")] * 4), (4, 4, None), "one grade throughout: nothing beyond chance")
        self.assertEqual(agreement([("g", "a")] * 4), (4, 0, 0.0))
        self.assertEqual(agreement([("g", "a"), ("a", "g")]), (2, 0, -1.0), "always the other one")
        self.assertEqual(agreement([("g", "g"), ("a", "a")]), (2, 2, 1.0))


class ModerationCase(QualityCase):
    """Ten PEPs of one term, accepted by the head, six of them finished; two other heads may moderate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        staff = {"company_id": cls.council.id, "company_ids": [(6, 0, cls.council.ids)]}
        for name in ("second_head", "third_head"):
            cls.users[name] = new_test_user(cls.env, f"{name}.test", groups="pep_module.group_pep_head", **staff)
        cls.plans = cls.plan
        for child in cls.make_children(9):
            cls.plans |= cls.process(cls.make_plan(child))
        for plan in cls.plans:
            cls.accept(plan, "head")
        for plan in cls.plans[:6]:
            cls.as_user(plan, "vseo").action_complete()
        cls.moderation = cls.make_moderation(percent=30)

    @classmethod
    def make_moderation(cls, role="head", **values):
        made = cls.as_user(cls.env["pep.moderation"], role).create({"term_id": cls.term.id, **values})
        made.sudo().seed = "0011223344556677"  # sudo: a test's own, so that it draws the same each time
        return made

    def second(self, review, grade=None, **others):
        """The second person's marks of a review of the sample."""
        role = next(role for role, user in self.users.items() if user == review.sudo().reviewer_id)
        mine = self.as_user(review, role)
        self.mark(mine, grade, **others)
        mine.action_finish()
        return mine


@tagged("post_install", "-at_install")
class TestDrawing(ModerationCase):
    def test_a_share_of_what_was_reviewed(self):
        self.moderation.action_draw()
        self.assertRecordValues(
            self.moderation,
            [{"population": 10, "case_count": 3, "done_count": 0, "drawn_by_id": self.users["head"].id}],
        )
        self.assertEqual(set(self.moderation.review_ids.mapped("kind")), {"moderation"})
        for review in self.moderation.review_ids.sudo():
            self.assertEqual(review.rubric_id, review.first_id.rubric_id)
            self.assertEqual(review.line_ids.area_id, review.first_id.line_ids.area_id)
            self.assertEqual(review.version, review.first_id.version)

    def test_the_seed_alone_decides(self):
        savepoint = self.env.cr.savepoint()
        self.moderation.action_draw()
        drawn = set(self.moderation.review_ids.sudo().plan_id.ids)
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        self.moderation.action_draw()
        self.assertEqual(set(self.moderation.review_ids.sudo().plan_id.ids), drawn)
        order = sorted(self.plans.ids, key=self.moderation._lot)
        self.assertEqual(drawn, set(order[:3]))
        self.moderation.sudo().seed = "ffee"
        self.assertNotEqual(sorted(self.plans.ids, key=self.moderation._lot), order)

    def test_drawn_twice_nothing_is_drawn_twice(self):
        self.moderation.action_draw()
        before = self.moderation.review_ids
        drawn_on = self.moderation.drawn_on
        self.as_user(self.moderation, "second_head").action_draw()
        self.moderation.invalidate_recordset()
        self.assertEqual(self.moderation.review_ids, before)
        self.assertEqual((self.moderation.drawn_by_id, self.moderation.drawn_on), (self.users["head"], drawn_on))

    def test_topped_up_when_more_is_reviewed(self):
        self.moderation.action_draw()
        before = self.moderation.review_ids
        for child in self.make_children(4):
            self.accept(self.process(self.make_plan(child)), "head")
        self.moderation.action_draw()
        self.assertEqual((self.moderation.population, self.moderation.case_count), (14, 5))  # 4.2, rounded up
        self.assertLess(before, self.moderation.review_ids)

    def test_a_number_of_them(self):
        self.moderation.write({"measure": "number", "number": 4})
        self.moderation.action_draw()
        self.assertEqual(self.moderation.case_count, 4)
        self.moderation.number = 50
        self.moderation.action_draw()
        self.assertEqual(self.moderation.case_count, 10)

    def test_a_share_is_rounded_up_and_no_further(self):
        for percent, wanted in ((10, 1), (11, 2), (30, 3), (100, 10), (0.1, 1)):
            self.moderation.percent = percent
            self.assertEqual(self.moderation._wanted(10), wanted, percent)

    def test_the_database_holds_each_to_one(self):
        self.moderation.action_draw()
        review = self.moderation.review_ids[:1].sudo()
        review.state = "done"
        values = review._prepare_review(review.plan_id, "moderation", self.users["third_head"], review.rubric_id)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            review.create({**values, "first_id": review.first_id.id, "moderation_id": self.moderation.id})
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.make_moderation()

    def test_what_was_not_accepted_is_not_in_it(self):
        self.as_user(self.plans[0], "vseo")._take_step("correct", "A typing mistake")
        review = self.begin(self.process(self.make_plan(self.make_children())))
        self.mark(review)
        self.assertEqual(len(self.moderation._reviewed()), 9)
        self.assertNotIn(self.plans[0], self.moderation._reviewed().plan_id)

    def test_an_empty_term(self):
        other = self.make_moderation(term_id=self.next_term().id)
        with self.assertRaisesRegex(UserError, "has been reviewed and accepted yet"):
            other.action_draw()

    def test_the_head_alone_draws(self):
        for role in ("vseo", "support", "other_vseo", "finance", "admin", "employee", "teacher", "carer"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.moderation, role).action_draw()
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.env["pep.moderation"], role).create({"term_id": self.next_term().id})

    def test_nobody_helps_chance(self):
        forged = {"seed": "mine", "population": 3, "drawn_by_id": self.users["vseo"].id}
        for name, value in forged.items():
            with self.subTest(name), self.assertRaises(UserError):
                self.moderation.write({name: value})
        context = {f"default_{name}": value for name, value in forged.items()}
        made = self.as_user(self.env["pep.moderation"], "head").with_context(**context)
        made = made.create({"term_id": self.next_term().id, **forged})
        self.assertNotEqual(made.seed, "mine")
        self.assertEqual(len(made.seed), 16)
        self.assertFalse(made.population or made.drawn_by_id)
        self.moderation.action_draw()
        with self.assertRaises(UserError):
            self.moderation.term_id = self.next_term()
        with self.assertRaises(UserError):
            self.moderation.copy()
        with self.assertRaises(UserError):
            self.moderation.sudo().unlink()

    def test_queries_do_not_grow_with_the_sample(self):
        counted = []
        for number in (2, 8):
            self.moderation.write({"measure": "number", "number": number})
            self.env.flush_all()
            self.env.invalidate_all()
            savepoint = self.env.cr.savepoint()
            before = self.env.cr.sql_log_count
            self.moderation.action_draw()
            self.env.flush_all()
            counted.append(self.env.cr.sql_log_count - before)
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
        self.assertLessEqual(
            counted[1], counted[0] + 8, counted
        )  # two people instead of one are kept from the first marks


@tagged("post_install", "-at_install")
class TestSecondPerson(ModerationCase):
    def test_neither_who_marked_nor_the_vseo(self):
        self.moderation.percent = 100
        self.moderation.action_draw()
        seconds = self.moderation.review_ids.sudo().reviewer_id
        self.assertEqual(seconds, self.users["second_head"] | self.users["third_head"])
        shares = [len(rows) for rows in self.moderation.review_ids.sudo().grouped("reviewer_id").values()]
        self.assertEqual(shares, [5, 5], "shared out evenly")

    def test_a_colleague_who_covers_may(self):
        """Nobody is let in for it; who may review PEPs of the child anyhow may be asked."""
        (self.users["second_head"] | self.users["third_head"]).active = False
        cover = {"date_from": self.today, "date_to": self.today, "company_id": self.council.id, "role": "vseo"}
        self.env["pep.cover"].create(
            {**cover, "user_id": self.users["vseo"].id, "cover_user_id": self.users["other_vseo"].id}
        )
        self.moderation.action_draw()
        self.assertEqual(self.moderation.review_ids.sudo().reviewer_id, self.users["other_vseo"])

    def test_where_nobody_is_left_it_is_said(self):
        (self.users["second_head"] | self.users["third_head"]).active = False
        self.moderation.action_draw()
        self.assertEqual((self.moderation.case_count, self.moderation.nobody_count), (0, 10))

    def test_whoever_has_left_is_replaced_with_the_next_draw(self):
        self.moderation.percent = 100
        self.moderation.action_draw()
        gone = self.moderation.review_ids.filtered(
            lambda review: review.sudo().reviewer_id == self.users["second_head"]
        )
        plans = gone.plan_id
        done = gone[:1]
        self.second(done)
        self.users["second_head"].active = False
        self.moderation.action_draw()
        self.moderation.invalidate_recordset()
        cases = self.moderation.review_ids.sudo()
        self.assertEqual(done.sudo().state, "done", "what was marked counts")
        self.assertEqual(set((gone - done).sudo().mapped("state")), {"set_aside"})
        new = cases.filtered(lambda case: case.state == "open" and case.plan_id in plans)
        self.assertEqual((len(new), new.reviewer_id), (len(gone) - 1, self.users["third_head"]))
        self.assertEqual(self.moderation.case_count, 10)
        hidden = (plans - done.plan_id).quality_ids.filtered(lambda review: review.kind == "qa").hidden_from_id
        self.assertEqual(hidden, self.users["third_head"])

    def test_whoever_gets_the_child_marks_it_no_more(self):
        self.moderation.percent = 100
        self.moderation.action_draw()
        case = self.moderation.review_ids.filtered(lambda review: review.plan_id == self.plan).sudo()
        role = next(role for role, user in self.users.items() if user == case.reviewer_id)
        self.as_user(self.plan.child_id, "head").vseo_id = self.users[role]
        self.assertEqual(case.state, "set_aside")
        self.assertTrue(self.as_user(self.plan, role).issue_ids.has_access("read"))
        self.assertEqual(self.as_user(self.plan, role).qa_grade, self.green.name)

    def test_nobody_else_marks_it(self):
        self.moderation.action_draw()
        review = self.moderation.review_ids[:1]
        other = "second_head" if review.sudo().reviewer_id == self.users["third_head"] else "third_head"
        for role in ("head", "vseo", other):
            mine = self.as_user(review, role)
            with self.subTest(role), self.assertRaises(UserError):
                self.mark(mine)
            with self.subTest(role), self.assertRaises(UserError):
                mine.action_take_over()


@tagged("post_install", "-at_install")
class TestBlind(ModerationCase):
    def setUp(self):
        super().setUp()
        self.moderation.percent = 100
        self.moderation.action_draw()
        self.again = self.moderation.review_ids.filtered(lambda review: review.plan_id == self.plan).sudo()
        self.first = self.again.first_id
        self.role = next(role for role, user in self.users.items() if user == self.again.reviewer_id)

    def as_second(self, records):
        return self.as_user(records, self.role)

    def test_the_first_marks_are_kept_back(self):
        schools_copy = self.plan.copy_ids.filtered(lambda copy: copy.role == "teacher")
        for records in (self.first, self.first.line_ids, self.plan.issue_ids, schools_copy):
            with self.subTest(records._name):
                self.assertTrue(self.as_user(records, "head").has_access("read"))
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                    self.as_second(records).read(["create_date"])
                self.assertFalse(self.as_second(records.browse()).search([("id", "in", records.ids)]))
                self.assertEqual(self.as_second(records.browse()).search_count([("id", "in", records.ids)]), 0)
        plan = self.as_second(self.plan)
        self.assertFalse(plan.qa_grade or plan.qa_colour)
        self.assertFalse(plan.quality_ids - self.again)
        self.assertFalse(plan.issue_ids)
        mine = self.as_second(self.again)
        self.assertFalse(mine.first_grade or mine.first_reviewer or mine.is_same)
        self.assertNotIn(self.green.name, str(mine.read(["first_grade", "grade_id"])))
        screen = mine.review_load()
        self.assertFalse(any(line["before"] or line["grade_id"] for line in screen["lines"]))

    def test_nor_in_the_second_ones_own_row(self):
        """What a person reads of the first through the link is what the rule gives: nothing."""
        mine = self.as_second(self.again)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            _grade = mine.first_id.grade_id
        self.assertFalse(mine.search([("first_id.grade_id", "=", self.green.id), ("id", "=", mine.id)]))

    def test_told_when_the_second_has_finished(self):
        self.second(self.again, self.amber)
        mine = self.as_second(self.again)
        self.assertRecordValues(
            mine, [{"state": "done", "first_grade": self.green.name, "is_same": False, "grade_id": self.amber.id}]
        )
        self.assertTrue(self.as_second(self.plan).issue_ids)
        self.assertEqual(self.as_second(self.plan).qa_grade, self.green.name)
        self.assertTrue(self.as_second(self.plan.issue_ids).is_intact)
        self.assertTrue(self.as_second(self.plan).copy_ids.filtered(lambda copy: copy.role == "teacher").is_intact)

    def test_nor_on_paper(self):
        """A draft leaves the first marks out, and what was issued opens when the second person has finished."""
        plan = self.plans[-1]
        again = plan.quality_ids.filtered(lambda review: review.kind == "moderation").sudo()
        role = next(role for role, user in self.users.items() if user == again.reviewer_id)
        self.assertIn("Quality review", self.as_user(plan, "head")._print_page())
        self.assertNotIn("Quality review", self.as_user(plan, role)._print_page())
        issue = self.plan.issue_ids
        with self.assertRaisesRegex(UserError, "You are moderating this PEP"):
            self.as_second(self.plan).action_print()
        with self.assertRaises(AccessError):
            self.as_second(issue)._get_pdf()
        self.second(self.again)
        self.assertIn(f"/issue/{issue.id}", self.as_second(self.plan).action_print()["url"])
        self.assertIn("Quality review", self.as_second(issue)._print_page())

    def test_it_changes_nothing_about_the_pep(self):
        before = self.plan.issue_ids.mapped("digest")
        self.second(self.again, self.red)
        self.assertEqual((self.plan.state, self.plan.issue_version), ("complete", 1))
        self.assertEqual(self.plan.issue_ids.mapped("digest"), before)
        self.assertEqual(self.plan.contribution_ids.mapped("state").count("returned"), 0)
        self.assertRecordValues(self.first, [{"state": "done", "outcome": "accepted"}])
        with self.assertRaises(UserError):
            self.as_second(self.again).action_finish("accepted")

    def test_a_correction_ends_it(self):
        self.as_user(self.plan, "vseo")._take_step("correct", "A typing mistake")
        self.assertEqual(self.again.state, "set_aside")
        self.assertFalse(self.first.hidden_from_id or self.plan.issue_ids.hidden_from_id)
        self.assertEqual(self.moderation.case_count, 9)

    def test_a_pep_finished_meanwhile(self):
        plan = self.plans[-1]
        self.assertEqual(plan.state, "processing")
        again = plan.quality_ids.filtered(lambda review: review.kind == "moderation")
        self.as_user(plan, "vseo").action_complete()
        self.assertEqual(plan.issue_ids.hidden_from_id, again.reviewer_id)
        self.second(again)
        self.assertFalse(plan.issue_ids.hidden_from_id)

    def test_figures(self):
        """Two of three alike overall; by area what was graded alike."""
        reviews = self.moderation.review_ids[:3]
        self.second(reviews[0])
        self.second(reviews[1])
        about = reviews.sudo().line_ids.area_id[:1].about
        self.second(reviews[2], **{about: self.red})
        self.moderation.invalidate_recordset()
        rows = self.moderation.agreement
        overall = rows[0]
        self.assertEqual((overall["name"], overall["number"]), ("Overall", 3))
        by_name = {row["name"]: row for row in rows}
        marked = reviews[2].sudo().line_ids.filtered(lambda line: line.area_id.about == about)
        self.assertEqual(
            by_name[marked[0].name], {"name": marked[0].name, "number": 3, "same": 2, "share": 67, "kappa": 0.0}
        )
        alike = [row for name, row in by_name.items() if name not in ("Overall", *marked.mapped("name"))]
        self.assertTrue(alike)
        self.assertEqual({(row["same"], row["share"], row["kappa"]) for row in alike}, {(3, 100, None)})
        self.assertIn("67 %", self.moderation.agreement_table)
        self.assertIn("not defined", self.moderation.agreement_table)
        # of the whole council, whoever looks, and no child in it
        self.assertEqual(self.as_user(self.moderation, "other_vseo").agreement, rows)
        self.assertFalse(self.as_user(self.moderation, "other_vseo").review_ids)
