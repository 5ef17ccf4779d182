package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"tenin/llm/redact"
)

func entriesOf(list []redact.Summary) (entries []entry) {
	for _, s := range list {
		entries = append(entries, entry{"ginza-1", s.ID(), s.Encode()})
	}
	return entries
}

func FuzzAMessageOfTheStreamIsReadOnlyInTheOneFormThatIsWritten(f *testing.F) {
	good := encodeBatch(entriesOf(someSummaries(f, 3)))
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("ginza"), []byte("GINZA")))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []entry
		err := decodeBatch(b, func(device string, s redact.Summary) { again = append(again, entry{device, s.ID(), s.Encode()}) })
		if err != nil {
			if !errors.Is(err, ErrDamaged) || len(again) != 0 {
				t.Errorf("%v after %d entries", err, len(again))
			}
			return
		}
		if !bytes.Equal(encodeBatch(again), b) {
			t.Error("another form was taken")
		}
	})
}

func FuzzARegistryIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"version":1,"devices":[],"codes":[]}`))
	f.Add([]byte(`{"version":1,"devices":[{"name":"a","key":"UA"}],"codes":[{"name":"a","hash":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRegistry(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRegistry(again); err != nil {
			t.Error("what was read is not read again")
		}
	})
}
