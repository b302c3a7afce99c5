"""Why a reference becomes no edge.

Knows the words that counts and listings use. Does not know how references are linked.
"""

from preprocessing.meanings import Sort

REASONS = {
    Sort.UNKNOWN: "unresolved",
    Sort.LOCAL: "unresolved",
    Sort.MISSING: "unresolved",
    Sort.FOREIGN: "external",
    Sort.BUILTIN: "builtin",
    Sort.MODULE: "module",
    Sort.FOLDER: "module",
    Sort.OBJECT: "object",
    Sort.SELF: "object",
    Sort.PARENT: "object",
    Sort.NODE: "value",
    Sort.KIND: "value",
    Sort.HOLDER: "unresolved",
    Sort.GIVER: "builtin method",
    Sort.PARAMETER: "local",
    Sort.PENDING: "unresolved",
}
