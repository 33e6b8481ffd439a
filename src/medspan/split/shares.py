"""How much each part should hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from medspan.core import ConfigError

DEFAULT_SHARES: Mapping[str, float] = MappingProxyType({"train": 0.8, "validation": 0.1, "test": 0.1})


def check_shares(shares: Mapping[str, float]) -> None:
    """ConfigError unless every part has a share above 0 and they sum to 1."""
    if not shares:
        raise ConfigError(
            "shares names no part", remedy="give for example train=0.8, validation=0.1, test=0.1"
        )
    for part, share in shares.items():
        if not (math.isfinite(share) and share > 0):
            raise ConfigError(
                f"shares.{part} is {share}",
                cause="every part needs a share above 0",
                remedy="leave the part out, or give it a share",
            )
    total = math.fsum(shares.values())
    if abs(total - 1) > 1e-6:
        stated = ", ".join(f"{part}={share}" for part, share in shares.items())
        raise ConfigError(
            f"shares sum to {total:g} ({stated})",
            cause="percentages where shares are asked for, or a part left out",
            remedy="give shares from 0 to 1 that sum to 1",
        )


def among(shares: Mapping[str, float], parts: list[str]) -> dict[str, float]:
    """The shares of some of the parts in proportion, so that they sum to 1."""
    total = math.fsum(shares[part] for part in parts)
    return {part: shares[part] / total for part in parts}
