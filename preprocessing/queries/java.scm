; What phase 1 takes from Java. The captures are described in preprocessing/polyglot/extract.py.

(package_declaration (_) @package.name) @package

(import_declaration [(identifier) (scoped_identifier)] @import.module .) @import
(import_declaration [(identifier) (scoped_identifier)] @import.module (asterisk) (#set! import.name "*")) @import

(class_declaration name: (identifier) @name body: (_) @body) @definition.class
(record_declaration name: (identifier) @name body: (_) @body) @definition.class
(enum_declaration name: (identifier) @name body: (_) @body) @definition.class
(interface_declaration name: (identifier) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (identifier) @name body: (_) @body) @definition.interface

(object_creation_expression type: (_) @extends (class_body) @body) @definition.class

(superclass (_) @extends)
(extends_interfaces (type_list (_) @extends))
(super_interfaces (type_list (_) @implements))

(method_declaration type: (_) @returns name: (identifier) @name parameters: (_) @parameters body: (_)? @body)
  @definition.function
(constructor_declaration name: (identifier) @name parameters: (_) @parameters body: (_) @body) @definition.function
(compact_constructor_declaration name: (identifier) @name body: (_) @body) @definition.function
(annotation_type_element_declaration type: (_) @returns name: (identifier) @name) @definition.function
(lambda_expression body: (_) @body) @definition.lambda

(field_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @name value: (_)? @value))
  @definition.attribute
(constant_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @name value: (_)? @value))
  @definition.attribute
(enum_constant name: (identifier) @name) @definition.attribute
(record_declaration parameters: (formal_parameters (formal_parameter type: (_) @type name: (identifier) @name)
  @definition.attribute))

(formal_parameter type: (_) @type name: (identifier) @name) @definition.parameter
(spread_parameter (_) @type (variable_declarator name: (identifier) @name)) @definition.parameter
(type_parameter . (type_identifier) @name) @definition.local
(lambda_expression parameters: (identifier) @name @definition.parameter)
(inferred_parameters (identifier) @name @definition.parameter)
(local_variable_declaration type: (_) @type
  declarator: (variable_declarator name: (identifier) @name value: (_)? @value)) @definition.local
(resource type: (_) @type name: (identifier) @name) @definition.local
(catch_formal_parameter (catch_type . (_) @type .) name: (identifier) @name) @definition.local
(catch_formal_parameter name: (identifier) @name) @definition.local
(enhanced_for_statement type: (_) @type name: (identifier) @name) @definition.local
(instanceof_expression right: (_) @type name: (identifier) @name) @definition.local

(marker_annotation name: (_) @decorator)
(annotation name: (_) @decorator)

(method_invocation object: (_)? @object name: (identifier) @member arguments: (_) @arguments) @call
(object_creation_expression type: (_) @callee arguments: (_) @arguments) @call
(explicit_constructor_invocation constructor: (_) @callee arguments: (_) @arguments) @call
(method_reference . (_) @object (identifier) @member .) @access
(field_access object: (_) @object field: (_) @member) @access
((class_literal) @expression (#set! of "Class"))
((string_literal) @expression (#set! of "String"))
((character_literal) @expression (#set! of "char"))
([(decimal_integer_literal) (hex_integer_literal)] @expression (#set! of "int"))
((decimal_floating_point_literal) @expression (#set! of "double"))
([(true) (false)] @expression (#set! of "boolean"))
(array_initializer) @literal
(parenthesized_expression (_) @inner) @expression
(cast_expression type: (_) @of) @expression
(array_access array: (_) @_unnamed) @expression

(scoped_type_identifier . (_) @object (type_identifier) @member .) @access
((type_identifier) @reference (#not-eq? @reference "var"))
(identifier) @mention

(if_statement) @branch
(for_statement) @branch
(enhanced_for_statement) @branch
(while_statement) @branch
(do_statement) @branch
(catch_clause) @branch
(switch_label "case") @branch
(ternary_expression) @branch
(binary_expression operator: ["&&" "||"]) @branch

(string_fragment) @string
(character_literal) @string
[(line_comment) (block_comment)] @comment
