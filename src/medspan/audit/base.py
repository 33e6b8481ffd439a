"""What a check of data is, and the register of checks.

To add one, put a file into `checks/` that holds a `Check` under `@register`: it is then run by
`medspan audit`, listed in its documentation, and can be set in a policy file.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import ClassVar, TypeVar

from medspan.audit.data import Data
from medspan.core import Case, Finding, Severity


class Check(ABC):
    """Looks for one failure in data; `id` is its name in the catalogue and in reports.

    `meaning`, `counted` and `remedy` are sentences for the user: what the failure does to a training
    or a score, what exactly is counted out of what, and what to do (as a command where there is one).
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    meaning: ClassVar[str]
    counted: ClassVar[str]
    remedy: ClassVar[str]

    @abstractmethod
    def run(self, data: Data) -> Iterator[Finding]:
        """The findings: at most one for each split or pair of splits; none where nothing is wrong."""

    def finding(
        self,
        message: str,
        count: int,
        of: int,
        *,
        split: str | None = None,
        against: str | None = None,
        cases: Iterable[Case] = (),
        remedy: str | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this check, with its own severity and remedy unless others are given."""
        return Finding(
            self.id,
            severity or self.severity,
            message,
            count,
            of,
            split,
            against,
            tuple(cases),
            self.remedy if remedy is None else remedy,
        )


_CHECKS: dict[str, Check] = {}
CheckClass = TypeVar("CheckClass", bound=type[Check])


def register(check_class: CheckClass) -> CheckClass:
    """Class decorator: make a check known by its id."""
    if check_class.id in _CHECKS:
        raise ValueError(f"the check {check_class.id!r} is registered twice")
    _CHECKS[check_class.id] = check_class()
    return check_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.audit.checks as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def all_checks() -> dict[str, Check]:
    """Every registered check by id, in order of id."""
    _import_all()
    return dict(sorted(_CHECKS.items()))
