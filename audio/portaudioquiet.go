//go:build engines

package audio

/*
#cgo LDFLAGS: -lasound -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <alsa/asoundlib.h>

static void dropAlsa(const char *file, int line, const char *function, int err, const char *format, ...) {}
static void dropJack(const char *message) {}

// JACK comes with PortAudio on some systems and not on others, so it is looked up, not linked.
static void quietLibraries(void) {
	snd_lib_error_set_handler(dropAlsa);
	static const char *setters[] = {"jack_set_error_function", "jack_set_info_function"};
	for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
		void (*set)(void (*)(const char *)) = (void (*)(void (*)(const char *)))dlsym(RTLD_DEFAULT, setters[i]);
		if (set) set(dropJack);
	}
}
*/
import "C"

// quietLibraries keeps ALSA and JACK from writing some 80 lines to standard error wherever there is no sound card. It sets
// their own message handlers: pointing the process's standard error elsewhere for a while would also hide a crash.
func quietLibraries() { C.quietLibraries() }
