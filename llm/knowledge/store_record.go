package knowledge

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is stored as CRC-32C (big endian) over bucket, key and payload, then
// the payload. bbolt checks its meta pages alone.
func sealRecord(bucket, key, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, checksum(bucket, key, payload)), payload...)
}

func checksum(bucket, key, payload []byte) uint32 {
	var lengths [8]byte
	binary.BigEndian.PutUint32(lengths[:], uint32(len(bucket)))
	binary.BigEndian.PutUint32(lengths[4:], uint32(len(key)))
	sum := crc32.Checksum(lengths[:], castagnoli)
	sum = crc32.Update(sum, castagnoli, bucket)
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, payload)
}

func openRecord(bucket, key, value []byte) ([]byte, error) {
	if len(value) < 4 || binary.BigEndian.Uint32(value) != checksum(bucket, key, value[4:]) {
		return nil, damaged("checksum of %s %x", bucket, key)
	}
	return value[4:], nil
}

func putRecord(b *bolt.Bucket, bucket, key, payload []byte) error {
	return b.Put(key, sealRecord(bucket, key, payload))
}

func getRecord(b *bolt.Bucket, bucket, key []byte) ([]byte, error) {
	return openRecord(bucket, key, b.Get(key))
}

func eachRecord(b *bolt.Bucket, bucket []byte, f func(key, payload []byte) error) error {
	var last []byte
	return b.ForEach(func(k, v []byte) error {
		if last != nil && bytes.Compare(last, k) >= 0 {
			return damaged("keys of %s are out of order", bucket)
		}
		last = k
		payload, err := openRecord(bucket, k, v)
		if err != nil {
			return err
		}
		return f(k, payload)
	})
}

// computeRevision hashes all records, in the order of their keys.
func computeRevision(tx *bolt.Tx) string {
	h := sha256.New()
	for _, name := range [][]byte{bucketEntries, bucketProducts} {
		c := tx.Bucket(name).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			var lengths [9]byte
			lengths[0] = name[0]
			binary.BigEndian.PutUint32(lengths[1:], uint32(len(k)))
			binary.BigEndian.PutUint32(lengths[5:], uint32(len(v)))
			h.Write(lengths[:])
			h.Write(k)
			h.Write(v)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func writeRevision(tx *bolt.Tx) error {
	return putRecord(tx.Bucket(bucketMeta), bucketMeta, keyRevision, []byte(computeRevision(tx)))
}
