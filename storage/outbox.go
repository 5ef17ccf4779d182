package storage

import (
	"crypto/rand"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// MaxPayload is the most bytes in one message of the outbox.
const MaxPayload = 64 * 1024

// Message is a payload that waits to be sent.
type Message struct {
	ID      [16]byte
	Payload []byte
}

// Outbox holds what goes upstream until the other side has it. Delivery is at
// least once: a message is pending until Ack, so one that was sent when the power
// failed is sent again, under the same id, by which the receiver knows it.
type Outbox struct {
	vault *Vault
}

// Outbox returns the vault's outbox.
func (v *Vault) Outbox() *Outbox { return &Outbox{v} }

// NewMessageID returns a random id for Put.
func NewMessageID() (id [16]byte) {
	_, _ = rand.Read(id[:])
	return id
}

func newOutboxKey() seal.Secret { return seal.Random(keySize) }

// Put stores payload under id, which must be random. It does nothing if a
// message with this id is pending. When it returns nil the message is stored.
func (o *Outbox) Put(id [16]byte, payload []byte) error {
	v := o.vault
	if len(payload) > MaxPayload {
		return fmt.Errorf("outbox: %w: %d bytes, the most is %d", ErrTooLarge, len(payload), MaxPayload)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.room(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	aead, err := newAEAD(v.ring.outbox)
	if err != nil {
		return err
	}
	stored, err := sealRecord(aead, v.outboxPlace(id), kindPayload, payload)
	if err != nil {
		return err
	}
	return v.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketOutbox)
		if b.Get(id[:]) != nil {
			return nil
		}
		return b.Put(id[:], stored)
	})
}

// Pending returns at most n messages that wait, in no order that means anything;
// a negative n means all.
func (o *Outbox) Pending(n int) ([]Message, error) {
	v := o.vault
	v.mu.RLock()
	defer v.mu.RUnlock()
	var list []Message
	err := v.view(func(tx *bolt.Tx) error {
		aead, err := newAEAD(v.ring.outbox)
		if err != nil {
			return err
		}
		c := tx.Bucket(bucketOutbox).Cursor()
		for k, stored := c.First(); k != nil && n != len(list); k, stored = c.Next() {
			if len(k) != len(ID{}) {
				return damaged("the outbox holds something that is no message")
			}
			payload, err := openRecord(aead, v.outboxPlace(ID(k)), kindPayload, stored)
			if err != nil {
				return fmt.Errorf("outbox: message %x: %w", k, err)
			}
			list = append(list, Message{[16]byte(k), payload})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Len returns how many messages wait.
func (o *Outbox) Len() (n int, err error) {
	v := o.vault
	v.mu.RLock()
	defer v.mu.RUnlock()
	err = v.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketOutbox).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			n++
		}
		return nil
	})
	return n, err
}

// Ack removes the message with this id; it does nothing if there is none.
func (o *Outbox) Ack(id [16]byte) error {
	v := o.vault
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	return v.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketOutbox).Delete(id[:]) })
}

func (v *Vault) outboxPlace(id [16]byte) place {
	return place{class: classOutbox, vault: v.ring.vault, owner: id}
}

func (v *Vault) outboxEmpty() (empty bool, err error) {
	err = v.view(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketOutbox).Cursor().First()
		empty = k == nil
		return nil
	})
	return empty, err
}
