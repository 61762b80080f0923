"""How the app holds at the size of a large authority. Run by bin/bench, see README.md."""

import odoo.init  # before anything else of Odoo
