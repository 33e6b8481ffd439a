"""From a trained adapter and documents to grounded annotations."""

from medspan.extract.extractor import Extractor, adapter_folder
from medspan.extract.options import DecodingOptions

__all__ = ["DecodingOptions", "Extractor", "adapter_folder"]
