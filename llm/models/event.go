package models

// Stage is what a pull or a check is doing.
type Stage int

// The stages of an [Event].
const (
	Waiting    Stage = iota // another pull holds the folder
	Fetching                // a wheel is on its way
	Converting              // a file is being written
	Verifying               // a file is being read and hashed
	Finished                // a file is in its place
)

// String returns the stage in one lower-case word.
func (s Stage) String() string {
	return [...]string{"waiting", "fetching", "converting", "verifying", "finished"}[s]
}

// Event tells how far a [Store.Pull] or [Store.Verify] is. While Verifying,
// Done and Total are bytes of all files to check; after that, of all wheels to
// fetch and all files to write together.
type Event struct {
	Stage       Stage
	Model       string // the file's name
	Package     string // what is being fetched, as "name version"
	Done, Total int64
}
