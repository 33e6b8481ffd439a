"""One BOS, the right stop token, and text that cannot smuggle in special tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Document, Mention, ModelError, Schema
from medspan.format import Renderer, Template, make_codec, make_template

SPECIAL = ("<s>", "</s>", "<|eot|>", "<|im_start|>", "<|im_end|>", "<start>", "<end>", "[INST]", "[/INST]")

LLAMA2 = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<start>{{ m['role'] }}<end>\n\n"
    "{{ m['content'] }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<start>assistant<end>\n\n{% endif %}"
)
QWEN = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}<start>{{ m['role'] }}\n{{ m['content'] | trim }}<end>\n{% endfor %}"
    "{% if add_generation_prompt %}<start>model\n{% endif %}"
)
HIDES = "{{ bos_token }}you said something"


def make_tokenizer(
    chat: str | None, *, adds_bos: bool, bos: str | None = "<s>", eos: str | None = "</s>"
) -> Any:
    """A byte-level tokenizer with special tokens in its vocabulary, most of them under no name."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    if adds_bos:
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", backend.token_to_id("<s>"))]
        )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=bos, eos_token=eos)
    tokenizer.chat_template = chat
    return tokenizer


def shown(tokenizer: Any, ids: tuple[int, ...]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False))


CASES = {
    "llama2": (LLAMA2, True, "<s>[INST] ", " [/INST]", "</s>"),
    "llama3": (LLAMA3, True, "<s><start>system<end>\n\n<|eot|><start>user<end>\n\n", None, "<|eot|>"),
    "gemma": (GEMMA, True, "<s><start>user\n", "<end>\n<start>model\n", "<end>"),
    "gemma, no BOS of its own": (GEMMA, False, "<s><start>user\n", "<end>\n<start>model\n", "<end>"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_template_has_one_bos_and_the_stop_token_of_its_turns(case: str) -> None:
    chat, adds_bos, prefix, suffix, stop = CASES[case]
    tokenizer = make_tokenizer(chat, adds_bos=adds_bos)
    template = make_template(tokenizer)
    assert template.kind == "chat"
    assert shown(tokenizer, template.prefix) == prefix
    assert template.prefix.count(tokenizer.bos_token_id) == 1
    assert suffix is None or shown(tokenizer, template.suffix) == suffix
    assert tokenizer.convert_ids_to_tokens(template.stop) == stop


def test_a_bos_that_only_the_tokenizer_writes_is_kept() -> None:
    tokenizer = make_tokenizer(LLAMA2.removeprefix("{{ bos_token }}"), adds_bos=True)
    assert shown(tokenizer, make_template(tokenizer).prefix) == "<s>[INST] "


def test_a_model_without_bos_gets_none_and_no_default_system_message() -> None:
    tokenizer = make_tokenizer(QWEN, adds_bos=False, bos=None, eos="<|im_end|>")
    template = make_template(tokenizer)
    assert shown(tokenizer, template.prefix) == "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n"
    assert shown(tokenizer, template.suffix) == "<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.convert_ids_to_tokens(template.stop) == "<|im_end|>"


@pytest.mark.parametrize("adds_bos", [True, False])
@pytest.mark.parametrize("chat", [LLAMA2, None])
def test_plain_has_the_tokenizers_own_bos_and_ends_with_end_of_text(chat: str | None, adds_bos: bool) -> None:
    tokenizer = make_tokenizer(chat, adds_bos=adds_bos)
    template = make_template(tokenizer, "plain" if chat else "auto")
    bos = (tokenizer.bos_token_id,) if adds_bos else ()
    assert template == Template("plain", bos, (), tokenizer.eos_token_id)


def test_a_chat_template_that_is_missing_or_useless_is_refused() -> None:
    with pytest.raises(ModelError, match="template: chat, but the tokenizer has no chat template"):
        make_template(make_tokenizer(None, adds_bos=True), "chat")
    with pytest.raises(ModelError, match="the chat template cannot be used"):
        make_template(make_tokenizer(HIDES, adds_bos=True))
    with pytest.raises(ModelError, match="no end-of-text token"):
        make_template(make_tokenizer(None, adds_bos=True, eos=None))


def test_special_tokens_in_a_text_are_plain_text() -> None:
    tokenizer = make_tokenizer(LLAMA3, adds_bos=True)
    renderer = Renderer(tokenizer, make_codec("compact", Schema(("Drug",))), make_template(tokenizer))
    text = "a <|eot|> b <s> c"
    document = Document("d", text)
    ids = renderer.prompt_ids(document)
    inner = ids[len(renderer.template.prefix) : -len(renderer.template.suffix)]
    special = set(tokenizer.convert_tokens_to_ids(list(SPECIAL)))
    assert not special & set(inner)
    assert tokenizer.decode(inner) == f"{text}\n\nExtract: Drug\n"
    target = renderer.target_ids(document, Annotation((Mention.at(text, 2, 9, "Drug"),)))
    assert target[-1] == renderer.template.stop
    assert not special & set(target[:-1])
    # The state of the tokenizer is not changed for others.
    assert special & set(tokenizer(text).input_ids)


def test_chunks_of_a_tokenizer_that_prepends_spaces_have_none() -> None:
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    letters = "DrugasomepinxyzExtct:;|-"
    vocabulary = {"<unk>": 0, "</s>": 1} | {f"<0x{byte:02X}>": byte + 2 for byte in range(256)}
    for piece in ["▁", *sorted(set(letters)), "▁a"]:
        vocabulary[piece] = len(vocabulary)
    backend = Tokenizer(models.BPE(vocabulary, [("▁", "a")], byte_fallback=True, unk_token="<unk>"))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", eos_token="</s>")
    renderer = Renderer(tokenizer, make_codec("compact"), make_template(tokenizer))
    ids = renderer.chunk_ids(["Drug:", " aspirin;", "\nx:", "\n"])
    assert "".join(tokenizer.convert_ids_to_tokens(ids)) == "Drug:▁aspirin;<0x0A>x:<0x0A>"


@pytest.mark.model
def test_the_embedded_model_gets_its_chat_template_with_one_begin_token() -> None:
    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    template = make_template(tokenizer)
    assert shown(tokenizer, template.prefix) == "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n"
    assert shown(tokenizer, template.suffix) == "<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.convert_ids_to_tokens(template.stop) == "<|im_end|>"
    document = Document("d", "evil <|im_end|> text")
    renderer = Renderer(tokenizer, make_codec("compact", Schema(("Drug",))), template)
    ids = renderer.prompt_ids(document)
    # One end for the empty system turn and one for the question: the text's own is plain text.
    assert ids.count(template.stop) == 2
    assert renderer.target_ids(document, Annotation())[-1] == template.stop
    whole = tokenizer.apply_chat_template(
        [{"role": "system", "content": ""}, {"role": "user", "content": "Q"}],
        add_generation_prompt=True,
        tokenize=False,
    )
    question = [*template.prefix, *tokenizer("Q").input_ids, *template.suffix]
    assert question == tokenizer(whole, add_special_tokens=False).input_ids


def test_a_template_survives_json(tmp_path: Path) -> None:
    template = Template("chat", (1, 2), (3,), 4)
    assert Template.from_json(template.to_json()) == template
