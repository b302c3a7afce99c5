"""Real packages with their own tests: where they come from, how they are installed, how their tests run.

Knows source distributions, virtual environments and the scripts that run inside them. Does not know what the traces
say. Everything lies below a work folder and is made once; pip and its package index are needed for that.
"""

import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SCRIPTS = Path(__file__).parent
_PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
_DJANGO = """
from django.conf import settings
names = "admin auth contenttypes sessions messages sites flatpages redirects sitemaps syndication staticfiles humanize"
settings.configure(
    STATIC_URL="/static/",
    INSTALLED_APPS=["django.contrib." + name for name in names.split()],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
import django
django.setup()
"""


@dataclass(frozen=True)
class Package:
    """A package at a version.

    `folders` hold its sources, `tests` is the module with arguments that runs its tests, in the folder `where`;
    `collected` adds the modules of its tests to those that are imported, `prelude` is run before.
    """

    name: str
    version: str
    folders: Sequence[str]
    requirements: Sequence[str]
    tests: Sequence[str]
    where: str = ""
    collected: Sequence[str] = field(default_factory=tuple)
    prelude: str = ""


def _pallets(name: str, version: str, requirements: Sequence[str] = (), chosen: Sequence[str] = ("tests",)) -> Package:
    command = (*_PYTEST, *chosen)
    needed = ("pytest==8.4.2", *requirements)
    return Package(name, version, [f"src/{name}"], needed, command, collected=(*command, "--collect-only"))


PACKAGES = (
    _pallets(
        "flask",
        "3.1.2",
        ["werkzeug==3.1.3", "jinja2==3.1.6", "click==8.2.1", "asgiref==3.9.1", "python-dotenv==1.1.1"],
    ),
    _pallets(
        "requests",
        "2.32.5",
        [
            "urllib3==2.5.0",
            "pytest-httpbin==2.1.0",
            "httpbin==0.10.2",
            "flask==3.1.2",
            "pytest-mock==3.15.1",
            "PySocks",
        ],
        # these wait for an address that never answers
        ("tests", "-k", "not connect_timeout and not total_timeout"),
    ),
    _pallets("click", "8.2.1"),
    _pallets("jinja2", "3.1.6", ["trio==0.31.0"]),
    _pallets(
        "werkzeug",
        "3.1.3",
        ["ephemeral-port-reserve", "cryptography", "watchdog", "pytest-timeout"],
        # one starts servers, the other takes the profiler away
        ("tests", "--ignore=tests/test_serving.py", "--ignore=tests/middleware/test_profiler.py"),
    ),
    Package(
        "django",
        "5.2.6",
        ["django"],
        ["jinja2==3.1.6", "pytz", "tblib"],
        ["runtests", "--parallel=1", "utils_tests", "forms_tests", "template_tests", "urlpatterns", "validators"],
        where="tests",
        prelude=_DJANGO,
    ),
    Package(
        "sympy",
        "1.14.0",
        ["sympy"],
        ["pytest==8.4.2", "hypothesis==6.140.2", "mpmath==1.3.0"],
        [*_PYTEST, "sympy/sets", "sympy/logic", "sympy/combinatorics/tests/test_permutations.py"],
    ),
)


@dataclass(frozen=True)
class Checkout:
    """A package's sources, its interpreter, and what was recorded of it."""

    package: Package
    work: Path

    @property
    def root(self) -> Path:
        """The folder with sources and tests."""
        return self.work / "sources" / f"{self.package.name}-{self.package.version}"

    @property
    def calls(self) -> Path:
        """What `tracer` writes."""
        return self.work / "traces" / f"{self.package.name}-{self.package.version}.calls.jsonl"

    @property
    def structure(self) -> Path:
        """What `introspect` writes."""
        return self.work / "traces" / f"{self.package.name}-{self.package.version}.structure.jsonl"

    @property
    def _python(self) -> Path:
        return self.work / "venvs" / self.package.name / "bin" / "python"

    def prepare(self) -> None:
        """Make all that is not there yet: sources, interpreter, traces."""
        self.calls.parent.mkdir(parents=True, exist_ok=True)
        if not self.root.exists():
            self._unpack()
        if not self._python.exists():
            make_venv(self._python.parents[1], ["--editable", str(self.root), *self.package.requirements])
        if not self.calls.exists():
            self._run("tracer.py", [self.root, self.calls, *self.package.tests], self.package.where)
        if not self.structure.exists():
            folders, prelude = ",".join(self.package.folders), self.package.prelude
            self._run("introspect.py", [self.root, self.structure, folders, prelude, *self.package.collected], "")

    def _unpack(self) -> None:
        """Download the source distribution, which unlike the wheel holds the tests."""
        downloads = self.work / "downloads"
        named = f"{self.package.name}=={self.package.version}"
        options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(downloads)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, named], check=True)  # noqa: S603
        [archive] = downloads.glob(f"{self.package.name}-{self.package.version}.tar.*")
        with tarfile.open(archive) as stream:
            stream.extractall(self.root.parent, filter="data")

    def _run(self, script: str, arguments: Sequence[str | Path], where: str) -> None:
        """Run a script with the package's interpreter; its own tests may fail, a missing result may not."""
        command = [str(self._python), "-B", str(_SCRIPTS / script), *map(str, arguments)]
        subprocess.run(command, cwd=self.root / where, check=False, stdout=sys.stderr, timeout=1800)  # noqa: S603


def make_venv(folder: Path, requirements: Sequence[str], python: str = sys.executable) -> None:
    """Make a virtual environment with some requirements."""
    subprocess.run([python, "-m", "venv", folder], check=True)  # noqa: S603
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)  # noqa: S603
