"""The passes of a step that one process makes, as batches.

Knows how samples become rows, and builds a step ahead in a thread. Does not know the model.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cgm.model.batch import IGNORED, GraphBatch, collate, pack
from cgm.model.sample import Sample
from cgm.train.config import BatchConfig
from cgm.train.dataset import Samples
from cgm.train.order import deal, samples_of


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass through the model; `number` counts the passes of a step over all processes."""

    number: int
    batch: GraphBatch

    @property
    def answer_tokens(self) -> int:
        """How many tokens are learnt."""
        return int((self.batch.label_BT != IGNORED).sum())

    @property
    def places(self) -> int:
        """How many node tokens and tokens of text the model reads, padding left aside."""
        return int((self.batch.segment_BT >= 0).sum())


class Passes:
    """The passes of one process among `processes`."""

    def __init__(self, samples: Samples, config: BatchConfig, seed: int, process: int = 0, processes: int = 1) -> None:
        self._samples = samples
        self._config = config
        self._seed = seed
        self._own = slice(process, None, processes)

    def stream(self, first: int, last: int) -> Iterator[list[Pass]]:
        """The passes of the steps from `first` up to `last`, the next step's built meanwhile."""
        if first >= last:
            return
        with ThreadPoolExecutor(max_workers=1) as thread:
            coming = thread.submit(self.of_step, first)
            for step in range(first, last):
                ready = coming.result()
                if step + 1 < last:
                    coming = thread.submit(self.of_step, step + 1)
                yield ready

    def of_step(self, step: int) -> list[Pass]:
        """The passes of a step."""
        places = samples_of(step, self._config.samples, len(self._samples), self._seed)
        dealt = list(enumerate(deal(places, self._config.at_once, self._samples.length)))
        return [Pass(number, self._collate(own)) for number, own in dealt[self._own]]

    def _collate(self, places: Sequence[int]) -> GraphBatch:
        built = [self._samples.build(place) for place in places]
        builder = self._samples.builder
        room = self._config.tokens + builder.config.graph.tokens
        rows: list[list[Sample]] = pack(built, room) if self._config.packed else [[sample] for sample in built]
        return collate(rows, builder.chat.padding)
