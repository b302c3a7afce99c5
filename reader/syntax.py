"""Python's syntax, asked without noise.

Knows how to parse code that models and old repositories hold. Does not know what is done about broken code.
"""

import ast
import warnings

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def parse(text: str) -> ast.Module | str:
    """The syntax tree of Python code, or in a few words why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in old code is no news
        try:
            return ast.parse(text.removeprefix(_BOM))
        except SyntaxError as error:
            where = f" in line {error.lineno}: {(error.text or '').strip()}" if error.lineno else ""
            return f"{error.msg}{where}"
        except (ValueError, RecursionError, MemoryError) as error:
            return str(error) or type(error).__name__


def parse_function(text: str) -> FunctionNode | None:
    """The syntax tree of a function, None where the text is something else."""
    tree = parse(text)
    if isinstance(tree, str) or not tree.body:
        return None
    node = tree.body[0]
    return node if isinstance(node, FunctionNode) else None


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def docstring_lines(text: str) -> set[int]:
    """The lines of all docstrings, 1-based; none where the text does not parse."""
    tree = parse(text)
    if isinstance(tree, str):
        return set()
    owners = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | FunctionNode | ast.Module)]
    docs = [node.body[0] for node in owners if ast.get_docstring(node, clean=False) is not None]
    return {number for doc in docs for number in range(doc.lineno, (doc.end_lineno or doc.lineno) + 1)}


def statements(text: str, start: int, end: int, most: int) -> list[tuple[int, int]]:
    """Line ranges of the statements of the function at lines `start` to `end`, docstring left out, in order.

    Comments may stand between the function's last statement and `end`. A statement of more than `most` lines is given
    by the statements inside it.
    """
    tree = parse(text)
    nodes = [] if isinstance(tree, str) else [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]
    bodies = [node.body for node in nodes if first_line(node) == start and (node.end_lineno or start) <= end]
    prose = docstring_lines(text) if bodies else set()
    spans = [span for body in bodies[:1] for node in body for span in _spans(node, most)]
    return [span for span in spans if span[0] not in prose]


def _spans(node: ast.AST, most: int) -> list[tuple[int, int]]:
    if isinstance(node, ast.stmt):
        span = (first_line(node), node.end_lineno or node.lineno)
        if span[1] - span[0] < most:
            return [span]
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.excepthandler)]
    return [span for child in inner for span in _spans(child, most)]
