package parts

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/handle"
	"github.com/tusker-go/tusker/client/internal/record"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

var errCannotJoin = fmt.Errorf("%w concatenation", failure.ErrUnsupported)

// Whole is one source that is sent in parts.
type Whole struct {
	engine.Spec // of the whole; its Tell gets the events while it is sent in one piece

	// Hear gets the events of the parts, combined into those of the whole.
	Hear engine.Listener

	// Keeper has the record. nil: none.
	Keeper *record.Keeper

	// Recreate means that a part of an earlier run that is gone is created again.
	Recreate bool

	// CheckSource makes sure that the source did not change, before its parts are joined.
	CheckSource func(context.Context) error
}

// Result is how far the parts and the whole got.
type Result struct {
	engine.Result
	Parts []engine.Result

	// MayBeJoined means that the server may have joined the parts although there is an
	// error.
	MayBeJoined bool
}

// Send sends the parts of a plan and joins them.
func (w Whole) Send(ctx context.Context, p *Plan) (Result, error) {
	if err := w.checkRefused(ctx, p.List()); err != nil {
		return (&sending{Whole: w, plan: p}).result(), err
	}
	res, err := w.sendEach(ctx, p)
	if err != nil {
		return res, err
	}
	if err := w.CheckSource(ctx); err != nil {
		return res, err
	}
	if err := w.Keeper.BeforeJoin(ctx); err != nil {
		return res, err
	}
	join := Join{
		Rules: w.Rules, Policy: w.Policy, Dialect: w.Dialect, Endpoint: w.Endpoint,
		Source: w.Source, Metadata: w.Creation.Metadata, Claim: w.Claim, Tell: w.Hear,
		At: engine.Event{Offset: res.Offset, Sent: res.Offset, Length: w.Source.Length()},
	}
	joined, mayBeJoined, err := join.Do(ctx, res.urls())
	res.Add(joined)
	res.MayBeJoined = mayBeJoined
	if err != nil {
		return res, err
	}
	res.URL, res.Header, res.CreationHeader = joined.URL, joined.Header, joined.CreationHeader
	if !joined.Expires.IsZero() {
		res.Expires = joined.Expires
	}
	created := engine.Event{Kind: engine.Created, URL: res.URL, Offset: res.Offset, Sent: res.Offset, Length: w.Source.Length(), Expires: res.Expires}
	if err := engine.Report(ctx, w.Rules.Log, w.Hear, created); err != nil {
		return res, err
	}
	return res, handle.Check(ctx, w.Source)
}

// checkRefused asks for the parts of an earlier run that the server refused, before anything
// of another part is sent. A part that is complete or gone is still refused.
func (w Whole) checkRefused(ctx context.Context, parts []journal.PartRecord) error {
	for i, part := range parts {
		if !part.Denial.Refused {
			continue
		}
		var offset protocol.Length
		query := engine.Query{Rules: w.Rules, Policy: w.Policy, URL: part.URL, Tell: w.Hear}
		_, err := query.Repeat(ctx, func(ctx context.Context) error {
			answer, err := w.Dialect.Offset(ctx, part.URL)
			offset = answer.Offset
			return err
		})
		e, failed := errors.AsType[*failure.Error](err)
		switch {
		case failed && e.Class == failure.ClassGone, err == nil && offset == protocol.Known(part.End-part.Start):
			return fmt.Errorf("%w %d: %w", failure.ErrPart, i+1, part.Denial.Refusal(part.URL))
		case err != nil:
			return err
		}
	}
	return nil
}

func (r Result) urls() []string {
	urls := make([]string, len(r.Parts))
	for i, p := range r.Parts {
		urls[i] = p.URL
	}
	return urls
}

// sendEach has workers take the parts in turn and send each. The first that fails
// cancels the others.
func (w Whole) sendEach(ctx context.Context, p *Plan) (Result, error) {
	joiner, ok := w.Dialect.(dialect.Joiner)
	if !ok {
		return Result{}, errCannotJoin
	}
	divisible, ok := w.Source.(source.Divider)
	if !ok {
		return Result{}, source.Error(errors.New("the source cannot be read in parts"))
	}
	send := &sending{
		Whole: w, plan: p, joiner: joiner, source: divisible, total: newSum(w.Hear, w.Source.Length(), p.List()),
		mayBeJoined: w.Keeper.MayBeJoined(), results: make(map[int]engine.Result),
	}
	crew := Crew[takenPart]{Workers: p.workers, Next: p.take}
	if p.grow {
		crew.Grow = send.grow
	}
	if p.isNew() {
		if err := send.createFirst(ctx); err != nil {
			return send.result(), err
		}
	}
	err := fan(ctx, crew, func(ctx context.Context, taken takenPart, _ func()) error {
		if err := send.part(ctx, taken); err != nil {
			return fmt.Errorf("%w %d: %w", failure.ErrPart, taken.i+1, err)
		}
		return nil
	})
	return send.result(), err
}

// sending is the sending of parts under way. It is safe for concurrent use.
type sending struct {
	Whole
	plan        *Plan
	joiner      dialect.Joiner
	source      source.Divider
	total       *sum
	mayBeJoined bool // an earlier run may have joined the parts

	first engine.Result // of the creation of the first part of a new plan

	mu      sync.Mutex
	results map[int]engine.Result
}

// createFirst creates the first part of a new plan before any byte is sent, because the length
// of its URL says how many parts the request that joins them can name.
func (s *sending) createFirst(ctx context.Context) error {
	spec, err := s.spec(takenPart{part: s.plan.List()[0]})
	if err == nil {
		spec.CreateOnly = true
		s.first, err = engine.Run(ctx, spec)
		s.results[0] = s.first
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return cause.Why(ctx)
	}
	return fmt.Errorf("%w 1: %w", failure.ErrPart, err)
}

// spec describes a part to the engine.
func (s *sending) spec(taken takenPart) (engine.Spec, error) {
	src := s.source.Part(protocol.Range{Start: taken.part.Start, End: taken.part.End})
	if src == nil {
		return engine.Spec{}, source.Error(errors.New("the source cannot be read in parts"))
	}
	made := func(ctx context.Context, ev engine.Event) error {
		if ev.Kind == engine.Created && s.plan.made(taken.i, ev.URL, s.joiner.MaxParts(ev.URL)) {
			return s.Keeper.Replan(ctx, s.plan.List())
		}
		return nil
	}
	return engine.Spec{
		Rules: s.Rules, Policy: s.Policy, Dialect: s.joiner.Part(), Source: src, Endpoint: s.Endpoint,
		Claim: s.Claim, Part: taken.i + 1,
		Creation: dialect.Creation{Part: true}, Chunk: s.Chunk, Gauge: s.Gauge,
		Tell: engine.Tell(made, s.Keeper.HearPart(taken.i, s.plan.List), s.total.part(taken.i)),
	}, nil
}

// part sends one part. It resumes the part of an earlier run, and creates the part if there is
// none or if it is gone.
func (s *sending) part(ctx context.Context, taken takenPart) error {
	spec, err := s.spec(taken)
	if err != nil {
		return err
	}
	var begun engine.Result // of a part that this run has created already
	switch {
	case taken.i == 0 && s.first.URL != "":
		begun = s.first
		spec.Adopt = engine.Adopt{URL: begun.URL, Expires: begun.Expires, Fresh: true}
	case taken.part.URL != "":
		spec.Adopt = engine.Adopt{URL: taken.part.URL, Offset: taken.part.Offset, Reach: taken.part.Reach, Uncertain: s.mayBeJoined, Denial: taken.part.Denial}
		spec.Adopt.Unheard = !s.mayBeJoined && taken.part == journal.PartRecord{Start: taken.part.Start, End: taken.part.End, URL: taken.part.URL}
	}
	isOfEarlierRun := begun.URL == "" && spec.Adopt.URL != ""
	res, err := engine.Run(ctx, spec)
	switch {
	case begun.URL != "":
		res = continued(begun, res)
	case isOfEarlierRun && s.Recreate && ctx.Err() == nil && engine.CannotResume(err):
		// A part is created again once. A part that this run created is not created again,
		// because a server that loses new parts would lose the next one, too.
		if res.Offset > 0 {
			s.total.restarted(ctx, taken.i)
		}
		before := res
		spec.Adopt = engine.Adopt{}
		res, err = engine.Run(ctx, spec)
		res.Add(before)
	}
	if err == nil {
		s.Keeper.PartDone(taken.i, res.Offset)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[taken.i] = res
	return err
}

// result adds up the results of the parts. The result of a part that did not begin has
// what is known of it.
func (s *sending) result() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []engine.Result
	for i, part := range s.plan.List() {
		res, ok := s.results[i]
		if !ok {
			res = engine.Result{URL: part.URL, Offset: part.Offset, Resumed: part.Offset, Length: protocol.Known(part.End - part.Start)}
		}
		all = append(all, res)
	}
	res := Result{Result: AddUp(all), Parts: all}
	res.Length = s.Source.Length()
	if res.Expires.IsZero() {
		res.Expires = s.Adopt.Expires
	}
	return res
}

// AddUp makes the result of the whole from those of its parts.
func AddUp(parts []engine.Result) engine.Result {
	var sum engine.Result
	for _, r := range parts {
		sum.Offset += r.Offset
		sum.Unacknowledged += r.Unacknowledged
		sum.Resumed += r.Resumed
		sum.Add(r)
		sum.Expires = record.Earliest(sum.Expires, r.Expires)
		if sum.Denial == (failure.Denial{}) {
			sum.Denial = r.Denial
		}
	}
	return sum
}
