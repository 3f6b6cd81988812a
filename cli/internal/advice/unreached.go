package advice

import (
	"errors"
	"net"
	"syscall"

	"github.com/tusker-go/tusker/client"
)

// Unreached returns what to check if no request reached a server, because its host is unknown
// or accepts no connections. A unix socket has a message of its own.
func Unreached(err error) string {
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode != 0 {
		return ""
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "check the name of the host; if only a proxy knows it, --proxy URL"
	}
	dial, ok := errors.AsType[*net.OpError](err)
	if ok && dial.Op == "dial" && dial.Net != "unix" && errors.Is(err, syscall.ECONNREFUSED) {
		return "nothing accepts connections there: check the host and the port"
	}
	return ""
}
