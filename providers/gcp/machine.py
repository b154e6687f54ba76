"""What the machine beneath can be asked: nothing. Machines here are Google's, and its quotas are the doctor's questions."""

from providers.contract.machine import Machine

MACHINE = Machine()
