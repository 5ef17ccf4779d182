package knowledge

import (
	"container/heap"
	"math"
	"slices"
)

// Way returns where somebody who stands at the kiosk's spot stops at a found
// place, and the corners of the way there, which keeps to the aisles. Without a
// way, or with the place on another floor, there are no corners.
func (p Plan) Way(to Found) (corners []Point, there Point) {
	if to.Area == nil {
		return nil, Point{}
	}
	there = to.Area.door()
	here := p.floor(p.Kiosk.Floor)
	if here == nil || here != to.Floor {
		return nil, there
	}
	g := newAisles(to.Floor, p.Kiosk.Point, to.Area.centre())
	way := g.walk(p.Kiosk.Point, to.Area)
	if len(way) == 0 {
		return nil, there
	}
	return way[:len(way)-1], way[len(way)-1]
}

func (a *Area) centre() Point { return Point{a.X + a.W/2, a.Y + a.H/2} }

// door is the middle of the edge that faces the floor's middle: a spot there
// leaves the area's name in sight.
func (a *Area) door() Point {
	c := a.centre()
	if c.Y < 0.5 {
		return Point{c.X, a.Y + a.H}
	}
	return Point{c.X, a.Y}
}

// holds says whether a point is inside an area and not on its edge.
func (a *Area) holds(p Point) bool {
	const edge = 1e-6
	return p.X > a.X+edge && p.X < a.X+a.W-edge && p.Y > a.Y+edge && p.Y < a.Y+a.H-edge
}

// aisles is a grid of lines on which one can walk: through the middle of every
// gap between areas, through where one stands and through the middle of where
// one goes.
type aisles struct {
	floor  *Floor
	xs, ys []float64
}

func newAisles(f *Floor, from, to Point) *aisles {
	lines := func(begin, end func(Area) float64, through ...float64) []float64 {
		cuts, out := []float64{0, 1}, through
		for _, a := range f.Areas {
			cuts = append(cuts, begin(a), end(a))
		}
		slices.Sort(cuts)
		// Edges that lie on one line leave no gap between them.
		cuts = slices.CompactFunc(cuts, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
		for i := range cuts[1:] {
			out = append(out, (cuts[i]+cuts[i+1])/2)
		}
		slices.Sort(out)
		return slices.CompactFunc(out, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
	}
	return &aisles{
		floor: f,
		xs:    lines(func(a Area) float64 { return a.X }, func(a Area) float64 { return a.X + a.W }, from.X, to.X),
		ys:    lines(func(a Area) float64 { return a.Y }, func(a Area) float64 { return a.Y + a.H }, from.Y, to.Y),
	}
}

// free says whether one can walk straight between two points on one line.
func (g *aisles) free(a, b Point) bool {
	for i := range g.floor.Areas {
		for _, t := range []float64{0.02, 0.25, 0.5, 0.75, 0.98} {
			if g.floor.Areas[i].holds(Point{a.X + (b.X-a.X)*t, a.Y + (b.Y-a.Y)*t}) {
				return false
			}
		}
	}
	return true
}

// node is a crossing, and whether it was come to along x.
type node struct {
	x, y int
	flat bool
}

type reached struct {
	node
	cost float64
}

type queue []reached

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].cost < q[j].cost }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(reached)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// bend is what a corner costs, in widths of the floor: a straight way is easier
// to follow than a short one.
const bend = 0.3

// walk returns the corners of the best way to an area, without its beginning;
// the last is on the area's edge. It is Dijkstra's algorithm.
func (g *aisles) walk(from Point, to *Area) []Point {
	at := func(n node) Point { return Point{g.xs[n.x], g.ys[n.y]} }
	index := func(list []float64, v float64) int {
		return slices.IndexFunc(list, func(w float64) bool { return math.Abs(v-w) < 1e-6 })
	}
	start := node{index(g.xs, from.X), index(g.ys, from.Y), true}
	cost, back := map[node]float64{}, map[node]node{}
	todo := &queue{}
	for _, flat := range []bool{true, false} {
		start.flat = flat
		cost[start] = 0
		heap.Push(todo, reached{start, 0})
	}
	centre := to.centre()
	best, bestCost, end := node{x: -1}, math.Inf(1), Point{}
	for todo.Len() > 0 {
		o := heap.Pop(todo).(reached)
		if o.cost > cost[o.node] || o.cost > bestCost {
			continue
		}
		p := at(o.node)
		// The front of the area: straight to its middle, with nothing between.
		for _, flat := range []bool{o.flat, !o.flat} {
			if spot, ok := front(p, to, flat); ok && g.free(p, spot) {
				c := o.cost + math.Abs(spot.X-p.X) + math.Abs(spot.Y-p.Y) + 0.1*math.Abs(spot.X-centre.X)
				if flat != o.flat {
					c += bend
				}
				if c < bestCost {
					best, bestCost, end = o.node, c, spot
				}
			}
		}
		for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			next := node{o.x + d[0], o.y + d[1], d[0] != 0}
			if next.x < 0 || next.y < 0 || next.x >= len(g.xs) || next.y >= len(g.ys) || !g.free(p, at(next)) {
				continue
			}
			q := at(next)
			c := o.cost + math.Abs(q.X-p.X) + math.Abs(q.Y-p.Y)
			if next.flat != o.flat {
				c += bend
			}
			if old, ok := cost[next]; !ok || c < old-1e-9 {
				cost[next], back[next] = c, o.node
				heap.Push(todo, reached{next, c})
			}
		}
	}
	if best.x < 0 {
		return nil
	}
	way := []Point{end}
	for n := best; ; n = back[n] {
		way = append(way, at(n))
		if _, ok := back[n]; !ok {
			break
		}
	}
	slices.Reverse(way)
	return corners(way)[1:]
}

// front is the spot on an area's edge that lies straight ahead of p, in the
// middle third of that edge, if one goes on as one came.
func front(p Point, a *Area, flat bool) (Point, bool) {
	inX := p.X >= a.X+a.W/3 && p.X <= a.X+a.W*2/3
	inY := p.Y >= a.Y+a.H/3 && p.Y <= a.Y+a.H*2/3
	switch {
	case !flat && inX && p.Y <= a.Y:
		return Point{p.X, a.Y}, true
	case !flat && inX && p.Y >= a.Y+a.H:
		return Point{p.X, a.Y + a.H}, true
	case flat && inY && p.X <= a.X:
		return Point{a.X, p.Y}, true
	case flat && inY && p.X >= a.X+a.W:
		return Point{a.X + a.W, p.Y}, true
	}
	return Point{}, false
}

// corners drops what lies on a straight line between its neighbours; the first
// and the last point stay.
func corners(way []Point) []Point {
	out := way[:1:1]
	for i := 1; i < len(way); i++ {
		if n := len(out); i+1 < len(way) {
			a, b, c := out[n-1], way[i], way[i+1]
			if math.Abs((b.X-a.X)*(c.Y-b.Y)-(b.Y-a.Y)*(c.X-b.X)) < 1e-9 {
				continue
			}
		}
		out = append(out, way[i])
	}
	return out
}
