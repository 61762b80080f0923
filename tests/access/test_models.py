from odoo import models
from odoo.tests import TransactionCase, tagged

from .table import KINDS, OPERATIONS, ROLES, TABLE
from .world import AccessCase


def of_the_app(env):
    """Models that the app makes; the abstract ones hold no records."""
    names = [name for name in env.registry if name.startswith("pep.")]
    return [name for name in names if not env.registry[name]._abstract]


@tagged("post_install", "-at_install")
class TestNewModelsJoin(TransactionCase):
    """Whoever adds a model or a method adds it to the table, or these fail."""

    def test_every_model_is_in_the_table(self):
        self.assertEqual(set(of_the_app(self.env)), set(TABLE.cells))

    def test_the_table_is_complete_and_in_its_own_words(self):
        for model, operations in TABLE.cells.items():
            self.assertEqual(list(operations), list(OPERATIONS), model)
            self.assertTrue(TABLE.what[model], model)
            for operation, cells in operations.items():
                self.assertLessEqual(set(cells.values()), KINDS[TABLE.kind[model]], (model, operation))

    def test_what_is_about_a_child_is_under_need_to_know(self):
        bound = self.env.registry["pep.child.bound"]
        for name in of_the_app(self.env):
            model = self.env[name]
            # a form that asks about a child is its own person's alone: see below
            points_at_child = "child_id" in model._fields and not model._transient
            points_at_child = points_at_child or isinstance(model, bound) or name == "pep.child"
            if not points_at_child:
                self.assertNotEqual(TABLE.kind[name], "child", name)
                continue
            with self.subTest(name):
                self.assertEqual(TABLE.kind[name], "child")
                self.assertTrue(isinstance(model, bound) or name in ("pep.child", "pep.access"))
                if name != "pep.child":
                    field = model._fields["child_id"]
                    self.assertTrue(field.store and field.type == "many2one" and field.comodel_name == "pep.child")
                    self.assertTrue(field.index)
                self.assertTrue(model._fields["company_id"].store and model._fields["company_id"].index)

    def test_no_field_of_the_app_elsewhere_points_at_a_child_past_the_rules(self):
        """A link from Odoo's own models to records about a child has to be for the app's people alone."""
        about_a_child = set(TABLE.models("child"))
        for name, cls in self.env.registry.items():
            for field in () if name.startswith("pep.") else cls._fields.values():
                if field.comodel_name in about_a_child:
                    self.assertTrue(field.groups, f"{name}.{field.name}")

    def test_every_rule_of_the_app_is_literal(self):
        """Rule domains are kept for a user: what is worked out from the user beforehand goes stale and stays open."""
        rules = self.env["ir.rule"].search([("model_id.model", "in", list(TABLE.cells))])
        for rule in rules:
            words = rule.domain_force.replace("user.id", "").replace("company_ids", "")
            self.assertNotIn("user.", words, rule.name)
            self.assertNotIn("company_id.id", words, rule.name)

    def test_forms_are_seen_by_who_filled_them_in(self):
        for model in TABLE.models("form"):
            rules = self.env["ir.rule"].search([("model_id.model", "=", model)])
            domains = [rule.domain_force for rule in rules if not rule.groups]
            kept = not self.env.registry[model]._transient  # imports are kept, see the table
            self.assertTrue(kept or domains == ["[('create_uid', '=', user.id)]"], model)

    def test_every_method_that_can_be_called_from_outside_is_in_the_table(self):
        known = set(dir(models.BaseModel))
        found = set()
        for name, cls in self.env.registry.items():
            mine = [part for part in cls.mro() if part.__module__.startswith("odoo.addons.pep_module")]
            odoos = [part for part in cls.mro() if part.__module__.startswith("odoo.addons.") and part not in mine]
            for part in mine:
                for attribute, value in vars(part).items():
                    public = callable(value) and not attribute.startswith("_") and not hasattr(value, "_api_private")
                    if public and attribute not in known and not any(attribute in vars(odoo) for odoo in odoos):
                        found.add((name, attribute))
        self.assertEqual(found, set(TABLE.methods))
        for method, row in TABLE.methods.items():
            self.assertLessEqual(set(row["roles"].split()), {*ROLES, "anyone"}, method)


@tagged("post_install", "-at_install")
class TestOtherModels(AccessCase):
    """Models that are not about a child: who may do what, and to the own council's rows alone."""

    def test_cells(self):
        number = 0
        for model in TABLE.models("council", "shared", "form"):
            for operation in OPERATIONS:
                for role in ROLES:
                    number += 1
                    allowed = TABLE[model][operation][role] != "no"
                    with self.subTest(model, operation=operation, role=role):
                        self.assertEqual(self.as_person(model, role).has_access(operation), allowed)
        print(f"access table: {number} cells of other models are right")

    def test_rows_of_another_council(self):
        for model in TABLE.models("council"):
            foreign = self.env[model].with_context(active_test=False).search([("company_id", "=", self.council2.id)])
            for role in ROLES:
                person = self.as_person(model, role)
                if TABLE[model]["read"][role] == "council" and foreign:
                    with self.subTest(model, role=role):
                        self.assertFalse(person.search([("id", "in", foreign.ids)]))
                for operation in ("write", "unlink") if foreign and person.has_access("write") else ():
                    with self.subTest(model, operation=operation, role=role):
                        self.assertFalse(person.browse(foreign[0].id).has_access(operation))

    def test_templates_are_changed_by_nobody(self):
        for model in ("pep.kind", "pep.gate.reason", "pep.target.area", "pep.fund"):
            template = self.env[model].search([("company_id", "=", False)], limit=1)
            with self.subTest(model):
                self.assertTrue(template)
                self.assertFalse(self.as_person(model, "admin").browse(template.id).has_access("write"))
