from collections import Counter

from odoo import fields, models

from ...models.plan.pep_term import CLOCKS
from ...tools import ssda903

COUNTERS = (
    *(f"{what}_{how}" for what in ("child", "episode") for how in ("new", "changed", "same", "left")),
    "row_skipped",
)

# Column of the return -> field of the episode. DECOM is the key, the rest is compared field by field.
EPISODE_FIELDS = {
    "DEC": "date_to",
    "RNE": "reason_new_id",
    "LS": "legal_status_id",
    "CIN": "category_of_need_id",
    "PLACE": "placement_id",
    "PLACE_PROVIDER": "provider_id",
    "REC": "reason_ceased_id",
    "REASON_PLACE_CHANGE": "reason_change_id",
    "URN": "placement_urn",
}
CHILD_FIELDS = {
    "SEX": "sex",
    "DOB": "date_of_birth",
    "ETHNIC": "ethnicity_id",
    "UPN": "upn",
    "UASC": "uasc",
}
# An episode's part in the clocks: short breaks have none.
OF_CLOCKS = {"date_from", "date_to", "legal_status_id"}
OF_CARE = {"date_into_care", "date_out_of_care", "date_of_birth"}
# An empty cell here says that the episode goes on. Elsewhere it says nothing.
BLANK_MEANS = {"DEC", "REC", "REASON_PLACE_CHANGE"}

_WRITING = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "pep_defer_opening": True,  # who gets a PEP at once is asked when the episodes are there, see Comparison._write
}


class PepChild(models.Model):
    _inherit = "pep.child"

    import_values = fields.Json(
        copy=False,
        groups="pep_module.group_pep_head",
        help="What the last return that was imported said, so that the next one can tell what people changed since.",
    )


class PepCareEpisode(models.Model):
    _inherit = "pep.care.episode"

    import_values = fields.Json(
        copy=False,
        groups="pep_module.group_pep_head",
        help="What the last return that was imported said, so that the next one can tell what people changed since.",
    )


class Comparison:
    """Compares children of a return with the register, and writes the difference if asked to.

    Works on a chunk of children at a time, with a number of queries that does not grow with the chunk. The preview and
    the import run the very same comparison.
    """

    def __init__(self, record, result, year):
        self.record, self.result, self.year = record, result, year
        self.env = record.with_company(record.company_id).env
        self.children = self.env["pep.child"].with_context(**_WRITING, active_test=False)
        self.episodes = self.env["pep.care.episode"].with_context(**_WRITING)
        codes = self.env["pep.code"].search_fetch([], ["kind", "code", "year_from", "year_to"], order="year_from, id")
        self.codes = {(code.kind, code.code): code for code in codes}
        valid = codes.filtered_domain(codes._year_domain(year))
        self.valid_codes = {(code.kind, code.code): code for code in valid}
        self.earlier = self._earlier_imports()
        self.newest = int(self.earlier[:1].collection_year)
        self.reset()

    def reset(self):
        self.counter, self.findings, self.skipped = Counter(), [], 0

    def counts(self):
        return {name: self.counter[name] for name in COUNTERS if name != "row_skipped"}

    def find(self, severity, file, row, column, child, code, **values):
        self.findings.append(ssda903.Finding(severity, file, row, column, child, code, values))

    def warn_child(self, source, column, code, **values):
        self.find("warning", ssda903.HEADER, source.row, column, source.child, code, **values)

    def warn_episode(self, source, column, code, **values):
        self.find("warning", ssda903.EPISODES, source.row, column, source.child, code, **values)

    def _earlier_imports(self):
        """Imports of this council that are done, newest return first."""
        record = self.record
        return record.search_fetch(
            [("company_id", "=", record.company_id.id), ("state", "=", "done"), ("id", "!=", record.id)],
            ["collection_year", "done_on", *(f"{file}_sha256" for file in ssda903.FILES)],
            order="collection_year desc, id desc",
        )

    def add_general_findings(self):
        """Say whether the year fits, and whether a newer return, or just this one, has been imported before."""
        guess = ssda903.guess_collection_year(self.result, self.record.company_id._pep_today())
        if guess and guess != self.year:
            self.find("warning", "", 0, "", "", "other_year", year=ssda903.collection_year_label(guess))
        if self.newest > self.year:
            self.find("warning", "", 0, "", "", "older_return", year=ssda903.collection_year_label(self.newest))
        for other in self.earlier:
            if all(other[f"{file}_sha256"] == self.record[f"{file}_sha256"] for file in ssda903.FILES):
                day = self.record.company_id._pep_local(other.done_on).strftime("%d/%m/%Y")
                self.find("info", "", 0, "", "", "same_files", day=day)
                break

    # === A chunk ===

    def compare(self, sources, write=False):
        """Compare these children; with ``write``, bring the register up to date.

        :param sources: list of :class:`ssda903.Child`
        """
        records, episodes_of = self._fetch(sources)
        new_children, new_episodes, changes = [], [], []
        upns_elsewhere = self._upns_elsewhere(sources, records)
        for source in sources:
            record = records.get(source.child, self.children.browse())
            known = {episode.date_from: episode for episode in episodes_of.get(record.id, ())}
            if source.upn in upns_elsewhere and not record:
                self.warn_child(source, "UPN", "upn_elsewhere", reference=upns_elsewhere[source.upn])
            plan = self._plan_child(source, record, known)
            if record:
                changes += plan.changes
            else:
                new_children.append(plan)
            new_episodes += plan.new_episodes
        if write:
            self._write(new_children, new_episodes, changes)

    def _fetch(self, sources):
        """The children of the register that these rows are about, by person ID, and their episodes by child id."""
        domain = [
            ("company_id", "=", self.record.company_id.id),
            ("la_person_id", "in", [source.child for source in sources]),
        ]
        names = [*CHILD_FIELDS.values(), "la_person_id", "upn_unknown_id", "former_upn", "active"]
        names += ["date_into_care", "date_out_of_care", "import_values", "care_left_on", "care_number"]
        records = self.children.search_fetch(domain, names, order="id")
        self.known_ids = {record.la_person_id: record.id for record in records}
        episodes = self.episodes.search_fetch(
            [("child_id", "in", records.ids)],
            ["child_id", "date_from", "import_values", *EPISODE_FIELDS.values()],
            order="child_id, date_from",
        )
        return {record.la_person_id: record for record in records}, {
            child.id: members for child, members in episodes.grouped("child_id").items()
        }

    def _upns_elsewhere(self, sources, records):
        """UPNs of new children that another child of the council has, and that child's reference."""
        upns = [source.upn for source in sources if source.upn and source.child not in records]
        others = self.children.search_fetch(
            [("company_id", "=", self.record.company_id.id), ("upn", "in", upns)], ["upn", "reference"], order="id"
        )
        return {other.upn: other.reference for other in others}

    def _plan_child(self, source, record, known):
        """What to do about one child: count it, warn about it, and return the :class:`_Plan`."""
        plan = _Plan(source, record)
        imported = dict(record.import_values or {})
        older = bool(record) and self._is_older(imported)
        if record and not record.active:
            self.warn_child(source, "CHILD", "archived")
        if older:
            self.counter["child_left"] += 1
        else:
            self._merge_child(plan, imported, known)
        spells = {day: _spell(_Plan(None, episode), day) for day, episode in known.items()}
        born = plan.value("date_of_birth")
        for row in source.episodes:
            spell = self._plan_episode(plan, row, known.get(row.decom), born)
            if spell:
                spells[row.decom] = spell
        if not older:
            self._merge_care_dates(plan, sorted(spells.values(), key=lambda spell: spell[0]))
            self._finish_child(plan)
        return plan

    def _finish_child(self, plan):
        record, source = plan.record, plan.source
        if not record:
            self.counter["child_new"] += 1
        elif plan.columns:
            self.counter["child_changed"] += 1
            columns = ", ".join(plan.columns)
            self.find("info", ssda903.HEADER, source.row, "", source.child, "changed", columns=columns)
        else:
            self.counter["child_same"] += 1
        values = {"year": self.year, "values": plan.imported}
        if not record or plan.vals or record.import_values != values:
            plan.vals["import_values"] = values
        if record and plan.vals:
            plan.changes.append((record, plan.vals))

    # === Children ===

    def _merge_child(self, plan, imported, known):
        """Merge the header row into ``plan``."""
        source, record = plan.source, plan.record
        plan.remember(imported)
        stated = {"SEX": source.sex, "DOB": source.dob, "UASC": source.uasc or None}
        stated["ETHNIC"] = self._code_id(source, "ETHNIC", source.ethnicity, self.warn_child)
        for column, value in stated.items():
            if value is not None and self._may_take(plan, column, CHILD_FIELDS[column], value, self.warn_child):
                plan.take(column, CHILD_FIELDS[column], value)
        self._merge_upn(plan)
        in_care = min([*known, *filter(None, [record.date_into_care])], default=None)
        if record and in_care and plan.value("date_of_birth") > in_care:
            plan.drop("DOB", "date_of_birth")
            self.warn_child(source, "DOB", "born_after_care")

    def _merge_upn(self, plan):
        """A number replaces a reason for having none, never the other way round. What it replaces is kept as former."""
        source, record = plan.source, plan.record
        if source.upn:
            if self._may_take(plan, "UPN", "upn", source.upn, self.warn_child):
                if record.upn and record.upn != source.upn and not record.former_upn:
                    plan.vals["former_upn"] = record.upn
                plan.take("UPN", "upn", source.upn)
                if record.upn_unknown_id:
                    plan.vals["upn_unknown_id"] = False
        elif source.upn_unknown:
            code_id = self._code_id(source, "UPN", source.upn_unknown, self.warn_child)
            if code_id and record.upn:
                self.warn_child(source, "UPN", "upn_kept")
            elif code_id and self._may_take(plan, "UPN", "upn_unknown_id", code_id, self.warn_child):
                plan.take("UPN", "upn_unknown_id", code_id)

    def _merge_care_dates(self, plan, spells):
        """Work out when the current period of care began and ended, from all episodes that are known by now."""
        source = plan.source
        into, out = ssda903.care_dates([spell[:3] for spell in spells])
        if self._next_is_missing(spells):
            out = None  # still in care, whatever the file leaves out: the duty to have a PEP goes on
        self._warn_about_spells(plan, spells)
        if into is None:
            return
        for column, field, value in (("DECOM", "date_into_care", into), ("DEC", "date_out_of_care", out or False)):
            if self._may_take(plan, column, field, value, self.warn_child):
                plan.take(column, field, value)
        into, out = plan.value("date_into_care"), plan.value("date_out_of_care")
        born = plan.value("date_of_birth")
        if (out and (not into or out < into)) or (into and into < born):
            plan.drop("DECOM", "date_into_care")
            plan.drop("DEC", "date_out_of_care")
            self.warn_child(source, "CHILD", "dates_kept")

    @staticmethod
    def _next_is_missing(spells):
        """Whether the last episode ended because another began (X1), and there is no other."""
        return bool(spells) and all(spell[1] for spell in spells) and spells[-1][3] == "X1"

    def _warn_about_spells(self, plan, spells):
        open_spells = [spell for spell in spells if spell[1] is None]
        if len(open_spells) > 1:
            self.warn_child(plan.source, "CHILD", "several_open", number=len(open_spells))
        elif open_spells and spells[-1][1] is not None:
            self.warn_child(plan.source, "CHILD", "not_ended")
        elif self._next_is_missing(spells):
            self.warn_child(plan.source, "CHILD", "next_missing")

    # === Episodes ===

    def _is_older(self, imported):
        """Whether this return is older than the newest one, or than the one that a record was last in."""
        return max(self.newest, imported.get("year", 0)) > self.year

    def _plan_episode(self, plan, row, record, born):
        """What to do about one row of the episodes.

        :return: (first day, last day or None, reason for beginning, reason for ending) as it will be; None if it is
            not to be
        """
        if born and row.decom < born:
            self._skip(row, "DECOM", "before_birth")
            return None
        values = {column: self._code_id(row, column, code, self.warn_episode) for column, code in row.codes.items()}
        values = {"DEC": row.dec, "URN": row.urn} | values
        if record is None:
            return self._plan_new_episode(plan, row, values)
        merged = _Plan(row, record)
        imported = dict(record.import_values or {})
        if self._is_older(imported):
            self.counter["episode_left"] += 1
            return None
        merged.remember(imported)
        for column, field in EPISODE_FIELDS.items():
            value = values.get(column)
            if value is None and (column not in BLANK_MEANS or column in row.codes):
                continue
            if self._may_take(merged, column, field, value or False, self.warn_episode):
                merged.take(column, field, value or False)
        self._finish_episode(plan, merged, row)
        return _spell(merged, row.decom)

    def _finish_episode(self, plan, merged, row):
        record = merged.record
        if merged.columns:
            self.counter["episode_changed"] += 1
            columns = ", ".join(merged.columns)
            self.find("info", ssda903.EPISODES, row.row, "", row.child, "changed", columns=columns)
            if record.date_to and merged.vals.get("date_to") is False:
                self.warn_episode(row, "DEC", "reopened")
        else:
            self.counter["episode_same"] += 1
        stored = {"year": self.year, "values": merged.imported}
        if merged.vals or record.import_values != stored:
            plan.changes.append((record, {**merged.vals, "import_values": stored}))

    def _plan_new_episode(self, plan, row, values):
        if not row.dec and self._is_older(plan.record.import_values or {}):
            self._skip(row, "DEC", "open_in_older")
            return None
        self.counter["episode_new"] += 1
        vals = {EPISODE_FIELDS[column]: value for column, value in values.items() if value}
        imported = {field: _plain(vals.get(field)) for field in EPISODE_FIELDS.values()}
        vals |= {"date_from": row.decom, "source": "ssda903"}
        vals["import_values"] = {"year": self.year, "values": imported}
        plan.new_episodes.append((row.child, vals))
        return (row.decom, row.dec, row.codes.get("RNE"), row.codes.get("REC"))

    def _skip(self, row, column, code):
        self.skipped += 1
        self.warn_episode(row, column, code)

    # === Fields ===

    def _may_take(self, plan, column, field, value, warn):
        """Whether the return's value goes into the field: see "What people entered stays" at the model."""
        if not plan.record:
            return True
        current = _plain(plan.record[field])
        if current == _plain(value):
            plan.imported[field] = current
            return False
        last = plan.imported.get(field, False)
        if current == last and (field in plan.imported or not current):
            return True
        warn(plan.source, column, "kept")
        return False

    def _code_id(self, source, column, code, warn):
        """Id of the national code in a column. A code of another year is taken in; one that nobody knows is not."""
        if not code:
            return None
        kind = "upn_unknown" if column == "UPN" else ssda903.CODE_KINDS[column]
        found = self.valid_codes.get((kind, code))
        if not found:
            found = self.codes.get((kind, code))
            label = ssda903.collection_year_label(self.year)
            warn(source, column, "other_year_code" if found else "unknown_code", given=code, year=label)
        return found.id if found else None

    # === Writing ===

    def _write(self, new_children, new_episodes, changes):
        company = self.record.company_id.id
        unsaid = {"vseo_id": False, "sen_provision": False}  # the return does not say: no default either
        made = self.children.create(
            [{**plan.vals, **unsaid, "company_id": company, "la_person_id": plan.source.child} for plan in new_children]
        )
        ids = self.known_ids | {plan.source.child: child.id for plan, child in zip(new_children, made, strict=True)}
        self._write_changes("pep.child", changes)
        self.episodes.create([{**vals, "child_id": ids[child]} for child, vals in new_episodes])
        self._write_changes("pep.care.episode", changes)
        moved = [record.id for record, vals in changes if record._name == "pep.child" and vals.keys() & OF_CARE]
        moved = made + self.children.browse(moved)
        deferring = moved.with_context(pep_defer_opening=False, pep_clocks_later=CLOCKS)
        deferring._open_plans_mid_term()
        deferring._sync_face_due()
        spells = [record for record, vals in changes if record._name == "pep.care.episode" and vals.keys() & OF_CLOCKS]
        concerned = {spell.child_id.id for spell in spells} | {ids[child] for child, _vals in new_episodes}
        self.children.env["pep.deadline"]._sync(children=moved | moved.browse(concerned))

    def _write_changes(self, model, changes):
        mine = [(record, vals) for record, vals in changes if record._name == model]
        self.env[model].browse([record.id for record, _vals in mine]).check_access("write")
        for record, vals in mine:
            record.sudo().write(vals)  # sudo: access to all of them was checked in one query, just above


class _Plan:
    """What becomes of one child or one episode: the values to write, and what the return said for the next time."""

    def __init__(self, source, record):
        self.source, self.record = source, record
        self.vals, self.imported, self.columns = {}, {}, []
        self.before = {}
        self.changes, self.new_episodes = [], []

    def remember(self, imported):
        """Start from what the last return said."""
        self.before = imported.get("values") or {}
        self.imported = dict(self.before)

    def take(self, column, field, value):
        self.vals[field] = value
        self.imported[field] = _plain(value)
        self.columns.append(column)

    def drop(self, column, field):
        """Undo :meth:`take`."""
        if self.vals.pop(field, None) is not None and column in self.columns:
            self.columns.remove(column)
        self.imported.pop(field, None)
        if field in self.before:
            self.imported[field] = self.before[field]

    def value(self, field):
        """The value that the field will have; an id for a code."""
        if field in self.vals:
            return self.vals[field]
        value = self.record[field] if self.record else False
        return value.id if isinstance(value, models.BaseModel) else value


def _spell(plan, first_day):
    """An episode as it will be: (first day, last day or None, code for why it began, code for why it ended)."""
    codes = plan.record.env["pep.code"]
    began, ended = (codes.browse(plan.value(name)).code or None for name in ("reason_new_id", "reason_ceased_id"))
    return (first_day, plan.value("date_to") or None, began, ended)


def _plain(value):
    """A field's value as JSON holds it: the id of a code, a date as text, False for nothing."""
    if isinstance(value, models.BaseModel):
        return value.id or False
    if isinstance(value, bool) or not value:
        return bool(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
