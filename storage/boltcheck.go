package storage

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"os"
	"syscall"
)

// The layout of a bbolt file, version 2, as its page and meta structures lie in
// memory on a little-endian machine (go.etcd.io/bbolt, internal/common).
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	boltPageHeader = 16 // u64 id, u16 flags, u16 count, u32 overflow
	boltElement    = 16 // branch: u32 pos, u32 ksize, u64 page; leaf: u32 flags, pos, ksize, vsize
	boltBucket     = 16 // u64 root page, u64 sequence
	boltMetaSize   = 64 // u32 magic, version, page size, flags; bucket; u64 freelist, pages, txid, checksum

	boltBranch   = 0x01
	boltLeaf     = 0x02
	boltFreelist = 0x10

	boltDepth = 64
)

// checkBolt walks the whole tree of the bbolt file at path and returns an error
// wrapping ErrDamaged if bbolt could not. bbolt trusts its pages: a wrong byte in
// one makes it panic, run round in circles until the stack is full, or write over
// what is in use. It reads pages' tables and keys, not values.
func checkBolt(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 4*1024 {
		return damaged("it is cut; restore it from a backup")
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	defer syscall.Munmap(data)
	// Keys lie far apart between sealed sound: reading ahead would read it all.
	_ = syscall.Madvise(data, syscall.MADV_RANDOM)
	return guard(func() error { return checkBoltBytes(data) })
}

type boltChecker struct {
	data     []byte
	pageSize uint64
	pages    uint64 // first page number that is not in use
	used     []bool
}

func checkBoltBytes(data []byte) error {
	m0, err := boltMeta(data, 0)
	if err != nil {
		return err
	}
	m1, err := boltMeta(data, m0.pageSize)
	if err != nil {
		return err
	}
	if m1.pageSize != m0.pageSize {
		return damaged("its two headers differ")
	}
	m := m0
	if m1.txid > m0.txid {
		m = m1
	}
	if m.pages < 3 || m.pages > uint64(len(data))/m.pageSize {
		return damaged("it is cut: %d bytes are missing; restore it from a backup", m.pages*m.pageSize-min(m.pages*m.pageSize, uint64(len(data))))
	}
	c := &boltChecker{data, m.pageSize, m.pages, make([]bool, m.pages)}
	c.used[0], c.used[1] = true, true
	if err := c.tree(m.root, nil, nil, 0); err != nil {
		return err
	}
	return c.freelist(m.freelist)
}

type boltHeader struct {
	pageSize, root, freelist, pages, txid uint64
}

// boltMeta reads the header at offset at. Both have to be whole: bbolt would go
// on with the older one, and the last record would be lost without a word.
func boltMeta(data []byte, at uint64) (h boltHeader, err error) {
	if uint64(len(data)) < at+boltPageHeader+boltMetaSize {
		return h, damaged("it is cut; restore it from a backup")
	}
	b := data[at+boltPageHeader:][:boltMetaSize]
	sum := fnv.New64a()
	sum.Write(b[:56])
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if u32(b) != boltMagic || u32(b[4:]) != boltVersion || u64(b[56:]) != sum.Sum64() {
		return h, damaged("a header was changed; restore it from a backup")
	}
	h = boltHeader{uint64(u32(b[8:])), u64(b[16:]), u64(b[32:]), u64(b[40:]), u64(b[48:])}
	if h.pageSize < 1024 || h.pageSize > 1<<20 || h.pageSize&(h.pageSize-1) != 0 {
		return h, damaged("a header is impossible")
	}
	return h, nil
}

// page returns the bytes of page id with its overflow and marks them as used.
func (c *boltChecker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.pages {
		return nil, damaged("a page number is impossible")
	}
	at := id * c.pageSize
	head := c.data[at:]
	n := 1 + uint64(binary.LittleEndian.Uint32(head[12:]))
	if binary.LittleEndian.Uint64(head) != id || id+n > c.pages {
		return nil, damaged("a page was changed")
	}
	for i := id; i < id+n; i++ {
		if c.used[i] {
			return nil, damaged("a page is used twice")
		}
		c.used[i] = true
	}
	return c.data[at : at+n*c.pageSize], nil
}

// tree checks the pages under id, whose keys lie in [low, high).
func (c *boltChecker) tree(id uint64, low, high []byte, depth int) error {
	if depth > boltDepth {
		return damaged("its tree is too deep")
	}
	p, err := c.page(id)
	if err != nil {
		return err
	}
	return c.elements(p, low, high, depth)
}

// elements checks what a page holds, and what lies below it.
func (c *boltChecker) elements(p []byte, low, high []byte, depth int) error {
	flags, count := binary.LittleEndian.Uint16(p[8:]), int(binary.LittleEndian.Uint16(p[10:]))
	if flags != boltBranch && flags != boltLeaf || flags == boltBranch && count == 0 {
		return damaged("a page was changed")
	}
	table := boltPageHeader + count*boltElement
	if table > len(p) {
		return damaged("a page was changed")
	}
	key := func(i int) (k, v []byte, err error) {
		at := boltPageHeader + i*boltElement
		e := p[at:]
		var pos, ksize, vsize uint64
		if flags == boltBranch {
			pos, ksize = uint64(binary.LittleEndian.Uint32(e)), uint64(binary.LittleEndian.Uint32(e[4:]))
		} else {
			pos, ksize, vsize = uint64(binary.LittleEndian.Uint32(e[4:])), uint64(binary.LittleEndian.Uint32(e[8:])), uint64(binary.LittleEndian.Uint32(e[12:]))
		}
		start := uint64(at) + pos
		if start < uint64(table) || start+ksize+vsize > uint64(len(p)) || ksize == 0 {
			return nil, nil, damaged("a page was changed")
		}
		return p[start : start+ksize], p[start+ksize : start+ksize+vsize], nil
	}
	last := low
	for i := range count {
		k, v, err := key(i)
		if err != nil {
			return err
		}
		if c := bytes.Compare(last, k); last != nil && (c > 0 || c == 0 && i > 0) || high != nil && bytes.Compare(k, high) >= 0 {
			return damaged("its keys are out of order")
		}
		last = k
		e := p[boltPageHeader+i*boltElement:]
		switch {
		case flags == boltBranch:
			end := high
			if i+1 < count {
				if end, _, err = key(i + 1); err != nil {
					return err
				}
			}
			err = c.tree(binary.LittleEndian.Uint64(e[8:]), k, end, depth+1)
		case binary.LittleEndian.Uint32(e) == 1:
			err = c.bucket(v, depth+1)
		case binary.LittleEndian.Uint32(e) != 0:
			err = damaged("a page was changed")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a nested bucket: a root page elsewhere, or a small page inline.
func (c *boltChecker) bucket(v []byte, depth int) error {
	if len(v) < boltBucket {
		return damaged("a bucket was changed")
	}
	if root := binary.LittleEndian.Uint64(v); root != 0 {
		return c.tree(root, nil, nil, depth)
	}
	inline := v[boltBucket:]
	if len(inline) < boltPageHeader || binary.LittleEndian.Uint16(inline[8:]) != boltLeaf || depth > boltDepth {
		return damaged("a bucket was changed")
	}
	return c.elements(inline, nil, nil, depth)
}

// freelist checks that no page that is called free is in use.
func (c *boltChecker) freelist(id uint64) error {
	if id == ^uint64(0) {
		return nil
	}
	p, err := c.page(id)
	if err != nil {
		return err
	}
	count, ids := uint64(binary.LittleEndian.Uint16(p[10:])), p[boltPageHeader:]
	if count == 0xFFFF {
		count, ids = binary.LittleEndian.Uint64(ids), ids[8:]
	}
	if binary.LittleEndian.Uint16(p[8:]) != boltFreelist || count > uint64(len(ids))/8 {
		return damaged("its list of free pages was changed")
	}
	for i := range count {
		free := binary.LittleEndian.Uint64(ids[8*i:])
		if free < 2 || free >= c.pages || c.used[free] {
			return damaged("its list of free pages was changed")
		}
		c.used[free] = true
	}
	return nil
}
