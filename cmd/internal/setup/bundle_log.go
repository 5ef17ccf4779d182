package setup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"time"

	"tenin/cmd/internal/service"
)

// The most of each log that goes into a bundle: its end.
const mostLog = 4 << 20

type logText struct {
	name string
	text []byte
}

// logsOf returns the log's files, or what the journal has of the installed kiosk.
func logsOf(ctx context.Context, o BundleOptions) (list []logText) {
	if path := o.Settings.Log.Path(o.Home); path != "" {
		for _, l := range []struct{ name, path string }{{"tenin.log.old", path + ".old"}, {"tenin.log", path}} {
			if text, err := endOf(l.path); err == nil {
				list = append(list, logText{l.name, records(text)})
			}
		}
		return list
	}
	if !service.Installed(o.Home) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	journal := exec.CommandContext(ctx, "journalctl", "--unit=tenin.service", "--output=cat", "--lines=20000", "--no-pager", "--quiet")
	if text, err := journal.Output(); err == nil {
		list = append(list, logText{"journal.log", records(text)})
	}
	return list
}

// endOf reads the end of a file, from the start of a line.
func endOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %w", path, err)
	}
	from := max(info.Size()-mostLog, 0)
	text, err := io.ReadAll(io.NewSectionReader(f, from, mostLog))
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text, err
}

// textRecord is a line of our log in text form: slog's, with the time and the level first. Its messages, keys and values are
// constants of the program, which are in ASCII, numbers, and names of accounts and devices in letters and digits.
var textRecord = regexp.MustCompile(`^(<[0-7]>)?(time=\S+ )?level=[A-Z]+(\+\d+)? msg=("([^"\\]|\\.)*"|\S+)( [A-Za-z0-9_.]+=("([^"\\]|\\.)*"|\S*))*$`)

// records leaves the lines that are records of our log, and says at the end how many others there were: in the journal
// systemd writes too, and a file that somebody put in the log's place is not ours to give away.
func records(text []byte) []byte {
	var out bytes.Buffer
	others := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, mostLog+1)
	for lines.Scan() {
		line := lines.Bytes()
		switch {
		case len(line) == 0:
		case isRecord(line):
			out.Write(line)
			out.WriteByte('\n')
		default:
			others++
		}
	}
	if others > 0 {
		fmt.Fprintf(&out, "(%d lines are no records of this program's log and were left out)\n", others)
	}
	return out.Bytes()
}

func isRecord(line []byte) bool {
	for _, c := range line {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	if textRecord.Match(line) {
		return true
	}
	var record struct {
		Level   string  `json:"level"`
		Message *string `json:"msg"`
	}
	return line[0] == '{' && json.Unmarshal(line, &record) == nil && record.Level != "" && record.Message != nil
}
