package seal

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-tpm/tpm2"
)

// TPMStatus is what a TPM says about itself.
type TPMStatus struct {
	// Maker is the manufacturer's four letters: "IFX", "INTC", "AMD", "IBM" (an emulator).
	Maker string
	// Failures counts the wrong tries that stand, MaxFailures those that lock it.
	Failures, MaxFailures int
	// Recovery is the time that takes one of Failures away; 0 means none does.
	Recovery time.Duration
	// LockedOut says that no PIN is tried until a try came back.
	LockedOut bool
	// Measured says that PCR 7 is not empty: the firmware measures Secure Boot.
	Measured bool
	// PCR7 and PCR11 are their values, SHA-256 bank.
	PCR7, PCR11 [32]byte
}

// ReadTPM asks the TPM at path (empty: DefaultTPM). It changes nothing in it.
// Errors wrap ErrNoTPM where it is not there.
func ReadTPM(path string) (s TPMStatus, err error) {
	if path == "" {
		path = DefaultTPM
	}
	d, err := openDevice(path)
	if err != nil {
		return s, err
	}
	defer d.Close()
	if err := d.status(&s); err != nil {
		return s, err
	}
	primary, err := d.primary()
	if err != nil {
		return s, err
	}
	defer primary.flush()
	for n, into := range map[uint]*[32]byte{7: &s.PCR7, 11: &s.PCR11} {
		value, err := primary.readPCR(n)
		if err != nil {
			return s, err
		}
		*into = [32]byte(value)
	}
	s.Measured = s.PCR7 != [32]byte{}
	return s, nil
}

// status reads what needs no key.
func (d *device) status(s *TPMStatus) error {
	maker, err := d.property(tpm2.TPMPTManufacturer)
	if err != nil {
		return err
	}
	s.Maker = strings.TrimRight(string([]byte{byte(maker >> 24), byte(maker >> 16), byte(maker >> 8), byte(maker)}), " \x00")
	failures, err := d.property(tpm2.TPMPTLockoutCounter)
	if err != nil {
		return err
	}
	limit, err := d.property(tpm2.TPMPTMaxAuthFail)
	if err != nil {
		return err
	}
	interval, err := d.property(tpm2.TPMPTLockoutInterval)
	if err != nil {
		return err
	}
	s.Failures, s.MaxFailures, s.Recovery = int(failures), int(limit), time.Duration(interval)*time.Second
	s.LockedOut = failures >= limit
	return nil
}

// property returns a number that the TPM keeps about itself (Part 2, 6.13).
func (d *device) property(which tpm2.TPMPT) (uint32, error) {
	got, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(which), PropertyCount: 1}.Execute(d)
	if err != nil {
		return 0, d.explain("read its state", err)
	}
	list, err := got.CapabilityData.Data.TPMProperties()
	if err != nil || len(list.TPMProperty) == 0 || list.TPMProperty[0].Property != which {
		return 0, fmt.Errorf("TPM %s: it does not tell its property %#x", d.path, uint32(which))
	}
	return list.TPMProperty[0].Value, nil
}

// triesLeft ends the message about a wrong PIN.
func (d *device) triesLeft() string {
	var s TPMStatus
	if d.status(&s) != nil {
		return "; try again"
	}
	if s.LockedOut {
		return "; that was the last try: " + s.wayOut()
	}
	return fmt.Sprintf("; %d of %d tries are left", s.MaxFailures-s.Failures, s.MaxFailures)
}

func (d *device) lockedOut() error {
	var s TPMStatus
	_ = d.status(&s)
	return fmt.Errorf("TPM %s: %w: too many wrong PINs or power cuts; %s", d.path, ErrLockedOut, s.wayOut())
}

func (s TPMStatus) wayOut() string {
	if s.Recovery == 0 {
		return "whoever has the lockout password ends it with `tpm2_dictionarylockout --clear-lockout`"
	}
	return fmt.Sprintf("a try comes back every %s while the machine runs, or end it with `tpm2_dictionarylockout --clear-lockout`", s.Recovery)
}
