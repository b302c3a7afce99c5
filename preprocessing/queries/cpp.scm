; What phase 1 takes from C++ beside clike.scm.
; What lies in a name space has its name before its own. A function that is only declared is a node where it is pure.

(namespace_definition name: (_) @name body: (_) @body) @namespace
(using_declaration "namespace" . (_) @using.path) @using
(using_declaration . "using" . (qualified_identifier) @using.path (#set! using.name "last")) @using
(namespace_alias_definition name: (_) @using.name (_) @using.path .  ";") @using

(enum_specifier ["class" "struct"] name: (_) @name body: (_) @body) @definition.class
(class_specifier name: (_) @name body: (_) @body) @definition.class
(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @extends)
(alias_declaration name: (_) @name type: (_) @alias) @definition.attribute
(concept_definition name: (_) @name) @definition.attribute

(function_definition !type
  declarator: (function_declarator declarator: (identifier) @_macro parameters: (parameter_list
    . (parameter_declaration type: (_) @receiver) . (parameter_declaration type: (_) @name) .))
  body: (_) @body (#match? @_macro "TEST_[FP]$")) @definition.function
(function_definition !type
  declarator: (function_declarator declarator: (identifier) @_macro parameters: (parameter_list
    . (parameter_declaration !declarator) . (parameter_declaration !declarator) .) @name)
  body: (_) @body (#match? @_macro "TEST")) @definition.function
(function_definition !type declarator: (function_declarator
  declarator: (identifier) @_macro parameters: (_) @ignored (#eq? @_macro "TEST")))
(destructor_name (identifier) @name) @definition.none
(function_definition type: (_)? @returns
  declarator: [
    (reference_declarator (function_declarator declarator: (_) @name parameters: (_) @parameters))
    (operator_cast) @name
  ] body: (_) @body) @definition.function
(function_definition declarator: [(operator_cast) (qualified_identifier)] @name body: (_) @body) @definition.function
(function_definition type: (_)? @returns
  declarator: (function_declarator declarator: (_) @name parameters: (_) @parameters)
  [(default_method_clause) (delete_method_clause)] @body) @definition.function
(field_declaration type: (_) @returns
  declarator: [
    (function_declarator declarator: (field_identifier) @name parameters: (_) @parameters)
    (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name parameters: (_) @parameters))
    (reference_declarator (function_declarator declarator: (field_identifier) @name parameters: (_) @parameters))
  ] default_value: (number_literal) @abstract) @definition.function
(init_declarator declarator: (identifier) @name value: (lambda_expression body: (_) @body) @value) @definition.function
(lambda_expression body: (_) @body) @definition.lambda

(field_declaration type: (_) @type declarator: (reference_declarator (field_identifier) @name)) @definition.attribute
(declaration type: (placeholder_type_specifier) declarator: (init_declarator
  declarator: [(identifier) @name (pointer_declarator (identifier) @name) (reference_declarator (identifier) @name)]
  value: (_) @value)) @definition.attribute
(declaration type: (_) @type declarator: [
    (reference_declarator (identifier) @name)
    (init_declarator declarator: (reference_declarator (identifier) @name))
  ]) @definition.attribute
(parameter_declaration type: (_) @type declarator: (reference_declarator (identifier) @name)) @definition.parameter
(optional_parameter_declaration type: (_) @type declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (reference_declarator (identifier) @name)
  ]) @definition.parameter
(for_range_loop type: (placeholder_type_specifier)
  declarator: [(identifier) @name (reference_declarator (identifier) @name) (pointer_declarator (identifier) @name)]
  right: (_) @value) @definition.local
(for_range_loop type: (_) @type
  declarator: [(identifier) @name (reference_declarator (identifier) @name) (pointer_declarator (identifier) @name)])
  @definition.local
(structured_binding_declarator (identifier) @name @definition.local)

(call_expression function: (template_function name: (identifier) @_cast arguments: (template_argument_list . (_) @of))
  (#match? @_cast "_cast$")) @expression
(call_expression function: (qualified_identifier name: (template_function
    name: (identifier) @_make arguments: (template_argument_list . (_) @callee)))
  arguments: (_) @arguments (#match? @_make "^make_(unique|shared)")) @call
(new_expression type: (_) @callee arguments: (_)? @arguments) @call
(compound_literal_expression type: (_) @callee) @call
(declaration type: [(type_identifier) (qualified_identifier) (template_type)] @callee
  declarator: (init_declarator value: (argument_list) @arguments)) @call
(field_expression argument: (_) @object field: (template_method name: (_) @member)) @access
(field_expression argument: (_) @object field: (dependent_name (template_method name: (_) @member))) @access
(template_function name: (_) @inner) @expression
(template_type name: (_) @inner) @expression
(co_await_expression argument: (_) @inner) @expression

[(raw_string_literal) (user_defined_literal)] @literal

(for_range_loop) @branch
(catch_clause) @branch
(raw_string_content) @string
(qualified_identifier) @path
(type_parameter_declaration (type_identifier) @name @definition.local)
