package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const endpoint = "https://tus.example/files/?tenant=a&b=c"

// able has something in every field.
func able() protocol.Capabilities {
	return protocol.Capabilities{
		Versions:           []string{"1.0.0", "0.2.2"},
		Extensions:         []protocol.Extension{protocol.ExtensionCreation, "getting", protocol.ExtensionChecksum},
		ChecksumAlgorithms: []string{"sha1", "md5"},
		MaxSize:            protocol.Known(1<<53 + 1),
	}
}

// plainly is the least that a server says.
func plainly() protocol.Capabilities { return protocol.Capabilities{Versions: []string{"1.0.0"}} }

// capable skips the test where the Store keeps no capabilities.
func (s subject) capable(of client.Store) client.CapabilityStore {
	s.t.Helper()
	c, ok := of.(client.CapabilityStore)
	if !ok {
		s.t.Skip("the Store is no client.CapabilityStore")
	}
	return c
}

// saveCapabilities fails the test where they cannot be saved.
func (s subject) saveCapabilities(to client.CapabilityStore, endpoint string, caps protocol.Capabilities, asked time.Time) {
	s.t.Helper()
	if err := to.SaveCapabilities(s.ctx, endpoint, caps, asked); err != nil {
		s.t.Fatalf("SaveCapabilities: %v", err)
	}
}

// sameCapabilities fails the test where others are loaded, or another time.
func (s subject) sameCapabilities(from client.CapabilityStore, endpoint string, want protocol.Capabilities, asked time.Time) {
	s.t.Helper()
	got, at, err := from.LoadCapabilities(s.ctx, endpoint)
	if err != nil {
		s.t.Fatalf("LoadCapabilities: %v", err)
	}
	if err := differ(got, want); err != nil {
		s.t.Error(err)
	}
	if !at.Equal(asked) {
		s.t.Errorf("asked at %v, want %v", at, asked)
	}
}

// differ takes empty lists for none.
func differ(got, want protocol.Capabilities) error {
	for _, c := range []*protocol.Capabilities{&got, &want} {
		if len(c.Versions) == 0 {
			c.Versions = nil
		}
		if len(c.Extensions) == 0 {
			c.Extensions = nil
		}
		if len(c.ChecksumAlgorithms) == 0 {
			c.ChecksumAlgorithms = nil
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("capabilities are\n%+v, want\n%+v", got, want)
	}
	return nil
}

// capabilitiesComeBack: what was saved is loaded, through another handle too.
func capabilitiesComeBack(s subject) {
	first, second := s.capable(s.Store), s.capable(s.second)
	for _, c := range []struct {
		name  string
		caps  protocol.Capabilities
		asked time.Time
	}{
		{"everything", able(), at(1)},
		{"least", plainly(), at(2)},
		{"nothing", protocol.Capabilities{}, at(3)},
		{"another zone", able(), at(4).In(time.FixedZone("", -5*60*60))},
		{"largest size", protocol.Capabilities{MaxSize: protocol.Known(math.MaxInt64)}, at(5)},
		{"size of zero", protocol.Capabilities{MaxSize: protocol.Known(0)}, at(6)},
	} {
		s.t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			s.saveCapabilities(first, endpoint, c.caps, c.asked)
			s.sameCapabilities(first, endpoint, c.caps, c.asked)
			s.sameCapabilities(second, endpoint, c.caps, c.asked)
		})
	}
}

// capabilitiesOfOne: each endpoint has its own, down to the letter.
func capabilitiesOfOne(s subject) {
	c := s.capable(s.Store)
	noRecord := func(endpoint string) {
		s.t.Helper()
		if _, _, err := c.LoadCapabilities(s.ctx, endpoint); !errors.Is(err, client.ErrNoRecord) {
			s.t.Errorf("LoadCapabilities of %s: error %v, want %v", short(endpoint), err, client.ErrNoRecord)
		}
	}
	endpoints := []string{
		endpoint, "https://tus.example/files/", "https://tus.example/files", "https://tus.example/Files/",
		"http://tus.example/files/", "https://tus.example/files/?tenant=a%26b=c", "https://[::1]:8443/",
		"https://tus.example/../files/\x00?\"", "https://tus.example/" + strings.Repeat("a", 8000),
	}
	for i, endpoint := range endpoints {
		noRecord(endpoint)
		s.saveCapabilities(c, endpoint, protocol.Capabilities{MaxSize: protocol.Known(int64(i))}, at(i))
	}
	for i, endpoint := range endpoints {
		s.sameCapabilities(c, endpoint, protocol.Capabilities{MaxSize: protocol.Known(int64(i))}, at(i))
	}
	noRecord(endpoint + "&d")
}

// capabilitiesReplaced: nothing of what the server said before is left, and what
// the caller does to either changes nothing.
func capabilitiesReplaced(s subject) {
	c, second := s.capable(s.Store), s.capable(s.second)
	for i, caps := range []protocol.Capabilities{plainly(), able(), plainly()} {
		s.saveCapabilities(c, endpoint, caps, at(i))
		s.sameCapabilities(second, endpoint, caps, at(i))
	}
	// A clock may have gone back.
	caps := able()
	s.saveCapabilities(c, endpoint, caps, at(0))
	caps.Versions[0], caps.Extensions[0], caps.ChecksumAlgorithms[0] = "x", "x", "x"
	s.sameCapabilities(c, endpoint, able(), at(0))
	got, _, err := c.LoadCapabilities(s.ctx, endpoint)
	if err != nil {
		s.t.Fatalf("LoadCapabilities: %v", err)
	}
	got.Versions[0], got.Extensions[0], got.ChecksumAlgorithms[0] = "x", "x", "x"
	s.sameCapabilities(c, endpoint, able(), at(0))
}

// capabilitiesApart: records know nothing of them.
func capabilitiesApart(s subject) {
	c := s.capable(s.Store)
	s.save(full("k"))
	s.saveCapabilities(c, endpoint, able(), at(1))
	s.saveCapabilities(c, "k", plainly(), at(2))
	if l, ok := s.Store.(client.Lister); ok {
		if all := s.listed(l); len(all) != 1 || all["k"] == nil {
			s.t.Errorf("List gives %d records, want 1", len(all))
		}
	}
	if err := s.Delete(s.ctx, "k"); err != nil {
		s.t.Fatalf("Delete: %v", err)
	}
	s.sameCapabilities(c, endpoint, able(), at(1))
	s.sameCapabilities(c, "k", plainly(), at(2))
}

// capabilitiesEnded: neither method does anything once the context has ended.
func capabilitiesEnded(s subject) {
	c := s.capable(s.Store)
	s.saveCapabilities(c, endpoint, able(), at(1))
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	_, _, err := c.LoadCapabilities(ctx, endpoint)
	s.ended("LoadCapabilities", err)
	s.ended("SaveCapabilities", c.SaveCapabilities(ctx, endpoint, plainly(), at(2)))
	s.sameCapabilities(c, endpoint, able(), at(1))
}

// capabilitiesConcurrent: whoever loads sees what one call saved, whole.
func capabilitiesConcurrent(s subject) {
	const workers, rounds = 4, 10
	handles := []client.CapabilityStore{s.capable(s.Store), s.capable(s.second)}
	s.saveCapabilities(handles[0], endpoint, able(), at(0))
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			c := handles[i%len(handles)]
			for range rounds {
				caps, asked := able(), at(0)
				if i%2 == 1 {
					caps, asked = plainly(), at(1)
				}
				if err := c.SaveCapabilities(s.ctx, endpoint, caps, asked); err != nil {
					s.t.Errorf("SaveCapabilities: %v", err)
					return
				}
				got, asked, err := c.LoadCapabilities(s.ctx, endpoint)
				if err != nil {
					s.t.Errorf("LoadCapabilities: %v", err)
					return
				}
				want := able()
				if asked.Equal(at(1)) {
					want = plainly()
				}
				if err := differ(got, want); err != nil {
					s.t.Errorf("made of several: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}
