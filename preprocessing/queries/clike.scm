; What phase 1 takes from C and C++ alike. The captures are described in preprocessing/polyglot/extract.py.
; A declaration without a body is no node: its header refers to the definition, and so do calls. Every alternative of
; a condition is a node; a call goes to each with its share. What is static is known to its file and who includes it.

(preproc_include path: (string_literal (string_content) @import.module) (#set! import.name "*")) @import
(preproc_include path: (system_lib_string) @import.module (#set! import.name "*")) @import

(preproc_function_def name: (_) @name value: (_)? @body) @definition.function
(preproc_params (identifier) @name @definition.parameter)
(preproc_def name: (_) @name value: (_)) @definition.attribute
(preproc_def name: (_) @name) @definition.none

(struct_specifier name: (_) @name body: (_) @body) @definition.class
(union_specifier name: (_) @name body: (_) @body) @definition.class
(enum_specifier name: (_) @name body: (_) @body (#set! open "")) @definition.class
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name (#set! open ""))
  @definition.class
(type_definition type: (_ !name body: (_) @body) declarator: (type_identifier) @name) @definition.class
(type_definition type: [(struct_specifier name: (_) @_old) (union_specifier name: (_) @_old) (enum_specifier name: (_) @_old)]
  declarator: (type_identifier) @name (#eq? @_old @name)) @definition.none
(type_definition type: (_ body: (_) !name) declarator: (pointer_declarator declarator: (type_identifier) @name))
  @definition.attribute
(type_definition type: (_) @alias declarator: [
    (type_identifier) @name
    (pointer_declarator declarator: (type_identifier) @name)
    (array_declarator declarator: (type_identifier) @name)
  ]) @definition.attribute
(type_definition declarator: (function_declarator declarator: [
    (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name))
    (type_identifier) @name
  ])) @definition.attribute

(function_definition type: (_)? @returns
  declarator: [
    (function_declarator declarator: (_) @name parameters: (_) @parameters)
    (pointer_declarator declarator: (function_declarator declarator: (_) @name parameters: (_) @parameters))
    (pointer_declarator
      declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name parameters: (_) @parameters)))
  ] body: (_) @body) @definition.function

(field_declaration type: (_ !name body: (_)) declarator: [
    (field_identifier) @name
    (pointer_declarator declarator: (field_identifier) @name)
    (array_declarator declarator: (field_identifier) @name)
  ]) @definition.attribute
(field_declaration type: (_) @type declarator: [
    (field_identifier) @name
    (pointer_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (pointer_declarator declarator: (field_identifier) @name))
    (array_declarator declarator: (field_identifier) @name)
    (array_declarator declarator: (pointer_declarator declarator: (field_identifier) @name))
    (pointer_declarator declarator: (array_declarator declarator: (field_identifier) @name))
  ]) @definition.attribute
(field_declaration declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))) @definition.attribute
(enumerator name: (_) @name) @definition.attribute

(declaration (storage_class_specifier) @_storage declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
  ] (#eq? @_storage "extern")) @definition.none
(preproc_ifdef name: (identifier) @name) @definition.none
(preproc_defined (identifier) @name) @definition.none
(function_definition (storage_class_specifier) @decorator)
(declaration type: (_) @type declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
    (array_declarator declarator: (pointer_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (array_declarator declarator: (identifier) @name))
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @name)))
    (init_declarator declarator: [
      (identifier) @name
      (pointer_declarator declarator: (identifier) @name)
      (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @name))
      (array_declarator declarator: (identifier) @name)
      (array_declarator declarator: (pointer_declarator declarator: (identifier) @name))
      (pointer_declarator declarator: (array_declarator declarator: (identifier) @name))
      (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @name)))
    ])
  ]) @definition.attribute
(parameter_declaration type: (_) @type declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @name))
    (array_declarator declarator: (identifier) @name)
    (array_declarator declarator: (pointer_declarator declarator: (identifier) @name))
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @name)))
  ]) @definition.parameter

(call_expression function: (_) @callee arguments: (_) @arguments) @call
(field_expression argument: (_) @object field: (field_identifier) @member) @access
(parenthesized_expression (_) @inner) @expression
(pointer_expression argument: (_) @inner) @expression
(subscript_expression argument: (_) @inner) @expression
(cast_expression type: (_) @of) @expression
(compound_literal_expression type: (_) @of) @expression
(assignment_expression right: (_) @inner) @expression

[(string_literal) (concatenated_string) (char_literal) (number_literal) (initializer_list) (true) (false) (null)] @literal

(identifier) @reference
(type_identifier) @reference

(if_statement) @branch
(for_statement) @branch
(while_statement) @branch
(do_statement) @branch
(case_statement value: (_)) @branch
(conditional_expression) @branch
(binary_expression operator: ["&&" "||"]) @branch

[(string_content) (character) (system_lib_string)] @string
(comment) @comment
