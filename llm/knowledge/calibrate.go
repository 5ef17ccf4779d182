package knowledge

import "math"

// A calibration turns the ranker's probability into one that holds on queries
// which it was not fitted to: Platt's curve over the log odds (Platt 1999),
// fitted to held-out folds.
type calibration struct {
	Slope float64 `json:"slope"` // positive
	Shift float64 `json:"shift"`
}

// at is increasing in p and stays in [0, 1].
func (c calibration) at(p float64) float64 {
	const edge = 1e-9
	p = max(edge, min(1-edge, p))
	return 1 / (1 + math.Exp(-(c.Slope*math.Log(p/(1-p)) + c.Shift)))
}

// fitCalibration finds the curve that gives the weighted outcomes the highest
// likelihood, by Newton's method with a small pull towards the identity.
func fitCalibration(p, weight []float64, right []bool) calibration {
	c := calibration{Slope: 1}
	const pull = 1.0
	for range 50 {
		g0, g1 := pull*(c.Slope-1), pull*c.Shift*0.1
		h00, h01, h11 := pull, 0.0, pull*0.1
		for i, v := range p {
			v = max(1e-9, min(1-1e-9, v))
			x := math.Log(v / (1 - v))
			y := 1 / (1 + math.Exp(-(c.Slope*x + c.Shift)))
			d := weight[i] * (y - truth(right[i]))
			w := weight[i] * max(1e-6, y*(1-y))
			g0, g1 = g0+d*x, g1+d
			h00, h01, h11 = h00+w*x*x, h01+w*x, h11+w
		}
		det := h00*h11 - h01*h01
		if det == 0 {
			break
		}
		c.Slope = max(0.05, c.Slope-(h11*g0-h01*g1)/det)
		c.Shift -= (h00*g1 - h01*g0) / det
	}
	return c
}
