"""From a folder to a `ForeignRun`: who trained it, and every fact from the first file that states it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medspan.core import InputError
from medspan.core.errors import missing_file
from medspan.diagnose.foreign.adapters import (
    CONFIG,
    FINAL,
    STATE,
    WEIGHTS,
    best_step,
    checkpoints_of,
    choose_adapter,
    log_folder,
)
from medspan.diagnose.foreign.base import Layout, layouts, local_folder
from medspan.diagnose.foreign.data_files import data_files, generated_files
from medspan.diagnose.foreign.folder import CARD, Folder
from medspan.diagnose.foreign.generation import Generation, read_generation
from medspan.diagnose.foreign.homes import Homes
from medspan.diagnose.foreign.run import FACTS, ForeignRun, Stated
from medspan.diagnose.foreign.templates import chat_template_of, tokenizer_folder

GENERATION = "generation_config.json"


def is_foreign(path: Path) -> bool:
    """Whether a folder holds a run that `read_foreign` reads, and none of medspan's own."""
    if not path.is_dir() or any((path / name).exists() for name in ("record.json", "adapter/format.json")):
        return False
    try:
        read_foreign(path)
    except InputError:
        return False
    return True


def read_foreign(path: Path) -> ForeignRun:
    """What the files of a folder say about a run of another trainer; nothing is run or unpickled.

    The folder is an output_dir, a folder of an adapter, or one of predictions. Files that are missing or
    broken are named in `missing` and `notes`. InputError where the path is no folder, or holds neither an
    adapter nor generated texts.
    """
    if not path.exists():
        raise missing_file(path, "the run")
    if not path.is_dir():
        raise InputError(
            f"{path} is a file, and a run is a folder",
            cause="the weights, or one file of the run, were named",
            remedy=f"name the folder that holds it: {path.parent}",
        )
    folder = Folder(path)
    named = list(dict.fromkeys(name for layout in layouts() for name in layout.adapter(folder)))
    chosen = choose_adapter(folder, named)
    generated = generated_files(path)
    if chosen.config is None and (not generated or _runs_in(path)):
        raise _nothing(path)
    return _assembled(Homes(folder, chosen), generated)


def _assembled(homes: Homes, generated: tuple[Path, ...]) -> ForeignRun:
    folder, layout, chosen = homes.folder, homes.layout, homes.chosen
    facts, base = _facts(homes), _base_model(homes)
    base_folder = local_folder(base.value, folder.path) if base else None
    places = [place for place in (chosen.folder, folder.path, chosen.config) if place is not None]
    tokenizer = tokenizer_folder(places)
    template = chat_template_of(folder, homes.each(layout.chat_template), tokenizer, base_folder)
    generation = layout.generation(folder) or _generation(folder, places)
    base_generation = _generation(folder, [base_folder] if base_folder else [])
    named = tuple(dict.fromkeys(name for home in homes.all for name in layout.data(home)))
    _note_oddities(homes, generation)
    known = {
        "adapter": chosen.folder,
        "base_model": base,
        "tokenizer": tokenizer,
        "chat_template": template,
        "generation": generation or base_generation,
        "generated": generated,
    }
    return ForeignRun(
        folder=folder.path,
        trainer=layout.trainer,
        told_by=homes.told_by,
        adapter=chosen.folder,
        adapter_from=chosen.reason,
        checkpoints=checkpoints_of(folder.path),
        best_step=best_step(folder),
        base_model=str(base.value) if base else None,
        base_model_from=base.source if base else "",
        log=log_folder(folder.path, chosen.folder),
        tokenizer=tokenizer,
        chat_template=str(template.value) if template else None,
        chat_template_from=template.source if template else "",
        generation=generation,
        base_generation=base_generation,
        facts=facts,
        packages=_packages(homes),
        data_named=named,
        data_files=data_files(folder.path, named),
        generated=generated,
        missing=_missing(layout, facts, known),
        notes=homes.notes(),
    )


def _note_oddities(homes: Homes, generation: Generation | None) -> None:
    folder, chosen = homes.folder, homes.chosen
    if generation is not None and generation.source.endswith(GENERATION):
        folder.note(
            f"{generation.source} lies beside the adapter: PEFT does not load it by itself, a script may have"
        )
    if chosen.folder is None and chosen.config is not None:
        folder.note(f"{CONFIG} has no weights beside it: the training did not end, or they were left behind")
    for line in homes.layout.notes(folder):
        folder.note(line)


def _facts(homes: Homes) -> dict[str, Stated]:
    """Each fact from the first file that states it; files that contradict each other are noted."""
    found: dict[str, Stated] = {}
    for name, fact in homes.facts():
        if (name, fact.value) in homes.layout.unsure:
            continue
        first = found.setdefault(name, fact)
        if first.default and not fact.default:
            found[name] = fact
        elif not (fact.default or first.default) and _differ(first.value, fact.value):
            homes.folder.note(
                f"{name}: {first.source} says {first.value!r}, {fact.source} {fact.value!r}; the first counts"
            )
    return {name: found[name] for name in FACTS if name in found}


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        # Model cards round: 0.0002 for 1.99e-4 is the same.
        return abs(one - other) > 1e-2 * max(abs(one), abs(other))
    if isinstance(one, list) != isinstance(other, list):
        # `all`, or names with commas, beside the modules that they came to.
        return False
    return bool(sorted(map(str, one)) != sorted(map(str, other)) if isinstance(one, list) else one != other)


def _packages(homes: Homes) -> dict[str, str]:
    found: dict[str, str] = {}
    for home in homes.all:
        found = {**home.card.versions, **found}
    if isinstance(homes.adapter.get("peft_version"), str):
        found.setdefault("peft", homes.adapter["peft_version"])
    for name in (GENERATION, "config.json"):
        version = (homes.folder.mapping(name) or {}).get("transformers_version")
        if isinstance(version, str):
            found.setdefault("transformers", version)
    return dict(sorted(found.items()))


def _base_model(homes: Homes) -> Stated | None:
    """What the adapter names, since PEFT loads that; else what the trainer's files name."""
    cards = ((home, home.card.data.get("base_model")) for home in homes.all)
    named = homes.adapter.get("base_model_name_or_path")
    if named is not None and not isinstance(named, str):
        homes.folder.note(f"{homes.config_name}: base_model_name_or_path is {named!r} and no name; not used")
    stated = [
        Stated(named, homes.config_name),
        *homes.each(homes.layout.base_model),
        *(homes.placed(home, Stated(base, CARD)) for home, base in cards),
    ]
    stated = [one for one in stated if isinstance(one.value, str) and one.value.strip()]
    if not stated:
        return None
    first = stated[0]
    other = next((one for one in stated if one.value != first.value), None)
    if other is not None:
        homes.folder.note(
            f"the base model is {first.value} by {first.source}, and {other.value} by {other.source}; "
            "the first counts"
        )
    return first


def _generation(folder: Folder, places: list[Path]) -> Generation | None:
    for place in places:
        values = folder.mapping(place / GENERATION)
        if values is not None:
            return read_generation(values, folder.name(place / GENERATION))
    return None


def _missing(layout: Layout, facts: Mapping[str, Stated], known: Mapping[str, Any]) -> dict[str, str]:
    """For each thing that is not known, which file would tell."""
    would = {
        "adapter": " or ".join(WEIGHTS) + f" beside {CONFIG}",
        "base_model": f"{CONFIG}: base_model_name_or_path",
        "tokenizer": "tokenizer_config.json and tokenizer.json beside the adapter",
        "chat_template": "chat_template.jinja, or tokenizer_config.json, beside the adapter",
        "generation": f"{GENERATION}, or the arguments of the script that generated",
        "generated": "a file such as generated.jsonl, with a row for each document",
    }
    missing = {name: would[name] for name, value in known.items() if not value}
    return missing | {
        name: layout.tells.get(name, "training_args.bin, or the configuration of the training")
        for name in FACTS
        if name not in facts and name not in layout.without
    }


def _nothing(path: Path) -> InputError:
    looked = [
        f"{CONFIG} with {' or '.join(WEIGHTS)}",
        "the same in " + ", ".join(f"{name}/" for name in FINAL) + " and checkpoint-N/",
        "files of generated texts (generated*.jsonl, *predictions*.jsonl, predictions/*.jsonl)",
    ]
    inner = _runs_in(path)
    full = any((path / name).is_file() for name in ("model.safetensors", "model.safetensors.index.json"))
    cause = "it is no output_dir of a training"
    remedy = "name the output_dir of the training, or the folder of the adapter"
    if full:
        cause = "it holds a whole model (model.safetensors): it was merged, or trained without LoRA"
        remedy = "name the folder of the adapter from which it was merged"
    elif inner:
        cause = "it is a folder of several runs"
        remedy = f"name one of the runs in it, for instance {inner[0]}"
    elif (path / STATE).is_file():
        cause = "the training saved no adapter"
    return InputError(
        f"{path} holds no run; looked for were: " + "; ".join(looked), cause=cause, remedy=remedy
    )


def _runs_in(path: Path) -> list[Path]:
    """The folders of runs in a folder, up to two levels below."""
    found = (one.parent for depth in ("*", "*/*") for one in path.glob(f"{depth}/{CONFIG}"))
    inner = {one.parent if one.name in FINAL or one.name.startswith("checkpoint-") else one for one in found}
    return sorted(inner - {path})
