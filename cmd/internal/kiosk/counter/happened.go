package counter

import (
	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/ui/shopper"
)

// happening is one thing that happens to the screen. Those of this file are all there are.
type happening interface{ happening() }

type (
	// entered is a state of the machine.
	entered struct{ at kiosk.State }
	// partial is what the shopper has said so far.
	partial struct{ words string }
	// replied is the answer before it is spoken, with the product that it is about and the plan of the floors.
	replied struct {
		turn    kiosk.Turn
		product knowledge.Product
		plan    knowledge.Plan
	}
	// dictated is a message to the staff as it was understood.
	dictated struct{ words string }
	// resulted is what a turn brought.
	resulted struct {
		kind    dialogue.Kind
		session string
		kept    bool
	}
	// summoned is the machine calling staff.
	summoned struct{}
	// troubled is something that does not work.
	troubled struct{ trouble kiosk.Trouble }
	// touched is a touch.
	touched struct{ event shopper.Event }
	// ticked is the clock.
	ticked struct{}
	// heard is how loud the microphone is.
	heard struct{ level kiosk.Loudness }
	// sounded is how much of the answer's sound is made.
	sounded struct{ sound kiosk.Sound }
	// related are questions that belong to the turn of that number.
	related struct {
		turn      uint64
		questions []string
	}
	// receipted is the code for a session; empty when there is none.
	receipted struct{ session, code string }
	// told is what the staff have set.
	told struct{ outside Outside }
	// called is what became of a call of staff.
	called struct{ stage callStage }
	// learnt is another shop's worth of knowledge.
	learnt struct{ shop Shop }
)

func (entered) happening()   {}
func (partial) happening()   {}
func (replied) happening()   {}
func (dictated) happening()  {}
func (resulted) happening()  {}
func (summoned) happening()  {}
func (troubled) happening()  {}
func (touched) happening()   {}
func (ticked) happening()    {}
func (heard) happening()     {}
func (sounded) happening()   {}
func (related) happening()   {}
func (receipted) happening() {}
func (told) happening()      {}
func (called) happening()    {}
func (learnt) happening()    {}

// effect is something that is to be done. Those of this file are all there are.
type effect interface{ effect() }

type (
	// send gives the machine events, if it is still where seen was.
	send struct {
		seen   kiosk.State
		events []kiosk.Event
	}
	// agree gives the machine the shopper's yes to the notice.
	agree struct{}
	// prefer tells the machine what the shopper speaks.
	prefer struct{ language string }
	// stay tells the machine that somebody is there.
	stay struct{}
	// mint asks for a session's receipt.
	mint struct{ session string }
	// rate keeps whether an answer helped.
	rate struct {
		session, topic string
		yes            bool
	}
	// summon calls staff.
	summon struct{ topic, language string }
	// hush stops the voice of the answer that sounds.
	hush struct{}
	// relate looks for questions that belong to the turn of that number.
	relate struct {
		number uint64
		turn   kiosk.Turn
	}
	// leave ends what was begun for the last shopper.
	leave struct{}
)

func (send) effect()   {}
func (agree) effect()  {}
func (prefer) effect() {}
func (stay) effect()   {}
func (mint) effect()   {}
func (rate) effect()   {}
func (summon) effect() {}
func (hush) effect()   {}
func (relate) effect() {}
func (leave) effect()  {}
