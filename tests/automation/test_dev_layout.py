"""Places of source files in an image, read from a Dockerfile; what a dev session mounts, restarts and builds."""

from pathlib import Path

import pytest

from automation.dev.image_layout import ImageLayout, image_layout, named_layout
from tests.planning import ROOT

EXAMPLES = ROOT / "examples" / "agent_os"


def layout(text: str, folder: Path, working: str = "/", **variables: str) -> ImageLayout:
    return image_layout(text, folder, ["Dockerfile", ".dockerignore"], variables, working)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Folder with an application."""
    for name in ("app.py", "agents/one.py", "static/page.html", "requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "working", "folders", "target"),
    [
        ("FROM a\nWORKDIR /app\nCOPY . .", "/app", ("/app",), "/app/app.py"),
        ("FROM a\nWORKDIR /app\nADD . ./", "/app", ("/app",), "/app/app.py"),
        ("FROM a\nWORKDIR /usr/src\nWORKDIR app\nCOPY . .", "/usr/src/app", ("/usr/src/app",), "/usr/src/app/app.py"),
        ("FROM a\nCOPY app.py /srv/app.py", "/srv", ("/srv",), "/srv/app.py"),
        ("FROM a\nCOPY app.py /srv/", "/srv", ("/srv",), "/srv/app.py"),
        ("FROM a\nWORKDIR /srv\nCOPY app.py /srv", "/srv", ("/srv",), "/srv/app.py"),
        ("FROM a\nCOPY *.py /srv/", "/srv", ("/srv",), "/srv/app.py"),
        ("FROM a\nCOPY app.py .", "/base", ("/base",), "/base/app.py"),
        ('FROM a\nCOPY ["app.py", "/srv/"]', "/", ("/srv",), "/srv/app.py"),
        ("FROM a\nCOPY --chown=1:1 --chmod=644 app.py /srv/", "/", ("/srv",), "/srv/app.py"),
        ("FROM a\nENV HOME_DIR=/opt/web\nCOPY . ${HOME_DIR}/src", "/", ("/opt/web/src",), "/opt/web/src/app.py"),
        ("FROM a\nARG TO=/srv\nCOPY . $TO", "/", ("/srv",), "/srv/app.py"),
        ("FROM a\nCOPY . ${FROM_BASE}", "/", ("/of/base",), "/of/base/app.py"),
        ("FROM a AS base\nWORKDIR /app\nCOPY . .\nFROM base\nRUN true", "/app", ("/app",), "/app/app.py"),
        ("FROM a\n# COPY . /wrong\nCOPY . \\\n  /srv", "/", ("/srv",), "/srv/app.py"),
        ("FROM a\nRUN <<END\nCOPY . /wrong\nEND\nCOPY . /srv", "/", ("/srv",), "/srv/app.py"),
    ],
)
def test_a_source_file_has_the_place_of_its_copy_instruction(
    context: Path, lines: str, working: str, folders: tuple[str, ...], target: str
) -> None:
    result = layout(lines, context, working, FROM_BASE="/of/base")
    assert (result.folders, result.targets_of("app.py")) == (folders, (target,))


@pytest.mark.parametrize(
    "lines",
    [
        "FROM a\nCOPY . /",
        "FROM a\nCOPY app.py /usr/local/bin/app",
        "FROM a\nCOPY --from=builder /app /app",
        "FROM a\nADD https://example.com/app.py /srv/",
        "FROM a\nCOPY requirements.txt /build/",
        "FROM a AS builder\nCOPY . /srv\nFROM b\nCOPY --from=builder /srv /srv",
        "",
    ],
)
def test_an_unknown_place_mounts_nothing(context: Path, lines: str) -> None:
    assert layout(lines, context).folders == ()


def test_a_folder_is_mounted_once_with_what_is_copied_below_it() -> None:
    text = (EXAMPLES / "gateway" / "Dockerfile").read_text(encoding="utf-8")
    result = image_layout(text, EXAMPLES, ["gateway/Dockerfile"], {}, "/srv")
    assert result.folders == ("/srv",)
    assert result.targets_of("gateway/rules.py") == ("/srv/rules.py",)
    assert result.targets_of("shared/serving.py") == ("/srv/shared/serving.py",)
    assert result.targets_of("worker/app.py") == ()


@pytest.mark.parametrize(
    ("path", "builds"),
    [
        ("gateway/Dockerfile", True),
        ("gateway/requirements.txt", True),
        ("gateway/rules.py", False),
        ("shared/serving.py", False),
        ("worker/app.py", False),
        ("README.md", False),
    ],
)
def test_only_what_is_installed_needs_another_image(path: str, builds: bool) -> None:
    text = (EXAMPLES / "gateway" / "Dockerfile").read_text(encoding="utf-8")
    assert image_layout(text, EXAMPLES, ["gateway/Dockerfile"], {}, "/srv").needs_build(path) is builds


def test_a_file_that_an_earlier_stage_alone_reads_needs_another_image(context: Path) -> None:
    text = "FROM a AS web\nCOPY static /web\nRUN build\nFROM b\nCOPY app.py /srv/\nCOPY --from=web /web /srv/web"
    result = layout(text, context, "/srv")
    assert (result.needs_build("static/page.html"), result.needs_build("app.py")) == (True, False)


def test_a_named_folder_has_its_content_at_the_named_path() -> None:
    result = named_layout("/app")
    assert (result.folders, result.targets_of("a/b.py"), result.needs_build("a/b.py")) == (
        ("/app",),
        ("/app/a/b.py",),
        False,
    )


def test_every_example_has_a_folder_to_mount() -> None:
    for dockerfile in EXAMPLES.glob("*/Dockerfile"):
        text = dockerfile.read_text(encoding="utf-8")
        assert image_layout(text, EXAMPLES, [], {}, "/srv").folders == ("/srv",), dockerfile
