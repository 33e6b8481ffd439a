"""The doctor: the cause of a bad run, with proof."""

from medspan.diagnose.base import Cleared, Effect, Examination, Probe, Suspicion, Untold, all_probes
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import Diagnosis
from medspan.diagnose.examine import diagnose

__all__ = [
    "CAUSES",
    "Case",
    "Cleared",
    "Diagnosis",
    "Effect",
    "Examination",
    "Probe",
    "Suspicion",
    "Untold",
    "all_probes",
    "diagnose",
]
