"""The mails of a day with several processes at once, and with processes that are killed on the way."""

import os
import random
import time

import pytest

from tests.process.council import settle
from tests.process.test_open_terms_process import start, start_together

FULL = bool(os.environ.get("PEP_FULL"))
CHILDREN = 1000 if FULL else 120
KILLS = 20 if FULL else 3

# Each child has a carer of its own with a login, and an open part that is due today.
DUE = """
council = env.ref("base.main_company")
council.pep_mail_weekends = True
term = env["pep.term"].browse({term})
term._open()
plans = term.env["pep.plan"].search([("term_id", "=", term.id)])
plans.action_start()
people = env["res.users"].with_context(no_reset_password=True).create([
    {{"name": f"Carer {{plan.id}}", "login": f"carer{{plan.id}}@home.example",
      "email": f"carer{{plan.id}}@home.example",
      "group_ids": [(6, 0, env.ref("base.group_portal").ids)]}}
    for plan in plans
])
env["pep.network.member"].create([
    {{"child_id": plan.child_id.id, "partner_id": user.partner_id.id, "role": "carer"}}
    for plan, user in zip(plans, people)
])
plans.contribution_ids.write({{"due_date": council._pep_today()}})
env.cr.commit()
"""
CRON = """
from odoo.addons.pep_module.models.plan import pep_daily_mail
pep_daily_mail.CHUNK = 10
env["pep.daily.mail"]._cron_daily()
"""


@pytest.fixture(scope="module")
def council(request):
    """A database in which everybody has something due, made once; each test takes a copy of it."""
    from _pep import harness

    db = harness.make("module")
    request.addfinalizer(db.drop)
    db.shell(DUE.format(term=settle(db, CHILDREN)))
    return db


@pytest.fixture
def db(council, request):
    copy = council.copy()
    request.addfinalizer(copy.drop)
    return copy


def assert_each_told_once(db):
    """Every carer has one row of today and one mail, and each row has its mail."""
    mails = "SELECT count(*), count(DISTINCT email_to) FROM mail_mail WHERE email_to LIKE 'carer%%@home.example'"
    assert db.sql(mails) == [(CHILDREN, CHILDREN)]
    rows = """SELECT count(*), count(DISTINCT d.partner_id), count(DISTINCT d.mail_id) FROM pep_daily_mail d
        JOIN res_partner p ON p.id = d.partner_id WHERE p.email LIKE 'carer%%@home.example'"""
    assert db.sql(rows) == [(CHILDREN, CHILDREN, CHILDREN)]


def test_twice_and_several_at_once(db, tmp_path):
    start_together(db, tmp_path, [CRON] * 3)
    assert_each_told_once(db)
    db.shell(CRON)
    assert_each_told_once(db)


def test_killed_at_any_moment_and_run_again(db):
    random.seed(7)
    for _kill in range(KILLS):
        process, _log = start(db, CRON)
        before = told = db.sql("SELECT count(*) FROM pep_daily_mail")[0][0]
        deadline = time.monotonic() + 60
        while told == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            told = db.sql("SELECT count(*) FROM pep_daily_mail")[0][0]
        time.sleep(random.uniform(0, 0.05))
        process.kill()
        process.wait()
        told = db.sql("SELECT count(*), count(mail_id) FROM pep_daily_mail")[0]
        assert told[0] == told[1], "rows and mails are kept together or not at all"
    db.shell(CRON)
    assert_each_told_once(db)
