package storage

import (
	"path/filepath"
	"testing"
)

func BenchmarkAppendTurn(b *testing.B) {
	v := openVault(b, filepath.Join(b.TempDir(), "home"))
	defer closeVault(b, v)
	s := begin(b, v, FromText())
	turn := testTurn("営業時間は何時から何時までですか")
	for b.Loop() {
		must(b, s.Append(turn))
	}
}

func BenchmarkBeginCloseErase(b *testing.B) {
	v := openVault(b, filepath.Join(b.TempDir(), "home"))
	defer closeVault(b, v)
	for b.Loop() {
		s := begin(b, v, FromText())
		must(b, s.Close())
		must(b, v.Erase(s.ID()))
	}
}

// BenchmarkOpen opens a vault with 40 sessions of 10 s of sound each.
func BenchmarkOpen(b *testing.B) {
	home := filepath.Join(b.TempDir(), "home")
	v := openVault(b, home)
	for range 40 {
		s := begin(b, v, FromFile())
		c, err := s.NewClip()
		must(b, err)
		must(b, c.Write(testSound(10*SampleRate, 1)))
		must(b, c.Close())
		must(b, s.Close())
	}
	closeVault(b, v)
	for b.Loop() {
		closeVault(b, openVault(b, home))
	}
}
