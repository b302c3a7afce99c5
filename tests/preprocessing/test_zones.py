from preprocessing.zones import Zones


def test_columns_hold_where_zones_begin_and_who_owns_them() -> None:
    zones = Zones.of([0, 4, 9], [(-1, 6), (0, 2), (-1, 6)], {8, 4})
    assert zones.positions.tolist() == [0, 4, 9]
    assert (zones.scopes.tolist(), zones.fields.tolist()) == ([-1, 0, -1], [6, 2, 6])
    assert zones.names.tolist() == [4, 8]
