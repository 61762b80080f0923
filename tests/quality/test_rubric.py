from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.common import PepCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.sql_db")


@tagged("post_install", "-at_install")
class RubricCase(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rubrics = cls.env["pep.rubric"]
        cls.rubric = cls.rubrics.search([("company_id", "=", cls.council.id)])

    def draft(self, *grades):
        """A rubric being written, with these grades and eight areas."""
        rubric = self.as_user(self.rubrics, "admin").create({"name": "Own"})
        for number, name in enumerate(grades):
            rubric.grade_ids.create(
                {
                    "rubric_id": rubric.id,
                    "name": name,
                    "sequence": number,
                    "key": name[0].lower() if name != "Gold" else "o",
                    "colour": name.lower(),
                    "sends_back": name == "Red",
                }
            )
        rubric.area_ids.create([{"rubric_id": rubric.id, "name": f"Area {number}"} for number in range(8)])
        return rubric

    def overall(self, rubric, grades, documents_missing=False):
        """The name of the overall grade of areas graded by the first letters of colours: ``ggga``."""
        names = {"o": "Gold", "g": "Green", "a": "Amber", "r": "Red"}
        grade_of = {grade.name: grade for grade in rubric.grade_ids}
        return rubric._overall([grade_of[names[letter]] for letter in grades], documents_missing)[0].name


@tagged("post_install", "-at_install")
class TestShippedRubric(RubricCase):
    def test_a_council_has_its_own_in_use_at_once(self):
        self.assertEqual(len(self.rubric), 1)
        self.assertEqual((self.rubric.state, self.rubric.version), ("in_use", 1))
        self.assertEqual(self.rubric.grade_ids.mapped("name"), ["Green", "Amber", "Red"])
        self.assertEqual(self.rubric.grade_ids.filtered("sends_back").name, "Red")
        self.assertEqual(self.rubric.grade_ids.filtered("asks_feedback").name, "Amber")

    def test_every_grade_is_described_in_every_area(self):
        described = {(row.area_id, row.grade_id) for row in self.rubric.criterion_ids if row.text.strip()}
        self.assertEqual(described, {(area, grade) for area in self.rubric.area_ids for grade in self.rubric.grade_ids})
        criteria = self.rubric.criterion_ids.mapped("text")
        self.assertEqual(len(set(criteria)), len(criteria))

    def test_what_councils_have_in_common_is_in_it(self):
        """The criteria that at least two published rubrics share (voice, targets, reviews, PP+, and so on)."""
        self.assertEqual(
            set(self.rubric.area_ids.mapped("about")),
            {
                "voice",
                "previous",
                "targets",
                "funding",
                "attainment",
                "parts",
                "meeting",
                "transition",
                "documents",
                "time",
            },
        )

    def test_loading_again_makes_nothing(self):
        numbers = [self.env[model].search_count([]) for model in self.models()]
        self.council._pep_load_templates()
        self.assertEqual([self.env[model].search_count([]) for model in self.models()], numbers)

    def models(self):
        return ["pep.rubric", *(f"pep.rubric.{part}" for part in ("area", "grade", "criterion", "rule"))]

    def test_a_template_that_comes_later_waits_as_a_draft(self):
        template = self.env.ref("pep_module.pep_rubric_standard").copy({"company_id": False})
        template._copy_parts(self.env.ref("pep_module.pep_rubric_standard"))
        self.council._pep_load_templates()
        later = self.rubrics.search([("company_id", "=", self.council.id), ("template_id", "=", template.id)])
        self.assertEqual((later.state, self.rubric.state), ("draft", "in_use"))
        self.assertEqual(len(later.criterion_ids), len(self.rubric.criterion_ids))

    def test_the_worst_grade_decides_as_it_ships(self):
        for grades, overall in (("ggg", "Green"), ("gga", "Amber"), ("gar", "Red"), ("g", "Green"), ("", False)):
            with self.subTest(grades):
                self.assertEqual(self.overall(self.rubric, grades), overall)


@tagged("post_install", "-at_install")
class TestReadyMadeRules(RubricCase):
    def ready_made(self, kind, *grades):
        rubric = self.draft(*grades)
        rubric.with_context(ready_made=kind).action_ready_made()
        rubric.action_use()
        return rubric

    def assert_overall(self, rubric, rows):
        for grades, missing, overall in rows:
            with self.subTest(grades, missing=missing):
                self.assertEqual(self.overall(rubric, grades, missing), overall)

    def test_worst(self):
        rubric = self.ready_made("worst", "Gold", "Green", "Amber", "Red")
        self.assert_overall(
            rubric,
            [
                ("oooooooo", False, "Gold"),
                ("ooooooog", False, "Green"),
                ("oooooooa", True, "Amber"),
                ("ooooggar", False, "Red"),
            ],
        )

    def test_counts_as_one_council_publishes_them(self):
        """Gold: seven of eight gold and the other green; green: seven green and the other amber; two amber: amber."""
        rubric = self.ready_made("counts", "Gold", "Green", "Amber", "Red")
        self.assert_overall(
            rubric,
            [
                ("oooooooo", False, "Gold"),
                ("ooooooog", False, "Gold"),
                ("oooooooa", False, "Green"),
                ("oooooogg", False, "Green"),
                ("ggggggga", False, "Green"),
                ("ggggggaa", False, "Amber"),
                ("gggggggr", False, "Amber"),
                ("ggggggrr", False, "Red"),
                ("oooooooo", True, "Amber"),
                ("gggggggg", True, "Amber"),
            ],
        )

    def test_any_red_is_red(self):
        rubric = self.ready_made("any_worst", "Green", "Amber", "Red")
        self.assert_overall(
            rubric,
            [
                ("gggggggg", False, "Green"),
                ("ggggggga", False, "Green"),
                ("ggggggaa", False, "Amber"),
                ("gggggggr", False, "Red"),
                ("g", False, "Green"),
            ],
        )

    def test_two_grades_are_enough(self):
        for kind in ("worst", "counts", "any_worst"):
            rubric = self.draft("Green", "Red")
            rubric.with_context(ready_made=kind).action_ready_made()
            self.assert_overall(rubric, [("gg", False, "Green"), ("gr", False, "Red")])

    def test_a_rule_is_written_anew_not_added(self):
        rubric = self.draft("Green", "Amber", "Red")
        for _time in range(2):
            rubric.with_context(ready_made="worst").action_ready_made()
        self.assertEqual(len(rubric.rule_ids), 3)

    def test_in_words(self):
        rubric = self.ready_made("counts", "Gold", "Green", "Amber", "Red")
        self.assertEqual(
            rubric.rule_words.splitlines(),
            [
                "If at least 2 areas are Red, the PEP is Red.",
                (
                    "If all areas but one are Gold or better, none is worse than Green, and no document is missing, "
                    "the PEP is Gold."
                ),
                (
                    "If all areas but one are Green or better, none is worse than Amber, and no document is missing, "
                    "the PEP is Green."
                ),
                "In every other case the PEP is Amber.",
            ],
        )

    def test_a_rule_of_ones_own(self):
        """More than half; at most none; and what comes first counts."""
        rubric = self.draft("Green", "Amber", "Red")
        green, amber, red = rubric.grade_ids
        rubric.rule_ids.create(
            [
                {"rubric_id": rubric.id, "sequence": 1, "count": "majority", "grade_id": red.id, "overall_id": red.id},
                {
                    "rubric_id": rubric.id,
                    "sequence": 2,
                    "count": "most",
                    "number": 0,
                    "compare": "worse",
                    "grade_id": amber.id,
                    "overall_id": green.id,
                },
                {"rubric_id": rubric.id, "sequence": 3, "count": "always", "overall_id": amber.id},
            ]
        )
        self.assert_overall(rubric, [("rrg", False, "Red"), ("rg", False, "Amber"), ("ggg", False, "Green")])
        self.assertIn("If more than half of the areas are Red, the PEP is Red.", rubric.rule_words)
        self.assertIn("If no area is Amber or worse, the PEP is Green.", rubric.rule_words)

    def test_refusals(self):
        rubric = self.draft("Green")
        with self.assertRaises(UserError):
            rubric.with_context(ready_made="worst").action_ready_made()
        rubric = self.draft("Green", "Red")
        with self.assertRaises(UserError):
            rubric.with_context(ready_made="").action_ready_made()
        green = rubric.grade_ids[0]
        for vals in (
            {"count": "least", "number": 1},
            {"count": "least", "number": 0, "grade_id": green.id},
            {"count": "most", "number": -1, "grade_id": green.id},
            {"count": "always", "needs_documents": True},
            {"count": "least", "grade_id": self.rubric.grade_ids[0].id},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                rubric.rule_ids.create({"rubric_id": rubric.id, "overall_id": green.id, **vals})


@tagged("post_install", "-at_install")
class TestVersions(RubricCase):
    def refused(self, action, error=UserError):
        with self.assertRaises(error), mute_logger(*QUIET), self.env.cr.savepoint():
            action()

    def test_what_is_in_use_never_changes(self):
        for rubric in (self.as_user(self.rubric, "admin"), self.rubric.sudo()):
            area, grade, rule = rubric.area_ids[0], rubric.grade_ids[0], rubric.rule_ids[0]
            self.refused(lambda rubric=rubric: rubric.write({"name": "Other"}))
            self.refused(lambda rubric=rubric: rubric.write({"area_ids": [(0, 0, {"name": "One more"})]}))
            self.refused(lambda area=area: area.write({"name": "Other"}))
            self.refused(lambda area=area: area.unlink())
            self.refused(lambda area=area: area.copy({"name": "Another"}))
            self.refused(lambda grade=grade: grade.write({"sends_back": True}))
            self.refused(lambda rubric=rubric: rubric.criterion_ids[0].write({"text": "Other"}))
            self.refused(lambda rule=rule: rule.write({"number": 2}))
            self.refused(lambda rubric=rubric: rubric.write({"active": False}))
            self.refused(lambda rubric=rubric: rubric.with_context(ready_made="worst").action_ready_made())
        self.refused(lambda: self.as_user(self.rubric, "admin").write({"state": "draft"}))
        self.refused(lambda: self.as_user(self.rubric, "admin").unlink(), AccessError)

    def test_no_row_moves_into_a_rubric_in_use(self):
        draft = self.draft("Green", "Red")
        self.refused(lambda: draft.area_ids[0].write({"rubric_id": self.rubric.id}))

    def test_the_next_version(self):
        admin = self.as_user(self.rubric, "admin")
        action = admin.action_new_version()
        version = admin.browse(action["res_id"])
        self.assertEqual((version.state, version.version, version.replaces_id), ("draft", 2, admin))
        self.assertEqual(version.rule_words, admin.rule_words)
        self.assertEqual(version.criterion_ids.mapped("text"), admin.criterion_ids.mapped("text"))
        self.assertEqual(version.criterion_ids.area_id.rubric_id, version)
        version.area_ids[0].name = "The child's own words"
        version.action_use()
        self.assertEqual((version.state, self.rubric.state), ("in_use", "retired"))
        self.assertNotEqual(self.rubric.area_ids[0].name, version.area_ids[0].name)
        self.refused(lambda: self.rubric.area_ids[0].write({"name": "Other"}))
        self.refused(version.action_use)

    def test_a_rubric_that_leaves_a_pep_without_a_grade_is_not_used(self):
        rubric = self.draft("Green", "Red")
        self.refused(rubric.action_use)
        rubric.with_context(ready_made="worst").action_ready_made()
        rubric.rule_ids[0].sequence = 99
        self.refused(rubric.action_use)
        rubric.rule_ids.sorted("id")[0].sequence = 1
        rubric.grade_ids.sends_back = True
        self.refused(rubric.action_use)
        rubric.grade_ids[0].sends_back = False
        rubric.action_use()
        self.assertEqual(rubric.state, "in_use")

    def test_keys_are_letters_or_digits_of_their_own(self):
        rubric = self.draft("Green", "Red")
        for key in ("0", "?", "G"):
            self.refused(lambda key=key: rubric.grade_ids[0].write({"key": key}), ValidationError)
        self.refused(lambda: (rubric.grade_ids[0].write({"key": "r"}), self.env.flush_all()), IntegrityError)

    def test_only_the_administrator_writes_rubrics(self):
        for role in ("support", "vseo", "head", "finance", "employee", "teacher"):
            rubric = self.as_user(self.rubric, role)
            for action in (rubric.action_new_version, rubric.action_retire, rubric.action_ready_made):
                with self.subTest(role, action=action.__name__):
                    self.refused(action, AccessError)

    def test_a_council_without_a_rubric_can_review_nothing(self):
        self.as_user(self.rubric, "admin").action_retire()
        self.refused(lambda: self.rubrics._in_use(self.council))
