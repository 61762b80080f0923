"""A council whose staff book their time off in Odoo: the calendars of clocks leave that app alone, and it them."""

import json

# Public holidays of all staff, and somebody who is away over Christmas and in the summer.
STAFF = """
from datetime import date
company = env.ref("base.main_company")
year = date.today().year + 1
env["resource.calendar.leaves"].create({
    "name": "Christmas Day", "company_id": company.id, "calendar_id": False,
    "date_from": f"{year}-12-25 00:00:00", "date_to": f"{year}-12-25 23:59:59",
})
env.user.tz = "America/New_York"
env.ref("base.user_admin").tz = "America/New_York"
employee = env["hr.employee"].create({"name": "Staff", "company_id": company.id})
kind = env["hr.leave.type"].create({
    "name": "Away", "requires_allocation": False, "leave_validation_type": "no_validation",
})
leaves = env["hr.leave"].create([
    {
        "employee_id": employee.id, "holiday_status_id": kind.id,
        "request_date_from": first, "request_date_to": last,
    }
    for first, last in ((f"{year}-12-20", f"{year}-12-31"), (f"{year}-08-02", f"{year}-08-13"))
])
env.cr.commit()
"""
SEEN = """
import json
leaves = env["hr.leave"].search([], order="id")
print(json.dumps({
    "leaves": [[row.state, row.number_of_days, len(row.message_ids), str(row.write_date)] for row in leaves],
    "public": env["resource.calendar.leaves"].search_count([("company_id", "!=", False), ("resource_id", "=", False)]),
}))
"""
OURS = """
import json
company = env.ref("base.main_company")
rows = company.pep_calendar_id.pep_holiday_ids
year = min(company.pep_calendar_id.pep_holiday_years) + 1
counter = env["resource.calendar"]._pep_day_counter(company)
from datetime import date
print(json.dumps({
    "rows": len(rows),
    "wrong": [row.name for row in rows if company._pep_local(row.date_from).date() != row.pep_first_day],
    "companies": len(rows.company_id),
    "christmas": counter.is_day("working", date(year, 12, 25)),
}))
"""
# A day is added, moved and taken away, as an administrator does.
CHANGED = """
company = env.ref("base.main_company")
row = env["resource.calendar.leaves"].create({
    "calendar_id": company.pep_school_calendar_id.id, "name": "Training day", "pep_first_day": "2031-08-05",
})
row.write({"pep_first_day": "2031-08-04", "pep_last_day": "2031-08-06"})
summer = company.pep_school_calendar_id.pep_holiday_ids.filtered(lambda row: row.name == "Summer holidays")[:1]
summer.pep_last_day = summer.pep_last_day.replace(day=3)
row.unlink()
env.cr.commit()
"""


def test_beside_time_off(scratch):
    db = scratch("base")
    db.install("hr_holidays")
    db.shell(STAFF)
    before = json.loads(db.shell(SEEN))
    assert len(before["leaves"]) == 2
    db.install()
    assert json.loads(db.shell(SEEN)) == before
    ours = json.loads(db.shell(OURS))
    assert ours["rows"] >= 24
    assert {name: ours[name] for name in ("wrong", "companies", "christmas")} == {
        "wrong": [],
        "companies": 0,
        "christmas": False,
    }
    db.shell(CHANGED)
    db.shell("env['res.company'].search([])._pep_load_templates(); env.cr.commit()")
    assert json.loads(db.shell(SEEN)) == before
    # removed, the calendars are gone with their holidays
    db.uninstall()
    assert json.loads(db.shell(SEEN)) == before
    assert db.sql("SELECT count(*) FROM resource_calendar_leaves WHERE resource_id IS NULL") == [(before["public"],)]
