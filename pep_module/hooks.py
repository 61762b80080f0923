"""What happens when the app is installed and removed."""

from odoo.tools import SQL

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG


def post_init_hook(env):
    """Give every council that is there its own copy of what the app ships, and its terms."""
    env["res.company"].search([])._pep_load_templates()


def uninstall_hook(env):
    """Leave no trace outside the app's own tables, and nothing in them that Odoo would fail to delete row by row."""
    env["ir.module.module"].search([("name", "=", "pep_module")])._pep_refuse_to_tear_down_records()
    _hide_confidential_contacts(env)
    _empty_tables(env)
    _remove_what_odoo_would_leave(env)
    env["ir.config_parameter"].search([("key", "=like", "pep_module.%")]).unlink()
    _remove_addresses(env)
    _remove_calendars(env)


def _remove_calendars(env):
    """The calendars by which clocks counted; one that somebody has given to staff or a machine stays, archived."""
    env = env(context={**env.context, MODULE_UNINSTALL_FLAG: True, "active_test": False})
    calendars = env["resource.calendar"].search([("pep_kind", "!=", False)])
    env["res.company"].search([]).write({"pep_calendar_id": False, "pep_school_calendar_id": False})
    env["resource.calendar.leaves"].search([("calendar_id", "in", calendars.ids), ("resource_id", "=", False)]).unlink()
    used = env["resource.resource"].search([("calendar_id", "in", calendars.ids)]).calendar_id
    used.active = False
    (calendars - used).unlink()


def _remove_addresses(env):
    """The addresses that answers to invitations went to."""
    councils = env["res.company"].with_context(active_test=False).search([("pep_meeting_alias_id", "!=", False)])
    aliases = councils.pep_meeting_alias_id
    councils.pep_meeting_alias_id = False
    aliases.unlink()


def _hide_confidential_contacts(env):
    """Archive carers and relatives with their logins: the rule that hides them from the whole council goes as well."""
    contacts = env["res.partner"].search([("pep_confidential", "=", True)])
    contacts.user_ids.active = False
    contacts.active = False


def _empty_tables(env):
    """Empty all tables of the app at once: its rows hold on to one another, and none may be deleted through the ORM."""
    models = [model for name, model in env.registry.items() if name.startswith("pep.") and model._auto]
    relations = env["ir.model.relation"].search([("module.name", "=", "pep_module"), ("name", "like", "pep")])
    tables = {model._table for model in models} | set(relations.mapped("name"))
    env.flush_all()
    _let_go_of(env, tables)
    env.cr.execute(  # raw SQL: the ORM refuses to delete records of children, which is what uninstalling means
        SQL("TRUNCATE %s", SQL(", ").join(map(SQL.identifier, sorted(tables))))
    )
    # raw SQL: nor are the events of PEP meetings deleted in any other way; who is in them goes with them
    env.cr.execute(SQL("DELETE FROM calendar_event WHERE pep_child_id IS NOT NULL"))
    env.invalidate_all(flush=False)


def _let_go_of(env, tables):
    """Drop the foreign keys by which columns that we added to Odoo's tables hold on to ours. The columns go as well."""
    env.cr.execute(  # raw SQL: foreign keys are no matter of the ORM
        SQL(  # raw SQL: the same
            """SELECT conrelid::regclass::text, conname FROM pg_constraint
            WHERE contype = 'f' AND confrelid::regclass::text = ANY(%(ours)s)
                AND conrelid::regclass::text <> ALL(%(ours)s)""",
            ours=sorted(tables),
        )
    )
    for table, key in env.cr.fetchall():
        env.cr.execute(  # raw SQL: see above
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(key))
        )


def _remove_what_odoo_would_leave(env):
    """External names that other modules got for our models, and what users saved about those."""
    env["ir.model.data"].search(
        [
            ("module", "!=", "pep_module"),
            "|",
            ("name", "=like", r"selection\_\_pep\_%"),
            ("name", "=like", r"model\_inherit\_\_pep\_%"),
        ]
    ).unlink()
    # Odoo notes foreign keys of the columns that we add to its tables, and forgets them with our own tables alone
    keys = env["ir.model.constraint"].search([("module.name", "=", "pep_module"), ("type", "=", "f")])
    keys.filtered(lambda key: not key.model.model.startswith("pep.")).unlink()
    every = {"active_test": False}
    env["ir.filters"].with_context(**every).search([("model_id", "=like", "pep.%")]).unlink()
    env["ir.exports"].with_context(**every).search([("resource", "=like", "pep.%")]).unlink()
