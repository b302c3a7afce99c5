from launch.scheduling import next_of


def test_the_next_piece_is_the_first_of_the_repository_that_fewest_are_busy_with() -> None:
    waiting = ["a2", "a3", "b1", "c1"]
    assert next_of(waiting, [], lambda piece: piece[0]) == "a2"
    assert next_of(waiting, ["a1"], lambda piece: piece[0]) == "b1"
    assert next_of(waiting, ["a1", "b0", "c0"], lambda piece: piece[0]) == "a2"
