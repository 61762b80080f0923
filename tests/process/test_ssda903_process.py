"""An import of a return that is cut off by the death of its process, and one that two pages carry on at once."""

import base64
import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from _pep import log

FULL = bool(os.environ.get("PEP_FULL"))
CHILDREN = 2675 if FULL else 1500
KILLS = 10 if FULL else 4

SET_UP = """
council = env.ref("base.main_company")
head = env["res.users"].with_context(no_reset_password=True).create({
    "name": "head", "login": "head", "password": "head.password", "company_id": council.id,
    "company_ids": [(6, 0, council.ids)], "group_ids": [(4, env.ref("pep_module.group_pep_head").id)],
})
record = env["pep.ssda903.import"].with_user(head).create({
    "company_id": council.id, "header_file": %(header)r, "episodes_file": %(episodes)r,
})
record.action_preview()
record.action_import()
env.cr.commit()
print(record.id, head.id)
"""
STEPS = """
from odoo.addons.pep_module.wizards.child import pep_ssda903_import
pep_ssda903_import.CHUNK, pep_ssda903_import.STEP_SECONDS = 50, 0
record = env["pep.ssda903.import"].with_user(%(head)d).browse(%(record)d)
while record.action_import_step()["state"] == "running":
    env.cr.commit()
env.cr.commit()
"""


def files():
    """A header and episodes, two of each child, in the form of the return."""
    header = ["CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"]
    episodes = ["CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"]
    for child in range(CHILDREN):
        header.append(f"K{child},1,15/06/2012,WBRI,UN2,,")
        episodes.append(f"K{child},03/05/2024,S,C2,N1,U6,PR1,01/08/2024,X1,CARPL,,,SC123456")
        episodes.append(f"K{child},01/08/2024,P,C2,N1,U4,PR1,,,,,,SC123456")
    return [base64.b64encode("\n".join(rows).encode()).decode() for rows in (header, episodes)]


@pytest.fixture
def running(scratch):
    """A database with an import that has been started; and the ids of that and of the head."""
    db = scratch()
    header, episodes = files()
    record, head = map(int, db.shell(SET_UP % {"header": header, "episodes": episodes}).split())
    return db, record, head


def complete(db):
    """Whether each child and each episode is there once, and the import says just that."""
    children = "SELECT count(*), count(DISTINCT la_person_id) FROM pep_child WHERE la_person_id LIKE 'K%%'"
    assert db.sql(children) == [(CHILDREN, CHILDREN)]
    assert db.sql("SELECT count(*) FROM pep_care_episode") == [(2 * CHILDREN,)]
    assert db.sql("SELECT count(*) FROM pep_access WHERE role = 'head'") == [(CHILDREN,)]
    said = (
        "SELECT state, position, child_new, child_same, episode_new, episode_same, header_file FROM pep_ssda903_import"
    )
    assert db.sql(said) == [("done", CHILDREN, CHILDREN, 0, 2 * CHILDREN, 0, None)]


def test_killed_on_the_way(running):
    db, record, head = running
    chance = random.Random(903)
    reached = [0]
    for _kill in range(KILLS):
        process, path = db.popen("shell", "--no-http", stdin=subprocess.PIPE, text=True)
        process.stdin.write(STEPS % {"record": record, "head": head})
        process.stdin.close()
        deadline = time.monotonic() + 120
        while process.poll() is None and db.sql("SELECT position FROM pep_ssda903_import")[0][0] <= reached[-1]:
            assert time.monotonic() < deadline, path.read_text()[-3000:]
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.wait()
        (position,) = db.sql("SELECT position FROM pep_ssda903_import")[0]
        (made,) = db.sql("SELECT count(*) FROM pep_child WHERE la_person_id LIKE 'K%%'")[0]
        assert position == made, "a chunk is there as a whole, or not at all"
        reached.append(position)
    assert len(set(reached)) > 2, f"it was never cut off on the way: {reached}"
    db.shell(STEPS % {"record": record, "head": head})
    complete(db)


def test_two_pages_at_once(running):
    db, record, _head = running
    with db.serve() as server:
        clients = [server.login("head", "head.password") for _page in range(2)]

        def carry_on(client):
            while client.call("pep.ssda903.import", "action_import_step", [record])["state"] == "running":
                time.sleep(0.01)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(carry_on, clients))
    # Odoo runs a request again whose row somebody else has just changed, and says so
    assert not log.report(
        log.problems(server.log, expected=("could not serialize access", "refused: SerializationFailure"))
    )
    complete(db)
