package uplink

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/llm/redact"
)

func anyFingerprint(t *rapid.T) (f Fingerprint) {
	copy(f[:], rapid.SliceOfN(rapid.Byte(), len(f), len(f)).Draw(t, "fingerprint"))
	return f
}

func TestACodeIsReadAgainHoweverAPersonTypesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hub := anyFingerprint(t)
		c := NewCode(hub)
		text := c.Text()
		for _, typed := range []string{text, strings.ToLower(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", " "),
			strings.ReplaceAll(text, "0", "o"), strings.ReplaceAll(text, "1", "l"), " " + text + "\n"} {
			again, err := ParseCode(typed)
			if err != nil || again != c {
				t.Fatalf("%q: %v", typed, err)
			}
		}
		if !c.Names(hub) || len(c.Secret()) != secretSymbols {
			t.Fatal("it does not name its hub")
		}
		hub[rapid.IntRange(0, 9).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if c.Names(hub) {
			t.Fatal("it names another hub")
		}
	})
}

func TestNearlyEveryMistypedCodeIsFoundBeforeItIsSent(t *testing.T) {
	missed, tries := 0, 0
	for range 50 {
		text := strings.ReplaceAll(NewCode(Fingerprint{1}).Text(), "-", "")
		for i := range len(text) {
			for _, with := range []byte{'7', 'K', 'Z'} {
				if text[i] == with {
					continue
				}
				tries++
				if _, err := ParseCode(text[:i] + string(with) + text[i+1:]); err == nil {
					missed++
				} else if !errors.Is(err, ErrCode) {
					t.Fatal(err)
				}
			}
		}
	}
	// Ten bits let one of 1,024 pass.
	if missed*100 > tries {
		t.Errorf("%d of %d were missed", missed, tries)
	}
}

func TestNoTwoCodesShareASecret(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s := NewCode(Fingerprint{}).Secret()
		if seen[s] {
			t.Fatal("a secret came twice")
		}
		seen[s] = true
	}
}

func TestACodeAndASeedDoNotPrint(t *testing.T) {
	c := NewCode(Fingerprint{})
	seed := Seed{[]byte("abcdefghijklmnopqrstuvwxyz012345")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, c) + fmt.Sprintf(verb, seed) + fmt.Sprintf(verb, Credentials{Seed: seed}.Seed)
		if text != "[code][secret][secret]" {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

func FuzzACodeIsReadOnlyFromItsOwnText(f *testing.F) {
	f.Add(NewCode(Fingerprint{7}).Text())
	f.Add("")
	f.Add("店員")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCode(text)
		if err != nil {
			if !errors.Is(err, ErrCode) {
				t.Error(err)
			}
			return
		}
		if again, err := ParseCode(c.Text()); err != nil || again != c {
			t.Error("its text is another code")
		}
	})
}

func FuzzAnAnswerIsReadOnlyInTheFormThatAHubWrites(f *testing.F) {
	f.Add([]byte("s"))
	f.Add([]byte("hginza-1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, name, ok := DecodeStatus(b)
		if !ok {
			return
		}
		again := s.Encode()
		if s == StatusHello {
			again = EncodeHello(name)
		}
		if string(again) != string(b) {
			t.Error("another form was taken")
		}
	})
}

func FuzzAReplySubjectStaysInsideTheDevicesInbox(f *testing.F) {
	f.Add("tenin.inbox.UABC.x.y")
	f.Add("tenin.inbox.UABC.>")
	f.Add("tenin.inbox.UABCD.x")
	f.Fuzz(func(t *testing.T, subject string) {
		if IsReply("UABC", subject) && (!strings.HasPrefix(subject, "tenin.inbox.UABC.") || strings.ContainsAny(subject, "*> \r\n")) {
			t.Errorf("%q was taken", subject)
		}
	})
}

func TestAnAnswerNamesTheMessageByItsSubject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := redact.SummaryID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if again, ok := repliedTo("a.b", replyTo("a.b", id)); !ok || again != id {
			t.Fatal("it does not")
		}
	})
	for _, bad := range []string{"", "a.b", "a.b.", "a.b.zz", "a.c." + strings.Repeat("0", 32), "a.b." + strings.Repeat("0", 33)} {
		if _, ok := repliedTo("a.b", bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestADevicesNameIsSafeInASubjectAndInJSON(t *testing.T) {
	for _, good := range []string{"a", "ginza-1", "7", strings.Repeat("x", MaxName)} {
		if err := CheckName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-a", "a-", "A", "a.b", "a*", ">", `a"`, "a b", "銀座", strings.Repeat("x", MaxName+1)} {
		if err := CheckName(bad); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
