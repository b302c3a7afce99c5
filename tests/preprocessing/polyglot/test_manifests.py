import pytest

from preprocessing.facts import DECLARES
from preprocessing.polyglot.manifests import declared, is_manifest


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("a/package.json", b'{"name": "@shop/cart", "main": "lib/cart.js"}', ("@shop/cart", "lib/cart.js")),
        ("package.json", b'{"name": "cart"}', ("cart", "")),
        ("go.mod", b"// comment\nmodule example.com/shop/v2 // here\n\ngo 1.22\n", ("example.com/shop/v2", "")),
        ("Cargo.toml", b'[package]\nname = "shop-cart"\n', ("shop_cart", "")),
    ],
)
def test_a_manifest_names_its_folder(path: str, source: bytes, expected: tuple[str, str]) -> None:
    assert is_manifest(path)
    assert [(row.kind, row.value, row.subject) for row in declared(path, source)] == [(DECLARES, *expected)]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("package.json", b"{"),
        ("package.json", b"[1]"),
        ("package.json", b'{"name": 3}'),
        ("package.json", b"[" * 100_000),
        ("go.mod", b"go 1.22"),
        ("Cargo.toml", b"[workspace]"),
        ("Cargo.toml", b"package = 3"),
        ("Cargo.toml", b"\xff\x00"),
    ],
)
def test_a_manifest_without_a_name_names_nothing(path: str, source: bytes) -> None:
    assert declared(path, source) == ()


def test_other_files_are_no_manifests() -> None:
    assert not is_manifest("package.json.md")
