package main

import (
	"tenin/storage/seal"
	"tenin/storage/uplink/hub"
)

// tpmJudge introduces the hub to what understands a TPM; neither knows the other.
type tpmJudge struct{}

func (tpmJudge) NewChallenge(identity []byte, roots [][]byte) (hub.Challenge, error) {
	c, err := seal.NewChallenge(identity, roots)
	return hub.Challenge(c), err
}

func (tpmJudge) CheckQuote(keys, nonce, quote []byte, key string) (hub.Measured, error) {
	m, err := seal.CheckQuote(keys, nonce, quote, key)
	return hub.Measured(m), err
}
