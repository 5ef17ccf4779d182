package storage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tenin/storage/seal"
)

func TestWhatWasSaidComesBackAfterAReopen(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	consent, err := GrantConsent(Grant{Notice: "2026-11-ja", By: ByKey, At: testTime})
	must(t, err)
	s := begin(t, v, FromMicrophone(consent))
	sound := testSound(2*SampleRate+123, 9)
	clip, err := s.NewClip()
	must(t, err)
	must(t, clip.Write(sound[:100]))
	must(t, clip.Write(sound[100:]))
	must(t, clip.Close())
	turn := testTurn("駐車場はどこですか")
	turn.Clip = clip.Number()
	turn.Detail = "北側です。"
	must(t, s.Append(turn))
	closeVault(t, v)

	v = openVault(t, home)
	defer closeVault(t, v)
	list, err := v.Sessions()
	must(t, err)
	if len(list) != 1 || list[0].ID != s.ID() || list[0].Turns != 1 || list[0].Source != Microphone || !list[0].Started.Equal(testTime) ||
		list[0].Clips != 1 || list[0].Sound != soundDuration(int64(len(sound))) || list[0].Language != "ja" || list[0].Open || list[0].Err != nil {
		t.Fatalf("listing: %+v", list)
	}
	saved, err := v.Load(s.ID())
	must(t, err)
	if !sameTurns(saved.Turns, []Turn{turn}) || saved.Consent == nil || saved.Consent.Notice != "2026-11-ja" || saved.Consent.By != ByKey {
		t.Fatalf("saved: %+v", saved)
	}
	if c := saved.Clips[0]; c.Samples != len(sound) || !c.Complete {
		t.Fatalf("clip: %+v", c)
	}
	got, err := v.Sound(s.ID(), 1)
	must(t, err)
	if !slices.Equal(got, sound) {
		t.Fatal("the sound changed")
	}
	if _, err := v.Sound(s.ID(), 2); err == nil {
		t.Fatal("a clip that is not there was found")
	}
	must(t, v.Verify())
}

func TestAMicrophoneWithoutConsentIsRefusedAndNothingIsWritten(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	defer closeVault(t, v)
	before, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	used, err := GrantConsent(Grant{Notice: "n", By: ByTouch, At: testTime})
	must(t, err)
	if _, err := used.take(); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]Source{
		"no source": {}, "an empty consent": FromMicrophone(Consent{}), "the last shopper's consent": FromMicrophone(used),
	} {
		if _, err := v.Begin(SessionMeta{Started: testTime, Source: source}); !errors.Is(err, ErrNoConsent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, g := range []Grant{{By: ByKey, At: testTime}, {Notice: "n", At: testTime}, {Notice: "n", By: ByKey}, {Notice: "n", By: "guess", At: testTime}} {
		if _, err := GrantConsent(g); !errors.Is(err, ErrNoConsent) {
			t.Errorf("%+v was granted: %v", g, err)
		}
	}
	after, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Fatal("the keyring changed")
	}
}

func TestATypedSessionHoldsNoSound(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	if _, err := begin(t, v, FromText()).NewClip(); err == nil {
		t.Fatal("it took a clip")
	}
}

func TestTheFilesShowNeitherWordsNorNamesNorTimes(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	ids := fill(t, v)
	closeVault(t, v)
	for _, name := range []string{dbName, keyringName, lockName} {
		b, err := os.ReadFile(filepath.Join(home, name))
		must(t, err)
		for _, secret := range []string{"営業", "十時", "approved", "hours", "summary", "2026", "file", "transcript"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
		if name == keyringName && bytes.Contains(b, ids[0][:]) {
			t.Error("the keyring shows a session's id")
		}
		info, err := os.Stat(filepath.Join(home, name))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", name, info.Mode())
		}
	}
}

func TestErasedIsGoneFromTheListAndItsKeyFromTheKeyring(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	ids := fill(t, v)
	gone := v.ring.sessions[ids[1]].key
	key := seal.NewSecret(gone.Bytes())
	oldRoot := seal.NewSecret(v.ring.root.Bytes())
	oldBody, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	must(t, v.Erase(ids[1]))
	if gone.Len() != 0 {
		t.Error("the key is still in memory")
	}
	if _, err := v.Load(ids[1]); !errors.Is(err, ErrNotFound) {
		t.Errorf("load: %v", err)
	}
	if err := v.Erase(ids[1]); !errors.Is(err, ErrNotFound) {
		t.Errorf("second erase: %v", err)
	}
	if v.ring.root.Equal(oldRoot) {
		t.Error("the keyring has the same root key as before")
	}
	closeVault(t, v)

	file, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	parts, err := parseKeyring(file)
	must(t, err)
	oldParts, err := parseKeyring(oldBody)
	must(t, err)
	if bytes.Equal(parts.sealed, oldParts.sealed) {
		t.Error("the sealed root key is the same")
	}
	ring, err := openKeyring(file, testSealer(home))
	must(t, err)
	if _, ok := ring.sessions[ids[1]]; ok || len(ring.sessions) != 2 {
		t.Error("the key is still in the keyring")
	}
	v = openVault(t, home)
	defer closeVault(t, v)
	must(t, v.Verify())
	if list, _ := v.Sessions(); len(list) != 2 {
		t.Fatalf("%d sessions are left", len(list))
	}
	if key.Len() != keySize {
		t.Fatal("test lost its key")
	}
}

func TestErasingAnOpenSessionEndsIt(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	s := begin(t, v, FromFile())
	c, err := s.NewClip()
	must(t, err)
	must(t, c.Write(testSound(10, 1)))
	must(t, v.Erase(s.ID()))
	for what, err := range map[string]error{"append": s.Append(testTurn("x")), "write": c.Write(testSound(1, 1)), "clip close": c.Close(), "close": s.Close()} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, v.Verify())
}

func TestTheOutboxDeliversAtLeastOnceAndKeepsAnIdOnce(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	o := v.Outbox()
	a, b := NewMessageID(), NewMessageID()
	must(t, o.Put(a, []byte("a")))
	must(t, o.Put(a, []byte("again")))
	must(t, o.Put(b, nil))
	if got, err := o.Pending(1); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	closeVault(t, v)
	v = openVault(t, home)
	defer closeVault(t, v)
	o = v.Outbox()
	got, err := o.Pending(-1)
	must(t, err)
	if n, _ := o.Len(); len(got) != 2 || n != 2 {
		t.Fatal(got)
	}
	for _, m := range got {
		if want := map[[16]byte]string{a: "a", b: ""}[m.ID]; string(m.Payload) != want {
			t.Fatalf("%x: %q", m.ID, m.Payload)
		}
	}
	must(t, o.Ack(a))
	must(t, o.Ack(a))
	must(t, o.Ack(b))
	if got, err := o.Pending(-1); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	if err := o.Put(a, make([]byte, MaxPayload+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

func TestASecondTeninIsToldWhoHasTheVault(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	_, err := Open(home, testSealer(home), Options{Reserve: -1, LockWait: -1})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "vault is in use by another tenin (process ") {
		t.Fatal(err)
	}
	closeVault(t, v)
	closeVault(t, openVault(t, home))
}

func TestAWrongKeyIsNotDamage(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	fill(t, v)
	closeVault(t, v)
	other := seal.NewKeyFile(filepath.Join(t.TempDir(), "other"))
	if _, err := other.Seal(seal.Random(32)); err != nil {
		t.Fatal(err)
	}
	missing := seal.NewKeyFile(filepath.Join(t.TempDir(), "missing"))
	for _, s := range []seal.Sealer{other, missing, seal.NewPassphrase(seal.NewSecret([]byte("a long enough phrase")))} {
		if _, err := Open(home, s, anyRoom); !errors.Is(err, ErrWrongKey) || errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	}
	must(t, os.Chmod(home+".key", 0o644))
	if _, err := Open(home, testSealer(home), anyRoom); !errors.Is(err, seal.ErrUnsafe) {
		t.Fatal(err)
	}
}

func TestAHugeRecordIsRefusedAndTheSessionGoesOn(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	s := begin(t, v, FromText())
	if err := s.Append(testTurn(strings.Repeat("長", maxRecord))); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	must(t, s.Append(testTurn(strings.Repeat("長", 50_000))))
	must(t, v.Verify())
}

func TestATurnThatCannotBeIsRefused(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	s := begin(t, v, FromText())
	for name, change := range map[string]func(*Turn){
		"no time": func(t *Turn) { t.At = t.At.AddDate(-3000, 0, 0) }, "score": func(t *Turn) { t.Score = 1.1 }, "clip": func(t *Turn) { t.Clip = 1 },
	} {
		turn := testTurn("x")
		change(&turn)
		if err := s.Append(turn); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAClosedVaultSaysSo(t *testing.T) {
	v := openVault(t, newHome(t))
	s := begin(t, v, FromText())
	closeVault(t, v)
	must(t, v.Close())
	_, errBegin := v.Begin(SessionMeta{Started: testTime, Source: FromText()})
	_, errList := v.Sessions()
	_, errPending := v.Outbox().Pending(1)
	for _, err := range []error{s.Append(testTurn("x")), errBegin, errList, errPending, v.Erase(s.ID()), v.Outbox().Put([16]byte{1}, nil)} {
		if !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
}

func TestManyWritersAndReadersAtOnce(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := v.Begin(SessionMeta{Started: testTime, Source: FromFile()})
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if err := s.Append(testTurn("並行")); err != nil {
					t.Error(err)
				}
				if _, err := v.Load(s.ID()); err != nil {
					t.Error(err)
				}
				if err := v.Outbox().Put(NewMessageID(), []byte("x")); err != nil {
					t.Error(err)
				}
			}
			if err := errors.Join(s.Close(), v.Erase(s.ID())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	must(t, v.Verify())
}
