"""Which predicted mentions and relations the reference holds: all that other modules need of the matches."""

from medspan.evaluate.directions import NO_DIRECTIONS, Directions
from medspan.evaluate.mentions import judge_mentions, match_mentions
from medspan.evaluate.outcome import HOWS, KINDS, MATCHES, MEANINGS, Counts, How, Judged, Kind, Outcome
from medspan.evaluate.relations import judge_relations, links_concepts, match_relations
from medspan.evaluate.sides import both_sides, has_ids, listed, places

__all__ = [
    "HOWS",
    "KINDS",
    "MATCHES",
    "MEANINGS",
    "NO_DIRECTIONS",
    "Counts",
    "Directions",
    "How",
    "Judged",
    "Kind",
    "Outcome",
    "both_sides",
    "has_ids",
    "judge_mentions",
    "judge_relations",
    "links_concepts",
    "listed",
    "match_mentions",
    "match_relations",
    "places",
]
