; What phase 1 takes from Rust. The captures are described in preprocessing/polyglot/extract.py.
; What lies in a module inside a file has the module's name before its own, and so has a method whose type is in another
; file. A macro is a function that only calls with `!` reach; calls are also found in what macros are given.

(use_declaration (visibility_modifier) @import.exported argument: (_) @import.tree)
(use_declaration argument: (_) @import.tree)
(extern_crate_declaration name: (_) @import.module alias: (_)? @import.alias) @import
(mod_item name: (_) @import.module !body) @import
(mod_item name: (_) @name body: (_) @body) @namespace

(struct_item name: (_) @name body: (_)? @body) @definition.class
(enum_item name: (_) @name body: (_) @body) @definition.class
(union_item name: (_) @name body: (_) @body) @definition.class
(trait_item name: (_) @name body: (_) @body) @definition.interface
(attribute_item (attribute . (identifier) @_derive arguments: (token_tree (identifier) @implements))
  (#eq? @_derive "derive"))
(trait_item bounds: (trait_bounds (_) @extends))
(impl_item type: (_) @receiver body: (_) @body) @block
(impl_item trait: (_) @implements)
(function_item name: (_) @name parameters: (_) @parameters return_type: (_)? @returns body: (_) @body)
  @definition.function
(trait_item body: (declaration_list
  (function_signature_item name: (_) @name parameters: (_) @parameters return_type: (_)? @returns) @definition.function))
(macro_definition name: (_) @name (macro_rule) @body (#set! decorator "macro")) @definition.function
(let_declaration pattern: (identifier) @name
  value: (closure_expression parameters: (_) @parameters body: (_) @body) @value) @definition.function
(closure_expression parameters: (_) @parameters body: (_) @body) @definition.lambda

(type_item name: (_) @name type: (_) @alias) @definition.attribute
(associated_type name: (_) @name) @definition.attribute
(field_declaration name: (_) @name type: (_) @type) @definition.attribute
(enum_variant name: (_) @name) @definition.attribute
(const_item name: (_) @name type: (_) @type) @definition.attribute
(static_item name: (_) @name type: (_) @type) @definition.attribute

(type_parameter name: (_) @name @definition.local bounds: (trait_bounds . (_) @type))
(type_parameter name: (_) @name @definition.local)
(where_predicate left: (type_identifier) @name @definition.local bounds: (trait_bounds . (_) @type))
(parameter pattern: (identifier) @name type: (_) @type) @definition.parameter
(parameter pattern: (mut_pattern (identifier) @name) type: (_) @type) @definition.parameter
(closure_parameters (identifier) @name @definition.parameter)
(let_declaration pattern: [(identifier) @name (mut_pattern (identifier) @name)] type: (_) @type) @definition.local
(let_declaration pattern: [(identifier) @name (mut_pattern (identifier) @name)] value: (_) @value) @definition.local
(let_declaration pattern: [(identifier) @name (mut_pattern (identifier) @name)]) @definition.local
(let_declaration pattern: (tuple_pattern (identifier) @name @definition.local))
(let_condition pattern: (tuple_struct_pattern type: (identifier) @_some . (identifier) @name @definition.local .)
  value: (_) @value (#any-of? @_some "Some" "Ok"))
(tuple_struct_pattern (identifier) @name @definition.local)
(field_pattern name: (shorthand_field_identifier) @name @definition.local)
(field_pattern pattern: (identifier) @name @definition.local)
(slice_pattern (identifier) @name @definition.local)
(ref_pattern (identifier) @name @definition.local)
(mut_pattern (identifier) @name @definition.local)
(reference_pattern (identifier) @name @definition.local)
(tuple_pattern (identifier) @name @definition.local)
(or_pattern (identifier) @name @definition.local (#match? @name "^[a-z_]"))
(match_pattern . (identifier) @name @definition.local (#match? @name "^[a-z_]"))
(for_expression pattern: (identifier) @name @definition.local value: (_) @value)
(for_expression pattern: (tuple_pattern (identifier) @name @definition.local))
(captured_pattern (identifier) @name @definition.local)

(call_expression function: (_) @callee arguments: (_) @arguments) @call
(macro_invocation macro: (_) @callee (#set! suffix "!")) @call
(struct_expression name: (_) @callee) @call
(token_tree (identifier) @object . "." . (identifier) @member @call . (token_tree . "("))
(token_tree (self) @object . "." . (identifier) @member @call . (token_tree . "("))
(token_tree (identifier) @object . "::" . (identifier) @member @call . (token_tree . "("))
(token_tree "." @object . (identifier) @member @call . (token_tree . "("))
(token_tree (identifier) @member @call . "!" . (token_tree) (#set! suffix "!"))
(token_tree (identifier) @member @call . (token_tree . "("))
(field_expression value: (_) @object field: (_) @member) @access
(scoped_identifier path: (_)? @object name: (_) @member) @access
(scoped_type_identifier path: (_)? @object name: (_) @member) @access
(generic_function function: (_) @inner) @expression
(generic_type type: (_) @inner) @expression
(generic_type_with_turbofish type: (_) @inner) @expression
(bracketed_type (qualified_type type: (_) @inner)) @expression
(bracketed_type (_) @inner) @expression
(parenthesized_expression (_) @inner) @expression
(reference_expression value: (_) @inner) @expression
(unary_expression (_) @inner) @expression
(try_expression (_) @inner) @expression
(await_expression (_) @inner) @expression
(index_expression . (_) @inner) @expression
(type_cast_expression type: (_) @of) @expression

[(string_literal) (raw_string_literal) (char_literal) (integer_literal) (float_literal) (boolean_literal)] @literal

(scoped_identifier path: (self) @module)
(identifier) @mention
((type_identifier) @reference (#not-eq? @reference "_"))

(attribute_item) @annotation
[(attribute_item) (inner_attribute_item)] @ignored
(attribute_item (attribute . (_) @decorator))

(if_expression) @branch
(while_expression) @branch
(for_expression) @branch
(loop_expression) @branch
(match_arm) @branch
(try_expression) @branch
(binary_expression operator: ["&&" "||"]) @branch

[(string_content) (char_literal)] @string
[(line_comment) (block_comment)] @comment
