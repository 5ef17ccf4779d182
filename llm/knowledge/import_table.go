package knowledge

import (
	"context"
	"fmt"
	"strings"
)

// headingRows is how many rows from the top may be titles, dates and notes
// before the row of headings.
const headingRows = 30

// A table is a sheet, or a CSV file as a whole.
type table struct {
	sheet  string
	rows   []tableRow
	merges []merge
}

type tableRow struct {
	number int // as the spreadsheet program shows it
	cells  []cell
}

func (r tableRow) at(column int) cell {
	if column < len(r.cells) {
		return r.cells[column]
	}
	return cell{}
}

func (r tableRow) empty() bool {
	for _, c := range r.cells {
		if !c.empty() {
			return false
		}
	}
	return true
}

// A merge is a rectangle of cells that a workbook shows as one: rows as the
// program numbers them, columns from 0, both ends included.
type merge struct {
	top, left, bottom, right int
	ref                      string // B4:B6
	value                    cell
}

func (m merge) covers(row, column int) bool {
	return m.top <= row && row <= m.bottom && m.left <= column && column <= m.right
}

// filledDown are the fields where a cell merged over several rows can only mean
// that all of them share its value.
var filledDown = map[field]bool{
	fieldTopic: true, fieldBrand: true, fieldAudience: true, fieldLanguage: true,
	fieldPlace: true, fieldFloor: true, fieldValidFrom: true, fieldValidUntil: true,
}

// A heading is the heading row of a table, read.
type heading struct {
	kind    kind
	first   int // index in table.rows of the first row of data
	columns map[int]field
	names   map[int]string
	texts   []string // of the row, to know it when it is printed again further down
}

// takeTable collects the rows of a table. found is false when it has no heading row.
func (c *collector) takeTable(ctx context.Context, t *table) (found bool, err error) {
	h, ok := t.heading()
	if !ok {
		return false, nil
	}
	if h.kind == kindProduct {
		c.batch.HasProducts = true
	} else {
		c.batch.HasEntries = true
	}
	c.checkColumns(t, &h)
	refused := c.applyMerges(t, h)
	for i := h.first; i < len(t.rows); i++ {
		if err := c.checkRow(ctx, i); err != nil {
			return true, err
		}
		r := t.rows[i]
		if r.empty() || h.repeated(r) {
			continue
		}
		if p, ok := refused[r.number]; ok {
			c.refuse(t.sheet, r.number, p.Column, p.Reason)
			c.keep(h, r)
			continue
		}
		if rec := h.record(t.sheet, r); len(rec.values) > 0 {
			c.take(rec)
		}
	}
	return true, nil
}

// keep remembers the ID of a row refused before it was read.
func (c *collector) keep(h heading, r tableRow) {
	for col, f := range h.columns {
		if f != fieldID || r.at(col).empty() {
			continue
		}
		id := oneLine(r.at(col).text)
		if h.kind == kindProduct {
			c.batch.KeepProducts = append(c.batch.KeepProducts, id)
		} else {
			c.batch.KeepEntries = append(c.batch.KeepEntries, id)
		}
	}
}

// heading finds the heading row below title rows. Headings may stand on two
// rows where the upper one is merged (有効期間 over 開始 and 終了).
func (t *table) heading() (heading, bool) {
	seen := 0
	for i, r := range t.rows {
		if r.empty() {
			continue
		}
		if seen++; seen > headingRows {
			break
		}
		texts := make([]string, len(r.cells))
		for j, c := range r.cells {
			texts[j] = c.text
		}
		k := kindOf(texts)
		if k == kindNone {
			continue
		}
		last := t.headingEnd(r)
		h := heading{kind: k, first: i + 1, columns: map[int]field{}, names: map[int]string{}, texts: texts}
		var below []tableRow
		for h.first < len(t.rows) && t.rows[h.first].number <= last {
			below = append(below, t.rows[h.first])
			h.first++
		}
		width := len(r.cells)
		for _, b := range below {
			width = max(width, len(b.cells))
		}
		for j := range width {
			top, inherited := t.headingText(r, j)
			h.column(j, top, inherited, below)
		}
		return h, true
	}
	return heading{}, false
}

// headingEnd is the number of the last row of headings: heading cells merged
// downwards say how far they reach.
func (t *table) headingEnd(r tableRow) int {
	end := r.number
	for _, m := range t.merges {
		if m.top == r.number && !m.value.empty() {
			end = max(end, m.bottom)
		}
	}
	return end
}

// headingText is the heading over a column. It is inherited when it stands over
// a column further left and is merged across this one too; then rows of
// headings below it must tell the columns apart.
func (t *table) headingText(r tableRow, column int) (text string, inherited bool) {
	if text := oneLine(r.at(column).text); text != "" {
		return text, false
	}
	for _, m := range t.merges {
		if m.top == r.number && m.covers(r.number, column) {
			return oneLine(m.value.text), true
		}
	}
	return "", false
}

func (h *heading) column(column int, top string, inherited bool, below []tableRow) {
	name := top
	for _, b := range below {
		if sub := oneLine(b.at(column).text); sub != "" {
			for _, candidate := range []string{top + sub, sub} {
				if f, ok := fieldFor(h.kind, candidate); ok {
					h.columns[column], h.names[column] = f, sub
					return
				}
			}
			name, inherited = strings.TrimSpace(top+" "+sub), false
		}
	}
	if name == "" || inherited {
		return
	}
	h.names[column] = name
	if f, ok := fieldFor(h.kind, top); ok {
		h.columns[column] = f
	}
}

// checkColumns reports columns that are not read: unknown ones, and the second
// of a field that takes one value. Columns without any value are not worth a line.
func (c *collector) checkColumns(t *table, h *heading) {
	width := 0
	for column := range h.names {
		width = max(width, column+1)
	}
	first := map[field]string{}
	for column := range width {
		name, named := h.names[column]
		if !named {
			continue
		}
		f, known := h.columns[column]
		if !known {
			c.unknownColumn(t.sheet, name)
			continue
		}
		if have, twice := first[f]; twice && !isList(f) && f != fieldPlace {
			c.warn(t.sheet, 0, name, fmt.Sprintf("a second column of the same meaning as %s, not read", have))
			delete(h.columns, column)
			continue
		}
		if _, twice := first[f]; !twice {
			first[f] = name
		}
	}
}

func (h heading) repeated(r tableRow) bool {
	for i, text := range h.texts {
		if r.at(i).text != text {
			return false
		}
	}
	return len(r.cells) <= len(h.texts)
}

func (h heading) record(sheet string, r tableRow) record {
	rec := record{sheet: sheet, row: r.number, kind: h.kind, values: map[field]cell{}, headings: map[field]string{}}
	for column := range r.cells {
		f, ok := h.columns[column]
		if !ok {
			continue
		}
		if _, ok := rec.headings[f]; !ok {
			rec.headings[f] = h.names[column]
		}
		v := r.cells[column]
		if v.empty() {
			continue
		}
		had, twice := rec.values[f]
		switch {
		case !twice:
			rec.values[f] = v
		case f == fieldPlace: // 売場 and 棚
			rec.values[f] = cell{text: had.text + " " + v.text}
		default:
			rec.values[f] = joinLists(f, had, v)
		}
	}
	// The names of columns to the right of the row's last value.
	for column, f := range h.columns {
		if _, ok := rec.headings[f]; !ok {
			rec.headings[f] = h.names[column]
		}
	}
	return rec
}

// applyMerges gives merged cells their meaning: a category merged over rows is
// filled down, a title across the table is passed over, and rows where a merged
// cell leaves open which row a value belongs to are returned with the reason to
// refuse them.
func (c *collector) applyMerges(t *table, h heading) map[int]Problem {
	refused := map[int]Problem{}
	if len(t.merges) == 0 || h.first >= len(t.rows) {
		return refused
	}
	index := map[int]int{}
	for i, r := range t.rows {
		index[r.number] = i
	}
	firstRow := t.rows[h.first].number
	lastRow := t.rows[len(t.rows)-1].number
	for _, m := range t.merges {
		m.top = max(m.top, 1)
		if m.bottom < firstRow || m.top > lastRow || m.value.empty() {
			continue
		}
		var columns []int
		for column := m.left; column <= m.right && column < m.left+256; column++ {
			if _, ok := h.columns[column]; ok {
				columns = append(columns, column)
			}
		}
		if len(columns) == 0 {
			continue
		}
		bottom := min(m.bottom, lastRow)
		alone := m.top == m.bottom && t.onlyValue(index, m)
		switch {
		case len(columns) == 1 && m.top == m.bottom && columns[0] == m.left:
			// Merged with columns that have no heading: the value is where it belongs.
		case len(columns) > 1 && alone:
			c.warn(t.sheet, m.top, "", fmt.Sprintf("passed over as a title: %s", excerpt(m.value.text)))
			t.rows[index[m.top]].cells = nil
		case len(columns) == 1 && columns[0] == m.left && filledDown[h.columns[m.left]]:
			filled := 0
			for number := m.top; number <= bottom; number++ {
				i, ok := index[number]
				if !ok || t.rows[i].empty() {
					continue
				}
				t.set(i, m.left, m.value)
				filled++
			}
			if filled > 1 {
				c.warn(t.sheet, m.top, h.names[m.left], fmt.Sprintf("merged cells %s: %s is used for all rows down to %d", m.ref, excerpt(m.value.text), bottom))
			}
		default:
			for number := max(m.top, firstRow); number <= bottom; number++ {
				if _, ok := refused[number]; !ok {
					refused[number] = Problem{Column: h.names[columns[0]], Reason: fmt.Sprintf("the cells %s are merged, so this row has no value of its own: unmerge them and fill every row", m.ref)}
				}
			}
		}
	}
	return refused
}

// onlyValue tells whether the merged cell is all that its row holds.
func (t *table) onlyValue(index map[int]int, m merge) bool {
	i, ok := index[m.top]
	if !ok {
		return false
	}
	for column, c := range t.rows[i].cells {
		if !c.empty() && !m.covers(m.top, column) {
			return false
		}
	}
	return true
}

func (t *table) set(row, column int, v cell) {
	cells := append([]cell(nil), t.rows[row].cells...)
	for len(cells) <= column {
		cells = append(cells, cell{})
	}
	cells[column] = v
	t.rows[row].cells = cells
}
