package setup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/logging"
	"tenin/llm/redact/canary"
	"tenin/storage"
)

// unpack returns the files of a bundle by name.
func unpack(t *testing.T, b []byte) map[string]string {
	t.Helper()
	files := map[string]string{}
	packed, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(packed); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(text)
	}
}

// TestABundleHoldsNothingOfAShopper puts what invented shoppers said wherever a mistake could put it: into the vault, where
// it belongs, and into names, comments, settings, foreign lines of the log, the cache and the environment, where it does not.
func TestABundleHoldsNothingOfAShopper(t *testing.T) {
	home := t.TempDir()
	shoppers := canary.Sessions(7, 60)
	search := canary.NewSearch()
	for _, s := range shoppers {
		search.AddSession(s)
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(home, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	oneLine := func(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
	plain := func(s string) string { return strings.NewReplacer("/", " ", "\x00", " ").Replace(oneLine(s)) }

	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.Open(logging.Options{Level: "debug", File: filepath.Join(home, "tenin.log")})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shoppers {
		session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText(), Language: s.Language})
		if err == nil {
			err = errors.Join(session.Append(storage.Turn{At: time.Now(), Transcript: s.Text, Answer: s.Text, Kind: "approved"}), session.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		// A log is given what it must not write.
		log.Error("a turn failed", "why", s.Text, "err", errors.New(s.Text), "state", s.Text)
	}
	if err := errors.Join(vault.Close(), log.Close()); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.OpenFile(filepath.Join(home, "tenin.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	comments := ""
	for i, s := range shoppers {
		if _, err := io.WriteString(foreign, s.Text+"\n"); err != nil {
			t.Fatal(err)
		}
		comments += "# " + oneLine(s.Text) + "\n"
		if i < 10 {
			write("cache/speech/"+plain(s.Marks[0])[:min(len(plain(s.Marks[0])), 80)], s.Text)
			write("notes "+strings.ToValidUTF8(plain(s.Text)[:min(len(plain(s.Text)), 80)], ""), s.Text)
		}
	}
	if err := foreign.Close(); err != nil {
		t.Fatal(err)
	}
	write("tenin.log.old", shoppers[0].Text)
	settings := config.Default()
	settings.Log.File = "tenin.log"
	// Nobody would; but these are texts that a person types.
	settings.Shop.Name, settings.Shop.Brand, settings.Answers.HandOff = shoppers[1].Text, shoppers[2].Marks[0], shoppers[3].Text
	settings.Audio.Microphone, settings.Audio.Loudspeaker = shoppers[4].Text, shoppers[5].Marks[0]
	settings.Seal.PCRSignature = "/" + shoppers[6].Text
	write("tenin.toml", comments)
	t.Setenv("TENIN_TEST_SAID", shoppers[8].Text)

	for name, broken := range map[string]error{"settings that are read": nil, "settings that are not": errors.New(`settings tenin.toml: line 3: expected value but found "` + shoppers[9].Text + `"`)} {
		var out bytes.Buffer
		files, err := Bundle(t.Context(), &out, BundleOptions{Home: home, Settings: settings, SettingsError: broken, Version: "test", Now: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		unpacked := unpack(t, out.Bytes())
		if len(unpacked) != len(files) {
			t.Errorf("%s: %d files, %d told", name, len(unpacked), len(files))
		}
		for _, want := range []string{"README.txt", "version.json", "settings.json", "doctor.json", "status.json", "keys.json", "clock.json", "counters.json", "log/tenin.log"} {
			if unpacked["tenin-support/"+want] == "" {
				t.Errorf("%s: there is no %s", name, want)
			}
		}
		for file, text := range unpacked {
			for _, f := range append(search.Bytes(file, []byte(text)), search.Bytes("name of "+file, []byte(file))...) {
				t.Errorf("%s: %v", name, f)
			}
		}
		for _, f := range search.Bytes("the bundle itself", out.Bytes()) {
			t.Errorf("%s: %v", name, f)
		}
		if n := strings.Count(unpacked["tenin-support/log/tenin.log"], "a turn failed"); n == 0 {
			t.Errorf("%s: the log's own records are missing:\n%s", name, unpacked["tenin-support/log/tenin.log"])
		}
		var counters struct{ Sessions int }
		if err := json.Unmarshal([]byte(unpacked["tenin-support/counters.json"]), &counters); err != nil || counters.Sessions != len(shoppers) {
			t.Errorf("%s: %d sessions, %v", name, counters.Sessions, err)
		}
	}
}

func TestEachKeyOfTheSettingsIsNumberedOrHidden(t *testing.T) {
	c := config.Default()
	c.Shop.Name, c.Answers.HandOff = "緑屋", "少々お待ちください"
	told, ok := settingsOf(c).(map[string]any)
	if !ok || len(told) != len(config.Keys()) {
		t.Fatalf("%d of %d keys", len(told), len(config.Keys()))
	}
	if told["shop.name"] != "(set)" || told["answers.hand_off"] != "(set)" || told["retention.days"] != 30 || told["shop.language"] != "auto" {
		t.Errorf("%v", told)
	}
}

func TestOnlyRecordsOfOurLogAreGivenAway(t *testing.T) {
	for line, want := range map[string]bool{
		`time=2026-11-22T10:00:00Z level=WARN msg="a staff PIN was refused" process=12 why=pin-wrong`: true,
		`<4>level=INFO msg=started version=1 took=1.5s`:                                               true,
		`{"time":"2026-11-22T10:00:00Z","level":"INFO","msg":"started","n":1}`:                        true,
		`time=2026-11-22T10:00:00Z level=WARN msg="山田です"`:                                             false,
		`my name is Yamada`: false,
		`{"said":"hello"}`:  false,
		`time=2026 level=INFO msg=x and then something`: false,
		`panic: hello`: false,
	} {
		if got := isRecord([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	if got := string(records([]byte("hello\n\nlevel=INFO msg=x\n"))); got != "level=INFO msg=x\n(1 lines are no records of this program's log and were left out)\n" {
		t.Errorf("%q", got)
	}
}
