; What phase 1 takes from JavaScript and TypeScript alike. The captures are described in preprocessing/polyglot/extract.py.

; imports
(import_statement (import_clause (identifier) @import.alias) source: (string (string_fragment) @import.module)
  (#set! import.name "default")) @import
(import_statement (import_clause (namespace_import (identifier) @import.alias))
  source: (string (string_fragment) @import.module)) @import
(import_statement (import_clause (named_imports
    (import_specifier name: (_) @import.name alias: (identifier)? @import.alias)))
  source: (string (string_fragment) @import.module)) @import
(import_statement . source: (string (string_fragment) @import.module)) @import
(export_statement (export_clause (export_specifier name: (_) @import.name @import.exported !alias))
  source: (string (string_fragment) @import.module)) @import
(export_statement (export_clause (export_specifier name: (_) @import.name alias: (_) @import.exported))
  source: (string (string_fragment) @import.module)) @import
(export_statement (namespace_export (_) @import.exported) source: (string (string_fragment) @import.module)) @import
(export_statement "*" source: (string (string_fragment) @import.module)
  (#set! import.name "*") (#set! import.exported "*")) @import
(variable_declarator name: (identifier) @import.alias
  value: (call_expression function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @import.module)))
  (#eq? @_require "require")) @import
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
  value: (call_expression function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @import.module)))
  (#eq? @_require "require")) @import
(variable_declarator name: (object_pattern (pair_pattern key: (_) @import.name value: (identifier) @import.alias))
  value: (call_expression function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @import.module)))
  (#eq? @_require "require")) @import
(variable_declarator name: (identifier) @import.alias
  value: (member_expression
    object: (call_expression function: (identifier) @_require
      arguments: (arguments . (string (string_fragment) @import.module)))
    property: (_) @import.name)
  (#eq? @_require "require")) @import
(assignment_expression left: (_) @_exports
  right: (call_expression function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @import.module)))
  (#eq? @_exports "module.exports") (#eq? @_require "require")
  (#set! import.name "*") (#set! import.exported "*")) @import
(call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import.module))
  (#eq? @_require "require")) @import
(call_expression function: (import) arguments: (arguments . (string (string_fragment) @import.module))) @import

; exports
(export_statement (export_clause (export_specifier name: (_) @export.value @export.name !alias)) !source) @export
(export_statement (export_clause (export_specifier name: (_) @export.value alias: (_) @export.name)) !source) @export
(export_statement "default" value: [(identifier) (member_expression) (call_expression) (new_expression)] @export.value
  (#set! export.name "default")) @export
(export_statement "default" declaration: (_ name: (_) @export.value) (#set! export.name "default")) @export
(assignment_expression left: (_) @_exports
  right: [(identifier) (member_expression) (call_expression) (new_expression)] @export.value
  (#eq? @_exports "module.exports") (#not-match? @export.value "^require[(]") (#set! export.name "*")) @export
(variable_declarator name: (identifier) @export.value value: (assignment_expression left: (_) @_exports)
  (#eq? @_exports "module.exports") (#set! export.name "*")) @export
(variable_declarator name: (identifier) @export.value
  value: (assignment_expression right: (assignment_expression left: (_) @_exports))
  (#eq? @_exports "module.exports") (#set! export.name "*")) @export
(assignment_expression left: (_) @_exports right: (object (shorthand_property_identifier) @export.value @export.name)
  (#eq? @_exports "module.exports")) @export
(assignment_expression left: (_) @_exports
  right: (object (pair key: (_) @export.name value: [(identifier) (member_expression)] @export.value))
  (#eq? @_exports "module.exports")) @export
(assignment_expression left: (member_expression object: (_) @_exports property: (_) @export.name)
  right: [(identifier) (member_expression) (call_expression) (new_expression)] @export.value
  (#any-of? @_exports "exports" "module.exports")) @export

; functions and classes
[(function_declaration name: (_) @name parameters: (_) @parameters body: (_) @body)
 (generator_function_declaration name: (_) @name parameters: (_) @parameters body: (_) @body)] @definition.function
(class_body (method_definition name: (_) @name parameters: (_) @parameters body: (_) @body) @definition.function)
(variable_declarator name: (identifier) @receiver value: (object
  (method_definition name: (_) @name parameters: (_) @parameters body: (_) @body) @definition.function))
(variable_declarator name: (identifier) @receiver value: (object
  (pair key: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)] @value)
    @definition.function))
(object (method_definition name: (_) @name parameters: (_) @parameters body: (_) @body) @definition.function
  (#set! unbound ""))
(object (pair key: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)] @value)
  @definition.function (#set! unbound ""))
(variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)]
    @value) @definition.function
(assignment_expression left: (identifier) @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)] @value) @definition.function
(assignment_expression left: (member_expression object: (_) @receiver property: (_) @name)
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)]
    @value) @definition.function
(export_statement "default"
  value: [(arrow_function body: (_) @body) (function_expression !name body: (_) @body)] @value @definition.function
  (#set! name "default"))
[(arrow_function body: (_) @body) (function_expression body: (_) @body) (generator_function body: (_) @body)]
  @definition.lambda

(class_declaration name: (_) @name body: (_) @body) @definition.class
(variable_declarator name: (identifier) @name value: (class body: (_) @body) @value) @definition.class
(assignment_expression left: (member_expression object: (_) @receiver property: (_) @name)
  right: (class body: (_) @body) @value) @definition.class
(export_statement "default" value: (class body: (_) @body) @value @definition.class (#set! name "default"))
(class name: (_) @name body: (_) @body) @definition.class

(call_expression function: (member_expression property: (_) @_inherits)
  arguments: (arguments . (_) @receiver . (_) @extends .) (#eq? @_inherits "inherits"))
(assignment_expression left: (_) @receiver
  right: (call_expression function: (_) @_create arguments: (arguments . (_) @extends))
  (#match? @receiver "[.]prototype$") (#eq? @_create "Object.create"))

; variables
(variable_declarator name: (identifier) @name value: (_)? @value) @definition.attribute
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @name)) @definition.attribute
(variable_declarator name: (object_pattern (pair_pattern value: (identifier) @name))) @definition.attribute
(variable_declarator name: (array_pattern (identifier) @name)) @definition.attribute
(assignment_expression left: (member_expression) @target right: (_) @value) @assignment
(arrow_function parameter: (identifier) @name @definition.parameter)
(rest_pattern (identifier) @name) @definition.local
(catch_clause parameter: (identifier) @name @definition.local)
(for_in_statement kind: _ left: (identifier) @name @definition.local)
(object_pattern (shorthand_property_identifier_pattern) @name @definition.local)
(object_pattern (pair_pattern value: (identifier) @name @definition.local))
(object_pattern (object_assignment_pattern left: (shorthand_property_identifier_pattern) @name @definition.local))
(array_pattern (identifier) @name @definition.local)

(return_statement (_) @returned)
(arrow_function body: [(call_expression) (new_expression) (identifier) (member_expression)] @returned)

; expressions
(call_expression function: (_) @callee arguments: (_) @arguments) @call
(new_expression constructor: (_) @callee arguments: (_)? @arguments) @call
(member_expression object: (_) @object property: (_) @member) @access
(parenthesized_expression (_) @inner) @expression
(await_expression (_) @inner) @expression
(assignment_expression right: (_) @inner) @expression
(binary_expression operator: ["||" "??"] right: (_) @inner) @expression
(subscript_expression object: (_) @_unnamed) @expression
[(string) (template_string) (number) (array) (object) (regex) (true) (false) (null)] @literal

(decorator) @annotation
(decorator [(identifier) (member_expression)] @decorator)
(decorator (call_expression function: (_) @decorator))

[(identifier) (shorthand_property_identifier)] @mention

[(if_statement) (for_statement) (for_in_statement) (while_statement) (do_statement) (catch_clause) (switch_case)
 (ternary_expression)] @branch
(binary_expression operator: ["&&" "||" "??"]) @branch

[(string_fragment) (regex_pattern)] @string
(comment) @comment
