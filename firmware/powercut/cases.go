package powercut

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A Kind is how the writes after the last flush were treated.
type Kind string

// The kinds of cases.
const (
	// Prefix: the writes up to a moment are there, and none after it.
	Prefix Kind = "prefix"
	// Subset: of the writes since the last flush some are there.
	Subset Kind = "subset"
	// Torn: as Subset, and of one write some sectors are.
	Torn Kind = "torn"
)

// A Case is one power cut.
type Case struct {
	// Number counts from 0; with the same record, seed and number of cases it is the same case.
	Number int  `json:"number"`
	Kind   Kind `json:"kind"`
	// After is how many entries of the record had ended, and Flushed how many of them were behind the last flush.
	After   int `json:"after"`
	Flushed int `json:"flushed"`
	// Lost is how many writes between the two are missing, and Torn which entry is there in parts, -1 for none.
	Lost int `json:"lost"`
	Torn int `json:"torn"`

	kept []int
	seed uint64
}

// String says it in a line.
func (c Case) String() string {
	text := fmt.Sprintf("case %d: power cut after %d entries, %d of them flushed", c.Number, c.After, c.Flushed)
	if c.Kind != Prefix {
		text += fmt.Sprintf(", %d of the others lost", c.Lost)
	}
	if c.Torn >= 0 {
		text += fmt.Sprintf(", entry %d torn", c.Torn)
	}
	return text
}

// epochs returns for each number of ended entries how many of them a flush made sure: index 0 to len(Entries).
func (l *Log) epochs() []int {
	flushed := make([]int, len(l.Entries)+1)
	for i, e := range l.Entries {
		flushed[i+1] = flushed[i]
		switch {
		case e.Flush && e.Size == 0:
			flushed[i+1] = i + 1
		case e.Flush:
			// The flush was before the write.
			flushed[i+1] = i
		}
	}
	return flushed
}

// cases chooses n moments: half of them evenly, from the beginning to the end, and half where the few writes are that
// decide what starts, as interesting says of an entry.
func (l *Log) cases(seed uint64, n int, interesting func(Entry) bool) []Case {
	flushed := l.epochs()
	var near []int
	for i, e := range l.Entries {
		if e.Size > 0 && interesting(e) {
			for k := max(i-1, 0); k <= min(i+2, len(l.Entries)); k++ {
				near = append(near, k)
			}
		}
	}
	slices.Sort(near)
	near = slices.Compact(near)
	list := make([]Case, n)
	for i := range list {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		after := 0
		if i%2 == 0 || len(near) == 0 {
			after = int(int64(len(l.Entries)) * int64(i) / int64(max(n-2, 1)))
		} else {
			after = near[int64(len(near)-1)*int64(i)/int64(max(n-1, 1))]
		}
		list[i] = l.cut(i, min(after, len(l.Entries)), flushed, r)
	}
	return list
}

// cut chooses what a power cut after that many entries leaves.
func (l *Log) cut(number, after int, flushed []int, r *rand.Rand) Case {
	c := Case{Number: number, Kind: Prefix, After: after, Flushed: flushed[after], Torn: -1, seed: r.Uint64()}
	var loose []int
	for i := c.Flushed; i < after; i++ {
		if e := l.Entries[i]; e.Size > 0 {
			if e.FUA {
				c.kept = append(c.kept, i)
			} else {
				loose = append(loose, i)
			}
		}
	}
	// A third each; what is left of it where there is nothing to choose.
	kind := []Kind{Prefix, Subset, Torn}[r.IntN(3)]
	if after < len(l.Entries) && l.Entries[after].Size > 0 && !l.Entries[after].Flush && kind == Torn && r.IntN(2) == 0 {
		// The next write was under way.
		loose = append(loose, after)
	}
	if kind == Prefix || len(loose) == 0 {
		c.kept = append(c.kept, loose...)
		slices.Sort(c.kept)
		return c
	}
	c.Kind = kind
	// From nearly all to nearly none, and the later ones are more often missing in half of the cases.
	chance, late := r.Float64(), r.IntN(2) == 0
	for k, i := range loose {
		p := chance
		if late {
			p = chance * 2 * float64(len(loose)-k) / float64(len(loose)+1)
		}
		if r.Float64() < p {
			c.kept = append(c.kept, i)
		} else {
			c.Lost++
		}
	}
	if kind == Torn {
		c.Torn = loose[r.IntN(len(loose))]
		if k := slices.Index(c.kept, c.Torn); k < 0 {
			c.kept = append(c.kept, c.Torn)
			c.Lost--
		}
	}
	slices.Sort(c.kept)
	return c
}

// view lays the case over a view of everything that was flushed.
func (c Case) view(flushed *View) *View {
	v := flushed.fork()
	for _, i := range c.kept {
		if i != c.Torn {
			v.apply(i, nil)
			continue
		}
		r := rand.New(rand.NewPCG(c.seed, 1))
		e := v.log.Entries[i]
		sectors := e.Size / sectorSize
		if r.IntN(2) == 0 {
			// Its beginning.
			n := r.Int64N(sectors)
			v.apply(i, func(s int64) bool { return s < n })
		} else {
			v.apply(i, func(int64) bool { return r.IntN(2) == 0 })
		}
	}
	return v
}
