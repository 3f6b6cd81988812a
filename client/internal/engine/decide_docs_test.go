package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// faults compares the rows of docs/faults.md with those of the table of decide. A row of the
// page is named by how its first cell begins. A row without decisions is about an exchange
// that does not fail, or about the work of another package, which is named.
var faults = []struct {
	begins    string
	decisions []string
	elsewhere string // the package; "": decide
}{
	{"connection refused, reset or lost", []string{
		"the connection broke", "no answer from the target of a redirect", "a third request without a body",
		"a HEAD fails after lost bodies", "the source fails after lost bodies", "a trailer is refused after lost bodies", "a third success without an offset",
	}, ""},
	{"an answer to HEAD that is not of a tus server", []string{
		"a page in place of the server", "a page when the server is asked first", "a page after bytes that may have arrived",
	}, ""},
	{"no sign of life for 30 s", []string{"a third body stalls"}, ""},
	{"a connection that had carried an earlier request", []string{
		"a reused connection died", "a reused connection died in a body", "a reused connection died again", "a reused connection died at the creation",
		"a reused connection died at the question", "a reused connection died at the last bytes", "a reused connection died without retries",
	}, ""},
	{"408, 425, 5xx but 501 and 505", []string{"the connection broke"}, ""},
	{"507, and 500 with the text of a system about a full disk or quota", []string{"a full disk after lost bodies", "a full disk behind a 500"}, ""},
	{"400 with `ERR_UPLOAD_INTERRUPTED`", []string{"the connection broke"}, ""},
	{"423; `ERR_UPLOAD_LOCKED`", []string{"locked", "locked, and no retry is allowed"}, ""},
	{"this machine has no more open files", []string{"no more open files", "no more open files, and no retry is allowed"}, ""},
	{"429; 5xx but 501 and 505 with `Retry-After`", []string{"throttled", "throttled after lost bodies"}, ""},
	{"409 to a PATCH", []string{
		"409 for the first time", "409 without progress since another 409",
	}, ""},
	{"460; 417 to a request with a checksum", []string{"damaged", "damaged for the fourth time"}, ""},
	{"413 to a PATCH, not from a tus server", []string{
		"a proxy limits bodies", "a proxy limits bodies of the least size", "a proxy limits the body of a creation",
	}, ""},
	{"a proxy that buffers bodies", []string{
		"a body is lost", "a second body is lost", "a third body is lost", "a fourth body is lost",
		"a third body of the least size is lost", "a gateway gives up a third time", "a proxy cuts a third time with 408",
	}, ""},
	{"401, if the token comes from a `TokenSource`", []string{
		"a token is refused", "a token is refused again", "a fixed token is refused", "a token is refused at the target of a redirect",
	}, ""},
	{"404, 410", []string{"gone", "410 to bytes of a known upload"}, ""},
	{"404 to a PATCH, although HEAD finds the upload", []string{
		"404 to bytes of a known upload", "404 to bytes of a known upload again", "404 to bytes of a known upload without retries",
	}, ""},
	{"404 for an upload that was created in this run", []string{
		"404 to the first bytes", "404 to the first bytes, which are all", "404 to the question after that", "404 to the last question",
		"404 to the first bytes without retries", "404 after the answer to some bytes was lost", "404 after bytes that may have arrived", "410 to the first bytes, which are all",
		"a page for a new upload", "a page for a new upload at last",
	}, ""},
	{"404 within 10 s of the creation", []string{
		"404 to further bytes of a recent upload", "404 to the last bytes of a recent upload", "404 to the question after these",
		"404 to the question about a recent upload", "404 for a recent upload at last", "404 for all of a recent upload at last",
		"404 to the lost end of a recent upload", "404 for a recent upload without retries", "410 for a recent upload",
	}, ""},
	{"HEAD names a lower offset than was acknowledged", []string{"a stream cannot go back"}, ""},
	{"a run was killed before there was any valid answer", nil, "misplaced.go"},
	{"404, 410 after the last byte was sent", []string{
		"gone after the last byte", "404 after the answer to all bytes was lost", "404 after all bytes may have arrived",
	}, ""},
	{"404, 410 to the PATCH that sent the last byte", []string{
		"404 to the last bytes of a known upload", "404 to the last bytes, which HEAD lacks", "404 to the last bytes without retries",
	}, ""},
	{"302, 303, 307 to HEAD, 307 to PATCH", []string{
		"gone at the target of a redirect", "refused at the target of a redirect", "refused at the target of a redirect again",
	}, ""},
	{"another 3xx to a PATCH", []string{
		"a redirect of the last bytes", "a redirect of the last bytes again", "a redirect of the last bytes without retries",
		"a redirect of other bytes", "a redirect of other bytes without retries",
	}, ""},
	{"a proxy refuses the tunnel for https", []string{"the server refuses"}, ""},
	{"a proxy refuses the tunnel otherwise", []string{"the connection broke"}, ""},
	{"4xx other than those above to the last bytes", []string{"the server refuses", "gone after a refusal"}, ""},
	{"400 with `ERR_INVALID_UPLOAD_LENGTH`", []string{"the length is refused", "the length is refused again"}, ""},
	{"431, 414, or a 400", []string{"the server refuses"}, ""},
	{"400, 414 or 431 to the request that joins parts", []string{"the server refuses"}, ""},
	{"a Location that belongs to another upload", nil, "urls.go"},
	{"a host without an address that has not answered before", []string{"the connection broke"}, ""},
	{"a server that supports only versions before TLS 1.2", []string{"the server refuses"}, ""},
	{"a server that no longer announces concatenation", []string{"the server refuses"}, ""},
	{"405 or 501 to PATCH or DELETE", []string{"the server refuses"}, ""},
	{"everything else", []string{"the server refuses"}, ""},

	{"a Location or a redirect names the server", nil, "address"},
	{"301, 308 to HEAD, 308 to PATCH", nil, "wire"},
	{"a load balancer finds the server", nil, "wire"},
	{"a 2xx other than the usual one", nil, "tus"},
	{"a cache on the way", nil, "tus"},
	{"no answer to OPTIONS for 4 s", nil, "tus"},
	{"parts whose URLs are so long", nil, "parts"},
	{"a success without a Location to a creation", nil, "create.go"},
}

// TestDecideFollowsDocs checks that each row of the page has its decisions, with the class
// that the page names, and that the page has a row for each decision.
func TestDecideFollowsDocs(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("../../../docs/faults.md"))
	if err != nil {
		t.Skip("the test needs the whole repository, which has the page")
	}
	table := decisions()
	inPage, inTable := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "## ") {
			break // other tables follow
		}
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " what") || strings.HasPrefix(cells[1], " ---") {
			continue
		}
		happens, class := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		found := -1
		for i, row := range faults {
			if strings.HasPrefix(happens, row.begins) && (found < 0 || len(row.begins) > len(faults[found].begins)) {
				found = i
			}
		}
		if found < 0 {
			t.Errorf("no decisions for the row %q", happens)
			continue
		}
		row := faults[found]
		inPage[row.begins] = true
		if (len(row.decisions) == 0) == (row.elsewhere == "") {
			t.Errorf("row %q needs either decisions or another package", row.begins)
		}
		fitting := slices.ContainsFunc(row.decisions, func(name string) bool {
			d, ok := table[name]
			return ok && class == d.e.Class.String()
		})
		if len(row.decisions) > 0 && class != "" && !fitting {
			t.Errorf("row %q has class %q, and none of its decisions does", row.begins, class)
		}
		for _, name := range row.decisions {
			inTable[name] = true
			if _, ok := table[name]; !ok {
				t.Errorf("row %q: there is no decision %q", row.begins, name)
			}
		}
	}
	for _, row := range faults {
		if !inPage[row.begins] {
			t.Errorf("docs/faults.md has no row that begins with %q", row.begins)
		}
	}
	for name := range table {
		if !inTable[name] {
			t.Errorf("decision %q is not in docs/faults.md", name)
		}
	}
}
