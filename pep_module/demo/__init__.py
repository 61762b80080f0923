from . import pep_demo
