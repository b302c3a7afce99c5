; What phase 1 takes from a Python syntax tree. Every capture is one list in document order.

(decorated_definition) @decorated
(function_definition) @scope
(class_definition) @scope
(lambda) @lambda

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(call) @call
(subscript) @subscript
(delete_statement (subscript) @deleted)
(assignment left: (subscript) @stored)
(binary_operator) @operator
(comparison_operator) @comparison

(assignment) @assignment
(named_expression) @assignment
(return_statement) @return
(yield) @yield
(with_item) @with
(except_clause value: (as_pattern) @caught)
(case_pattern (as_pattern (identifier) @bound))
(for_statement) @for
(for_in_clause) @for
(lambda parameters: (_) @bound)
(global_statement) @global
(case_clause) @case

(string_content) @string
(comment) @comment
