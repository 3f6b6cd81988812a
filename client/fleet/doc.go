// Package fleet uploads the files of one job with many machines, each file exactly once.
//
// A job is a queue of items in an engine, NATS JetStream 2.12 or later, which runs on its own
// or inside a program, see package embedded. [Open] opens a job, [Job.Add] adds items to it,
// and any number of processes on any number of machines upload them with [Job.Work]:
//
//	job, err := fleet.Open(ctx, js, "archive", fleet.Config{Endpoint: "https://tus.example/files/"})
//	added, err := job.Add(ctx, items, nil)
//	err = job.Work(ctx, fleet.Worker{Open: fleet.Files(map[string]string{"media": "/mnt/nfs"})})
//	for r, err := range job.Results(ctx, fleet.ResultFailed) { … }
//
// # Exactly once
//
// For each item of a job, exactly one finished upload has its URL in the results, and its
// bytes are those of the item's version. This holds although workers, the engine and the
// upload server are killed at any time, and although a worker pauses for longer than its
// lease. A worker records the URL of an upload in the engine before it sends the first byte,
// and only one URL is recorded for an item. Workers never delete an upload, so a few empty
// uploads without a URL in the results may stay on the server until they expire.
//
// The upload server must lock an upload while it appends to it. Several servers behind a load
// balancer need a lock that they share.
//
// The clocks of the machines are never compared.
package fleet
