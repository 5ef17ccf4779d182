package counter

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("LANG", "ja_JP.UTF-8") // Fyne reads it, and complains of C
	os.Exit(m.Run())
}
