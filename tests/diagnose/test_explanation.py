"""Tiny random models answer under a planted fault: the stored answers alone say which it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Schema
from medspan.diagnose import explain as explain_module
from medspan.diagnose import teacher
from medspan.diagnose.asked import Asking
from medspan.diagnose.base import Cleared, Effect, Suspicion, all_probes
from medspan.diagnose.bases import FoundBase
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import (
    Conditions,
    Kept,
    Reworded,
    Rounding,
    candidate_templates,
    with_second_bos,
)
from medspan.diagnose.drawing import Recurring
from medspan.diagnose.explain import SCREENED, explain, small_gain
from medspan.diagnose.explanation import (
    EXPLAINED,
    FIRST_TO_TRY,
    Explanation,
    Variant,
    answer_probes,
)
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import WHOLE, Edges, Reading
from medspan.diagnose.rounding import round_weights
from medspan.diagnose.teacher import Losses
from medspan.diagnose.weights import PARTS, keep_part
from medspan.extract import DecodingOptions
from medspan.format import make_codec

from .tiny_model import tiny_llama

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

WORDS = [
    "fever",
    "rash",
    "nausea",
    "naloxone",
    "clonidine",
    "lithium",
    "gout",
    "cough",
    "warfarin",
    "aspirin",
]
ADAPTER = Path("adapter")


def word_ids(tokenizer: Any) -> list[int]:
    """Tokens that are a space and a word."""
    found = []
    for token in range(1000, 6000):
        text = tokenizer.decode([token])
        if text[:1] == " " and text[1:].isalpha() and text.islower() and len(text) > 4:
            found.append(token)
    return found[:12]


@dataclass
class TinyWeights:
    """Random models in place of loaded ones: one with the adapter, another without."""

    tokenizer_: Any
    device: str = "cpu"
    held: dict[Any, Any] = field(default_factory=dict)

    def model(
        self,
        base: str,
        adapter: Path | None,
        dtype: str = "auto",
        rounding: Rounding | None = None,
        part: str | None = None,
    ) -> Any:
        import torch

        key = (base, adapter, rounding, part)
        if key not in self.held:
            torch.manual_seed(len(base) if adapter else 100 + len(base))
            model = tiny_llama(len(self.tokenizer_), initializer_range=0.3)
            with torch.no_grad():
                # Whole words alone, so that a text has the tokens that it was generated with.
                spoken = word_ids(self.tokenizer_)
                rows = model.lm_head.weight[spoken] * 10
                model.lm_head.weight.zero_()
                model.lm_head.weight[spoken] = rows
                # Every BOS is heard.
                model.model.embed_tokens.weight[self.tokenizer_.bos_token_id] *= 10
            if part is not None:
                keep_part(model, self.model(base, None), PARTS[part])
            self.held[key] = model
            if rounding is not None:
                round_weights(self.held[key], rounding)
        return self.held[key]

    def tokenizer(self, name: str) -> Any:
        return self.tokenizer_


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from medspan.models import load_tokenizer

    return load_tokenizer("default")


def documents(count: int = 8) -> tuple[Example, ...]:
    found = []
    for n in range(count):
        words = [WORDS[(n * 5 + step * 7) % len(WORDS)] for step in range(6)]
        text = f"Patient {n} has {words[0]} and {words[1]}, takes {words[2]} and {words[3]}."
        mention = Mention.at(text, text.index(words[0]), text.index(words[0]) + len(words[0]), "Finding")
        found.append(Example(Document(f"d{n}", text), Annotation((mention,))))
    return tuple(found)


def make_lab(tokenizer: Any, rows: tuple[Example, ...] = documents()) -> Lab:
    """A lab whose model is asked in the chat template, with nothing stored yet."""
    case = Case(Path("run"), parts={"test": rows}, adapter=ADAPTER, base_model="base")
    templates = candidate_templates(tokenizer)
    codec = make_codec("compact", Schema(("Finding",)))
    trained = Conditions(
        templates["the chat template"],
        codec,
        DecodingOptions(grammar=False, max_new_tokens=24, batch_size=4),
        "base",
        ADAPTER,
    )
    lab = Lab(case)
    lab.weights = TinyWeights(tokenizer)  # type: ignore[assignment]
    lab.__dict__["base"] = FoundBase("base", None, {"base": "hash"}, {})
    lab.__dict__["tokenizers"] = {"base": "hash"}
    lab.__dict__["asking"] = Asking(
        trained,
        "the chat template",
        "stated",
        {"the chat template": 1.0},
        {},
        templates,
        {"stated": codec},
        None,
    )
    return lab


def with_stored(
    tokenizer: Any, change: Callable[[Conditions], Conditions], rows: tuple[Example, ...] = documents()
) -> Lab:
    """A lab whose stored answers were made under changed conditions."""
    made = make_lab(tokenizer, rows)
    stored = tuple(made.answers(change(made.mended), rows))
    lab = make_lab(tokenizer, rows)
    lab.case = replace(lab.case, predictions=stored)
    return lab


def test_answers_made_as_in_training_need_no_explanation(tokenizer: Any) -> None:
    found = explain(with_stored(tokenizer, lambda one: one))
    assert found.plain is not None
    assert found.plain >= EXPLAINED
    assert found.steps == ()
    assert found.temperature is None


FAULTS: dict[str, tuple[str, Callable[[Any, Conditions], Conditions]]] = {
    "penalty": ("decoding-blocks-copying", lambda _, one: one.decoding(repetition_penalty=1.3)),
    "n-grams": ("decoding-blocks-copying", lambda _, one: one.decoding(no_repeat_ngram_size=2)),
    "template": (
        "template-mismatch",
        lambda tokenizer, one: one.but(template=candidate_templates(tokenizer)["alpaca"]),
    ),
    "no adapter": ("adapter-not-applied", lambda _, one: one.but(adapter=None)),
    "wording": (
        "wording-sensitive",
        lambda _, one: one.but(codec=Reworded(one.codec, lambda prompt, _: f"Text: {prompt}")),
    ),
    "tokenizer": ("tokenizer-mismatch", lambda _, one: one.but(cut="words cut finer")),
    "half an adapter": ("adapter-not-applied", lambda _, one: one.but(part="its upper layers")),
    "bos": (
        "double-bos",
        lambda tokenizer, one: one.but(template=with_second_bos(one.template, tokenizer)),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_of_decoding_is_found_from_the_texts_alone(tokenizer: Any, fault: str) -> None:
    cause, change = FAULTS[fault]
    found = explain(with_stored(tokenizer, lambda one: change(tokenizer, one)))
    assert found.causes == (cause,)
    assert found.plain is not None
    assert found.final is not None
    assert found.plain < 0.97
    assert found.final > 0.95


def of_lengths() -> tuple[Example, ...]:
    """Documents of which every second is twice as long as the others."""
    longer = (
        " Later, naloxone and clonidine were given for nausea, rash, cough, gout and fever again and again."
    )
    return tuple(
        replace(one, document=replace(one.document, text=one.document.text + longer * (place % 2 * 2)))
        for place, one in enumerate(documents(12))
    )


@pytest.mark.parametrize("last", [False, True])
def test_prompts_that_were_cut_are_told_by_their_lengths(tokenizer: Any, last: bool) -> None:
    rows = of_lengths()
    lab = with_stored(tokenizer, lambda one: one.but(kept=Kept(64, last)), rows)
    found = explain(lab)
    assert found.causes == ("prompt-truncated",)
    assert (
        found.steps[0].variant.label == f"of long prompts the {'last' if last else 'first'} 64 tokens alone"
    )
    assert found.final is not None
    assert found.final > 0.95


def test_two_faults_are_both_found(tokenizer: Any) -> None:
    def change(one: Conditions) -> Conditions:
        template = candidate_templates(tokenizer)["alpaca"]
        return one.but(template=replace(template, stop=one.template.stop)).decoding(no_repeat_ngram_size=2)

    found = explain(with_stored(tokenizer, change))
    assert set(found.causes) == {"template-mismatch", "decoding-blocks-copying"}
    assert found.final is not None
    assert found.final > 0.95


def test_answers_drawn_by_lot_are_told_from_a_penalty(tokenizer: Any) -> None:
    found = explain(with_stored(tokenizer, lambda one: one.decoding(do_sample=True, temperature=1.0)))
    assert found.temperature is not None
    assert 0.7 <= found.temperature <= 1.5
    assert found.causes == ("decoding-samples",)


def test_what_recurs_though_it_is_unlikely_was_not_drawn(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after prompts with an example, whose words stand in answers to other texts."""
    lab = with_stored(tokenizer, lambda one: one.decoding(do_sample=True, temperature=1.0))
    monkeypatch.setattr(explain_module, "most_recurring", lambda *_: Recurring(7, 70, 0.5))
    assert explain(lab).temperature is None


def test_answers_that_nobody_marked_as_cut_off_are_explained_but_for_their_ends(tokenizer: Any) -> None:
    made = make_lab(tokenizer)
    whole = made.answers(made.mended, documents())
    stored = tuple(
        one.with_prediction(one.predicted, " ".join((one.raw or "").split(" ")[:8]), False)
        for one in whole
        if one.predicted is not None
    )
    lab = make_lab(tokenizer)
    lab.case = replace(lab.case, predictions=stored)
    found = explain(lab)
    assert lab.edges.end_early
    assert lab.without_ends
    assert found.causes == ()
    assert found.final is not None
    assert found.final >= EXPLAINED


def test_a_penalty_that_ends_answers_early_is_not_taken_for_a_limit(tokenizer: Any) -> None:
    lab = with_stored(tokenizer, lambda one: one.decoding(no_repeat_ngram_size=2))
    lab.__dict__["edges"] = Edges(8, 2, 6, 0, 6)
    found = explain(lab)
    assert not lab.without_ends
    assert found.causes == ("decoding-blocks-copying",)


@pytest.mark.parametrize(("gained", "lost", "taken"), [(9, 0, True), (5, 4, False)])
def test_what_files_state_is_judged_though_nearly_all_tokens_are_explained_without_it(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch, gained: int, lost: int, taken: bool
) -> None:
    lab = with_stored(tokenizer, lambda one: one)
    stated = Variant("wording-sensitive", "other words", lambda one: one.but(part="x"), True)
    missed = [True] * (990 - lost) + [False] * 10 + [True] * lost
    other = [True] * (990 - lost + gained) + [False] * (10 - gained + lost)
    monkeypatch.setattr(explain_module, "_stated_best", lambda *_: (stated, 0.99))
    monkeypatch.setattr(lab, "fits", lambda every, reading=WHOLE: [0.99] * len(every))
    monkeypatch.setattr(lab, "hits", lambda one, reading=WHOLE: [other if one.part else missed])
    found = explain(lab)
    assert found.causes == (("wording-sensitive",) if taken else ())


def test_labels_of_the_variants_name_the_options(tokenizer: Any) -> None:
    found = explain(with_stored(tokenizer, lambda one: one.decoding(repetition_penalty=1.5)))
    (step,) = found.of("decoding-blocks-copying")
    assert step.variant.label == "repetition_penalty=1.5"


def test_what_files_state_is_taken_before_anything_that_merely_fits(tokenizer: Any) -> None:
    lab = with_stored(tokenizer, lambda one: one.decoding(repetition_penalty=1.15))
    asking = lab.asking
    stated = replace(asking, stated=asking.trained.decoding(repetition_penalty=1.15))
    lab.__dict__["asking"] = stated
    found = explain(lab)
    assert found.causes == ("decoding-blocks-copying",)
    assert found.steps[0].variant.stated


def test_answers_that_files_call_greedy_are_not_taken_for_drawn_ones(tokenizer: Any) -> None:
    lab = with_stored(tokenizer, lambda one: one.decoding(do_sample=True, temperature=1.0))
    lab.case = replace(lab.case, made={"decoding": {"do_sample": False}})
    assert explain(lab).temperature is None


class PlantedHits:
    """A lab that knows which tokens each of two conditions chooses."""

    def __init__(self, before: Sequence[bool], after: Sequence[bool]):
        self.sides = {"plain": [list(before)], "changed": [list(after)]}

    def hits(self, conditions: Any, reading: Reading = WHOLE) -> Any:
        return self.sides[conditions]

    def fits(self, conditions: Sequence[Any], reading: Reading = WHOLE) -> list[float]:
        return [sum(self.sides[one][0]) / len(self.sides[one][0]) for one in conditions]


@pytest.mark.parametrize(
    ("gained", "lost", "missed", "taken"),
    [(29, 3, 47, True), (9, 0, 12, False), (12, 12, 40, False), (20, 2, 90, False)],
    ids=["a small fault", "by chance", "as good as before", "too little of what is missed"],
)
def test_a_small_gain_is_taken_where_it_is_no_chance(
    gained: int, lost: int, missed: int, taken: bool
) -> None:
    before = [True] * (1000 - missed) + [False] * missed
    after = [False] * lost + [True] * (1000 - missed - lost + gained) + [False] * (missed - gained)
    variant = Variant("wording-sensitive", "other words", lambda _: "changed")  # type: ignore[arg-type,return-value]
    lab: Any = PlantedHits(before, after)
    step = small_gain(lab, "plain", (variant, 0.99), 0.96)  # type: ignore[arg-type]
    assert (step is not None) is taken
    if step is not None:
        assert (step.before, step.after) == (0.953, 0.979)


@pytest.mark.parametrize("files_state_it", [True, False])
@pytest.mark.parametrize(("gained", "taken"), [(29, True), (9, False)], ids=["a small fault", "by chance"])
def test_a_small_penalty_that_a_few_answers_do_not_show_is_judged_on_all(
    monkeypatch: pytest.MonkeyPatch, files_state_it: bool, gained: int, taken: bool
) -> None:
    variant = Variant("decoding-blocks-copying", "a penalty", lambda _: "changed", files_state_it)  # type: ignore[arg-type,return-value]
    known = {(False, False): [variant]}
    monkeypatch.setattr(
        explain_module, "_variants", lambda lab, current, reads: known.get((reads, False), [])
    )
    monkeypatch.setattr(explain_module, "_decoded_again", lambda *_: None)
    monkeypatch.setattr(explain_module, "_best", lambda *_: None)
    lab: Any = PlantedHits([True] * 953 + [False] * 47, [True] * (953 + gained) + [False] * (47 - gained))
    # The few answers that are read first show nothing.
    monkeypatch.setattr(lab, "fits", lambda every, reading=WHOLE: [0.953] * len(every))
    step = explain_module._next(lab, "plain", 0.953, further=False)  # type: ignore[arg-type]
    assert (step is not None) is taken


def test_a_small_gain_on_few_answers_is_not_looked_at_again() -> None:
    variant = Variant("wording-sensitive", "other words", lambda one: one)
    assert small_gain(None, None, (variant, 0.963), 0.96) is None  # type: ignore[arg-type]


def with_blank_answers(tokenizer: Any) -> Lab:
    lab = make_lab(tokenizer)
    silent = tuple(one.with_prediction(Annotation(), "", False) for one in documents())
    lab.case = replace(lab.case, predictions=silent)
    lab.__dict__["problem"] = None
    lab.mending = lambda cause: Effect("entity F1", 0.0, 0.9, (0.8, 1.0))  # type: ignore[method-assign]
    return lab


def silenced_by(monkeypatch: pytest.MonkeyPatch, lab: Lab, *silencing: str) -> Explanation:
    """What explains blank answers where the faults of these causes, and no others, silence the model."""
    of: dict[Conditions, str] = {}
    mended = lab.mended
    for probe in answer_probes():
        for variant in probe.variants(lab.case, lab, mended):
            changed = variant.change(mended)
            if changed != mended:
                of.setdefault(changed, variant.cause)

    def fits(conditions: Sequence[Conditions], reading: Reading = WHOLE) -> list[float]:
        return [1.0 if of.get(one) in silencing else 0.0 for one in conditions]

    monkeypatch.setattr(lab, "fits", fits)
    found = explain(lab)
    lab.__dict__["explanation"] = found
    return found


def said_by(lab: Lab, name: str) -> Any:
    (probe,) = [one for one in all_probes() if one.name == name]
    (said,) = probe.examine(lab.case, lab)
    return said


def test_of_faults_that_silence_the_model_the_first_to_try_is_named_unsurely(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = with_blank_answers(tokenizer)
    found = silenced_by(monkeypatch, lab, "double-bos", "template-mismatch")
    assert found.blank
    assert found.causes == ("double-bos",)
    assert found.rivals == ("template-mismatch",)
    said = said_by(lab, "double-bos")
    assert isinstance(said, Suspicion)
    assert said.confidence == FIRST_TO_TRY
    assert any("template-mismatch would silence" in line for line in said.evidence)
    assert isinstance(said_by(lab, "template-mismatch"), Cleared)


def test_a_family_of_faults_is_named_where_no_exact_one_silences_the_model(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = with_blank_answers(tokenizer)
    assert silenced_by(monkeypatch, lab, "precision-mismatch").rivals == ()
    assert said_by(lab, "precision-mismatch").confidence == FIRST_TO_TRY


def test_blank_answers_that_nothing_brings_about_are_left_unexplained(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = silenced_by(monkeypatch, with_blank_answers(tokenizer))
    assert found.blank
    assert found.causes == ()


def test_nothing_explains_the_answers_of_a_model_that_training_made_worse(tokenizer: Any) -> None:
    lab = with_stored(tokenizer, lambda one: one.decoding(repetition_penalty=1.3))
    lab.__dict__["worsened"] = True
    found = explain(lab)
    assert found.steps == ()
    assert found.plain == found.final


@pytest.mark.parametrize(("with_adapter", "worsened"), [(2.0, True), (1.02, False), (0.4, False)])
def test_a_model_is_worse_where_training_targets_surely_cost_more_with_the_adapter(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch, with_adapter: float, worsened: bool
) -> None:
    lab = make_lab(tokenizer)
    lab.case = replace(lab.case, parts={"train": documents(), "test": documents()})

    def targets(conditions: Conditions, examples: Sequence[Example], **_: bool) -> list[Losses]:
        cost = 1.0 if conditions.adapter is None else with_adapter
        spread = 0.2 if conditions.adapter is None else -0.2
        return [Losses((cost + spread * (at % 2),), (True,), (0.0,)) for at, _ in enumerate(examples)]

    monkeypatch.setattr(lab, "targets", targets)
    assert lab.worsened is worsened


def test_answers_that_were_read_for_fewer_are_not_read_again(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medspan.diagnose import lab as module

    stored = with_stored(tokenizer, lambda one: one.decoding(repetition_penalty=1.3))
    plain = stored.mended
    ways = [plain, plain.decoding(repetition_penalty=1.3)]
    at_once = stored.fits(ways)
    read: list[int] = []

    def counted(model: Any, rows: Sequence[Any], options: Sequence[Any]) -> Any:
        read.append(len(rows))
        return teacher.explained(model, rows, options)

    monkeypatch.setattr(module, "explained", counted)
    lab = replace(stored)
    lab.__dict__.update({name: stored.__dict__[name] for name in ("base", "tokenizers", "asking")})
    lab._hits = {}
    assert lab.fits(ways, Reading(10**6, 3)) != at_once
    assert lab.fits(ways[:1], Reading(10**6, 5))[0] != at_once[0]
    assert lab.fits(ways) == at_once
    assert lab.fits(ways) == at_once
    assert read == [3, 2, 5]


def test_a_row_that_was_read_with_its_prompt_is_not_read_again_without(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medspan.diagnose import lab as module

    lab = make_lab(tokenizer)
    read: list[tuple[int, bool]] = []

    def counted(model: Any, rows: Sequence[Any], *, prompts: bool) -> Any:
        read.append((len(rows), prompts))
        return teacher.forced_losses(model, rows, prompts=prompts)

    monkeypatch.setattr(module, "forced_losses", counted)
    rows = documents()
    whole = lab.targets(lab.mended, rows[:5], prompts=True)
    answers = lab.targets(lab.mended, rows)
    again = lab.targets(lab.mended, rows, prompts=True)
    assert read == [(5, True), (3, False), (3, True)]
    assert again[:5] == whole == answers[:5]
    assert all(one.prompt for one in again)
    assert [one.answer for one in again] == [pytest.approx(one.answer) for one in answers]


def test_rewordings_of_the_same_kind_are_the_same_conditions(tokenizer: Any) -> None:
    lab = with_stored(tokenizer, lambda one: one)
    (probe,) = [one for one in answer_probes() if one.name == "wording-sensitive"]
    once, again = (
        [variant.change(lab.mended) for variant in probe.variants(lab.case, lab, lab.mended)]
        for _ in range(2)
    )
    assert once == again
    assert len(set(once) | set(again)) == len(once) > 5


def test_a_form_that_changes_nothing_does_not_end_the_search(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = with_stored(tokenizer, lambda one: one)
    (probe,) = [one for one in answer_probes() if one.name == "wording-sensitive"]
    right = probe.variants(lab.case, lab, lab.mended)[0].change(lab.mended)

    def fits(conditions: Sequence[Conditions], reading: Reading = WHOLE) -> list[float]:
        # On the first few answers hardly a token is missed; on more, all but the right wording miss.
        others = 0.99 if reading == SCREENED else 0.96
        return [1.0 if one == right else others for one in conditions]

    monkeypatch.setattr(lab, "fits", fits)
    found = explain(lab)
    assert found.causes == ("wording-sensitive",)
    assert (found.plain, found.final) == (0.96, 1.0)


@pytest.mark.parametrize(
    ("each", "interval", "found"),
    [
        (9, (0.05, 0.3), True),
        (7, (0.05, 0.3), True),
        (9, (-0.1, 0.3), False),
        (9, None, False),
        (4, (0.05, 0.3), False),
    ],
    ids=["a small fault", "a smaller one", "the score does not tell", "nobody asks", "by chance"],
)
def test_a_few_answers_are_looked_at_alone_where_the_model_surely_answers_better(
    tokenizer: Any,
    monkeypatch: pytest.MonkeyPatch,
    each: int,
    interval: tuple[float, float] | None,
    found: bool,
) -> None:
    """Two of eight answers have `each` tokens of 125 that are not the model's: too few to be searched for."""
    lab = with_stored(tokenizer, lambda one: one)
    again = None if interval is None else Effect("relation F1", 0.6, 0.8, interval)
    lab.__dict__["asked_again"] = again
    (probe,) = [one for one in answer_probes() if one.name == "wording-sensitive"]
    right = probe.variants(lab.case, lab, lab.mended)[3].change(lab.mended)
    stored = lab.case.predictions

    def hits(self: Lab, conditions: Conditions, reading: Reading = WHOLE) -> list[list[bool]]:
        few = 0 if conditions == right else each
        missed = [True] * (125 - few) + [False] * few
        return [missed if one in (stored[2], stored[5]) else [True] * 125 for one in self.case.predictions]

    def fits(self: Lab, every: Sequence[Conditions], reading: Reading = WHOLE) -> list[float]:
        # The first answers, which are read of all of them, do not show the fault.
        if self.case.predictions == stored:
            return [1 - 2 * each / 1000] * len(every)
        rows = [hits(self, one) for one in every]
        return [sum(map(sum, one)) / sum(map(len, one)) for one in rows]

    monkeypatch.setattr(Lab, "hits", hits)
    monkeypatch.setattr(Lab, "fits", fits)
    assert lab.of_missed().case.predictions == (stored[2], stored[5])
    explained = explain(lab)
    assert explained.causes == (("wording-sensitive",) if found else ())
    assert (explained.conditions == right) is found
