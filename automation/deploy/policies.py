"""Policy packs that the engine runs during a preview and an update."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from providers.contract.diagnostics import ConfigError, InvalidConfiguration

PACK_FILE = "PulumiPolicy.yaml"


@dataclass(frozen=True)
class PolicyPacks:
    """Folders of policy packs, and the files that configure them, as absolute paths."""

    folders: tuple[str, ...] = ()
    configurations: tuple[str, ...] = ()

    @classmethod
    def at(cls, folders: Sequence[str], configurations: Sequence[str]) -> "PolicyPacks":
        """Return the packs at paths from the current folder; raises InvalidConfiguration.

        The engine works in another folder for some stacks, so the paths are made absolute.
        """
        errors = [*_pack_errors(folders), *_configuration_errors(folders, configurations)]
        if errors:
            raise InvalidConfiguration(errors)
        return cls(
            tuple(str(Path(path).resolve()) for path in folders),
            tuple(str(Path(path).resolve()) for path in configurations),
        )

    @property
    def packs(self) -> list[str] | None:
        """Folders as the SDK expects them."""
        return list(self.folders) or None

    @property
    def configs(self) -> list[str] | None:
        """Files as the SDK expects them."""
        return list(self.configurations) or None


def _pack_errors(folders: Sequence[str]) -> Iterator[ConfigError]:
    for folder in folders:
        if not (Path(folder) / PACK_FILE).is_file():
            yield ConfigError("--policy-pack", f"{folder} has no {PACK_FILE}", "name the folder of a policy pack")


def _configuration_errors(folders: Sequence[str], configurations: Sequence[str]) -> Iterator[ConfigError]:
    if len(configurations) > len(folders):
        problem = f"{len(configurations)} files for {len(folders)} policy packs"
        yield ConfigError("--policy-pack-config", problem, "give each pack with --policy-pack before its file")
    for path in configurations:
        if not Path(path).is_file():
            yield ConfigError("--policy-pack-config", f"{path} is no file", "name a JSON file")
