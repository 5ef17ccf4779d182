package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// manifestName is the file of a folder of clips that says what is spoken in each.
const manifestName = "manifest.jsonl"

// clipLine is a line of it.
type clipLine struct {
	// File is the recording, a WAV file in the same folder.
	File string `json:"file"`
	// Lang is "ja" or "en"; anything else is measured as Japanese.
	Lang string `json:"lang"`
	// Text is what is spoken; empty when nobody speaks.
	Text string `json:"text"`
}

func readManifest(folder string) ([]clipLine, error) {
	path := filepath.Join(folder, manifestName)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("clips %s: no %s: give a folder with one, a line a clip: {\"file\",\"lang\",\"text\"}", folder, manifestName)
	}
	defer f.Close()
	lines, err := parseManifest(f)
	if err != nil {
		return nil, fmt.Errorf("%s, %w", path, err)
	}
	return lines, nil
}

// parseManifest reads the lines; blank ones are skipped and fields that it does not know are ignored.
func parseManifest(r io.Reader) ([]clipLine, error) {
	var all []clipLine
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var c clipLine
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d: not a JSON object: %w", n, err)
		}
		if c.File == "" {
			return nil, fmt.Errorf("line %d: no file is named", n)
		}
		if !filepath.IsLocal(c.File) {
			return nil, fmt.Errorf("line %d: %s is not in the folder", n, c.File)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
	}
	if len(all) == 0 {
		return nil, errors.New("line 1: no clip is named")
	}
	return all, nil
}

func clipJobs(folder string, clips []clipLine) []job {
	var jobs []job
	for _, c := range clips {
		jobs = append(jobs, job{set: setClips, file: filepath.Join(folder, c.File), language: c.Lang, text: c.Text})
	}
	return jobs
}
