package worker

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/models"
)

// engineEnvironment is the whole environment of a worker. onnxruntime starts its telemetry when it is loaded unless the
// first variable stands, and OpenMP reads how long its barriers spin when its library is mapped. A Go traceback quotes
// arguments, and nobody would read it.
var engineEnvironment = []string{"ORT_DISABLE_TELEMETRY=1", "GOMP_SPINCOUNT=10000", "GOTRACEBACK=none", "LANG=C.UTF-8"}

// weightsOf are the files that a role reads.
var weightsOf = map[Role][]string{
	ASR:   {models.Whisper, models.Silero},
	LLM:   {models.E5},
	Voice: {models.Kokoro, models.KokoroVoices, models.KokoroVocab, models.KokoroWords},
}

// lateLibraries are what the embedded onnxruntime links, beyond what the program does; it is opened when the role begins.
var (
	lateLibraries  = []string{"libdl.so.2", "librt.so.1", "libpthread.so.0"}
	libraryFolders = []string{
		"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
		"/lib64", "/usr/lib64", "/lib", "/usr/lib",
	}
)

// soundCode and soundFiles are where ALSA finds its configuration and the plug-in that speaks to a sound server.
var (
	soundCode  = []string{"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/alsa-lib", "/usr/lib64/alsa-lib"}
	soundFiles = []string{"/usr/share/alsa", "/etc/alsa", "/etc/asound.conf", "/etc/pulse", "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf"}
)

// addressSpace bounds what a worker maps between two looks of the supervisor. Workers map 1.8 to 2.9 GiB after some work: Go's arenas,
// the engines' threads and the weights.
const addressSpace = 8 << 30

// policy is all that a worker of that role may do.
func (o Options) policy(role Role) (sandbox.Policy, error) {
	p := sandbox.Policy{Role: string(role), Env: engineEnvironment, AddressSpace: addressSpace, OpenFiles: 256}
	if role == Audio {
		p.Env = append(append([]string{}, p.Env...), o.Sound.Env...)
		p.Sockets, p.Devices = existing(o.Sound.Sockets), existing(o.Sound.Devices)
		p.Exec, p.Read = existing(soundCode), existing(append(slices.Clip(soundFiles), o.Sound.Files...))
		p.Families, p.LoadCode = []int{unix.AF_UNIX}, true
		return p, nil
	}
	if o.Weights == "" {
		return p, nil
	}
	for _, folder := range libraryFolders {
		for _, name := range lateLibraries {
			p.Exec = append(p.Exec, existing([]string{filepath.Join(folder, name)})...)
		}
	}
	store := models.Open(o.Weights)
	for _, name := range weightsOf[role] {
		path, err := store.Path(name)
		if err != nil {
			return p, fmt.Errorf("%s worker: %w", role, err)
		}
		p.Read = append(p.Read, path)
	}
	return p, nil
}

// existing leaves out what is not there: a policy may only name what is.
func existing(paths []string) (found []string) {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// sandboxed is the spawner of every pool but those of some tests.
func (o Options) sandboxed(role Role, socket *os.File) (*exec.Cmd, error) {
	p, err := o.policy(role)
	if err != nil {
		return nil, err
	}
	return sandbox.Command(p, o.Mode, socket)
}
