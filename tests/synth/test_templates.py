from __future__ import annotations

import re

import pytest

from medspan.synth.lexicon import LEXICON
from medspan.synth.templates import (
    BOTH,
    CAUSES,
    CLOSINGS,
    ECHOES,
    NEITHER,
    OPENINGS,
    SLOT,
    TREATS,
    Template,
)

STATEMENTS = (*TREATS, *CAUSES, *BOTH, *NEITHER)


def test_there_are_templates_enough_of_each_kind() -> None:
    assert len(TREATS) >= 20
    assert len(CAUSES) >= 20
    assert len([t for t in NEITHER if len({slot[:-1] for slot in t.slots}) > 1]) >= 20
    texts = [template.text for template in STATEMENTS]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("template", STATEMENTS, ids=lambda template: template.text)
def test_a_template_joins_only_its_own_slots_and_legal_types(template: Template) -> None:
    for pairs, tail_kind in ((template.treats, "disease"), (template.causes, "symptom")):
        for head, tail in pairs:
            assert head in template.slots
            assert tail in template.slots
            assert (head[:-1], tail[:-1]) == ("drug", tail_kind)
    assert not template.again or "drug1" in template.slots


def test_pools_state_what_they_are_named_for() -> None:
    assert all(t.treats and not t.causes for t in TREATS)
    assert all(t.causes and not t.treats for t in CAUSES)
    assert all(len(t.treats) + len(t.causes) >= 2 for t in BOTH)
    assert not any(t.treats or t.causes for t in NEITHER)


def test_no_term_of_the_lexicon_stands_in_the_fixed_words() -> None:
    terms = "|".join(re.escape(term) for terms in LEXICON.values() for term in terms)
    pattern = re.compile(rf"(?<!\w)(?:{terms})(?!\w)", re.IGNORECASE)
    texts = [*OPENINGS, *CLOSINGS, *(template.text for template in (*STATEMENTS, *ECHOES))]
    assert [text for text in texts if pattern.search(SLOT.sub("~", text))] == []


def test_slots_are_listed_once_in_order_and_agreement_marks_are_no_slot_of_their_own() -> None:
    template = Template("{her} {symptom1} {was:symptom1} traced to {drug1}, {she} said of {drug1}")
    assert template.slots == ("symptom1", "drug1")
