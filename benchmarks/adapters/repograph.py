"""RepoGraph (ozyyshr/RepoGraph, repograph/construct_graph.py), for its speed: its edges lead from a name to itself.

As published it ends with an error on any repository; the changes below let it end, and spare it a copy of all sources
for each file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CHANGES = (
    ("structure_classes[tag_name]", "structure_classes.get(tag_name, NOTHING)"),
    ("structure_all_funcs[tag_name]", "structure_all_funcs.get(tag_name, NOTHING)"),
    ("s = deepcopy(self.structure)", "s = self.structure"),
    ("s = s[fname_part]", "s = s[fname_part] if fname_part in s else s[os.path.basename(self.root)][fname_part]"),
    ("self.tag_to_graph(tags)", "self.tag_to_graph([tag._asdict() for tag in tags])"),
)
_NOTHING = {"methods": [], "start_line": 0, "end_line": 0, "text": []}


def load(sources: Path) -> Any:
    """Run the changed module."""
    folder = sources / "repograph"
    sys.path.insert(0, str(folder))
    text = (folder / "construct_graph.py").read_text(encoding="utf-8")
    for old, new in _CHANGES:
        text = text.replace(old, new)
    names: dict[str, Any] = {"__name__": "construct_graph", "NOTHING": _NOTHING}
    exec(compile(text, "construct_graph.py", "exec"), names)  # noqa: S102  a checkout that the reader chose
    return names["CodeGraph"]


def build(tool: Any, root: Path) -> Any:
    """Build tags and graph."""
    graph = tool(root=str(root))
    return graph.get_code_graph(graph.find_files([str(root)]))


def edges(_: Any, __: Path) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield nothing: names have no places."""
    return iter(())
