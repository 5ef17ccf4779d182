package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// WhisperCLI finds the whisper-cli that was built with the engines: in $TENIN_ENGINES, else the newest in the build cache.
func WhisperCLI() (string, error) {
	const name = "bin/whisper-cli"
	if dir := os.Getenv("TENIN_ENGINES"); dir != "" {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("the peer %s is not there: TENIN_ENGINES must name a folder that `make engines` built, or leave the peers out with --no-peer", path)
		}
		return path, nil
	}
	cache := os.Getenv("TENIN_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no build cache is known: set TENIN_ENGINES, or leave the peers out with --no-peer")
		}
		cache = filepath.Join(user, "tenin")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "engines-*", name))
	newest, at := "", time.Time{}
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(at) {
			newest, at = path, info.ModTime()
		}
	}
	if newest == "" {
		return "", fmt.Errorf("the peer whisper-cli is not in the build cache %s: run `make engines`, or leave the peers out with --no-peer", cache)
	}
	return newest, nil
}

// whisperCLI runs the peer with its defaults on one file: a process a file, which loads the model. Only the language is
// given, for its default is English.
type whisperCLI struct{ program, model string }

var timestamp = regexp.MustCompile(`(?m)^\[[0-9:.]+ --> [0-9:.]+\] *`)

func (w whisperCLI) transcribe(ctx context.Context, file, language string) (string, time.Duration, error) {
	start := time.Now()
	c := exec.CommandContext(ctx, w.program, "-m", w.model, "-l", language, "-f", file, "-np")
	var out, problem bytes.Buffer
	c.Stdout, c.Stderr = &out, &problem
	err := c.Run()
	took := time.Since(start)
	if ctx.Err() != nil {
		return "", took, ctx.Err()
	}
	if err != nil {
		return "", took, fmt.Errorf("the peer whisper-cli failed on %s: %w", filepath.Base(file), errors.Join(err, lastLine(problem.String())))
	}
	return plainTranscript(out.String()), took, nil
}

// plainTranscript takes the times away that whisper-cli prints before each segment.
func plainTranscript(output string) string {
	lines := strings.Split(timestamp.ReplaceAllString(output, ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, " "))
}

// lastLine is what a program said last, as an error; nil when it said nothing.
func lastLine(text string) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return errors.New(last)
	}
	return nil
}
