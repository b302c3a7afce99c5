import pytest

from preprocessing.facts import DECLARES, MODULE, PACKAGE, Clause, FileFacts
from preprocessing.polyglot.origins import Origin, PackageOrigins, PathOrigins

PATHS = (
    "app/index.ts",
    "app/lib/cart.ts",
    "app/lib/index.js",
    "app/package.json",
    "lib/view.jsx",
    "package.json",
    "src/index.ts",
    "types/api.d.ts",
)


def scripts() -> PathOrigins:
    declared = {"app/package.json": ("@shop/app", "index.ts"), "package.json": ("shop", "")}
    facts = [
        FileFacts("text", 1, clauses=(Clause(DECLARES, MODULE, declared[path][1], declared[path][0], 1),))
        if path in declared
        else FileFacts("typescript", 1)
        for path in PATHS
    ]
    return PathOrigins(PATHS, facts, [number for number, path in enumerate(PATHS) if not path.endswith("json")])


@pytest.mark.parametrize(
    ("importer", "module", "expected"),
    [
        ("app/index.ts", "./lib/cart", "app/lib/cart.ts"),
        ("app/index.ts", "./lib/cart.js", "app/lib/cart.ts"),
        ("app/index.ts", "./lib", "app/lib/index.js"),
        ("app/lib/cart.ts", ".", "app/lib/index.js"),
        ("app/lib/cart.ts", "..", "app/index.ts"),
        ("app/lib/cart.ts", "../../lib/view.jsx", "lib/view.jsx"),
        ("app/index.ts", "../types/api", "types/api.d.ts"),
        ("lib/view.jsx", "@shop/app", "app/index.ts"),
        ("lib/view.jsx", "@shop/app/lib/cart", "app/lib/cart.ts"),
        ("lib/view.jsx", "..", "src/index.ts"),
        ("lib/view.jsx", "shop", "src/index.ts"),
        ("lib/view.jsx", "react", None),
        ("lib/view.jsx", "./missing", None),
        ("lib/view.jsx", "../../../etc/passwd", None),
    ],
)
def test_a_script_imports_by_path_or_by_the_name_of_a_package(importer: str, module: str, expected: str | None) -> None:
    found = scripts().find(PATHS.index(importer), module)
    assert found == (None if expected is None else Origin((PATHS.index(expected),)))


def test_a_dotted_name_begins_with_the_longest_package() -> None:
    packages = ["shop", "shop.pricing", "shop.pricing", "other"]
    facts = [FileFacts("java", 1, clauses=(Clause(PACKAGE, MODULE, "", name, 1),)) for name in packages]
    origins = PackageOrigins(["A.java", "B.java", "C.java", "D.java"], facts, range(4))
    assert origins.find(0, "shop.pricing.Rule.Kind") == Origin((1, 2), ("Rule", "Kind"))
    assert origins.find(0, "shop") == Origin((0,))
    assert origins.find(0, "java.util.List") is None
    assert origins.space(1) == origins.space(2) == "shop.pricing"
