// Package technician draws what a technician sees and names what a technician touches: first-run set-up, health, the
// support bundle, the factory wipe, restarting.
//
// It works as package shopper does: a View is plain data, Draw turns it into a picture, what is touched comes back as an
// Event, and nothing here knows what comes next. What went wrong is a Problem, so that what to do about it is said in the
// language of the screen and a test can demand that it is said at all.
package technician
