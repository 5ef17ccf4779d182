package seal

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// holder hides a secret where fmt cannot call its methods.
type holder struct {
	Name  string
	inner Secret
	Outer Secret
	Ptr   *Secret
}

func TestASecretNeverPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte("hush" + rapid.StringMatching(`[a-z]{12,40}`).Draw(t, "secret"))
		s := NewSecret(raw)
		h := holder{"n", s, s, &s}
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%c", "%U", "%p", "%t", "%10.3s"} {
			fmt.Fprintf(&out, verb+"\n", s)
			fmt.Fprintf(&out, verb+"\n", &s)
			fmt.Fprintf(&out, verb+"\n", h)
			fmt.Fprintf(&out, verb+"\n", &h)
			fmt.Fprintf(&out, verb+"\n", []Secret{s})
			fmt.Fprintf(&out, verb+"\n", map[string]any{"k": s})
		}
		fmt.Fprintln(&out, s, h, s.String(), s.GoString())
		fmt.Fprintln(&out, fmt.Errorf("failed with %v and %w", s, fmt.Errorf("%s", s)))
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "h", h, "p", &s)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "h", h, slog.Group("g", "s", s))
		_ = json.NewEncoder(&out).Encode(h)
		_ = json.NewEncoder(&out).Encode(map[string]Secret{"k": s})
		_ = xml.NewEncoder(&out).Encode(h)
		if err := gob.NewEncoder(&out).Encode(s); err == nil {
			t.Fatal("gob took a secret")
		}
		for _, form := range []string{string(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw), fmt.Sprint(raw), fmt.Sprintf("%#v", raw)} {
			// Half of it would be a leak too.
			if strings.Contains(out.String(), form[:len(form)/2]) {
				t.Fatalf("the secret is in what was printed, as %q", form)
			}
		}
	})
}

func TestJSONOfASecretIsTheWordSecret(t *testing.T) {
	b, err := json.Marshal(NewSecret([]byte("x")))
	if err != nil || string(b) != `"[secret]"` {
		t.Fatalf("got %s, %v", b, err)
	}
	var s Secret
	if json.Unmarshal([]byte(`"abc"`), &s) == nil {
		t.Fatal("a secret came out of JSON")
	}
}

func TestDestroyWipesEveryCopy(t *testing.T) {
	raw := []byte{1, 2, 3}
	a := TakeSecret(raw)
	b := a
	a.Destroy()
	a.Destroy()
	if raw[0]|raw[1]|raw[2] != 0 || b.Len() != 0 || b.Bytes() != nil {
		t.Fatal("a copy is still readable")
	}
	Secret{}.Destroy()
}

func TestEqualComparesContentNotIdentity(t *testing.T) {
	a, b := NewSecret([]byte("ab")), NewSecret([]byte("ab"))
	if !a.Equal(b) || a.Equal(NewSecret([]byte("ac"))) || a.Equal(NewSecret([]byte("abc"))) || a.Equal(Secret{}) {
		t.Fatal("Equal is wrong")
	}
}
