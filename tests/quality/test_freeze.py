"""A complete PEP is read-only: every field, every row and every command, by the ways that Odoo itself offers."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged

from tests.access.table import ROLES

from .freeze_common import FrozenCase

WRITERS = ("vseo", "support", "head")
# What may be written on a finished PEP, and leaves what was agreed as it was: chatter and activities are beside it.
BESIDE = {("pep.plan", name) for name in ("activity_ids", "message_ids", "message_follower_ids")}


@tagged("post_install", "-at_install")
class TestWriting(FrozenCase):
    def writable(self, record):
        for name, field in record._fields.items():
            if name not in MAGIC_COLUMNS and (field.store or field.inverse):
                yield name, field

    def test_the_harness_sees_a_change(self):
        """What follows proves nothing unless a change is seen."""
        self.assertGreater(len(self.before), 35)
        self.assertGreater(len(self.frozen_records()), 15)
        for table, column in (("pep_target", "baseline"), ("pep_answer", "value_text"), ("pep_plan_copy", "document")):
            with self.subTest(table):
                before = self.differences()
                self.env.cr.execute(
                    f"UPDATE {table} SET {column} = 'Forged' WHERE child_id = %s", [self.plan.child_id.id]
                )
                self.assertGreater(len(self.differences()), len(before))

    def test_no_field_of_any_row_is_written(self):
        tried = 0
        for record in self.frozen_records():
            for name, field in self.writable(record):
                value = self.another(record.sudo(), field)
                for person in WRITERS:
                    mine = self.as_person(record._name, person).browse(record.id)
                    with self.subTest(record._name, field=name, person=person):
                        error = self.attempt(lambda mine=mine, name=name, value=value: mine.write({name: value}))
                        self.assertTrue(error or (record._name, name) in BESIDE)
                        tried += 1
        self.assertGreater(tried, 700)

    def test_nor_by_a_form_or_a_list(self):
        for record in self.frozen_records():
            name = next(name for name, field in self.writable(record) if field.type in ("char", "text"))
            for person in WRITERS:
                mine = self.as_person(record._name, person).browse(record.id)
                with self.subTest(record._name, person=person):
                    self.assertTrue(self.attempt(lambda mine=mine, name=name: mine.web_save({name: "Forged"}, {})))
                    self.assertTrue(
                        self.attempt(lambda mine=mine, name=name: mine.web_save_multi([{name: "Forged"}], {}))
                    )
                    self.assertTrue(self.attempt(lambda mine=mine, name=name: mine.update({name: "Forged"})))

    def test_nor_by_the_app_itself(self):
        """Under sudo, where a screen's own rights don't count; what the app keeps by itself is not among these."""
        for model, vals in (
            ("pep.plan", {"summary": "Forged"}),
            ("pep.plan", {"school_id": False}),
            ("pep.plan", {"vseo_id": self.users["other_vseo"].id}),
            ("pep.plan", {"state": "processing", "summary": "Forged"}),
            ("pep.target", {"baseline": "Forged"}),
            ("pep.target.review", {"outcome": "achieved"}),
            ("pep.meeting", {"notes": "Forged"}),
            ("pep.meeting.attendee", {"attended": False}),
            ("pep.funding.request", {"why": "Forged"}),
            ("pep.gate.pass", {"note": "Forged"}),
            ("pep.action", {"name": "Forged"}),
            ("pep.document", {"file": "Rm9yZ2Vk"}),
            ("pep.plan.issue", {"document": "Forged"}),
            ("pep.plan.copy", {"document": "Forged"}),
        ):
            record = self.plan.issue_ids[:1] if model == "pep.plan.issue" else None
            record = record or (self.plan.issue_ids.copy_ids[:1] if model == "pep.plan.copy" else None)
            record = record or self.env[model].browse(next(id_ for name, id_ in self.before if name == model))
            with self.subTest(model, vals=vals):
                self.assertIsInstance(
                    self.attempt(lambda record=record, vals=vals: record.sudo().write(vals)), UserError
                )

    def test_nor_by_who_may_not_write_anyway(self):
        for record in self.frozen_records():
            name = next(name for name, field in self.writable(record) if field.type in ("char", "text"))
            for person in set(ROLES) - set(WRITERS):
                mine = self.as_person(record._name, person).browse(record.id)
                with self.subTest(record._name, person=person):
                    self.assertTrue(self.attempt(lambda mine=mine, name=name: mine.write({name: "Forged"})))

    def test_nothing_is_imported(self):
        for record in self.frozen_records():
            name = next(name for name, field in self.writable(record) if field.type in ("char", "text"))
            for person in WRITERS:
                model = self.as_person(record._name, person)
                rows = ([".id", name], [[str(record.id), "Forged"]])
                with self.subTest(record._name, person=person):
                    self.assertIsNone(self.attempt(lambda model=model, rows=rows: self.assert_not_loaded(model, *rows)))

    def assert_not_loaded(self, model, names, rows):
        told = model.load(names, rows)
        if told["ids"] or not told["messages"]:
            self.fail(f"{model._name} was imported")

    def test_nothing_is_added(self):
        parts = self.parts()
        tried = 0
        for model in sorted(parts.keys() - {"pep.plan", "pep.meeting.option", "pep.meeting.option.answer"}):
            values = self.create_values(model, "own")
            for person in (*WRITERS, "teacher", "carer"):
                with self.subTest(model, person=person):
                    tried += 1
                    records = self.as_person(model, person)
                    self.assertTrue(self.attempt(lambda records=records, values=values: records.create(values)))
                    self.assertTrue(self.attempt(lambda records=records: records.name_create("Forged")))
        self.assertGreater(tried, 50)

    def test_nor_by_a_copy(self):
        for record in self.frozen_records():
            for person in WRITERS:
                mine = self.as_person(record._name, person).browse(record.id)
                with self.subTest(record._name, person=person):
                    self.assertTrue(self.attempt(mine.copy))

    def test_nothing_goes(self):
        """Not deleted, not even by the app; not archived."""
        for record in self.frozen_records():
            with self.subTest(record._name):
                self.assertIsInstance(self.attempt(record.sudo().unlink), UserError)
                for person in WRITERS:
                    mine = self.as_person(record._name, person).browse(record.id)
                    self.assertIsInstance(self.attempt(mine.unlink), AccessError)
                    if "active" in record._fields:
                        self.assertTrue(self.attempt(mine.action_archive))

    def test_commands_through_other_records(self):
        """By every x2many field of any model that leads to a part of the PEP."""
        parts = {record._name: record for record in self.frozen_records() if record != self.extra}
        tried = 0
        for model, records in self.env.items():
            if records._abstract or records._transient:
                continue
            for name, field in records._fields.items():
                if field.type not in ("one2many", "many2many") or field.comodel_name not in parts:
                    continue
                part = parts[field.comodel_name]
                holder = self.holder(model, part, field)
                if not holder:
                    continue
                text = next(key for key, other in self.writable(part) if other.type in ("char", "text"))
                for command in (
                    Command.update(part.id, {text: "Forged"}),
                    Command.create({**self.create_values(part._name, "own"), text: "Forged"}),
                    Command.delete(part.id),
                    Command.unlink(part.id),
                    Command.clear(),
                    Command.set([]),
                ):
                    for person in WRITERS:
                        tried += 1
                        self.as_called_by(person)
                        mine = self.as_person(model, person).browse(holder.id)
                        with self.subTest(model, field=name, command=command, person=person):
                            self.attempt(lambda mine=mine, name=name, command=command: mine.write({name: [command]}))
        self.assertGreater(tried, 300)

    def holder(self, model, part, field):
        """A record of a model that has the part in this field."""
        if field.type == "one2many" and field.inverse_name:
            return part.sudo()[field.inverse_name]
        if model in self.records:
            return self.records[model]["own"]
        return self.env[model].sudo().search([], limit=1)
