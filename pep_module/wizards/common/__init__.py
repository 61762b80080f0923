from . import pep_settings
