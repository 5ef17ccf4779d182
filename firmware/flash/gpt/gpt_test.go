package gpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const size = 8 << 20

// image returns a disk of two partitions, made by sfdisk.
func image(t testing.TB) []byte {
	t.Helper()
	program, err := exec.LookPath("sfdisk")
	if err != nil {
		t.Skip("sfdisk is missing")
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-q", path)
	c.Stdin = strings.NewReader(`label: gpt
label-id: 0FC63DAF-8483-4772-8E79-3D69D8477DE4
start=2048, size=4096, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=11111111-2222-3333-4444-555555555555, name=esp
type=linux, name="root-a 店"
`)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("sfdisk: %v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestATableOfSfdiskIsRead(t *testing.T) {
	disk := image(t)
	for what, read := range map[string]func([]byte) (*Table, error){
		"first":  func(b []byte) (*Table, error) { return Read(bytes.NewReader(b), int64(len(b))) },
		"backup": func(b []byte) (*Table, error) { return ReadBackup(bytes.NewReader(b), int64(len(b))) },
	} {
		table, err := read(disk)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if table.ID.String() != "0fc63daf-8483-4772-8e79-3d69d8477de4" || len(table.Partitions) != 2 {
			t.Fatalf("%s: %+v", what, table)
		}
		esp, ok := table.Find("esp")
		if !ok || esp.Offset() != 1<<20 || esp.Size() != 2<<20 || esp.Number != 1 || esp.ID.String() != "11111111-2222-3333-4444-555555555555" {
			t.Errorf("%s: esp is %+v", what, esp)
		}
		if _, ok := table.Find("root-a 店"); !ok {
			t.Errorf("%s: a name with a sign that is not ASCII was not read: %+v", what, table.Partitions)
		}
	}
}

// TestOnAnotherDiskTheBackupLiesAtItsEnd asks sfdisk whether it finds fault with what Place made.
func TestOnAnotherDiskTheBackupLiesAtItsEnd(t *testing.T) {
	small := image(t)
	table, err := Read(bytes.NewReader(small), int64(len(small)))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		disk := make([]byte, size+Sector*rapid.IntRange(0, 20000).Draw(r, "more sectors"))
		copy(disk, small[:size-33*Sector])
		backup, err := table.Place(disk[:1<<20], int64(len(disk)))
		if err != nil {
			r.Fatal(err)
		}
		copy(disk[backup.At:], append(bytes.Clone(backup.Entries), backup.Header...))
		if backup.At+int64(len(backup.Entries)+len(backup.Header)) != int64(len(disk)) {
			r.Fatalf("the backup does not end with the disk: %d", backup.At)
		}
		first, err := Read(bytes.NewReader(disk), int64(len(disk)))
		if err != nil {
			r.Fatal(err)
		}
		second, err := ReadBackup(bytes.NewReader(disk), int64(len(disk)))
		if err != nil {
			r.Fatal(err)
		}
		if len(first.Partitions) != 2 || len(second.Partitions) != 2 || first.LastUsable != uint64(len(disk)/Sector)-34 {
			r.Fatalf("%+v %+v", first, second)
		}
	})
	disk := make([]byte, 2*size+3*Sector)
	copy(disk, small[:size-33*Sector])
	backup, err := table.Place(disk[:1<<20], int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	copy(disk[backup.At:], append(bytes.Clone(backup.Entries), backup.Header...))
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sfdisk", "--verify", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "No errors detected") {
		t.Errorf("sfdisk: %v: %s", err, out)
	}
}

func TestDisksFromOneImageHaveTheirOwnIdentities(t *testing.T) {
	small := image(t)
	table, err := Read(bytes.NewReader(small), int64(len(small)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{table.ID.String(): true}
	for _, p := range table.Partitions {
		seen[p.ID.String()] = true
	}
	was := len(seen)
	for range 2 {
		disk := make([]byte, size)
		copy(disk, small)
		backup, err := table.Fresh().Place(disk[:1<<20], int64(len(disk)))
		if err != nil {
			t.Fatal(err)
		}
		copy(disk[backup.At:], append(bytes.Clone(backup.Entries), backup.Header...))
		first, err := Read(bytes.NewReader(disk), int64(len(disk)))
		if err != nil {
			t.Fatal(err)
		}
		second, err := ReadBackup(bytes.NewReader(disk), int64(len(disk)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first.Partitions, second.Partitions) || first.ID != second.ID {
			t.Errorf("the two tables differ: %+v %+v", first, second)
		}
		seen[first.ID.String()] = true
		for i, p := range first.Partitions {
			seen[p.ID.String()] = true
			p.ID = table.Partitions[i].ID
			if !reflect.DeepEqual(p, table.Partitions[i]) {
				t.Errorf("more than the identity differs: %+v %+v", p, table.Partitions[i])
			}
			if !strings.HasPrefix(first.Partitions[i].ID.String()[14:], "4") {
				t.Errorf("%s is not of version 4", first.Partitions[i].ID)
			}
		}
	}
	if len(seen) != 3*was {
		t.Errorf("%d identities on three disks of %d: %v", len(seen), was, seen)
	}
}

func TestADiskThatIsTooSmallTakesNoTable(t *testing.T) {
	disk := image(t)
	table, err := Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, Sector, 34 * Sector, 100 * Sector, size - 1<<20} {
		if _, err := table.Place(bytes.Clone(disk[:1<<20]), n); err == nil {
			t.Errorf("a disk of %d bytes was taken", n)
		}
	}
}

// TestAnyChangedByteOfATableIsNoticed holds for all bytes that the specification gives a meaning.
func TestAnyChangedByteOfATableIsNoticed(t *testing.T) {
	disk := image(t)
	rapid.Check(t, func(r *rapid.T) {
		b := bytes.Clone(disk)
		at := rapid.OneOf(rapid.IntRange(510, 511), rapid.IntRange(Sector, Sector+headerSize-1), rapid.IntRange(2*Sector, 34*Sector-1)).Draw(r, "at")
		b[at] ^= rapid.ByteRange(1, 255).Draw(r, "bits")
		if _, err := Read(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNone) {
			r.Fatalf("byte %d: %v", at, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	// A table of four entries is as good as one of 128, and is changed faster.
	disk := image(f)[:3*Sector]
	binary.LittleEndian.PutUint32(disk[Sector+80:], 4)
	binary.LittleEndian.PutUint32(disk[Sector+88:], crc32.ChecksumIEEE(disk[2*Sector:]))
	seal(disk[Sector:])
	if _, err := Read(bytes.NewReader(disk), size); err != nil {
		f.Fatal(err)
	}
	f.Add(disk)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func() (*Table, error){
			func() (*Table, error) { return Read(bytes.NewReader(b), int64(len(b))) },
			func() (*Table, error) { return ReadBackup(bytes.NewReader(b), int64(len(b))) },
			// A file that was cut off is shorter than its disk.
			func() (*Table, error) { return Read(bytes.NewReader(b), size) },
		} {
			table, err := read()
			if err != nil {
				if !errors.Is(err, ErrNone) {
					t.Fatalf("%v", err)
				}
				continue
			}
			for _, p := range table.Partitions {
				if p.Size() <= 0 || p.Offset() < 0 {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}
