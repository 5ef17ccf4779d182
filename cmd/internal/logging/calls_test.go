package logging

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// messageAt is which argument of a logger's method is the message.
var messageAt = map[string]int{
	"Debug": 0, "Info": 0, "Warn": 0, "Error": 0, "DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1,
}

// A message that is formatted would be withheld, and whoever reads the log would have only its place. Variables are left
// to the handler, which knows whether they hold a constant.
func TestNoMessageOfTheSourceIsFormattedAndEveryKeyIsALiteral(t *testing.T) {
	calls := 0
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && path != "../../.." {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil // the compiler says it better
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !isLogger(method.X) {
				return true
			}
			at, ok := messageAt[method.Sel.Name]
			if !ok || len(call.Args) <= at || call.Ellipsis.IsValid() && len(call.Args) == at+1 {
				return true
			}
			calls++
			message, isLiteral := literal(call.Args[at])
			if _, formatted := call.Args[at].(*ast.CallExpr); formatted || isLiteral && !plainASCII(message) {
				t.Errorf("%s: the message is formatted, or not plain ASCII: it would be withheld", files.Position(call.Pos()))
			}
			args := call.Args[at+1:]
			if call.Ellipsis.IsValid() {
				return true
			}
			for i := 0; i < len(args); i++ {
				if _, isCall := args[i].(*ast.CallExpr); isCall {
					continue // slog.Int("key", …) and its like
				}
				if key, ok := literal(args[i]); !ok || !plainASCII(key) {
					t.Errorf("%s: a key is no literal of plain ASCII: it would be withheld", files.Position(args[i].Pos()))
				} else if i+1 < len(args) {
					if _, text := literal(args[i+1]); text && !textKeys[key] && !nameKeys[key] {
						t.Errorf("%s: %q takes no text: use a key of textKeys, or logging.Word", files.Position(args[i].Pos()), key)
					}
				}
				i++
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls == 0 {
		t.Error("no call of a logger was found in the whole source")
	}
}

// isLogger says whether an expression is named as loggers are: log, logger, Log, x.log, o.Log, slog.
func isLogger(x ast.Expr) bool {
	name := ""
	switch x := x.(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.SelectorExpr:
		name = x.Sel.Name
	case *ast.CallExpr:
		if method, ok := x.Fun.(*ast.SelectorExpr); ok && (method.Sel.Name == "With" || method.Sel.Name == "WithGroup") {
			return isLogger(method.X)
		}
	}
	switch strings.ToLower(name) {
	case "log", "logger", "slog", "l":
		return true
	}
	return false
}

func literal(x ast.Expr) (string, bool) {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

func plainASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}
