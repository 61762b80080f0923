"""python -m benchmarks make|run ARGUMENTS: with the configuration that ODOO_RC names, so that the app is found."""

import importlib
import sys

from odoo.tools import config

config.parse_config(["--log-level=error"])
sys.exit(importlib.import_module(f"benchmarks.{sys.argv.pop(1)}").main())
