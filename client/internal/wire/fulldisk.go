package wire

import (
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/protocol"
)

// fullDiskWords are the texts of Linux, macOS and Windows about a full disk and a full quota, which
// servers pass on.
var fullDiskWords = []string{"no space left on device", "disk quota exceeded", "not enough space on the disk"}

// findFullDisk gives a 500 the meaning of a 507 if its text says that the disk of the server is
// full: tusd, @tus/server and others do not answer 507.
func findFullDisk(e *failure.Error) {
	if e.StatusCode != http.StatusInternalServerError || redact.IsPage(e.Body) {
		return
	}
	text := strings.ToLower(e.Body)
	for _, words := range fullDiskWords {
		if strings.Contains(text, words) {
			e.Err = protocol.ErrInsufficientStorage
			return
		}
	}
}
