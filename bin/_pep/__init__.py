"""The command line of pep_module: what bin/demo, bin/test, bin/odoo and bin/lint share.

Only the standard library is used here, for these modules run before anything is installed.
"""
