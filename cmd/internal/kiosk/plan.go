package kiosk

import (
	"errors"
	"io/fs"
	"path/filepath"

	"tenin/llm/knowledge"
	"tenin/llm/knowledge/demo"
)

// PlanPath returns where the plan of the floors of home lies.
func PlanPath(home string) string { return filepath.Join(home, "floors.json") }

// LoadPlan reads the plan of the floors of home: empty where the shop gave none, and the demo shop's where its knowledge is
// used, too.
func LoadPlan(home string, isDemo bool) (knowledge.Plan, error) {
	plan, err := knowledge.LoadPlan(PlanPath(home))
	if errors.Is(err, fs.ErrNotExist) {
		if isDemo {
			return demo.Plan(), nil
		}
		return knowledge.Plan{}, nil
	}
	return plan, err
}

// ImportPlan makes plan the plan of home.
func ImportPlan(home string, plan knowledge.Plan) error {
	if err := makeHome(home); err != nil {
		return err
	}
	return plan.Save(PlanPath(home))
}

// NotOn lists the places of products that a plan does not have, each once, and how many products are there.
func NotOn(plan knowledge.Plan, batch knowledge.Batch) (places []string, products int) {
	seen := map[string]bool{}
	for _, p := range batch.Products {
		if _, ok := plan.Find(p.Place); ok || p.Place == "" {
			continue
		}
		products++
		if !seen[p.Place] {
			seen[p.Place] = true
			places = append(places, p.Place)
		}
	}
	return places, products
}
