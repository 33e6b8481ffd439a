"""LoRA fine-tuning: configuration, data, loop, callbacks, and the run folder that comes out."""

from medspan.train.alarm import AlarmStop
from medspan.train.config import TrainConfig, load_config, make_config
from medspan.train.run import load_data, train

__all__ = ["AlarmStop", "TrainConfig", "load_config", "load_data", "make_config", "train"]
