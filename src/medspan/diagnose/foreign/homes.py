"""The places of a run's files, and everything that they state, in the order in which they are believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from medspan.diagnose.foreign.adapters import CONFIG, ChosenAdapter
from medspan.diagnose.foreign.base import Layout, layouts, names, number
from medspan.diagnose.foreign.folder import Folder
from medspan.diagnose.foreign.run import Stated
from medspan.diagnose.foreign.shared_facts import shared_facts

QUANTIZED = "-bnb-4bit"
"""How the names of base models end whose weights are saved in 4 bits."""


class Homes:
    """The folder of a run and, where it is another one, that of its adapter.

    Sources are named as seen from the run's folder.
    """

    def __init__(self, folder: Folder, chosen: ChosenAdapter):
        self.folder = folder
        self.chosen = chosen
        self.all = [folder]
        if chosen.config is not None and chosen.config != folder.path:
            self.all.append(Folder(chosen.config))
        self.adapter: Mapping[str, Any] = {}
        if chosen.config is not None:
            self.adapter = folder.mapping(chosen.config / CONFIG) or {}
        self.layout, self.told_by = self._layout()

    def _layout(self) -> tuple[Layout, tuple[str, ...]]:
        """The first layout that has a sign in any of the folders, and its signs."""
        for layout in layouts():
            signs = [sign for home in self.all for sign in layout.signs(home, self.adapter)]
            if signs:
                return layout, tuple(dict.fromkeys(signs))
        return layouts()[-1], ()

    @property
    def config_name(self) -> str:
        return self.folder.name(self.chosen.config / CONFIG) if self.chosen.config else CONFIG

    def placed(self, home: Folder, stated: Stated) -> Stated:
        """A fact of a folder with its source as seen from the run's."""
        if home is self.folder:
            return stated
        return replace(stated, source=self.folder.name(home.path / stated.source))

    def each(self, ask: Callable[[Folder], Iterator[Stated]]) -> Iterator[Stated]:
        return (self.placed(home, one) for home in self.all for one in ask(home))

    def facts(self) -> Iterator[tuple[str, Stated]]:
        """All facts of all files, the surest file first."""
        for ask in (self.layout.facts, shared_facts):
            for home in self.all:
                yield from ((name, self.placed(home, fact)) for name, fact in ask(home))
        if str(self.adapter.get("base_model_name_or_path") or "").endswith(QUANTIZED):
            yield "load_in_4bit", Stated(True, self.config_name)
        for name, key in (("lora_r", "r"), ("lora_alpha", "lora_alpha"), ("lora_dropout", "lora_dropout")):
            stated = number(self.adapter.get(key))
            if stated is not None:
                yield name, Stated(stated, self.config_name)
        modules = self.adapter.get("target_modules")
        if names(modules):
            value = sorted(names(modules)) if isinstance(modules, list) else modules
            yield "target_modules", Stated(value, self.config_name)

    def notes(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                line if home is self.folder else f"{self.folder.name(home.path)}: {line}"
                for home in self.all
                for line in home.notes
            )
        )
