package knowledge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The layout of a bbolt file (go.etcd.io/bbolt, internal/common: page.go,
// meta.go, bucket.go), little endian as on every machine that we build for.
const (
	pageHeaderSize  = 16 // id u64, flags u16, count u16, overflow u32
	pageElementSize = 16
	pageBranch      = 0x01
	pageLeaf        = 0x02
	pageFreelist    = 0x10
	boltMagic       = 0xED0CDAED
	boltVersion     = 2
	maxDepth        = 32
	noFreelist      = ^uint64(0)
)

// A pageWalk follows every page of a bbolt file before bbolt maps it. bbolt
// trusts its pages: one flipped bit in a page number can send it round in a
// circle until the stack is full, and a cut file into memory that is not there.
// Neither can be recovered from, so they must be seen before.
type pageWalk struct {
	file  io.ReaderAt
	size  int64
	page  int64
	pages uint64 // in use, from the meta page
	seen  map[uint64]bool
}

// checkPages returns an error wrapping ErrDamaged when the pages of the file at
// path do not form a bbolt file. It takes no lock: a writer may be at work, and
// a commit writes pages that nothing points to before it writes its meta page.
// So it looks a second time before it says that a file is damaged.
func checkPages(path string) error {
	err := walkFile(path)
	for range 2 {
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		err = walkFile(path)
	}
	return err
}

func walkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("not a regular file")
	}
	w := &pageWalk{file: f, size: info.Size(), seen: map[uint64]bool{}}
	return w.walk()
}

type boltMeta struct {
	page                          uint32
	root, freelist, pages, commit uint64
}

func (w *pageWalk) walk() error {
	m, err := w.meta()
	if err != nil {
		return err
	}
	w.page, w.pages = int64(m.page), m.pages
	if int64(m.pages) < 0 || int64(m.pages) > w.size/w.page {
		return damaged("the file is cut: %d bytes of %d", w.size, m.pages*uint64(m.page))
	}
	if m.freelist != noFreelist {
		data, flags, count, err := w.read(m.freelist)
		if err != nil {
			return err
		}
		if flags != pageFreelist {
			return damaged("page %d is no free list", m.freelist)
		}
		if err := w.freelist(data, count); err != nil {
			return err
		}
	}
	return w.tree(m.root, 0)
}

// meta returns the newer of the two meta pages that are whole.
func (w *pageWalk) meta() (best boltMeta, err error) {
	for _, page := range []int64{0, 1} {
		// The second page lies behind the first, whose size is only known when
		// it is whole; pages are as large as the writing machine's.
		for size := int64(1024); size <= 65536; size *= 2 {
			buf := make([]byte, 64)
			if _, err := w.file.ReadAt(buf, page*size+pageHeaderSize); err != nil {
				break
			}
			h := fnv.New64a()
			h.Write(buf[:56])
			if binary.LittleEndian.Uint32(buf) != boltMagic || binary.LittleEndian.Uint32(buf[4:]) != boltVersion || h.Sum64() != binary.LittleEndian.Uint64(buf[56:]) {
				continue
			}
			m := boltMeta{
				page: binary.LittleEndian.Uint32(buf[8:]), root: binary.LittleEndian.Uint64(buf[16:]),
				freelist: binary.LittleEndian.Uint64(buf[32:]), pages: binary.LittleEndian.Uint64(buf[40:]), commit: binary.LittleEndian.Uint64(buf[48:]),
			}
			if m.page < 1024 || m.page > 65536 || page == 1 && int64(m.page) != size {
				continue
			}
			if best.page == 0 || m.commit > best.commit {
				best = m
			}
			break
		}
	}
	if best.page == 0 {
		return best, damaged("it is not a store, or its head is broken")
	}
	return best, nil
}

// read returns a page with its overflow, header included.
func (w *pageWalk) read(id uint64) (data []byte, flags, count uint16, err error) {
	if id < 2 || id >= w.pages || w.seen[id] {
		return nil, 0, 0, damaged("page %d is out of place", id)
	}
	head := make([]byte, pageHeaderSize)
	if _, err := w.file.ReadAt(head, int64(id)*w.page); err != nil {
		return nil, 0, 0, damaged("page %d: %v", id, err)
	}
	overflow := uint64(binary.LittleEndian.Uint32(head[12:]))
	if binary.LittleEndian.Uint64(head) != id || overflow >= w.pages-id {
		return nil, 0, 0, damaged("page %d has a wrong head", id)
	}
	for i := id; i <= id+overflow; i++ {
		if w.seen[i] {
			return nil, 0, 0, damaged("page %d is used twice", i)
		}
		w.seen[i] = true
	}
	data = make([]byte, int64(overflow+1)*w.page)
	if _, err := w.file.ReadAt(data, int64(id)*w.page); err != nil {
		return nil, 0, 0, damaged("page %d: %v", id, err)
	}
	return data, binary.LittleEndian.Uint16(head[8:]), binary.LittleEndian.Uint16(head[10:]), nil
}

func (w *pageWalk) freelist(data []byte, count uint16) error {
	n, ids := uint64(count), data[pageHeaderSize:]
	if count == 0xFFFF {
		n, ids = binary.LittleEndian.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return damaged("the free list is longer than its page")
	}
	last := uint64(1)
	for i := range n {
		id := binary.LittleEndian.Uint64(ids[8*i:])
		if id <= last || id >= w.pages || w.seen[id] {
			return damaged("the free list names page %d", id)
		}
		last, w.seen[id] = id, true // a page of the tree must not be free
	}
	return nil
}

func (w *pageWalk) tree(id uint64, depth int) error {
	if depth > maxDepth {
		return damaged("the tree is too deep")
	}
	data, flags, count, err := w.read(id)
	if err != nil {
		return err
	}
	return w.node(data, flags, count, depth)
}

func (w *pageWalk) node(data []byte, flags, count uint16, depth int) error {
	if len(data) < pageHeaderSize+int(count)*pageElementSize || flags == pageBranch && count == 0 {
		return damaged("a page says it holds %d items", count)
	}
	for i := range int(count) {
		at := pageHeaderSize + i*pageElementSize
		el := data[at : at+pageElementSize]
		switch flags {
		case pageBranch:
			if !inside(data, at, binary.LittleEndian.Uint32(el), binary.LittleEndian.Uint32(el[4:]), 0) {
				return damaged("a key lies outside of its page")
			}
			if err := w.tree(binary.LittleEndian.Uint64(el[8:]), depth+1); err != nil {
				return err
			}
		case pageLeaf:
			bucket, pos := binary.LittleEndian.Uint32(el), binary.LittleEndian.Uint32(el[4:])
			ksize, vsize := binary.LittleEndian.Uint32(el[8:]), binary.LittleEndian.Uint32(el[12:])
			if !inside(data, at, pos, ksize, vsize) || bucket > 1 {
				return damaged("a record lies outside of its page")
			}
			if bucket == 0 {
				continue
			}
			value := data[at+int(pos)+int(ksize):][:vsize]
			if err := w.bucket(value, depth); err != nil {
				return err
			}
		default:
			return damaged("a page of an unknown kind")
		}
	}
	return nil
}

// bucket follows a bucket: its own tree, or a small page inside of its value.
func (w *pageWalk) bucket(value []byte, depth int) error {
	if len(value) < 16 {
		return damaged("a bucket is cut")
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.tree(root, depth+1)
	}
	inline := value[16:]
	if len(inline) < pageHeaderSize || binary.LittleEndian.Uint16(inline[8:]) != pageLeaf {
		return damaged("a bucket is cut")
	}
	return w.node(inline, pageLeaf, binary.LittleEndian.Uint16(inline[10:]), depth+1)
}

func inside(data []byte, at int, pos, ksize, vsize uint32) bool {
	return uint64(at)+uint64(pos)+uint64(ksize)+uint64(vsize) <= uint64(len(data))
}
