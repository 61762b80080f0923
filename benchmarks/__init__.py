"""How the app holds at the size of a large authority. Run by bin/bench, see README.md."""

import odoo.init  # before anything else of Odoo

from odoo.tools import config

# with the addons path of the file that ODOO_RC names, so that the app can be imported
config.parse_config(["--log-level=error"])
