package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// brokenCapabilities are Stores that keep records well.
var brokenCapabilities = map[string]brokenStore{
	"forgets checksum algorithms": {
		alterCapabilities(func(_ string, caps *protocol.Capabilities, _ *time.Time) { caps.ChecksumAlgorithms = nil }),
		[]string{"capabilities_come_back"},
	},
	"takes a size of zero for none": {
		alterCapabilities(func(_ string, caps *protocol.Capabilities, _ *time.Time) {
			if caps.MaxSize == protocol.Known(0) {
				caps.MaxSize = protocol.Length{}
			}
		}),
		[]string{"capabilities_come_back"},
	},
	"keeps whole seconds": {
		alterCapabilities(func(_ string, _ *protocol.Capabilities, asked *time.Time) { *asked = asked.Truncate(time.Second) }),
		[]string{"capabilities_come_back"},
	},
	"has the time of saving": {
		alterCapabilities(func(_ string, _ *protocol.Capabilities, asked *time.Time) { *asked = time.Now() }),
		[]string{"capabilities_come_back"},
	},
	"takes endpoints for one another": {
		func(a *altered) {
			plain := func(endpoint string) string { return strings.ToLower(strings.TrimSuffix(endpoint, "/")) }
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				return a.MemoryStore.SaveCapabilities(ctx, plain(endpoint), caps, asked)
			}
			a.recall = func(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
				return a.MemoryStore.LoadCapabilities(ctx, plain(endpoint))
			}
		},
		[]string{"capabilities_are_of_one_endpoint"},
	},
	"knows nothing of all servers": {
		func(a *altered) {
			a.recall = func(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
				caps, asked, err := a.MemoryStore.LoadCapabilities(ctx, endpoint)
				if errors.Is(err, client.ErrNoRecord) {
					err = nil
				}
				return caps, asked, err
			}
		},
		[]string{"capabilities_are_of_one_endpoint"},
	},
	"shares capabilities": {
		func(a *altered) {
			var mu sync.Mutex
			shared := make(map[string]protocol.Capabilities)
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				mu.Lock()
				defer mu.Unlock()
				err := a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
				if err == nil {
					shared[endpoint] = caps
				}
				return err
			}
			a.recall = func(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
				mu.Lock()
				defer mu.Unlock()
				_, asked, err := a.MemoryStore.LoadCapabilities(ctx, endpoint)
				return shared[endpoint], asked, err
			}
		},
		[]string{"capabilities_are_replaced"},
	},
	"keeps what it learned last": {
		func(a *altered) {
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				if _, before, err := a.MemoryStore.LoadCapabilities(ctx, endpoint); err == nil && before.After(asked) {
					return nil
				}
				return a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
			}
		},
		[]string{"capabilities_are_replaced"},
	},
	"lists servers": {
		func(a *altered) {
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				if endpoint != "k" {
					_ = a.MemoryStore.Save(ctx, &client.Record{Key: "server", URL: "https://tus.example/files/"})
				}
				return a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
			}
		},
		[]string{"capabilities_and_records_are_apart"},
	},
	"learns after the end": {
		func(a *altered) {
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				return a.MemoryStore.SaveCapabilities(context.WithoutCancel(ctx), endpoint, caps, asked)
			}
		},
		[]string{"context_of_capabilities_has_ended"},
	},
	"mixes capabilities": {
		func(a *altered) {
			a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
				if len(caps.Extensions) == 0 && asked.Second() == 1 {
					caps.MaxSize = protocol.Known(1)
				}
				return a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
			}
		},
		[]string{"concurrent_use_of_capabilities"},
	},
}
