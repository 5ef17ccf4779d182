// Package shopper draws what a shopper sees and names what a shopper touches.
//
// A View is plain data: which screen, and what stands on it. Draw turns it into a picture for a size and a look. What
// is touched comes back as an Event. No screen knows what comes next; the kiosk decides that and hands over the next
// View. Every screen says in its headline what the clerk is doing at this moment.
package shopper
