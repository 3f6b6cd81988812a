package sourcetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/timestep"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// name is a text that an opened source may have, and "" if it does not say.
type name func(source.Handle) (text string, ok bool)

// same checks that the text is the same each time, for another process, and during an upload.
func (s subject) same(kind string, of name) (text string) {
	s.Helper()
	o := s.opened()
	text, ok := of(o)
	if !ok {
		s.Skip("the source has no " + kind)
	}
	s.inOrder(o, 0, s.Content)
	if now, _ := of(o); now != text {
		s.Errorf("%s %q, and %q after the source was read", kind, text, now)
	}
	if s.isSingleUse() && s.Reopen == nil {
		return text
	}
	second, _ := s.open(s.again())
	if now, _ := of(second); now != text {
		s.Errorf("%s %q, and %q when the source is opened again", kind, text, now)
	}
	return text
}

// differs checks that another source, and another state of this one, has another text.
func (s subject) differs(kind, text string, of name) {
	s.Helper()
	if text == "" {
		return // no later run takes the source for another one
	}
	if s.Other != nil {
		other, _ := s.open(s.Other(s.T))
		if now, _ := of(other); now == text {
			s.Errorf("%s of other bytes is the same", kind)
		}
	}
	if s.Change == nil {
		return
	}
	s.Change(s.T)
	o, err := s.again().Open(s.ctx, 0)
	if err != nil {
		return // the source is found to be another one
	}
	defer func() { _ = o.Close() }()
	if now, _ := of(o); now == text {
		if _, err := send(s.ctx, o); err == nil {
			s.Errorf("%s is the same after the bytes changed", kind)
		}
	}
}

func identity(s subject) {
	of := func(o source.Handle) (string, bool) {
		i, ok := o.(source.Identifier)
		if !ok {
			return "", false
		}
		return i.Identity(), true
	}
	s.differs("Identity", s.same("Identity", of), of)
}

func stateIdentity(s subject) {
	of := func(o source.Handle) (string, bool) {
		i, ok := o.(source.StateIdentifier)
		if !ok {
			return "", false
		}
		return i.StateIdentity(), true
	}
	s.differs("StateIdentity", s.same("StateIdentity", of), of)
}

// place checks that all states of a source are at the same place.
func place(s subject) {
	of := func(o source.Handle) (string, bool) {
		l, ok := o.(source.Locator)
		if !ok {
			return "", false
		}
		return l.Place(), true
	}
	text := s.same("Place", of)
	if s.Change == nil {
		return
	}
	s.Change(s.T)
	o, err := s.again().Open(s.ctx, 0)
	if err != nil {
		return
	}
	defer func() { _ = o.Close() }()
	if now, _ := of(o); now != text {
		s.Errorf("Place %q, and %q after the bytes changed", text, now)
	}
}

// digest compares the SHA-256, and asks for it with a context that has ended.
func digest(s subject) {
	o := s.opened()
	d, ok := o.(source.Digester)
	if !ok {
		s.Skip("the source is no source.Digester")
	}
	d.PrepareDigest()
	s.inOrder(o, s.size()/3+1, s.Content)
	got, err := d.Digest(s.ctx)
	want := sha256.Sum256(s.Content)
	switch {
	case errors.Is(err, failure.ErrUnverified):
	case err != nil:
		s.Errorf("Digest: %v", err)
	case !bytes.Equal(got, want[:]):
		s.Errorf("Digest %x, want %x", got, want)
	}
}

// release says after each chunk that the server has it. Earlier bytes may be gone from then on,
// but they are never wrong.
func release(s subject) {
	o := s.opened()
	r, ok := o.(source.Releaser)
	if !ok {
		s.Skip("the source is no source.Releaser")
	}
	most := s.size()/4 + 1
	for off := int64(0); ; {
		c := s.chunk(o, off, most, s.Content)
		r.Release(c.End)
		s.goneOrRight(o, off, most)
		r.Release(off) // the server has lost the chunk
		s.goneOrRight(o, off, most)
		r.Release(c.End)
		if off = c.End; c.Last {
			break
		}
	}
	s.goneOrRight(o, 0, most)
}

// goneOrRight asks for bytes that may be gone.
func (s subject) goneOrRight(o source.Handle, off, most int64) {
	s.Helper()
	c, err := o.Chunk(s.ctx, off, most)
	if err == nil {
		err = checkChunk(c, off, most, s.Content)
	}
	if err != nil {
		s.wantSourceError("Chunk of released bytes", err)
	}
}

// spool copies a source to a temporary file, if it allows that.
func spool(s subject) {
	o, closeIt := s.open(s.Source)
	sp, ok := o.(source.Spooler)
	if !ok {
		s.Skip("the source is no source.Spooler")
	}
	most := sp.Spool()
	if most < 0 {
		s.Fatalf("Spool is %d, want at least 0", most)
	}
	if most < s.size() {
		s.Skip("the source must not be copied")
	}
	copied, err := handle.Spool(s.ctx, o, most, errTooLong)
	if err != nil {
		s.Fatalf("copy the source: %v", err)
	}
	defer func() { _ = copied.Close() }()
	if n := copied.Length(); n != protocol.Known(s.size()) {
		s.Errorf("Length of the copy is %v, want %d", n, s.size())
	}
	closeIt()
	if s.CountOpen != nil && s.CountOpen() != 0 {
		s.Errorf("%d things are open after the copy", s.CountOpen())
	}
	s.inOrder(copied, 0, s.Content)
}

var errTooLong = errors.New("the source has more bytes than Spool allows")

// settling checks the durations, and that the source still knows itself in little memory.
func settling(s subject) {
	o := s.opened()
	st, ok := o.(source.Settler)
	if !ok {
		s.Skip("the source is no source.Settler")
	}
	for _, step := range []time.Duration{0, st.Step(), timestep.Longest} {
		if d := st.SettleTime(step); d < 0 || d > step {
			s.Errorf("SettleTime(%v) is %v, want at least 0 and at most %v", step, d, step)
		}
	}
	if w := st.FindWriters(); w > source.WritersFound {
		s.Errorf("FindWriters gives %d, want at most %v", w, source.WritersFound)
	}
	s.inOrder(o, 0, s.Content)
	before := ""
	i, identified := o.(source.Identifier)
	if identified {
		before = i.Identity()
	}
	st.Compact()
	if err := o.Check(s.ctx); err != nil {
		s.Errorf("Check after Compact: %v", err)
	}
	if identified && i.Identity() != before {
		s.Error("Identity is another one after Compact")
	}
}

// expected opens a source with a condition that holds, and with one that does not.
func expected(s subject) {
	e, ok := s.Source.(source.Expecter)
	if !ok {
		s.Skip("the source is no source.Expecter")
	}
	asked := false
	o, _ := s.open(e.Expect(func(fs.FileInfo) bool { asked = true; return true }))
	s.inOrder(o, 0, s.Content)
	if !asked {
		return // it is no file, so that there is nothing to look at
	}
	refused, err := e.Expect(func(fs.FileInfo) bool { return false }).Open(s.ctx, 0)
	if err == nil {
		_ = refused.Close()
	}
	if !errors.Is(err, failure.ErrSourceChanged) {
		s.Errorf("Open of a file that is not the expected one: error %v, want one that Is failure.ErrSourceChanged", err)
	}
}
