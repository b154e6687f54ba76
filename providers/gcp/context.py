"""Context of one region of a Google Cloud project. Pure."""

from dataclasses import dataclass

from providers.contract.context import RegionContext
from providers.contract.spec import GcpBlock


@dataclass(frozen=True)
class GcpContext(RegionContext):
    """One region of one project, and the spec of the platform."""

    @property
    def block(self) -> GcpBlock:
        """`gcp` block of the stack file, which is validated before anything is declared."""
        if self.spec.gcp is None:
            raise ValueError("the gcp block is missing")
        return self.spec.gcp

    @property
    def stack_label(self) -> str:
        """Name of the stack, without the region that names in the standby region have."""
        there = self.region == self.spec.standby_region
        return self.stack.removesuffix(f"-{self.region}") if there else self.stack

    @property
    def project(self) -> str:
        """Project id."""
        return self.block.project

    @property
    def registry_host(self) -> str:
        """Host of the region's registry."""
        return f"{self.region}-docker.pkg.dev"

    @property
    def deletion_policy(self) -> str:
        """Deletion policy of resources with data or keys: production prevents deletion, other profiles allow it."""
        return "PREVENT" if self.production else "DELETE"
