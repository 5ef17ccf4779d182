package kiosk

import "tenin/storage"

// Next returns the state after e in s, and what is to be done on the way. It is pure: the same s and e give the same, and
// nothing else happens. What makes no sense in s changes nothing.
func Next(s State, e Event) (State, []Effect) {
	if turn, ok := turnOf(e); ok && turn != OpenTurnOf(s) {
		return s, nil
	}
	if e, ok := e.(KeepRefused); ok {
		if to := unkept(s); to != s {
			return to, []Effect{ShowTrouble{TroubleKeep, e.Err}}
		}
		return s, nil
	}
	switch s := s.(type) {
	case Attract:
		return s.next(e)
	case Consenting:
		return s.next(e)
	case Listening:
		return s.next(e)
	case Thinking:
		return s.next(e)
	case Answering:
		return s.next(e)
	case Clarifying:
		return s.next(e)
	case Apologising:
		return s.next(e)
	case Confirming:
		return s.next(e)
	case Ready:
		return s.next(e)
	case StaffCalled:
		return s.next(e)
	case MessageTaken:
		return s.next(e)
	case Ending:
		return s.next(e)
	case Resetting:
		return s.next(e)
	}
	return s, nil // Gone is for good
}

func (s Attract) next(e Event) (State, []Effect) {
	switch e := e.(type) {
	case Touch:
		return Consenting(s), []Effect{PauseRendering{}}
	case Brought:
		talk := Talk{Turn: s.Turn, Source: e.Source.Kind()}
		begin := []Effect{BeginKept{e.Source}}
		switch talk.Source {
		case "":
			begin = []Effect{BeginUnkept{}}
		case storage.Microphone:
			return s, nil // a voice in the room is asked first
		}
		switch e.Via {
		case storage.File:
			return listen(talk, storage.File, false, begin)
		case storage.Text:
			return Ready{Talk: talk}, begin
		}
	case Leave:
		return Gone{}, []Effect{PauseRendering{}}
	}
	return s, nil
}

func (s Consenting) next(e Event) (State, []Effect) {
	switch e := e.(type) {
	case ConsentGiven:
		source := storage.FromMicrophone(e.Consent)
		return listen(Talk{Turn: s.Turn, Source: source.Kind()}, storage.Microphone, false, []Effect{BeginKept{source}})
	case ConsentRefused:
		return listen(Talk{Turn: s.Turn}, storage.Microphone, false, []Effect{BeginUnkept{}})
	case NextShopper, Idle:
		return Attract(s), []Effect{RenderAhead{}}
	case Leave:
		return Gone{}, nil
	}
	return s, nil
}

// open begins the next turn of a talk.
func open(t Talk, via storage.SourceKind, message bool, before []Effect) (Question, []Effect) {
	t.Turn++
	return Question{Talk: t, Via: via, Message: message}, append(before, PauseRendering{}, OpenTurn{t.Turn})
}

func listen(t Talk, via storage.SourceKind, message bool, before []Effect) (State, []Effect) {
	q, effects := open(t, via, message, before)
	return Listening{Question: q}, append(effects, Listen{q.Turn, via})
}

func read(t Talk, text Words, message bool, before []Effect) (State, []Effect) {
	q, effects := open(t, storage.Text, message, before)
	return heard(q, append(effects, TakeWords{q.Turn, text}))
}

// heard goes on with words: a message is shown, a question is answered.
func heard(q Question, before []Effect) (State, []Effect) {
	if q.Message {
		return Confirming{q}, append(before, ShowMessage{q.Turn})
	}
	return Thinking{Question: q, Heard: true}, append(before, FindReply{q.Turn})
}

// silent ends a turn without words.
func silent(q Question, before []Effect) (State, []Effect) {
	return proceed(q.Talk, ThenReady, false, append(before, ShowResult{q.Turn}, EndTurn{q.Turn, TurnSilent}))
}

// proceed goes on from a talk without an open turn.
func proceed(t Talk, then Then, handedOff bool, before []Effect) (State, []Effect) {
	switch then {
	case ThenListen:
		if t.Source == "" || t.Source == storage.Microphone {
			return listen(t, storage.Microphone, false, before)
		}
	case ThenStaff:
		return StaffCalled{t}, append(before, SummonStaff{}, RenderAhead{})
	case ThenMessageTaken:
		return MessageTaken{t}, append(before, RenderAhead{})
	case ThenHome:
		return Resetting{Turn: t.Turn}, append(before, PauseRendering{}, CloseSession{}, ResetEngines{})
	case ThenGone:
		return Gone{}, append(before, PauseRendering{}, CloseSession{})
	}
	return Ready{t, handedOff}, append(before, RenderAhead{})
}

// leaving says whether e ends more than a turn, and where to.
func leaving(e Event) (Then, bool) {
	switch e.(type) {
	case NextShopper, Idle:
		return ThenHome, true
	case Leave:
		return ThenGone, true
	}
	return 0, false
}

func (s Listening) next(e Event) (State, []Effect) {
	turn := s.Turn
	if then, ok := leaving(e); ok {
		return proceed(s.Talk, then, false, []Effect{CloseMicrophone{turn}, CancelTurn{turn}, EndTurn{turn, TurnAbandoned}})
	}
	if trouble, ok := troubleIn(e); ok {
		return broken(s.Question, trouble, []Effect{CloseMicrophone{turn}})
	}
	switch e := e.(type) {
	case MicrophoneOpened:
		s.Open = true
	case Partial:
		return s, []Effect{ShowPartial{e.Text}}
	case Touch:
		return Thinking{Question: s.Question}, []Effect{EndQuestion{turn}, CloseMicrophone{turn}}
	case Heard:
		// The reply is looked for while the microphone closes; it is closed before the reply can sound.
		next, effects := heard(s.Question, nil)
		return next, append(effects, CloseMicrophone{turn})
	case NoSpeech:
		return silent(s.Question, []Effect{CloseMicrophone{turn}})
	case Typed:
		return read(s.Talk, e.Text, s.Message || e.Message, []Effect{CloseMicrophone{turn}, CancelTurn{turn}, EndTurn{turn, TurnAbandoned}})
	case GiveUp:
		return proceed(s.Talk, ThenReady, false, []Effect{CloseMicrophone{turn}, CancelTurn{turn}, EndTurn{turn, TurnAbandoned}})
	}
	return s, nil
}

func (s Thinking) next(e Event) (State, []Effect) {
	turn := s.Turn
	if then, ok := leaving(e); ok {
		return proceed(s.Talk, then, false, []Effect{CancelTurn{turn}, EndTurn{turn, TurnAbandoned}})
	}
	if trouble, ok := troubleIn(e); ok {
		return broken(s.Question, trouble, nil)
	}
	switch e := e.(type) {
	case GiveUp:
		return proceed(s.Talk, ThenReady, false, []Effect{CancelTurn{turn}, EndTurn{turn, TurnAbandoned}})
	case Heard:
		if !s.Heard {
			return heard(s.Question, nil)
		}
	case NoSpeech:
		if !s.Heard {
			return silent(s.Question, nil)
		}
	case ReplyReady:
		if s.Heard {
			return s.reply(e.Found)
		}
	}
	return s, nil
}

func (s Thinking) reply(found Found) (State, []Effect) {
	q := s.Question
	// A recording cannot be asked again.
	if found == FoundDoubtful && !q.Clarified && q.Via == storage.Microphone {
		q.Clarified = true
		return Clarifying{Question: q}, []Effect{AskAgain{q.Turn}, ShowReply{q.Turn}, SpeakReply{q.Turn}}
	}
	if found == FoundNothing {
		return silent(q, nil)
	}
	return Answering{Question: q, HandedOff: found != FoundAnswer}, []Effect{ShowReply{q.Turn}, SpeakReply{q.Turn}}
}

// troubleIn returns what e says that went wrong.
func troubleIn(e Event) (ShowTrouble, bool) {
	switch e := e.(type) {
	case DeviceLost:
		return ShowTrouble{TroubleDevice, e.Err}, true
	case EngineLost:
		return ShowTrouble{TroubleEngine, e.Err}, true
	case Failed:
		return ShowTrouble{TroubleTurn, e.Err}, true
	}
	return ShowTrouble{}, false
}

// broken ends a turn without a reply. A lost engine is apologised for; the rest is shown.
func broken(q Question, trouble ShowTrouble, before []Effect) (State, []Effect) {
	if trouble.Trouble == TroubleEngine {
		return Apologising{q}, append(before, trouble, Apologise{q.Turn})
	}
	return proceed(q.Talk, ThenReady, false, append(before, CancelTurn{q.Turn}, trouble, EndTurn{q.Turn, TurnBroken}))
}

func (s Answering) next(e Event) (State, []Effect) {
	if then, ok := cut(e); ok {
		return stop(s.Question, s.Stage, then, TurnInterrupted, s.HandedOff, nil)
	}
	if trouble, ok := troubleIn(e); ok {
		return stop(s.Question, s.Stage, ThenReady, TurnBroken, s.HandedOff, []Effect{trouble})
	}
	v, effects, over := s.Voicing.next(s.Question, e)
	if over {
		return proceed(s.Talk, ThenReady, s.HandedOff, append(effects, EndTurn{s.Turn, TurnAnswered}))
	}
	s.Voicing = v
	return s, effects
}

func (s Clarifying) next(e Event) (State, []Effect) {
	if then, ok := cut(e); ok {
		return stop(s.Question, s.Stage, then, TurnInterrupted, false, nil)
	}
	if trouble, ok := troubleIn(e); ok {
		return stop(s.Question, s.Stage, ThenReady, TurnBroken, false, []Effect{trouble})
	}
	v, effects, over := s.Voicing.next(s.Question, e)
	if over {
		return proceed(s.Talk, ThenListen, false, append(effects, EndTurn{s.Turn, TurnAnswered}))
	}
	s.Voicing = v
	return s, effects
}

// cut says whether e stops the kiosk's voice, and what comes then.
func cut(e Event) (Then, bool) {
	switch e.(type) {
	case Touch:
		return ThenReady, true
	case BargeIn:
		return ThenListen, true
	case CallStaff:
		return ThenStaff, true
	}
	return leaving(e)
}

// next follows a reply until it was both filed and heard.
func (v Voicing) next(q Question, e Event) (_ Voicing, effects []Effect, over bool) {
	switch e.(type) {
	case FirstAudio:
		v.Sounding = true
	case SpeechMade:
		if v.Stage != StageMaking {
			break
		}
		if q.keepable() {
			v.Stage, effects = StageKeeping, []Effect{KeepTurn{q.Turn}}
			break
		}
		v.Stage, effects = StageFiled, []Effect{ShowResult{q.Turn}}
	case Kept:
		if v.Stage == StageKeeping {
			v.Stage, effects = StageFiled, []Effect{ShowResult{q.Turn}}
		}
	case PlaybackDone:
		v.Played = true
	}
	return v, effects, v.Played && v.Stage == StageFiled
}

// stop stops the voice. What was answered is kept however its speech ends: the shopper has seen it.
func stop(q Question, stage Stage, then Then, how TurnEnd, handedOff bool, and []Effect) (State, []Effect) {
	effects := append([]Effect{StopSpeech{q.Turn}, CancelTurn{q.Turn}}, and...)
	if stage == StageMaking {
		if q.keepable() {
			return Ending{q, then, how, handedOff}, append(effects, KeepTurn{q.Turn})
		}
		effects = append(effects, ShowResult{q.Turn})
	}
	if stage == StageKeeping {
		return Ending{q, then, how, handedOff}, effects
	}
	return proceed(q.Talk, then, handedOff, append(effects, EndTurn{q.Turn, how}))
}

func (s Apologising) next(e Event) (State, []Effect) {
	then, ok := cut(e)
	if _, trouble := troubleIn(e); trouble {
		then, ok = ThenReady, true
	}
	if ok {
		return proceed(s.Talk, then, false, []Effect{StopSpeech{s.Turn}, CancelTurn{s.Turn}, EndTurn{s.Turn, TurnBroken}})
	}
	if _, ok := e.(PlaybackDone); ok {
		return proceed(s.Talk, ThenReady, false, []Effect{EndTurn{s.Turn, TurnBroken}})
	}
	return s, nil
}

func (s Confirming) next(e Event) (State, []Effect) {
	if then, ok := leaving(e); ok {
		return proceed(s.Talk, then, false, []Effect{EndTurn{s.Turn, TurnAbandoned}})
	}
	switch e.(type) {
	case Confirmed:
		if s.keepable() {
			return Ending{Question: s.Question, Then: ThenMessageTaken, How: TurnAnswered}, []Effect{KeepTurn{s.Turn}}
		}
		return proceed(s.Talk, ThenReady, false, []Effect{ShowTrouble{Trouble: TroubleMessage}, EndTurn{s.Turn, TurnAbandoned}})
	case Rejected:
		return proceed(s.Talk, ThenReady, false, []Effect{EndTurn{s.Turn, TurnAbandoned}})
	}
	return s, nil
}

// between is what a shopper may do between two turns, in state s.
func between(s State, t Talk, e Event) (State, []Effect) {
	if then, ok := leaving(e); ok {
		next, effects := proceed(t, then, false, nil)
		if r, ok := next.(Resetting); ok {
			_, r.Idle = e.(Idle)
			next = r
		}
		return next, effects
	}
	switch e := e.(type) {
	case Touch, BargeIn:
		// A visit that was kept for what was brought or typed covers no voice.
		if t.Source == "" || t.Source == storage.Microphone {
			return listen(t, storage.Microphone, false, nil)
		}
	case Typed:
		return read(t, e.Text, e.Message, nil)
	case CallStaff:
		return proceed(t, ThenStaff, false, nil)
	case TakeMessage:
		if t.Source == storage.Microphone {
			return listen(t, storage.Microphone, true, nil)
		}
		return s, []Effect{ShowTrouble{Trouble: TroubleMessage}}
	}
	return s, nil
}

func (s Ready) next(e Event) (State, []Effect) { return between(s, s.Talk, e) }

func (s StaffCalled) next(e Event) (State, []Effect) {
	switch e.(type) {
	case StaffCame:
		return Ready{Talk: s.Talk}, nil
	case CallStaff:
		return s, nil // they are called already
	}
	return between(s, s.Talk, e)
}

func (s MessageTaken) next(e Event) (State, []Effect) { return between(s, s.Talk, e) }

func (s Ending) next(e Event) (State, []Effect) {
	if then, ok := leaving(e); ok {
		s.Then = max(s.Then, then)
		return s, nil
	}
	if kept, ok := e.(Kept); ok {
		if kept.Err != nil && s.Then == ThenMessageTaken {
			s.Then, s.How = ThenReady, TurnBroken
		}
		return proceed(s.Talk, s.Then, s.HandedOff, []Effect{ShowResult{s.Turn}, EndTurn{s.Turn, s.How}})
	}
	return s, nil
}

func (s Resetting) next(e Event) (State, []Effect) {
	switch e := e.(type) {
	case Touch:
		s.Waiting = true
		return s.retry()
	case Idle, NextShopper:
		s.Waiting = false
		return s.retry()
	case ResetDone:
		switch {
		case s.Failed:
		case s.Waiting:
			return Consenting{s.Turn}, nil
		default:
			return Attract{s.Turn}, []Effect{RenderAhead{}}
		}
	case ResetFailed:
		if !s.Failed {
			s.Failed = true
			return s, []Effect{ShowTrouble{TroubleReset, e.Err}}
		}
	case Leave:
		return Gone{}, nil
	}
	return s, nil
}

// retry resets once more what could not be.
func (s Resetting) retry() (State, []Effect) {
	if !s.Failed {
		return s, nil
	}
	s.Failed = false
	return s, []Effect{ResetEngines{}}
}

// unkept is s when nothing of the visit may be kept.
func unkept(s State) State {
	switch s := s.(type) {
	case Listening:
		s.Source = ""
		return s
	case Thinking:
		s.Source = ""
		return s
	case Answering:
		s.Source = ""
		return s
	case Clarifying:
		s.Source = ""
		return s
	case Confirming:
		s.Source = ""
		return s
	case Apologising:
		s.Source = ""
		return s
	case Ready:
		s.Source = ""
		return s
	case StaffCalled:
		s.Source = ""
		return s
	case MessageTaken:
		s.Source = ""
		return s
	}
	return s // Ending waits for the vault's answer to what was asked before
}
