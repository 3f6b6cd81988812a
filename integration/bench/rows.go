package main

import (
	"slices"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

const (
	rawPatch = "raw: POST and PATCH"
	rawPost  = "raw: one POST"
	rawCheck = "raw: POST and PATCH, again"
	postOnce = "raw: one POST, again"
)

var (
	plain     = []string{"null"}
	secure    = []string{"null", "-tls"}
	http2     = []string{"null", "-tls", "-http2"}
	tusdPlain = []string{"tusd"}
	tusdTLS   = []string{"tusd", "-tls"}
)

func allRows() []row {
	return slices.Concat(largeRows(), smallRows(), farRows(), parallelRows(), brokenRows(), copyRows())
}

// peers returns the other clients, with their defaults and with their best
// settings. Clients that are several times slower than the others run fewer rounds.
func peers() []contestant {
	return []contestant{
		curl(),
		times(3, tusgo()), tusgo("-best"),
		times(3, gotus()), times(3, gotus("-best")),
		times(3, tusJS()), times(3, tusJS("-best")),
	}
}

func contestants(lists ...[]contestant) []contestant { return slices.Concat(lists...) }

// largeFile returns all contestants for a single file.
func largeFile() []contestant {
	return contestants([]contestant{
		raws(raw, rawPatch), raws(raw, rawPost, "-mode", "post"), raws(check, rawCheck),
		tusker(own), tusker(own, "--no-resume"),
	}, peers())
}

func largeRows() []row {
	targets := []target{
		wallTarget(1.05, "tusker"), wallTarget(1.05, "tusker --no-resume"),
		cpuTarget(1.10, "tusker"), cpuTarget(1.10, "tusker --no-resume"),
		memoryTarget(24*mib, "tusker"), memoryTarget(24*mib, "tusker --no-resume"), dataTarget(2, "tusker"),
		peerTarget("tusker"),
	}
	// Over TLS, only the wall time has a target.
	tlsTargets := []target{
		wallTarget(1.05, "tusker"), wallTarget(1.05, "tusker --no-resume"),
		memoryTarget(24*mib, "tusker"), dataTarget(2, "tusker"),
		peerTarget("tusker"),
	}
	return []row{
		{
			name: "null", title: "2 GiB, null store", files: 1, size: 2 * gib, concurrency: 1,
			about: "HTTP/1.1. The store counts the bytes and drops them.",
			bound: "the system sends the file for both programs, and the server drops the bytes, so the time of a request is small. " +
				"tusker sends pieces of the file, to notice a stalled connection and to show progress, reads the file's ends and attributes to recognize it, writes a record to the disk, and takes longer to start. " +
				"These costs do not grow with the time of a real server: see the rows tusd and tls.",
			server: plain, rounds: 5, limit: 100 * time.Second, contestants: largeFile(), targets: targets,
		},
		{
			name: "tusd", title: "512 MiB, tusd in memory", files: 1, size: 512 * mib, concurrency: 1,
			about:  "HTTP/1.1. tusd keeps the file on tmpfs, which is emptied between runs.",
			bound:  "a client that copies a file through memory leaves the file in a CPU cache. The server reads from the same cache if both run on one machine. See the table copy-tusd.",
			server: tusdPlain, rounds: 7, limit: 45 * time.Second, contestants: largeFile(), targets: targets,
		},
		{
			name: "tls", title: "2 GiB over TLS, null store", files: 1, size: 2 * gib, concurrency: 1,
			about:  "HTTP/1.1 over TLS 1.3.",
			server: secure, rounds: 5, limit: 120 * time.Second, contestants: largeFile(), targets: tlsTargets,
		},
		{
			name: "tls-tusd", title: "512 MiB over TLS, tusd in memory", files: 1, size: 512 * mib, concurrency: 1,
			about:  "HTTP/2 if the client supports it. tusd's server offers it, as most servers do.",
			bound:  "tusker waits until its record is on the disk, before the first byte and after the last one. Without a record (--no-resume), it is as fast as the raw program.",
			server: tusdTLS, rounds: 5, limit: 45 * time.Second, targets: tlsTargets,
			contestants: contestants(largeFile(), []contestant{
				raws(raw, rawPatch+", HTTP/1.1", "-http1.1"), tusker(variant, "--http1.1"),
			}),
		},
		{
			name: "http2", title: "512 MiB over HTTP/2, null store", files: 1, size: 512 * mib, concurrency: 1,
			about:  "The server offers HTTP/1.1 as well. The difference to the row over TLS is the cost of HTTP/2.",
			server: http2, rounds: 5, limit: 45 * time.Second,
			targets: []target{memoryTarget(24*mib, "tusker"), dataTarget(2, "tusker"), peerTarget("tusker")},
			contestants: contestants(largeFile(), []contestant{
				raws(raw, rawPatch+", HTTP/1.1", "-http1.1"), tusker(variant, "--http1.1"),
			}),
		},
		{
			name: "stdin", title: "1 GiB from standard input, null store", files: 1, size: gib, concurrency: 1, stdin: true,
			bound: "8 MiB of the memory are the window, whose bytes are kept for a retry. About 12 MiB are pages of the program itself. " +
				"A third of those belong to the C library, which a build without cgo does not have.",
			about: "cat writes into a pipe. The raw program and tusker do not know the length; the other clients get it as an argument. " +
				"go-tus reads everything into memory first, with any setting, so it runs once.",
			server: plain, rounds: 5, limit: 60 * time.Second,
			contestants: contestants([]contestant{
				raws(raw, "raw: POST and PATCH, length last", "-mode", "stream"),
				raws(check, "raw: the same, again", "-mode", "stream"),
				tusker(own), tusker(own, "--no-resume"),
			}, []contestant{
				curl(), tusgo(), tusgo("-best"), times(1, gotus("-best")), times(3, tusJS()), times(3, tusJS("-best")),
			}),
			targets: []target{
				wallTarget(1.15, "tusker"), wallTarget(1.15, "tusker --no-resume"),
				memoryTarget(24*mib, "tusker"), peerTarget("tusker"),
			},
		},
	}
}

func smallRows() []row {
	const bound = "the raw program only opens a file and sends it, in about 55 µs of CPU time. tusker needs about twice as long, and with records almost three times. " +
		"A third of the time without records is net/http, as in the raw program. 19 % is looking at the file, opening, reading and closing it, and 12 % are the checks that it did not change and that no program writes to it. " +
		"18 % are the headers of the request, the limits of its time, and the rules for its answer. The rest is the result of each file, the memory that is allocated, and the change from one goroutine to the next. " +
		"A sixth of the time with records is the record of each finished file, with which the same command does not send it again: 4 % is its key, 5 % its text, and 4 % the line in a file that is written at once, so that a kill costs nothing. " +
		"The program needs 8 ms to start, and the raw program 3 ms."
	targets := []target{
		wallTarget(1.15, "tusker"), wallTarget(1.15, "tusker --no-resume"),
		requestsTarget("tusker"), connectionsTarget("tusker", 16),
		memoryTarget(32*mib, "tusker"), peerTarget("tusker"),
	}
	all := contestants([]contestant{
		raws(raw, rawPost, "-mode", "post"), raws(check, postOnce, "-mode", "post"),
		raws(variant, rawPatch),
		tusker(own), tusker(own, "--no-resume"),
		curl(), times(2, tusgo()), tusgo("-best"), times(2, gotus()), gotus("-best"),
		times(2, tusJS()), times(2, tusJS("-best")),
	})
	return []row{
		{
			name: "files-1", title: "2,000 files of 4 KiB one after the other, null store",
			files: 2000, size: 4 * kib, concurrency: 1,
			server: plain, rounds: 5, limit: 50 * time.Second, contestants: all, targets: targets, bound: bound,
		},
		{
			name: "files-16", title: "2,000 files of 4 KiB, 16 at a time, null store",
			files: 2000, size: 4 * kib, concurrency: 16,
			server: plain, rounds: 5, limit: 30 * time.Second, contestants: all, targets: targets, bound: bound,
		},
		{
			name: "files-16-tusd", title: "2,000 files of 4 KiB, 16 at a time, tusd in memory",
			files: 2000, size: 4 * kib, concurrency: 16,
			server: tusdPlain, rounds: 5, limit: 35 * time.Second, contestants: all, targets: targets, bound: bound,
		},
	}
}
