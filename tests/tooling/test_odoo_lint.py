"""Odoo's own lint tests, each on our addon alone (those of the registry see all of it)."""

from unittest.mock import patch

from odoo import tools
from odoo.modules import Manifest
from odoo.tests import tagged

from odoo.addons.test_lint.tests import (
    test_dunderinit,
    test_i18n,
    test_index,
    test_jstranslate,
    test_manifests,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_pofile,
    test_pylint,
    test_routes,
)

OURS = "pep_module"
CASES = [
    test_dunderinit.TestDunderinit,
    test_i18n.TestI18n,
    test_index.TestIndex,
    test_jstranslate.TestJsTranslations,
    test_manifests.ManifestLinter,
    test_naming.TestNaming,
    test_onchange_domains.TestOnchangeDomains,
    test_orm_import.TestDunderinit,
    test_override_signatures.TestLintOverrideSignatures,
    test_pofile.PotLinter,
    test_pylint.TestPyLint,
    test_routes.RoutesLinter,
]


class OursOnly:
    """Let a lint test that goes through all addons find only ours."""

    def setUp(self):
        super().setUp()
        ours = Manifest.for_addon(OURS)
        for patcher in (
            patch.object(Manifest, "all_addon_manifests", lambda: [ours]),
            patch.object(test_pofile, "get_modules", lambda: [OURS]),
            # Where pylint starts: Odoo's own folder else.
            patch.dict(vars(tools.config), {"root_path": ours.path}),
        ):
            self.startPatcher(patcher)


for case in CASES:
    name = f"TestOdoo_{case.__module__.rpartition('test_')[2]}"
    globals()[name] = tagged("post_install", "-at_install")(type(name, (OursOnly, case), {"__module__": __name__}))
del case
