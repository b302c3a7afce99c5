"""What makes a vector of each chunk of a node's text.

Knows batching by length, pooling, and that a frozen encoder says the same thing of the same chunk. Does not know nodes
nor where chunks stand.

Legend: C chunks, K tokens of a chunk, D width of a vector.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from cgm.model.vectors import MemoryBlobs
from cgm.protocols import BlobStore

_Call = Callable[[Tensor, Tensor], Tensor]


class EmbeddingEncoder(nn.Module):
    """The mean of the language model's own embeddings; it has no weights of its own."""

    def __init__(self, lm: nn.Module, batch_tokens: int) -> None:
        super().__init__()
        self._lm = (lm,)  # in a tuple, or its weights would count as the encoder's too
        self._batch_tokens = batch_tokens
        self.width = lm.config.hidden_size

    def forward(self, chunk_CK: Tensor, length_C: Tensor) -> Tensor:
        """Encode chunks, shape (C, D)."""
        return _in_batches(self._encode, chunk_CK, length_C, self._batch_tokens)

    def _encode(self, chunk_CK: Tensor, length_C: Tensor) -> Tensor:
        token_CKD = self._lm[0].get_input_embeddings()(chunk_CK)
        return _pool(token_CKD, length_C, "mean")


class TextEncoder(nn.Module):
    """An encoder of transformers; the vectors of a frozen one are kept by content in `vectors`."""

    def __init__(self, model: nn.Module, pooling: str, batch_tokens: int, vectors: BlobStore | None = None) -> None:
        super().__init__()
        self.model = model
        self.width = model.config.hidden_size
        self._pooling = pooling
        self._batch_tokens = batch_tokens
        self._vectors = MemoryBlobs(1 << 30) if vectors is None else vectors
        self._digest: tuple[int, str] = (-1, "")

    def forward(self, chunk_CK: Tensor, length_C: Tensor) -> Tensor:
        """Encode chunks, shape (C, D)."""
        if any(parameter.requires_grad for parameter in self.model.parameters()):
            return _in_batches(self._encode, chunk_CK, length_C, self._batch_tokens)
        self.model.eval()  # a frozen encoder drops nothing out, so that it says the same of the same chunk
        return self._remembered(chunk_CK, length_C)

    def _encode(self, chunk_CK: Tensor, length_C: Tensor) -> Tensor:
        present_CK = torch.arange(chunk_CK.shape[1], device=chunk_CK.device) < length_C[:, None]
        token_CKD = self.model(input_ids=chunk_CK, attention_mask=present_CK.long()).last_hidden_state
        return _pool(token_CKD, length_C, self._pooling)

    def _remembered(self, chunk_CK: Tensor, length_C: Tensor) -> Tensor:
        keys = self._keys(chunk_CK, length_C)
        known = self._vectors.get_many(keys)
        missing = [index for index, key in enumerate(keys) if key not in known]
        if missing or _processes() > 1:
            chosen = torch.tensor(missing, dtype=torch.int64, device=chunk_CK.device)
            # in its own precision: what is kept must not depend on what else was in the batch
            with torch.no_grad(), torch.autocast(chunk_CK.device.type, enabled=False):
                vector_CD = _in_batches(self._encode, chunk_CK[chosen], length_C[chosen], self._batch_tokens)
            rows = vector_CD.float().cpu().numpy()
            fresh = {keys[index]: row.tobytes() for index, row in zip(missing, rows, strict=True)}
            self._vectors.put_many(fresh)
            known |= fresh
        vectors = np.frombuffer(bytearray().join(known[key] for key in keys), dtype=np.float32)
        return torch.from_numpy(vectors).view(-1, self.width).to(chunk_CK.device, self.model.dtype)

    def _keys(self, chunk_CK: Tensor, length_C: Tensor) -> list[str]:
        digest = self._weights()
        rows = chunk_CK.cpu().numpy()
        lengths = length_C.tolist()
        return [
            hashlib.sha256(digest.encode() + row[:length].tobytes()).hexdigest()
            for row, length in zip(rows, lengths, strict=True)
        ]

    def _weights(self) -> str:
        """A digest of the weights, made again when one of them has changed in place."""
        version = sum(parameter._version for parameter in self.model.parameters())  # noqa: SLF001
        if self._digest[0] != version:
            self._digest = (version, digest_weights(self.model, self._pooling))
        return self._digest[1]


def digest_weights(model: nn.Module, salt: str) -> str:
    """A digest of all weights of a module, and of `salt`."""
    digest = hashlib.sha256(salt.encode())
    for name, parameter in model.named_parameters():
        digest.update(name.encode())
        digest.update(parameter.detach().float().cpu().contiguous().numpy())
    return digest.hexdigest()


def _in_batches(encode: _Call, chunk_CK: Tensor, length_C: Tensor, most: int) -> Tensor:
    """Encode chunks of like length together, at most `most` tokens in a call, and give the vectors in order.

    Every process makes the same number of calls, since sharded weights are gathered by all of them at once.
    """
    order_C = torch.argsort(length_C)
    calls = [order_C[first:last] for first, last in _spans(length_C[order_C].tolist(), most)]
    made = [encode(chunk_CK[rows, : int(length_C[rows].max())], length_C[rows]) for rows in calls]
    one = torch.ones(1, dtype=torch.int64, device=chunk_CK.device)
    idle = [encode(one[None] * 0, one)[:0] for _ in range(_most_calls(len(calls)) - len(calls))]
    vector_CD = torch.cat(made + idle)
    return vector_CD[torch.argsort(order_C)]


def _spans(lengths: list[int], most: int) -> Iterator[tuple[int, int]]:
    """Runs of ascending lengths that fill at most `most` tokens once padded to their last."""
    first = 0
    for last, length in enumerate(lengths):
        if last > first and (last - first + 1) * length > most:
            yield first, last
            first = last
    if lengths:
        yield first, len(lengths)


def _most_calls(calls: int) -> int:
    """The most calls that any process makes, one where none makes any."""
    if _processes() < 2:
        return max(calls, 1)
    most = torch.tensor(max(calls, 1), device="cuda" if torch.distributed.get_backend() == "nccl" else "cpu")
    torch.distributed.all_reduce(most, torch.distributed.ReduceOp.MAX)
    return int(most)


def _processes() -> int:
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return int(torch.distributed.get_world_size()) if ready else 1


def _pool(token_CKD: Tensor, length_C: Tensor, pooling: str) -> Tensor:
    if pooling == "first":
        return token_CKD[:, 0]
    if pooling == "last":
        return token_CKD[torch.arange(len(length_C), device=length_C.device), length_C - 1]
    present_CK = torch.arange(token_CKD.shape[1], device=length_C.device) < length_C[:, None]
    return (token_CKD * present_CK[..., None]).sum(1) / length_C[:, None].to(token_CKD.dtype)
