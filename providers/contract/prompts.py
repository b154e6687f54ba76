"""Paths whose request bodies are prompts, which managed WAF rules take for attacks. Pure.

A prompt is natural language and code: of 116 everyday prompts in five languages, 72 match the OWASP core rule set at its lowest
level (`tests/waf`). On these paths bodies are not inspected; path, query and headers are, and all of every other request.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from providers.contract.closed_paths import framed
from providers.contract.spec import Platform, Service

AGENTOS_KINDS = ("agents", "teams", "workflows")
AGENTOS_PROMPTS = tuple(f"/{kind}/*/runs" for kind in AGENTOS_KINDS)
"""Paths at which AgentOS (agno 3.1.10) takes messages."""
MODEL_KEY = re.compile(r"(OPENAI|ANTHROPIC|GEMINI|GOOGLE|MISTRAL|COHERE|GROQ|DEEPSEEK|XAI|TOGETHER|OPENROUTER)_API_KEY")
"""Secrets of services that call a hosted model."""
ANY_SEGMENT = "[A-Za-z0-9._~-]+"
"""Segment of plain characters: any other is inspected like the rest."""


@dataclass(frozen=True)
class PromptPaths:
    """Paths of prompts, and the services that they are defaults of; empty for paths of the stack file."""

    paths: tuple[str, ...]
    services: tuple[str, ...] = ()


def prompt_paths(spec: Platform) -> PromptPaths:
    """Return the paths of `ingress.waf.prompts`, else those of services that are known to take prompts."""
    waf = spec.ingress.waf_settings
    if waf is None:
        return PromptPaths(())
    if waf.prompts is not None:
        return PromptPaths(tuple(dict.fromkeys(waf.prompts)))
    found = {name: tuple(_defaults(spec, service)) for name, service in spec.public.items()}
    paths = dict.fromkeys(path for paths in found.values() for path in paths)
    return PromptPaths(tuple(paths), tuple(name for name, paths in found.items() if paths))


def is_everything(path: str) -> bool:
    """True for a path of prompts that every request matches."""
    return not path.strip("/*")


def prompt_expressions(spec: Platform, frame: str, max_characters: int) -> list[str]:
    """Regular expressions of the paths of prompts and all below them: `frame` with `{}` replaced by alternatives."""
    return list(framed(_alternatives(prompt_paths(spec).paths), frame, max_characters))


def _defaults(spec: Platform, service: Service) -> Iterator[str]:
    prefix = (service.path or "").rstrip("/")
    if service.app == "agentos":
        yield from (f"{prefix}{path}" for path in AGENTOS_PROMPTS)
    elif "models" in service.uses or any(MODEL_KEY.fullmatch(secret) for secret in service.secrets):
        yield prefix or "/"


def _alternatives(paths: Sequence[str]) -> Iterator[str]:
    """Yield an expression for each path; the paths of an AgentOS share one, so that those of many services fit."""
    shared: set[str] = set()
    for path in paths:
        prefix = path.removesuffix(AGENTOS_PROMPTS[0])
        together = {f"{prefix}{each}" for each in AGENTOS_PROMPTS}
        if prefix != path and together <= set(paths):
            shared |= together
            before = f"{_alternative(prefix)}/" if prefix else ""
            yield f"{before}(?:{'|'.join(AGENTOS_KINDS)})/{ANY_SEGMENT}/runs"
        elif path not in shared:
            yield _alternative(path)


def _alternative(path: str) -> str:
    if path == "/":
        return ".*"
    segments = (ANY_SEGMENT if part == "*" else part.replace(".", "[.]") for part in path.strip("/").split("/"))
    return "/".join(segments)
