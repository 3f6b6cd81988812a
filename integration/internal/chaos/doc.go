// Package chaos runs fleets of worker processes that upload many files, kills and stops the
// processes at random, and judges the result by the bytes that the server has stored.
//
// A [Plan] has all numbers of a run. [Run] makes the files of the plan, starts a tus server,
// an engine and the workers, breaks them as the plan says until the workers have finished,
// and returns an [Outcome]. All random decisions come from Plan.Seed. [Judge] reads the
// folder of the server: it finds items that are lost, finished twice, stored with wrong bytes
// or missing in the results, and counts the empty uploads that were left behind.
//
// A [Fleet] is what a run tests. [Simple] is a small one on the public API of client, with a
// queue in the process of the test: it shows that the judge finds faults, because it also
// has variants with faults. [Command] is the command "tusker job".
//
// The package works on Linux only, because it finds the processes behind connections in
// /proc. Command integration/chaos runs the long forms, and the tests of integration the
// short ones.
package chaos
