package flags

import (
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/remote"
)

// SelectsObject reports whether the flags select an object that was found below a prefix. Now is
// the time from which ages count.
func (s *Selection) SelectsObject(o remote.Entry, now time.Time) bool {
	return s.selectsBelow(o.Below) && s.Admits(objectInfo{o}, now)
}

// selectsBelow reports whether the patterns select an object with that path below a prefix. Each
// element of the path but the last counts as a directory.
func (s *Selection) selectsBelow(below string) bool {
	included := false
	for i := range len(below) {
		if below[i] != '/' || i == 0 {
			continue
		}
		matches, excluded := s.Selects(below[:i], true)
		if excluded {
			return false
		}
		included = included || matches
	}
	matches, excluded := s.Selects(below, false)
	return (included || matches) && !excluded
}

// objectInfo describes an object as the flags describe files.
type objectInfo struct{ remote.Entry }

func (o objectInfo) Name() string       { return path.Base(o.Below) }
func (o objectInfo) Size() int64        { return o.Entry.Size }
func (o objectInfo) Mode() fs.FileMode  { return 0 }
func (o objectInfo) ModTime() time.Time { return o.Modified }
func (o objectInfo) IsDir() bool        { return strings.HasSuffix(o.Below, "/") }
func (o objectInfo) Sys() any           { return nil }
