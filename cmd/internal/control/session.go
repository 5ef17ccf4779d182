package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// Member is a member of the shop's staff.
type Member struct {
	Name, Role string
	// Since is when the account got its PIN. A session ends when it changes.
	Since time.Time
}

// token is what a client shows to be taken for the member who gave the PIN: 256 random bits. It prints as nothing.
type token [32]byte

func (token) String() string   { return "[secret]" }
func (token) GoString() string { return "[secret]" }

// longestSession is how long a session lives at most, however busy it is: a working day.
const longestSession = 10 * time.Hour

// session is one PIN that was given.
type session struct {
	token       [sha256.Size]byte // its hash: what lies in memory opens nothing
	member      Member
	began, used time.Time
}

// sessions are the staff sessions, at most one for each connection.
type sessions struct {
	idle time.Duration
	now  func() time.Time

	mu sync.Mutex
	of map[*connection]*session
}

func newSessions(idle time.Duration, now func() time.Time) *sessions {
	return &sessions{idle: idle, now: now, of: map[*connection]*session{}}
}

// open begins the connection's session; one that it had ends.
func (s *sessions) open(c *connection, m Member) (t token) {
	_, _ = rand.Read(t[:])
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[c] = &session{sha256.Sum256(t[:]), m, now, now}
	return t
}

// member returns whose session shown belongs to, if it was opened on this very connection and is not over.
func (s *sessions) member(c *connection, shown []byte) (Member, bool) {
	hash, now := sha256.Sum256(shown), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.of[c]
	if open == nil || subtle.ConstantTimeCompare(open.token[:], hash[:]) != 1 {
		return Member{}, false
	}
	if now.Sub(open.used) >= s.idle || now.Sub(open.began) >= longestSession {
		delete(s.of, c)
		return Member{}, false
	}
	open.used = now
	return open.member, true
}

// end ends the connection's session.
func (s *sessions) end(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, c)
}

type memberKey struct{}

// MemberFrom returns who of the staff asks, in a call of a service; false where nobody gave a PIN.
func MemberFrom(ctx context.Context) (Member, bool) {
	m, ok := ctx.Value(memberKey{}).(Member)
	return m, ok
}

// PeerFrom returns the process that asks, in a call of a service.
func PeerFrom(ctx context.Context) Peer {
	if c := connectionOf(ctx); c != nil {
		return c.Peer
	}
	return Peer{}
}
