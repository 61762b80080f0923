"""Plumbing only: what pytest needs to run the tests inside Odoo is in bin/_pep/plugin.py."""

import os

import pytest

if "PEP_TEMPLATE" not in os.environ:
    raise pytest.UsageError("Run the tests with bin/test: it prepares Odoo, the database and the environment.")

pytest_plugins = ["_pep.plugin"]
