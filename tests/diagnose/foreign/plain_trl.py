"""A run as a user of TRL makes one: SFTTrainer and LoRA on the embedded base, then `generate`; no medspan.

medspan writes the data and nothing else: what TRL, PEFT and transformers leave in the folder is all that
there is of the run. The faults are those that such scripts have.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from medspan.core import Annotation, Example, Mention, Relation
from medspan.models.embedded import embedded_model
from medspan.read import load, write
from medspan.synth import generate

TRL_REASON = "trl is not installed: tests on runs of plain TRL are skipped (it comes with the extra `bench`)"
COPYING_FORBIDDEN = {"repetition_penalty": 1.5, "no_repeat_ngram_size": 3}
GENERATED = "generated.jsonl"


@dataclass(frozen=True, slots=True)
class Training:
    """How the run is trained.

    `chat`: prompts stand in the chat template; else as they are, which ends in no habit of the base model to
    stop. `stop`: `trained` leaves the stop token to TRL; `masked` takes it out of the labels, as collators
    do that mask all padding where the padding token is the stop token; `absent` leaves it out of the rows.
    """

    notes: int = 110
    test_notes: int = 30
    seed: int = 0
    epochs: float = 1.0
    learning_rate: float = 1.5e-3
    batch_size: int = 4
    chat: bool = True
    loss_on_prompt: bool = False
    stop: Literal["trained", "masked", "absent"] = "trained"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How its answers are generated: further options of `generate`, and whether in the chat template."""

    options: tuple[tuple[str, float], ...] = ()
    chat: bool = True
    max_new_tokens: int = 96


def write_data(folder: Path, training: Training) -> None:
    """train, validation and test in `folder/data`, as chat messages."""
    held_out = training.test_notes / (training.notes + training.test_notes)
    notes = short_notes(
        generate(
            training.notes + training.test_notes,
            seed=training.seed,
            held_out_documents=held_out,
            variety=0.25,
        )
    )
    train, test = notes[: training.notes], notes[training.notes :]
    validation = 10
    parts = {"train": train[validation:], "validation": train[:validation], "test": test}
    for name, part in parts.items():
        (folder / "data").mkdir(parents=True, exist_ok=True)
        write(folder / "data" / f"{name}.jsonl", part, "compact-messages")


def train(folder: Path, training: Training) -> None:
    """Train with TRL's SFTTrainer and save model, tokenizer and state, as its examples do."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    base = str(embedded_model())
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype="bfloat16")
    rows = training_rows(folder, tokenizer, training)
    config = SFTConfig(
        output_dir=str(folder),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=5,
        logging_steps=5,
        max_length=512,
        completion_only_loss=not training.loss_on_prompt,
        gradient_checkpointing=False,
        bf16=True,
        use_cpu=True,
        seed=training.seed,
        save_strategy="epoch",
        save_only_model=True,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    trainer.train()
    trainer.save_model(str(folder))
    trainer.save_state()


def answer(folder: Path, decoding: Decoding) -> Path:
    """Generate the answers of the test rows into `generated.jsonl`; returns that file.

    The options go into `generation_config.json`, from which `generate` would take them by itself too.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    base = AutoModelForCausalLM.from_pretrained(str(embedded_model()), dtype="bfloat16")
    model = PeftModel.from_pretrained(base, str(folder)).merge_and_unload().eval()
    tokenizer = AutoTokenizer.from_pretrained(str(folder), padding_side="left")
    options = GenerationConfig(
        do_sample=False,
        max_new_tokens=decoding.max_new_tokens,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **dict(decoding.options),
    )
    options.save_pretrained(str(folder))
    rows = [json.loads(line) for line in (folder / "data" / "test.jsonl").read_text("utf-8").splitlines()]
    prompts = [_prompt(row["messages"], tokenizer, decoding.chat) for row in rows]
    with (folder / GENERATED).open("w", encoding="utf-8") as file:
        for start in range(0, len(prompts), 16):
            batch = tokenizer(
                prompts[start : start + 16], return_tensors="pt", padding=True, add_special_tokens=False
            )
            with torch.no_grad():
                made = model.generate(**batch, generation_config=options)
            for prompt, ids in zip(prompts[start : start + 16], made, strict=True):
                text = tokenizer.decode(ids[batch.input_ids.shape[1] :], skip_special_tokens=True)
                file.write(json.dumps({"prompt": prompt, "generated_text": text}, ensure_ascii=False) + "\n")
    return folder / GENERATED


def references(folder: Path) -> list[Example]:
    """The test part as examples."""
    return list(load(folder / "data" / "test.jsonl").examples)


def require_trl() -> None:
    """Skip the test where TRL is not installed."""
    pytest.importorskip("trl", reason=TRL_REASON)


def copy_run(folder: Path, target: Path) -> Path:
    """A copy of a trained folder, to be answered under another decoding."""
    return Path(shutil.copytree(folder, target))


def short_notes(notes: Sequence[Example]) -> list[Example]:
    """Each note cut to the one of its sentences that says most."""
    return [_shortened(note) for note in notes]


def _shortened(note: Example) -> Example:
    text, reference = note.document.text, note.reference
    assert reference is not None
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", text)]
    starts = [0, *(end + 1 for end in ends[:-1])]
    sentences = list(zip(starts, ends, strict=True))

    def inside(mention: Any, start: int, end: int) -> bool:
        return isinstance(mention, Mention) and start <= mention.start and mention.end <= end

    def relations(start: int, end: int) -> list[Relation]:
        return [
            one
            for one in reference.relations
            if inside(one.head, start, end) and inside(one.tail, start, end)
        ]

    def mentions(start: int, end: int) -> list[Mention]:
        return [one for one in reference.mentions if inside(one, start, end)]

    start, end = max(sentences, key=lambda place: (len(relations(*place)), len(mentions(*place))))

    def moved(mention: Any) -> Mention:
        return Mention.at(text[start:end], mention.start - start, mention.end - start, mention.type)

    return Example(
        replace(note.document, text=text[start:end]),
        Annotation(
            tuple(moved(one) for one in mentions(start, end)),
            (),
            tuple(Relation(moved(one.head), moved(one.tail), one.type) for one in relations(start, end)),
        ),
        source=note.source,
    )


def training_rows(folder: Path, tokenizer: Any, training: Training) -> list[dict[str, Any]]:
    """The rows that go to SFTTrainer: messages where TRL tokenises them, else token ids and labels."""
    text = (folder / "data" / "train.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    if training.stop != "trained":
        return [_tokenised(row["messages"], tokenizer, training) for row in rows]
    if training.chat:
        return [{"prompt": row["messages"][:-1], "completion": row["messages"][-1:]} for row in rows]
    contents = [[message["content"] for message in row["messages"]] for row in rows]
    return [{"prompt": said[-2], "completion": said[-1]} for said in contents]


def _tokenised(messages: list[dict[str, str]], tokenizer: Any, training: Training) -> dict[str, list[int]]:
    """Token ids and labels made by hand, in which no stop token has a label."""
    prompt = _ids(_prompt(messages, tokenizer, training.chat), tokenizer)
    answer = _ids(messages[-1]["content"], tokenizer)
    if training.stop == "masked":
        answer = [*answer, tokenizer.eos_token_id]
    labels = [*(prompt if training.loss_on_prompt else [-100] * len(prompt)), *answer]
    stop = tokenizer.pad_token_id
    return {
        "input_ids": [*prompt, *answer],
        "labels": [-100 if token == stop else token for token in labels],
    }


def _prompt(messages: list[dict[str, str]], tokenizer: Any, chat: bool) -> str:
    if not chat:
        return str(messages[-2]["content"])
    return str(tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True))


def _ids(text: str, tokenizer: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False).input_ids)
