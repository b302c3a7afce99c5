; JSX, as part of JavaScript and of TSX: a component is called where it stands as an element.

(jsx_opening_element name: [(identifier) (member_expression)] @callee (#match? @callee "^[A-Z]|[.]")) @call
(jsx_self_closing_element name: [(identifier) (member_expression)] @callee (#match? @callee "^[A-Z]|[.]")) @call
(jsx_text) @string
