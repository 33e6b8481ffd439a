"""Which kind of item an effect is told of: a small one that is sure goes before a large one that is not."""

from __future__ import annotations

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.diagnose.lab import clearest_effect

TEXT = "Metformin and lisinopril for diabetes."


def _example(number: int, mentions: int, related: bool) -> Example:
    """Two drugs and a disease, of which `mentions` are predicted; the first four hold a relation."""
    found = [
        Mention.at(TEXT, TEXT.index(string), TEXT.index(string) + len(string), type)
        for string, type in (("Metformin", "Drug"), ("diabetes", "Disease"), ("lisinopril", "Drug"))
    ]
    relation = Relation(found[0], found[1], "treats")
    asked = (relation,) if number < 4 else ()
    example = Example(Document(f"d{number}", TEXT), Annotation(tuple(found), (), asked))
    return example.with_prediction(
        Annotation(tuple(found[:mentions]), (), (relation,) if related and asked else ()), "", False
    )


def test_a_sure_change_of_entities_goes_before_a_larger_one_of_few_relations_that_is_not() -> None:
    # Entities: a third more of 90. Relations: of four, one instead of three; too few to be sure.
    before = [_example(number, 2, number < 1) for number in range(30)]
    after = [_example(number, 3, number < 3) for number in range(30)]
    found = clearest_effect(before, after)
    assert found.metric.startswith("entity F1")
    assert (found.before, found.after, found.sure) == (0.8, 1.0, True)


def test_where_nothing_is_sure_the_larger_change_is_told() -> None:
    before = [_example(number, 3, number < 1) for number in range(30)]
    after = [_example(number, 3, number < 3) for number in range(30)]
    found = clearest_effect(before, after)
    assert found.metric.startswith("relation F1")
    assert not found.sure
