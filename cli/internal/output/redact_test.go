package output_test

import (
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// The user, the password, the token and the path of a server are not shown, whatever characters
// they have.
func TestRedactServers(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"":                                    "",
		"nats://a.example:4222":               "nats://a.example:4222",
		"nats://u:p@a.example, tls://t@b:1":   "nats://a.example,tls://b:1",
		"token@a.example:4222":                "a.example:4222",
		"nats://u:p/w@a.example:4222/x":       "nats://a.example:4222",
		"nats://u:p@ss@a.example/secret":      "nats://a.example",
		"nats://u:p@[::1]:4222,token@b":       "nats://[::1]:4222,b",
		"nats://u:p%zz@a.example?token=value": "nats://a.example",
	} {
		if got := output.RedactServers(list); got != want {
			t.Errorf("RedactServers(%q) = %q, want %q", list, got, want)
		}
	}
}
