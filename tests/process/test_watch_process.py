"""The watch of the clocks with processes that are killed on the way, and with several at once, after a missed week."""

import os
import random
import time

import pytest

from tests.process.council import settle
from tests.process.test_open_terms_process import start, start_together

FULL = bool(os.environ.get("PEP_FULL"))
CHILDREN = 2500 if FULL else 240
OFFICERS = 29 if FULL else 11  # no multiple of the ways in which the days below are dealt out
KILLS = 20 if FULL else 4
ROUNDS = 2  # kills of one database

# Caseloads of several officers; meetings due next week, in two weeks, in three, and much later. After the watch of a
# night nothing runs for a week (every date goes back by as much), some children change hands, and two clocks are met.
WEEK = """
from datetime import timedelta
council = env.ref("base.main_company")
council.write({{"pep_mail_weekends": True, "email": "school@council.example"}})
today = council._pep_today()
officers = env["res.users"].with_context(no_reset_password=True).create([
    {{"name": f"Officer {{number}}", "login": f"officer{{number}}@council.example",
      "email": f"officer{{number}}@council.example", "company_id": council.id, "company_ids": [(6, 0, council.ids)],
      "group_ids": [(4, env.ref("pep_module.group_pep_vseo").id)]}}
    for number in range({officers})
])
env["res.users"].search([("login", "=", "head")]).email = "head@council.example"
children = env["pep.child"].search([("company_id", "=", council.id)], order="id")
for number, officer in enumerate(officers):
    children[number::{officers}].write({{"vseo_id": officer.id}})
term = env["pep.term"].browse({term})
term._open()
plans = env["pep.plan"].search([("term_id", "=", term.id)], order="id")
for number, days in enumerate((2, 6, 7, 12, 21, 60)):
    plans[number::6].write({{"due_date": today + timedelta(days=days)}})
clocks = plans.deadline_ids
clocks.filtered(lambda clock: clock.kind not in ("meeting", "school_part")).write({{"watch_on": False}})
env["pep.deadline"]._cron_watch()
env["pep.daily.mail"]._cron_daily()
env.cr.execute("UPDATE pep_deadline SET due_date = due_date - 7, watch_on = watch_on - 7")
env.cr.execute("UPDATE pep_deadline_notice SET due_date = due_date - 7, day = day - 7, told_on = told_on - 7")
env.cr.execute("UPDATE pep_daily_mail SET day = day - 7")
env.cr.execute("UPDATE mail_activity SET date_deadline = date_deadline - 7")
env.invalidate_all()
children[::7].write({{"vseo_id": officers[0].id}})
env["pep.deadline"].search([("told", "=", True)], limit=2, order="id")._meet(today)
env.cr.commit()
"""
CRON = """
from odoo.addons.pep_module.models.plan import pep_daily_mail
from odoo.addons.pep_module.models.quality import pep_deadline_watch
pep_deadline_watch.CHUNK = 20
pep_daily_mail.CHUNK = 2
env["pep.deadline"]._cron_watch()
env["pep.daily.mail"]._cron_daily()
"""

# What a night makes, without what differs between two runs of the same: the numbers of rows and the time of day.
RESULT = {
    "pep_deadline": """
        SELECT id, child_id, plan_id, series, round, due_date, state, outcome, days_late, share_on_time, watch_on, told
        FROM pep_deadline ORDER BY id""",
    "pep_deadline_notice": """
        SELECT n.deadline_id, n.child_id, n.company_id, n.child_reference, n.stage, n.due_date, n.user_id, n.day,
            n.told_on, n.withdrawn_on, a.user_id, a.res_model, a.res_id, a.summary, d.partner_id, d.day
        FROM pep_deadline_notice n
            LEFT JOIN mail_activity a ON a.id = n.activity_id LEFT JOIN pep_daily_mail d ON d.id = n.daily_mail_id
        ORDER BY n.deadline_id, n.stage, n.due_date, n.user_id""",
    "mail_activity": """
        SELECT res_model, res_id, user_id, summary, note, date_deadline, active, automated, activity_type_id
        FROM mail_activity ORDER BY res_model, res_id, user_id, summary, date_deadline""",
    "pep_daily_mail": """
        SELECT d.partner_id, d.day, d.part_count, d.action_count, d.clock_count, m.email_to
        FROM pep_daily_mail d LEFT JOIN mail_mail m ON m.id = d.mail_id ORDER BY d.partner_id, d.day""",
    "mail_mail": """
        SELECT m.email_to, m.state, m.body_html, m.auto_delete, t.subject, t.email_from, t.reply_to
        FROM mail_mail m JOIN mail_message t ON t.id = m.mail_message_id ORDER BY m.email_to, m.body_html""",
    "mail_followers": "SELECT res_model, res_id, partner_id FROM mail_followers ORDER BY 1, 2, 3",
}


def result(db):
    return {table: db.sql(query) for table, query in RESULT.items()}


def assert_same(found, wanted):
    for table, rows in wanted.items():
        assert found[table] == rows, table


def number(db):
    """How many notices and mails there are."""
    return db.sql("SELECT (SELECT count(*) FROM pep_deadline_notice), (SELECT count(*) FROM pep_daily_mail)")[0]


def assert_whole(db):
    """Nothing is there by half: to-dos and mails are kept with the rows that say so."""
    halves = {
        "to-dos": "SELECT count(*) FROM pep_deadline_notice WHERE activity_id IS NULL AND withdrawn_on IS NULL",
        "mails": "SELECT count(*) FROM pep_daily_mail WHERE mail_id IS NULL",
        "told": "SELECT count(*) FROM pep_deadline_notice WHERE (told_on IS NULL) <> (daily_mail_id IS NULL)",
    }
    for what, query in halves.items():
        assert db.sql(query) == [(0,)], what


@pytest.fixture(scope="module")
def council(request):
    """A database on the morning after a week without the scheduled actions, made once; each test takes copies of it."""
    from _pep import harness

    db = harness.make("module")
    request.addfinalizer(db.drop)
    db.shell(WEEK.format(term=settle(db, CHILDREN), officers=OFFICERS))
    return db


@pytest.fixture
def copy_of(council, request):
    def make():
        db = council.copy()
        request.addfinalizer(db.drop)
        return db

    return make


@pytest.fixture(scope="module")
def undisturbed(council, request):
    """What one run makes that nothing disturbs. Run again, it makes nothing more."""
    db = council.copy()
    request.addfinalizer(db.drop)
    begun = time.monotonic()
    db.shell(CRON)
    took = time.monotonic() - begun
    wanted = result(db)
    notices, mails = (after - before for before, after in zip(number(council), number(db), strict=True))
    assert notices > CHILDREN / 2, "half of the meetings are late, or due soon"
    assert mails == OFFICERS + 1, "one mail for each officer and the head"
    stages = dict(db.sql("SELECT stage, count(*) FROM pep_deadline_notice WHERE day > current_date - 3 GROUP BY stage"))
    assert stages.keys() == {"reminder", "owner", "head"}
    assert_whole(db)
    print(f"a night with {notices} notices and {mails} mails: {took:.1f} s with the start of the process")
    db.shell(CRON)
    assert_same(result(db), wanted)
    return wanted


def test_killed_at_any_moment_and_run_to_the_end(council, copy_of, undisturbed):
    chance = random.Random(20)
    notices = len(undisturbed["pep_deadline_notice"])
    mails = len(undisturbed["pep_daily_mail"])
    before = number(council)
    middle = 0
    for _round in range(KILLS // ROUNDS):
        db = copy_of()
        for kill in range(ROUNDS):
            # the first in the watch, the second anywhere up to the last mail
            enough = chance.randrange(before[0], notices), 0
            if kill:
                enough = chance.choice([enough, (notices, chance.randrange(before[1], mails))])
            process, _path = start(db, CRON)
            now = number(db)
            while process.poll() is None and (now[0] < enough[0] or now[1] < enough[1]):
                time.sleep(0.005)
                now = number(db)
            time.sleep(chance.random() / 20)
            process.kill()
            process.wait()
            assert_whole(db)
            middle += before < number(db) < (notices, mails)
        db.shell(CRON)
        assert_same(result(db), undisturbed)
    assert middle, "no kill hit the middle"
    print(f"{middle} of {KILLS} kills hit the middle")


def test_two_at_once(copy_of, undisturbed, tmp_path):
    db = copy_of()
    start_together(db, tmp_path, [CRON] * 2)
    assert_same(result(db), undisturbed)
    assert_whole(db)


def test_an_officer_meets_a_clock_while_it_is_watched(copy_of, tmp_path):
    """Neither gets an error that is not repeated, and the to-do of what was met is closed."""
    db = copy_of()
    # Odoo repeats the request of a person that was refused because of another one, and logs that it was
    meet = """
import logging
from odoo.service.model import retrying
logging.getLogger("odoo.sql_db").setLevel(logging.CRITICAL)
clocks = env["pep.deadline"].search([("state", "=", "open"), ("kind", "=", "meeting")], order="id desc", limit=30)
for clock in clocks:
    retrying(lambda: clock._meet(clock.company_id._pep_today()), env)
    env.cr.commit()
"""
    start_together(db, tmp_path, [CRON, meet])
    query = """SELECT count(*) FROM pep_deadline_notice n JOIN pep_deadline d ON d.id = n.deadline_id
        WHERE d.state = 'met' AND (n.withdrawn_on IS NULL OR n.activity_id IS NOT NULL)"""
    assert db.sql(query) == [(0,)]
    assert_whole(db)
