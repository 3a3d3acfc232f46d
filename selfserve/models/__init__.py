"""Tables of the self-serve part: modules, their launches, and what is handed in by forms."""

from selfserve.models.captured import CaptureConsent, Captured
from selfserve.models.launch import LaunchCode, LaunchCount, ModuleUse
from selfserve.models.module import Icon, Module, Places
from selfserve.models.submission import Submission

__all__ = [
    "CaptureConsent",
    "Captured",
    "Icon",
    "LaunchCode",
    "LaunchCount",
    "Module",
    "ModuleUse",
    "Places",
    "Submission",
]
