"""What happens when the app is installed and removed."""


def post_init_hook(env):
    """Give every council that is there its own copy of what the app ships, and its terms."""
    env["res.company"].search([])._pep_load_templates()


def uninstall_hook(env):
    """Leave no trace outside the app's own tables: its settings go with it."""
    env["ir.config_parameter"].search([("key", "=like", "pep_module.%")]).unlink()
