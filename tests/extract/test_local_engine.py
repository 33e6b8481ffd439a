"""Tiny random models: answers are legal, batches change nothing, free decoding is transformers' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Document, Example, InputError, ModelError, RelationType, Schema
from medspan.extract import DecodingOptions, GenerateExtractor, adapter_folder, load_extractor
from medspan.extract.loading import with_adapter
from medspan.format import FormatCard, Renderer, make_codec, make_template

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

SCHEMA = Schema(("Disease", "Drug"), (RelationType("treats", (("Drug", "Disease"),)),))
TEXTS = [
    "Patient takes naloxone and clonidine for hypertension.",
    "Short.",
    "",
    "She was given 5-HT2A antagonists (ketanserin; x | y) for migraine, β-blockers too.\nNo fever.",
    "Fever, rash and nausea after two doses of methotrexate; " * 2,
    "... !",
    "Lithium toxicity was seen in a patient on a stable dose of lithium and a new diuretic, chlorothiazide.",
]
SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
    "pad_token_id": 0,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from medspan.models import load_tokenizer

    return load_tokenizer("default")


def tiny(kind: str, tokenizer: Any, seed: int = 0, **more: Any) -> Any:
    """A random model in float32 of this architecture, with the vocabulary of `tokenizer`."""
    import torch
    import transformers

    shape = {**SHAPE, "vocab_size": len(tokenizer), **more}
    if kind.startswith(("Gemma", "Qwen3")):
        shape["head_dim"] = 16
    torch.manual_seed(seed)
    config = getattr(transformers, f"{kind}Config" if kind != "Gemma3" else "Gemma3TextConfig")(**shape)
    model = getattr(transformers, f"{kind}ForCausalLM")(config)
    return model.float().eval()


def extracted(
    model: Any, tokenizer: Any, texts: Sequence[str] = TEXTS, name: str = "sections", **options: Any
) -> list[Example]:
    renderer = Renderer(tokenizer, make_codec(name, SCHEMA), make_template(tokenizer))
    decoding = DecodingOptions(**{"max_new_tokens": 25, **options})
    extractor = GenerateExtractor(model, renderer, decoding, "tiny")
    return list(extractor.extract([Example(Document(str(n), text)) for n, text in enumerate(texts)]))


def check_legal(example: Example, name: str = "sections") -> None:
    read = example.predicted
    assert read is not None
    assert (read.unaligned, read.unparsed) == ((), ())
    assert read.made_by == "tiny"
    assert all(mention.aligned_by == "exact" for mention in read.mentions)
    listed = {mention.text for mention in read.mentions}
    assert {mention.text for mention in read.endpoint_mentions()} <= listed
    assert example.raw is not None
    if name == "sections":
        assert example.raw.startswith("### Entities:\n")
        assert "\n\n### Relations:\n" in example.raw
        assert example.raw.endswith("\n")
    else:
        assert [line.partition(":")[0] for line in example.raw.splitlines()] == ["Disease", "Drug", "treats"]


@pytest.mark.parametrize("name", ["sections", "compact"])
@pytest.mark.parametrize("seed", range(3))
def test_random_weights_give_only_legal_answers(seed: int, name: str, tokenizer: Any) -> None:
    # Hot sampling, or a random model says "None found." to everything.
    hot = {"do_sample": True, "temperature": 100.0}
    found = extracted(tiny("Llama", tokenizer, seed), tokenizer, name=name, **hot)
    assert [example.document.text for example in found] == TEXTS
    for example in found:
        check_legal(example, name)
    assert any(example.predicted.mentions for example in found)  # type: ignore[union-attr]


@pytest.mark.parametrize("grammar", [True, False])
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Llama", {}),
        ("Mistral", {"sliding_window": 8}),
        ("Qwen2", {}),
        ("Qwen3", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}),
        ("Gemma2", {"sliding_window": 8}),
        ("Gemma3", {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}),
    ],
)
def test_the_batch_does_not_change_the_answers(
    kind: str, more: dict[str, Any], grammar: bool, tokenizer: Any
) -> None:
    model = tiny(kind, tokenizer, 1, **more)
    alone = extracted(model, tokenizer, name="compact", batch_size=1, grammar=grammar)
    together = extracted(model, tokenizer, name="compact", batch_size=8, grammar=grammar)
    assert [example.raw for example in together] == [example.raw for example in alone]
    assert [example.truncated for example in together] == [example.truncated for example in alone]
    if grammar:
        for example in together:
            check_legal(example, "compact")
        assert any(example.predicted.mentions for example in together)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "more", "penalties"),
    [
        ("Llama", {}, (1.0, 0)),
        ("Llama", {}, (1.5, 0)),
        ("Llama", {}, (1.0, 3)),
        ("Llama", {}, (1.3, 2)),
        ("Mistral", {"sliding_window": 8}, (1.0, 0)),
        ("Gemma2", {"sliding_window": 8}, (1.0, 0)),
        ("Gemma3", {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}, (1.0, 0)),
    ],
)
def test_free_decoding_is_what_transformers_generates(
    kind: str, more: dict[str, Any], penalties: tuple[float, int], tokenizer: Any
) -> None:
    import torch
    from transformers import GenerationConfig

    model = tiny(kind, tokenizer, 2, **more)
    renderer = Renderer(tokenizer, make_codec("compact", SCHEMA), make_template(tokenizer))
    penalty, ngram = penalties
    options = DecodingOptions(
        grammar=False, max_new_tokens=16, repetition_penalty=penalty, no_repeat_ngram_size=ngram, batch_size=4
    )
    documents = [Document(str(n), text) for n, text in enumerate(TEXTS)]
    from medspan.extract.engines.local import LocalEngine

    ours = dict(LocalEngine(model, renderer, options).generate(documents))
    for n, document in enumerate(documents):
        prompt = torch.tensor([renderer.prompt_ids(document)])
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=16,
            repetition_penalty=penalty,
            no_repeat_ngram_size=ngram,
            eos_token_id=renderer.template.stop,
            pad_token_id=0,
        )
        theirs = model.generate(prompt, attention_mask=torch.ones_like(prompt), generation_config=config)
        answer = [token for token in theirs[0, prompt.shape[1] :].tolist() if token != renderer.template.stop]
        assert list(ours[n].tokens) == answer
        assert ours[n].truncated == (len(answer) == 16)


@pytest.mark.parametrize("name", ["sections", "compact"])
def test_a_tiny_budget_closes_the_answer_and_says_so(name: str, tokenizer: Any) -> None:
    found = extracted(tiny("Llama", tokenizer), tokenizer, name=name, max_new_tokens=1)
    for example in found:
        check_legal(example, name)
        assert len(example.predicted.mentions) <= 2  # type: ignore[union-attr]
    assert found[0].truncated
    # Where the text allows no mention, nothing was left out.
    assert not found[2].truncated


def test_a_budget_that_suffices_truncates_nothing(tokenizer: Any) -> None:
    (found,) = extracted(tiny("Llama", tokenizer), tokenizer, ["pain"], max_new_tokens=300)
    assert not found.truncated


def test_free_decoding_is_cut_at_the_budget(tokenizer: Any) -> None:
    (found,) = extracted(tiny("Llama", tokenizer), tokenizer, TEXTS[:1], grammar=False, max_new_tokens=5)
    assert found.truncated
    assert len(tokenizer(found.raw, add_special_tokens=False).input_ids) <= 8


def test_a_penalty_cannot_make_an_answer_illegal(tokenizer: Any) -> None:
    for example in extracted(
        tiny("Llama", tokenizer, 3), tokenizer, name="compact", repetition_penalty=1.5, no_repeat_ngram_size=1
    ):
        check_legal(example, "compact")


def test_sampling_is_seeded(tokenizer: Any) -> None:
    model = tiny("Llama", tokenizer, 4)
    runs = [
        [
            e.raw
            for e in extracted(model, tokenizer, name="compact", do_sample=True, temperature=3.0, seed=seed)
        ]
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_text_longer_than_the_model_reads_is_refused_by_name(tokenizer: Any) -> None:
    model = tiny("Llama", tokenizer, max_position_embeddings=64)
    with pytest.raises(InputError, match=r"document 1 takes \d+ tokens.*more than the model's 64"):
        extracted(model, tokenizer, ["ok", "word " * 100], name="compact", max_new_tokens=5)


def save_run(folder: Path, tokenizer: Any) -> tuple[Path, Path]:
    """A base model's folder and an adapter's folder with its card."""
    from peft import LoraConfig, get_peft_model

    from medspan.models import model_hash, tokenizer_hash

    model = tiny("Llama", tokenizer)
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    card = FormatCard(
        "sections",
        SCHEMA,
        make_template(tokenizer),
        "mentions",
        str(folder / "base"),
        model_hash(model),
        tokenizer_hash(tokenizer),
    )
    adapted = get_peft_model(
        model, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    )
    adapted.save_pretrained(folder / "run" / "adapter")
    card.save(folder / "run" / "adapter")
    return folder / "base", folder / "run"


def test_a_generation_config_beside_the_base_changes_nothing(tmp_path: Path, tokenizer: Any) -> None:
    base, run = save_run(tmp_path, tokenizer)
    examples = [Example(Document(str(n), text)) for n, text in enumerate(TEXTS[:4])]

    def outputs() -> list[str | None]:
        options = DecodingOptions(max_new_tokens=30, grammar=False)
        extractor = load_extractor(run, options, device="cpu", dtype="float32")
        return [example.raw for example in extractor.extract(examples)]

    before = outputs()
    (base / "generation_config.json").write_text(
        json.dumps(
            {"repetition_penalty": 1.5, "no_repeat_ngram_size": 3, "do_sample": True, "temperature": 5.0}
        )
    )
    assert outputs() == before


def test_what_does_not_fit_together_is_refused(tmp_path: Path, tokenizer: Any) -> None:
    base, run = save_run(tmp_path, tokenizer)
    assert adapter_folder(run) == run / "adapter" == adapter_folder(run / "adapter")
    with pytest.raises(ModelError, match=r"holds no adapter.*the folder does not exist"):
        adapter_folder(tmp_path / "gone")
    with pytest.raises(ModelError, match=r"holds no adapter.*not a run folder"):
        adapter_folder(base)
    weights = run / "adapter" / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-64])
    with pytest.raises(ModelError, match=r"adapter .* cannot be loaded"):
        load_extractor(run, device="cpu", dtype="float32")
    weights.write_bytes(whole)
    tiny("Llama", tokenizer, seed=9).save_pretrained(base)
    with pytest.raises(ModelError, match=r"is not the one that .* was trained on"):
        load_extractor(run, device="cpu", dtype="float32")


def test_the_adapter_is_applied(tmp_path: Path, tokenizer: Any) -> None:
    base, run = save_run(tmp_path, tokenizer)
    from medspan.models import load_base

    loaded = load_extractor(
        run, DecodingOptions(grammar=False, max_new_tokens=20), device="cpu", dtype="float32"
    )
    bare = load_base(str(base), device="cpu", dtype="float32").model
    plain = extracted(bare, tokenizer, TEXTS[:1], grammar=False, max_new_tokens=20)
    assert loaded.extract_text(TEXTS[0]).raw != plain[0].raw


@pytest.mark.parametrize(("tied", "merged"), [(False, True), (True, False)])
def test_adapters_are_merged_unless_other_layers_share_their_weights(
    tied: bool, merged: bool, tmp_path: Path, tokenizer: Any
) -> None:
    import copy

    import torch
    from peft import LoraConfig, get_peft_model

    model = tiny("Llama", tokenizer, tie_word_embeddings=tied)
    adapted = get_peft_model(
        copy.deepcopy(model), LoraConfig(r=4, target_modules=["q_proj", "lm_head"], task_type="CAUSAL_LM")
    )
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    adapted.save_pretrained(str(tmp_path))
    ids = torch.arange(40)[None]
    with torch.no_grad():
        expected = adapted.eval()(input_ids=ids).logits
        loaded = with_adapter(model, tmp_path)
        assert torch.allclose(loaded(input_ids=ids).logits, expected, rtol=1e-3, atol=1e-3)
    assert merged == (not any("lora" in name for name, _ in loaded.named_parameters()))


def test_a_long_forced_run_does_not_widen_the_step_of_many_rows() -> None:
    from medspan.extract.engines.local import best_width

    # 31 rows have one token to read, one has twenty: (32) / (64 + 32) beats (51) / (64 + 640).
    assert best_width([1] * 31 + [20], 64) == 1
    # Where a step costs much more than its places, all is read at once.
    assert best_width([1] * 31 + [20], 4096) == 20
    assert best_width([5, 5, 5], 64) == 5
    assert best_width([0, 7, 0], 64) == 7
    assert best_width([], 64) == 1
