"""The demo council: it loads on any day, shows every stage, leaks no name, and loading it again changes nothing."""

import json
import re

COUNCIL = "(SELECT res_id FROM ir_model_data WHERE module = 'pep_module' AND name = 'demo_council')"
STAGES = {"not_started", "gathering", "ready", "processing", "complete"}
# Where a child's name must not be, and which columns of it hold text that people or the app write.
OUTSIDE = {
    "mail_message": ("subject", "body", "record_name"),
    "mail_mail": ("body_html", "email_to", "failure_reason"),
    "mail_activity": ("summary", "note", "res_name"),
    "mail_tracking_value": ("old_value_char", "new_value_char", "old_value_text", "new_value_text"),
    "calendar_event": ("name", "description", "location"),
    "ir_attachment": ("name", "description", "index_content"),
    "ir_logging": ("message",),
    "bus_bus": ("message",),
    "account_move": ("ref", "narration"),
    "account_move_line": ("name", "ref"),
}
# Days on which "this term", "three years old" or "last year" are easily got wrong, on the council's clock and in UTC.
AWKWARD = [
    "2026-09-01 00:30:00",
    "2026-09-01 12:00:00",
    "2026-12-31 23:30:00",
    "2027-01-01 12:00:00",
    "2027-04-15 12:00:00",
    "2027-04-16 12:00:00",
    "2027-08-31 12:00:00",
    "2027-08-31 23:30:00",  # 1 September in British Summer Time
    "2028-02-29 12:00:00",
]
# Loads the demo on each of the days given, and prints what came of it. The users' passwords take long to hash: once.
ON_DAYS = """
import json
from collections import Counter
from odoo.modules.module import Manifest
from odoo.tests import freeze_time
from odoo.tools import convert_file

*static, story = Manifest.for_addon("pep_module")["demo"]
load = lambda file: convert_file(env(su=True), "pep_module", file, {}, "init", noupdate=True)
for file in static:
    load(file)
council = env.ref("pep_module.demo_council")
terms = env["pep.term"].search([("company_id", "=", council.id)])
for moment in DAYS:
    with env.cr.savepoint() as savepoint, freeze_time(moment):
        terms.unlink()
        env["pep.term"]._generate(council)  # as if the council had been made that day
        load(story)
        env.flush_all()
        env.invalidate_all()
        plans = env["pep.plan"].search([("company_id", "=", council.id)])
        today = council._pep_today()
        print(json.dumps({
            "moment": moment,
            "today": str(today),
            "terms": [
                {
                    "from": str(term.date_from),
                    "to": str(term.date_to),
                    "states": Counter(members.mapped("state")),
                    "late": len(members.filtered("is_late")),
                    "waiting": len(members.request_ids.filtered(lambda request: request.state == "asked")),
                    "intact": all(members.issue_ids.mapped("is_intact")),
                    "versions": Counter(members.issue_ids.mapped("version")),
                    "stamps": sorted(
                        str(council._pep_local(stamp).date())
                        for stamp in [*members.mapped("completed_on"), *members.issue_ids.mapped("issued_on"),
                                      *members.meeting_ids.filtered(lambda m: m.state == "held").mapped("start"),
                                      *members.request_ids.funding_ids.mapped("decided_on")]
                        if stamp
                    ),
                }
                for term, members in plans.grouped("term_id").items()
            ],
            "variants": sorted(set(plans.mapped("variant"))),
        }))
        savepoint.close(rollback=True)
    env.invalidate_all()
    env.registry.clear_cache()
"""


def test_the_demo_council(scratch):
    """Installed as a newcomer does it: without a warning, everything there, no name outside, no mail."""
    db = scratch("demo-base")
    mails = db.sql("SELECT count(*) FROM mail_mail")  # the accounting demo has some
    db.install(demo=True)
    assert db.sql("SELECT count(*) FROM ir_demo_failure") == [(0,)]
    check_people(db)
    check_terms(db)
    check_names(db)
    assert db.sql("SELECT count(*) FROM mail_mail") == mails
    before = fingerprint(db)
    db.update()
    db.update()
    db.shell("env['pep.demo']._load(); env.cr.commit()")
    assert fingerprint(db) == before


def check_people(db):
    assert db.sql("SELECT count(*) FROM res_partner WHERE pep_is_school") == [(12,)]
    assert db.sql("SELECT count(*) FROM res_partner WHERE pep_outside_gias") == [(1,)]
    assert db.sql("SELECT count(*) FROM pep_school_link WHERE is_applied") == [(1,)]
    children = f"FROM pep_child WHERE company_id = {COUNCIL}"
    ((number,),) = db.sql(f"SELECT count(*) {children}")
    assert 38 <= number <= 45
    assert db.sql(f"SELECT count(*) {children} AND (uasc OR dob_disputed)") == [(1,)]
    assert db.sql(f"SELECT count(*) {children} AND date_out_of_care IS NOT NULL") == [(2,)]
    kinds = {kind for (kind,) in db.sql("SELECT DISTINCT kind FROM pep_enrolment")}
    assert kinds >= {"main", "subsidiary", "alternative", "not_on_roll", "custody", "hospital"}
    # agreed short breaks: on the register, with no PEP
    assert db.sql("""
        SELECT count(*), count(plan.id)
          FROM pep_care_episode episode
          JOIN pep_code code ON code.id = episode.legal_status_id AND code.code = 'V3'
     LEFT JOIN pep_plan plan ON plan.child_id = episode.child_id
    """) == [(1, 0)]
    caseloads = db.sql(f"SELECT count(*) {children} AND active GROUP BY vseo_id")
    assert len(caseloads) == 3
    assert all(10 <= caseload <= 20 for (caseload,) in caseloads)
    roles = {role for (role,) in db.sql("SELECT DISTINCT role FROM pep_access WHERE valid_to > now()")}
    assert roles == {"vseo", "support", "head", "finance", "teacher", "social_worker", "carer", "parent", "iro"}
    assert db.sql("SELECT count(*) FROM pep_network_member WHERE must_not_contact") == [(3,)]


def check_terms(db):
    """Two finished terms, with their marks, and this one in every stage."""
    states = db.sql("""
        SELECT term.date_from, array_agg(DISTINCT plan.state::text), count(*)
          FROM pep_plan plan JOIN pep_term term ON term.id = plan.term_id
      GROUP BY term.date_from ORDER BY term.date_from
    """)
    assert [set(stages) for _day, stages, _number in states] == [{"complete"}, {"complete", "cancelled"}, STAGES]
    assert all(number > 30 for _day, _stages, number in states)
    assert db.sql("SELECT version, count(*) > 10 FROM pep_plan_issue GROUP BY version ORDER BY version") == [
        (1, True),
        (2, False),
    ]
    assert db.shell("print(all(env['pep.plan.issue'].search([]).mapped('is_intact')))") == "True"
    late = "print(env['pep.plan'].search_count([('is_late', '=', True), ('term_id.is_current', '=', True)]))"
    council = "env = env(context={'allowed_company_ids': env.ref('pep_module.demo_council').ids})"
    assert 4 <= int(db.shell(f"{council}\n\n{late}")) <= 10
    gates = {gate for (gate,) in db.sql("SELECT gate FROM pep_gate_pass")}
    assert gates == {"academic_target", "meeting", "next_date"}
    outcomes = {outcome for (outcome,) in db.sql("SELECT DISTINCT outcome FROM pep_target_review")}
    assert outcomes == {"achieved", "partly", "not", "stopped", "unreviewed", None}
    ((carried,),) = db.sql("SELECT count(*) FROM pep_target WHERE continues_id IS NOT NULL")
    assert carried > 20
    money = dict(db.sql("SELECT state, count(*) FROM pep_funding GROUP BY state"))
    assert money.keys() == {"asked", "approved", "declined"}
    assert money["asked"] > 5
    assert db.sql("SELECT count(*) FROM pep_funding WHERE amount_approved BETWEEN 1 AND amount_asked - 1") != [(0,)]
    assert db.sql("SELECT count(*) FROM pep_funding WHERE decided_by_id = asked_by_id") == [(0,)]
    meetings = {row for row in db.sql("SELECT DISTINCT state, mode FROM pep_meeting")}
    assert {("held", "face"), ("held", "online"), ("held", "both"), ("planned", "face")} <= meetings


def check_names(db):
    """Every child's family name, and the first name where it is long enough to be told from a word."""
    names = {
        name
        for row in db.sql("SELECT first_name, known_as, last_name, full_name FROM pep_child")
        for name in row
        if name and len(name) > 4
    }
    assert len(names) > 80
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\b")
    for table, columns in OUTSIDE.items():
        there = {
            name
            for (name,) in db.sql(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'")
        }
        for column in there.intersection(columns):
            for key, text in db.sql(f'SELECT id, "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL'):
                found = pattern.search(text)
                assert not found, f"{table}.{column} of {key} holds the name {found[0]}"


def fingerprint(db):
    """What the demo made, to the letter."""
    tables = db.sql("""
        SELECT table_name FROM information_schema.columns
         WHERE column_name = 'child_id' AND table_name LIKE 'pep%%'
         UNION VALUES ('pep_child'), ('pep_cover'), ('pep_term'), ('pep_school_staff'), ('pep_school_link')
    """)
    digest = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id))"
    prints = {table: db.sql(f'{digest} FROM "{table}" t') for (table,) in tables}
    counted = ("res_users", "res_partner", "res_company", "mail_message")
    return prints | {table: db.sql(f'SELECT count(*) FROM "{table}"') for table in counted}


def test_on_awkward_days(scratch):
    """Two finished terms and this one, with stamps of their time, whatever the day of installation."""
    db = scratch("module")
    days = [
        json.loads(line) for line in db.shell(f"DAYS = {AWKWARD!r}\n{ON_DAYS}").splitlines() if line.startswith("{")
    ]
    assert [day["moment"] for day in days] == AWKWARD
    assert days[7]["today"] == "2027-09-01"
    for day in days:
        before, last, this = sorted(day["terms"], key=lambda term: term["from"])
        assert before["states"].keys() == {"complete"}, day
        assert last["states"].keys() == {"complete", "cancelled"}, day
        assert this["states"].keys() == STAGES, day
        assert this["from"] <= day["today"] <= this["to"], day
        assert 4 <= this["late"] <= 10, day
        assert not before["late"] and not last["late"], day
        assert this["waiting"] > 5 and not before["waiting"] and not last["waiting"], day
        assert before["versions"]["2"] == 1, day
        for term in (before, last, this):
            assert term["intact"], day
            assert sum(term["states"].values()) >= 37, day
        for term in (before, last):
            assert term["from"] <= term["stamps"][0] and term["stamps"][-1] <= term["to"], day
        assert this["stamps"][-1] <= day["today"], day
        assert day["variants"] == ["early_years", "not_on_roll", "post16", "statutory"], day


def test_everybody_can_log_in(scratch):
    """Each line of the list of logins, as bin/demo prints it."""
    from _pep.base import ADDONS

    lines = (ADDONS / "pep_module" / "demo" / "LOGINS.txt").read_text().splitlines()
    people = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(people) == 15
    with scratch("demo").serve() as server:
        for _role, login, password in people:
            status, _page = server.login(login, password).get("/web")
            assert status == 200, login
