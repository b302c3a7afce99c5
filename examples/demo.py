"""A published release with a known bug, from its issue to a patch that is proven, on a laptop: `make demo`.

Nothing about the answer is prepared: the release is downloaded, the chain is the command `cgm`, and where the model
does not repair the bug, this says so and exits 1. Further settings of `cgm` may follow the file name:

    python examples/demo.py retriever=bm25

What the model writes runs in a sandbox. On a machine that has none this stops, unless isolation=none is among them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from cgm.artifacts import Artifact, Patch, Ranked, Ranking, Rewrite, from_row
from cgm.errors import CgmError, RepositoryError, SandboxError
from cgm.store import read_rows
from eval.reproduction import ReproductionCheck
from eval.sandbox import Sandbox
from launch.command import default_cache

EXAMPLES = Path(__file__).parent
SETTINGS = ("llm=local", "reader=repair_small")
HEARTBEAT_SECONDS = 10.0
SHOWN = 5


@dataclass(frozen=True)
class Release:
    """A wheel on the package index, known by its hash."""

    name: str
    version: str
    wheel: str
    sha256: str


RELEASE = Release(
    name="requests",
    version="2.2.1",
    wheel="requests-2.2.1-py2.py3-none-any.whl",
    sha256="b5bd2e1b78d28051108ebaa6248750221f9ccef52b4f054cb727de61b0406de0",
)


@dataclass(frozen=True)
class Finding:
    """What the chain left in its run folder for the one issue."""

    rewrite: Rewrite
    ranking: Ranking
    patch: Patch


class Screen:
    """What a person sees: numbered steps, and at the end what each of them took."""

    def __init__(self) -> None:
        # into a file or a log a line may be longer than the 80 columns that rich assumes there
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
        self._seconds: list[tuple[str, float]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and time it."""
        self.console.print()
        self.console.print(Rule(f"[bold]{len(self._seconds) + 1}  {title}[/]", align="left", style="blue"))
        start = time.perf_counter()
        yield
        self._seconds.append((title, time.perf_counter() - start))

    def timings(self, folder: Path) -> None:
        """Print the seconds of each step, and of each stage within the chain."""
        table = Table("step", box=None, header_style="bold")
        table.add_column("seconds", justify="right")
        for title, seconds in self._seconds:
            table.add_row(title, f"{seconds:.1f}")
        table.add_row("[bold]in all", f"[bold]{sum(seconds for _, seconds in self._seconds):.1f}")
        self.console.print(table)
        stages = json.loads((folder / "summary.json").read_text())["stages"]
        cells = [
            f"{name} {stage['seconds']:.1f}{' (cached)' if stage['cached'] else ''}" for name, stage in stages.items()
        ]
        self.console.print(Text(f"stages of the chain, in seconds: {', '.join(cells)}", style="dim"))


def main(settings: Sequence[str]) -> int:
    """Run the demonstration; 0 if the model repaired the bug."""
    screen, release = Screen(), RELEASE
    sandbox = open_sandbox(screen.console, settings)
    example = EXAMPLES / release.name
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    run = Path("runs", f"demo-{stamp}").absolute()
    with tempfile.TemporaryDirectory(prefix="r4-demo-") as name:
        repository = Path(name) / f"{release.name}-{release.version}"
        with screen.step(f"{release.name} {release.version}, as it was published"):
            unpack(fetch(release, cache_folder()), repository)
            screen.console.print(f"{sum(path.is_file() for path in repository.rglob('*'))} files, sha256 checked")
        with screen.step("The issue, and its reproduction on the release"):
            issue = (example / "ISSUE.md").read_text(encoding="utf-8")
            screen.console.print(Panel(Markdown(issue), border_style="dim"))
            if reproduce(screen.console, example / "reproduce.py", repository, sandbox):
                screen.console.print("[red]the reproduction passes before any repair: there is nothing to show[/]")
                return 1
        with screen.step("The chain: " + " ".join(("cgm", *SETTINGS, *settings))):
            paths = [f"repo={repository}", f"issue={example / 'ISSUE.md'}", f"check={example / 'reproduce.py'}"]
            run_chain(screen.console, [*paths, *SETTINGS, *settings, f"run_dir={run}"], run)
        finding = read_finding(run)
        with screen.step("What it found"):
            show_rewrite(screen.console, finding.rewrite)
            show_places(screen.console, "files", finding.ranking.files)
            show_places(screen.console, "functions", finding.ranking.functions)
            page = (run / "subgraph.html").as_uri()
            screen.console.print(Text.assemble("the subgraph, to open in a browser: ", (page, "cyan")))
        with screen.step("The patch, and the reproduction on the patched release"):
            repaired = prove(screen.console, finding.patch, repository, example / "reproduce.py", sandbox)
    screen.console.print()
    screen.timings(run)
    screen.console.print(f"\neverything the run left behind: {run}")
    verdict = (
        "[bold green]repaired[/]" if repaired else "[bold red]not repaired: the model gave no patch that passes[/]"
    )
    screen.console.print(verdict)
    return 0 if repaired else 1


def cache_folder() -> Path:
    """Where downloads of the demonstration stay."""
    return default_cache() / "demo"


def fetch(release: Release, folder: Path) -> Path:
    """The release's wheel, downloaded unless it is there with the right hash.

    Raises:
        RepositoryError: it cannot be downloaded, or has another hash.
    """
    wheel = folder / release.wheel
    if not _is_intact(wheel, release.sha256):
        wheel.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", str(folder), f"{release.name}=={release.version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip, fixed words
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise RepositoryError(f"cannot download {release.name} {release.version}: {reason}")
    if not _is_intact(wheel, release.sha256):
        raise RepositoryError(f"{release.wheel} must have the sha256 {release.sha256}, got another")
    return wheel


def _is_intact(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def unpack(wheel: Path, folder: Path) -> None:
    """Unpack the code of a wheel, less its metadata. Raises RepositoryError: a name leaves the folder."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = PurePosixPath(name).parts
            if ".." in parts or PurePosixPath(name).is_absolute():
                raise RepositoryError(f"{wheel.name} must stay within its folder, got {name!r}")
            if not parts[0].endswith(".dist-info"):
                archive.extract(name, folder)


def open_sandbox(console: Console, settings: Sequence[str]) -> Sandbox:
    """The sandbox for code that a model wrote, as the settings want it.

    Raises:
        SandboxError: there is none on this machine and the settings do not go on without.
    """
    chosen = [setting.partition("=")[2] for setting in settings if setting.startswith("isolation=")]
    try:
        sandbox = Sandbox(chosen[-1] if chosen else "auto")
    except SandboxError as error:
        raise SandboxError(f"{error}; to go on without: make demo ARGS=isolation=none") from error
    if sandbox.mechanism == "none":
        warning = "isolation=none: code that the model writes runs as you, with limits of time and memory alone"
        console.print(Text(warning, style="yellow"))
    return sandbox


def reproduce(console: Console, script: Path, folder: Path, sandbox: Sandbox) -> bool:
    """Run the reproduction on a folder and show what it says; whether it passes."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    check = ReproductionCheck(
        script, lambda: ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths), sandbox=sandbox
    )
    result = check.run({})
    mark = Text("passes", style="green") if result.passed else Text("fails", style="red")
    console.print(Text.assemble(f"{script.name} ", mark, f":  {result.output.strip()}"))
    return result.passed


def run_chain(console: Console, arguments: Sequence[str], run: Path) -> None:
    """Run the command `cgm` as a person would; its findings go to run.log, its progress to the screen.

    Raises:
        CgmError: it fails.
    """
    run.mkdir(parents=True)
    command = [str(Path(sys.executable).with_name("cgm")), *arguments]
    start = time.perf_counter()
    with (run / "run.log").open("w") as log, subprocess.Popen(command, stdout=log) as process:  # noqa: S603 - our own
        while process.poll() is None:
            try:
                process.wait(HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                if not console.is_terminal:  # on a terminal the command draws its own progress
                    console.print(f"working, {time.perf_counter() - start:.0f} s")
    if process.returncode:
        raise CgmError(f"cgm failed with exit code {process.returncode}")


def read_finding(run: Path) -> Finding:
    """Read what the chain left. Raises CgmError: a file is missing or empty."""
    return Finding(
        rewrite=_only(run / "rewrites.jsonl", Rewrite),
        ranking=_only(run / "reasons.jsonl", Ranking),
        patch=_only(run / "repairs.jsonl", Patch),
    )


def _only(path: Path, kind: type[Artifact]) -> Artifact:
    for _, row in read_rows(path):
        return from_row(kind, row)
    raise CgmError(f"{path} must have a row, got none: that stage was not run")


def show_rewrite(console: Console, rewrite: Rewrite) -> None:
    """Print the issue in terms of code."""
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_row("entities", Text(", ".join(f"{entity.text} ({entity.kind})" for entity in rewrite.entities)))
    table.add_row("keywords", Text(", ".join(rewrite.keywords)))
    table.add_row("query", Text(rewrite.queries[0] if rewrite.queries else ""))
    console.print(table)


def show_places(console: Console, title: str, places: Sequence[Ranked]) -> None:
    """Print the best of a ranking with their reasons."""
    table = Table("", box=None, header_style="bold")
    table.add_column(title, overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("because")
    for rank, place in enumerate(places[:SHOWN], 1):
        table.add_row(str(rank), Text(place.label, style="cyan"), f"{place.score:.3g}", Text(place.reason))
    console.print(table)


def prove(console: Console, patch: Patch, repository: Path, script: Path, sandbox: Sandbox) -> bool:
    """Apply the patch to a copy of the release and run the reproduction there; whether it passes."""
    if not patch.diff:
        console.print(Text(f"{len(patch.samples)} answers, none of them a patch that applies"))
        return False
    console.print(Syntax(patch.diff, "diff", background_color="default"))
    patched = repository.with_name("patched")
    shutil.copytree(repository, patched)
    for options in (["--check"], []):
        command = ["git", "apply", *options, "-"]
        environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(patched.parent)}
        done = subprocess.run(  # noqa: S603 - fixed words; the patch goes in as data
            command, cwd=patched, env=environment, input=patch.diff, capture_output=True, text=True, check=False
        )
        if done.returncode:
            console.print(Text(f"git apply {' '.join(options)} refuses the patch: {done.stderr.strip()}", style="red"))
            return False
    chosen = sum(sample.status == "chosen" for sample in patch.samples)
    console.print(f"git apply --check accepts it; {chosen} chosen of {len(patch.samples)} answers by {patch.model}")
    return reproduce(console, script, patched, sandbox)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CgmError as error:
        sys.exit(f"error: {error}")
