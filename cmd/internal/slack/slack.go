// Package slack stretches the limits after which a process is taken for one that hangs, on a machine that is many times
// slower than a PC: a virtual one without its CPU's help, in which a model needs minutes for what takes a second.
package slack

import (
	"os"
	"strconv"
	"time"
)

// Variable names the environment variable that holds the factor.
const Variable = "TENIN_PATIENCE"

// most bounds the factor: a limit of an hour would be none.
const most = 100

// Times returns a limit as this machine needs it: d times the factor in [Variable], a whole number from 1 to 100. Without one,
// or with anything else in it, d is returned as it is.
func Times(d time.Duration) time.Duration {
	n, err := strconv.Atoi(os.Getenv(Variable))
	if err != nil || n < 1 || n > most {
		return d
	}
	return d * time.Duration(n)
}
