from . import pep_plan_go_on
from . import pep_plan_reason
