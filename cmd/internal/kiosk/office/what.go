package office

import (
	"fmt"
	"strings"
)

// what is an effect's name for the log: what it holds may be somebody's words.
func what(e Effect) string { return strings.TrimPrefix(fmt.Sprintf("%T", e), "office.") }
