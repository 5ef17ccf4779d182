package verity_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/firmware/internal/sample"
	"tenin/firmware/verity"
)

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte(binary.LittleEndian.AppendUint64(make([]byte, 24), seed))).Read(b)
	return b
}

func TestAWholeImageIsAccepted(t *testing.T) {
	for _, blocks := range []int{2, 127, 128, 129, 300, 128*128 + 1} {
		image, want := sample.Verity(random(uint64(blocks), blocks*verity.Block), []byte("salt"), [16]byte{1})
		if int64(len(image)) != want.Size() {
			t.Errorf("%d blocks: the image has %d bytes, Size says %d", blocks, len(image), want.Size())
		}
		var last int64
		if err := verity.Check(t.Context(), bytes.NewReader(image), want, func(n int64) { last = n }); err != nil {
			t.Errorf("%d blocks: %v", blocks, err)
		}
		if last != want.Size()-verity.Block {
			t.Errorf("%d blocks: progress ends at %d", blocks, last)
		}
	}
}

func TestAnyFlippedByteIsFound(t *testing.T) {
	image, want := sample.Verity(random(7, 300*verity.Block), random(8, 32), [16]byte{2})
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(image)-1).Draw(t, "byte")
		if block := i - int(want.DataSize); block >= 88+32 && block < verity.Block {
			return // behind the superblock's salt nothing is looked at, by the kernel neither
		}
		if i >= int(want.DataSize)+82 && i < int(want.DataSize)+88 {
			return // padding of the superblock
		}
		changed := bytes.Clone(image)
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		err := verity.Check(context.Background(), bytes.NewReader(changed), want, nil)
		if !errors.Is(err, verity.ErrDamaged) && !errors.Is(err, verity.ErrOther) && !errors.Is(err, verity.ErrNone) {
			t.Fatalf("byte %d: %v", i, err)
		}
	})
}

func TestTheFirstWrongBlockIsNamed(t *testing.T) {
	image, want := sample.Verity(random(7, 300*verity.Block), nil, [16]byte{2})
	image[200*verity.Block+17] ^= 1
	image[250*verity.Block] ^= 1
	err := verity.Check(t.Context(), bytes.NewReader(image), want, nil)
	if !errors.Is(err, verity.ErrDamaged) || !strings.Contains(err.Error(), "block 200 of its file system, at byte 819200, was changed (2 of 300 blocks in all)") {
		t.Error(err)
	}
}

func TestACutImageAnEmptySlotAndAnotherImageAreToldApart(t *testing.T) {
	image, want := sample.Verity(random(7, 300*verity.Block), nil, [16]byte{2})
	for _, c := range []struct {
		bytes []byte
		is    error
		says  string
	}{
		{image[:len(image)-5], verity.ErrDamaged, "cut at byte"},
		{image[:100*verity.Block], verity.ErrNone, "behind the end"},
		{make([]byte, len(image)), verity.ErrNone, "no image at byte"},
	} {
		if err := verity.Check(t.Context(), bytes.NewReader(c.bytes), want, nil); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, not %v %q", err, c.is, c.says)
		}
	}
	other := want
	other.UUID[3] = 9
	if err := verity.Check(t.Context(), bytes.NewReader(image), other, nil); !errors.Is(err, verity.ErrOther) {
		t.Error(err)
	}
}

func TestVeritysetupMakesWhatCheckAccepts(t *testing.T) {
	tool, err := exec.LookPath("veritysetup")
	if err != nil {
		if tool, err = exec.LookPath("/usr/sbin/veritysetup"); err != nil {
			t.Skip("veritysetup is missing: install the package cryptsetup-bin to compare with it")
		}
	}
	const uuid = "11111111-2222-3333-4444-555566667777"
	for _, blocks := range []int{2, 128, 129, 700} {
		path := filepath.Join(t.TempDir(), "image")
		data := random(uint64(blocks), blocks*verity.Block)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		salt := random(5, 32)
		out, err := exec.Command(tool, "format", "--salt="+hex.EncodeToString(salt), "--uuid="+uuid, "--hash-offset="+itoa(len(data)),
			"--root-hash-file="+path+".hash", path, path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		root, err := os.ReadFile(path + ".hash")
		if err != nil {
			t.Fatal(err)
		}
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := verity.Parse(strings.TrimSpace(string(root)) + "," + uuid + "," + itoa(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := verity.Check(t.Context(), bytes.NewReader(image), want, nil); err != nil {
			t.Errorf("%d blocks: %v", blocks, err)
		}
		if int64(len(image)) != want.Size() {
			t.Errorf("%d blocks: veritysetup made %d bytes, Size says %d", blocks, len(image), want.Size())
		}
		ours, named := sample.Verity(data, salt, want.UUID)
		if named != want || !bytes.Equal(ours, image) {
			t.Errorf("%d blocks: the test's own image differs", blocks)
		}
	}
}

func itoa(n int) string { return verity.Image{DataSize: int64(n)}.String()[64+1+36+1:] }

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := verity.Image{DataSize: verity.Block * rapid.Int64Range(2, 1<<28).Draw(t, "blocks")}
		copy(i.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		copy(i.UUID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		if again, err := verity.Parse(i.String()); err != nil || again != i {
			t.Fatalf("%v %v", again, err)
		}
	})
}

func FuzzReadSuperblock(f *testing.F) {
	image, _ := sample.Verity(random(1, 3*verity.Block), []byte("salt"), [16]byte{1})
	f.Add(image[3*verity.Block : 4*verity.Block])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := verity.ReadSuperblock(bytes.NewReader(b), 0)
		if err == nil && (s.DataSize < 2*verity.Block || s.DataSize > verity.MaxData || len(s.Salt) > 256) {
			t.Errorf("%+v", s)
		}
	})
}
