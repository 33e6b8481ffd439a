"""The sentences of the synthetic notes, as data.

A sentence has slots `{drug1}`, `{disease2}`, `{symptom1}`; `{was:symptom1}` agrees with the term in
number; `{she}`, `{her}` follow the patient. The numbers tell the slots of one sentence apart and say
nothing about order. Sentences are written without capital and full stop. Their own words contain no
term of the lexicon. What a sentence does not list as a relation, it must not say or suggest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Pair = tuple[str, str]

SLOT = re.compile(r"\{(?:(?P<verb>was|has):)?(?P<name>[a-z]+)(?P<number>\d?)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with the relations that it states, as pairs of slot names.

    `again`: `drug1` may be a drug that the note has named before. `keeps`: the drugs are still
    taken afterwards, so that later sentences may name them again.
    """

    text: str
    treats: tuple[Pair, ...] = ()
    causes: tuple[Pair, ...] = ()
    again: bool = False
    keeps: bool = True

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the term slots in order of first appearance."""
        found = (match["name"] + match["number"] for match in SLOT.finditer(self.text) if match["number"])
        return tuple(dict.fromkeys(found))


_TREATS = (("drug1", "disease1"),)
_CAUSES = (("drug1", "symptom1"),)

TREATS: tuple[Template, ...] = (
    *(
        Template(text, treats=_TREATS)
        for text in (
            "{drug1} was started for {disease1}",
            "{disease1} is controlled with {drug1}",
            "we treated {disease1} with {drug1}",
            "{she} takes {drug1} for {disease1}",
            "{drug1} was prescribed to treat {disease1}",
            "{her} {disease1} has responded well to {drug1}",
            "{she} has been on {drug1} for {disease1} since last year",
            "for {disease1}, {she} was given {drug1}",
            "{disease1} is being managed with {drug1}",
            "{drug1} was chosen as treatment of {disease1}",
            "{her} {disease1} improved once {drug1} was added",
            "after a diagnosis of {disease1}, treatment with {drug1} was begun",
            "{disease1} remains stable on {drug1}",
            "a six-week course of {drug1} cleared {her} {disease1}",
            "{she} uses {drug1} daily to keep {disease1} under control",
            "{disease1} was diagnosed and {drug1} was begun to treat it",
            "we increased {drug1} because {disease1} was not yet controlled by it",
            "{drug1} keeps {her} {disease1} in remission",
            "long-term therapy for {disease1} consists of {drug1}",
            "{disease1} is treated with a low dose of {drug1}",
            "the indication for {drug1} is {disease1}",
            "{her} {disease1} needed treatment, and {drug1} was selected",
        )
    ),
    # A second legal partner stands nearer than the one that the sentence joins.
    Template("{drug1} was prescribed, after {disease2} had been excluded, for {disease1}", treats=_TREATS),
    Template("for {disease1}, with no change to {drug2}, {she} was given {drug1}", treats=_TREATS),
    Template("once {disease2} had been ruled out, {disease1} was treated with {drug1}", treats=_TREATS),
    Template("{disease1}, unrelated to {her} earlier {disease2}, was treated with {drug1}", treats=_TREATS),
    Template("{drug1}, unlike the long-standing {drug2}, was started for {disease1}", treats=_TREATS),
    Template("{she} already took {drug2} when {drug1} was started for {disease1}", treats=_TREATS),
)

CAUSES: tuple[Template, ...] = (
    *(
        Template(text, causes=_CAUSES, again=True, keeps=keeps)
        for text, keeps in (
            ("{symptom1} appeared after the first dose of {drug1} and resolved when it was stopped", False),
            ("{her} {symptom1} {was:symptom1} attributed to {drug1}", True),
            ("{drug1} caused {symptom1}", True),
            ("{drug1} had to be stopped because it caused {symptom1}", False),
            ("{she} developed {symptom1} from {drug1}", True),
            ("{symptom1} {was:symptom1} recognised as a side effect of {drug1}", True),
            ("{drug1} brought on {symptom1} within days", True),
            (
                "{symptom1} settled as soon as {drug1} was withdrawn and came back when it was restarted",
                False,
            ),
            ("{drug1} gave {him} {symptom1}", True),
            ("{her} {symptom1} {was:symptom1} traced to {drug1}", True),
            ("{symptom1} due to {drug1} led to a lower dose", True),
            ("{drug1} was reduced because of the {symptom1} that it had provoked", True),
            ("{she} reports {symptom1} as an adverse effect of {drug1}", True),
            ("{symptom1} {was:symptom1} judged to be induced by {drug1}", True),
            ("an adverse reaction to {drug1} took the form of {symptom1}", True),
            ("{drug1} was identified as the cause of {her} {symptom1}", True),
            ("{symptom1}, a reaction to {drug1}, troubled {him} for days", True),
            ("{she} could not tolerate {drug1}, which produced {symptom1}", False),
            ("we concluded that {drug1} was responsible for {her} {symptom1}", True),
            ("{drug1}-related {symptom1} {was:symptom1} confirmed on re-challenge", False),
            ("each dose of {drug1} is followed by {symptom1} that it clearly triggers", True),
            ("the price of {drug1} has been {symptom1}, a proven side effect in this case", True),
        )
    ),
    Template("{drug1}, but not {drug2}, led to {symptom1}", causes=_CAUSES, again=True),
    Template("{drug1} and not {drug2} was blamed for {her} {symptom1}", causes=_CAUSES, again=True),
    Template("{drug1} caused {symptom1}, whereas {drug2} was well tolerated", causes=_CAUSES, again=True),
    Template("{drug1} led not to {symptom2} but to {symptom1}", causes=_CAUSES, again=True),
    Template(
        "{her} {symptom1}, unlike the older {symptom2}, {was:symptom1} caused by {drug1}",
        causes=_CAUSES,
        again=True,
    ),
    Template(
        "with {drug2} unchanged, {symptom1} began and {was:symptom1} found to come from {drug1}",
        causes=_CAUSES,
    ),
)

BOTH: tuple[Template, ...] = (
    Template("{drug1} was started for {disease1} but caused {symptom1}", _TREATS, _CAUSES),
    Template("{drug1}, given for {disease1}, brought on {symptom1}", _TREATS, _CAUSES),
    Template(
        "{disease1} was treated with {drug1} until {symptom1} from it became a burden",
        _TREATS,
        _CAUSES,
        keeps=False,
    ),
    Template("{drug1} works well for {disease1}, although it gives {him} {symptom1}", _TREATS, _CAUSES),
    Template(
        "{drug1} and {drug2} were given for {disease1} and {disease2}, respectively",
        treats=(("drug1", "disease1"), ("drug2", "disease2")),
    ),
    Template(
        "{drug1} was started for {disease1} and {drug2} for {disease2}",
        treats=(("drug1", "disease1"), ("drug2", "disease2")),
    ),
    Template(
        "{disease1} and {disease2} are treated with {drug1} and {drug2}, respectively",
        treats=(("drug1", "disease1"), ("drug2", "disease2")),
    ),
    Template(
        "{drug1} and {drug2} caused {symptom1} and {symptom2}, respectively",
        causes=(("drug1", "symptom1"), ("drug2", "symptom2")),
    ),
    Template(
        "{symptom1} {was:symptom1} attributed to {drug1} and {symptom2} to {drug2}",
        causes=(("drug1", "symptom1"), ("drug2", "symptom2")),
    ),
    Template(
        "{drug1} was given for {disease1}, and {drug2} caused {symptom1}", _TREATS, (("drug2", "symptom1"),)
    ),
    Template(
        "{drug1} was changed to {drug2} for {her} {disease1} because the former caused {symptom1}",
        (("drug1", "disease1"), ("drug2", "disease1")),
        _CAUSES,
        keeps=False,
    ),
    Template(
        "{drug1} is taken for both {disease1} and {disease2}", (("drug1", "disease1"), ("drug1", "disease2"))
    ),
    Template(
        "{drug1} caused {symptom1} as well as {symptom2}",
        causes=(("drug1", "symptom1"), ("drug1", "symptom2")),
    ),
)

NEITHER: tuple[Template, ...] = tuple(
    Template(text, again=again, keeps=keeps)
    for text, again, keeps in (
        # drug and symptom
        ("{she} denies {symptom1} since starting {drug1}", True, True),
        ("no {symptom1} {has:symptom1} been noted on {drug1}", True, True),
        ("{drug1} had been stopped months before the {symptom1} began", False, False),
        ("{symptom1} predated {drug1} by years and {has:symptom1} not changed", True, True),
        ("{drug1} was tolerated without {symptom1}", True, True),
        ("{she} asked whether {drug1} could cause {symptom1}; so far it has not", True, True),
        ("{her} {symptom1} {was:symptom1} put down to stress, not to {drug1}", True, True),
        ("{symptom1} persisted after {drug1} was withdrawn, so another cause was sought", True, False),
        ("{drug1} was cleared as a cause of {her} {symptom1}", True, True),
        ("we watched for {symptom1} while {drug1} was increased and saw none", True, True),
        ("{symptom1} followed a long flight and had nothing to do with {drug1}", True, True),
        ("{drug1} was continued, as {her} {symptom1} had another explanation", True, True),
        ("despite a higher dose of {drug1}, {she} reports no {symptom1}", True, True),
        ("{her} {symptom1} dated from childhood, long before {drug1}", True, True),
        ("{drug1} was not to blame for {her} {symptom1}", True, True),
        ("the {symptom1} had already gone when {drug1} was first taken", False, True),
        ("neither {drug1} nor {drug2} caused {her} {symptom1}", True, True),
        ("{symptom1} and {symptom2} were both absent on {drug1}", True, True),
        ("{symptom1} came with a cold; {drug1} was not taken at the time", False, True),
        # drug and disease
        ("{disease1} was ruled out; {drug1} was continued unchanged", True, True),
        ("{drug1} is taken as before; {disease1} is awaiting specialist review", True, True),
        ("{drug1} was withheld because of {disease1}", False, False),
        ("{drug1} was avoided in view of {her} {disease1}", False, False),
        ("screening for {disease1} was negative while {she} was on {drug1}", True, True),
        ("{disease1} needed no medication, and {drug1} was given for an unrelated reason", False, True),
        ("{disease1} was managed by surgery alone; {drug1} was left as it was", True, True),
        ("{disease1} had resolved years before {drug1} was first prescribed", False, True),
        ("{she} declined {drug1}, and {disease1} is being observed without medication", False, False),
        ("{drug1} was paused before surgery for {disease1}", True, False),
        ("{disease1} came to light by chance while {drug1} was being renewed", True, True),
        ("allergy to {drug1} is on record; {disease1} was excluded last year", False, False),
        ("{her} {disease1} is under observation only and {drug1} is not meant for it", True, True),
        ("a family history of {disease1} was noted when {drug1} was reviewed", True, True),
        ("{drug1} was considered for {disease1} but never given", False, False),
        ("past history lists {disease1} and {disease2}; regular medicines include {drug1}", False, True),
        ("past history includes {disease1}; current medicines are {drug1} and {drug2}", False, True),
        ("medicines were {drug1} and {drug2}; known conditions were {disease1} and {disease2}", False, True),
        # disease and symptom, with or without a drug
        ("{her} {symptom1} {was:symptom1} explained by {disease1}, not by {drug1}", True, True),
        ("{symptom1} {was:symptom1} thought to reflect {disease1}; {drug1} was not changed", True, True),
        ("{her} {disease1} first showed itself as {symptom1}", False, True),
        ("{disease1} was suspected on account of {symptom1}, but tests were normal", False, True),
        ("there is no {symptom1} and no sign of {disease1}", False, True),
        ("{she} also mentions {symptom1}, which began with {her} {disease1}", False, True),
    )
)

ECHOES: tuple[Template, ...] = tuple(
    Template(text)
    for text in (
        "{she} will be seen again about {her} {disease1} next month",
        "the next review of {her} {disease1} is in three months",
        "leaflets about {disease1} were handed out",
        "{disease1} was explained again in plain words",
    )
)
"""Sentences that name a disease of the note once more."""

OPENINGS: tuple[str, ...] = (
    "{a} {age}-year-old {woman} was reviewed in clinic",
    "this {age}-year-old {woman} attended for routine follow-up",
    "{a} {age}-year-old {woman} was seen at home",
    "discharge summary for {a} {age}-year-old {woman}",
    "telephone review of {a} {age}-year-old {woman}",
    "the patient, {a} {age}-year-old {woman}, was admitted overnight",
    "medication review, {woman} aged {age}",
    "letter to the family doctor about {a} {age}-year-old {woman}",
    "we saw this {age}-year-old {woman} on the ward today",
    "{a} {age}-year-old {woman} came in with a relative",
    "outpatient note, {woman}, {age} years",
    "I reviewed this {age}-year-old {woman} after {her} recent stay",
    "{a} {age}-year-old {woman} presented for {her} annual check",
    "progress note on {a} {age}-year-old {woman}",
    "this {woman} of {age} years was referred by {her} doctor",
    "pharmacy consultation with {a} {age}-year-old {woman}",
)

CLOSINGS: tuple[str, ...] = (
    "follow-up is planned in six weeks",
    "blood tests were requested",
    "{she} agreed with this plan",
    "blood pressure today was normal",
    "the plan was discussed with {her} family",
    "examination was otherwise unremarkable",
    "a copy of this note was sent to {her} doctor",
    "{she} lives alone and manages well",
    "observations were stable throughout",
    "no further changes were made",
)
