"""What a training run is made of: a model, the rows that it learns from, and those that it is tried on.

Knows the files of a training set. Does not know how anything is learnt. Needs torch.
"""

from collections import Counter
from pathlib import Path

import torch

from cgm.errors import DatasetError, require
from cgm.model.chat import ChatTokens
from cgm.model.checkpoint import build_model, take_weights
from cgm.train.config import TrainConfig
from cgm.train.dataset import Rows, Samples, select_rows
from cgm.train.example import read_examples
from cgm.train.loop import Material


def load_material(settings: TrainConfig, device: str) -> tuple[Material, Counter[str]]:
    """The model and its rows; how many rows were left out, by split and reason.

    Raises:
        ConfigError: no data is named.
        DatasetError: no row fits.
        CgmError: the model or a file cannot be read.
    """
    require(bool(settings.data), "data must be the folder of a training set", settings.data)
    torch.manual_seed(settings.seed)
    loaded = build_model(settings.model, device=device)
    if settings.start:
        take_weights(loaded.model, Path(settings.start))
    chat = loaded.samples.chat
    learnt, tried = _rows(settings, "train", chat), _rows(settings, "validation", chat)
    if not len(learnt):
        raise DatasetError(f"data must have rows of at most {settings.batch.tokens} tokens, got none: {settings.data}")
    left_out = {
        f"{split}: {reason}": count
        for split, rows in (("train", learnt), ("validation", tried))
        for reason, count in rows.left_out.items()
    }
    shown = tried.first(settings.evaluation.rows)
    validation = Samples(shown, loaded.samples) if len(shown) else None
    return Material(loaded, Samples(learnt, loaded.samples), validation), Counter(left_out)


def _rows(settings: TrainConfig, split: str, chat: ChatTokens) -> Rows:
    """The rows of a split that fit; only the first split must be there."""
    path = Path(settings.data) / f"{split}.jsonl"
    examples = read_examples(path) if split == "train" or path.exists() else ()
    return select_rows(examples, settings.tasks, chat, settings.batch.tokens)
