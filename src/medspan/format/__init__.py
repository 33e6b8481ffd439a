"""Instruction formats: prompt, target, parser and grammar as one codec; chat templates; the format card."""

from medspan.format.card import FormatCard
from medspan.format.cards import load_card
from medspan.format.codec import Codec, Projection, Walk
from medspan.format.codecs import CODECS, OPTIONS, make_codec
from medspan.format.tag_card import TagCard
from medspan.format.template import Renderer, Template, make_template

__all__ = [
    "CODECS",
    "OPTIONS",
    "Codec",
    "FormatCard",
    "Projection",
    "Renderer",
    "TagCard",
    "Template",
    "Walk",
    "load_card",
    "make_codec",
    "make_template",
]
