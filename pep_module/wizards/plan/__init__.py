from . import pep_plan_go_on, pep_plan_next, pep_plan_reason, pep_contribution_reason
