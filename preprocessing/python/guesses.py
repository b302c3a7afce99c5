"""What a call of unknown meaning may run, by its name alone.

Knows which names say something, and whether what a call passes fits a method. Does not know edges.
"""

from collections.abc import Iterable

from preprocessing.meanings import OPEN, Meaning, Meanings, Sort
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names
from preprocessing.python.places import positional
from preprocessing.python.sight import Sight
from preprocessing.reasons import REASONS

_MOST_CANDIDATES = 5
_BUILTIN_METHODS = frozenset(
    name for kind in (str, bytes, list, dict, set, tuple, int, float) for name in dir(kind) if not name.startswith("_")
)
# methods of files, sockets, threads, queues, patterns, dates, paths, loggers, generators and processes
_LIBRARY_METHODS_WORDS = """
    absolute accept acquire addHandler astimezone bind cancel close communicate connect critical ctime date debug
    detach done empty end error exception exists expanduser fileno finditer flush fromisoformat full fullmatch
    getvalue glob groupdict groups info is_alive is_dir is_file is_set isatty isoformat isocalendar iterdir joinpath
    kill listen locked log makefile match mkdir notify notify_all poll put put_nowait qsize read read_bytes read_text
    readable readinto readline readlines recv recv_into release relative_to removeHandler rename resolve rglob rmdir
    search seek seekable send send_signal sendall sendto setDaemon setFormatter setLevel setblocking setsockopt
    settimeout shutdown span stat strftime sub subn submit task_done tell terminate throw time timestamp timetuple
    total_seconds touch truncate tzname unlink utcoffset wait warn warning weekday with_suffix writable write
    write_bytes write_text writelines
    """
_LIBRARY_METHODS = frozenset(_LIBRARY_METHODS_WORDS.split())
_COMMON = _BUILTIN_METHODS | _LIBRARY_METHODS


class Guesses:
    """Answers what a name alone may run, and why it may not."""

    def __init__(self, names: Names, hierarchy: Hierarchy, sight: Sight) -> None:
        self._names = names
        self._hierarchy = hierarchy
        self._sight = sight

    def guess(self, source: int, chain: str, meanings: Meanings) -> tuple[list[tuple[int, float]], str]:
        """Candidates with their confidence, or else the reason why there are none.

        A share is left for types that the snapshot does not show, where it may have any.
        """
        name, meaning = chain.rpartition(".")[2], self._strongest(meanings)
        reason = self._closed_reason(source, chain, meaning)
        if reason:
            return [], reason
        found = [node for node in self._candidates(meaning, name) if self._sight.may_call(source, node)]
        if len(found) > _MOST_CANDIDATES:
            return [], "ambiguous"
        is_known = meaning.sort == Sort.MISSING and meaning.target >= 0
        if not is_known:
            found = [node for node in found if self._sight.sees(source, node) and self._fits(source, chain, node)]
        share = 1.0 / (len(found) + (not is_known)) if found else 0.0
        return [(node, share) for node in found], "" if found else "unresolved"

    def _closed_reason(self, source: int, chain: str, meaning: Meaning) -> str:
        """Why a call cannot be linked by name, empty where it can."""
        if meaning.sort not in OPEN:
            return REASONS[meaning.sort]
        if meaning.sort == Sort.GIVER:
            return "builtin method"
        if meaning.sort == Sort.MISSING and meaning.target >= 0:
            return "inherited" if self._names.classes.has_foreign_base(meaning.target) else ""
        if "." not in chain:
            is_local = meaning.sort in (Sort.PARAMETER, Sort.PENDING) or self._names.is_local(source, chain)
            return "local" if is_local else "unresolved"
        return "builtin method" if chain.rpartition(".")[2] in _COMMON else ""

    def _candidates(self, meaning: Meaning, name: str) -> Iterable[int]:
        if meaning.sort != Sort.MISSING or meaning.target < 0:
            return self._hierarchy.named(name)
        return self._hierarchy.overrides(meaning.target, name)

    def _fits(self, source: int, chain: str, method: int) -> bool:
        """Whether a method takes what the calls of a chain are seen to pass."""
        bindings = self._names.bindings
        names = bindings.parameters.get(method, ())
        shift = 1 if bindings.receiver(method) else 0
        takes_any = any(name.startswith("**") for name in names)
        for one in (bindings.given(source, chain) or "").split():
            place = one.partition("=")[0]
            is_taken = positional(names, int(place) + shift) if place.isdigit() else takes_any or place in names
            if not is_taken:
                return False
        return True

    def _strongest(self, meanings: Meanings) -> Meaning:
        """The meaning that says most about why nothing is called."""
        if len(meanings) == 1:
            return meanings[0]
        known = [one for one in meanings if one.sort not in OPEN]
        missing = [one for one in meanings if one.sort == Sort.MISSING and one.target >= 0]
        first = sorted(missing, key=self._place)[:1]
        return (known or first or list(meanings) or [Meaning(Sort.UNKNOWN)])[0]

    def _place(self, meaning: Meaning) -> tuple[str, str]:
        """A class's path and name, which other than its number do not depend on what was linked before."""
        tree = self._names.tree
        return tree.path[meaning.target], tree.name[meaning.target]
