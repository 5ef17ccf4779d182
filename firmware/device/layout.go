package device

import (
	"crypto/sha256"
	"fmt"
)

// The names of the partitions, in their order on the disk.
const (
	PartESP     = "esp"
	PartRootA   = "root-a"
	PartRootB   = "root-b"
	PartModelsA = "models-a"
	PartModelsB = "models-b"
	// PartData is the last. An image has it small and empty; a device grows and encrypts it at its first start, since only it
	// knows how large its disk is, and only its TPM the key.
	PartData = "data"
)

// The GPT types of the partitions. Slots and data are plain Linux data, so that no generator of systemd finds them by their
// type and mounts what has not been verified.
const (
	TypeESP   = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	TypeLinux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
	// TypeData is our own: what grows a partition finds it by its type, and there shall be one.
	TypeData = "B3C9A1DE-5A8F-4B0E-9B59-7E6F74656E69"
)

// Partition is a place on the disk; Start and Size are in bytes.
type Partition struct {
	Name  string
	Type  string
	Start Size
	Size  Size
	// UUID is the partition's own, in lower case.
	UUID string
}

// End is the first byte behind the partition.
func (p Partition) End() Size { return p.Start + p.Size }

// Layout is the partition table of a new disk.
type Layout struct {
	// UUID is the disk's own.
	UUID       string
	Partitions []Partition
	// Size is of the whole image, with both copies of the table.
	Size Size
}

// Align is where partitions begin and end: what every disk's own blocks divide.
const Align = MiB

// dataSize is data's in an image: room for the head of an encrypted volume, all zeros.
const dataSize = 16 * MiB

// Layout lays the disk out. models is how many bytes a slot of weights takes today; it is the size of models-a and models-b
// where device.toml gives none, with a quarter to grow. Identity goes into all UUIDs: the same gives the same.
func (c Config) Layout(models Size, identity []byte) (Layout, error) {
	size := c.Disk.Models
	switch {
	case size == 0:
		size = up(models+models/4, 16*MiB)
	case size < models:
		return Layout{}, fmt.Errorf("disk.models is %s, and the weights take %s: make it larger, or leave it out", size, up(models, MiB))
	}
	l := Layout{UUID: uuid(identity, "disk")}
	at := Align
	add := func(name, kind string, size Size) {
		l.Partitions = append(l.Partitions, Partition{Name: name, Type: kind, Start: at, Size: size, UUID: uuid(identity, name)})
		at += size
	}
	add(PartESP, TypeESP, c.Disk.ESP)
	add(PartRootA, TypeLinux, c.Disk.Root)
	add(PartRootB, TypeLinux, c.Disk.Root)
	add(PartModelsA, TypeLinux, size)
	if c.Disk.SecondModels {
		add(PartModelsB, TypeLinux, size)
	}
	add(PartData, TypeData, dataSize)
	// The table's second copy takes the last 33 sectors.
	l.Size = at + Align
	return l, nil
}

// Partition returns the one with this name.
func (l Layout) Partition(name string) (Partition, bool) {
	for _, p := range l.Partitions {
		if p.Name == name {
			return p, true
		}
	}
	return Partition{}, false
}

func up(s, unit Size) Size { return (s + unit - 1) / unit * unit }

// uuid is version 8 of RFC 9562: bits of our own choice, here of a hash.
func uuid(identity []byte, name string) string {
	h := sha256.New()
	h.Write(identity)
	h.Write([]byte{0})
	h.Write([]byte(name))
	b := h.Sum(nil)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
