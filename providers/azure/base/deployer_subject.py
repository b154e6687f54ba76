"""By which words GitHub's tokens name the jobs that may deploy. Pure.

Azure compares the subject of a token letter by letter. GitHub writes a repository's numeric ids into it when the
repository was made or renamed since 15 July 2026, or opted in; the spec knows only names.
"""

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Deployer, Platform


def subject(deployer: Deployer) -> str:
    """`repo:acme/agents:environment:prod`."""
    return f"repo:{deployer.github}:environment:{deployer.environment}"


def deployer_adjustments(spec: Platform) -> list[Adjustment]:
    """Repositories whose tokens say more than their name, and how images come into a closed registry."""
    if spec.deployer is None:
        return []
    owner, _, repository = spec.deployer.github.partition("/")
    given = (
        f"trust in tokens that name it {owner}/{repository}; for a repository with immutable subjects add a federated "
        f"credential for repo:{owner}@<owner id>/{repository}@<repository id>:environment:{spec.deployer.environment} "
        "to the deployer's identity"
    )
    return [legacy_adjustment("deployer.github", spec.deployer.github, given)]
