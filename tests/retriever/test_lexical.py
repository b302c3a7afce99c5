from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from cgm.errors import ConfigError
from cgm.protocols import Codebase, LexicalIndex
from retriever.lexical import Grouping, Weighting, match, query_terms, score

WORDS = ("cart", "price", "total", "item", "add", "count")
DOCUMENTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), min_size=2, max_size=12)


def single_field(documents: Sequence[Sequence[str]]) -> LexicalIndex:
    vocabulary = {word: number for number, word in enumerate(sorted({word for words in documents for word in words}))}
    counts = np.array([[words.count(word) for words in documents] for word in vocabulary])
    indptr = np.concatenate(([0], np.cumsum((counts > 0).sum(axis=1))))
    rows, columns = np.nonzero(counts)
    return LexicalIndex(
        nodes=np.arange(len(documents), dtype=np.int32),
        vocabulary=vocabulary,
        fields=("body",),
        indptr=(indptr.astype(np.int64),),
        documents=(columns.astype(np.int32),),
        counts=(counts[rows, columns].astype(np.uint16),),
    )


@given(DOCUMENTS, st.lists(st.sampled_from((*WORDS, "unknown")), max_size=8))
def test_scores_and_order_equal_those_of_rank_bm25(documents: list[list[str]], query: list[str]) -> None:
    reference = BM25Okapi(documents, k1=1.5, b=0.75, epsilon=0.25).get_scores(query)
    counts = {word: float(query.count(word)) for word in query}
    ours = score(single_field(documents), counts, Weighting(k1=1.5, b=0.75, idf="okapi"))
    np.testing.assert_allclose(ours, reference, rtol=1e-4, atol=1e-5)
    distinct = np.unique(np.round(reference, 4))
    if len(distinct) == len(documents):
        assert np.argsort(-ours).tolist() == np.argsort(-reference).tolist()


@given(DOCUMENTS, st.data())
def test_a_group_scores_as_one_document_of_all_its_words(documents: list[list[str]], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(documents)))
    of = [data.draw(st.integers(0, size - 1)) for _ in documents]
    joined = [
        [word for words, group in zip(documents, of, strict=True) if group == one for word in words]
        for one in range(size)
    ]
    grouping = Grouping(np.array(of, dtype=np.int32), size)
    query = {"cart": 1.0, "price": 2.0}
    together = score(single_field(documents), query, Weighting(), grouping)
    if any("cart" in words or "price" in words for words in joined):
        np.testing.assert_allclose(together, score(single_field(joined), query, Weighting()), rtol=1e-5)
    else:
        assert not together.any()


def test_a_query_without_known_terms_scores_nothing(shop: Codebase) -> None:
    assert not score(shop.lexical, {}, Weighting()).any()
    assert not score(shop.lexical, {"unheard": 1.0}, Weighting()).any()


def test_a_codebase_without_documents_is_scored() -> None:
    empty = np.zeros(0, dtype=np.int32)
    index = LexicalIndex(empty, {}, ("body",), (np.zeros(1, dtype=np.int64),), (empty,), (empty.astype(np.uint16),))
    assert score(index, {"cart": 1.0}, Weighting()).shape == (0,)


def test_a_field_of_weight_0_counts_nothing(shop: Codebase) -> None:
    silent = dict.fromkeys(shop.lexical.fields, 0.0)
    assert not score(shop.lexical, {"discount": 1.0}, Weighting(fields=silent)).any()
    assert score(shop.lexical, {"discount": 1.0}, Weighting(fields=silent | {"docstring": 1.0})).any()


def test_the_name_weighs_more_than_the_body(shop: Codebase) -> None:
    scores = score(shop.lexical, {"total": 1.0}, Weighting(fields={"name": 5.0}))
    best = int(shop.lexical.nodes[int(np.argmax(scores))])
    assert shop.graph.label(best) == "shop/price.py:total"


def test_stop_words_are_left_out_of_a_query() -> None:
    assert query_terms("the Cart of the cart", frozenset({"the", "of"})) == {"cart": 2}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"k1": 0}, "k1 must be > 0"),
        ({"b": 2}, "b must lie in"),
        ({"idf": "x"}, "idf must be"),
        ({"fields": {"a": -1}}, ">= 0"),
    ],
)
def test_a_meaningless_weighting_is_refused(values: dict[str, object], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        Weighting(**values)  # type: ignore[arg-type]


@given(DOCUMENTS, st.lists(st.sampled_from((*WORDS, "unknown")), max_size=8))
def test_coverage_is_the_share_of_rarity_that_a_document_holds(documents: list[list[str]], query: list[str]) -> None:
    index = single_field(documents)
    known = sorted(set(query) & set(index.vocabulary))
    held = {word: sum(word in words for words in documents) for word in known}
    rarity = {word: np.log1p((len(documents) - count + 0.5) / (count + 0.5)) for word, count in held.items()}
    expected = [
        sum(rarity[word] for word in known if word in words) / (sum(rarity.values()) or 1) for words in documents
    ]
    np.testing.assert_allclose(match(index, query, Weighting()).coverage(), expected, rtol=1e-5)
