package page

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// maxListed is the number of finished uploads that the page shows.
const maxListed = 100

// listed is a finished upload in the list.
type listed struct {
	// URL is the path of the upload on the server.
	URL string `json:"url"`
	// Name is the file name that the client sent, or else the ID of the upload.
	// It can be any text.
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
	// Modified is the time when the last bytes were stored.
	Modified time.Time `json:"modified"`
}

// list is the answer of "/page/uploads".
type list struct {
	// Uploads are the latest uploads, the newest first.
	Uploads []listed `json:"uploads"`
	// Total is the number of all finished uploads.
	Total int `json:"total"`
}

func serveUploads(w http.ResponseWriter, s *testserver.Server) {
	all, err := finished(s)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A write error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(list{Uploads: all[:min(len(all), maxListed)], Total: len(all)})
}

// finished returns the complete uploads of s, the newest first. Parts of other
// uploads are not included.
func finished(s *testserver.Server) ([]listed, error) {
	urls, err := s.Uploads()
	if err != nil {
		return nil, err
	}
	all := []listed{}
	for _, uploadURL := range urls {
		// An upload that was deleted in the meantime is left out.
		info, err := s.Info(uploadURL)
		length, known := info.Length.Int64()
		if err != nil || info.Partial || !known || info.Offset != length {
			continue
		}
		file, err := s.Path(uploadURL)
		if err != nil {
			continue
		}
		stat, err := os.Stat(file)
		if err != nil {
			continue
		}
		u, err := url.Parse(uploadURL)
		if err != nil {
			continue
		}
		all = append(all, listed{URL: u.EscapedPath(), Name: nameOf(info, u), Size: length, Modified: stat.ModTime()})
	}
	slices.SortStableFunc(all, func(a, b listed) int { return b.Modified.Compare(a.Modified) })
	return all, nil
}

// nameOf returns the name under which clients announce a file: tus-js-client
// and tusker send filename, and Uppy sends both.
func nameOf(info testserver.Info, u *url.URL) string {
	for _, key := range []string{"filename", "name"} {
		if name := info.Metadata[key]; name != "" {
			return name
		}
	}
	return path.Base(u.Path)
}
