from . import pep_target_area
from . import pep_target
from . import pep_target_review
from . import pep_target_proposal
