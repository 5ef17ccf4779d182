package knowledge

import (
	"fmt"
	"io"
	"strings"
)

// A Report says what became of every row of an imported file.
type Report struct {
	// Name is the file's name as given to Import.
	Name string `json:"name"`
	// Format is "jsonl", "json" (an array), "csv", "tsv" or "xlsx".
	Format string `json:"format"`
	// Encoding is "UTF-8", "UTF-8 with BOM", "UTF-16", "Shift_JIS" or "EUC-JP";
	// empty for a workbook.
	Encoding string `json:"encoding,omitempty"`
	// Taken counts the rows that are in the batch.
	Taken Counts `json:"taken"`
	// Refused rows are not in the batch. Warnings are about rows that are, or
	// about whole sheets (row 0).
	Refused  []Problem `json:"refused"`
	Warnings []Problem `json:"warnings"`
	// UnknownColumns were not read.
	UnknownColumns []Column `json:"unknown_columns"`
}

// Counts are numbers of items by kind.
type Counts struct {
	Entries  int `json:"entries"`
	Products int `json:"products"`
}

// A Problem is one thing that a person should look at in the file.
type Problem struct {
	// Sheet is the workbook's sheet; empty where there are no sheets.
	Sheet string `json:"sheet,omitempty"`
	// Row counts from 1 as the spreadsheet program shows it; in text files it is
	// the line on which the row begins. 0 concerns the whole sheet or file.
	Row int `json:"row,omitempty"`
	// Column is the heading as it stands in the file; may be empty.
	Column string `json:"column,omitempty"`
	// Reason is one line in lower case.
	Reason string `json:"reason"`
}

// String is "sheet 商品, row 12, 価格: the price is not a number: 時価".
func (p Problem) String() string {
	var parts []string
	if p.Sheet != "" {
		parts = append(parts, "sheet "+p.Sheet)
	}
	if p.Row > 0 {
		parts = append(parts, fmt.Sprintf("row %d", p.Row))
	}
	if p.Column != "" {
		parts = append(parts, p.Column)
	}
	if len(parts) == 0 {
		return p.Reason
	}
	return strings.Join(parts, ", ") + ": " + p.Reason
}

// A Column is a heading of the file.
type Column struct {
	Sheet string `json:"sheet,omitempty"`
	Name  string `json:"name"`
}

// textProblems is how many problems of a kind WriteText prints: a file with a
// column shifted refuses every row for the same reason.
const textProblems = 40

// WriteText writes the report for people: a line of counts, then a line for
// each problem, of each kind no more than 40.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	format := r.Format
	if r.Encoding != "" {
		format += ", " + r.Encoding
	}
	fmt.Fprintf(&b, "%s (%s): %s taken, %d refused, %s\n", r.Name, format, r.Taken,
		len(r.Refused), count(len(r.Warnings), "warning", "warnings"))
	list := func(title string, problems []Problem) {
		for i, p := range problems {
			if i == textProblems {
				fmt.Fprintf(&b, "%s %d more\n", title, len(problems)-i)
				break
			}
			fmt.Fprintf(&b, "%s %s\n", title, p)
		}
	}
	list("refused:", r.Refused)
	list("warning:", r.Warnings)
	for _, c := range r.UnknownColumns {
		if c.Sheet != "" {
			fmt.Fprintf(&b, "not read: column %s of sheet %s\n", c.Name, c.Sheet)
		} else {
			fmt.Fprintf(&b, "not read: column %s\n", c.Name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String is what WriteText writes.
func (r Report) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a strings.Builder does not fail
	return b.String()
}

// String is "96 answers and 210 products"; a kind of which there is none is left out.
func (c Counts) String() string {
	entries, products := count(c.Entries, "answer", "answers"), count(c.Products, "product", "products")
	switch {
	case c.Products == 0:
		return entries
	case c.Entries == 0:
		return products
	}
	return entries + " and " + products
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
