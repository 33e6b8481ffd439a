"""Documents with planted answers for the pages, and their report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate import evaluate, write_report
from medspan.evaluate.errors import classify, taxonomy
from medspan.evaluate.report import Details

TEXT = "Aspirin caused a rash. Later metformin helped with severe nausea."
HOSTILE = (
    '</script><img src=x onerror="alert(1)"> "quoted" \u202eright\u202c מלנומה 😀 aspirin \ud800 <!-- rash'
)


def at(text: str, string: str, type: str) -> Mention:
    return Mention.at(text, text.index(string), text.index(string) + len(string), type)


def planted() -> list[Example]:
    """Sixty documents: 0 is hostile, 1 has overlapping and discontinuous mentions, 5 has errors."""
    return [_document(number) for number in range(60)]


def _document(number: int) -> Example:
    task = ("drugs", "signs")[number % 2]
    if number == 0:
        drug, sign = at(HOSTILE, "aspirin", "Drug"), at(HOSTILE, "rash", "Sign")
        whole = Annotation((drug, sign), (), (Relation(drug, sign, "causes"),))
        return Example(Document("<b>0</b>", HOSTILE, task=task), whole, whole, raw=HOSTILE)
    text = TEXT + f" Note {number}."
    drug, other = at(text, "Aspirin", "Drug"), at(text, "metformin", "Drug")
    rash, nausea = at(text, "rash", "Sign"), at(text, "severe nausea", "Sign")
    treats = Relation(other, nausea, "treats")
    causes = Relation(drug, rash, "causes")
    mentions: tuple[Mention, ...] = (drug, other, rash, nausea)
    predicted = Annotation(mentions, (), (causes, treats))
    if number == 1:
        inner = at(text, "nausea", "Sign")
        span = (rash.segments[0], inner.segments[0])
        mentions = (*mentions, inner, Mention(span, "Odd", "rash nausea"))
        predicted = Annotation((*predicted.mentions, inner), (), predicted.relations)
    if number == 5:
        lost = UnalignedMention("Drug", "codeine", "not-in-text")
        renamed = Mention(nausea.segments, "Drug", nausea.text)
        predicted = Annotation((drug, other, rash, renamed), (lost,), (Relation(rash, drug, "causes"),))
    reference = Annotation(mentions, (), (causes, treats))
    return Example(Document(f"doc-{number}", text, task=task), reference, predicted)


def report(path: Path, examples: Sequence[Example], **options: Any) -> Path:
    """The report over `examples`, with the kinds of their errors."""
    write_report(
        path,
        title="Planted",
        examples=examples,
        evaluation=evaluate(examples, bootstrap_samples=20),
        facts={"Run": "r" * 90},
        details=Details(
            errors=classify(examples), taxonomy=taxonomy(examples).to_json(), curves="<svg id='own'></svg>"
        ),
        **options,
    )
    return path


def large(count: int) -> list[Example]:
    """Documents of 1,300 characters with ten mentions and four relations each."""
    found = []
    for number in range(count):
        text = " ".join(f"w{(number * 7 + place * 13) % 9973:04d}x" for place in range(186))
        mentions = tuple(
            Mention.at(text, 126 * place, 126 * place + 13, ("Drug", "Sign")[place % 2])
            for place in range(10)
        )
        relations = tuple(
            Relation(mentions[2 * place], mentions[2 * place + 1], "causes") for place in range(4)
        )
        predicted = Annotation(mentions[:9], (), relations[:3])
        found.append(Example(Document(f"doc-{number}", text), Annotation(mentions, (), relations), predicted))
    return found
