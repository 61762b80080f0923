"""Fill a scratch database with an authority."""

import argparse
import dataclasses
import json

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.modules.registry import Registry

from .authority import Generator

PARAMETER = "benchmarks.authority"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--children", type=int, default=2500)
    parser.add_argument("--terms", type=int, default=18, help="terms kept, the one of today included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--empty-term", action="store_true", help="no PEPs in the term of today yet")
    options = parser.parse_args()
    with Registry(options.database).cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {})
        generator = Generator(env, options.children, options.terms, options.seed)
        authority = generator.build()
        if not options.empty_term:
            generator.fill_current_term()
        env["ir.config_parameter"].set_param(PARAMETER, json.dumps(dataclasses.asdict(authority)))
    # a fresh look at every table, as autovacuum gives a database that has been in use
    with Registry(options.database)._db.cursor() as cr:
        cr._cnx.autocommit = True
        cr._obj.execute("VACUUM ANALYZE")
