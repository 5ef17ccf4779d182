package sandbox

import (
	"path/filepath"
	"slices"
	"strings"
)

// Environment returns the entries of environ, as os.Environ gives them, whose names are among keep, in their order. A
// name that ends in * keeps every name that begins so.
func Environment(environ []string, keep ...string) []string {
	var kept []string
	for _, entry := range environ {
		name, _, ok := strings.Cut(entry, "=")
		if !ok || name == "" || name == jobVariable {
			continue
		}
		if slices.ContainsFunc(keep, func(k string) bool {
			prefix, open := strings.CutSuffix(k, "*")
			return k == name || open && strings.HasPrefix(name, prefix)
		}) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// ResolverFiles returns the files of this machine that a process with [Policy.Network] reads to find a host and to check
// its certificate: the resolver's configuration, names and services, and the trusted certificates. A resolver that
// keeps its file below /run replaces it at each change of the network, so its folder is returned instead.
func ResolverFiles() []string {
	var found []string
	for _, path := range []string{"/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/gai.conf",
		"/etc/ssl/certs", "/etc/ssl/cert.pem", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted"} {
		if exists(path) {
			found = append(found, path)
		}
	}
	const resolver = "/etc/resolv.conf"
	if !exists(resolver) {
		return found
	}
	if _, real, err := resolve(resolver); err == nil && strings.HasPrefix(real, "/run/") && strings.Count(real, "/") > 2 {
		found = append(found, filepath.Dir(real))
	}
	return append(found, resolver)
}
