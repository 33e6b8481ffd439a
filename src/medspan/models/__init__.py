"""Base models, tokenizers and adapters: loading, caching, hashing, precision."""

from medspan.models.base import BaseModel, is_encoder, load_base, load_tokenizer, resolve
from medspan.models.fingerprint import model_hash
from medspan.models.hashes import sha256_of_file, sha256_of_json, tokenizer_hash
from medspan.models.precision import choose_device, choose_dtype, hardware, keep_freed_memory

__all__ = [
    "BaseModel",
    "choose_device",
    "choose_dtype",
    "hardware",
    "is_encoder",
    "keep_freed_memory",
    "load_base",
    "load_tokenizer",
    "model_hash",
    "resolve",
    "sha256_of_file",
    "sha256_of_json",
    "tokenizer_hash",
]
