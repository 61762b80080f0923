from . import base_partner_merge
from . import pep_gias_import
from . import pep_person_add
from . import pep_school_academise
from . import pep_school_setting
from . import pep_ssda903_comparison
from . import pep_ssda903_import
from . import pep_ssda903_import_line
