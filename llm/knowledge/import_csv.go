package knowledge

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readCSV reads a table of text (RFC 4180, with comma, semicolon or tab).
func (c *collector) readCSV(ctx context.Context, text string) error {
	skipped := 0
	comma, found := byte(','), false
	// Excel's own hint for the separator, which it writes and obeys but does not show.
	if first, rest, _ := strings.Cut(text, "\n"); len(first) == 5 && strings.EqualFold(first[:4], "sep=") {
		text, skipped, comma, found = rest, 1, first[4], true
	}
	if !found {
		comma = separator(text)
	}
	c.report.Format = "csv"
	if comma == '\t' {
		c.report.Format = "tsv"
	}
	t := table{}
	r := newCSVReader(text, comma)
	for {
		values, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return csvError(err, skipped)
		}
		if err := c.checkRow(ctx, len(t.rows)+1); err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		row := tableRow{number: line + skipped, cells: make([]cell, len(values))}
		for i, v := range values {
			row.cells[i].text = v
		}
		t.rows = append(t.rows, row)
	}
	found, err := c.takeTable(ctx, &t)
	if err == nil && !found {
		return fmt.Errorf("%w: the first rows need 質問 and 回答 (question, answer), or 商品名 (name) and a column beside it such as 売場 or 価格", ErrNoHeadings)
	}
	return err
}

func newCSVReader(text string, comma byte) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(comma)
	r.FieldsPerRecord = -1
	return r
}

// separator is the one with which the first rows hold a heading row, or with
// which they hold most columns.
func separator(text string) byte {
	best, most := byte(','), 0
	for _, comma := range []byte{',', '\t', ';'} {
		r := newCSVReader(text, comma)
		columns := 0
		for n := 0; n < headingRows; n++ {
			values, err := r.Read()
			if err != nil {
				break
			}
			if kindOf(values) != kindNone {
				return comma
			}
			columns = max(columns, len(values))
		}
		if columns > most {
			best, most = comma, columns
		}
	}
	return best
}

func csvError(err error, skipped int) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	switch {
	case errors.Is(pe.Err, csv.ErrBareQuote):
		return fmt.Errorf(`%w: line %d has a quotation mark inside a value: put the value in quotes and write the mark twice ("")`, ErrSyntax, pe.Line+skipped)
	case errors.Is(pe.Err, csv.ErrQuote):
		return fmt.Errorf("%w: the quotation mark opened on line %d is not closed before the next column or the end of the file", ErrSyntax, pe.StartLine+skipped)
	}
	return fmt.Errorf("%w: line %d: %s", ErrSyntax, pe.Line+skipped, pe.Err)
}
