import re
from contextlib import closing, contextmanager

import pytest

from odoo.tests import tagged

from .checker import Checker
from .table import AUDIENCE, ROLES, TABLE

# Each condition on the access row, as it stands in the domain of a rule.
CONDITIONS = {
    "user_id": r"\('user_id', '=', user\.id\), ",
    "role": r"\('role', '(?:in|=)', (?:\[[^\]]*\]|'finance')\), ",
    "valid_from": r"\('valid_from', '<=', 'now'\), ",
    "valid_to": r", \('valid_to', '>', 'now'\)",
}
# And on a row that is for some: who it is for, as it stands before the branch of each role, and from whom it is kept.
CONDITIONS_FOR_SOME = {
    **{f"for_{role}": rf"'&', \('for_{role}', '=', True\), " for role in AUDIENCE},
    "delegate_id": r"'&', \('delegate_id', '=', user\.id\), ",
    "hidden_from_id": r"'&', \('hidden_from_id', '!=', user\.id\), ",
}
# And where people around a child read their own: whose it is.
CONDITIONS_FOR_ONE = {"owner": r"'&', \('[a-z_.]+\.user_ids', 'any', \[\('id', '=', user\.id\)\]\), "}
EVERY_CONDITION = {**CONDITIONS, **CONDITIONS_FOR_SOME, **CONDITIONS_FOR_ONE}
KEPT = ("hidden_from_id",)
SOME_READERS = ("everybody", "nobody", "all but one VSEO", "own of teacher", "own of unlisted")
CHANGES = ("write", "create", "unlink")
# Of those who may change records, one of each sort; and one whom the access list lets everywhere.
SOME_PEOPLE = ("vseo", "support", "head", "vseo_and_social_worker", "unlisted")


class MutationCase(Checker):
    """Break one rule at a time: the check of the cells has to notice. What it does not notice, it does not test."""

    @contextmanager
    def broken(self, rule, domain=None):
        """With this rule gone, or with this domain; undone afterwards."""
        savepoint = self.env.cr.savepoint()
        rule.write({"domain_force": domain} if domain else {"active": False})
        self.env.flush_all()
        self.registry.clear_cache()
        try:
            yield
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)
            self.registry.clear_cache()

    def rules(self, model, *operations):
        """The global rules that say who does this."""
        rules = self.env["ir.rule"].search([("model_id.model", "=", model)])
        return rules.filtered(lambda rule: not rule.groups and any(rule[f"perm_{op}"] for op in operations))

    def conditions(self, model):
        """The conditions of the rule of reading."""
        if TABLE.for_some(model):
            return [*CONDITIONS, *CONDITIONS_FOR_SOME]
        if TABLE.for_one(model):
            return [*CONDITIONS, *CONDITIONS_FOR_ONE]
        return [*CONDITIONS, *KEPT] if self.readers_of(model) else list(CONDITIONS)

    def without(self, rule, condition):
        """The domain of a rule without this condition, in all its branches."""
        pattern = EVERY_CONDITION[condition]
        domain, number = re.subn(pattern, "", rule.domain_force)
        self.assertTrue(number, f"{rule.name}: {condition} is not in {rule.domain_force}")
        return domain

    def without_one(self, rule):
        """``(what, domain)`` for each condition of each branch of a rule."""
        for condition, pattern in EVERY_CONDITION.items():
            for number, found in enumerate(re.finditer(pattern, rule.domain_force), 1):
                domain = rule.domain_force[: found.start()] + rule.domain_force[found.end() :]
                yield f"{condition} of branch {number}", domain

    def assert_noticed(self, what, **check):
        with closing(self.look(**check)) as looked_at:
            self.assertTrue(any(looked_at), f"{what}: no cell notices")

    def anybody_may(self, model, *operations):
        return any(TABLE[model][operation][role] != "no" for operation in operations for role in ROLES)


@tagged("post_install", "-at_install")
class TestMutations(MutationCase):
    def test_a_read_rule_is_missed(self):
        for model in TABLE.models("child"):
            for rule in self.rules(model, "read"):
                with self.subTest(model), self.broken(rule):
                    self.assert_noticed(
                        model, models=[model], operations=["read"], ways=["search"], readers=SOME_READERS
                    )
                    self.assertTrue(self.wrong_rules([model]))

    def test_each_condition_of_a_read_rule_is_missed(self):
        for model in TABLE.models("child"):
            for rule in self.rules(model, "read"):
                for condition in self.conditions(model):
                    with self.subTest(model, condition=condition), self.broken(rule, self.without(rule, condition)):
                        self.assert_noticed(
                            f"{model} without {condition}",
                            models=[model],
                            operations=["read"],
                            ways=["search"],
                            readers=SOME_READERS,
                        )

    def test_a_write_or_create_rule_is_missed(self):
        for model in TABLE.models("child"):
            for rule in self.rules(model, "write", "create"):
                operations = [op for op in ("write", "create") if rule[f"perm_{op}"]]
                with self.subTest(rule.name), self.broken(rule):
                    self.assertTrue(self.wrong_rules([model]))
                    if self.anybody_may(model, *operations):  # else the access list refuses it even without a rule
                        self.assert_noticed(rule.name, models=[model], operations=operations, people=SOME_PEOPLE)

    def test_what_another_module_opens_stays_shut(self):
        """An access list for everybody and a rule of a group that lets all pass: need to know holds all the same."""
        groups = self.env.ref("base.group_user") | self.env.ref("base.group_portal") | self.env.ref("base.group_public")
        for model in TABLE.models("child"):
            model_id = self.env["ir.model"]._get_id(model)
            self.env["ir.model.access"].create(
                [{"name": "x", "model_id": model_id, "group_id": group.id, "perm_read": True} for group in groups]
            )
            self.env["ir.rule"].create(
                {"name": "x", "model_id": model_id, "groups": [(6, 0, groups.ids)], "domain_force": "[(1, '=', 1)]"}
            )
        self.registry.clear_cache()
        self.addCleanup(self.registry.clear_cache)
        wrong, _number = self.wrong_cells(operations=["read"], ways=["search", "read"], readers=SOME_READERS)
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_rule_of_a_group_in_place_of_the_global_one_is_noticed(self):
        rule = self.rules("pep.target", "read")
        savepoint = self.env.cr.savepoint()
        rule.groups = self.env.ref("base.group_user")
        self.registry.clear_cache()
        wrong = self.wrong_rules(["pep.target"])
        savepoint.close(rollback=True)
        self.registry.clear_cache()
        self.assertTrue(wrong)


@pytest.mark.full
@tagged("post_install", "-at_install")
class TestAllMutations(MutationCase):
    """The whole product: every rule, every condition, every way of reading, everybody."""

    def test_read(self):
        for model in TABLE.models("child"):
            for rule in self.rules(model, "read"):
                for what, domain in self.without_one(rule):
                    with self.subTest(model, without=what), self.broken(rule, domain):
                        self.assert_noticed(f"{model} without {what}", models=[model], operations=["read"])
                        self.assertTrue(self.wrong_rules([model]))

    def test_each_role_reads_by_its_own_flag(self):
        """A flag in the branch of another role is noticed: two people around a child read each other's rows."""
        for model in filter(TABLE.for_some, TABLE.models("child")):
            rule = self.rules(model, "read")
            for role, other in zip(AUDIENCE, [*AUDIENCE[1:], AUDIENCE[0]], strict=True):
                domain = rule.domain_force.replace(f"'for_{role}'", f"'for_{other}'")
                with self.subTest(model, role=role), self.broken(rule, domain):
                    self.assert_noticed(f"{model}: {role} by {other}", models=[model], operations=["read"])

    def test_write_and_create(self):
        for model in TABLE.models("child"):
            for rule in self.rules(model, "write", "create"):
                operations = [op for op in ("write", "create") if rule[f"perm_{op}"]]
                for condition in CONDITIONS if "access_ids" in rule.domain_force else ():
                    if not self.anybody_may(model, *operations):
                        continue
                    with self.subTest(rule.name, condition=condition), self.broken(rule, self.without(rule, condition)):
                        self.assertTrue(self.wrong_rules([model]))
                        if operations == ["create"] and condition.startswith("valid"):
                            continue  # whoever can't read the PEP that it hangs on is refused even so
                        self.assert_noticed(f"{rule.name} without {condition}", models=[model], operations=operations)
