package knowledge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

// readJSON reads objects one after the other, or an array of them. It is not
// bound to lines, so that a pretty-printed file is read as well; a row's number
// is the line on which its object begins.
//
// A syntax error ends the import: what stands behind it cannot be trusted to be
// what its author meant.
func (c *collector) readJSON(ctx context.Context, text string) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	array := strings.HasPrefix(strings.TrimSpace(text), "[")
	if array {
		c.report.Format = "json"
		if _, err := dec.Token(); err != nil {
			return jsonError(text, dec, err)
		}
	}
	// Lines are counted as the decoder goes, for counting from the start for
	// every row would take a time that grows with the square of the file.
	line, counted := 1, 0
	for n := 1; ; n++ {
		if array && !dec.More() {
			break
		}
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if err == io.EOF && !array {
			return nil
		}
		if err != nil {
			return jsonError(text, dec, err)
		}
		if err := c.checkRow(ctx, n); err != nil {
			return err
		}
		start := int(dec.InputOffset()) - len(raw)
		line += strings.Count(text[counted:start], "\n")
		counted = start
		c.takeObject(line, raw)
	}
	if _, err := dec.Token(); err != nil {
		return jsonError(text, dec, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: line %d has something behind the end of the array", ErrSyntax, lineAt(text, int(dec.InputOffset())))
	}
	return nil
}

func jsonError(text string, dec *json.Decoder, err error) error {
	var syntax *json.SyntaxError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "unexpected end") {
		end := len(strings.TrimRight(text, " \t\n"))
		return fmt.Errorf("%w: the JSON breaks off at line %d, the file was cut", ErrSyntax, lineAt(text, end))
	}
	offset := int(dec.InputOffset())
	if errors.As(err, &syntax) && int(syntax.Offset) > offset {
		offset = int(syntax.Offset) - 1
	}
	return fmt.Errorf("%w: line %d is not JSON: %s", ErrSyntax, lineAt(text, offset), oneLine(err.Error()))
}

func (c *collector) takeObject(line int, raw json.RawMessage) {
	var object map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&object); err != nil || object == nil {
		c.refuse("", line, "", "not an object with named fields")
		return
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	k := kindOfObject(names)
	if k == kindNone {
		c.refuse("", line, "", "neither an answer (question, answer) nor a product (name)")
		return
	}
	rec := record{row: line, kind: k, values: map[field]cell{}, headings: map[field]string{}}
	for _, name := range names {
		f, ok := fieldFor(k, name)
		if !ok {
			c.unknownColumn("", name)
			continue
		}
		v := jsonCell(object[name])
		if _, twice := rec.values[f]; twice && !isList(f) {
			if !v.empty() {
				c.warn("", line, name, fmt.Sprintf("a second %s, not read", f))
			}
			continue
		}
		if had, twice := rec.values[f]; twice {
			v = joinLists(f, had, v)
		} else {
			rec.headings[f] = name
		}
		rec.values[f] = v
	}
	c.take(rec)
}

// kindOfObject asks less than kindOf, for the names of an object are its own:
// one that has lost its answer is still meant as an answer.
func kindOfObject(names []string) kind {
	var question, name bool
	for _, n := range names {
		e, ok := fieldFor(kindEntry, n)
		question = question || ok && (e == fieldQuestion || e == fieldAnswer)
		p, ok := fieldFor(kindProduct, n)
		name = name || ok && p == fieldName
	}
	switch {
	case question:
		return kindEntry
	case name:
		return kindProduct
	}
	return kindNone
}

func jsonCell(v any) cell {
	switch v := v.(type) {
	case nil:
		return cell{}
	case string:
		return cell{text: v}
	case json.Number:
		return cell{text: v.String(), raw: v.String()}
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			c := jsonCell(item)
			if c.wrong != "" || c.list != nil {
				return cell{wrong: "holds something else than texts in its list"}
			}
			list = append(list, c.text)
		}
		return cell{list: list}
	case bool:
		return cell{wrong: fmt.Sprintf("holds %t where text belongs", v)}
	}
	return cell{wrong: "holds an object where text belongs"}
}

// joinLists puts the values of a second column of a list behind the first's.
func joinLists(f field, a, b cell) cell {
	if a.wrong != "" {
		return a
	}
	if b.wrong != "" {
		return b
	}
	items := func(c cell) []string {
		if c.list != nil {
			return c.list
		}
		return splitList(f, c.text)
	}
	return cell{list: append(append([]string{}, items(a)...), items(b)...)}
}
