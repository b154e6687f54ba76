"""Where one region of the platform stands on Google Cloud: project, region, names other strings must predict. Pure."""

from dataclasses import dataclass

from providers.contract.context import RegionContext
from providers.contract.spec import GcpBlock


@dataclass(frozen=True)
class GcpContext(RegionContext):
    """One region of one project, and the spec that is built there."""

    @property
    def block(self) -> GcpBlock:
        """The `gcp` block; its presence is checked before anything is declared."""
        if self.spec.gcp is None:
            raise ValueError("the gcp block is missing")
        return self.spec.gcp

    @property
    def project(self) -> str:
        """Project id."""
        return self.block.project

    @property
    def deletion_policy(self) -> str:
        """What deleting a resource that holds data or keys does: production refuses, other profiles delete."""
        return "PREVENT" if self.production else "DELETE"
