package format

import (
	"strings"

	_ "example.com/shop/price"
)

// Line is a text on a line of its own.
func Line(text string) string { return strings.TrimSpace(text) + "\n" }
