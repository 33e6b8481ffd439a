"""How serious each finding is: the checks' own severities, changed by a file of the user's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from medspan.audit.base import all_checks
from medspan.core import SEVERITIES, ConfigError, Finding, InputError, Severity
from medspan.core.errors import missing_file

Setting = Severity | Literal["off"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Severities, or `off`, by check id; a check that is not named keeps what it says itself.

    `file` is where they were stated.
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    file: str | None = None

    @property
    def off(self) -> tuple[str, ...]:
        """The checks that are not run, by id."""
        return tuple(sorted(check for check, setting in self.settings.items() if setting == "off"))

    @property
    def changed(self) -> dict[str, Setting]:
        """The severities that are stated, by check id."""
        return {check: one for check, one in sorted(self.settings.items()) if one != "off"}

    def to_json(self) -> dict[str, Any]:
        return {"file": self.file, "off": list(self.off), "changed": self.changed}

    def runs(self, check: str) -> bool:
        """Whether a check is to be run at all."""
        return self.settings.get(check) != "off"

    def judged(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings under this policy's severities, the gravest first."""
        found = []
        for finding in findings:
            setting = self.settings.get(finding.check, finding.severity)
            if setting != "off":
                found.append(replace(finding, severity=setting))
        return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def load_policy(path: Path | None) -> Policy:
    """The policy in a YAML file of `check-id: error | warning | info | off`; the checks' own without one.

    InputError where the file cannot be read, ConfigError where it names no check or no severity.
    """
    if path is None:
        return Policy()
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        stated = yaml.safe_load(text)
        twice = repeated_key(text)
    except FileNotFoundError:
        raise missing_file(path, "the policy file") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} cannot be read as a policy: {' '.join(str(error).split())[:200]}",
            cause="it is no YAML file",
            remedy="write lines such as `document-leak: warning`",
        ) from None
    if stated is not None and not isinstance(stated, dict):
        raise ConfigError(
            f"{path} holds a {type(stated).__name__}",
            cause="a policy is a list of check ids with a severity each",
            remedy="write lines such as `document-leak: warning`",
        )
    if twice is not None:
        raise ConfigError(
            f"{twice} is stated twice (in {path})",
            cause="one of the two lines would be ignored",
            remedy="remove one of them",
        )
    known = all_checks()
    settings: dict[str, Setting] = {}
    items: dict[Any, Any] = stated or {}
    for name, setting in items.items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            raise ConfigError(
                f"{name}: no check has this id (in {path})",
                cause=f"{near[0]} was meant" if near else "it is misspelt",
                remedy=f"use {', '.join(known)}",
            )
        # YAML 1.1 takes `off` for false.
        if setting is False:
            setting = "off"
        if setting not in (*SEVERITIES, "off"):
            raise ConfigError(
                f"{name}: {setting!r} is no severity (in {path})",
                remedy=f"use {', '.join(SEVERITIES)} or off",
            )
        settings[name] = setting
    return Policy(settings, str(path))


def repeated_key(text: str) -> str | None:
    """The first key that a YAML mapping states twice; readers keep the last one without a word."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    seen: set[str] = set()
    for key, _ in root.value if isinstance(root, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                return str(key.value)
            seen.add(key.value)
    return None
