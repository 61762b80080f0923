from . import pep_funding_decide
