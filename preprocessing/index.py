"""The lexical index of a snapshot from the words of its files.

Knows how a file's words become postings of documents. Does not know how terms are weighed (`retriever`). A new field
is one more name in `preprocessing.facts.FIELDS` and whoever counts it.

Legend: D documents, P postings, W words (identifiers of the snapshot), V terms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cgm.graph import CodeGraph, NodeKind
from cgm.protocols import LexicalIndex
from cgm.text import identifier_terms, terms
from preprocessing.facts import FIELDS, FileFacts, Words

_DOCUMENT_KINDS = (NodeKind.FILE, NodeKind.TEXTFILE, NodeKind.CLASS, NodeKind.FUNCTION)
_PATH, _NAME = 0, 1
_MOST = int(np.iinfo(np.uint16).max)
_Column = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Postings:
    """P rows of (field, document, word, count)."""

    part: _Column
    document: _Column
    word: _Column
    count: _Column


def build_lexical(graph: CodeGraph, files: Sequence[int], facts: Sequence[FileFacts]) -> LexicalIndex:
    """Index every file, class and function; `files[i]` is the graph node of `facts[i]`.

    Scopes of a file are the nodes that follow its file node, in the order of its definitions.
    """
    nodes = graph.nodes_of_kind(*_DOCUMENT_KINDS)
    document_of = np.full(len(graph), -1, dtype=np.int32)
    document_of[nodes] = np.arange(len(nodes), dtype=np.int32)
    vocabulary: dict[str, int] = {}
    parts = [_file_postings(one.words, node, document_of, vocabulary) for node, one in zip(files, facts, strict=True)]
    postings = _concatenate([part for part in parts if len(part.word)])
    expansion, term_numbers = _expand(vocabulary)
    matrices = [_matrix(postings, number, len(nodes), len(vocabulary)) @ expansion for number in range(len(FIELDS))]
    matrices[_PATH], matrices[_NAME] = _label_matrices(graph, nodes, term_numbers)
    return _assemble(nodes, term_numbers, matrices)


def _file_postings(words: Words, node: int, document_of: _Column, vocabulary: dict[str, int]) -> _Postings:
    number = vocabulary.setdefault
    numbers = np.array([number(word, len(vocabulary)) for word in words.vocabulary], dtype=np.int32)
    # scope -1 is the file itself
    return _Postings(words.part, document_of[node + 1 + words.scope], numbers[words.word], words.count)


def _concatenate(parts: Sequence[_Postings]) -> _Postings:
    if not parts:
        empty = np.zeros(0, dtype=np.int32)
        return _Postings(empty, empty, empty, empty)
    return _Postings(
        part=np.concatenate([part.part for part in parts]),
        document=np.concatenate([part.document for part in parts]),
        word=np.concatenate([part.word for part in parts]),
        count=np.concatenate([part.count for part in parts]),
    )


def _expand(vocabulary: dict[str, int]) -> tuple[sparse.csr_array, dict[str, int]]:
    """Which terms each word gives, shape (W, V), and the number of each term."""
    numbers: dict[str, int] = {}
    columns: list[int] = []
    lengths = [0]
    for word in vocabulary:
        columns.extend(numbers.setdefault(term, len(numbers)) for term in _terms_of(word))
        lengths.append(len(columns))
    ones = np.ones(len(columns), dtype=np.int32)
    shape = (len(vocabulary), len(numbers))
    return sparse.csr_array((ones, np.array(columns, dtype=np.int32), lengths), shape=shape), numbers


def _terms_of(word: str) -> Iterable[str]:
    # a number that letters follow is two identifiers
    return terms(word) if word[0].isdigit() else identifier_terms(word)


def _matrix(postings: _Postings, part: int, documents: int, words: int) -> sparse.csr_array:
    chosen = postings.part == part
    entries = (postings.count[chosen], (postings.document[chosen], postings.word[chosen]))
    return sparse.coo_array(entries, shape=(documents, words)).tocsr()


def _label_matrices(graph: CodeGraph, nodes: _Column, numbers: dict[str, int]) -> tuple[sparse.csr_array, ...]:
    """The fields that come from a node's place and not from its text; new terms are numbered on."""
    rows = nodes.tolist()
    paths = {path: _numbered(path, numbers) for path in sorted({graph.node_path[node] for node in rows})}
    found = (
        [paths[graph.node_path[node]] for node in rows],
        [_numbered(graph.node_name[node], numbers) for node in rows],
    )
    return tuple(_from_lists(lists, len(numbers)) for lists in found)


def _numbered(text: str, numbers: dict[str, int]) -> list[int]:
    return [numbers.setdefault(term, len(numbers)) for term in terms(text)]


def _from_lists(lists: Sequence[Sequence[int]], width: int) -> sparse.csr_array:
    lengths = np.cumsum([0, *map(len, lists)])
    columns = np.array([number for one in lists for number in one], dtype=np.int32)
    matrix = sparse.csr_array((np.ones(len(columns), dtype=np.int32), columns, lengths), shape=(len(lists), width))
    matrix.sum_duplicates()
    return matrix


def _assemble(nodes: _Column, numbers: dict[str, int], matrices: Sequence[sparse.csr_array]) -> LexicalIndex:
    """Turn documents by terms into postings by term, terms in alphabetical order."""
    order = sorted(numbers)
    place = np.empty(len(order), dtype=np.int32)
    place[[numbers[term] for term in order]] = np.arange(len(order), dtype=np.int32)
    columns = [_by_term(matrix, place) for matrix in matrices]
    return LexicalIndex(
        nodes=nodes,
        vocabulary={term: number for number, term in enumerate(order)},
        fields=FIELDS,
        indptr=tuple(column.indptr.astype(np.int64) for column in columns),
        documents=tuple(column.indices.astype(np.int32) for column in columns),
        counts=tuple(np.minimum(column.data, _MOST).astype(np.uint16) for column in columns),
    )


def _by_term(matrix: sparse.csr_array, place: _Column) -> sparse.csc_array:
    shape = (matrix.shape[0], len(place))
    renamed = sparse.csr_array((matrix.data, place[matrix.indices], matrix.indptr), shape=shape).tocsc()
    renamed.sum_duplicates()
    return renamed
