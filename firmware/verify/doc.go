// Package verify says whether a bundle, a kernel image, a loader or a whole disk is what somebody signed, part by part,
// and exactly what is wrong where it is not.
package verify
