"""The first layers of a base model, without the rest."""

from __future__ import annotations

from typing import Any

from torch import nn

from medspan.core import ConfigError


def keep_first_layers(model: Any, count: int) -> None:
    """Take away all layers of a decoder or encoder after the first `count`, in place.

    What the last layers of a language model add is the next word; to mark what stands in a text,
    earlier ones are nearly as good, and time and memory fall with their number. ConfigError where
    the model has fewer.
    """
    config = model.config.get_text_config()
    check_layers(model, count)
    parent, name = _layers(model, config.num_hidden_layers)
    setattr(parent, name, getattr(parent, name)[:count])
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:count]
    config.num_hidden_layers = count


def check_layers(model: Any, count: int) -> None:
    """ConfigError where a model has fewer layers than `count`."""
    held = model.config.get_text_config().num_hidden_layers
    if count > held:
        raise ConfigError(
            f"num_hidden_layers: {count}",
            cause=f"the base model has {held} layers, of which the first ones can be kept",
            remedy=f"give a number up to {held}, or leave it out to keep all",
        )


def _layers(model: Any, count: int) -> tuple[Any, str]:
    """Where the list of a model's layers hangs: its parent and its name there."""
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == count:
                return parent, name
    raise ConfigError(
        f"num_hidden_layers: the layers of {type(model).__name__} cannot be told apart",
        cause="its architecture keeps them in another way than those that medspan knows",
        remedy="leave num_hidden_layers out",
    )
