package main

import "time"

func farRows() []row {
	return []row{{
		name: "far", title: "64 MiB at 50 ms round trip, null store", files: 1, size: 64 * mib, concurrency: 1,
		about: "A relay delays all bytes by 25 ms in each direction, and a new connection by a round trip. It does not limit the rate.",
		bound: "curl sends the file with the creation, which saves a round trip. Such an upload cannot be resumed if it is interrupted, because the client never learns its URL. " +
			"Relay, server and client share two cores, so the time for 64 MiB is not only waiting.",
		server: plain, relay: []string{"-delay", "25ms"},
		rounds: 9, limit: 45 * time.Second,
		contestants: contestants([]contestant{
			raws(raw, rawPatch), raws(variant, rawPost, "-mode", "post"), raws(check, rawCheck),
			tusker(own), tusker(own, "--no-resume"),
		}, peers()),
		targets: []target{
			wallTarget(1.05, "tusker"), wallTarget(1.05, "tusker --no-resume"), peerTarget("tusker"),
		},
	}}
}

func parallelRows() []row {
	limited := []string{"-delay", "25ms", "-rate", "10000000"}
	return []row{
		{
			name: "parallel", title: "256 MiB at 10 MB/s per connection and 50 ms", files: 1, size: 256 * mib, concurrency: 1,
			about: "Null store. The time over one connection follows from the rate, so that client runs once. The others run more often. " +
				"tusgo and go-tus send a file over one connection.",
			server: plain, relay: limited, rounds: 3, limit: 75 * time.Second,
			contestants: []contestant{
				times(1, tusker(variant)),
				tusker(own, "--parallel", "4"),
				times(1, tusker(own, "--parallel", "4", "--no-resume")),
				times(1, tusJS("-best", "-parallel", "4")),
			},
			targets: []target{
				fasterTarget(3.7, "tusker --parallel 4", "tusker"),
				fasterTarget(3.7, "tusker --parallel 4 --no-resume", "tusker"),
				peerTarget("tusker --parallel 4"),
			},
		},
		{
			name: "auto", title: "1 GiB at 10 MB/s per connection and 50 ms", files: 1, size: gib, concurrency: 1,
			about:  "Null store. The slower clients run once.",
			server: plain, relay: limited, rounds: 2, limit: 100 * time.Second,
			contestants: []contestant{
				times(1, tusker(variant, "--parallel", "4")),
				times(1, tusker(variant, "--parallel", "8")),
				tusker(variant, "--parallel", "16"),
				tusker(own, "--parallel", "auto"),
				times(1, tusker(own, "--parallel", "auto", "--no-resume")),
			},
			targets: []target{
				bestFixedTarget(0.9, "tusker --parallel auto"),
				bestFixedTarget(0.9, "tusker --parallel auto --no-resume"),
			},
		},
		{
			name: "auto-fast", title: "1 GiB on an unlimited link, null store", files: 1, size: gib, concurrency: 1,
			about:  "The cost of an automatic number of connections if one connection is best.",
			bound:  "both clients send the same two requests over one connection. A run takes less than a second, and runs of one client differ by more than the target.",
			server: plain, rounds: 11, limit: 25 * time.Second,
			contestants: []contestant{
				tusker(variant), tusker(own, "--parallel", "auto"),
				tusker(variant, "--no-resume"), tusker(own, "--parallel", "auto", "--no-resume"),
			},
			targets: []target{
				ratioTarget(1.05, "tusker --parallel auto", "tusker"),
				ratioTarget(1.05, "tusker --parallel auto --no-resume", "tusker --no-resume"),
			},
		},
	}
}

func brokenRows() []row {
	return []row{{
		name: "resets", title: "32 MiB with a reset every 3 MiB, tusd in memory", files: 1, size: 32 * mib, concurrency: 1,
		about: "A relay passes 3 MiB of each connection on to the server, and then resets the connection. " +
			"The wait is the time from a reset until the bytes of the file flow again. " +
			"curl cannot resume, go-tus gives up with its default settings, and tus-js-client must not send bytes with the creation here.",
		bound: "tusker waits for 10 to 20 ms before it asks for the offset. A client that asks at once reaches a server that has not yet read all bytes that arrived. " +
			"The server drops the rest, and the client sends those bytes twice, see the column \"resent\". tus-js-client needs no wait, because it is slower.",
		server: tusdPlain, relay: []string{"-reset", "3145728"},
		rounds: 5, limit: 25 * time.Second,
		contestants: []contestant{
			raws(raw, "raw: HEAD and PATCH at once", "-mode", "resume"),
			raws(check, "raw: the same, again", "-mode", "resume"),
			tusker(own), tusker(own, "--no-resume"),
			tusgo(), tusgo("-best"), gotus("-best"), tusJS(), tusJS("-best", "-separate"),
		},
		targets: []target{
			resentTarget(0.01, "tusker"), cutRequestsTarget(2, "tusker"), waitTarget(60*time.Millisecond, "tusker"),
			resentTarget(0.01, "tusker --no-resume"), cutRequestsTarget(2, "tusker --no-resume"),
			waitTarget(60*time.Millisecond, "tusker --no-resume"),
			peerTarget("tusker"),
		},
	}}
}

// times returns a contestant that runs in the first n rounds only.
func times(n int, c contestant) contestant {
	c.rounds = n
	return c
}
