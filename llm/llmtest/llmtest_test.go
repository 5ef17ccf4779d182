package llmtest

import (
	"context"
	"testing"
)

func TestTheHashEmbedderConforms(t *testing.T) { TestEmbedder(t, NewHashEmbedder(64)) }

func TestTheScriptedGeneratorConforms(t *testing.T) {
	TestGenerator(t, NewScripted(func(string) string { return " 営業時間は10時からです。" }))
}

func TestTheScriptRemembersWhatWasAskedUntilTheReset(t *testing.T) {
	g := NewScripted(func(string) string { return "ok" })
	if err := g.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := g.Prompts(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}
