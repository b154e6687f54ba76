"""Recovery of a stack after an update that was killed, or whose results were lost.

Nothing in the cloud is deleted, and nothing is removed from the state that still exists in the cloud.
"""

from automation.recover.recovery import recover
from automation.recover.steps import RecoveryResult, RecoveryStep, Topic

__all__ = ["RecoveryResult", "RecoveryStep", "Topic", "recover"]
