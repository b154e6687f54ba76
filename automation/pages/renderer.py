"""Rendering of pages with Jinja templates, which escape everything; a template of the user runs in Jinja's sandbox.

A page has no script and requests nothing: its policy refuses both, styles and pictures are inside. It follows the colours of
the reader's system, and can be printed.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from providers.contract.diagnostics import ConfigError, InvalidConfiguration

FOLDER = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content security policy: no script, no request; styles are inside the page."""
CODE = re.compile(r"`([^`]*)`")
OWN = "the template of --template"
"""Name by which errors refer to a template of the user."""


def render(template: str, values: Mapping[str, object]) -> str:
    """Return the page of a packaged template."""
    return _environment(_packaged()).get_template(template).render(_values(values))


def render_file(option: str, file: Path, values: Mapping[str, object]) -> str:
    """Return the page of a template of the user; raises InvalidConfiguration when it cannot be read or rendered."""
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _refused(option, f"cannot read {file}: {reason}") from None
    try:
        loader = ChoiceLoader([DictLoader({OWN: source}), _packaged()])
        return _environment(loader).get_template(OWN).render(_values(values))
    except TemplateSyntaxError as error:
        raise _refused(option, f"{file} line {error.lineno}: {_reason(error)}") from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _refused(option, f"{file}: {_reason(error)}") from None


def _refused(option: str, problem: str) -> InvalidConfiguration:
    fix = "correct the template; docs/report.md has an example, and without the option the packaged template is used"
    return InvalidConfiguration([ConfigError(option, problem, fix)])


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _packaged() -> BaseLoader:
    return FileSystemLoader(FOLDER / "templates")


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["code"] = code
    return environment


def _values(values: Mapping[str, object]) -> dict[str, object]:
    style = Markup(style_sheets("colours", "page", "picture"))  # noqa: S704  # packaged style sheets
    return {**values, "policy": POLICY, "style": style}


def style_sheets(*names: str) -> str:
    """Return packaged style sheets, one after the other."""
    return "".join((FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in names)


def code(text: object) -> Markup:
    """Return escaped text in which text between backticks is code."""
    parts: Iterable[str] = CODE.split(str(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
