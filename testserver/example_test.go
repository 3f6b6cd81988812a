package testserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/testserver"
)

// answer is the status and the headers of a response.
type answer struct {
	Status string
	Header http.Header
}

// send sends one request of a tus client.
func send(s *testserver.Server, method, url, body string, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header = header
	req.Header.Set("Tus-Resumable", "1.0.0")
	res, err := s.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return answer{res.Status, res.Header}, errors.Join(err, res.Body.Close())
}

// A connection is lost after three bytes, and the client resumes the upload.
func Example() {
	s, err := testserver.Start(testserver.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(3)})

	res, err := send(s, http.MethodPost, s.URL(), "", http.Header{"Upload-Length": {"8"}})
	if err != nil {
		log.Print(err)
		return
	}
	url := res.Header.Get("Location")

	const data = "elephant"
	patch := http.Header{"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
	_, err = send(s, http.MethodPatch, url, data, patch)
	fmt.Println("connection lost:", err != nil)

	res, err = send(s, http.MethodHead, url, "", http.Header{})
	if err != nil {
		log.Print(err)
		return
	}
	patch.Set("Upload-Offset", res.Header.Get("Upload-Offset"))
	if _, err := send(s, http.MethodPatch, url, data[3:], patch); err != nil {
		log.Print(err)
		return
	}

	stored, err := s.Bytes(url)
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Printf("stored: %s\n", stored)
	for _, r := range s.Requests() {
		fmt.Printf("%s at %d: %d bytes, status %d, fault %q\n", r.Method, r.Offset, r.BodyBytes, r.Status, r.Fault)
	}
	// Output:
	// connection lost: true
	// stored: elephant
	// POST at 0: 0 bytes, status 201, fault ""
	// PATCH at 0: 3 bytes, status 0, fault "CutAfter(3)"
	// HEAD at 0: 0 bytes, status 200, fault ""
	// PATCH at 3: 5 bytes, status 204, fault ""
}

// The server is busy for its first two requests.
func ExampleServer_Inject() {
	s, err := testserver.Start(testserver.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Inject(testserver.Fault{
		Times: 2,
		Do:    testserver.Status(http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}}, "busy"),
	})
	for range 3 {
		res, err := send(s, http.MethodOptions, s.URL(), "", http.Header{})
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println(res.Status, res.Header.Get("Retry-After"), len(s.Pending()))
	}
	// Output:
	// 503 Service Unavailable 1 1
	// 503 Service Unavailable 1 0
	// 200 OK  0
}

// The server verifies checksums, which tusd does not support, and does not
// store a damaged chunk.
func ExampleConfig_checksum() {
	s, err := testserver.Start(testserver.Config{Checksum: testserver.ChecksumAlgorithms()})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	res, err := send(s, http.MethodOptions, s.URL(), "", http.Header{})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(res.Header.Get("Tus-Checksum-Algorithm"))
	res, err = send(s, http.MethodPost, s.URL(), "", http.Header{"Upload-Length": {"11"}})
	if err != nil {
		log.Print(err)
		return
	}
	url := res.Header.Get("Location")
	for _, data := range []string{"hello_world", "hello world"} {
		res, err := send(s, http.MethodPatch, url, data, http.Header{
			"Content-Type":    {"application/offset+octet-stream"},
			"Upload-Offset":   {"0"},
			"Upload-Checksum": {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="},
		})
		if err != nil {
			log.Print(err)
			return
		}
		stored, err := s.Bytes(url)
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Printf("%s, stored: %q\n", res.Status, stored)
	}
	// Output:
	// sha1,sha256,sha512,md5,crc32
	// 460 status code 460, stored: ""
	// 204 No Content, stored: "hello world"
}

// An ActionFunc defines a fault: the upload was removed for good.
func ExampleActionFunc() {
	s, err := testserver.Start(testserver.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Inject(testserver.Fault{
		Method: http.MethodHead,
		Do: testserver.ActionFunc(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusGone)
		}),
	})
	res, err := send(s, http.MethodHead, s.URL()+"1", "", http.Header{})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(res.Status)
	// Output:
	// 410 Gone
}
