"""Carrying out the ends of PEPs with processes that are killed on the way, and with several at once."""

import os
import random
import time

import pytest

from tests.process.council import settle
from tests.process.test_open_terms_process import start, start_together

FULL = bool(os.environ.get("PEP_FULL"))
CHILDREN = 2500 if FULL else 200
KILLS = 20 if FULL else 4

CRON = """
from odoo.addons.pep_module.models.quality import pep_child_end
pep_child_end.CHUNK = {chunk}
env["pep.child"]._cron_end()
"""
# Everybody's PEP is being gathered, and every child has left care: by the return, so that nothing has followed yet.
LEAVE = """
council = env.ref("base.main_company")
council.write({{"pep_end_rule": "{rule}", "pep_go_live": "2020-01-01"}})
env["pep.term"].browse({term})._open()
env["pep.plan"].search([("term_id", "=", {term})]).action_start()
env.cr.commit()
env["pep.child"].search([]).with_context(pep_defer_opening=True).write({{"date_out_of_care": council._pep_today()}})
env.cr.commit()
"""
ROWS = (
    "SELECT id, ended_on, ended_why FROM pep_child ORDER BY id",
    "SELECT child_id, term_id, state, ended_from, stage_reason, next_due FROM pep_plan ORDER BY child_id, term_id",
    "SELECT child_id, plan_id, series, round, state, stop_code, due_date, outcome FROM pep_deadline ORDER BY 1,2,3,4",
    "SELECT res_model, res_id, user_id, summary, date_deadline FROM mail_activity ORDER BY 1, 2, 4",
    "SELECT model, res_id, body FROM mail_message WHERE model LIKE 'pep.%%' ORDER BY 1, 2, 3",
    "SELECT count(*) FROM mail_mail",
)


def rows(db):
    return [db.sql(query) for query in ROWS]


@pytest.fixture(scope="module", params=["finish", "close"])
def council(request):
    """A database in which every child has left care, made once; each test takes copies of it."""
    from _pep import harness

    db = harness.make("module")
    request.addfinalizer(db.drop)
    term = settle(db, CHILDREN)
    db.shell(LEAVE.format(rule=request.param, term=term))
    return db


def test_killed_at_any_moment_and_run_again(council, request):
    undisturbed = council.copy()
    request.addfinalizer(undisturbed.drop)
    undisturbed.shell(CRON.format(chunk=30))
    wanted = rows(undisturbed)
    assert all(child[1] for child in wanted[0])
    undisturbed.shell(CRON.format(chunk=30))
    assert rows(undisturbed) == wanted, "run twice"

    chance = random.Random(20)
    moments = []
    noted = "SELECT count(*) FROM pep_child WHERE ended_on IS NOT NULL"
    for _round in range(KILLS):
        db = council.copy()
        request.addfinalizer(db.drop)
        enough = chance.randrange(0, CHILDREN)
        process, _path = start(db, CRON.format(chunk=30))
        while process.poll() is None and db.sql(noted)[0][0] < enough:
            time.sleep(0.005)
        time.sleep(chance.random() / 10)
        process.kill()
        process.wait()
        done = db.sql(noted)[0][0]
        moments.append(done)
        assert done == CHILDREN or done % 30 == 0, "a chunk is there as a whole or not at all"
        db.shell(CRON.format(chunk=30))
        assert rows(db) == wanted
    assert any(0 < done < CHILDREN for done in moments), f"no kill hit the middle: {moments}"


def test_two_at_once(council, request, tmp_path):
    alone, both = council.copy(), council.copy()
    request.addfinalizer(alone.drop)
    request.addfinalizer(both.drop)
    alone.shell(CRON.format(chunk=30))
    start_together(both, tmp_path, [CRON.format(chunk=30)] * 2)
    assert rows(both) == rows(alone)
