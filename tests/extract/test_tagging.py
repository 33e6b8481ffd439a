"""Tiny random taggers: exact places, nothing ungrounded, the same alone, in a batch and in windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, RelationType, Schema
from medspan.extract import TagExtractor
from medspan.extract.confidence import FLOOR
from medspan.extract.tagging import make_reader, trimmed
from medspan.format.spans import Span, Tokens, tokenize
from medspan.format.tag_card import Calibration, TagCard

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

SCHEMA = Schema(
    ("Disease", "Drug"),
    (
        RelationType("treats", (("Drug", "Disease"),)),
        RelationType("with", (("Drug", "Drug"),), symmetric=True),
    ),
)
TEXTS = [
    "Patient takes naloxone and clonidine for hypertension.",
    "Short.",
    "",
    " \n ",
    "She was given 5-HT2A antagonists (ketanserin; x | y) for migraine, β-blockers too.\nNo fever.",
    "Fever, rash and nausea after two doses of methotrexate; " * 4,
    "... !",
]
DECODERS = ("Llama", "Mistral", "Qwen3", "Gemma3")
KINDS = (*DECODERS, "Bert")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from medspan.models import load_tokenizer

    return load_tokenizer("default")


def tiny(kind: str, vocabulary: int, **more: Any) -> Any:
    """A random model of this architecture in float32."""
    import torch
    import transformers

    shape = {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "initializer_range": 0.3,
        "pad_token_id": 0,
    }
    if kind != "Bert":
        shape["num_key_value_heads"] = 2
    if kind in ("Qwen3", "Gemma3"):
        shape["head_dim"] = 16
    torch.manual_seed(0)
    config = getattr(transformers, "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config")(
        **shape, **more
    )
    if kind == "Bert":
        return transformers.BertModel(config, add_pooling_layer=False).float().eval()
    return getattr(transformers, f"{kind}ForCausalLM")(config).float().eval()


def card_of(**more: Any) -> TagCard:
    plain = TagCard(
        schema=SCHEMA,
        level="mention",
        attention="both",
        window=200,
        overlap=50,
        prefix=(1,),
        suffix=(),
        insets=True,
        base_model="tiny",
        base_model_hash="",
        tokenizer_hash="",
        calibration={"mention": Calibration(threshold=0.1), "relation": Calibration(threshold=0.1)},
    )
    return replace(plain, **more)


def extractor_of(kind: str, tokenizer: Any, card: TagCard, **more: Any) -> TagExtractor:
    import torch

    from medspan.models.heads import TagHeads
    from medspan.models.tagger import Tagger

    reader = make_reader(tiny(kind, len(tokenizer), **more), card)
    torch.manual_seed(1)
    heads = TagHeads(card.head_shape(reader.width))
    torch.nn.init.normal_(heads.mention.weight, std=0.5)
    torch.nn.init.normal_(heads.mention.bias, std=2.0)
    return TagExtractor(Tagger(reader, heads).eval(), card, tokenizer, "tiny")


def found(extractor: TagExtractor, texts: list[str]) -> list[Annotation]:
    examples = [Example(Document(str(n), text)) for n, text in enumerate(texts)]
    done = list(extractor.extract(examples))
    assert [example.id for example in done] == [example.id for example in examples]
    return [example.predicted for example in done if example.predicted is not None]


def items(annotation: Annotation) -> Any:
    mentions = {(m.segments, m.type): m.confidence for m in annotation.mentions}
    relations = {}
    for relation in annotation.relations:
        assert isinstance(relation.head, Mention)
        assert isinstance(relation.tail, Mention)
        key = relation.head.segments, relation.head.type, relation.type, relation.tail.segments
        relations[key] = relation.confidence
    return mentions, relations


@pytest.mark.parametrize("kind", KINDS)
def test_places_are_exact_and_batches_change_nothing(kind: str, tokenizer: Any) -> None:
    low = {"mention": Calibration(threshold=0.1), "relation": Calibration(threshold=0.02)}
    extractor = extractor_of(kind, tokenizer, card_of(calibration=low))
    together = found(extractor, TEXTS)
    assert sum(len(annotation.mentions) for annotation in together) > 5
    assert sum(len(annotation.relations) for annotation in together) > 3
    for text, annotation in zip(TEXTS, together, strict=True):
        annotation.check(Document("d", text))
        assert annotation.unaligned == ()
        assert all(mention.text == mention.text.strip() != "" for mention in annotation.mentions)
        alone = items(found(extractor, [text])[0])
        for one, other in zip(alone, items(annotation), strict=True):
            assert one == pytest.approx(other, abs=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_eight_bits_change_little_and_batches_nothing(kind: str, tokenizer: Any) -> None:
    import torch

    from medspan.models.eight_bit import has_byte_products, use_eight_bits

    if not has_byte_products():
        pytest.skip("this processor has no exact product of bytes")
    extractor = extractor_of(kind, tokenizer, card_of())
    ids = [tokenize(tokenizer, TEXTS[5]).ids]
    with torch.inference_mode():
        exact = extractor.tagger.states(ids)[0]
        use_eight_bits(extractor.tagger.reader.body)
        eight = extractor.tagger.states(ids)[0]
    assert float(torch.cosine_similarity(exact, eight).min()) > 0.98
    for text, annotation in zip(TEXTS, found(extractor, TEXTS), strict=True):
        annotation.check(Document("d", text))
        alone = items(found(extractor, [text])[0])
        for one, other in zip(alone, items(annotation), strict=True):
            assert one == pytest.approx(other, abs=2e-2)


@pytest.mark.parametrize("kind", ["Llama", "Gemma3"])
def test_legal_pairs_only_and_symmetric_ones_once(kind: str, tokenizer: Any) -> None:
    for annotation in found(extractor_of(kind, tokenizer, card_of()), TEXTS):
        seen = set()
        for relation in annotation.relations:
            assert isinstance(relation.head, Mention)
            assert isinstance(relation.tail, Mention)
            # A relation is right only where both of its ends are.
            ends = (relation.head.confidence or 0) * (relation.tail.confidence or 0)
            assert (relation.confidence or 0) <= ends + 2e-4
            types = relation.head.type, relation.tail.type
            assert types == (("Drug", "Disease") if relation.type == "treats" else ("Drug", "Drug"))
            if relation.type == "with":
                pair = frozenset((relation.head.segments, relation.tail.segments))
                assert pair not in seen
                seen.add(pair)


def test_windows_of_a_model_that_looks_near_change_nothing(tokenizer: Any) -> None:
    """With attention to 8 tokens on each side in 2 layers, 20 tokens of context are all there is."""
    text = "Fever, rash and nausea after two doses of methotrexate; no cough, though. " * 9
    near = {"sliding_window": 9, "layer_types": ["sliding_attention"] * 2}
    whole = found(extractor_of("Gemma3", tokenizer, card_of(prefix=(), window=500), **near), [text])[0]
    for window, overlap in ((64, 40), (90, 44)):
        card = card_of(prefix=(), window=window, overlap=overlap)
        cut = found(extractor_of("Gemma3", tokenizer, card, **near), [text])[0]
        assert set(items(cut)[0]) == set(items(whole)[0])
        for one, other in zip(items(cut), items(whole), strict=True):
            assert one == pytest.approx(other, abs=2e-3)


def test_a_long_text_is_read_in_parts_of_bounded_size(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Fever, rash and nausea after two doses of methotrexate; no cough, though. " * 30
    extractor = extractor_of("Llama", tokenizer, card_of(window=40, overlap=10))
    whole = found(extractor, [text, TEXTS[0]])
    sizes: list[int] = []
    states = extractor.tagger.reader._states
    monkeypatch.setattr(
        extractor.tagger.reader,
        "_states",
        lambda rows: (sizes.append(len(rows) * max(map(len, rows))), states(rows))[1],
    )
    monkeypatch.setattr("medspan.models.reader.TOKENS_AT_ONCE", 100)
    parts = found(extractor, [text, TEXTS[0]])
    assert len(sizes) > 5
    assert max(sizes) <= 100
    for one, other in zip(parts, whole, strict=True):
        for here, there in zip(items(one), items(other), strict=True):
            assert here == pytest.approx(there, abs=2e-4)


def test_padding_far_from_its_text_disturbs_nothing_in_training(tokenizer: Any) -> None:
    import torch

    from medspan.models.attention import use_fused_attention

    near = {"sliding_window": 5, "layer_types": ["sliding_attention"] * 2}
    reader = extractor_of("Gemma3", tokenizer, card_of(prefix=()), **near).tagger.reader
    use_fused_attention(reader.model)
    long, short = list(range(5, 45)), [6, 7]
    together = reader([long, short])
    for states, ids in zip(together, (long, short), strict=True):
        assert torch.allclose(states, reader([ids])[0], atol=1e-5)
    sum(states.sum() for states in together).backward()
    weights = [weight for weight in reader.parameters() if weight.grad is not None]
    assert weights
    assert all(torch.isfinite(weight.grad).all() for weight in weights)


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize("attention", ["both", "causal"])
def test_the_fused_attention_reads_as_the_librarys(
    kind: str, attention: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers.integrations import sdpa_attention

    from medspan.models.attention import LONGEST_READ, use_fused_attention

    reader = extractor_of(kind, tokenizer, card_of(attention=attention)).tagger.reader
    documents = [list(range(5, 45)), [6, 7], list(range(9, 20))]
    with torch.inference_mode():
        wanted = reader(documents)
        calls: list[int] = []
        original = sdpa_attention.sdpa_attention_forward

        def counted(*arguments: Any, **options: Any) -> Any:
            calls.append(arguments[1].shape[2])
            return original(*arguments, **options)

        monkeypatch.setattr(sdpa_attention, "sdpa_attention_forward", counted)
        use_fused_attention(reader.model, reading=True)
        for one, other in zip(reader(documents), wanted, strict=True):
            assert torch.allclose(one, other, atol=1e-4)
        assert calls == []
        reader([list(range(5, 5 + LONGEST_READ + 1))])
        assert calls
        assert min(calls) > LONGEST_READ


def test_causal_attention_sees_nothing_to_the_right(tokenizer: Any) -> None:
    import torch

    for attention, same in (("causal", True), ("both", False)):
        reader = extractor_of("Llama", tokenizer, card_of(attention=attention)).tagger.reader
        with torch.no_grad():
            one, other = reader([[5, 6, 7, 8], [5, 6, 7, 9]])
        assert torch.allclose(one[:3], other[:3], atol=1e-5) == same


@pytest.mark.parametrize("limit", [0.0, 0.3, 0.6])
def test_min_confidence_takes_the_place_of_the_cards_thresholds(tokenizer: Any, limit: float) -> None:
    plain = extractor_of("Llama", tokenizer, card_of())
    other = TagExtractor(plain.tagger, plain.card, tokenizer, "tiny", min_confidence=limit)
    examples = [Example(Document(str(n), text)) for n, text in enumerate(TEXTS)]
    every = [one.predicted for one in plain.scored(examples) if one.predicted is not None]
    for asked, least in ((other, limit), (plain, 0.1)):
        for annotation, full in zip(found(asked, TEXTS), every, strict=True):
            assert items(annotation)[0] == {k: p for k, p in items(full)[0].items() if p >= least}
            relations = {k: p for k, p in items(full)[1].items() if p >= least}
            if least > 0.0:
                assert items(annotation)[1].items() <= relations.items()
            else:
                assert items(annotation)[1] == relations
    sure = [p for annotation in every for part in items(annotation) for p in part.values()]
    assert FLOOR <= min(sure) < 0.1 < 0.6 < max(sure)


def test_many_pairs_are_scored_in_parts_as_at_once(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = extractor_of("Llama", tokenizer, card_of())
    whole = found(extractor, TEXTS)
    monkeypatch.setattr("medspan.extract.relating.PAIRS_AT_ONCE", 3)
    for one, other in zip(found(extractor, TEXTS), whole, strict=True):
        assert items(one)[1].keys() == items(other)[1].keys()
        assert items(one)[1] == pytest.approx(items(other)[1], abs=2e-4)


def test_spans_are_trimmed_of_white_space_and_of_impossible_insets() -> None:
    tokens = Tokens((1, 2, 3, 4), ((0, 3), (4, 4), (4, 8), (8, 8)))
    assert trimmed(Span(1, 3, "Drug", 2, 1), tokens) == Span(2, 2, "Drug")
    assert trimmed(Span(0, 2, "Drug", 1, 2), tokens) == Span(0, 2, "Drug", 1, 2)
    assert trimmed(Span(0, 0, "Drug", 2, 2), tokens) == Span(0, 0, "Drug")
    assert trimmed(Span(1, 1, "Drug"), tokens) is None


def test_heads_of_other_types_are_refused(tokenizer: Any, tmp_path: Path) -> None:
    from medspan.core import ModelError
    from medspan.models.heads import TagHeads

    card = card_of()
    TagHeads(card.head_shape(64)).save(tmp_path)
    other = TagHeads(replace(card, schema=Schema(("Drug",))).head_shape(64))
    with pytest.raises(ModelError, match=r"heads\.safetensors cannot be loaded"):
        other.read(tmp_path)
