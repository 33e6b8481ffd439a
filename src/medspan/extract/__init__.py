"""From a trained adapter and documents to grounded annotations."""

from medspan.extract.extractor import Extractor
from medspan.extract.generation import GenerateExtractor
from medspan.extract.loading import adapter_folder, load_extractor
from medspan.extract.options import DecodingOptions
from medspan.extract.retracing import FORCED, Choice, Retraced, Retracer, usual_ids
from medspan.extract.tagging import TagExtractor

__all__ = [
    "FORCED",
    "Choice",
    "DecodingOptions",
    "Extractor",
    "GenerateExtractor",
    "Retraced",
    "Retracer",
    "TagExtractor",
    "adapter_folder",
    "load_extractor",
    "usual_ids",
]
