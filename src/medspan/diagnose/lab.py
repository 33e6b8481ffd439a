"""What can be tried on a run's model: asking it again, and reading given answers under it; cached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from medspan.core import Example, MedspanError
from medspan.diagnose.base import Effect
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, CutPrompts
from medspan.diagnose.cuts import CUTS
from medspan.diagnose.reading import BROKEN, WHOLE, Edges, Reading, edges_of
from medspan.diagnose.teacher import Forced, Losses, explained, forced_losses, surely_costlier
from medspan.diagnose.weights import Weights
from medspan.diagnose.written import Written

if TYPE_CHECKING:
    from medspan.diagnose.asked import Asking
    from medspan.diagnose.bases import FoundBase
    from medspan.diagnose.explanation import Explanation
    from medspan.format import Renderer

Kind = Literal["entities", "relations"]
ROWS_TO_LEARN = 16
"""Rows of each part whose targets are read. The standard error of their mean loss is about a tenth of it."""
WORTH_ASKING = 0.15
"""Share of the stored answers that are not the model's from which on it is asked again before a run is
called healthy."""


@dataclass
class Lab:
    """The model of a case under any conditions. `tell` hears what is being done.

    `device` as `load_base` takes it. Everything is computed when it is first asked for.
    """

    case: Case
    device: str = "auto"
    tell: Callable[[str], None] = lambda line: None
    weights: Weights = field(default_factory=Weights)
    without_ends: bool = False
    """Whether the ends of stored answers are left out of what is to be explained: they were cut off."""
    _cut: dict[tuple[str, str], Any] = field(default_factory=dict)
    _answers: dict[tuple[Conditions, str, str], Example] = field(default_factory=dict)
    _losses: dict[tuple[Any, ...], Losses] = field(default_factory=dict)
    _hits: dict[Conditions, list[list[bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.weights.device = self.device

    @cached_property
    def problem(self) -> str | None:
        """Why there is no model to try anything on; None where there is one."""
        lacking = self.case.lacks(("model",))
        if lacking is not None:
            return lacking
        if self.case.tags:
            return "the model tags, and writes no answers"
        try:
            self.asking  # noqa: B018  loads the model
        except MedspanError as error:
            return str(error)
        return None

    @cached_property
    def base(self) -> FoundBase:
        """The base model to work with."""
        from medspan.diagnose.bases import find_base

        return find_base(self)

    @cached_property
    def tokenizers(self) -> dict[str, str]:
        """Hashes of the tokenizers that there are: the base model's, and that beside the adapter."""
        from medspan.models import tokenizer_hash

        names = [self.base.name]
        adapter = self.case.adapter
        if adapter is not None and (adapter / "tokenizer.json").is_file():
            names.append(str(adapter))
        return {name: tokenizer_hash(self.weights.tokenizer(name)) for name in names}

    @cached_property
    def asking(self) -> Asking:
        """How the model was trained to be asked, and the other ways that there may be."""
        from medspan.diagnose.asked import find_asking

        return find_asking(self)

    @cached_property
    def written(self) -> Written:
        """The stored answers as tokens."""
        return Written(self)

    @property
    def mended(self) -> Conditions:
        """The conditions under which the model should answer: as trained, greedily, adapter and all."""
        return self.asking.trained

    @cached_property
    def explanation(self) -> Explanation:
        """Which faults of decoding explain the stored answers."""
        from medspan.diagnose.explain import explain

        return explain(self)

    @cached_property
    def worsened(self) -> bool:
        """Whether the adapter surely makes the training targets cost more than they do without it."""
        rows = [one for one in self.case.train_sample if one.reference is not None][:ROWS_TO_LEARN]
        # With their prompts, as a probe will ask: reading those as well costs a fourth more.
        own, without = (
            self.targets(one, rows, prompts=True) for one in (self.mended, self.mended.but(adapter=None))
        )
        return surely_costlier(own, without)

    def model(self, conditions: Conditions) -> Any:
        return self.weights.model(
            conditions.base, conditions.adapter, conditions.dtype, conditions.rounding, conditions.part
        )

    def tokenizer(self, conditions: Conditions) -> Any:
        """The tokenizer of the conditions; None where theirs cannot be made of that which there is."""
        whole = self.weights.tokenizer(conditions.tokenizer or conditions.base)
        if conditions.cut is None:
            return whole
        key = conditions.tokenizer or conditions.base, conditions.cut
        if key not in self._cut:
            self._cut[key] = CUTS[conditions.cut].make(whole)
        return self._cut[key]

    def renderer(self, conditions: Conditions) -> Renderer:
        from medspan.format import Renderer

        how = self.tokenizer(conditions), conditions.codec, conditions.template
        return Renderer(*how) if conditions.kept is None else CutPrompts(*how, conditions.kept)

    def answers(self, conditions: Conditions, examples: Sequence[Example] | None = None) -> list[Example]:
        """The examples (the case's sample) with the answers of the model under these conditions."""
        wanted = list(self.case.sample if examples is None else examples)
        keys = [(conditions, one.document.text, one.task or "") for one in wanted]
        todo = {key: one for key, one in zip(keys, wanted, strict=True) if key not in self._answers}
        if todo:
            from medspan.extract import GenerateExtractor

            self.tell(f"decoding {len(todo)} documents")
            extractor = GenerateExtractor(
                self.model(conditions), self.renderer(conditions), conditions.options, "diagnose"
            )
            for key, answered in zip(todo, extractor.extract(list(todo.values())), strict=True):
                self._answers[key] = answered
        found = [self._answers[key] for key in keys]
        return [
            one.with_prediction(answered.predicted, answered.raw, answered.truncated)
            for one, answered in zip(wanted, found, strict=True)
            if answered.predicted is not None
        ]

    def targets(
        self, conditions: Conditions, examples: Sequence[Example], *, prompts: bool = False
    ) -> list[Losses]:
        """The losses of the examples' reference answers, stop token included, under these conditions."""
        renderer = self.renderer(conditions)
        rows = []
        for one in examples:
            assert one.reference is not None
            prompt = renderer.prompt_ids(one.document)
            rows.append(Forced((*prompt, *renderer.target_ids(one.document, one.reference)), len(prompt)))
        return self.forced(conditions, rows, prompts=prompts)

    def forced(
        self, conditions: Conditions, rows: Sequence[Forced], *, prompts: bool = False
    ) -> list[Losses]:
        """The losses of given token ids under the conditions' model."""
        model = (
            conditions.base,
            conditions.adapter,
            conditions.dtype,
            conditions.rounding,
            conditions.part,
        )
        known: dict[Forced, Losses] = {}
        for row in rows:
            # What was read with its prompt serves without it, too.
            for key in ((model, True, row), (model, prompts, row)):
                if key in self._losses:
                    known[row] = self._losses[key]
        todo = list(dict.fromkeys(row for row in rows if row not in known))
        if todo:
            self.tell(f"reading {len(todo)} answers")
            read = forced_losses(self.model(conditions), todo, prompts=prompts)
            for row, losses in zip(todo, read, strict=True):
                known[row] = self._losses[model, prompts, row] = losses
        return [known[row] for row in rows]

    def stored_rows(self, conditions: Conditions, answers: int | None = None) -> list[Forced]:
        """The stored answers of the sample, all or so many, as token ids after these conditions' prompts."""
        renderer, rows = self.renderer(conditions), []
        for one in [one for one in self.case.sample if one.raw is not None][:answers]:
            prompt = renderer.prompt_ids(one.document)
            told = self.written.tokens(conditions, one)
            rows.append(Forced((*prompt, *told.ids), len(prompt), told.choices))
        return rows

    @cached_property
    def answer_lengths(self) -> list[int]:
        """Tokens of the stored answers that the model chose, as the tokenizer of training cuts them."""
        return [len(row.choices) for row in self.stored_rows(self.mended)]

    @cached_property
    def prompt_lengths(self) -> list[int]:
        """Tokens of the prompts of the stored answers, as training asked."""
        return [row.start for row in self.stored_rows(self.mended)]

    @cached_property
    def edges(self) -> Edges:
        """Where the stored answers are not what the mended model says: at their beginnings, at their ends."""
        self._read([self.mended], WHOLE)
        hits = self._hits.get(self.mended, [])[: WHOLE.of(self.answer_lengths)]
        told = [one for one in self.case.sample if one.raw is not None]
        return edges_of(hits, [self.broken_off(one) for one in told[: len(hits)]])

    @cached_property
    def asked_again(self) -> Effect | None:
        """What answering again as trained does to the score, where enough answers are not the model's.

        None where they are too few for asking to be worth its time.
        """
        if self.edges.missed < max(1, WORTH_ASKING * self.edges.answers):
            return None
        return self.effect(self.stored, self.answers(self.mended))

    def of_missed(self) -> Lab:
        """A lab of those stored answers alone of which some token is not the mended model's choice."""
        told = [one for one in self.case.sample if one.raw is not None]
        hits = self.hits(self.mended, Reading(sum(self.answer_lengths) + 1, len(told)))
        missed = tuple(one for one, row in zip(told, hits, strict=True) if not all(row))
        lab = Lab(replace(self.case, predictions=missed), self.device, self.tell, self.weights)
        lab.asking = self.asking
        return lab

    def broken_off(self, one: Example) -> bool:
        """Whether a stored answer ends with a letter with which no reference answer ends."""
        told = (one.raw or "").rstrip()
        return bool(told and self._endings) and told[-1] not in self._endings

    @cached_property
    def _endings(self) -> frozenset[str]:
        codec = self.mended.codec
        whole = (
            "".join(codec.target(one.document, one.reference)).rstrip()
            for one in self.case.sample
            if one.reference is not None
        )
        return frozenset(text[-1] for text in whole if text)

    def fits(self, conditions: Sequence[Conditions], reading: Reading = WHOLE) -> list[float]:
        """Share of the stored answers' tokens that greedy decoding under each of the conditions chooses.

        Conditions that differ in decoding options alone, the grammar aside, are read in one pass.
        """
        self._read(conditions, reading)
        return [_share(self.hits(one, reading)) for one in conditions]

    def fit_again(self, conditions: Conditions, reading: Reading = WHOLE) -> float:
        """`fits` of one, where answers are explained as far as they come out again letter by letter.

        A penalty makes the model cut words unusually, and goes by the tokens it has written: reading the
        text, which has the usual ones, does not tell. Where an answer comes out otherwise, the choice there
        is not explained, and what follows is as reading tells.
        """
        self._read([conditions], reading)
        stored = [one for one in self.case.sample if one.raw is not None][: reading.of(self.answer_lengths)]
        hits = self._hits.get(conditions, [])
        open_ = [place for place in range(len(stored)) if not all(hits[place])]
        # Never more than the mended way has, which fits: files may state more than the model can read.
        limit = min(self.written.limit, conditions.options.max_new_tokens)
        limited = conditions.decoding(max_new_tokens=limit)
        again = self.answers(limited, [stored[place] for place in open_])
        found = [list(row) for row in self.hits(conditions, reading)]
        for place, answered in zip(open_, again, strict=True):
            same = self.written.choices_alike(conditions, stored[place], answered.raw or "")
            of = len(found[place])
            found[place] = [*[True] * min(same, of), *([False] if same < of else [])]
        return _share(found)

    def hits(self, conditions: Conditions, reading: Reading = WHOLE) -> Sequence[Sequence[bool]]:
        """For each stored answer, which of its tokens greedy decoding under the conditions chooses.

        Without their last tokens where `without_ends`.
        """
        self._read([conditions], reading)
        found = self._hits.get(conditions, [])[: reading.of(self.answer_lengths)]
        return [row[:-BROKEN] for row in found] if self.without_ends else found

    def _read(self, conditions: Sequence[Conditions], reading: Reading) -> None:
        """Read what is not read yet."""
        answers = reading.of(self.answer_lengths)
        groups: dict[Conditions, list[int]] = {}
        for place, one in enumerate(conditions):
            plain = replace(one, options=type(one.options)(grammar=one.options.grammar))
            groups.setdefault(plain, []).append(place)
        for plain, places in groups.items():
            ways = [conditions[place] for place in places]
            rows = self.stored_rows(plain, answers)
            read = min(len(self._hits.get(way, ())) for way in ways)
            if read < len(rows):
                told = explained(self.model(plain), rows[read:], [way.options for way in ways])
                for way, hits in zip(ways, told, strict=True):
                    if len(self._hits.get(way, ())) < len(rows):
                        self._hits[way] = [*self._hits.get(way, ())[:read], *hits]

    @cached_property
    def stored(self) -> list[Example]:
        """The sample with its stored predictions, texts read again as training wrote them.

        Where nothing is stored: the answers that the model gives as files state that it is asked.
        """
        if self.case.predictions:
            read = self.mended.codec.parse
            return [
                one
                if one.raw is None
                else one.with_prediction(read(one.document, one.raw), one.raw, one.truncated)
                for one in self.case.sample
            ]
        return self.answers(self.explanation.conditions)

    def mending(self, cause: str) -> Effect:
        """What it does to take one fault off: all of the stored score's loss where it is the only one.

        Where several faults act together: the mended conditions with this fault alone, and without.
        """
        after = self.answers(self.mended)
        if set(self.explanation.causes) <= {cause}:
            return self.effect(self.stored, after)
        alone = self.mended
        for step in self.explanation.of(cause):
            alone = step.variant.change(alone)
        if cause == "decoding-samples" and self.explanation.temperature is not None:
            alone = alone.decoding(do_sample=True, temperature=self.explanation.temperature)
        return self.effect(self.answers(alone), after)

    def effect(self, before: Sequence[Example], after: Sequence[Example]) -> Effect:
        """What a change does to F1 (text match) on the same documents: `clearest_effect`."""
        return clearest_effect(before, after)


def _share(hits: Sequence[Sequence[bool]]) -> float:
    every = [hit for row in hits for hit in row]
    return sum(every) / len(every) if every else 0.0


def clearest_effect(before: Sequence[Example], after: Sequence[Example]) -> Effect:
    """What a change does to F1: of the kind of item that surely moves, else of the one that moves most."""
    kinds: tuple[Kind, ...] = ("entities", "relations")
    found = [effect_of(before, after, kind) for kind in kinds]
    return max(found, key=lambda one: (one.sure, abs(one.difference or 0.0)))


def effect_of(before: Sequence[Example], after: Sequence[Example], kind: Kind) -> Effect:
    """The micro F1 (text match) of `kind` before and after, documents paired by their order."""
    from medspan.evaluate.comparison import Sampling, paired_test

    rows = [_counts(side, kind) for side in (before, after)]
    test = paired_test(rows[0], rows[1], Sampling(permutations=1))
    name = "entity" if kind == "entities" else "relation"
    return Effect(f"{name} F1 (text match, {len(rows[0])} documents)", *test.f1, test.interval)


def _counts(examples: Sequence[Example], kind: Kind) -> list[tuple[float, float, float]]:
    from medspan.evaluate.counts import count_documents

    found = []
    for row in count_documents(examples, hows=("text",)):
        cells = [cell for key, cell in row.counts.items() if key[1] == kind]
        tp, fp, fn = (sum(cell[column] for cell in cells) for column in range(3))
        found.append((tp, fp, fn))
    return found
