"""Anonymous access to an image in a container registry. No credentials are used.

Registries answer an anonymous request with 401 and the address of a token service, which issues tokens for public images
(https://distribution.github.io/distribution/spec/auth/token/).
"""

import json
import re
from typing import Literal
from urllib.parse import urlencode

from automation.engine.network import Fetch
from providers.contract.images import Image, parse_image

Access = Literal["public", "denied", "missing", "unknown"]
"""Answer of a registry; `denied` also for private images, whose existence registries do not admit."""
DOCKER_HUB = "docker.io"
DOCKER_HUB_API = "registry-1.docker.io"
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


def anonymous_access(reference: str, fetch: Fetch) -> Access:
    """Return whether the image of a reference with a registry host can be pulled without credentials."""
    image = parse_image(reference)
    host, name = _address(image)
    url = f"https://{host}/v2/{name}/manifests/{image.digest or image.tag or 'latest'}"
    headers = {"Accept": ", ".join(MANIFESTS)}
    reply = fetch("HEAD", url, headers)
    if reply.status == 401:
        token = _token(reply.headers.get("www-authenticate", ""), name, fetch)
        if token is None:
            return "denied"
        reply = fetch("HEAD", url, {**headers, "Authorization": f"Bearer {token}"}) if token else reply
    if reply.status == 200:
        return "public"
    if reply.status == 404:
        return "missing"
    return "denied" if reply.status in (401, 403) else "unknown"


def _address(image: Image) -> tuple[str, str]:
    """Return host and name of the registry's API; Docker Hub's differ from those in a reference."""
    if image.registry != DOCKER_HUB:
        return image.registry or "", image.name
    return DOCKER_HUB_API, image.name if "/" in image.name else f"library/{image.name}"


def _token(challenge: str, name: str, fetch: Fetch) -> str | None:
    """Return an anonymous token; None when the token service refuses one."""
    values = dict(CHALLENGE.findall(challenge))
    realm = values.get("realm", "")
    if not challenge.lower().startswith("bearer") or not realm.startswith("https://"):
        return None
    query = {key: value for key, value in values.items() if key == "service"}
    reply = fetch("GET", f"{realm}?{urlencode({**query, 'scope': f'repository:{name}:pull'})}", {})
    if reply.status != 200:
        return None if reply.status in (401, 403) else ""
    try:
        document = json.loads(reply.body)
    except ValueError:
        return ""
    token = document.get("token") or document.get("access_token") if isinstance(document, dict) else ""
    return token if isinstance(token, str) else ""
