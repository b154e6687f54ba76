"""Requirements of the example's services, which one virtual environment can hold together."""

from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "agent_os"


def test_all_services_pin_the_same_versions() -> None:
    pins: dict[str, set[str]] = {}
    for file in EXAMPLE.glob("*/requirements.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            name, pinned, version = line.partition("==")
            if pinned:
                pins.setdefault(name, set()).add(version)
    assert pins and {name: versions for name, versions in pins.items() if len(versions) > 1} == {}
