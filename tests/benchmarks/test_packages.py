import sys
from pathlib import Path

import pytest
from packages import PACKAGES, Checkout, Package


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A package that is unpacked and installed already."""
    package = Package(
        "shop", "1.0", ["src/shop"], [], ["pytest", "-q"], where="tests", collected=["pytest"], prelude="x"
    )
    found = Checkout(package, tmp_path)
    (found.root / "tests").mkdir(parents=True)
    python = tmp_path / "venvs" / "shop" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # says what it was asked for in place of running it
    python.write_text(
        f"#!{sys.executable}\nimport os, sys\nfrom pathlib import Path\n"
        "Path(sys.argv[4]).write_text(' '.join([os.getcwd(), Path(sys.argv[2]).name, *sys.argv[5:]]))\n"
    )
    python.chmod(0o755)
    return found


def test_what_ran_and_what_was_imported_is_recorded_once(checkout: Checkout) -> None:
    checkout.prepare()
    root = checkout.root.resolve()
    assert checkout.calls.read_text() == f"{root}/tests tracer.py pytest -q"
    assert checkout.structure.read_text() == f"{root} introspect.py src/shop x pytest"
    checkout.calls.write_text("kept")
    checkout.prepare()
    assert checkout.calls.read_text() == "kept"


def test_every_package_has_its_own_places(tmp_path: Path) -> None:
    found = [Checkout(package, tmp_path) for package in PACKAGES]
    places = {place for one in found for place in (one.root, one.calls, one.structure)}
    assert len(places) == 3 * len(PACKAGES)
    assert all(package.folders and package.tests for package in PACKAGES)
