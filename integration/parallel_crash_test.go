package integration

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An upload in parts whose process is killed at any moment resumes every part. No upload
// of earlier processes has unused bytes, no byte that the server has is sent again, and
// only bytes that had not reached the server are sent twice.
func TestCrashParallel(t *testing.T) {
	const parts, kills = 4, 8
	seed := rand.Uint64()
	if s := os.Getenv(envCrashSeed); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d", envCrashSeed, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	c := newCrash(t)
	c.parts = parts
	limit := 64*kib + random.Int64N(mib)
	var limits []int64
	for c.run(t, limit, random.IntN(2) == 0) {
		limits = append(limits, limit)
		if limit = random.Int64N(2 * crashSize / kills); random.IntN(4) == 0 {
			limit = random.Int64N(2 * kib) // while parts are created or HEAD asks for their offsets
		}
		if c.kills == kills {
			limit = -1
		}
	}
	if c.kills < 2 {
		t.Fatalf("the upload was complete after %d kills", c.kills)
	}

	var whole []string
	sizes := map[int]int{}
	all, err := c.srv.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all {
		b, err := c.srv.Bytes(u)
		if err != nil {
			t.Fatal(err)
		}
		sizes[len(b)]++
		if len(b) == crashSize {
			whole = append(whole, u)
		}
	}
	orphans := sizes[0]
	delete(sizes, 0)
	if diff := cmp.Diff(map[int]int{crashSize / parts: parts, crashSize: 1}, sizes); diff != "" {
		t.Fatalf("uploads with bytes, by size (-want +got):\n%s", diff)
	}
	checkStored(t, c.srv, whole[0], c.data)

	offsets, body, creations := map[string]int64{}, int64(0), 0
	for _, r := range c.srv.Requests() {
		switch {
		case r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Upload-Concat"), "final"):
			creations++
		case r.Method == http.MethodPatch:
			if r.Offset < offsets[r.Path] {
				t.Errorf("got a PATCH at %d of %s after one at %d", r.Offset, r.Path, offsets[r.Path])
			}
			offsets[r.Path] = r.Offset
			body += r.BodyBytes
		}
	}
	// A creation that did not reach the server created no upload.
	if creations < parts+orphans {
		t.Errorf("%d creations, %d parts, %d orphans", creations, parts, orphans)
	}
	read, sent := body-crashSize, c.proxy.received.Load()-crashSize
	t.Logf("%d kills after %v bytes; sent again, headers included: %d, %d for each kill; read again by the server: %d; orphans: %d",
		c.kills, limits, sent, sent/int64(c.kills), read, orphans)
	if sent > int64(c.kills)*parts*crashResent || read > sent {
		t.Errorf("%d bytes were sent again, and the server read %d of them, after %d kills", sent, read, c.kills)
	}
}
