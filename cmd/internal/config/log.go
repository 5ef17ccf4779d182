package config

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Log says what is reported about the program itself. No level reports a shopper's word.
type Log struct {
	// Level is the lowest that is written: "debug", "info", "warn" or "error".
	Level string `toml:"level"`
	// Format is "text" or "json".
	Format string `toml:"format"`
	// File is where it is written, relative to the home; empty means standard error, which is the journal for a service.
	File string `toml:"file"`
	// FileMB is the size, in 2^20 bytes, at which the file is put aside as FILE.old and a new one is begun.
	FileMB int `toml:"file_mb"`
}

// Path returns the absolute path of the log's file, or "" for standard error.
func (l Log) Path(home string) string {
	if l.File == "" || filepath.IsAbs(l.File) {
		return l.File
	}
	return filepath.Join(home, l.File)
}

func defaultLog() Log { return Log{Level: "warn", Format: "text", FileMB: 10} }

func (l Log) check() error {
	switch {
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Level):
		return fmt.Errorf("log.level is %q: use \"debug\", \"info\", \"warn\" or \"error\"", l.Level)
	case !slices.Contains([]string{"text", "json"}, l.Format):
		return fmt.Errorf("log.format is %q: use \"text\" or \"json\"", l.Format)
	case l.FileMB < 1 || l.FileMB > 1024:
		return fmt.Errorf("log.file_mb is %d: use 1 to 1024", l.FileMB)
	}
	return nil
}
