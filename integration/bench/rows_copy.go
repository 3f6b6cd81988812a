package main

import "time"

// copyRows returns rows that compare, with the raw program, the ways to pass a body to
// the kernel.
func copyRows() []row {
	buffers := func() []contestant {
		out := []contestant{
			raws(raw, "copy, 32 KiB (net/http's own)", "-body", "copy"),
			raws(check, "copy, 32 KiB, again", "-body", "copy"),
		}
		for _, b := range []struct{ name, size string }{{"32 KiB", "32768"}, {"128 KiB", "131072"}, {"256 KiB", "262144"}, {"1 MiB", "1048576"}} {
			out = append(out, raws(variant, "copy at the connection, "+b.name, "-body", "copy", "-buffer", b.size))
		}
		return out
	}
	about := "Raw programs, POST and one PATCH. net/http copies a body through a buffer of 32 KiB and does not call its WriteTo method. " +
		"Only ReadFrom of the connection can use another buffer. tusker uses sendfile, in pieces, for files over plain HTTP/1.1 on Linux. " +
		"Otherwise it copies through a buffer of 32 to 128 KiB and writes several TLS records at once."
	return []row{
		{
			name: "copy", title: "Ways to send 2 GiB over HTTP/1.1", about: about,
			files: 1, size: 2 * gib, concurrency: 1, server: plain, rounds: 5, limit: 35 * time.Second,
			contestants: contestants(buffers(), []contestant{
				raws(variant, "sendfile (*os.File as the body)", "-body", "file"),
				raws(variant, "sendfile (transport.FileBody)", "-body", "filebody"),
			}),
		},
		{
			name: "copy-tusd", title: "Ways to send 512 MiB into tusd", files: 1, size: 512 * mib, concurrency: 1,
			about: "On one machine, a copy brings the bytes into a CPU cache that the server reads from. This shortens the wall time if the server is the bottleneck. " +
				"Over a network a copy has no such effect, and it costs the client three times the CPU time.",
			server: tusdPlain, rounds: 5, limit: 15 * time.Second,
			contestants: []contestant{
				raws(raw, "sendfile (transport.FileBody)", "-body", "filebody"), raws(check, "sendfile, again", "-body", "filebody"),
				raws(variant, "copy at the connection, 128 KiB", "-body", "copy", "-buffer", "131072"),
				tusker(variant),
			},
		},
		{
			name: "copy-tls", title: "Ways to send 1 GiB over TLS", about: about,
			files: 1, size: gib, concurrency: 1, server: secure, rounds: 5, limit: 35 * time.Second,
			contestants: contestants(buffers(), []contestant{
				raws(variant, "256 KiB, several TLS records at once", "-body", "copy", "-buffer", "262144", "-gather"),
			}),
		},
		{
			name: "copy-http2", title: "Ways to send 512 MiB over HTTP/2",
			about: "Over HTTP/2, the buffer has the size of the largest frame that the server accepts.",
			files: 1, size: 512 * mib, concurrency: 1, server: http2, rounds: 5, limit: 15 * time.Second,
			contestants: []contestant{
				raws(raw, "a reader", "-body", "copy"), raws(check, "a reader, again", "-body", "copy"),
				raws(variant, "*os.File as the body", "-body", "file"),
				raws(variant, "a reader, HTTP/1.1", "-body", "copy", "-http1.1"),
			},
		},
	}
}
