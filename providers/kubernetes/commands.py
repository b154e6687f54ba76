"""Commands of kubectl for a stack: context and namespace, and the labels that select its pods. Pure."""

from providers.contract.cli import CliCommand, DeployedStack
from providers.kubernetes.context import REGION, KubernetesContext, block_of


def kubectl(stack: DeployedStack, *arguments: str, stdin: CliCommand | None = None) -> CliCommand:
    """Return a command in the namespace of a stack."""
    context = context_of(stack)
    place = (f"--context={block_of(stack.spec).context}", f"--namespace={context.namespace}")
    return CliCommand(("kubectl", *place, *arguments), stdin=stdin)


def context_of(stack: DeployedStack) -> KubernetesContext:
    """Return the context of a deployed stack."""
    return KubernetesContext(stack.spec, stack.name, REGION)


def pod_selector(stack: DeployedStack, component: str) -> str:
    """Return the label selector of the pods of a component: a service, a job or a part of the platform."""
    return ",".join(f"{key}={value}" for key, value in context_of(stack).selector(component).items())
