from . import pep_document_withdraw
from . import pep_attendance_import
