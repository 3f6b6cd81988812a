package client_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// nodes are two nodes behind a load balancer that share the bytes of uploads, but not their
// locks. The first node knows everything. The second one sees the state of an upload after a
// while, and handles only PATCH requests at the offset that it sees.
type nodes struct {
	lag     time.Duration
	second  func(*http.Request) bool // whether the request goes to the second node
	lenient bool                     // the second node accepts a PATCH at its offset, and rewrites bytes
	status  int                      // of other answers of the second node to PATCH; 0: 409

	mu      sync.Mutex
	server  *fake.Server
	history map[string][]seen // by path
	wrong   []string          // rewritten bytes that were other bytes
}

// seen is the offset of an upload since a time.
type seen struct {
	at     time.Time
	offset int
}

// answer is the Hook of the fake server.
func (n *nodes) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	path := r.URL.Path
	if r.Method != http.MethodHead && r.Method != http.MethodPatch {
		next.ServeHTTP(w, r)
		n.remember("/files/" + strconv.Itoa(n.server.Count()))
		return
	}
	if !n.second(r) {
		next.ServeHTTP(w, r)
		n.remember(path)
		return
	}
	offset, known := n.view(path)
	switch {
	case !known:
		fake.Status(404, "ERR_UPLOAD_NOT_FOUND: upload not found\n", "Tus-Resumable", "1.0.0")(w, r, next)
	case r.Method == http.MethodHead:
		fake.With(protocol.HeaderUploadOffset, strconv.Itoa(offset))(w, r, next)
	case r.Header.Get(protocol.HeaderUploadOffset) != strconv.Itoa(offset), n.status != 0:
		fake.Status(max(n.status, 409), "", "Tus-Resumable", "1.0.0")(w, r, next)
	case offset == len(n.server.Bytes(path)):
		next.ServeHTTP(w, r)
		n.remember(path)
	case n.lenient:
		n.rewrite(w, r, offset)
		n.remember(path)
	default:
		fake.Status(409, "", "Tus-Resumable", "1.0.0")(w, r, next)
	}
}

// remember notes the offset that the first node sees now.
func (n *nodes) remember(path string) {
	n.history[path] = append(n.history[path], seen{time.Now(), len(n.server.Bytes(path))})
}

// view returns the offset that the second node sees.
func (n *nodes) view(path string) (offset int, known bool) {
	for _, s := range n.history[path] {
		if time.Since(s.at) >= n.lag {
			offset, known = s.offset, true
		}
	}
	return offset, known
}

// rewrite writes a body over bytes that the first node has already.
func (n *nodes) rewrite(w http.ResponseWriter, r *http.Request, offset int) {
	body, _ := io.ReadAll(r.Body)
	has := n.server.Bytes(r.URL.Path)[offset:]
	both := min(len(has), len(body))
	if !bytes.Equal(has[:both], body[:both]) {
		n.wrong = append(n.wrong, fmt.Sprintf("%q over %q", body[:both], has[:both]))
	}
	if rest := body[both:]; len(rest) > 0 {
		n.server.Append(r.URL.Path, rest, protocol.Length{})
	}
	protocol.SetVersion(w.Header())
	w.Header().Set(protocol.HeaderUploadOffset, strconv.Itoa(offset+len(body)))
	w.WriteHeader(http.StatusNoContent)
}

// balancers choose the node of each request.
func balancers() map[string]func() func(*http.Request) bool {
	count := func(choose func(i int) bool) func() func(*http.Request) bool {
		return func() func(*http.Request) bool {
			i := 0
			return func(*http.Request) bool { i++; return choose(i) }
		}
	}
	all := map[string]func() func(*http.Request) bool{
		"in turn":           count(func(i int) bool { return i%2 == 0 }),
		"in turn, in pairs": count(func(i int) bool { return i/2%2 == 0 }),
		"three in turn":     count(func(i int) bool { return i%3 == 0 }),
		"by method": func() func(*http.Request) bool {
			return func(r *http.Request) bool { return r.Method == http.MethodHead }
		},
		"by the other method": func() func(*http.Request) bool {
			return func(r *http.Request) bool { return r.Method == http.MethodPatch }
		},
	}
	for seed := range uint64(20) {
		all[fmt.Sprint("random ", seed)] = func() func(*http.Request) bool {
			random := rand.New(rand.NewPCG(seed, 0))
			return func(*http.Request) bool { return random.IntN(2) == 0 }
		}
	}
	return all
}

// An upload to nodes that see each other's bytes some seconds late is complete in the end, and
// all bytes are where they belong.
func TestNodesWithLag(t *testing.T) {
	const text = "the quick brown fox"
	sources := map[string]func(*testing.T) client.Source{
		"file":   func(t *testing.T) client.Source { t.Helper(); return clienttest.TextSource(t, text) },
		"stream": func(*testing.T) client.Source { return clienttest.StreamSource(text, 8) },
	}
	for balancer, second := range balancers() {
		for kind, source := range sources {
			for _, lenient := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, lenient %t", balancer, kind, lenient), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						n := &nodes{lag: 3 * time.Second, lenient: lenient, second: second(), history: make(map[string][]seen)}
						n.server = fake.New(t, fake.Config{Hook: n.answer})
						began := time.Now()
						res, err := clienttest.NewClient(t, n.server, client.Config{}).Upload(t.Context(), source(t), &client.UploadOptions{ChunkSize: 4})
						if err != nil {
							t.Fatal(err)
						}
						clienttest.WantStored(t, n.server, res.URL, text)
						if len(n.wrong) > 0 || n.server.Count() != 1 {
							t.Errorf("%d uploads, wrong bytes %q", n.server.Count(), n.wrong)
						}
						if took := time.Since(began); took > time.Minute {
							t.Errorf("took %v, want at most %v", took, time.Minute)
						}
					})
				})
			}
		}
	}
}

// The same over TCP.
func TestNodesWithLagTCP(t *testing.T) {
	t.Parallel()
	const text = "the quick brown fox"
	n := &nodes{lag: 300 * time.Millisecond, history: make(map[string][]seen)}
	n.second = balancers()["in turn"]()
	n.server = fake.Handler(fake.Config{Hook: n.answer})
	s := httptest.NewServer(n.server)
	defer s.Close()
	c := clienttest.New(t, client.Config{Endpoint: s.URL + "/files/", Doer: s.Client()})
	res, err := c.Upload(t.Context(), clienttest.TextSource(t, text), &client.UploadOptions{ChunkSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.server.Bytes(res.URL)); got != text {
		t.Errorf("the server has %q, want %q", got, text)
	}
}

// Nodes that never agree end the upload after a while, with an error that says what is wrong.
func TestNodesThatNeverAgree(t *testing.T) {
	for balancer, second := range balancers() {
		t.Run(balancer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &nodes{lag: 1000 * time.Hour, second: second(), history: map[string][]seen{
					"/files/1": {{time.Now().Add(-2000 * time.Hour), 0}},
				}}
				n.server = fake.New(t, fake.Config{Hook: n.answer})
				began := time.Now()
				_, err := clienttest.NewClient(t, n.server, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(300)), &client.UploadOptions{ChunkSize: 1})
				took := time.Since(began)
				if err == nil {
					return // enough requests went to the first node
				}
				clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrOffsetMismatch)
				if text := err.Error(); !strings.Contains(text, "which HEAD named: do the nodes behind a load balancer") {
					t.Errorf("error %q, want %q in it", text, "which HEAD named: do the nodes behind a load balancer")
				}
				if took < 30*time.Second || took > 30*time.Minute {
					t.Errorf("took %v, want at least %v and at most %v", took, 30*time.Second, 30*time.Minute)
				}
			})
		})
	}
}

// A node that holds a lock, or does not know a new upload yet, is waited for.
func TestNodesWithOtherAnswers(t *testing.T) {
	for _, status := range []int{404, 409, 423} {
		for balancer, second := range balancers() {
			t.Run(fmt.Sprint(status, " ", balancer), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := &nodes{second: second(), status: status, history: make(map[string][]seen)}
					began := time.Now()
					choose := n.second
					n.second = func(r *http.Request) bool { return time.Since(began) < 2*time.Second && choose(r) }
					n.server = fake.New(t, fake.Config{Hook: n.answer})
					res, err := clienttest.NewClient(t, n.server, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 2})
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, n.server, res.URL, "hello")
				})
			})
		}
	}
}
