package speech

import (
	"testing"

	"tenin/llm/reading"
)

func TestTheFakeIsASynthesizer(t *testing.T) { testSynthesizer(t, NewFake(reading.Default())) }
