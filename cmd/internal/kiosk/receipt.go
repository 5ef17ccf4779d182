package kiosk

import (
	"errors"
	"fmt"

	"tenin/storage"
)

// Receipt gives the session of the visit that goes on a code by which its shopper can have it erased later, to be shown to
// them and to nobody else. A code that was given before is good no more. session is an Outcome's. It writes to the disk.
func (c *Clerk) Receipt(session string) (code string, err error) {
	id, err := c.sessionNamed(session)
	if err != nil {
		return "", err
	}
	r, err := c.vault.Receipt(id)
	if err != nil {
		return "", fmt.Errorf("no receipt: %w", err)
	}
	return r.String(), nil
}

// Helped keeps whether the last answer of the visit that goes on helped the shopper, beside that answer. session is an
// Outcome's. It writes to the disk.
func (c *Clerk) Helped(session string, yes bool) error {
	id, err := c.sessionNamed(session)
	if err != nil {
		return err
	}
	return c.vault.Rate(id, yes)
}

func (c *Clerk) sessionNamed(session string) (storage.ID, error) {
	if c.vault == nil {
		return storage.ID{}, errors.New("the vault is not open")
	}
	return storage.ParseID(session)
}

// eraseReceipt destroys the session of a receipt. vault may be nil: there is none.
func eraseReceipt(vault *storage.Vault, code string) (storage.ID, error) {
	r, err := storage.ParseReceipt(code)
	if err != nil {
		return storage.ID{}, err
	}
	if vault == nil {
		return storage.ID{}, fmt.Errorf("%w for this code", storage.ErrNotFound)
	}
	id, err := vault.FindReceipt(r)
	if err != nil {
		return id, err
	}
	return id, vault.Erase(id)
}
