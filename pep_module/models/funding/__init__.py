from . import pep_fund
from . import pep_funding_request
from . import pep_funding
