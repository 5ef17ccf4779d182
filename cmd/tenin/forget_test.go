//go:build engines

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// utterances are what is said to the kiosk, each in the state that it is named after. None of it is in any knowledge.
var utterances = map[string]string{
	"attract":       "水玉模様の傘を忘れました。",
	"consent":       "三毛猫を七匹飼っております。",
	"listening":     "母が入院していまして、閉店は何時でしょうか。",
	"thinking":      "鶯色の着物を探しています。",
	"answering":     "目薬をどこかに落としました。",
	"ready":         "裏口の鍵をかけ忘れました。",
	"doubtful":      "ぽっぽこぺ、ぽっぽこぺ、ぽっぽこぺ、ぽっぽこぺ、ぽっぽこぺ、ぽっぽこぺ。",
	"clarifying":    "隣の桜の枝が折れて困ります。",
	"staff called":  "真珠の首飾りを直したいのです。",
	"message":       "青森の伯父に林檎を二箱送ってください。",
	"confirming":    "弟が昨日から高い熱を出しています。",
	"message taken": "連休に北海道の温泉へ行きます。",
	"resetting":     "暗証番号を何度も間違えました。",
}

// forgetAnswers are short: a recording is played while one is spoken, and the next step waits for its end.
const forgetAnswers = `{"id":"hours","question":"閉店は何時ですか","answer":"当店は毎日、午後8時まで営業しております。どうぞごゆっくりお過ごしください。"}
{"id":"returns","question":"返品できますか","answer":"レシートがあれば、14日以内の返品を承ります。"}
`

const forgetSettings = through + `
[log]
level = "debug"
file = "tenin.log"
`

// said holds the utterances as recordings at 48 kHz, as the sound server plays them, and what finds them again.
type said struct {
	folder string
	traces *traces // of all
	into   *traces // of what is said into an open microphone
}

func (s said) path(name string) string {
	return filepath.Join(s.folder, strings.ReplaceAll(name, " ", "-")+".wav")
}

// utter speaks the utterances once.
func utter(t *testing.T) said {
	t.Helper()
	s := said{folder: t.TempDir(), traces: newTraces(), into: newTracesOf(20)}
	voice, err := speech.OpenKokoro(speech.PathsIn(models.DefaultDir()), reading.Default(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer voice.Close()
	voices := speech.Voices()
	for i, name := range slices.Sorted(maps.Keys(utterances)) {
		clip, err := speech.Whole(voice.Synthesize(t.Context(), utterances[name], speech.Options{Voice: voices[i%len(voices)], Speed: 1.1}))
		if err == nil {
			err = audio.WriteFile(s.path(name), audio.Resample(clip, 48000))
		}
		if err == nil {
			// The file's samples are those of the room: 16 bits.
			clip, _, err = audio.ReadFile(s.path(name), audio.Limits{})
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, traces := range []*traces{s.traces, s.into} {
			if traces == s.into && name != "listening" && name != "doubtful" {
				continue
			}
			traces.addSound(name, clip)
			traces.addText(name, utterances[name])
		}
	}
	return s
}

// journey is a kiosk that is led through all its states.
type journey struct {
	*shop
	*terminal
	said
	home string
	log  string // what went to an output that is no terminal
}

// begin starts a kiosk with one of its outputs, 1 or 2, in a file. idle is after how many seconds a shopper has left.
func begin(t *testing.T, s said, elsewhere int, idle string) *journey {
	t.Helper()
	j := &journey{shop: openRoom(t, forgetAnswers, forgetSettings+"\n[idle]\nreset_seconds = "+idle+"\n"), said: s}
	j.home = filepath.Join(j.user, ".local", "share", "tenin")
	j.log = filepath.Join(t.TempDir(), "output")
	file, err := os.Create(j.log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j.terminal = startTerminalWith(t, j.env, func(cmd *exec.Cmd) {
		switch elsewhere {
		case 1:
			cmd.Stdout = file
		case 2:
			cmd.Stderr = file
		}
	}, "run", "--headless")
	return j
}

func (j *journey) status() *pb.StatusReply {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := kiosk.DialKiosk(ctx, j.home)
	if err != nil {
		return &pb.StatusReply{State: err.Error()}
	}
	defer client.Close()
	return client.Status()
}

// reach waits for a state, or for one of several.
func (j *journey) reach(states ...string) {
	j.shop.t.Helper()
	last := ""
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if last = j.status().State; slices.Contains(states, last) {
			return
		}
	}
	j.shop.t.Fatalf("the kiosk is %s, want %q; the screen: %s", last, states, j.screen)
}

// hears plays an utterance into the room.
func (j *journey) hears(name string) {
	j.shop.t.Helper()
	if err := j.sound.Play(j.said.path(name), "room"); err != nil {
		j.shop.t.Fatal(err)
	}
}

// in plays the utterance that is named after a state while the kiosk is in it.
func (j *journey) in(state string) {
	j.shop.t.Helper()
	j.reach(state)
	j.hears(state)
}

// listen waits for the open microphone. What the screen says first comes by another way than the state.
func (j *journey) listen() {
	j.shop.t.Helper()
	j.reach("listening")
	time.Sleep(700 * time.Millisecond) // the device opens
}

// processes are the launcher, the kiosk and its workers, by name.
func (j *journey) processes() map[string]int64 {
	status := j.status()
	list := map[string]int64{"launcher": int64(j.terminal.pid), "kiosk": status.Pid}
	for _, p := range status.Processes {
		list[p.Role] = p.Pid
	}
	if len(list) != 6 {
		j.shop.t.Fatalf("the processes are %v", list)
	}
	return list
}

// wantClosed looks at what each process shows of itself to others.
func (j *journey) wantClosed() {
	t := j.shop.t
	t.Helper()
	for name, pid := range j.processes() {
		if limit := regexp.MustCompile(`(?m)^Max core file size +0 +0 `); !limit.MatchString(procFile(t, pid, "limits")) {
			t.Errorf("%s may write its memory into a core file", name)
		}
		if name != "launcher" {
			if output, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", pid)); err != nil || !strings.HasPrefix(output, "pipe:") {
				t.Errorf("the crash of %s would be told to %q, %v", name, output, err)
			}
		}
		for _, file := range []string{"environ", "cmdline", "comm", "status"} {
			if found := j.traces.find([]byte(procFile(t, pid, file))); len(found) > 0 {
				t.Errorf("%s of %s shows %v", file, name, found)
			}
		}
	}
}

// inMemory returns the processes in which something was found. Only root may look.
func (j *journey) inMemory(processes map[string]int64) map[string][]finding {
	found := map[string][]finding{}
	if os.Geteuid() != 0 {
		j.shop.t.Log("only root can search the memory of others: it is not searched")
		return found
	}
	for name, pid := range processes {
		if list := j.into.findInMemory(j.shop.t, name, pid); len(list) > 0 {
			found[name] = list
		}
	}
	return found
}

// shown are words that the screen showed while they were spoken, and those that were heard in the end.
var shown = regexp.MustCompile(`(?:… |heard   |message: )([^\r\n\x1b]+)`)

// learn has what the screen has shown looked for too: it is not letter by letter what was said.
func (j *journey) learn() {
	for _, match := range shown.FindAllStringSubmatch(j.screen.String(), -1) {
		j.traces.addText("listening", match[1])
		j.into.addText("listening", match[1])
	}
}

// wantNothingOutside searches every place that the kiosk can have written to, but for what a key opens.
func (j *journey) wantNothingOutside(shared []string) {
	t := j.shop.t
	t.Helper()
	for _, folder := range []string{j.user, j.log} {
		for path, found := range j.traces.findInFiles(t, folder) {
			t.Errorf("%s holds %v", path, found)
		}
	}
	for _, path := range sharedMemory(t) {
		if slices.Contains(shared, path) {
			continue
		}
		content, err := os.ReadFile(path)
		if found := j.traces.find(content); err == nil && len(found) > 0 {
			t.Errorf("%s holds %v", path, found)
		}
	}
	left, err := os.ReadDir(filepath.Join(j.user, "tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("in the folder for temporary files: %v, %v", left, err)
	}
}

// sharedMemory lists what this user has in /dev/shm.
func sharedMemory(t *testing.T) (paths []string) {
	t.Helper()
	list, err := os.ReadDir("/dev/shm")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) == os.Getuid() && info.Mode().IsRegular() {
			paths = append(paths, filepath.Join("/dev/shm", entry.Name()))
		}
	}
	return paths
}

// inVault returns whose voice and whose words the opened vault holds, and searches the outbox.
func (j *journey) inVault() (sessions int, voices, words map[string]bool) {
	t := j.shop.t
	t.Helper()
	vault, err := kiosk.OpenVault(j.home)
	if err != nil {
		t.Fatal(err)
	}
	defer vault.Close()
	waiting, err := vault.Outbox().Pending(1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range waiting {
		if found := j.traces.find(append(message.Payload, make([]byte, 8)...)); len(found) > 0 {
			t.Errorf("a summary holds %v", found)
		}
	}
	list, err := vault.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	voices, words = map[string]bool{}, map[string]bool{}
	for _, session := range list {
		saved, err := vault.Load(session.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, turn := range saved.Turns {
			for _, f := range j.traces.find([]byte(turn.Transcript + strings.Repeat("\x00", 8))) {
				words[f.of] = true
			}
			if turn.Clip == 0 {
				continue
			}
			samples, err := vault.Sound(session.ID, turn.Clip)
			if err != nil {
				t.Fatal(err)
			}
			var pcm []byte
			for _, v := range samples {
				pcm = append(pcm, byte(v), byte(uint16(v)>>8))
			}
			for _, f := range j.traces.find(pcm) {
				voices[f.of] = true
			}
		}
	}
	if waiting := len(waiting); waiting > 0 != (len(list) > 0) {
		t.Errorf("%d summaries of %d sessions", waiting, len(list))
	}
	return len(list), voices, words
}

// throughAllStates leads a shopper through every state up to the reset, with something said in each, and ends with a
// touch.
func (j *journey) throughAllStates(consent string) {
	j.in("attract")
	j.press(enter)
	j.in("consent")
	j.press(consent + enter)
	j.listen()
	j.hears("listening")
	j.press(enter) // that was the question
	j.in("thinking")
	j.reach("ready")

	j.press(enter)
	j.listen()
	j.hears("listening")
	j.in("answering")
	j.in("ready")

	j.press(enter)
	j.listen()
	j.hears("doubtful")
	j.in("clarifying")
	j.listen()
	j.press(enter) // nothing is said
	j.reach("ready")

	j.press("s" + enter)
	j.in("staff called")
	j.press("m" + enter) // without a yes it is refused
	if consent == "" {
		return
	}
	j.listen()
	j.hears("message")
	j.in("confirming")
	j.press("y" + enter)
	j.in("message taken")
}

// firstAnswer is what the screen shows of a first turn.
var firstAnswer = regexp.MustCompile(`(?s)speak now.*?\nanswer  ([^\r\n]+)`)

func names(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }

func TestOfAShopperOnlyWhatWasAgreedToIsLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes two minutes")
	}
	s := utter(t)
	t.Run("without a yes nothing", s.leavesNothing)
	t.Run("with a yes in the opened vault alone", s.leavesASession)
}

func (s said) leavesNothing(t *testing.T) {
	shared := sharedMemory(t)
	j := begin(t, s, 1, "600")
	j.throughAllStates("")
	j.learn()
	j.wantClosed()
	processes := j.processes()
	before := j.inMemory(processes)

	j.press("n" + enter)
	j.in("resetting")
	j.reach("attract")
	fresh := j.processes()
	for role, pid := range fresh {
		if stays := role == "launcher" || role == "kiosk"; stays != (pid == processes[role]) {
			t.Errorf("%s was process %d before the reset, and is %d", role, processes[role], pid)
		}
	}
	if os.Geteuid() == 0 {
		for _, role := range []string{"kiosk", "asr", "audio"} {
			if len(before[role]) == 0 {
				t.Errorf("nothing was found in %s even before the reset: %v", role, before)
			}
		}
		for role, found := range j.inMemory(fresh) {
			t.Errorf("after the reset %s holds %v", role, found)
		}
	}

	// The next shopper is served as the first was, and the kiosk crashes meanwhile.
	first := firstAnswer.FindStringSubmatch(j.screen.String())
	shown := len(j.screen.String())
	j.press(enter)
	j.reach("consent")
	j.press(enter)
	j.listen()
	j.hears("listening")
	j.reach("answering")
	// What the screen says comes by another way than the state.
	var second []string
	for deadline := time.Now().Add(patience); second == nil && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		second = firstAnswer.FindStringSubmatch(j.screen.String()[shown:])
	}
	if first == nil || second == nil || second[1] != first[1] {
		t.Errorf("the first shopper was answered %q, the second %q", first, second)
	}
	if err := syscall.Kill(int(fresh["kiosk"]), syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-j.terminal.exit:
		if err == nil {
			t.Error("a crash is told as success")
		}
		j.terminal.exit <- err
	case <-time.After(2 * patience):
		t.Fatal("the launcher outlives the kiosk")
	}
	for _, trace := range []string{"goroutine ", "PC=", "rip "} {
		if strings.Contains(j.screen.String(), trace) {
			t.Errorf("the screen shows %q", trace)
		}
	}
	j.learn()
	j.wantNothingOutside(shared)
	if output, err := os.ReadFile(j.log); err != nil || len(output) > 0 {
		t.Errorf("standard output, a file, holds %q, %v", output, err)
	}
	if n, voices, words := j.inVault(); n != 0 {
		t.Errorf("%d sessions are kept, with %s, %s", n, names(voices), names(words))
	}
}

func (s said) leavesASession(t *testing.T) {
	shared := sharedMemory(t)
	j := begin(t, s, 2, "10")
	j.throughAllStates("y")
	j.learn()
	j.in("resetting") // nobody has touched a key for a while
	j.reach("attract")
	j.press("q" + enter)
	j.wantExit()
	j.wantNothingOutside(shared)
	if output, err := os.ReadFile(j.log); err != nil || !strings.Contains(string(output), "speak now") {
		t.Errorf("standard error, a file, holds %q, %v", output, err)
	}
	n, voices, words := j.inVault()
	if n != 1 || names(voices) != "doubtful, listening" || !words["listening"] {
		t.Errorf("%d sessions with the voice of %q and the words of %q", n, names(voices), names(words))
	}
	delete(words, "listening")
	delete(words, "message") // the recogniser spells it in several ways
	if len(words) > 0 {
		t.Errorf("the words of %q are kept too", names(words))
	}
}
