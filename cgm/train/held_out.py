"""Repositories that benchmarks are made of, so that no training set holds them.

Knows names, first commits and telling files. What it cannot know: a copy without history whose files were moved, and
benchmarks that are not named here; `names_in` reads the names from a benchmark's own rows, and nothing else of them.
Sources: SWE-bench (its twelve, and the six of its development split) with first commits from their histories;
Loc-Bench's 560 instances as a public table of results names the repositories of 559 of them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cgm.errors import DatasetError
from cgm.store import read_rows


@dataclass(frozen=True)
class HeldOut:
    """A repository of SWE-bench: its name, its first commits, and files that no other project has at these places."""

    name: str
    roots: tuple[str, ...]
    marks: tuple[str, ...]


SWE_BENCH = (
    HeldOut(
        "astropy/astropy",
        ("03ac1a4cb269188ffef9adc7a7d896c91946731a", "d5b68f2fbddb8587ab8fe56e3069d81821adf222"),
        ("astropy/units/core.py",),
    ),
    HeldOut("django/django", ("d6ded0e91bcdd2a8f7a221f6a5552a33fe545359",), ("django/db/models/query.py",)),
    HeldOut("matplotlib/matplotlib", ("48111d043ec52f9afb511ac447438877b236e7f3",), ("matplotlib/pyplot.py",)),
    HeldOut("mwaskom/seaborn", ("36dd99374a1d6857af7652a9fb832a712a066e16",), ("seaborn/axisgrid.py",)),
    HeldOut("pallets/flask", ("33850c0ebd23ae615e6823993d441f46d80b1ff0",), ("flask/app.py",)),
    HeldOut("psf/requests", ("e7615cbc6b4af5985c4e0d4848a426e2d35f79c3",), ("requests/sessions.py",)),
    HeldOut(
        "pydata/xarray",
        ("136e2ac0b26753196b7a1cfd5ba2efbdf7cad81f", "f6202cb597237e5ad78904771bcbc03e01f39b27"),
        ("xarray/core/dataset.py",),
    ),
    HeldOut(
        "pylint-dev/pylint",
        ("1edf5101afba0965cb814c548afc22bc3cecb205", "4becf6f9e596b45401680c4947e2d92c953d5e08"),
        ("pylint/lint/pylinter.py", "pylint/lint.py"),
    ),
    HeldOut(
        "pytest-dev/pytest",
        ("6b135c83be8cef769dbc860a4706a95603d01d09", "5992a8ef21424d7571305a8d7e2a3431ee7e1e23"),
        ("_pytest/fixtures.py", "_pytest/python.py"),
    ),
    HeldOut(
        "scikit-learn/scikit-learn",
        ("63177aa0041d0f33016362e40c80f256c2c5de50", "92fbeab6ad94b6683377e26e8af7dd1cb86d615e"),
        ("sklearn/pipeline.py",),
    ),
    HeldOut("sphinx-doc/sphinx", ("6219bccc477caba671e7c4a3a92a6626b33d5006",), ("sphinx/application.py",)),
    HeldOut(
        "sympy/sympy",
        ("9d3fa8b4d4963c059c139f3860b8cc1d611adbae", "99b21ff58ad2e2ba83172512d7f513a7c37e50c3"),
        ("sympy/core/basic.py",),
    ),
    HeldOut("sqlfluff/sqlfluff", ("13f190cfd613f2a67e62fd558124f8a1d90cf872",), ("sqlfluff/core/linter/linter.py",)),
    HeldOut("marshmallow-code/marshmallow", ("f1aa25bcf83eb77eb6476c678d4375039127679a",), ("marshmallow/schema.py",)),
    HeldOut("pvlib/pvlib-python", ("059ec272601b40affcc3a9c689018eb423ae3380",), ("pvlib/pvsystem.py",)),
    HeldOut("pylint-dev/astroid", ("85529cfcb8e870333d7292cb493f54d7f3fd92cf",), ("astroid/manager.py",)),
    HeldOut("pydicom/pydicom", ("fb2cafd6462339f9f8d910e8f9a4d16c3e783c37",), ("pydicom/dataset.py",)),
    HeldOut("pyvista/pyvista", (), ("pyvista/core/pointset.py",)),
)
_FORMER_NAMES = "kennethreitz/requests pycqa/pylint pycqa/astroid"
_LOC_BENCH = """
    agenta-ai/agenta aio-libs/aiohttp aiortc/aiortc airbnb/knowledge-repo albumentations-team/albumentations
    alexa-pi/alexapi ansible/ansible ansys/pymapdl avantifellows/quiz-backend azavea/raster-vision
    azuread/microsoft-authentication-library-for-python bears-r-us/arkouda berriai/litellm bridgecrewio/checkov
    celery/django-celery-beat certbot/certbot chainlit/chainlit cisagov/manage.get.gov ckan/ckan conan-io/conan
    crossgl/crosstl ctc-oss/fapolicy-analyzer cupy/cupy cworthy-ocean/roms-tools cython/cython dask/dask delgan/loguru
    deltares/imod-python django/django dmlc/dgl ds4sd/docling duncanscanga/vdrs-solutions explodinggradients/ragas
    facebookresearch/xformers feast-dev/feast flet-dev/flet fortra/impacket
    fractal-analytics-platform/fractal-tasks-core freedomofpress/securedrop-client fulcrumgenomics/prymer
    gammasim/simtools gaogaotiantian/viztracer getmoto/moto gitpython-developers/gitpython
    happy-algorithms-league/hal-cgp home-assistant/core huggingface/accelerate huggingface/diffusers
    huggingface/optimum-benchmark huggingface/transformers huggingface/trl hyeneung/tech-blog-hub-site
    innopoints/backend instructor-ai/instructor intelowlproject/greedybear internetarchive/openlibrary iterative/dvc
    ivadomed/ivadomed jackplowman/repo_standards_validator jax-ml/jax jazzband/django-two-factor-auth jobatabs/textec
    joinmarket-org/joinmarket-clientserver jupyterhub/oauthenticator justin13601/aces kedro-org/kedro keras-team/keras
    kiasambrook/tfl-live-tracker kornia/kornia langchain-ai/langgraph latchset/jwcrypto lightning-ai/pytorch-lightning
    locustio/locust matchms/matchms-backup mathesar-foundation/mathesar matplotlib/matplotlib matrix-org/synapse
    mesonbuild/meson micropython/micropython-lib mlflow/mlflow modin-project/modin natlibfi/annif nautobot/nautobot
    ncsu-high-powered-rocketry-club/airbrakesv2 netbox-community/netbox netflix/metaflow networkx/networkx nltk/nltk
    numba/numba numpy/numpy nvidia/nemo okta/okta-jwt-verifier-python open-mss/mss openenergyplatform/open-mastr
    openwisp/openwisp-users oppia/oppia optuna/optuna ouranosinc/xclim pandas-dev/pandas paperless-ngx/paperless-ngx
    phidatahq/phidata plasmapy/plasmapy plone/plone.restapi pm4-graders/3es prefecthq/prefect project-monai/monai
    prowler-cloud/prowler pulp/pulp_rpm py-pdf/pypdf pyca/pyopenssl pydantic/pydantic pylint-dev/pylint pypa/pip
    python/cpython python/mypy qiskit/qiskit ranaroussi/yfinance rapidsai/dask-cuda ray-project/ray
    roboflow/supervision robotframework/robotframework rq/rq rucio/rucio rwth-i6/sisyphus sancus-tee/sancus-compiler
    scikit-learn/scikit-learn scipy/scipy scrapy/scrapy secdev/scapy sgkit-dev/sgkit shishirpatil/gorilla sktime/sktime
    sopel-irc/sopel spacetelescope/stcal speechbrain/speechbrain sphinx-doc/sphinx spotify/luigi sqlfluff/sqlfluff
    standard-labs/real-intent stanfordnlp/dspy streamlit/streamlit sympy/sympy systran/faster-whisper
    tagstudiodev/tagstudio tarantool/ansible-cartridge tardis-sn/tardis tobymao/sqlglot traceloop/openllmetry
    transformerlensorg/transformerlens twisted/klein ucl/tlomodel ukplab/sentence-transformers ultralytics/ultralytics
    una-auxme/paf uxarray/uxarray vitalik/django-ninja vllm-project/vllm wandb/wandb webcompat/webcompat.com
    xcdat/xcdat yt-dlp/yt-dlp zarr-developers/zarr-python zulip/zulip zulko/moviepy
    """
HELD_OUT_NAMES = frozenset((*(one.name for one in SWE_BENCH), *_FORMER_NAMES.split(), *_LOC_BENCH.split()))
_TOP_FOLDERS = ("", "src/", "lib/")


def why_held_out(name: str, url: str, roots: Collection[str], paths: Collection[str], more: Collection[str]) -> str:
    """Why a repository is no training data, empty where it is.

    `name` is `owner/name`, `url` where it was cloned from; `more` are further names that are held out.
    """
    names = HELD_OUT_NAMES | {one.lower() for one in more}
    for one in filter(None, (name.lower(), _named_by(url))):
        if one in names:
            return f"{one} is held out by name"
    for repository in SWE_BENCH:
        if set(repository.roots) & set(roots):
            return f"it begins with the first commit of {repository.name}"
        if any(folder + mark in paths for mark in repository.marks for folder in _TOP_FOLDERS):
            return f"it has the files of {repository.name}"
    return ""


def held_out_folders(paths: Iterable[str]) -> list[str]:
    """The folders of copies of held-out repositories within another one, sorted."""
    marks = tuple(f"/{mark}" for one in SWE_BENCH for mark in one.marks)
    found = {_folder(path, mark) for path in paths if path.endswith(marks) for mark in marks if path.endswith(mark)}
    return sorted(found)


def names_in(files: Sequence[Path]) -> frozenset[str]:
    """The repositories that the rows of benchmark files name in their field `repo`, in lower case.

    Raises:
        DatasetError: a row has no such field.
        StorageError: a file cannot be read.
    """
    names = set()
    for path in files:
        for number, row in read_rows(path):
            if not isinstance(row.get("repo"), str):
                raise DatasetError(f"{path}:{number}: a row must have repo, got {', '.join(row)}")
            names.add(row["repo"].lower())
    return frozenset(names)


def _folder(path: str, mark: str) -> str:
    return path.removesuffix(mark) + "/" + mark.split("/")[1]


def _named_by(url: str) -> str:
    """`owner/name` at the end of an address."""
    parts = url.lower().rstrip("/").removesuffix(".git").replace(":", "/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 else ""
