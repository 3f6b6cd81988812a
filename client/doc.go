// Package client uploads files to servers that speak the tus resumable upload
// protocol 1.0.0, or the IETF's Resumable Uploads for HTTP.
//
// Most programs need [New] and [Client.Upload]:
//
//	c, err := client.New(client.Config{Endpoint: "https://tus.example/files/"})
//	src, err := client.Path("video.mp4")
//	res, err := c.Upload(ctx, src, nil) // res.URL is the URL of the upload
//
// Upload creates an upload and sends the source in one request. After a failure it asks the
// server how much it has, and resumes there, as the [retry.Policy] allows.
//
//   - [Client.Resume] resumes an upload whose URL you know.
//   - [Client.UploadAll] sends several files at the same time, and [Client.UploadEach] any
//     number of files from a sequence, without keeping the results.
//   - [Client.UploadConcat] makes one upload of several sources.
//   - [Client.Metadata] reads the metadata of an upload, and [Client.Download] its bytes.
//   - [Config.Store] lets Upload resume after a restart of the program.
//   - [Config.Ledger] lets Upload skip files that were uploaded before, and [Client.Lookup]
//     returns what the Store and the Ledger have about a source.
//   - [Config.Once] has each file uploaded at most once, although programs crash.
//   - [Config.Protocol] chooses the IETF's Resumable Uploads for HTTP in place of tus, and
//     [UploadOptions.Upgrade] makes an ordinary PUT or POST resumable.
//   - [UploadOptions.Parallel] sends one file in several parts at the same time.
//
// These methods do a single exchange without a retry: [Client.Options], [Client.Create],
// [Client.CreateWithUpload], [Client.Head], [Client.Patch], [Client.Terminate] and
// [Client.Concat].
//
// # Errors
//
// An exchange fails with an [*Error] that contains the facts: operation, status, headers,
// and the server's text. Use errors.Is to find out what an error means. The sentinels are in
// package protocol, such as protocol.ErrNotFound, and in this package, such as [ErrSource].
// The error Is retry.ErrExhausted if a retry might help but the policy allows no more. A
// canceled context ends every call with an error that Is its cause. A result is returned with
// the error, and says from where the upload can be resumed.
//
// # Your own transport
//
// [Config.Doer] is anything with the Do method of *http.Client. An http.Client that does not
// come from nethttp.New has three disadvantages. It turns a POST or PATCH into a GET after a
// redirect with status 301, 302 or 303, which this package reports as [ErrRedirected]. It
// sends custom headers to other origins after a redirect. Its Timeout ends every upload that
// takes longer.
//
// # Credentials
//
// Headers, and what the middleware of package transport adds, go only to the origin of
// [Config.Endpoint], or without an endpoint to the origin of the URL that a call was given. A
// Location on another origin is used without them, unless [Config.TrustedOrigins] contains
// that origin. A Location that leaves https for http is refused.
package client
