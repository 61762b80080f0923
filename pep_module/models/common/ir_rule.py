from datetime import datetime

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Up to so many access rows a person's children are named in the query; past that the database joins them.
NAMED = 300
CACHE = "pep.access.named"
# How rules come to access rows: from a child, or from a council for finance.
LINKS = {"child_id": "child_id", "pep_child_id": "child_id", "company_id": "company_id"}
ROWS = {"access_ids": "child_id", "pep_access_ids": "company_id"}
# Odoo's own models whose rules ask the same, of those of their records that are about a child.
BESIDE = ("calendar.event", "calendar.attendee")


class IrRule(models.Model):
    """Asks the rules of need to know in the cheaper of two ways that mean the same.

    A rule says ``child_id.access_ids any (...)``, which the database answers with a sub-query. For somebody with few
    children, such as an officer or a teacher, looking up the children once and naming them costs a third of that, and a
    board asks ten times. The look-up is the rule's own condition on ``pep.access``, evaluated as it stands, for all
    roles at once: a row that is for some has a branch for each of seven roles.

    It is kept for the transaction at most, and within it until an access row changes or the clock reaches the next
    moment at which one begins or ends. A transaction sees nothing of what others commit meanwhile, so nobody sees a
    child for longer than by the sub-query.
    """

    _inherit = "ir.rule"

    def _compute_domain(self, model_name, mode="read"):
        domain = super()._compute_domain(model_name, mode)
        if self.env.su or not self._pep_asks_access(model_name):
            return domain
        return domain.map_conditions(self._pep_name_records)

    def _pep_asks_access(self, model_name):
        models = self.env.registry
        return model_name in BESIDE or issubclass(models[model_name], models["pep.need.to.know"])

    def _pep_name_records(self, condition):
        """A condition on access rows as one on the ids of their children or councils; any other as it is."""
        outer, inner = None, condition
        if condition.field_expr in LINKS and condition.operator == "any":
            outer, inner = condition.field_expr, condition.value
        link = ROWS.get(getattr(inner, "field_expr", None))
        if link is None or inner.operator != "any" or LINKS.get(outer, link) != link:
            return condition
        ids = self._pep_named(inner.value, link)
        if ids is None and outer is None:
            return condition
        if ids is None:  # past the child's own table, which has nothing to add
            access = self.env["pep.access"].sudo()  # sudo: this is the rule itself being asked
            ids = access._search(inner.value).subselect(link)
        return type(condition)(outer or "id", "in", ids)

    def _pep_named(self, condition, link):
        """Ids of what ``link`` of the access rows that meet ``condition`` points at; None for many."""
        known = self.env.cr.cache.setdefault(CACHE, {})
        # by identity: Odoo keeps one domain for a person; holding the condition keeps its id from being used again
        kept, roles, rest, shared = known.get(id(condition), (None, None, None, None))
        if kept is not condition:
            roles, rest = self._pep_by_role(condition)
            shared = (link, repr(rest))  # by content: the branches and rules of many models ask the same of access
            known[id(condition)] = (condition, roles, rest, shared)
        if roles is None:
            return None
        now = fields.Datetime.now()
        since, until, held = known.get(shared, (datetime.max, datetime.min, {}))
        if not since <= now < until:
            held = self._pep_held(rest, link)
            until = self._pep_next_change(now, [role for role, ids in held.items() if ids is not None])
            known[shared] = (now, until, held)
        if any(held[role] is None for role in roles):
            return None
        ids = {id_ for role in roles for id_ in held[role]}
        return list(ids) if len(ids) <= NAMED else None

    def _pep_by_role(self, condition):
        """A condition on access rows as the roles that it asks for and all else that it asks.

        A rule can have a branch for each of seven roles: what they share is looked up once. None for the roles of a
        condition that is not such a conjunction.
        """
        conditions = list(condition.iter_conditions())
        of_roles = [part for part in conditions if part.field_expr == "role" and part.operator == "in"]
        known_roles = dict(self.env["pep.access"]._fields["role"].selection)
        plain = len(of_roles) == 1 and condition == Domain.AND(conditions)
        if not plain or not known_roles.keys() >= set(of_roles[0].value):
            return None, None
        return tuple(of_roles[0].value), Domain.AND(part for part in conditions if part is not of_roles[0])

    def _pep_held(self, condition, link):
        """By role, ids of what ``link`` of the access rows that meet ``condition`` points at; None for many."""
        access = self.env["pep.access"].sudo()  # sudo: this is the rule itself being asked
        roles = list(dict(access._fields["role"].selection))
        query = access._search(condition, limit=NAMED + 1)
        role = SQL.identifier(access._table, "role", to_flush=access._fields["role"])
        query.add_where(SQL("%s = roles.role", role))  # raw SQL: each role by itself, in the statement below
        # raw SQL: ids alone, not records; of each role no more than tell few from many
        held = SQL(
            "SELECT roles.role, found.id FROM unnest(%s) AS roles (role), LATERAL (%s) AS found (id)",
            roles,
            query.select(SQL.identifier(access._table, link)),
        )
        ids = {name: [] for name in roles}
        for held_role, id_ in self.env.execute_query(held):  # raw SQL: see above
            ids[held_role].append(id_)
        return {name: found if len(found) <= NAMED else None for name, found in ids.items()}

    def _pep_next_change(self, now, roles):
        """The moment after ``now`` at which the clock alone gives this person one of these roles or takes it.

        Those of which there are many do not matter: that decides how to ask, not what is answered.
        """
        # raw SQL: the least of two columns; the rows have been flushed by the search before
        moment = SQL(
            """SELECT MIN(CASE WHEN valid_from > %(now)s THEN valid_from ELSE valid_to END)
            FROM pep_access WHERE user_id = %(user)s AND role = ANY(%(roles)s) AND valid_to > %(now)s""",
            now=now,
            user=self.env.uid,
            roles=roles,
        )
        [(until,)] = self.env.execute_query(moment)  # raw SQL: see above
        return until or datetime.max
