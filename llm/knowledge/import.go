package knowledge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Limits of an imported file. A chain's whole list of goods is below a tenth of
// each.
const (
	// MaxFileBytes is the size of the file.
	MaxFileBytes = 64 << 20
	// MaxRows is the number of rows in all sheets together.
	MaxRows = 200_000
	// maxUnpackedBytes is what a workbook may unpack to.
	maxUnpackedBytes = 256 << 20
)

// Import reads a knowledge file. What it is, is decided from its content; name
// is used in messages alone.
//
// The batch holds every row that could be taken, with an ID and a language; the
// report tells about the others. The error is nil when at least one row was
// taken. It wraps [ErrNotKnowledge], [ErrEmpty], [ErrSyntax], [ErrEncoding],
// [ErrPassword], [ErrOldExcel], [ErrNoHeadings], [ErrTooLarge] or
// [ErrNothingTaken] when the file as a whole is of no use, the error of r when
// it cannot be read, or that of ctx. The report is filled as far as the import
// came.
func Import(ctx context.Context, name string, r io.Reader) (Batch, Report, error) {
	c := newCollector(filepath.Base(name))
	data, err := io.ReadAll(io.LimitReader(contextReader{ctx, r}, MaxFileBytes+1))
	if err == nil {
		err = c.read(ctx, data)
	}
	c.report.Taken = Counts{len(c.batch.Entries), len(c.batch.Products)}
	if err == nil && c.report.Taken == (Counts{}) {
		err = c.nothingTaken()
	}
	if err != nil {
		return Batch{}, c.report, fmt.Errorf("%s: %w", c.report.Name, err)
	}
	c.batch.Source = c.report.Name
	return c.batch, c.report, nil
}

func (c *collector) nothingTaken() error {
	if n := len(c.report.Refused); n > 0 {
		return fmt.Errorf("%w: %d refused, the first: %s", ErrNothingTaken, n, c.report.Refused[0])
	}
	return fmt.Errorf("%w: there are headings, but no row below them", ErrNothingTaken)
}

// signatures of files that people pick by mistake.
var signatures = []struct{ magic, what string }{
	{"%PDF", "a PDF"}, {"\x89PNG", "a picture"}, {"\xff\xd8\xff", "a picture"}, {"GIF8", "a picture"},
	{"RIFF", "a sound or video file"}, {"ID3", "a sound file"}, {"OggS", "a sound file"}, {"fLaC", "a sound file"},
	{"\x1f\x8b", "a compressed file (gzip): unpack it first"}, {"7z\xbc\xaf", "a compressed file (7z): unpack it first"},
	{"Rar!", "a compressed file (rar): unpack it first"}, {"\x7fELF", "a program"}, {"MZ\x90", "a program"},
	{"SQLite format 3", "a database"}, {"GGUF", "model weights"}, {"{\\rtf", "a text document (RTF): save it as CSV"},
}

func (c *collector) read(ctx context.Context, data []byte) error {
	if len(data) > MaxFileBytes {
		return fmt.Errorf("%w: more than %d MB", ErrTooLarge, MaxFileBytes>>20)
	}
	if len(data) == 0 {
		return ErrEmpty
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		c.report.Format = "xlsx"
		return c.readWorkbook(ctx, data)
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return compoundFile(data)
	}
	for _, s := range signatures {
		if bytes.HasPrefix(data, []byte(s.magic)) {
			return fmt.Errorf("%w: it is %s; give JSON lines, CSV or .xlsx", ErrNotKnowledge, s.what)
		}
	}
	text, encoding, err := decodeText(data)
	if err != nil {
		return err
	}
	c.report.Encoding = encoding
	switch first := strings.TrimSpace(text); {
	case first == "":
		return ErrEmpty
	case first[0] == '{' || first[0] == '[' && looksLikeArray(first):
		c.report.Format = "jsonl"
		return c.readJSON(ctx, text)
	case first[0] == '<':
		return fmt.Errorf("%w: it is a web page or XML; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
	}
	return c.readCSV(ctx, text)
}

// looksLikeArray tells [{"id"… from a CSV whose first cell is [改訂版].
func looksLikeArray(text string) bool {
	rest := strings.TrimSpace(text[1:])
	return rest == "" || rest[0] == '{' || rest[0] == ']'
}

// compoundFile names what an OLE2 container holds: Excel wraps a workbook with
// a password in one ([MS-OFFCRYPTO] 2.3), and .xls is one ([MS-XLS] 2.1.2). Its
// stream names are UTF-16.
func compoundFile(data []byte) error {
	stream := func(name string) bool {
		var wide []byte
		for i := 0; i < len(name); i++ {
			wide = append(wide, name[i], 0)
		}
		return bytes.Contains(data, wide)
	}
	switch {
	case stream("EncryptedPackage"), stream("EncryptionInfo"):
		return fmt.Errorf("%w: open it, remove the password and save it again", ErrPassword)
	case stream("WordDocument"):
		return fmt.Errorf("%w: it is a Word document; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
	case stream("Workbook"), stream("Book"):
		return fmt.Errorf("%w (Excel 97-2003): open it and save it as .xlsx", ErrOldExcel)
	}
	return fmt.Errorf("%w: it is an old Office file; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
}

// checkRow is called for every row of every source: it ends an import that was
// cancelled or that passes MaxRows.
func (c *collector) checkRow(ctx context.Context, rows int) error {
	if rows > MaxRows {
		return fmt.Errorf("%w: more than %d rows", ErrTooLarge, MaxRows)
	}
	if rows%256 == 0 {
		return ctx.Err()
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// lineAt is the number of the line that holds the byte at offset, from 1.
func lineAt(text string, offset int) int {
	return 1 + strings.Count(text[:min(offset, len(text))], "\n")
}

// isBinary tells data that no text encoding of ours has: NUL bytes, or many
// control characters.
func isBinary(data []byte) bool {
	head := data[:min(len(data), 4096)]
	control := 0
	for _, b := range head {
		if b == 0 {
			return true
		}
		if b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != '\f' && b != 0x1b {
			control++
		}
	}
	return control > len(head)/20
}
