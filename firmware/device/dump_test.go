package device

import "fmt"

func dump(v any) string { return fmt.Sprintf("%+v", v) }
