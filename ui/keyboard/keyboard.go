package keyboard

// Sink is told what was typed.
type Sink interface {
	// Changed is called after every key with what is to be drawn.
	Changed(View)
	// Entered is called when the text is finished; it is never empty. The keyboard is empty again.
	Entered(text string)
}

// View is what is drawn.
type View struct {
	State      State
	Candidates []string
	// Enter is the label of the key that finishes; English writes the other labels in English.
	Enter   string
	English bool
	// Offers are the layouts that can be switched to; nil: Layouts().
	Offers []Layout
}

// MaxCandidates is how many candidates are shown.
const MaxCandidates = 6

// Keyboard holds a State for one screen. It is not safe for concurrent use.
type Keyboard struct {
	state   State
	words   *Dictionary
	sink    Sink
	enter   string
	english bool
}

// New is an empty keyboard: Gojuon, or Latin for English. words may be nil.
func New(words *Dictionary, sink Sink, enter string, english bool) *Keyboard {
	k := &Keyboard{words: words, sink: sink, enter: enter, english: english}
	k.Reset()
	return k
}

// View is what is to be drawn now.
func (k *Keyboard) View() View {
	return View{State: k.state, Candidates: k.words.Offers(k.state, MaxCandidates), Enter: k.enter, English: k.english}
}

// Reset forgets what was typed.
func (k *Keyboard) Reset() {
	k.state = State{}
	if k.english {
		k.state.Layout = Latin
	}
}

// Press takes a key and tells the sink.
func (k *Keyboard) Press(key Key) {
	k.state = Press(k.state, key)
	if key.Kind == Enter && k.state.Text != "" {
		text := k.state.Text
		k.Reset()
		k.sink.Entered(text)
	}
	k.sink.Changed(k.View())
}
