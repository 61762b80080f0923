"""The tooling's own judgement: which lines of a log and which calls need a reason."""

import textwrap

from _pep import lint, log

LOG = """\
2026-01-05 10:00:00,123 17 INFO db odoo.http: fine
2026-01-05 10:00:01,123 17 WARNING db odoo.addons.x: not fine
and its second line
2026-01-05 10:00:02,123 17 ERROR ? odoo.sql_db: bad query
2026-01-05 10:00:03,123 17 \x1b[1;33mWARNING\x1b[0m db odoo.y: explained
2026-01-05 10:00:04,123 17 INFO db odoo.http: fine
"""


def test_log_gate(tmp_path):
    path = tmp_path / "odoo.log"
    path.write_text(LOG)
    assert log.problems(path, expected=("odoo.y: expl",)) == [
        "WARNING odoo.addons.x: not fine\nand its second line",
        "ERROR odoo.sql_db: bad query",
    ]


def test_log_report_is_short():
    report = log.report(["WARNING x: " + "\n".join(map(str, range(100)))] * 2)
    assert len(report.splitlines()) == 30
    assert report.endswith("99    (2 times)")


def test_reasons():
    code = """\
        a.sudo().b()
        a.sudo()  # the reason why
        # the reason why
        self.env.cr.execute("SELECT 1")
        self.env.cr.execute("SELECT 1")
        x = 1  # the reason of another line
        query = SQL("SELECT 1")
        env.execute_query(SQL("x"))  # no
        import a  # noqa: F401
        import a  # noqa: F401  imported for its effect
        b = 2  # pylint: disable=some-check
        text = ".sudo() SQL( # noqa"
        cr.execute(  # the reason why
            SQL("SELECT 1")
        )
        x = [  # of a list
            a.sudo(),
            b.sudo(),
        ]
        """
    found = lint.unexplained(textwrap.dedent(code))
    assert [line for line, _ in found] == [1, 5, 7, 8, 9, 11, 18]
