package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// OneShotJob is one stage of the chain from files: a process that loads a model, uses it once and ends.
type OneShotJob struct {
	// Stage is "generate" or "speak".
	Stage string `json:"stage"`
	// Weights is the folder of the models.
	Weights string `json:"weights"`
	Threads int    `json:"threads"`
	// Text is the prompt to go on from, or what is to be spoken.
	Text string `json:"text"`
	// Tokens bounds what is generated.
	Tokens int `json:"tokens,omitempty"`
	// Voice and Output say with which voice to speak, and into which WAV file.
	Voice  string  `json:"voice,omitempty"`
	Speed  float64 `json:"speed,omitempty"`
	Output string  `json:"output,omitempty"`
}

// oneShotResult is what such a process writes.
type oneShotResult struct {
	Text string `json:"text"`
}

// OneShot does the job that it reads from in and writes the result to out; it is the whole of the hidden command
// `tenin bench one-shot`.
func OneShot(ctx context.Context, in io.Reader, out io.Writer) error {
	var job OneShotJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("one-shot: no job on standard input: %w", err)
	}
	store := models.Open(job.Weights)
	var result oneShotResult
	switch job.Stage {
	case "generate":
		path, err := store.Path(models.Gemma)
		if err != nil {
			return err
		}
		generator, err := llm.OpenGenerator(ctx, path, llm.GeneratorOptions{Threads: job.Threads})
		if err != nil {
			return err
		}
		defer generator.Close()
		g, err := generator.Generate(ctx, job.Text, llm.GenerateOptions{MaxTokens: job.Tokens, Stop: []string{"\n"}}, nil)
		if err != nil {
			return err
		}
		result.Text = g.Text
	case "speak":
		voice, err := speech.OpenKokoro(speech.PathsIn(store.Dir()), reading.Default(), job.Threads)
		if err != nil {
			return err
		}
		defer voice.Close()
		clip, err := speech.Whole(voice.Synthesize(ctx, job.Text, speech.Options{Voice: job.Voice, Speed: job.Speed}))
		if err != nil {
			return err
		}
		if err := audio.WriteFile(job.Output, clip); err != nil {
			return err
		}
	default:
		return fmt.Errorf("one-shot: stage %q is unknown", job.Stage)
	}
	return json.NewEncoder(out).Encode(result)
}

// runOneShot starts program for the job and waits for it to end.
func runOneShot(ctx context.Context, program string, job OneShotJob) (text string, took time.Duration, err error) {
	request, err := json.Marshal(job)
	if err != nil {
		return "", 0, err
	}
	start := time.Now()
	c := exec.CommandContext(ctx, program, "bench", "one-shot")
	var out, problem bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(request), &out, &problem
	err = c.Run()
	took = time.Since(start)
	if ctx.Err() != nil {
		return "", took, ctx.Err()
	}
	var result oneShotResult
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &result)
	}
	if err != nil {
		return "", took, fmt.Errorf("the peer's stage %s failed: %w", job.Stage, errors.Join(err, lastLine(problem.String())))
	}
	return result.Text, took, nil
}
