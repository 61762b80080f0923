"""A PEP that is complete, with one record of every model about it, and what it looked like when it was issued."""

from datetime import date, datetime, timedelta

from odoo import Command, fields
from odoo.tools import SQL, mute_logger

from tests.access import test_ways_in
from tests.access.table import TABLE

QUIET = (
    *test_ways_in.QUIET_DENIAL,
    "odoo.sql_db",
    "odoo.http",
    "odoo.addons.base.models.ir_attachment",
    "odoo.addons.pep_module.models.quality.pep_plan_document",  # no PDF of the access tests' own versions
)
# What runs on beside a finished PEP, by model: whole rows, or these columns of them. All else is what was agreed.
ROWS_BESIDE = {
    "pep.funding": "approvals, bills, payments",
    "pep.concern": "that somebody saw to it",
    "pep.deadline": "clocks",
    "pep.deadline.notice": "clocks",
    "pep.meeting.reply": "mails that come later",
    "pep.meeting.note": "for colleagues, in no issued version",
    "pep.plan.copy.sent": "to whom copies were sent",
    "pep.plan.issue": "written once; proven by their digests",
    "pep.plan.copy": "written once; proven by their digests",
}
COLUMNS_BESIDE = {
    "pep.plan": {"message_main_attachment_id", "next_due", "next_due_kind", "copies_sent_on"},
    "pep.target": {"state", "is_unfinished"},  # what its review in the next PEP says
    "pep.action": {
        "state",
        "done_on",
        "done_by_id",
        "remark",
        "partner_id",
        "owner_name",
        "role",
        "given_on",
        "given_by_id",
    },
    "pep.review": {"hidden_from_id"},  # from whom the marks are kept while they mark it again
    "pep.review.line": {"hidden_from_id"},
}
# Nobody answers for the time of a write that changed nothing; who may read a row follows from other rows.
TECHNICAL = {"write_uid", "write_date", "delegate_id"}


class FrozenCase(test_ways_in.WaysInCase):
    """:attr:`plan` is that of the access tests' own child, complete; :meth:`assert_frozen` compares it with before."""

    arguments = test_ways_in.TestMethods.arguments
    attendance_file = test_ways_in.TestMethods.attendance_file
    form_values = test_ways_in.TestMethods._form_values

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.records["pep.plan"]["own"]
        cls.meeting = cls.records["pep.meeting"]["own"]
        cls.look_back(cls.plan)
        cls.complete(cls.plan)
        cls.before = cls.look(cls.plan)

    @classmethod
    def look_back(cls, plan):
        """Let the PEP review a target of an earlier one."""
        before = cls.env["pep.term"]._term_on(cls.council, plan.term_id.date_from - timedelta(days=1))
        earlier = cls.make_plan(plan.child_id, before)
        target = cls.smart_target(earlier, name="Secret aim of long ago")
        cls.review = cls.env["pep.target.review"].create(
            {"plan_id": plan.id, "target_id": target.id, "outcome": "partly", "impact": "Secret impact"}
        )

    @classmethod
    def complete(cls, plan):
        """Take the steps that are left. A version 1 is there already, made by the access tests."""
        plan.issue_version = 1
        plan.write({"next_meeting_note": "In May", "summary": "Secret summary"})
        plan.action_ready()
        begun = fields.Datetime.now() - timedelta(hours=1)
        cls.extra = cls.env["pep.meeting"].create(
            {"plan_id": plan.id, "is_extra": True, "start": begun - timedelta(hours=1), "notes": "Secret words beside"}
        )
        cls.extra.attendee_ids.attended = True
        cls.extra._hold()
        cls.meeting.start = begun
        cls.meeting.attendee_ids.attended = True
        cls.meeting._hold()
        if plan.state == "ready":
            plan._move("processing")
        plan.action_complete()
        cls.env.flush_all()
        cls.env.invalidate_all()

    # === What it looks like ===

    @classmethod
    def path(cls, model):
        """Names of the fields from a model to the PEP that its rows are part of; None where they are of no PEP."""
        if model == "pep.plan":
            return ["id"]
        records = cls.env[model]
        if "plan_id" in records._fields and records._fields["plan_id"].store:
            return ["plan_id"]
        parent = getattr(records, "_child_parent", None)
        path = parent and cls.path(records._fields[parent].comodel_name)
        return path and [parent, *path]

    @classmethod
    def parts(cls):
        """The models of which a PEP consists: those about a child whose rows hang on one, save what runs beside."""
        bound = cls.env.registry["pep.child.bound"]
        return {
            model: path
            for model, records in cls.env.items()
            if isinstance(records, bound) and not records._abstract and not records._transient and records._auto
            if (path := cls.path(model)) and model not in ROWS_BESIDE
        }

    @classmethod
    def look(cls, plan):
        """Every stored column of every row of a PEP, and its issued versions: dict of (model, id) -> dict."""
        cls.env.flush_all()
        cls.env.invalidate_all()
        rows = {}
        for model, path in cls.parts().items():
            records = cls.env[model].sudo().with_context(active_test=False)
            found = records.search([(".".join(path), "=", plan.id)]).filtered(cls.is_of_issue)
            if not found:
                continue
            beside = COLUMNS_BESIDE.get(model, set()) | TECHNICAL
            query = SQL(
                "SELECT id, to_jsonb(part) FROM %s part WHERE id IN %s", SQL.identifier(records._table), found._ids
            )
            for id_, row in cls.env.execute_query(query):
                rows[model, id_] = {
                    name: value
                    for name, value in row.items()
                    if name not in beside and not name.startswith(("for_", "message_"))
                }
        for issue in plan.issue_ids.filtered(lambda issue: issue.version == plan.issue_version):
            copies = {copy.id: (copy.digest, copy.document) for copy in issue.copy_ids}
            rows["pep.plan.issue", issue.id] = {"digest": issue.digest, "intact": issue.is_intact, "copies": copies}
        return rows

    @classmethod
    def is_of_issue(cls, record):
        """Whether a row belongs to the issue: meetings that are still to come and second marks run on beside it."""
        if "kind" in record._fields and record._name.startswith("pep.review") and record.kind != "qa":
            return False
        meeting = record
        while meeting._name != "pep.meeting":
            if "meeting_id" in meeting._fields:
                meeting = meeting.meeting_id
            elif getattr(meeting, "_child_parent", None):
                meeting = meeting[meeting._child_parent]
            else:
                return True
            if not meeting:
                return True
        return not meeting.is_extra or meeting.state not in ("offering", "planned")

    def differences(self, plan=None, before=None):
        now, before = self.look(plan or self.plan), before or self.before
        told = [f"{key} is gone" for key in before.keys() - now.keys()]
        told += [f"{key} is new" for key in now.keys() - before.keys()]
        for key in before.keys() & now.keys():
            told += [
                f"{key} {name}: {before[key].get(name)!r} -> {value!r}"
                for name, value in now[key].items()
                if value != before[key].get(name)
            ]
        return sorted(told)

    def assert_frozen(self):
        self.assertEqual(self.differences(), [])

    # === Trying ===

    def attempt(self, action):
        """Try something, and take it back. Whatever is not refused must have left the PEP as it was.

        :return: the error that refused it, or None
        """
        savepoint = self.env.cr.savepoint()
        try:
            with mute_logger(*QUIET):
                action()
                self.env.flush_all()
        except Exception as error:  # noqa: BLE001, any refusal will do, the database's own among them
            return error
        else:
            self.assert_frozen()
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
            self.registry.clear_cache()

    def another(self, record, field):
        """A value that a field does not have now."""
        now = record[field.name]
        match field.type:
            case "char" | "text" | "html":
                return "Forged"
            case "integer" | "float" | "monetary":
                return (now or 0) + 1
            case "boolean":
                return not now
            case "date":
                return (now or date(2020, 1, 1)) + timedelta(days=1)
            case "datetime":
                return (now or datetime(2020, 1, 1)) + timedelta(days=1)
            case "selection":
                return next(
                    (value for value, _label in field._description_selection(self.env) if value != now), "forged"
                )
            case "many2one" | "many2one_reference":
                others = self.env[field.comodel_name].sudo().search([("id", "!=", now.id)], limit=1)
                return False if now else others.id
            case "many2many":
                return [Command.clear()] if now else [Command.set(self.env[field.comodel_name].search([], limit=1).ids)]
            case "one2many":
                return [Command.delete(now[:1].id)] if now else [Command.create({})]
            case "json":
                return {"forged": True}
            case "binary":
                return "Rm9yZ2Vk"
        return "forged"

    def frozen_records(self):
        """One row of each model of which the PEP consists."""
        rows = {}
        for model, id_ in self.before:
            rows.setdefault(model, id_)
        rows["pep.meeting.extra"] = self.extra.id
        return {
            self.env["pep.meeting" if model == "pep.meeting.extra" else model].browse(id_)
            for model, id_ in rows.items()
        }


METHODS = TABLE.methods
