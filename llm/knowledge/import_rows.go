package knowledge

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths in characters. An answer of 200 characters takes about half a minute
// to speak; of 1,000, more than two, and nobody stands in front of a screen so
// long.
const (
	maxCellLength     = 10_000
	maxAnswerLength   = 1_000
	maxSpokenLength   = 200
	maxQuestionLength = 500
	maxIDLength       = 100
)

// A collector turns records into entries and products and writes the report.
type collector struct {
	batch    Batch
	report   Report
	date1904 bool

	entryRows   map[EntryKey]record
	productRows map[string]record
}

func newCollector(name string) *collector {
	return &collector{
		report:      Report{Name: name, Refused: []Problem{}, Warnings: []Problem{}, UnknownColumns: []Column{}},
		entryRows:   map[EntryKey]record{},
		productRows: map[string]record{},
	}
}

func (c *collector) warn(sheet string, row int, column, reason string) {
	c.report.Warnings = append(c.report.Warnings, Problem{sheet, row, column, reason})
}

func (c *collector) refuse(sheet string, row int, column, reason string) {
	c.report.Refused = append(c.report.Refused, Problem{sheet, row, column, reason})
}

func (c *collector) unknownColumn(sheet, name string) {
	col := Column{sheet, excerpt(name)}
	for _, have := range c.report.UnknownColumns {
		if have == col {
			return
		}
	}
	c.report.UnknownColumns = append(c.report.UnknownColumns, col)
}

// A fieldError is a reason to refuse a row, with the column that it is in.
type fieldError struct {
	field field
	err   error
}

func (e fieldError) Error() string { return e.err.Error() }

// A row reads the values of one record. The first error sticks.
type row struct {
	*collector
	record
	err error
}

func (r *row) fail(f field, err error) {
	if r.err == nil {
		r.err = fieldError{f, err}
	}
}

func (r *row) warnField(f field, reason string) {
	r.collector.warn(r.sheet, r.record.row, r.headings[f], reason)
}

// text is the cleaned value of a field, line breaks kept.
func (r *row) text(f field) string {
	v, ok := r.values[f]
	if !ok {
		return ""
	}
	if v.wrong != "" {
		r.fail(f, errors.New(v.wrong))
		return ""
	}
	if v.list != nil {
		r.fail(f, errors.New("holds a list where one value belongs"))
		return ""
	}
	return r.clean(f, v.text)
}

func (r *row) clean(f field, text string) string {
	if n := utf8.RuneCountInString(text); n > maxCellLength {
		r.fail(f, fmt.Errorf("%d characters, at most %d fit", n, maxCellLength))
		return ""
	}
	t, err := cleanText(text)
	if err != nil {
		r.fail(f, err)
		return ""
	}
	if spreadsheetErrors[t] {
		r.fail(f, fmt.Errorf("the cell shows the error %s", t))
		return ""
	}
	return t
}

func (r *row) line(f field) string { return oneLine(r.text(f)) }

// lines is the value of a field with several values, without repetitions and
// without what is in not.
func (r *row) lines(f field, not ...string) []string {
	v := r.values[f]
	if v.wrong != "" {
		r.fail(f, errors.New(v.wrong))
		return nil
	}
	// A list from JSON is taken as it stands: its author has already cut it.
	parts := v.list
	if parts == nil {
		parts = splitList(f, r.clean(f, v.text))
	}
	seen := map[string]bool{}
	for _, n := range not {
		seen[n] = true
	}
	var out []string
	for _, p := range parts {
		p = oneLine(r.clean(f, p))
		if p == "" || seen[p] {
			continue
		}
		seen[p] = true
		out = append(out, p)
	}
	return out
}

func (r *row) id() string {
	id := norm.NFKC.String(r.line(fieldID))
	if utf8.RuneCountInString(id) > maxIDLength {
		r.fail(fieldID, fmt.Errorf("an id of %d characters, at most %d fit", utf8.RuneCountInString(id), maxIDLength))
	}
	return id
}

// take adds one record to the batch, or its reason to the report.
func (c *collector) take(rec record) {
	r := &row{collector: c, record: rec}
	warnings := len(c.report.Warnings)
	var id string
	if rec.kind == kindProduct {
		c.batch.HasProducts = true
		id = r.takeProduct()
	} else {
		c.batch.HasEntries = true
		id = r.takeEntry()
	}
	if r.err == nil {
		return
	}
	// A refused row is spoken of once, by what it was refused for.
	c.report.Warnings = c.report.Warnings[:warnings]
	var fe fieldError
	errors.As(r.err, &fe)
	column := rec.headings[fe.field]
	if column == "" {
		column = string(fe.field)
	}
	c.refuse(rec.sheet, rec.row, column, r.err.Error())
	if id == "" {
		return
	}
	if rec.kind == kindProduct {
		c.batch.KeepProducts = append(c.batch.KeepProducts, id)
	} else {
		c.batch.KeepEntries = append(c.batch.KeepEntries, id)
	}
}

// takeEntry returns the ID that the row has, if it got as far as to have one.
func (r *row) takeEntry() string {
	e := Entry{ID: r.id(), Question: r.line(fieldQuestion), Answer: r.text(fieldAnswer)}
	if e.Question == "" {
		r.fail(fieldQuestion, errors.New("the question is missing"))
		return e.ID
	}
	derived := e.ID == ""
	if derived {
		e.ID = DeriveEntryID(e.Question)
	}
	if n := utf8.RuneCountInString(e.Question); n > maxQuestionLength {
		r.fail(fieldQuestion, fmt.Errorf("a question of %d characters, at most %d fit", n, maxQuestionLength))
	}
	e.Variants = r.lines(fieldVariants, e.Question)
	switch n := utf8.RuneCountInString(e.Answer); {
	case n == 0:
		r.fail(fieldAnswer, errors.New("the answer is missing"))
	case n > maxAnswerLength:
		r.fail(fieldAnswer, fmt.Errorf("an answer of %d characters is too long to be spoken, at most %d fit: move the rest to the detail", n, maxAnswerLength))
	case n > maxSpokenLength:
		r.warnField(fieldAnswer, fmt.Sprintf("an answer of %d characters takes long to speak, %d or fewer are better", n, maxSpokenLength))
	}
	e.Detail, e.Topic, e.Brand = r.text(fieldDetail), r.line(fieldTopic), r.line(fieldBrand)
	e.Audience, e.Place = r.line(fieldAudience), r.line(fieldPlace)
	var err error
	if e.Language, err = parseLanguage(r.line(fieldLanguage)); err != nil {
		r.fail(fieldLanguage, err)
	}
	if e.Language == "" {
		e.Language = guessLanguage(e.Question, e.Answer)
	}
	if e.ValidFrom, err = parseDay(r.text(fieldValidFrom), r.values[fieldValidFrom].raw, r.date1904); err != nil {
		r.fail(fieldValidFrom, err)
	}
	if e.ValidUntil, err = parseDay(r.text(fieldValidUntil), r.values[fieldValidUntil].raw, r.date1904); err != nil {
		r.fail(fieldValidUntil, err)
	}
	if !e.ValidFrom.IsZero() && !e.ValidUntil.IsZero() && e.ValidUntil.Before(e.ValidFrom) {
		r.fail(fieldValidUntil, fmt.Errorf("ends on %s, before it begins on %s", formatDay(e.ValidUntil), formatDay(e.ValidFrom)))
	}
	if r.err != nil {
		return e.ID
	}
	if first, ok := r.entryRows[e.Key()]; ok {
		r.duplicate(first, derived, "question", e.Key().String())
		return "" // the first row of that ID stands
	}
	r.entryRows[e.Key()] = record{sheet: r.sheet, row: r.record.row}
	r.batch.Entries = append(r.batch.Entries, e)
	return e.ID
}

func (r *row) takeProduct() string {
	p := Product{ID: r.id(), Name: r.line(fieldName)}
	if p.Name == "" {
		r.fail(fieldName, errors.New("the product's name is missing"))
		return p.ID
	}
	var warning string
	if p.JAN, warning = parseJAN(r.line(fieldJAN), r.values[fieldJAN].raw); warning != "" {
		r.warnField(fieldJAN, warning)
	}
	derived := p.ID == ""
	if derived {
		p.ID = DeriveProductID(p.JAN, p.Name)
	}
	p.Reading, p.Aliases = r.line(fieldReading), r.lines(fieldAliases, p.Name)
	p.Place, p.Floor = r.line(fieldPlace), r.line(fieldFloor)
	var err error
	if p.Price, err = parsePrice(r.line(fieldPrice), r.values[fieldPrice].raw); err != nil {
		r.fail(fieldPrice, err)
	}
	if p.Stock, warning, err = parseStock(r.line(fieldStock), r.values[fieldStock].raw); err != nil {
		r.fail(fieldStock, err)
	} else if warning != "" {
		r.warnField(fieldStock, warning)
	}
	if r.err != nil {
		return p.ID
	}
	if first, ok := r.productRows[p.ID]; ok {
		r.duplicate(first, derived, "product", p.ID)
		return ""
	}
	r.productRows[p.ID] = record{sheet: r.sheet, row: r.record.row}
	r.batch.Products = append(r.batch.Products, p)
	return p.ID
}

func (r *row) duplicate(first record, derived bool, what, id string) {
	where := fmt.Sprintf("row %d", first.row)
	if first.sheet != r.sheet {
		where = "sheet " + first.sheet + ", " + where
	}
	if derived {
		r.fail(fieldID, fmt.Errorf("the same %s as in %s", what, where))
	} else {
		r.fail(fieldID, fmt.Errorf("the id %s is already that of %s", excerpt(id), where))
	}
}
