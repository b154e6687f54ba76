"""Protected resources before a destruction: refused all at once, or unprotected one by one as they are named.

The engine itself would delete half of a stack before it meets the first of them.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from automation.deployment.failures import DeploymentFailed, Failure
from automation.deployment.told import protected
from automation.deployment.urns import name_of
from providers.contract.mistakes import InvalidConfiguration, Mistake, did_you_mean, listed

if TYPE_CHECKING:
    from automation.deployment.workspace import ProjectStack


def unprotect_named(engine: "ProjectStack", names: Collection[str]) -> None:
    """Take the protection of the named resources away; raises DeploymentFailed when others are protected too."""
    urns = protected(engine.exported())
    known = [name_of(urn) for urn in urns]
    slips = [name for name in names if name not in known]
    if slips:
        raise InvalidConfiguration(
            [
                Mistake("--unprotect", name, f"is no protected resource of the stack{did_you_mean(name, known)}")
                for name in slips
            ]
        )
    left = [name for name in known if name not in names]
    if left:
        sentence = f"{engine.name}: {listed(left, 'and')} would be lost for good and {'are' if len(left) > 1 else 'is'} protected"
        advice = f"when that loss is meant, run again with {' '.join(f'--unprotect {name}' for name in known)}"
        raise DeploymentFailed(Failure.PROTECTED, sentence, advice)
    for urn in urns:
        engine.ask("state", "unprotect", urn, "--yes")
