package screen

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"tenin/cmd/internal/worker/sandbox"
)

const (
	// longestPicture bounds a frame to the window. The largest picture of the tests has 20 KB; a full day of conversations less
	// than ten times that.
	longestPicture = 1 << 20
	// longestReport bounds a frame from the window. A touch with its text has 2 KB; what was tried of it takes 20.
	longestReport = 64 << 10
)

// order is a frame to the window. Number counts pictures from 1.
type order struct {
	Number  uint64   `json:"number,omitempty"`
	Picture *Picture `json:"picture,omitempty"`
	// Look asks whether the window still answers; the report repeats it.
	Look uint64 `json:"look,omitempty"`
	// Probe has the process try what it should not be able to do.
	Probe *sandbox.Targets `json:"probe,omitempty"`
}

// report is a frame from the window: exactly one of its fields is set.
type report struct {
	Ready  *readiness `json:"ready,omitempty"`
	Failed *failure   `json:"failed,omitempty"`
	// Shown is the number of the picture that is on the glass now.
	Shown uint64 `json:"shown,omitempty"`
	Touch *Touch `json:"touch,omitempty"`
	Look  uint64 `json:"look,omitempty"`
	// Probed is what came of a Probe.
	Probed []sandbox.Result `json:"probed,omitempty"`
}

// readiness says what the window found.
type readiness struct {
	Width, Height int // of the window, in dots
	Scale         float32
	Renderer      string // what draws, as the graphics library calls it
}

// writeFrame writes a value with its length before it: four bytes, the highest first.
func writeFrame(w io.Writer, v any, longest int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > longest {
		return fmt.Errorf("screen: a message of %d bytes: %d are the most", len(b), longest)
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

// readFrame reads one value. The error is io.EOF when the other side closed between two frames.
func readFrame(r io.Reader, v any, longest int) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > uint32(longest) {
		return errForm
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	return strict(b, v)
}

// lookFrame is the frame of a question whether the window answers.
func lookFrame(n uint64) []byte {
	var b bytes.Buffer
	// A number always fits.
	_ = writeFrame(&b, order{Look: n}, longestPicture)
	return b.Bytes()
}
