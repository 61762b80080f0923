"""docs/access.csv and docs/access_methods.csv, as the tests read them."""

import csv
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATIONS = ("read", "write", "create", "unlink")
INTERNAL = ("vseo", "support", "head", "contributor", "finance", "admin", "employee", "system")
# Those whom a row of pep.audience has a flag for; a contributor goes by that of the social worker, a delegate by name.
AUDIENCE = ("teacher", "social_worker", "carer", "parent", "iro")
PORTAL = ("teacher", "delegate", "social_worker", "carer", "parent", "iro")
ROLES = INTERNAL + PORTAL
KINDS = {
    "child": {"child", "council", "audience", "own", "no"},
    "council": {"council", "yes", "own", "no"},
    "shared": {"yes", "no"},
    "form": {"own", "no"},
}


# Models of which people outside the virtual school read their own rows: the path from a row to that person's contact.
OWNED = {"pep.meeting.attendee": "partner_id", "pep.action": "partner_id"}


class Table:
    """The access table: ``table[model][operation][role]`` is a cell, ``kind[model]`` tells what the model is about."""

    def __init__(self):
        self.cells, self.kind, self.what = {}, {}, {}
        for row in self._rows("access.csv"):
            model, operation = row["model"], row["operation"]
            self.cells.setdefault(model, {})[operation] = {role: row[role] for role in ROLES}
            self.kind[model], self.what[model] = row["kind"], row["what"]
        self.methods = {(row["model"], row["method"]): row for row in self._rows("access_methods.csv")}

    @staticmethod
    def _rows(name):
        with (DOCS / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def __getitem__(self, model):
        return self.cells[model]

    def models(self, *kinds):
        return [model for model in self.cells if self.kind[model] in kinds]

    def for_some(self, model):
        """Whether the readers of a model differ from row to row."""
        return "audience" in self.cells[model]["read"].values()

    def for_one(self, model):
        """Whether people around a child read of a model only what is their own."""
        return self.kind[model] == "child" and "own" in self.cells[model]["read"].values()

    def access_roles(self, model, operation):
        """The roles in ``pep.access`` of whom the model's rule must speak: a contributor's is that of the network."""
        cells = self.cells[model][operation]
        roles = {"social_worker" if role == "contributor" else role for role in ROLES if cells[role] != "no"}
        return roles - {"admin", "employee", "system"}


TABLE = Table()
