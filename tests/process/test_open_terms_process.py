"""Opening a term with several processes at once, and with processes that are killed on the way."""

import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from _pep import log
from tests.process.council import opened, settle

FULL = bool(os.environ.get("PEP_FULL"))
CHILDREN = 2500 if FULL else 300
KILLS = 20 if FULL else 3

CRON = """
from odoo.addons.pep_module.models.plan import pep_term
pep_term.CHUNK = {chunk}
env["pep.term"]._cron_open()
"""
MEETING_POINT = """
import pathlib, time
env.cr.commit()
pathlib.Path({mine!r}).touch()
while not pathlib.Path({go!r}).exists():
    time.sleep(0.002)
"""


def start(db, code):
    """Odoo's shell running some code, as a process that goes on by itself."""
    process, path = db.popen("shell", "--no-http", stdin=subprocess.PIPE, text=True)
    process.stdin.write(code)
    process.stdin.close()
    return process, path


def start_together(db, folder, codes):
    """Several processes that are all there before the first line of their code is run."""
    go = folder / "go"
    started = []
    for number, code in enumerate(codes):
        mine = folder / f"ready{number}"
        started.append(start(db, MEETING_POINT.format(mine=str(mine), go=str(go)) + code))
    deadline = time.monotonic() + 120
    while len(list(folder.glob("ready*"))) < len(codes):
        assert time.monotonic() < deadline, "a process did not start"
        time.sleep(0.05)
    go.touch()
    for process, path in started:
        process.wait(300)
        assert not process.returncode, path.read_text()[-3000:]
        assert not log.report(log.problems(path))


def complete(db, children=CHILDREN):
    """Whether each child has one PEP of this term, and each target that came forward one review."""
    counts = db.sql(
        "SELECT count(*), count(DISTINCT child_id) FROM pep_plan WHERE term_id = (SELECT max(term_id) FROM pep_plan)"
    )
    assert counts == [(children, children)]
    assert db.sql("SELECT count(*), count(DISTINCT target_id) FROM pep_target_review") == db.sql(
        "SELECT count(*), count(*) FROM pep_target"
    )


@pytest.fixture(scope="module")
def council(request):
    """A database with children, made once; each test takes a copy of it."""
    from _pep import harness

    db = harness.make("module")
    request.addfinalizer(db.drop)
    db.term = settle(db, CHILDREN)
    return db


@pytest.fixture
def db(council, request):
    copy = council.copy()
    request.addfinalizer(copy.drop)
    copy.term = council.term
    return copy


def test_two_people_press_the_button_at_once(db):
    with db.serve("--workers=3") as server, ThreadPoolExecutor() as pool:
        clients = [server.login("head", "head.password") for _client in range(3)]
        answers = list(pool.map(lambda client: client.call("pep.term", "action_open", [db.term]), clients))
    messages = sorted(answer["params"]["message"] for answer in answers)
    assert [message.split()[0] for message in messages] == [str(CHILDREN), "Every", "Every"]
    complete(db)
    assert not log.report(log.problems(server.log))


def test_two_scheduled_actions_at_once(db, tmp_path):
    start_together(db, tmp_path, [CRON.format(chunk=40)] * 3)
    complete(db)


def test_button_and_scheduled_action_at_once(db, tmp_path):
    button = f"""
from odoo.service.model import retrying
retrying(lambda: env["pep.term"].browse({db.term}).action_open(), env)
"""
    start_together(db, tmp_path, [CRON.format(chunk=40), button, CRON.format(chunk=70)])
    complete(db)


def test_killed_at_any_moment_and_run_again(council, request):
    undisturbed = council.copy()
    request.addfinalizer(undisturbed.drop)
    undisturbed.shell(CRON.format(chunk=40))
    wanted = opened(undisturbed)
    assert len(wanted[0]) == CHILDREN + (CHILDREN + 2) // 3
    undisturbed.shell(CRON.format(chunk=40))
    assert opened(undisturbed) == wanted, "run twice"

    chance = random.Random(20)
    moments = []
    for _round in range(KILLS):
        db = council.copy()
        request.addfinalizer(db.drop)
        before = db.sql("SELECT count(*) FROM pep_plan")[0][0]
        for _kill in range(2):
            enough = before + chance.randrange(0, CHILDREN)
            process, _path = start(db, CRON.format(chunk=40))
            while process.poll() is None and db.sql("SELECT count(*) FROM pep_plan")[0][0] < enough:
                time.sleep(0.005)
            time.sleep(chance.random() / 10)
            process.kill()
            process.wait()
            made = db.sql("SELECT count(*) FROM pep_plan")[0][0] - before
            moments.append(made)
            assert made == CHILDREN or made % 40 == 0, "a chunk is there as a whole or not at all"
        db.shell(CRON.format(chunk=40))
        assert opened(db) == wanted
        assert db.sql("SELECT opened_on IS NOT NULL FROM pep_term WHERE id = %s", council.term) == [(True,)]
    assert any(0 < made < CHILDREN for made in moments), f"no kill hit the middle: {moments}"


def test_the_coming_term_killed_and_run_again(council, request):
    """Ten days before its first day the coming term is opened as well, however often that is begun."""
    coming = """
        UPDATE pep_term SET date_from = current_date + 10, window_from = current_date + 10 WHERE id = (
            SELECT id FROM pep_term WHERE date_from > current_date ORDER BY date_from LIMIT 1) RETURNING id"""
    undisturbed = council.copy()
    request.addfinalizer(undisturbed.drop)
    ((term,),) = undisturbed.sql(coming)
    undisturbed.shell(CRON.format(chunk=40))
    wanted = opened(undisturbed)
    of_term = "SELECT count(*), count(DISTINCT child_id) FROM pep_plan WHERE term_id = %s"
    assert undisturbed.sql(of_term, term) == [(CHILDREN, CHILDREN)]

    chance = random.Random(14)
    db = council.copy()
    request.addfinalizer(db.drop)
    assert db.sql(coming) == [(term,)]
    for _kill in range(KILLS):
        enough = chance.randrange(1, 2 * CHILDREN)
        before = db.sql("SELECT count(*) FROM pep_plan")[0][0]
        process, _path = start(db, CRON.format(chunk=40))
        while process.poll() is None and db.sql("SELECT count(*) FROM pep_plan")[0][0] < before + enough:
            time.sleep(0.005)
        process.kill()
        process.wait()
    db.shell(CRON.format(chunk=40))
    assert opened(db) == wanted
    assert db.sql("SELECT opened_on IS NOT NULL FROM pep_term WHERE id = %s", term) == [(True,)]


def test_the_scheduled_action_as_the_server_runs_it(db):
    db.sql("UPDATE ir_cron SET active = false")
    db.sql(
        "UPDATE ir_cron SET active = true, nextcall = now() - interval '1 day' WHERE id = "
        "(SELECT res_id FROM ir_model_data WHERE module = 'pep_module' AND name = 'ir_cron_open_terms')"
    )
    with db.serve("--max-cron-threads=2") as server:
        deadline = time.monotonic() + 120
        query = "SELECT opened_on FROM pep_term WHERE id = %s"
        while not db.sql(query, db.term)[0][0]:
            assert time.monotonic() < deadline, "the scheduled action was not run"
            time.sleep(0.2)
    complete(db)
    assert not log.report(log.problems(server.log))
    assert db.sql("SELECT failure_count FROM ir_cron WHERE active") == [(0,)]


def test_into_care_while_somebody_opens_the_term(db, tmp_path):
    """The officer who enters a child neither waits for a long opening nor gets an error, and the child has its PEP."""
    db.sql("UPDATE pep_term SET opened_on = '2020-01-01' WHERE id = %s", db.term)
    opening = f"""
import pathlib, time
env["pep.term"].browse({db.term})._open()
env.cr.flush()
pathlib.Path({str(tmp_path / "open")!r}).touch()
while not pathlib.Path({str(tmp_path / "end")!r}).exists():
    time.sleep(0.01)
env.cr.commit()
"""
    process, path = start(db, opening)
    with db.serve() as server:
        client = server.login("vseo", "vseo.password")
        today = db.shell("print(env.ref('base.main_company')._pep_today())")
        while not (tmp_path / "open").exists():
            assert process.poll() is None, path.read_text()[-2000:]
            time.sleep(0.05)
        begun = time.monotonic()
        (child,) = client.call(
            "pep.child",
            "create",
            [{"la_person_id": "New1", "date_of_birth": "2016-05-05", "date_into_care": today}],
        )
        assert time.monotonic() - begun < 5
        (plan,) = client.call("pep.plan", "search_read", [["child_id", "=", child]], ["kind_id", "term_id", "state"])
        assert plan["kind_id"][1].startswith("Initial")
        assert plan["term_id"][0] == db.term
        (tmp_path / "end").touch()
        process.wait(60)
    assert not process.returncode
    complete(db, CHILDREN + 1)
    assert not log.report(log.problems(server.log))
