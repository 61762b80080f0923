from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL

# Up to so many access rows a person's children are named in the query; past that the database joins them.
NAMED = 300
CACHE = "pep.access.named"
# How rules come to access rows: from a child, or from a council for finance.
LINKS = ("child_id", "company_id")
ROWS = {"access_ids": "child_id", "pep_access_ids": "company_id"}


class IrRule(models.Model):
    """Asks the rules of need to know in the cheaper of two ways that mean the same.

    A rule says ``child_id.access_ids any (...)``, which the database answers with a sub-query. For somebody with few
    children, such as an officer or a teacher, looking up the children once and naming them costs a third of that, and a
    board asks ten times. The look-up is the rule's own condition on ``pep.access``, evaluated as it stands.

    It is kept for the transaction at most, and within it until an access row changes or the clock reaches the next
    moment at which one begins or ends. A transaction sees nothing of what others commit meanwhile, so nobody sees a
    child for longer than by the sub-query.
    """

    _inherit = "ir.rule"

    def _compute_domain(self, model_name, mode="read"):
        domain = super()._compute_domain(model_name, mode)
        if self.env.su or not issubclass(self.env.registry[model_name], self.env.registry["pep.need.to.know"]):
            return domain
        return domain.map_conditions(self._pep_name_records)

    def _pep_name_records(self, condition):
        """A condition on access rows as one on the ids of their children or councils; any other as it is."""
        outer, inner = None, condition
        if condition.field_expr in LINKS and condition.operator == "any":
            outer, inner = condition.field_expr, condition.value
        link = ROWS.get(getattr(inner, "field_expr", None))
        if link is None or inner.operator != "any" or outer not in (None, link):
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
        now = fields.Datetime.now()
        known = self.env.cr.cache.setdefault(CACHE, {})
        # by identity: Odoo keeps one domain for a person; holding the condition keeps its id from being used again
        kept, since, until, ids = known.get(id(condition), (None, datetime.max, datetime.min, None))
        if kept is not condition or not since <= now < until:
            access = self.env["pep.access"].sudo()  # sudo: this is the rule itself being asked
            column = SQL.identifier(access._table, link)
            # raw SQL: ids alone, not records
            rows = self.env.execute_query(access._search(condition, limit=NAMED + 1).select(column))
            # that there are many decides how to ask, not what is answered: no need to look again
            ids, until = (None, datetime.max) if len(rows) > NAMED else (list({id_ for (id_,) in rows}), None)
            until = until or self._pep_next_change(now)
            known[id(condition)] = (condition, now, until, ids)
        return ids

    def _pep_next_change(self, now):
        """The moment after ``now`` at which the clock alone gives this person access or takes it."""
        known = self.env.cr.cache[CACHE]
        since, until = known.get(("until", self.env.uid), (datetime.max, datetime.min))
        if not since <= now < until:
            # raw SQL: the least of two columns; the rows have been flushed by the search before
            moment = SQL(
                """SELECT MIN(CASE WHEN valid_from > %(now)s THEN valid_from ELSE valid_to END)
                FROM pep_access WHERE user_id = %(user)s AND valid_to > %(now)s""",
                now=now,
                user=self.env.uid,
            )
            [(until,)] = self.env.execute_query(moment)  # raw SQL: see above
            until = until or datetime.max
            known[("until", self.env.uid)] = (now, until)
        return until
