// Package office is the logic of the staff's screens: what is shown after which touch, what is asked of the house for it,
// and when the screens lock themselves.
//
// Next is pure: it turns a State and an Event into the next State and the Effects to perform. An Office performs them on a
// House, hands each State to a window as a staff.View, and tells Next how they ended. The window's process is not trusted:
// a touch that the shown screen does not offer changes nothing.
package office
