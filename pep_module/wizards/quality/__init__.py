
from . import pep_deadline_rule_version
from . import pep_deadline_meet
