package client_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/retry"
)

// S-FLOOD-HEADERS: the bytes that are read before the body of an answer are limited, in every
// kind of answer.
func TestEndlessHeaders(t *testing.T) {
	floods := map[string]func(w io.Writer) int64{
		"lines": func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			return clienttest.WriteRepeatedly(w, "X-A: b\r\n")
		},
		"one line": func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nX-A: ")
			return clienttest.WriteRepeatedly(w, "b")
		},
		"status": func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "HTTP/1.1 200 ")
			return clienttest.WriteRepeatedly(w, "b")
		},
		"continue": func(w io.Writer) int64 { return clienttest.WriteRepeatedly(w, "HTTP/1.1 100 Continue\r\n\r\n") },
		"hints": func(w io.Writer) int64 {
			return clienttest.WriteRepeatedly(w, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
		},
		"location": func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "HTTP/1.1 307 x\r\nLocation: /")
			return clienttest.WriteRepeatedly(w, "b")
		},
		"not HTTP": func(w io.Writer) int64 { return clienttest.WriteRepeatedly(w, "SSH-2.0-") },
	}
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			for method, exchange := range clienttest.Exchanges {
				t.Run(method, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						sent, requests := int64(0), 0
						c, err := client.New(client.Config{
							Endpoint: "http://tus.example/files/", Retry: retry.Never,
							Doer: clienttest.HostileDoer(t, func(w io.Writer, _ *http.Request) { requests++; sent = flood(w) }),
						})
						if err != nil {
							t.Fatal(err)
						}
						used := clienttest.AllocatedBytes(func() { err = exchange(t.Context(), c) })
						if err == nil {
							t.Fatal("no error")
						}
						if text := err.Error(); len(text) > 1<<10 {
							t.Errorf("the error has %d bytes, want at most %v", len(text), 1<<10)
						}
						synctest.Wait()
						// The pipe and its readers buffer some more bytes.
						if sent > clienttest.MiB+64<<10 || requests > 1 {
							t.Errorf("%d bytes were read in %d requests, want at most %v and at most 1", sent, requests, clienttest.MiB+64<<10)
						}
						// Header lines need more memory in a map than as bytes.
						clienttest.WantBelow(t, used, 16*clienttest.MiB)
					})
				})
			}
		})
	}
}

// S-FLOOD-BODY: only some KiB of an unwanted body are read, compressed or not.
func TestEndlessBodies(t *testing.T) {
	packed := bomb(t)
	bodies := map[string]struct {
		header string
		body   func(w io.Writer) int64
	}{
		"plain":   {"", func(w io.Writer) int64 { return clienttest.WriteRepeatedly(w, "no\n") }},
		"chunked": {"Transfer-Encoding: chunked\r\n", func(w io.Writer) int64 { return clienttest.WriteRepeatedly(w, "2\r\nno\r\n") }},
		"chunk extensions": {"Transfer-Encoding: chunked\r\n", func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "2;")
			return clienttest.WriteRepeatedly(w, "a=b;")
		}},
		"bomb": {"Content-Encoding: gzip\r\n", func(w io.Writer) int64 {
			n, _ := w.Write(packed)
			return int64(n)
		}},
		"trailers": {"Transfer-Encoding: chunked\r\nTrailer: X-A\r\n", func(w io.Writer) int64 {
			_, _ = io.WriteString(w, "2\r\nno\r\n0\r\n")
			return clienttest.WriteRepeatedly(w, "X-A: b\r\n")
		}},
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			for method, exchange := range clienttest.Exchanges {
				for _, status := range []int{200, 403, 500} {
					if method == "HEAD" || method == "GET" && status == 200 {
						continue // the answer has no body, or the body was requested
					}
					t.Run(fmt.Sprint(method, status), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							sent := int64(0)
							c, err := client.New(client.Config{
								Endpoint: "http://tus.example/files/", Retry: retry.Never,
								Doer: clienttest.HostileDoer(t, func(w io.Writer, r *http.Request) {
									_, _ = fmt.Fprintf(w, "HTTP/1.1 %d x\r\n%s\r\n", status, body.header)
									if r.Method != http.MethodHead {
										sent = body.body(w)
									}
								}),
							})
							if err != nil {
								t.Fatal(err)
							}
							used := clienttest.AllocatedBytes(func() { err = exchange(t.Context(), c) })
							if err == nil && method != "OPTIONS" {
								t.Fatal("no error")
							}
							synctest.Wait()
							// The pipe and its readers buffer some more bytes.
							most := int64(68<<10 + 16<<10)
							if name == "chunked" {
								most = most * 7 / 2 // 2 of 7 bytes belong to the body
							}
							if sent > most {
								t.Errorf("%d bytes were read, want at most %v", sent, most)
							}
							clienttest.WantBelow(t, used, 4*clienttest.MiB)
						})
					})
				}
			}
		})
	}
}

// bomb returns 16 MiB of zeros, compressed.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(make([]byte, 16*clienttest.MiB)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// S-BYTES-LENGTH: a download that is compressed although the request did not allow it is
// neither decompressed nor stored.
func TestCompressedDownload(t *testing.T) {
	packed := bomb(t)
	for name, length := range map[string]int{"tus server": 5, "another": -1} {
		t.Run(name, func(t *testing.T) {
			wrote := 0
			c, err := client.New(client.Config{
				Endpoint: "http://tus.example/files/", Retry: retry.Never,
				Doer: clienttest.HostileDoer(t, func(w io.Writer, r *http.Request) {
					switch {
					case r.Method == http.MethodHead && length < 0:
						clienttest.WriteResponse(w, 405, "")
					case r.Method == http.MethodHead:
						clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5")
					default:
						_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Encoding: gzip\r\n\r\n", len(packed))
						_, _ = w.Write(packed)
					}
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			used := clienttest.AllocatedBytes(func() {
				_, err = c.Download(t.Context(), c.Endpoint()+"1", func(client.Content) (io.Writer, int64, error) {
					wrote++
					return io.Discard, 0, nil
				}, nil)
			})
			clienttest.WantErrorIs(t, err, client.ErrContent)
			if wrote > 0 {
				t.Error("it was about to be written")
			}
			clienttest.WantBelow(t, used, 2*clienttest.MiB)
		})
	}
}

// S-BYTES-LENGTH: a download never writes more bytes than were announced.
func TestDownloadHasTooManyBytes(t *testing.T) {
	for name, header := range map[string]string{
		"HEAD said so": "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n",
		"GET said so":  "Content-Length: 5\r\n\r\n123456789",
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			c, err := client.New(client.Config{
				Endpoint: "http://tus.example/files/", Retry: retry.Never,
				Doer: clienttest.HostileDoer(t, func(w io.Writer, r *http.Request) {
					if r.Method == http.MethodHead {
						clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5")
						return
					}
					_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n"+header)
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Download(t.Context(), c.Endpoint()+"1", clienttest.WriteTo(&got), nil)
			if got.Len() > 5 || (err == nil) != (got.String() == "12345") {
				t.Errorf("got %q, error %v, want success: %t and Len at most 5", &got, err, got.String() == "12345")
			}
		})
	}
}

// S-SLOW: an exchange with a server that sends single bytes without end ends when the time for
// an answer has passed.
func TestSlowAnswers(t *testing.T) {
	trickle := func(w io.Writer, text string) {
		for {
			for i := range len(text) {
				if _, err := io.WriteString(w, text[i:i+1]); err != nil {
					return
				}
				time.Sleep(10 * time.Second)
			}
		}
	}
	answers := map[string]func(w io.Writer){
		"nothing": func(io.Writer) { time.Sleep(time.Hour) },
		// After a switch of protocols, no context ends the reading of the body.
		"switch": func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			time.Sleep(time.Hour)
		},
		"header":   func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 500 x\r\n"); trickle(w, "X-A: b\r\n") },
		"continue": func(w io.Writer) { trickle(w, "HTTP/1.1 100 Continue\r\n\r\n") },
		"body": func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 500 x\r\nContent-Length: 99999999\r\n\r\n")
			trickle(w, "no ")
		},
		"empty members": func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 500 x\r\nContent-Encoding: gzip\r\n\r\n")
			var empty bytes.Buffer
			_ = gzip.NewWriter(&empty).Close()
			trickle(w, empty.String())
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			for method, exchange := range clienttest.Exchanges {
				if method == "HEAD" && (name == "body" || name == "empty members") {
					continue
				}
				t.Run(method, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c, err := client.New(client.Config{
							Endpoint: "http://tus.example/files/", Retry: retry.Never, FinishTimeout: time.Minute,
							Doer: clienttest.HostileDoer(t, func(w io.Writer, r *http.Request) {
								if r.Method == http.MethodHead && method != "HEAD" {
									clienttest.WriteResponse(w, 405, "")
									return
								}
								answer(w)
							}),
						})
						if err != nil {
							t.Fatal(err)
						}
						began := time.Now()
						err = exchange(t.Context(), c)
						if err == nil {
							t.Error("no error")
						}
						if took := time.Since(began); took > 2*client.DefaultStallTimeout {
							t.Errorf("took %v, want at most %v", took, 2*client.DefaultStallTimeout)
						}
						time.Sleep(time.Hour) // so that the server notices the end
					})
				})
			}
		})
	}
}
