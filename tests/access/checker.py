"""What is allowed, cell by cell, against what the access table says."""

from collections import namedtuple

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .table import AUDIENCE, OPERATIONS, OWNED, PORTAL, TABLE
from .world import CASES, SORTS, AccessCase

# ``readers`` is one of SORTS for the reading of rows that are for some, or somebody's own; else None.
Cell = namedtuple("Cell", "model person operation case readers", defaults=[None])
# The rule of each model, word for word: who (user.id, role) and when on one row of pep.access. Nothing else comes from
# the session, so that no value can go stale in the cache of rules.
ROW = "[('user_id', '=', user.id), ('role', {roles}), ('valid_from', '<=', 'now'), ('valid_to', '>', 'now')]"
NOBODY = "[(0, '=', 1)]"
NOT_KEPT_FROM = "('hidden_from_id', '!=', user.id)"
COUNCIL = "[('company_id', 'in', company_ids)]"
STAFF = ["vseo", "support", "head"]
# With these readers all ways of reading are tried: the other readers tell the roles apart, for which two ways will do.
BOTH_WAYS = ("everybody", "nobody", "own of teacher")


class Checker(AccessCase):
    """:meth:`wrong_cells` returns the cells in which the app and the table differ, as sentences.

    The tests assert that there are none; the mutation tests break a rule and assert that there are some.
    """

    def expected(self, cell):
        if cell.readers and cell.person == SORTS[cell.readers].kept_from:
            return False
        roles = self.people[cell.person].get(cell.case, ())
        return any(self._allows(TABLE[cell.model][cell.operation][role], role, cell) for role in roles)

    def _allows(self, word, role, cell):
        """Whether a cell of the table lets this role do it.

        Where it says ``audience``, if the row is for the role; where it says ``own``, if it is the person's own.
        """
        if word not in ("audience", "own"):
            return word != "no"
        readers = SORTS[cell.readers]
        if word == "own":
            return cell.person == readers.owner
        if role == "delegate":
            return cell.person == readers.delegate
        return {"contributor": "social_worker"}.get(role, role) in readers.roles

    def cells(self, models=None, operations=OPERATIONS, people=None, readers=SORTS):
        """Every combination that the table implies, save those that make no sense.

        Of reading rows that differ in whom they are for, one for each sort of readers.
        """
        for model in models or TABLE.models("child"):
            for operation in operations:
                sorts = self.readers_of(model) if operation == "read" else []
                for whom in [sort for sort in sorts if sort in readers] or [None]:
                    for person in people or self.people:
                        for case in CASES:
                            cell = Cell(model, person, operation, case, whom)
                            if not self._without_meaning(cell):
                                yield cell

    @staticmethod
    def _without_meaning(cell):
        """A child that is yet to be made has no past, and whoever makes it as head of the council is its head."""
        new_child = cell.operation == "create" and cell.model == "pep.child"
        return new_child and (cell.case not in ("own", "other", "foreign") or cell.person == "unlisted")

    def wrong_cells(self, models=None, operations=OPERATIONS, people=None, ways=None, readers=SORTS):
        """The cells that differ from the table.

        :return: (list of sentences, number of cells looked at)
        """
        looked_at = list(self.look(models, operations, people, ways, readers))
        return [problem for problem in looked_at if problem], len(looked_at)

    def look(self, models=None, operations=OPERATIONS, people=None, ways=None, readers=SORTS):
        """Look at cell after cell: yields a sentence for one that differs from the table, None for one that does not.

        :param ways: names of the ways of reading to try; all by default
        :param readers: names of the sorts of readers to try on rows that are for some; all by default
        """
        visible = {}
        with mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.sql_db"):
            for cell in self.cells(models, operations, people, readers):
                if cell.operation == "read":
                    key = (cell.model, cell.person, cell.readers)
                    if key not in visible:
                        visible[key] = self._visible(*key, ways)
                    problem = self._wrong_read(cell, visible[key])
                else:
                    problem = getattr(self, f"_wrong_{cell.operation}")(cell)
                what = f"{cell.model} of {cell.case}" + (f" for {cell.readers}" if cell.readers else "")
                yield f"{cell.person} / {cell.operation} {what}: {problem}" if problem else None

    # === Reading ===

    def _visible(self, model, person, readers, ways):
        """``{way: ids}`` of the records of a model that a person gets at, each way from a cold cache."""
        records = self.records[model]
        ids = [record.id for record in records.values()]
        if readers:
            self.set_readers(model, readers)
        visible = {}
        for way in ways or (READ_WAYS if readers in (None, *BOTH_WAYS) else ("search", "read")):
            env = self.as_person(model, person)
            try:
                visible[way] = set(READ_WAYS[way](env, ids))
            except AccessError:
                visible[way] = set()
        return visible

    def _wrong_read(self, cell, visible):
        record_id, expected = self.records[cell.model][cell.case].id, self.expected(cell)
        for way, ids in visible.items():
            if (record_id in ids) != expected and (way != "export_data" or not expected):
                return f"{way} {'does not show' if expected else 'shows'} it"
        return None

    # === Changing ===

    def _record(self, cell):
        return self.as_person(cell.model, cell.person).browse(self.records[cell.model][cell.case].id)

    def _attempt(self, action):
        """Whether something is done or what refuses it. Undone in any case."""
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            action()
            self.env.flush_all()
            return None
        except UserError as error:  # AccessError is one
            return error
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)

    def _wrong_write(self, cell):
        record, expected = self._record(cell), self.expected(cell)
        if record.has_access("write") != expected:
            return f"write is {'refused' if expected else 'allowed'}"
        error = self._attempt(lambda: record.write(self.write_values(cell.model)))
        if expected and cell.model == "pep.funding":  # by its buttons alone
            error = self._attempt(record.action_approve)
        if bool(error) == expected:
            return f"write is {'refused' if expected else 'done'} ({error})"
        return None

    def _wrong_create(self, cell):
        expected, values = self.expected(cell), self.create_values(cell.model, cell.case)
        model = self.as_person(cell.model, cell.person)
        error = self._attempt(lambda: model.create(values))
        if expected and error or not expected and not isinstance(error, AccessError):
            return f"create is {'refused' if expected else 'not refused as it should be'} ({error!r})"
        return None

    def _wrong_unlink(self, cell):
        record, expected = self._record(cell), self.expected(cell)
        if record.has_access("unlink") != expected or not self._attempt(record.unlink):
            return "unlink is not refused"
        return None

    # === The shape of the rules ===

    def wrong_rules(self, models=None):
        """Models whose global rules are not, word for word, what the table makes of them; as sentences."""
        wrong = []
        for model in models or TABLE.models("child"):
            rules = self.env["ir.rule"].search([("model_id.model", "=", model), ("active", "=", True)])
            grouped = rules.filtered(lambda rule: rule.groups and "access_ids" in rule.domain_force)
            if grouped:
                wrong.append(f"{model}: need to know by a rule of a group, which fails open")
            council = rules.filtered(lambda rule: rule.groups == self.env.ref("base.group_user"))
            if council.mapped("domain_force") != [COUNCIL]:
                wrong.append(f"{model}: for staff there should be {COUNCIL}, not {council.mapped('domain_force')}")
            for operation in OPERATIONS:
                found = rules.filtered(lambda rule, perm=f"perm_{operation}": not rule.groups and rule[perm])
                shapes = self._rule_shapes(model, operation)
                if len(found) != 1 or found.domain_force.replace('"', "'") not in shapes:
                    wrong.append(
                        f"{model}: {operation} should be ruled by {shapes[0]}, not by {found.mapped('domain_force')}"
                    )
        return wrong

    def _rule_shapes(self, model, operation):
        """The domain that the table makes of an operation. Where nobody may: of no row, or as for writing."""
        for_some = TABLE.for_some(model)
        if for_some and operation == "read":
            return [self._shape_for_some()]
        if TABLE.for_one(model) and operation == "read":
            return [self._shape_for_one(model)]
        roles = TABLE.access_roles(model, operation)
        if not roles and for_some:  # the access list lets nobody
            return [NOBODY, f"[{branch(STAFF)}]"]
        if not roles:
            rules_of_write = self._rule_shapes(model, "write") if operation in ("create", "unlink") else []
            return [NOBODY, *rules_of_write]
        order = [role for role, _label in self.env["pep.access"]._fields["role"].selection]
        wanted = [role for role in order if role in roles and role != "finance"]
        own = branch(wanted, "access_ids" if model == "pep.child" else "child_id.access_ids")
        if operation == "read" and self.readers_of(model):
            return [f"['&', {NOT_KEPT_FROM}, {own}]"]
        if "finance" not in roles:
            return [f"[{own}]"]
        money = ROW.format(roles="'=', 'finance'")
        return [f"['|', {own}, ('company_id.pep_access_ids', 'any', {money})]"]

    def _shape_for_some(self):
        """Where the readers differ from row to row: staff, or a role and its flag together, or the delegate by name.

        And not the person from whom the row is kept.
        """
        flags = [f"'&', ('for_{role}', '=', True), {branch([role])}" for role in AUDIENCE]
        any_of = "".join(f"'|', {part}, " for part in (branch(STAFF), *flags))
        delegate = f"'&', ('delegate_id', '=', user.id), {branch(['delegate'])}"
        return f"['&', {NOT_KEPT_FROM}, {any_of}{delegate}]"

    def _shape_for_one(self, model):
        """Where people around a child read their own: staff, or whose it is and a role on the child together."""
        roles = TABLE.access_roles(model, "read")
        own = [role for role in PORTAL if role in roles]
        return f"['|', {branch(STAFF)}, '&', {own_row(model)}, {branch(own)}]"


def own_row(model):
    """The part of a rule that asks whose own a row is."""
    return f"('{OWNED[model]}.user_ids', 'any', [('id', '=', user.id)])"


def branch(roles, path="child_id.access_ids"):
    """The part of a rule that asks for one of these roles on the child."""
    return f"('{path}', 'any', {ROW.format(roles=f'{chr(39)}in{chr(39)}, {roles}')})"


def _one_by_one(get):
    """Those of the ids for which ``get(model, id)`` returns something and is not refused."""

    def way(model, ids):
        seen = []
        for record_id in ids:
            try:
                if get(model, record_id):
                    seen.append(record_id)
            except UserError:
                continue
        return seen

    return way


def _among(ids):
    return [("id", "in", ids)]


READ_WAYS = {
    "search": lambda model, ids: model.search(_among(ids)).ids,
    "search_count": _one_by_one(lambda model, record_id: model.search_count(_among([record_id]))),
    "read": _one_by_one(lambda model, record_id: model.browse(record_id).read(["display_name", "create_date"])),
    "web_read": _one_by_one(lambda model, record_id: model.browse(record_id).web_read({"display_name": {}})),
    "web_search_read": lambda model, ids: [
        row["id"] for row in model.web_search_read(_among(ids), {"display_name": {}})["records"]
    ],
    "name_search": lambda model, ids: [row[0] for row in model.name_search("", _among(ids), limit=None)],
    "formatted_read_group": _one_by_one(
        lambda model, record_id: model.formatted_read_group(_among([record_id]), [], ["__count"])[0]["__count"]
    ),
    "export_data": _one_by_one(lambda model, record_id: model.browse(record_id).export_data(["display_name"])["datas"]),
}
