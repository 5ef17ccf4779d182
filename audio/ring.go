package audio

import "sync/atomic"

// ring hands samples from one writer, a device's callback, to one reader. Neither ever waits or allocates.
type ring struct {
	buf           []float32
	read, written atomic.Uint64
	dropped       atomic.Uint64
}

func newRing(samples int) *ring { return &ring{buf: make([]float32, max(samples, 1))} }

// write keeps what fits and counts the rest: the reader is late, and old sound is worth more than a gap in it.
func (r *ring) write(in []float32) {
	w := r.written.Load()
	free := len(r.buf) - int(w-r.read.Load())
	n := min(len(in), free)
	at := int(w % uint64(len(r.buf)))
	first := copy(r.buf[at:], in[:n])
	copy(r.buf, in[first:n])
	r.written.Store(w + uint64(n))
	if n < len(in) {
		r.dropped.Add(uint64(len(in) - n))
	}
}

// take moves up to len(out) samples to out.
func (r *ring) take(out []float32) int {
	begin := r.read.Load()
	n := min(len(out), int(r.written.Load()-begin))
	at := int(begin % uint64(len(r.buf)))
	first := copy(out[:n], r.buf[at:])
	copy(out[first:n], r.buf)
	r.read.Store(begin + uint64(n))
	return n
}

// wipe forgets all sound. Writer and reader must have stopped.
func (r *ring) wipe() {
	clear(r.buf)
	r.read.Store(r.written.Load())
}
