from . import pep_target_proposal_decline
