// Package client uploads files to servers that speak the tus resumable upload
// protocol 1.0.0.
//
// Most programs need [New] and [Client.Upload]:
//
//	c, err := client.New(client.Config{Endpoint: "https://tus.example/files/"})
//	src, err := client.Path("video.mp4")
//	res, err := c.Upload(ctx, src, nil) // res.URL is where it went
//
// Upload creates an upload, sends the source in one request, and on any failure
// asks the server how far it got and goes on from there, under [retry.Policy].
// [Client.Resume] goes on with an upload that exists, [Client.UploadAll] sends
// several files side by side, [Client.UploadConcat] makes one upload of several
// sources, [Client.Metadata] reads back what the server keeps with one, and
// [Client.Download] its bytes.
//
// [Config.Store] makes uploads go on after a restart of the program,
// [Config.Sent] leaves out files that were sent before, and
// [UploadOptions.Parallel] sends one file in parts side by side.
//
// Below them are single exchanges without retries: [Client.Options],
// [Client.Create], [Client.CreateWithUpload], [Client.Head], [Client.Patch],
// [Client.Terminate] and [Client.Concat]; [Client.Send] is what lies between, a whole source sent once.
//
// # Errors
//
// Every exchange fails with an [*Error] that holds the facts: operation,
// status, headers, the server's words. Its meaning is tested for with errors.Is,
// against the sentinels of package protocol such as protocol.ErrNotFound, those
// of this package such as [ErrSource], and retry.ErrExhausted, which means that
// the failure was worth another try but the policy allowed none. A cancelled
// context ends every call with an error that Is its cause. Results are returned
// with errors too, and say where to go on.
//
// # Own transport
//
// [Config.Doer] is anything with the Do method of *http.Client. A plain
// http.Client, other than nethttp.New, turns a POST or PATCH into a GET on a
// redirect with status 301, 302 or 303 (found out, and reported as
// [ErrRedirected]), and sends custom headers on to other origins when redirected
// there; and its Timeout, where set, cuts every long upload.
//
// # Credentials
//
// Headers, and what the middleware of package transport adds, go to the origin
// of [Config.Endpoint] only; without an endpoint, to that of the URL that a call
// was given. A Location on another origin is used without them, unless
// [Config.TrustedOrigins] or [Config.ForeignCredentials] says otherwise; one that
// leaves https for http is refused.
package client
