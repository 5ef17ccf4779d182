//go:build !engines

package screen

// built says whether this program has a window's side.
const built = false

// Main is the life of a window's process: it returns the process's exit code. Without the tag engines it says that there
// is no window, to whoever started it.
func Main() int {
	conn, err := inherited()
	if err != nil {
		return 2
	}
	defer conn.Close()
	_ = writeFrame(conn, report{Failed: &failure{Kind: noBuild}}, longestReport)
	return 1
}
