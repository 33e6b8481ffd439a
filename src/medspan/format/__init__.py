"""Instruction formats: prompt, target, parser and grammar as one codec; chat templates; the format card."""

from medspan.format.card import FormatCard
from medspan.format.codec import Codec, Projection, Walk
from medspan.format.codecs import CODECS, OPTIONS, make_codec
from medspan.format.template import Renderer, Template, make_template

__all__ = [
    "CODECS",
    "OPTIONS",
    "Codec",
    "FormatCard",
    "Projection",
    "Renderer",
    "Template",
    "Walk",
    "make_codec",
    "make_template",
]
