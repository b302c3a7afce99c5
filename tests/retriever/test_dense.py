import numpy as np

from retriever.dense import nearest

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


def test_the_best_product_over_all_queries_counts() -> None:
    scores = nearest(VECTORS, np.array([[1, 0], [0, 1]], dtype=np.float32), 3)
    np.testing.assert_allclose(scores, [1, 1, 0.8], rtol=1e-6)


def test_documents_beyond_the_nearest_score_nothing() -> None:
    np.testing.assert_allclose(nearest(VECTORS, np.array([[1, 0]], dtype=np.float32), 1), [1, 0, 0])


def test_more_neighbours_than_documents_lose_none_and_raise_nothing() -> None:
    scores = nearest(VECTORS, np.array([[0, 1]], dtype=np.float32), 50)
    np.testing.assert_allclose(scores, [0, 1, 0.8], rtol=1e-6)


def test_opposite_vectors_score_nothing() -> None:
    assert nearest(VECTORS, np.array([[-1, -1]], dtype=np.float32), 3).tolist() == [0, 0, 0]
