package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"tenin/storage/seal"
)

// ErrHeader means that a LUKS header cannot be read.
var ErrHeader = errors.New("the disk's header is not understood")

// The tokens that we keep in the LUKS2 header of the data partition. A token is a remark: it opens nothing by itself.
const (
	// tokenMade is written last: the file system inside is whole, and may hold what the shop cannot lose.
	tokenMade = "tenin-data"
	// tokenSetup names the slot of the set-up key, tokenRecovery that of the recovery key.
	tokenSetup    = "tenin-setup"
	tokenRecovery = "tenin-recovery"
	// tokenTPM is systemd-cryptenroll's.
	tokenTPM = "systemd-tpm2"
)

// Header is what is known of a LUKS2 partition without opening it.
type Header struct {
	// Slots are the key slots in use, sorted.
	Slots []int
	// Tokens are the tokens by number.
	Tokens map[int]Token
}

// Token is a remark in the header.
type Token struct {
	Type string
	// Slots are the key slots that it is about.
	Slots []int
}

// of returns the slots of all tokens of a kind, sorted, and their numbers.
func (h Header) of(kind string) (slots, tokens []int) {
	for _, n := range slices.Sorted(maps.Keys(h.Tokens)) {
		if t := h.Tokens[n]; t.Type == kind {
			tokens = append(tokens, n)
			slots = append(slots, t.Slots...)
		}
	}
	slices.Sort(slots)
	return slots, tokens
}

// Made says whether the partition may hold data.
func (h Header) Made() bool { _, tokens := h.of(tokenMade); return len(tokens) > 0 }

// Recovery says whether a recovery key opens it, TPM whether a TPM does.
func (h Header) Recovery() bool { slots, _ := h.of(tokenRecovery); return len(slots) > 0 }

// TPM says whether a TPM opens it.
func (h Header) TPM() bool { slots, _ := h.of(tokenTPM); return len(slots) > 0 }

// parseHeader reads what `cryptsetup luksDump --dump-json-metadata` writes. The error wraps ErrHeader.
func parseHeader(b []byte) (Header, error) {
	var raw struct {
		Slots  map[string]json.RawMessage `json:"keyslots"`
		Tokens map[string]struct {
			Type  string   `json:"type"`
			Slots []string `json:"keyslots"`
		} `json:"tokens"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return Header{}, fmt.Errorf("%w: %v", ErrHeader, err)
	}
	h := Header{Tokens: map[int]Token{}}
	for text := range raw.Slots {
		n, err := slotNumber(text)
		if err != nil {
			return Header{}, err
		}
		h.Slots = append(h.Slots, n)
	}
	slices.Sort(h.Slots)
	for text, t := range raw.Tokens {
		n, err := slotNumber(text)
		if err != nil {
			return Header{}, err
		}
		token := Token{Type: t.Type}
		for _, text := range t.Slots {
			slot, err := slotNumber(text)
			if err != nil {
				return Header{}, err
			}
			// A slot that was removed may still be named.
			if slices.Contains(h.Slots, slot) {
				token.Slots = append(token.Slots, slot)
			}
		}
		h.Tokens[n] = token
	}
	return h, nil
}

// slotNumber reads a number of a slot or a token, of which LUKS2 has at most 32.
func slotNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 31 || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("%w: %q is no number of a slot", ErrHeader, text)
	}
	return n, nil
}

// readHeader returns the header of a device; false where there is none at all.
func readHeader(ctx context.Context, m Machine, device string) (Header, bool, error) {
	out, err := m.Run(ctx, Command{Name: "cryptsetup", Args: []string{"luksDump", "--dump-json-metadata", device}})
	if err != nil {
		// Asked only now: at every start but the first there is a header, and each program costs the start time.
		_, not := m.Run(ctx, Command{Name: "cryptsetup", Args: []string{"isLuks", "--type", "luks2", device}})
		var exit *ExitError
		if errors.As(not, &exit) && exit.Code == 1 {
			return Header{}, false, nil
		}
		return Header{}, not == nil, err
	}
	h, err := parseHeader(out)
	return h, true, err
}

// addToken writes a token about these slots.
func addToken(ctx context.Context, m Machine, device, kind string, slots ...int) error {
	names := []string{}
	for _, n := range slots {
		names = append(names, strconv.Itoa(n))
	}
	text, err := json.Marshal(map[string]any{"type": kind, "keyslots": names})
	if err != nil {
		return err
	}
	_, err = m.Run(ctx, Command{Name: "cryptsetup", Args: []string{"token", "import", "--json-file", "-", device}, Input: seal.TakeSecret(text)})
	return err
}

// drop removes the slots and tokens of a kind, but for the slot keep (-1: none is kept). A slot goes before its token, so that
// what still opens the disk is never nameless.
func drop(ctx context.Context, m Machine, device, kind string, keep int) error {
	h, _, err := readHeader(ctx, m, device)
	if err != nil {
		return err
	}
	_, tokens := h.of(kind)
	for _, n := range tokens {
		if slices.Contains(h.Tokens[n].Slots, keep) {
			continue
		}
		for _, slot := range h.Tokens[n].Slots {
			if err := kill(ctx, m, device, slot); err != nil {
				return err
			}
		}
		if err := run(ctx, m, "cryptsetup", "token", "remove", "--token-id", strconv.Itoa(n), device); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes the set-up key, and slots that no token names: power failed before they got their name. It removes nothing
// where neither a TPM nor a recovery key would open what is left. h is the header as it is.
func sweep(ctx context.Context, m Machine, device string, h Header) error {
	if !h.TPM() && !h.Recovery() {
		return nil
	}
	named := map[int]bool{}
	for _, t := range h.Tokens {
		for _, slot := range t.Slots {
			named[slot] = true
		}
	}
	for _, slot := range h.Slots {
		if !named[slot] {
			if err := kill(ctx, m, device, slot); err != nil {
				return err
			}
		}
	}
	if _, tokens := h.of(tokenSetup); len(tokens) == 0 {
		return nil
	}
	return drop(ctx, m, device, tokenSetup, -1)
}

func kill(ctx context.Context, m Machine, device string, slot int) error {
	return run(ctx, m, "cryptsetup", "luksKillSlot", "--batch-mode", device, strconv.Itoa(slot))
}
