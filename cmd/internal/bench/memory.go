package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/llm"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// MemoryReport is how much memory the models take.
type MemoryReport struct {
	// PSS is the memory of the process with every default model loaded, in MB (1,000,000 bytes): its own pages, and its
	// share of those that it has in common with others (proportional set size).
	PSS float64 `json:"pss_mb"`
	// Used is the same after each model has worked on one question.
	Used float64 `json:"pss_used_mb"`
	// Limit is what PSS should stay under.
	Limit float64 `json:"limit_mb"`
	// Steps tell what each part added, in the order of loading.
	Steps []MemoryStep `json:"steps"`
}

// MemoryStep is a part and what it added in MB.
type MemoryStep struct {
	Part  string  `json:"part"`
	Added float64 `json:"added_mb"`
}

// memoryLimit is the target for a kiosk of 4 GB, in MB.
const memoryLimit = 1300

// Memory loads the default models one after the other and uses each once, and weighs the process after each.
func Memory(ctx context.Context, home string, settings config.Config) (report MemoryReport, err error) {
	report.Limit = memoryLimit
	if home, err = DemoHome(home); err != nil {
		return report, err
	}
	last := 0.0
	weigh := func(part string) error {
		held, err := worker.PSS(os.Getpid())
		if err != nil {
			return fmt.Errorf("memory cannot be measured here: %w", err)
		}
		pss := float64(held) / 1e6
		report.Steps = append(report.Steps, MemoryStep{part, tenth(pss - last)})
		last = pss
		return nil
	}
	if err := weigh("program"); err != nil {
		return report, err
	}
	reading.Default()
	if err := weigh("words and readings (kagome)"); err != nil {
		return report, err
	}
	open := func(part string, parts kiosk.Parts) (*kiosk.Clerk, error) {
		c, err := kiosk.Open(ctx, kiosk.Options{Home: home, Config: settings, Parts: parts, Language: "ja"})
		if err != nil {
			return nil, err
		}
		return c, weigh(part)
	}
	knowing, err := open("knowledge and its embedder (e5)", kiosk.Knowing)
	if knowing != nil {
		defer knowing.Close()
	}
	if err != nil {
		return report, err
	}
	hearing, err := open("recogniser and voice detector (Whisper, Silero)", kiosk.Hearing)
	if hearing != nil {
		defer hearing.Close()
	}
	if err != nil {
		return report, err
	}
	speaking, err := open("voice (Kokoro)", kiosk.Speaking)
	if speaking != nil {
		defer speaking.Close()
	}
	if err != nil {
		return report, err
	}
	path, err := knowing.Weights().Path(models.Gemma)
	if err != nil {
		return report, err
	}
	generator, err := llm.OpenGenerator(ctx, path, llm.GeneratorOptions{Threads: knowing.Threads()})
	if err != nil {
		return report, err
	}
	defer generator.Close()
	if err := weigh("language model (Gemma)"); err != nil {
		return report, err
	}
	report.PSS = tenth(last)

	const question = "営業時間を教えてください。"
	clip, err := speaking.Say(ctx, question, "")
	if err != nil {
		return report, err
	}
	if err := weigh("voice, after one sentence"); err != nil {
		return report, err
	}
	heard, err := hearing.TranscribeAs(ctx, clip, "ja", true)
	if err != nil {
		return report, err
	}
	if err := weigh("recogniser, after one question"); err != nil {
		return report, err
	}
	hits, err := knowing.Index().Search(ctx, heard.Text, 3)
	if err != nil {
		return report, err
	}
	if err := weigh("search, after one question"); err != nil {
		return report, err
	}
	if _, err := generator.Generate(ctx, generationPrompt(question, hits), llm.GenerateOptions{MaxTokens: 16}, nil); err != nil {
		return report, err
	}
	if err := weigh("language model, after one answer"); err != nil {
		return report, err
	}
	report.Used = tenth(last)
	return report, nil
}

// Print writes the report for people.
func (r MemoryReport) Print(w io.Writer) {
	fmt.Fprintf(w, "memory with every default model loaded: %.0f MB (at most %.0f wanted), %.0f MB after each has worked once\n", r.PSS, r.Limit, r.Used)
	for _, s := range r.Steps {
		fmt.Fprintf(w, "  %+8.0f MB  %s\n", s.Added, s.Part)
	}
}

// memoryOf runs `tenin bench memory` in a process of its own, with global flags of the caller's.
func memoryOf(ctx context.Context, program string, flags []string) (*MemoryReport, error) {
	c := exec.CommandContext(ctx, program, append([]string{"bench", "memory", "--json"}, flags...)...)
	var out, problem bytes.Buffer
	c.Stdout, c.Stderr = &out, &problem
	err := c.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var report MemoryReport
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &report)
	}
	if err != nil {
		return nil, fmt.Errorf("memory could not be measured: %w", errors.Join(err, lastLine(problem.String())))
	}
	return &report, nil
}

func tenth(mb float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(mb, 'f', 1, 64), 64)
	return v
}
