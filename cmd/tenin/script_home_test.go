package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	bolt "go.etcd.io/bbolt"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// answers N FILE writes a knowledge file of N answers; a third argument makes them other answers.
func makeAnswers(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var text bytes.Buffer
	for i := range n {
		fmt.Fprintf(&text, `{"id":"q%05d","question":"%d番の売場はどこですか","answer":"%d番の売場は%d階にございます%s。"}`+"\n", i, i, i, i%9+1, strings.Join(args[2:], ""))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text.Bytes(), 0o600))
}

// keep QUESTION ANSWER keeps a session in the home $H, and sets $SESSION to its name.
func keepSession(ts *testscript.TestScript, _ bool, args []string) {
	vault, err := kiosk.OpenVault(ts.Getenv("H"))
	ts.Check(err)
	defer vault.Close()
	session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText(), Language: "ja"})
	ts.Check(err)
	ts.Check(session.Append(storage.Turn{
		At: time.Now(), Transcript: args[0], Answer: args[1], Language: "ja", Kind: "approved", Sources: []string{"parking"}, Score: 0.93,
	}))
	ts.Check(session.Close())
	ts.Setenv("SESSION", session.ID().String())
	ts.Setenv("PREFIX", session.ID().String()[:8])
}

type held struct{}

// hold vault|knowledge keeps it open, as another tenin would, until the script says release.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	var holder io.Closer
	var err error
	switch args[0] {
	case "vault":
		holder, err = kiosk.OpenVault(ts.Getenv("H"))
	case "knowledge":
		holder, err = kiosk.OpenKnowledge(ts.Getenv("H"))
	default:
		ts.Fatalf("hold what?")
	}
	ts.Check(err)
	*ts.Value(held{}).(*io.Closer) = holder
	ts.Defer(func() { _ = holder.Close() })
}

func release(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check((*ts.Value(held{}).(*io.Closer)).Close())
}

// flip FILE [BUCKET] turns one bit in the middle of the largest record of a bbolt file, or of one of its buckets.
func flipRecord(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	largest := []byte{}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	ts.Check(err)
	ts.Check(db.View(func(tx *bolt.Tx) error {
		var walk func(b *bolt.Bucket) error
		walk = func(b *bolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				if v == nil {
					return walk(b.Bucket(k))
				}
				if len(v) > len(largest) {
					largest = bytes.Clone(v)
				}
				return nil
			})
		}
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			if len(args) > 1 && string(name) != args[1] {
				return nil
			}
			return walk(b)
		})
	}))
	ts.Check(db.Close())
	file, err := os.ReadFile(path)
	ts.Check(err)
	// Older pages hold copies: what is read may be any of them.
	found := 0
	for from := 0; ; {
		at := bytes.Index(file[from:], largest)
		if at < 0 {
			break
		}
		file[from+at+len(largest)/2] ^= 0x10
		from += at + len(largest)
		found++
	}
	if found == 0 {
		ts.Fatalf("no record was found in %s", path)
	}
	ts.Check(os.WriteFile(path, file, 0o600))
}

// killed MILLISECONDS PROGRAM ARGUMENT… starts a program and kills it after that time, should it still run.
func killed(ts *testscript.TestScript, _ bool, args []string) {
	after, err := strconv.Atoi(args[0])
	ts.Check(err)
	program := ""
	for _, folder := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(folder, args[1]); program == "" && isFile(path) {
			program = path
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(after)*time.Millisecond)
	defer cancel()
	command := exec.CommandContext(ctx, program, args[2:]...)
	command.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "TENIN_MODELS", "TMPDIR", "ORT_DISABLE_TELEMETRY", "GOMP_SPINCOUNT"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	ts.Logf("after %d ms: %v", after, command.Run())
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
