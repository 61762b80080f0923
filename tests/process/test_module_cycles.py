"""Installing, updating and uninstalling the app on a database that is in use: nothing else changes, nothing stays."""

import json
import re
import textwrap

import pytest

from _pep import harness, log
from tests.process.council import opened, settle
from tests.process.dump import Dump

# A council that runs its accounts and its calendar in Odoo.
LIVED_IN = """
from datetime import datetime, timedelta
company = env.ref("base.main_company")
env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
users = env["res.users"].with_context(no_reset_password=True)
def user(login, *groups):
    return users.create({
        "name": login, "login": login, "password": login + ".password", "email": login + "@example.org",
        "company_id": company.id, "company_ids": [(6, 0, company.ids)],
        "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
    })
employee = user("employee", "base.group_user")
accountant = user("accountant", "base.group_user", "account.group_account_manager", "base.group_partner_manager")
portal = user("portal_user", "base.group_portal")
suppliers = env["res.partner"].create([{"name": f"Supplier {number}", "is_company": True} for number in range(5)])
moves = env["account.move"].create([
    {
        "move_type": "in_invoice", "partner_id": partner.id, "invoice_date": "2026-01-15",
        "invoice_line_ids": [(0, 0, {"name": "Tuition", "quantity": 1, "price_unit": 100.0})],
    }
    for partner in suppliers
])
moves[:3].action_post()
start = datetime(2026, 9, 7, 10)
env["calendar.event"].create([
    {
        "name": f"Meeting {number}", "start": start + timedelta(days=number),
        "stop": start + timedelta(days=number, hours=1),
        "user_id": employee.id, "partner_ids": [(6, 0, (employee | accountant).partner_id.ids)],
    }
    for number in range(4)
])
env.cr.commit()
"""
# What people who have nothing to do with the virtual school may and see.
SEEN = """
import json
OPERATIONS = ("read", "write", "create", "unlink")
seen = {}
for login in ("admin", "employee", "accountant", "portal_user"):
    own = env(user=env["res.users"].search([("login", "=", login)]))
    models = sorted(name for name in env.registry if not name.startswith("pep."))
    may = lambda name, mode: own["ir.model.access"].check(name, mode, False)
    rows = ("res.partner", "res.users", "res.company", "calendar.event", "account.move", "mail.message")
    # a note is written about every new scheduled action, for who administers Odoo
    domains = {"mail.message": [("model", "not in", ("ir.actions.server", "ir.cron"))]}
    lists = {
        name: own[name].search(domains.get(name, []), order="id")
        for name in rows
        if may(name, "read")
    }
    seen[login] = {
        "access": [f"{name} {mode}" for name in models for mode in OPERATIONS if may(name, mode)],
        "rules": {
            f"{name} {mode}": str(own["ir.rule"]._compute_domain(name, mode)) for name in models for mode in OPERATIONS
        },
        "rows": {name: records.ids for name, records in lists.items()},
        "names": {name: records.mapped("display_name") for name, records in lists.items()},
        "menus": sorted(own["ir.ui.menu"]._visible_menu_ids()) if own.user._is_internal() else [],
    }
print(json.dumps(seen))
"""
# Tables in which installing anything leaves rows of no meaning.
ANY_MODULE = {"orm_signaling_registry", "ir_cron_trigger"}
# Columns that every update writes anew: the text of a view before its last update, where the list of apps links to.
REWRITTEN = {"arch_prev", "url"}
# Rows without an external name of their own: to whose record they belong (column, model of that record).
BELONGS = {
    "ir_act_server_group_rel": ("act_id", "ir.actions.server"),
    "ir_act_window_group_rel": ("act_id", "ir.actions.act_window"),
    "ir_act_window_view": ("act_window_id", "ir.actions.act_window"),
    "ir_actions_server_history": ("action_id", "ir.actions.server"),
    "ir_model_constraint": ("model", "ir.model"),
    "ir_model_fields_selection": ("field_id", "ir.model.fields"),
    "ir_model_inherit": ("model_id", "ir.model"),
    "ir_model_relation": ("model", "ir.model"),
    "ir_ui_menu_group_rel": ("menu_id", "ir.ui.menu"),
    "mail_alias": ("alias_model_id", "ir.model"),
    "res_groups_report_rel": ("uid", "ir.actions.report"),
    "resource_calendar_attendance": ("calendar_id", "resource.calendar"),
    "resource_calendar_leaves": ("calendar_id", "resource.calendar"),
    "res_groups_implied_rel": ("gid", "res.groups"),
    "rule_group_rel": ("rule_group_id", "ir.rule"),
}
ACTIONS = {
    "ir_act_window": "ir.actions.act_window",
    "ir_act_server": "ir.actions.server",
    "ir_act_client": "ir.actions.client",
    "ir_act_report_xml": "ir.actions.report",
}
# What the app changes outside its own records, each with its reason.
EXTENDED = {
    # the technical description of a model that the app extends is that of the last class that has one
    ("ir_model", "res.company"),
    ("ir_model", "ir.rule"),
    ("ir_model", "res.partner"),
    ("ir_model", "ir.attachment"),
    ("ir_model", "ir.binary"),
    ("ir_model", "calendar.attendee"),
    ("ir_model", "calendar.event"),
    ("ir_model", "calendar.popover.delete.wizard"),
    ("ir_model", "ir.mail_server"),
    ("ir_model", "mail.mail"),
    ("ir_model", "ir.actions.report"),
    ("ir_model", "resource.calendar"),
    ("ir_model", "resource.calendar.attendance"),
    ("ir_model", "resource.calendar.leaves"),
    ("ir_model", "base.partner.merge.automatic.wizard"),
}
# Rules of other apps' models that the app narrows: carers, relatives and their logins are known only around the child.
NARROWED = {
    "res.partner",
    "res.users",
    "calendar.event",
    "calendar.attendee",
    "resource.calendar",
    "resource.calendar.leaves",
}


def own(dump, before):
    """Ids of the app's own records, by model."""
    ids = {}
    for row in dump.rows["ir_model_data"]:
        if row["module"] == "pep_module":
            ids.setdefault(row["model"], set()).add(row["res_id"])
    for model, table in (("ir.model", "ir_model"), ("ir.model.fields", "ir_model_fields")):
        ids[model] = ids.get(model, set()) - {row["id"] for row in before.rows[table]}
    # the calendars by which clocks count, which each council is given
    ids["resource.calendar"] = {row["id"] for row in dump.rows["resource_calendar"] if row.get("pep_kind")}
    return ids


def foreign(dump, before):
    """What is new or different in ``dump`` and is neither the app's nor any module's."""
    ids = own(dump, before)
    found = {}
    for table, rows in (dump - before).items():
        if table in ANY_MODULE or table.startswith("pep_"):
            continue
        kept = [row for row in rows if not is_own(table, row, ids)]
        if kept:
            found[table] = kept
    return found


def meant(difference):
    """A difference without what any operation on modules leaves behind."""
    return {table: rows for table, rows in difference.items() if table not in ANY_MODULE}


def is_own(table, row, ids):
    """Whether a row is one of the app's records, or hangs on one."""
    if table == "ir_module_module":
        return row["name"] == "pep_module"
    if table == "ir_model_data":
        return row["module"] == "pep_module" or re.match(r"(selection|model_inherit|field)__pep_", row["name"])
    if table in ("ir_attachment", "mail_message"):
        model = row.get("res_model") or row.get("model")
        return row["res_id"] in ids.get(model, ()) and model != "res.partner"
    if table == "ir_actions":
        return any(row["id"] in ids.get(model, ()) for model in ACTIONS.values())
    if table == "ir_model" and (table, row["model"]) in EXTENDED:
        return True
    if table == "ir_model_constraint" and "_pep_" in row["name"]:  # of a field that the app adds to Odoo's own table
        return True
    if table in BELONGS:
        column, model = BELONGS[table]
        if row[column] in ids.get(model, ()):
            return True
    return "id" in row and row["id"] in ids.get(ACTIONS.get(table, table.replace("_", ".")), ())


@pytest.fixture(scope="module")
def lived_in(request):
    """A database with accounts and a calendar in use, without the app; with what it holds and what people see."""
    db = harness.make("base")
    request.addfinalizer(db.drop)
    db.shell(LIVED_IN)
    db.seen = json.loads(db.shell(SEEN))
    db.before = Dump(db)
    return db


@pytest.fixture(scope="module")
def installed(lived_in, request):
    """The same with the app installed."""
    db = lived_in.copy()
    request.addfinalizer(db.drop)
    db.install()
    db.after = Dump(db)
    return db


@pytest.fixture
def db(installed, request):
    copy = installed.copy()
    request.addfinalizer(copy.drop)
    return copy


def left_of_the_app(dump):
    """What an uninstalled app may not leave: its tables, its columns, and rows that speak of its models."""
    left = [table for table in dump.columns if table.startswith("pep_")]
    for table, columns in dump.columns.items():
        left += [f"{table}.{column}" for column in columns if column.startswith("pep_")]
        for row in dump.rows[table]:
            texts = [str(value) for value in row.values()]
            if table != "ir_module_module" and any(re.match(r"pep\.[a-z]|pep_module\b", text) for text in texts):
                left.append(f"{table}: {row}")
    return left


def test_installing_changes_nothing_else(lived_in, installed):
    assert foreign(installed.after, lived_in.before) == {}
    changed = lived_in.before - installed.after
    assert {row["name"] for row in changed.pop("ir_module_module")} == {"pep_module"}
    assert {("ir_model", row["model"]) for row in changed.pop("ir_model")} == EXTENDED
    assert changed == {}
    columns = installed.after.new_columns(lived_in.before)
    assert {name for name in columns if ".pep_" not in name} == set()
    assert {name.split(".")[0] for name in columns} == {
        "calendar_attendee",
        "calendar_event",
        "mail_mail",  # what calendars read of an invitation, until it is sent
        "res_company",
        "res_partner",
        "res_users",
        "resource_calendar",
        "resource_calendar_leaves",
    }
    assert {table for table in installed.after.new_tables(lived_in.before) if "pep_" not in table} == set()


def test_everybody_else_sees_and_may_the_same(lived_in, installed):
    now = json.loads(installed.shell(SEEN))
    for login, before in lived_in.seen.items():
        after = now[login]
        for what in ("access", "rows", "names", "menus"):
            assert after[what] == before[what], f"{what} of {login}"
        different = {name.split()[0] for name, rule in after["rules"].items() if rule != before["rules"].get(name)}
        assert different <= NARROWED, login


def test_updating_changes_nothing(db, installed):
    db.update()
    once = Dump(db, but=REWRITTEN)
    db.update()
    twice = Dump(db, but=REWRITTEN)
    for earlier, later in ((installed.after, once), (once, twice)):
        assert meant(later - earlier) == {}
        assert meant(earlier - later) == {}


def test_uninstalling_an_empty_one_and_installing_it_again(lived_in, installed, db):
    # in use, though without a child: settings, a person in charge, what people save about its screens
    db.shell("""
user = env["res.users"].search([("login", "=", "employee")])
user.group_ids |= env.ref("pep_module.group_pep_head") | env.ref("pep_module.group_pep_admin")
env.ref("base.main_company").pep_meeting_hours = 2
env["pep.cover"].create({"user_id": user.id, "cover_user_id": 1, "role": "support"})
env["ir.filters"].create({"name": "Mine", "model_id": "pep.plan", "domain": "[]", "user_ids": [(4, user.id)]})
env["ir.exports"].create({"name": "Mine", "resource": "pep.child"})
env["ir.default"].set("pep.plan", "summary", "Nothing yet")
env["ir.config_parameter"].set_param("pep_module.test", "1")
env["pep.term"]._cron_open()
env["pep.access"]._cron_tidy()
env["ir.attachment"].create({"name": "note", "raw": b"x", "res_model": "pep.kind", "res_id": 1})
env.cr.commit()
""")
    db.uninstall()
    gone = Dump(db)
    assert left_of_the_app(gone) == []
    for difference in (gone - lived_in.before, lived_in.before - gone):
        different = meant(difference)
        assert {row["name"] for row in different.pop("ir_module_module", ())} <= {"pep_module"}
        assert different == {}
    assert json.loads(db.shell(SEEN)) == lived_in.seen

    db.install()
    again = Dump(db)
    assert {table: len(rows) for table, rows in again.rows.items() if table.startswith("pep_")} == {
        table: len(rows) for table, rows in installed.after.rows.items() if table.startswith("pep_")
    }
    assert foreign(again, gone) == {}
    settle(db, 5)
    db.shell("env['pep.term']._cron_open()")
    assert len(opened(db)[0]) == 5 + 2


@pytest.mark.parametrize("module", ["pep_module", "account"])
def test_uninstalling_is_refused_where_children_are(db, module):
    settle(db, 3)
    before = Dump(db)
    text = db.uninstall(module, check=False)
    assert db.processes[-1].returncode
    assert re.search(r"YourCompany|My Company", text) and "3 children" in text
    assert "Export everything" in text
    after = Dump(db)
    assert meant(after - before) == meant(before - after) == {}
    with db.serve() as server:
        children = server.login("vseo", "vseo.password").call("pep.child", "search_count", [])
        assert children == 3
    assert not log.report(log.problems(server.log))


def test_uninstalling_after_the_export_was_confirmed(db, lived_in):
    settle(db, 3)
    db.shell("""
env["pep.term"]._cron_open()
plan = env["pep.plan"].search([], limit=1)
meeting = env["pep.meeting"].create({"plan_id": plan.id, "start": "2027-03-01 10:00:00"})
assert meeting.event_id.attendee_ids
env.cr.commit()
""")
    export = textwrap.dedent("""
        import io, re, zipfile
        company = env.ref("base.main_company")
        child = env["pep.child"].search([], limit=1)
        child.message_post(body="A note", attachments=[("paper.txt", b"paper")])
        vseo = env["res.users"].search([("login", "=", "vseo")])
        child.activity_schedule("mail.mail_activity_data_todo", user_id=vseo.id)
        carer = env["res.partner"].create({"name": "Zebedee's aunt"})
        env["pep.network.member"].create({"child_id": child.id, "partner_id": carer.id, "role": "carer"})
        env.cr.commit()
        head = env["res.users"].search([("login", "=", "head")])
        wizards = env(user=head)["pep.export.everything"].with_context(allowed_company_ids=company.ids)
        wizard = wizards.create({})
        file = io.BytesIO()
        wizard._write_archive(file)
        read_me = zipfile.ZipFile(file).read("READ ME.txt").decode()
        code = re.search("Code to confirm with: (.{8})", read_me)[1]
        wizard.write({"typed_code": code, "stored_safely": True})
        wizard.action_confirm()
        env.cr.commit()
    """)
    db.shell(export)
    db.shell("env['pep.child'].search([], limit=1).home_language = 'Welsh'\nenv.cr.commit()")
    assert "3 children" in db.uninstall(check=False), "a record changed after the export"
    db.shell(export.replace('"carer"})', '"other"})'))
    db.uninstall()
    gone = Dump(db)
    assert left_of_the_app(gone) == []
    assert not [row for row in gone.rows["mail_message"] if "A note" in (row["body"] or "")]
    assert not [row for row in gone.rows["ir_attachment"] if row["name"] == "paper.txt"]
    assert {row["name"] for row in gone.rows["calendar_event"]} == {f"Meeting {number}" for number in range(4)}
    assert gone.rows["calendar_attendee"] == lived_in.before.rows["calendar_attendee"]
    aunts = [row for row in gone.rows["res_partner"] if row["name"] == "Zebedee's aunt"]
    assert aunts and not any(row["active"] for row in aunts), "nobody learns of carers by uninstalling"
    assert meant(lived_in.before - gone).keys() <= {"ir_module_module"}
    assert "vseo" in {row["login"] for row in gone.rows["res_users"]}
