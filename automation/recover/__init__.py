"""A stack after an update that was killed, or whose answers were lost: `from automation.recover import recover`.

Nothing of the cloud is ever deleted, and nothing of the state that the cloud still has.
"""

from automation.recover.recovery import recover
from automation.recover.results import Recovered, RecoveryStep, Topic

__all__ = ["Recovered", "RecoveryStep", "Topic", "recover"]
