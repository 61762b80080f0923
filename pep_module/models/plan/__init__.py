from . import pep_kind
from . import pep_gate
from . import pep_term
from . import pep_plan
from . import pep_plan_issue
