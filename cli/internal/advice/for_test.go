package advice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A failed exchange gets the hint for its operation, also if it has no status.
func TestForExchange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  *client.Error
		want string
	}{
		"creation in a loop of redirects": {
			&client.Error{Op: protocol.OpCreate, Err: fmt.Errorf("%w: %w", client.ErrRedirected, nethttp.ErrTooManyRedirects)},
			"is this the URL that uploads are created at?",
		},
		"creation without an answer": {
			&client.Error{Op: protocol.OpCreate, Err: client.ErrStalled, Class: client.ClassTransient}, "",
		},
		"HEAD that a cache turned into GET": {
			&client.Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrMissingHeader}, "turns HEAD into GET",
		},
		"one URL for two uploads": {
			&client.Error{Op: protocol.OpCreate, StatusCode: 201, Err: client.ErrInvalidLocation}, "a URL of its own for each upload",
		},
		"404 to PATCH only": {
			&client.Error{Op: protocol.OpPatch, StatusCode: 404, Err: fmt.Errorf("%w: %w", client.ErrPatchBlocked, protocol.ErrNotFound)},
			"--method-override",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.err.URL = "http://tus.example/files/"
			got := For(&cobra.Command{}, test.err)
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("hint %q, want %q", got, test.want)
			}
		})
	}
}
