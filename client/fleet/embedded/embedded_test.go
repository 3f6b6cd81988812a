package embedded_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet/embedded"
)

// An engine serves connections within the process and over TCP, demands its token over TCP,
// and keeps its data when it is started again.
func TestStart(t *testing.T) {
	dir := t.TempDir()
	start := func() *embedded.Server {
		t.Helper()
		s, err := embedded.Start(embedded.Config{Dir: dir, Listen: "127.0.0.1:0", Token: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	s := start()
	if _, err := nats.Connect(s.URL()); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("without the token: error %v, want %v", err, nats.ErrAuthorization)
	}
	conn, err := nats.Connect(s.URL(), nats.Token("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-s.Done()

	inside, err := start().Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if js, err = jetstream.New(inside); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 1 {
		t.Errorf("%d messages after the restart, want 1", n)
	}
}

// An engine that cannot be started is an error that says why.
func TestStartFails(t *testing.T) {
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, test := range map[string]struct {
		cfg  embedded.Config
		want error
	}{
		"no folder":         {embedded.Config{}, embedded.ErrInvalid},
		"bad address":       {embedded.Config{Dir: t.TempDir(), Listen: "nowhere"}, embedded.ErrInvalid},
		"negative limit":    {embedded.Config{Dir: t.TempDir(), MaxBytes: -1}, embedded.ErrInvalid},
		"address in use":    {embedded.Config{Dir: t.TempDir(), Listen: s.URL()[len("nats://"):]}, embedded.ErrStart},
		"folder is no path": {embedded.Config{Dir: "/dev/null/x"}, embedded.ErrStart},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := embedded.Start(test.cfg); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}
