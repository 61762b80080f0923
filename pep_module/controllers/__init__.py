from . import pep_export
