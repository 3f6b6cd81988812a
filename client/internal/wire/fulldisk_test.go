package wire

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// A 500 with the text of a system about a full disk means the same as a 507. A gateway, a page and
// another text do not.
func TestFindFullDisk(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   bool
	}{
		{500, "ERR_INTERNAL_SERVER_ERROR: write /srv/24e5: no space left on device\n", true},
		{500, "ENOSPC: no space left on device, write", true},
		{500, "write: Disk quota exceeded", true},
		{500, "There is not enough space on the disk.", true},
		{500, "ERR_INTERNAL_SERVER_ERROR: permission denied", false},
		{500, "<html><p>no space left on device</p></html>", false},
		{502, "no space left on device", false},
		{400, "no space left on device", false},
	} {
		e := &failure.Error{StatusCode: test.status, Body: test.body, Err: protocol.StatusError(protocol.OpPatch, test.status)}
		findFullDisk(e)
		if got := errors.Is(e, protocol.ErrInsufficientStorage); got != test.want {
			t.Errorf("%d %q: ErrInsufficientStorage is %v, want %v", test.status, test.body, got, test.want)
		}
		if test.want && (e.BrokeOff() || !errors.Is(e, protocol.ErrServer)) {
			t.Errorf("%d %q: BrokeOff is %v, error %v", test.status, test.body, e.BrokeOff(), e)
		}
	}
}
