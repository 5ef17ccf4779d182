package storage

import (
	"fmt"
	"maps"
	"time"
)

// TallyDays is how long counts are kept.
const TallyDays = 35

// maxTallyTopics bounds the topics of a day; what goes beyond is counted under no topic.
const maxTallyTopics = 500

// Counts are how questions ended.
type Counts struct {
	Answered  int `json:"answered"`
	HandedOff int `json:"handed_off"`
	Refused   int `json:"refused"`
	// Yes and No are what shoppers said to whether it helped.
	Yes int `json:"yes"`
	No  int `json:"no"`
}

// Questions is how many there were.
func (c Counts) Questions() int { return c.Answered + c.HandedOff + c.Refused }

func (c Counts) plus(d Counts) Counts {
	return Counts{c.Answered + d.Answered, c.HandedOff + d.HandedOff, c.Refused + d.Refused, c.Yes + d.Yes, c.No + d.No}
}

// Tally is what was counted on one day. Its topics are the shop's own words, as its knowledge has them; nothing else in it
// is a word.
type Tally struct {
	Day    string            `json:"day"`    // 2006-01-02 by the kiosk's clock
	Hours  [24]Counts        `json:"hours"`  // by the hour in which it was counted
	Topics map[string]Counts `json:"topics"` // "": no topic is known
	Calls  int               `json:"calls"`  // how often staff was called
}

// Total is the whole day.
func (t Tally) Total() (c Counts) {
	for _, h := range t.Hours {
		c = c.plus(h)
	}
	return c
}

// Add counts c under a topic at the hour of at, which must be of the tally's day.
func (t *Tally) Add(at time.Time, topic string, c Counts) {
	t.Hours[at.Hour()] = t.Hours[at.Hour()].plus(c)
	if t.Topics == nil {
		t.Topics = map[string]Counts{}
	}
	if _, known := t.Topics[topic]; !known && len(t.Topics) >= maxTallyTopics {
		topic = ""
	}
	t.Topics[topic] = t.Topics[topic].plus(c)
}

// Clone returns a copy that shares nothing.
func (t Tally) Clone() Tally {
	t.Topics = maps.Clone(t.Topics)
	return t
}

// TallyDay is how the day of at is written in a tally.
func TallyDay(at time.Time) string { return at.Format(time.DateOnly) }

// tallyNote is the note of a day: there are as many as days that are kept, and each is written over by the day that comes
// around, so that nothing older is left.
func tallyNote(day time.Time) string {
	n := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	return fmt.Sprintf("tally/%d", ((n%TallyDays)+TallyDays)%TallyDays)
}

// PutTally keeps the tally of a day.
func (v *Vault) PutTally(t Tally) error {
	day, err := time.Parse(time.DateOnly, t.Day)
	if err != nil {
		return fmt.Errorf("tally: its day is written as 2006-01-02, not as %q", t.Day)
	}
	return v.PutNote(tallyNote(day), t)
}

// Tally returns the tally of the day of at; an empty one when nothing was counted on it.
func (v *Vault) Tally(at time.Time) (Tally, error) {
	var t Tally
	if _, err := v.Note(tallyNote(at), &t); err != nil {
		return Tally{}, err
	}
	if day := TallyDay(at); t.Day != day {
		return Tally{Day: day}, nil
	}
	return t, nil
}

// ForgetTallies removes the tallies of days that are older than TallyDays at now.
func (v *Vault) ForgetTallies(now time.Time) error {
	kept := map[string]bool{}
	for i := range TallyDays {
		kept[TallyDay(now.AddDate(0, 0, -i))] = true
	}
	for i := range TallyDays {
		name := tallyNote(now.AddDate(0, 0, -i))
		var t Tally
		found, err := v.Note(name, &t)
		if err != nil {
			return err
		}
		// A tally of a day to come was counted by a clock that was wrong: it goes when its turn comes.
		if found && !kept[t.Day] && t.Day < TallyDay(now) {
			if err := v.DropNote(name); err != nil {
				return err
			}
		}
	}
	return nil
}
