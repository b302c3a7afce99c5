; What JavaScript writes otherwise than TypeScript.

(class_heritage (_) @extends)

(field_definition property: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)] @value) @definition.function
(field_definition property: (_) @name value: (_)? @value) @definition.attribute

(formal_parameters (identifier) @name @definition.parameter)
(formal_parameters (assignment_pattern left: (identifier) @name right: (_) @value) @definition.parameter)
(formal_parameters (rest_pattern (identifier) @name) @definition.parameter)
