"""Failures of docker and of the clouds' command lines, identified by their error texts. Imports no SDK.

Sources of the texts: moby and buildx (github.com/docker/buildx, github.com/moby/moby), botocore's exceptions, Google
Cloud CLI and Azure CLI messages, and the registries' documentation, such as
https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html and https://aka.ms/acr/firewall.
"""

from automation.deploy.errors import NETWORK, DeploymentFailed, ErrorPattern, Failure
from providers.contract.cli import CliProgram

MAX_QUOTE_CHARACTERS = 400
QUOTED_LINES = 3
DOCKER = CliProgram(
    name="docker",
    check=("docker", "--version"),
    install="install Docker with the buildx plugin (https://docs.docker.com/engine/install/)",
)
INSTALL_BUILDX = (
    "install the plugin (https://docs.docker.com/build/install-buildx/; on Debian and Ubuntu: "
    "`apt install docker-buildx-plugin`)"
)

COMMAND_PATTERNS = (
    ErrorPattern(
        kind=Failure.NO_PERMISSION,
        pattern=r"permission denied while trying to connect to the [Dd]ocker",
        problem="this user may not use the Docker daemon",
        fix="add the user to the group docker and log in again, or set DOCKER_HOST to a daemon that it may use",
    ),
    ErrorPattern(
        kind=Failure.OFFLINE,
        pattern=r"Cannot connect to the Docker daemon|failed to connect to the docker API|error during connect"
        r"|docker\.sock: connect:",
        problem="cannot reach the Docker daemon",
        fix="start Docker, or set DOCKER_HOST to the address of its daemon",
    ),
    ErrorPattern(
        kind=Failure.NO_PROGRAM,
        pattern=r"'buildx' is not a docker command|unknown command: docker buildx|unknown flag: --(?:metadata-file|platform|load)",
        problem="docker has no buildx plugin",
        fix=INSTALL_BUILDX,
    ),
    ErrorPattern(
        kind=Failure.COMMAND,
        pattern=r"exec format error",
        problem="this machine cannot run programs of the image's architecture during the build",
        fix="run `docker run --privileged --rm tonistiigi/binfmt --install all`, or build on a machine of that architecture",
    ),
    ErrorPattern(
        kind=Failure.COMMAND,
        pattern=r"no match for platform in manifest|no matching manifest for (?P<platform>\S+)",
        problem="a base image does not exist for the service's architecture {platform}",
        fix="use a base image for it, or change `architecture` of the service",
    ),
    ErrorPattern(
        kind=Failure.NO_CREDENTIALS,
        pattern=r"Unable to locate credentials|SSO session associated with this profile|Token has expired and refresh failed"
        r"|ExpiredToken|InvalidClientTokenId|UnrecognizedClientException|security token included in the request is",
        problem="the AWS CLI has no valid credentials",
        fix="run `aws sso login` or `aws configure`, then run the same command again",
    ),
    ErrorPattern(
        kind=Failure.NO_CREDENTIALS,
        pattern=r"do not currently have an active account selected|Reauthentication (?:failed|required)"
        r"|problem refreshing your current auth tokens|Your default credentials were not found",
        problem="the Google Cloud CLI has no valid credentials",
        fix="run `gcloud auth login`, then run the same command again",
    ),
    ErrorPattern(
        kind=Failure.NO_CREDENTIALS,
        pattern=r"az login|AADSTS\d+",
        problem="the Azure CLI has no valid credentials",
        fix="run `az login`, then run the same command again",
    ),
    ErrorPattern(
        kind=Failure.NO_REGISTRY,
        pattern=r"name unknown|RepositoryNotFoundException|repository with name \S+ does not exist|NAME_UNKNOWN"
        r"|Repository \"[^\"]+\" not found|\.azurecr\.io[^\n]*no such host|registry[^\n]* could not be found",
        problem="the registry of the stack does not exist yet",
        fix="run `agent-platform up STACK`, which creates it first and then builds and pushes the images",
    ),
    ErrorPattern(
        kind=Failure.NO_PERMISSION,
        pattern=r"client with IP '(?P<address>[^']+)' is not allowed access",
        problem="the registry accepts no connection from {address}",
        fix="run `agent-platform images push STACK`, which opens the registry for this machine and closes it again",
    ),
    ErrorPattern(
        kind=Failure.TAKEN,
        pattern=r"ImageTagAlreadyExists|[Tt]ag invalid|tag is immutable|cannot be overwritten|TAG_INVALID",
        problem="the registry has another image with this tag, and its tags cannot be changed",
        fix="push the image with a new tag, and pin its digest in the stack file",
    ),
    ErrorPattern(
        kind=Failure.QUOTA,
        pattern=r"LimitExceeded|toomanyrequests|[Qq]uota exceeded|[Ss]torage limit|size limit|no space left on device",
        problem="the registry or this machine has no room for the image: {line}",
        fix="delete unused images (`docker system prune` on this machine) or raise the quota, then run the same command again",
    ),
    ErrorPattern(
        kind=Failure.NO_CREDENTIALS,
        pattern=r"no basic auth credentials|authorization token has expired|unauthorized: authentication required"
        r"|401 Unauthorized|unauthorized:|incorrect username or password",
        problem="docker is not logged in to the registry",
        fix="run the same command again, which logs in; check that the cloud's command line uses the account of the stack",
    ),
    ErrorPattern(
        kind=Failure.NO_PERMISSION,
        pattern=r"denied: |403 Forbidden|AccessDenied|AuthorizationFailed|PERMISSION_DENIED|is not authorized to perform",
        problem="the credentials have no permission: {line}",
        fix="grant the permission, or log in to the account that the stack file names, then run the same command again",
    ),
    ErrorPattern(
        kind=Failure.NO_IMAGE,
        pattern=rf"(?:Step 1/\d+ : (?:ARG|FROM)(?!.*Step 3/)|(?:load|resolve source) metadata for).*(?:{NETWORK})",
        problem="the base image of the Dockerfile cannot be pulled: {line}",
        fix="run the same command again; where its registry cannot be reached, set BASE_IMAGE to an image on this machine, in a "
        "Dockerfile with `ARG BASE_IMAGE`",
    ),
    ErrorPattern(
        kind=Failure.OFFLINE,
        pattern=NETWORK,
        problem="the connection was lost: {line}",
        fix="run the same command again; what has been transferred is not transferred again",
    ),
)
"""Failures with a known fix, the most specific first; `{line}` is the last line of the output."""


def missing_program(program: str, install: str = "") -> DeploymentFailed:
    """Return the failure of a program that is not on PATH."""
    fix = install or f"install {program} and put it on PATH"
    return DeploymentFailed(Failure.NO_PROGRAM, f"the program {program} is not on PATH", fix)


def command_failure(command: str, output: str) -> DeploymentFailed:
    """Return the failure of a command from the last lines of its output."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = lines[-1].rstrip(".") if lines else "no error message"
    for pattern in COMMAND_PATTERNS:
        groups = pattern.match(output)
        if groups is not None:
            return pattern.failure({"line": shortened(last), **groups}, output)
    quote = " / ".join(lines[-QUOTED_LINES:]).rstrip(".") or last
    problem = f"`{command}` failed: {shortened(quote)}"
    return DeploymentFailed(Failure.COMMAND, problem, "fix the cause, then run the same command again", output)


def shortened(text: str) -> str:
    """Return a text cut to its last 400 characters, where programs state the cause."""
    return text if len(text) <= MAX_QUOTE_CHARACTERS else f"...{text[3 - MAX_QUOTE_CHARACTERS :]}"
