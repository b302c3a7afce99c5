; What phase 1 takes from a Python syntax tree. Every capture is one list in document order.

(decorated_definition) @decorated
(function_definition) @scope
(class_definition) @scope
(lambda) @lambda

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(call function: (_) @callee)

(assignment) @assignment
(as_pattern) @as
(named_expression name: (_) @bound)
(for_statement left: (_) @bound)
(for_in_clause left: (_) @bound)
(lambda parameters: (_) @bound)
(global_statement) @global
(case_clause) @case

(string_content) @string
(comment) @comment
