package verity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// build makes an image from the definition, in another way than Check reads it: each level whole, from the data up.
func build(data, salt []byte, uuid [16]byte) ([]byte, Image) {
	sum := func(b []byte) []byte { s := sha256.Sum256(append(bytes.Clone(salt), b...)); return s[:] }
	var tree [][]byte
	level := data
	for len(level) > Block {
		var up []byte
		for b := range slices.Chunk(level, Block) {
			up = append(up, sum(b)...)
		}
		level = append(up, make([]byte, -len(up)&(Block-1))...)
		tree = append(tree, level)
	}
	super := make([]byte, Block)
	copy(super, superMagic)
	le := binary.LittleEndian
	le.PutUint32(super[8:], 1)
	le.PutUint32(super[12:], 1)
	copy(super[16:], uuid[:])
	copy(super[32:], "sha256")
	le.PutUint32(super[64:], Block)
	le.PutUint32(super[68:], Block)
	le.PutUint64(super[72:], uint64(len(data)/Block))
	le.PutUint16(super[80:], uint16(len(salt)))
	copy(super[88:], salt)
	image := append(bytes.Clone(data), super...)
	for _, l := range slices.Backward(tree) {
		image = append(image, l...)
	}
	return image, Image{[32]byte(sum(level)), uuid, int64(len(data))}
}

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte(binary.LittleEndian.AppendUint64(make([]byte, 24), seed))).Read(b)
	return b
}

func TestAWholeImageIsAccepted(t *testing.T) {
	for _, blocks := range []int{2, 127, 128, 129, 300, 128*128 + 1} {
		image, want := build(random(uint64(blocks), blocks*Block), []byte("salt"), [16]byte{1})
		if int64(len(image)) != want.Size() {
			t.Errorf("%d blocks: the image has %d bytes, Size says %d", blocks, len(image), want.Size())
		}
		var last int64
		if err := Check(t.Context(), bytes.NewReader(image), want, func(n int64) { last = n }); err != nil {
			t.Errorf("%d blocks: %v", blocks, err)
		}
		if last != want.Size()-Block {
			t.Errorf("%d blocks: progress ends at %d", blocks, last)
		}
	}
}

func TestAnyFlippedByteIsFound(t *testing.T) {
	image, want := build(random(7, 300*Block), random(8, 32), [16]byte{2})
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(image)-1).Draw(t, "byte")
		if block := i - int(want.DataSize); block >= 88+32 && block < Block {
			return // behind the superblock's salt nothing is looked at, by the kernel neither
		}
		if i >= int(want.DataSize)+82 && i < int(want.DataSize)+88 {
			return // padding of the superblock
		}
		changed := bytes.Clone(image)
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		err := Check(context.Background(), bytes.NewReader(changed), want, nil)
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrOther) && !errors.Is(err, ErrNone) {
			t.Fatalf("byte %d: %v", i, err)
		}
	})
}

func TestTheFirstWrongBlockIsNamed(t *testing.T) {
	image, want := build(random(7, 300*Block), nil, [16]byte{2})
	image[200*Block+17] ^= 1
	image[250*Block] ^= 1
	err := Check(t.Context(), bytes.NewReader(image), want, nil)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "block 200 of its file system, at byte 819200, was changed (2 of 300 blocks in all)") {
		t.Error(err)
	}
}

func TestACutImageAnEmptySlotAndAnotherImageAreToldApart(t *testing.T) {
	image, want := build(random(7, 300*Block), nil, [16]byte{2})
	for _, c := range []struct {
		bytes []byte
		is    error
		says  string
	}{
		{image[:len(image)-5], ErrDamaged, "cut at byte"},
		{image[:100*Block], ErrNone, "behind the end"},
		{make([]byte, len(image)), ErrNone, "no image at byte"},
	} {
		if err := Check(t.Context(), bytes.NewReader(c.bytes), want, nil); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, not %v %q", err, c.is, c.says)
		}
	}
	other := want
	other.UUID[3] = 9
	if err := Check(t.Context(), bytes.NewReader(image), other, nil); !errors.Is(err, ErrOther) {
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
		data := random(uint64(blocks), blocks*Block)
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
		want, err := Parse(strings.TrimSpace(string(root)) + "," + uuid + "," + itoa(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(t.Context(), bytes.NewReader(image), want, nil); err != nil {
			t.Errorf("%d blocks: %v", blocks, err)
		}
		if int64(len(image)) != want.Size() {
			t.Errorf("%d blocks: veritysetup made %d bytes, Size says %d", blocks, len(image), want.Size())
		}
		ours, named := build(data, salt, want.UUID)
		if named != want || !bytes.Equal(ours, image) {
			t.Errorf("%d blocks: the test's own image differs", blocks)
		}
	}
}

func itoa(n int) string { return Image{DataSize: int64(n)}.String()[64+1+36+1:] }

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := Image{DataSize: Block * rapid.Int64Range(2, 1<<28).Draw(t, "blocks")}
		copy(i.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		copy(i.UUID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		if again, err := Parse(i.String()); err != nil || again != i {
			t.Fatalf("%v %v", again, err)
		}
	})
}

func FuzzReadSuperblock(f *testing.F) {
	image, _ := build(random(1, 3*Block), []byte("salt"), [16]byte{1})
	f.Add(image[3*Block : 4*Block])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadSuperblock(bytes.NewReader(b), 0)
		if err == nil && (s.DataSize < 2*Block || s.DataSize > MaxData || len(s.Salt) > 256) {
			t.Errorf("%+v", s)
		}
	})
}
