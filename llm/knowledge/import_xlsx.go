package knowledge

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// readWorkbook reads every visible sheet of an .xlsx workbook (ECMA-376).
func (c *collector) readWorkbook(ctx context.Context, data []byte) (err error) {
	if err := checkPackage(data); err != nil {
		return err
	}
	// The reader of workbooks is built for files that a spreadsheet program
	// wrote. On others it can panic.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the workbook's inner structure is broken: open it and save it again", ErrSyntax)
		}
	}()
	// The limit for one sheet is that of the whole: above it sheets would be
	// unpacked to temporary files.
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpackedBytes, UnzipXMLSizeLimit: maxUnpackedBytes,
	})
	if err != nil {
		return workbookError(err)
	}
	defer f.Close()
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		c.date1904 = *props.Date1904
	}
	rows, found := 0, false
	for _, sheet := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(sheet); err == nil && !visible {
			c.warn(sheet, 0, "", "the sheet is hidden and was not read: show it to import it")
			continue
		}
		t, err := c.readSheet(ctx, f, sheet, &rows)
		if err != nil {
			return err
		}
		ok, err := c.takeTable(ctx, t)
		if err != nil {
			return err
		}
		found = found || ok
		if !ok && !t.blank() {
			c.warn(sheet, 0, "", "no heading row with 質問 and 回答, or with 商品名: the sheet was not read")
		}
	}
	if !found {
		return fmt.Errorf("%w: one sheet needs a row with 質問 and 回答 (question, answer), or with 商品名 (name) and a column beside it such as 売場 or 価格", ErrNoHeadings)
	}
	return nil
}

func (t *table) blank() bool {
	for _, r := range t.rows {
		if !r.empty() {
			return false
		}
	}
	return true
}

// readSheet reads cells twice: as they are shown, which is what texts and codes
// such as 001 mean, and as they are stored, which is what dates, prices and bar
// codes mean.
func (c *collector) readSheet(ctx context.Context, f *excelize.File, sheet string, total *int) (*table, error) {
	t := &table{sheet: sheet}
	shown, err := f.Rows(sheet)
	if err != nil {
		// A chart sheet has no rows.
		return t, nil
	}
	defer shown.Close()
	stored, err := f.Rows(sheet)
	if err != nil {
		return nil, workbookError(err)
	}
	defer stored.Close()
	for number := 1; shown.Next() && stored.Next(); number++ {
		texts, err := shown.Columns()
		if err != nil {
			return nil, workbookError(err)
		}
		raws, err := stored.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, workbookError(err)
		}
		*total++
		if err := c.checkRow(ctx, *total); err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			continue
		}
		row := tableRow{number: number, cells: make([]cell, len(texts))}
		for i, text := range texts {
			row.cells[i].text = text
			if i < len(raws) && raws[i] != text {
				if _, err := strconv.ParseFloat(raws[i], 64); err == nil {
					row.cells[i].raw = raws[i]
				}
			}
		}
		t.rows = append(t.rows, row)
	}
	if err := errors.Join(shown.Error(), stored.Error()); err != nil {
		return nil, workbookError(err)
	}
	return t, t.readMerges(f)
}

func (t *table) readMerges(f *excelize.File) error {
	merged, err := f.GetMergeCells(t.sheet)
	if err != nil {
		return workbookError(err)
	}
	rows := map[int]tableRow{}
	for _, r := range t.rows {
		rows[r.number] = r
	}
	for _, m := range merged {
		left, top, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		right, bottom, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err1 != nil || err2 != nil || left == right && top == bottom {
			continue
		}
		span := merge{top: top, left: left - 1, bottom: bottom, right: right - 1, ref: m.GetStartAxis() + ":" + m.GetEndAxis()}
		span.value = rows[top].at(left - 1)
		t.merges = append(t.merges, span)
	}
	slices.SortFunc(t.merges, func(a, b merge) int {
		return cmp.Or(cmp.Compare(a.top, b.top), cmp.Compare(a.left, b.left))
	})
	return nil
}

// checkPackage tells a workbook from other files that are zip archives inside.
func checkPackage(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("%w: the workbook is cut or broken, its end is missing", ErrSyntax)
	}
	has := map[string]bool{}
	unpacked := uint64(0)
	for _, file := range z.File {
		// What a file claims to unpack to is binding: the unpacker stops there.
		if unpacked += min(file.UncompressedSize64, maxUnpackedBytes+1); unpacked > maxUnpackedBytes {
			return errUnpacked
		}
		name := strings.ToLower(strings.TrimPrefix(file.Name, "/"))
		has[name] = true
		has[strings.SplitN(name, "/", 2)[0]+"/"] = true
	}
	switch {
	case has["xl/workbook.xml"]:
		return nil
	case has["xl/workbook.bin"]:
		return fmt.Errorf("%w: it is a binary workbook (.xlsb); save it as .xlsx", ErrNotKnowledge)
	case has["xl/"]:
		return nil
	case has["content.xml"]:
		return fmt.Errorf("%w: it is an OpenDocument file; save it as .xlsx or CSV", ErrNotKnowledge)
	case has["word/"]:
		return fmt.Errorf("%w: it is a Word document; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
	case has["ppt/"]:
		return fmt.Errorf("%w: it is a PowerPoint file; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
	case has["index/"]:
		return fmt.Errorf("%w: it is a Numbers file; export it as .xlsx or CSV", ErrNotKnowledge)
	}
	return fmt.Errorf("%w: it is a zip archive; unpack it first", ErrNotKnowledge)
}

var errUnpacked = fmt.Errorf("%w: the workbook unpacks to more than %d MB", ErrTooLarge, maxUnpackedBytes>>20)

func workbookError(err error) error {
	text := err.Error()
	if strings.HasPrefix(text, "unzip size exceeds") {
		return errUnpacked
	}
	if errors.Is(err, excelize.ErrWorkbookFileFormat) || errors.Is(err, excelize.ErrWorkbookPassword) {
		return fmt.Errorf("%w: %s", ErrSyntax, oneLine(text))
	}
	return fmt.Errorf("%w: the workbook cannot be read: %s", ErrSyntax, oneLine(text))
}
