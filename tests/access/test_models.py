from odoo import models
from odoo.tests import TransactionCase, tagged

from .checker import STAFF, branch
from .table import AUDIENCE, KINDS, OPERATIONS, OWNED, PORTAL, ROLES, TABLE
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
                self.assertTrue(operation == "read" or "audience" not in cells.values(), (model, operation))
                if TABLE.kind[model] == "child":
                    self.assertTrue(operation == "read" or "own" not in cells.values(), (model, operation))

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

    def test_rows_that_are_for_some(self):
        """The table says ``audience`` of everybody outside the virtual school, and of such models alone."""
        audience = self.env.registry["pep.audience"]
        outside = {*PORTAL, "contributor"}
        for name in TABLE.models("child"):
            with self.subTest(name):
                self.assertEqual(isinstance(self.env[name], audience), TABLE.for_some(name))
                if not TABLE.for_some(name):
                    continue
                cells = TABLE[name]["read"]
                self.assertEqual({role for role in ROLES if cells[role] == "audience"}, outside)
                self.assertEqual([cells[role] for role in ("vseo", "support", "head")], ["child", "child", "council"])
                for role in AUDIENCE:
                    field = self.env[name]._fields[f"for_{role}"]
                    self.assertTrue(field.store and field.compute and field.readonly, field)
                self.assertLessEqual({"delegate_id", "hidden_from_id"}, self.env[name]._kept_by_app())

    def test_rows_of_ones_own(self):
        """The table says ``own`` of everybody outside the virtual school, if of anybody; how that is told is known."""
        self.assertEqual({name for name in TABLE.models("child") if TABLE.for_one(name)}, set(OWNED))
        for name, path in OWNED.items():
            cells = TABLE[name]["read"]
            with self.subTest(name):
                self.assertEqual({role for role in ROLES if cells[role] == "own"}, {*PORTAL, "contributor"})
                self.assertEqual([cells[role] for role in ("vseo", "support", "head")], ["child", "child", "council"])
                partner = self.env[name]
                for step in path.split("."):
                    self.assertTrue(partner._fields[step].store)
                    partner = partner[step]
                self.assertEqual(partner._name, "res.partner")

    def test_people_outside_the_council_change_nothing_but_by_methods(self):
        for name in TABLE.cells:
            for operation in ("write", "create", "unlink"):
                with self.subTest(name, operation=operation):
                    self.assertEqual({TABLE[name][operation][role] for role in PORTAL}, {"no"})

    def test_no_field_of_the_app_elsewhere_points_at_a_child_past_the_rules(self):
        """A link from Odoo's own models to records about a child is for the app's people alone.

        Or else the rows that have one are: ruled by that very child, as a record about it.
        """
        about_a_child = set(TABLE.models("child"))
        for name, cls in self.env.registry.items():
            for field in () if name.startswith("pep.") else cls._fields.values():
                if field.comodel_name in about_a_child and not field.groups:
                    with self.subTest(name, field=field.name):
                        self.assertTrue(self.is_ruled_by(name, field.name))

    def is_ruled_by(self, model, link):
        """Whether a global rule lets a row with this link be read only by who has a live role on the child."""
        rules = self.env["ir.rule"].search([("model_id.model", "=", model), ("perm_read", "=", True)])
        wanted = f"['|', ('{link}', '=', False), '|', {branch(STAFF, f'{link}.access_ids')}"
        return any(not rule.groups and rule.domain_force.startswith(wanted) for rule in rules)

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
        templates = self.env.registry["pep.template.mixin"]
        for model in [name for name in of_the_app(self.env) if isinstance(self.env[name], templates)]:
            template = self.env[model].search([("company_id", "=", False)], limit=1)
            with self.subTest(model):
                self.assertTrue(template)
                self.assertFalse(self.as_person(model, "admin").browse(template.id).has_access("write"))


@tagged("post_install", "-at_install")
class TestIndexes(TransactionCase):
    def test_an_index_of_some_rows_says_so_as_the_orm_asks(self):
        """A domain on a boolean becomes ``IS TRUE``; PostgreSQL does not see that ``WHERE active`` fits that."""
        self.env.cr.execute(
            """SELECT index_of.relname, pg_get_expr(part.indpred, part.indrelid), table_of.relname
            FROM pg_index part
            JOIN pg_class index_of ON index_of.oid = part.indexrelid
            JOIN pg_class table_of ON table_of.oid = part.indrelid
            WHERE index_of.relname LIKE 'pep\\_%' AND part.indpred IS NOT NULL
                AND NOT part.indisunique AND NOT part.indisexclusion"""
        )
        tables = {self.env[name]._table: self.env[name] for name in of_the_app(self.env)}
        for index, condition, table in self.env.cr.fetchall():
            for name, field in tables[table]._fields.items() if table in tables else ():
                if field.type == "boolean":
                    with self.subTest(index):
                        self.assertNotRegex(condition, rf"\b{name}\b(?! IS)")
