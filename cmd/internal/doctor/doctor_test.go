package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge/demo"
	"tenin/llm/models"
	"tenin/storage"
)

// examine runs the checks of one part and returns the findings by name.
func examine(t *testing.T, o Options) (map[string]Finding, State) {
	t.Helper()
	found := map[string]Finding{}
	worst := Examine(context.Background(), o, func(f Finding) {
		if _, twice := found[f.Check]; twice {
			t.Errorf("%s is told twice", f.Check)
		}
		found[f.Check] = f
	})
	return found, worst
}

func newHome(t *testing.T) string { return filepath.Join(t.TempDir(), "home") }

func importDemo(t *testing.T, home string) {
	t.Helper()
	store, err := kiosk.OpenKnowledge(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Apply(demo.Batch()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEveryFindingBelongsToAPartAndWhatIsWrongSaysWhatToDo(t *testing.T) {
	t.Setenv("TENIN_MODELS", t.TempDir())
	for _, engines := range []bool{false, true} {
		Examine(context.Background(), Options{Home: newHome(t), Engines: engines}, func(f Finding) {
			if !slices.Contains(Parts, f.Part) {
				t.Errorf("%s belongs to %q", f.Check, f.Part)
			}
			if (f.State == OK) != (f.Do == "") {
				t.Errorf("%s is %s and says to do %q", f.Check, f.State, f.Do)
			}
			if f.Text == "" || strings.Contains(f.Text, "\n") {
				t.Errorf("%s says %q", f.Check, f.Text)
			}
		})
	}
}

func TestOnePartIsExaminedAlone(t *testing.T) {
	t.Setenv("TENIN_MODELS", t.TempDir())
	for _, part := range Parts {
		found, _ := examine(t, Options{Home: newHome(t), Part: part})
		if len(found) == 0 {
			t.Errorf("nothing was found about %s", part)
		}
		for _, f := range found {
			if f.Part != part {
				t.Errorf("%s was asked for and %s of %s told", part, f.Check, f.Part)
			}
		}
	}
}

func TestAFreshHomeIsWellAndIsNotMade(t *testing.T) {
	home := newHome(t)
	found, worst := examine(t, Options{Home: home, Part: "home"})
	if worst != OK || found["home"].State != OK || found["settings"].State != OK {
		t.Errorf("%s: %v", worst, found)
	}
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Error("looking made the home")
	}
}

func TestTheDemoShopIsAWarningAndOwnKnowledgeIsNot(t *testing.T) {
	home := newHome(t)
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	found, worst := examine(t, Options{Home: home, Part: "home"})
	if found["knowledge"].State != Warn || worst != Warn {
		t.Errorf("%s: %v", worst, found)
	}
	importDemo(t, home)
	found, worst = examine(t, Options{Home: home, Part: "home"})
	if found["knowledge"].State != OK || worst != OK {
		t.Errorf("%s: %v", worst, found)
	}
}

func TestAHomeThatOthersCanReadIsAWarning(t *testing.T) {
	home := newHome(t)
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if found, _ := examine(t, Options{Home: home, Part: "home"}); found["home"].State != Warn {
		t.Error(found["home"])
	}
}

func TestAHomeThatIsAFileFailsAndNothingElseIsLookedFor(t *testing.T) {
	home := newHome(t)
	if err := os.WriteFile(home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{home, filepath.Join(home, "below")} {
		found, worst := examine(t, Options{Home: path, Part: "home"})
		if worst != Fail || found["home"].State != Fail || len(found) != 2 {
			t.Errorf("%s: %s: %v", path, worst, found)
		}
	}
}

func TestSettingsThatWereNotUnderstoodFail(t *testing.T) {
	found, worst := examine(t, Options{Home: newHome(t), Part: "home", SettingsError: errors.New("settings: line 3")})
	if worst != Fail || found["settings"].State != Fail || found["settings"].Text != "settings: line 3" {
		t.Errorf("%s: %v", worst, found)
	}
}

func TestTheVaultIsReadWholeUnlessAnotherHasIt(t *testing.T) {
	home := newHome(t)
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	found, _ := examine(t, Options{Home: home, Part: "home"})
	if f := found["vault"]; f.State != OK || !strings.Contains(f.Text, "in use") {
		t.Error(f)
	}
	session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText()})
	if err != nil {
		t.Fatal(err)
	}
	question := strings.Repeat("駐車場はどこですか", 50)
	if err := errors.Join(session.Append(storage.Turn{At: time.Now(), Transcript: question, Kind: "handoff"}), session.Close(), vault.Close()); err != nil {
		t.Fatal(err)
	}
	found, _ = examine(t, Options{Home: home, Part: "home"})
	if found["vault"].State != OK || found["seal"].State != Warn {
		t.Error(found)
	}

	// Bits turned all over the file cannot all lie in free pages.
	path := filepath.Join(home, "vault.db")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(file)
	for i := 64; i < len(damaged); i += 61 {
		damaged[i] ^= 1
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, worst := examine(t, Options{Home: home, Part: "home"}); worst != Fail || found["vault"].State != Fail {
		t.Errorf("%s: %v", worst, found)
	}

	if err := errors.Join(os.WriteFile(path, file, 0o600), os.Remove(kiosk.KeyFile(home).Path())); err != nil {
		t.Fatal(err)
	}
	if found, worst := examine(t, Options{Home: home, Part: "home"}); worst != Fail || found["vault"].State != Fail {
		t.Errorf("%s: %v", worst, found)
	}
}

func TestDamagedKnowledgeFails(t *testing.T) {
	home := newHome(t)
	importDemo(t, home)
	if err := os.Truncate(kiosk.KnowledgePath(home), 5000); err != nil {
		t.Fatal(err)
	}
	if found, worst := examine(t, Options{Home: home, Part: "home"}); worst != Fail || found["knowledge"].State != Fail {
		t.Errorf("%s: %v", worst, found)
	}
}

// hollowWeights makes files of the right size without the content, which take no room on the disk.
func hollowWeights(t *testing.T, dir string) {
	t.Helper()
	for _, m := range models.Manifest() {
		file, err := os.Create(filepath.Join(dir, m.Name))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.Truncate(m.Size), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWeightsAreMissingDamagedOrThere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TENIN_MODELS", dir)
	weights := func(deep bool) Finding {
		found, _ := examine(t, Options{Home: newHome(t), Part: "models", Deep: deep})
		return found["weights"]
	}
	if f := weights(false); f.State != Fail || !strings.HasPrefix(f.Text, "missing: ") {
		t.Error(f)
	}
	hollowWeights(t, dir)
	if f := weights(false); f.State != OK {
		t.Error(f)
	}
	if err := os.Truncate(filepath.Join(dir, models.KokoroVocab), 1); err != nil {
		t.Fatal(err)
	}
	if f := weights(false); f.State != Fail || f.Text != "damaged: "+models.KokoroVocab {
		t.Error(f)
	}
}

func TestOnlyADeepLookReadsTheWeights(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TENIN_MODELS", dir)
	hollowWeights(t, dir)
	found, _ := examine(t, Options{Home: newHome(t), Part: "models", Deep: true})
	if f := found["weights"]; f.State != Fail || !strings.HasPrefix(f.Text, "damaged: ") || strings.Contains(f.Text, "\n") {
		t.Error(f)
	}
}
