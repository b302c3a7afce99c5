; What phase 1 takes from Go. The captures are described in preprocessing/polyglot/extract.py.
; A package is a folder. A method is a child of its type where that is in the same file; elsewhere its name says whose
; it is. Embedding extends; who has all methods of an interface implements it (preprocessing/polyglot/method_sets.py).

(package_clause (package_identifier) @package.name) @package

(import_spec !name path: (_ (_) @import.module)) @import
(import_spec name: (package_identifier) @import.alias path: (_ (_) @import.module)) @import
(import_spec name: (blank_identifier) @import.alias path: (_ (_) @import.module)) @import
(import_spec name: (dot) path: (_ (_) @import.module) (#set! import.name "*")) @import

(type_spec name: (_) @name type: (interface_type) @body) @definition.interface
(type_spec name: (_) @name type: (_) @body) @definition.class
(type_alias name: (_) @name type: (_) @alias) @definition.attribute
(function_declaration name: (_) @name parameters: (_) @parameters
  result: (parameter_list . (parameter_declaration type: (_) @returns)) body: (_)? @body) @definition.function
(function_declaration name: (_) @name parameters: (_) @parameters result: (_)? @returns body: (_)? @body)
  @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @receiver))
  name: (_) @name parameters: (_) @parameters
  result: (parameter_list . (parameter_declaration type: (_) @returns)) body: (_)? @body) @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @receiver))
  name: (_) @name parameters: (_) @parameters result: (_)? @returns body: (_)? @body) @definition.function
(method_elem name: (_) @name parameters: (_) @parameters
  result: (parameter_list . (parameter_declaration type: (_) @returns))) @definition.function
(method_elem name: (_) @name parameters: (_) @parameters result: (_)? @returns) @definition.function
(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal parameters: (_) @parameters result: (_)? @returns body: (_) @body) @value .))
  @definition.function
(var_spec . name: (identifier) @name
  value: (expression_list . (func_literal parameters: (_) @parameters result: (_)? @returns body: (_) @body) @value .))
  @definition.function
(func_literal parameters: (_) @parameters body: (_) @body) @definition.lambda
(composite_literal type: [(type_identifier) (qualified_type) (generic_type)]
  body: (literal_value (keyed_element key: (literal_element (identifier) @name) @definition.none)))

(field_declaration !name type: (_) @extends)
(interface_type (type_elem . (_) @extends .))

(field_declaration name: (_) @name @definition.attribute type: [(function_type) (interface_type) (struct_type)])
(field_declaration name: (_) @name @definition.attribute type: (map_type value: (_) @type))
(field_declaration name: (_) @name @definition.attribute type: (_) @type)
(const_spec . name: (identifier) @name type: (_)? @type value: (expression_list . (_) @value)) @definition.attribute
(const_spec name: (identifier) @name @definition.attribute type: (_)? @type)
(var_spec . name: (identifier) @name type: [(function_type) (interface_type) (struct_type)]) @definition.attribute
(var_spec . name: (identifier) @name type: (map_type value: (_) @type)) @definition.attribute
(var_spec . name: (identifier) @name type: (_)? @type value: (expression_list . (_) @value)) @definition.attribute
(var_spec name: (identifier) @name @definition.attribute type: (_)? @type)

(type_parameter_declaration name: (_) @name @definition.local type: (_) @type)
(parameter_declaration name: (_) @name @definition.parameter type: [(function_type) (interface_type) (struct_type)])
(parameter_declaration name: (_) @name @definition.parameter type: (map_type value: (_) @type))
(parameter_declaration name: (_) @name @definition.parameter type: (_) @type)
(variadic_parameter_declaration name: (_) @name type: (_) @type) @definition.parameter
(short_var_declaration
  left: (expression_list . (identifier) @name) right: (expression_list . (_) @value)) @definition.local
(short_var_declaration left: (expression_list (identifier) @name @definition.local))
(range_clause left: (expression_list (_) . (identifier) @name @definition.local .) right: (_) @value)
(range_clause left: (expression_list (identifier) @name @definition.local))
(receive_statement left: (expression_list (identifier) @name @definition.local))
(type_switch_statement alias: (expression_list (identifier) @name @definition.local))

(call_expression
  function: (identifier) @_new (#any-of? @_new "new" "make")
  arguments: (argument_list . [(type_identifier) (qualified_type) (generic_type)] @of)) @expression
(call_expression function: (_) @callee arguments: (_) @arguments) @call
(type_conversion_expression type: (generic_type) @callee) @call
(composite_literal type: [(type_identifier) (qualified_type) (generic_type)] @callee) @call
(composite_literal type: [(slice_type element: (_) @of) (array_type element: (_) @of) (map_type value: (_) @of)])
  @expression
(selector_expression operand: (_) @object field: (_) @member) @access
(qualified_type package: (_) @object name: (_) @member) @access
(generic_type type: (_) @inner) @expression
(parenthesized_expression (_) @inner) @expression
(unary_expression operand: (_) @inner) @expression
(index_expression operand: (_) @inner) @expression
(slice_expression operand: (_) @inner) @expression
(type_assertion_expression type: (_) @of) @expression

[(interpreted_string_literal) (raw_string_literal) (rune_literal) (int_literal) (float_literal)] @literal

(identifier) @reference
(type_identifier) @reference

(if_statement) @branch
(for_statement) @branch
(expression_case) @branch
(type_case) @branch
(communication_case) @branch
(binary_expression operator: ["&&" "||"]) @branch

[(interpreted_string_literal_content) (raw_string_literal_content)] @string
(comment) @comment
