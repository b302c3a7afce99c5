; What TypeScript writes beyond JavaScript, or otherwise.

(import_statement (import_require_clause (identifier) @import.alias
  source: (string (string_fragment) @import.module))) @import
(export_statement "=" (identifier) @export.value (#set! export.name "*")) @export

(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(type_alias_declaration name: (_) @name value: (_) @body) @definition.interface
((internal_module name: (_) @name body: (_) @body) @definition.class (#set! decorator "namespace"))
(enum_declaration name: (_) @name body: (_) @body) @definition.class
(enum_body name: (_) @name @definition.attribute)
(enum_assignment name: (_) @name value: (_) @value) @definition.attribute

(extends_clause value: (_) @extends)
(extends_type_clause type: (_) @extends)
(implements_clause (_) @implements)

; what has a written return type comes before what the shared patterns find without one
[(function_declaration name: (_) @name return_type: (_) @returns body: (_) @body)
 (function_signature name: (_) @name return_type: (_)? @returns)
 (method_definition name: (_) @name return_type: (_) @returns body: (_) @body)
 (method_signature name: (_) @name return_type: (_)? @returns)
 (abstract_method_signature name: (_) @name return_type: (_)? @returns)] @definition.function
(variable_declarator name: (identifier) @name
  value: (arrow_function return_type: (_) @returns body: (_) @body) @value) @definition.function
(public_field_definition name: (_) @name
  value: [(arrow_function return_type: (_)? @returns body: (_) @body) (function_expression body: (_) @body)] @value)
  @definition.function
(public_field_definition name: (_) @name type: (_)? @type value: (_)? @value) @definition.attribute
(interface_body (property_signature name: (_) @name type: (_)? @type) @definition.attribute)
(type_alias_declaration value: (object_type (property_signature name: (_) @name type: (_)? @type)
  @definition.attribute))
(variable_declarator name: (identifier) @name type: (_) @type value: (_)? @value) @definition.attribute

(required_parameter pattern: (identifier) @name type: (_)? @type value: (_)? @value) @definition.parameter
(required_parameter pattern: (rest_pattern (identifier) @name) type: (_)? @type) @definition.parameter
(optional_parameter pattern: (identifier) @name type: (_)? @type value: (_)? @value) @definition.parameter
(required_parameter (accessibility_modifier) pattern: (identifier) @name type: (_)? @type) @assignment
(type_parameter name: (_) @name constraint: (constraint (_) @type)?) @definition.local
(mapped_type_clause name: (_) @name @definition.local)
(infer_type (type_identifier) @name @definition.local)

(as_expression (_) (_) @of) @expression
(satisfies_expression . (_) @inner) @expression
(non_null_expression (_) @inner) @expression
(nested_type_identifier module: (_) @object name: (_) @member) @access
(type_identifier) @reference
