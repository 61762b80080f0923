from . import pep_deadline_rule_version
from . import pep_deadline_meet
from . import pep_plan_interim
from . import pep_plan_copies_send
