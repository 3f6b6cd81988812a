package client

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/tusker-go/tusker/client/internal/download"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// OpDownload is the operation of an Error from Download. tus does not define GET; it only
// says that servers may answer it.
const OpDownload = download.Op

// Content describes the content in the answer to a GET of an upload.
type Content struct {
	// Length is the size in bytes. The zero value means that the server does not say it
	// beforehand.
	Length protocol.Length

	// Version is the same for the same bytes at the same URL. Keep it beside the bytes of a
	// download to resume it later. It is "" if the answer has no strong validator (RFC
	// 9110, section 8.8.1); see [PrefixSummer].
	Version string

	// Sender is the same for all responses that this kind of server sends for an upload: "tus"
	// if a tus server has answered HEAD or the GET, or else the media type, after "type ".
	// Keep it beside Version. The login page of a network may come in the place of the content,
	// and may have a Version, too. If Upload is nil and the Sender is not that of the bytes that
	// are there, return ErrOtherServer from open, and keep the bytes.
	Sender string

	// Upload is the answer to HEAD, with the metadata of the upload. It is nil if the
	// server does not answer HEAD as a tus server.
	Upload *protocol.State

	// Header is that of the answer. The server chooses it: do not trust a file name in it. In
	// a DownloadResult it has at most MaxKeptHeader bytes.
	Header http.Header
}

func contentOf(c download.Content) Content {
	return Content{Length: c.Length, Version: c.Version, Sender: c.Sender, Upload: c.Upload, Header: c.Header}
}

// A PrefixSummer is a writer that knows the SHA-256 of the bytes that it has. The writer
// that open gives to [Client.Download] needs it to resume at an offset above 0 if
// Content.Version is "": the bytes are then read again and compared.
type PrefixSummer interface {
	io.Writer

	// PrefixSum is the SHA-256 of all bytes that the writer has. Download calls it once,
	// before the first Write.
	PrefixSum() [32]byte
}

// DownloadOptions adjusts one download. nil and the zero value change nothing.
type DownloadOptions struct {
	// Header is sent with every request of this download. It wins over Config.Header. nil:
	// none.
	Header http.Header

	// Retry replaces Config.Retry; retry.Never makes each request once. nil:
	// Config.Retry.
	Retry retry.Policy

	// OnEvent is called in the goroutine of Download, with EventResumed at an offset above
	// 0, EventProgress, EventRetry, EventWaiting, EventDone or EventFailed. Offset and Sent
	// are the bytes that the writer has. OnEvent must return at once, because the download
	// waits for it. nil: nothing is called.
	OnEvent func(Event)
}

// DownloadResult describes a download. It is returned with errors, too.
type DownloadResult struct {
	// Content describes the content of the answer. It is the zero value if no answer had
	// content.
	Content Content

	// Offset is how many bytes the writer has, including those of an earlier download.
	Offset int64

	// Retries is how many requests were repeated.
	Retries int
}

// Download fetches the upload at url. If the server answers HEAD as a tus server, the
// upload has to be complete and the content has to have its length. Any other server gets
// only a GET.
//
// Download calls open when it has the header of the content. open returns the writer and the
// number of bytes that the writer already has from an earlier download of the same
// Content.Version, or 0. If the version is "", an offset above 0 needs a [PrefixSummer]. The
// writer gets every later byte exactly once, in order, and is not closed. If the
// error of open Is [ErrOtherServer], the request is retried and open is called again. Any
// other error of open or of the writer ends the download and is returned as it is.
//
// A request that fails is retried under Config.Retry or DownloadOptions.Retry. Its answer
// resumes the download only if it has the strong validator of the first answer (RFC 9110,
// section 8.8.1). Without one, Download reads the content again from its start and compares
// the SHA-256 of the bytes that the writer has. Config.StallTimeout limits the wait for each
// byte; the time that the writer takes does not count.
//
// The result is never nil. The error Is [ErrUnfinished], [ErrNotServed], [ErrContent],
// [ErrContentChanged], [ErrOtherServer], [retry.ErrExhausted], a sentinel of package
// protocol, or the cause of ctx.
func (c *Client) Download(ctx context.Context, url string, open func(Content) (w io.Writer, offset int64, err error), opts *DownloadOptions) (*DownloadResult, error) {
	o := DownloadOptions{}
	if opts != nil {
		o = *opts
	}
	t := &teller{callback: newCallback(o.OnEvent)}
	spec := download.Spec{URL: url, Call: wire.Call{Header: o.Header}, Policy: o.Retry, Hear: t.hear}
	if open != nil {
		spec.Open = func(c download.Content) (io.Writer, int64, error) { return open(contentOf(c)) }
	}
	res, err := c.downloads().Run(ctx, spec)
	message := "download complete"
	attrs := []slog.Attr{slog.String("url", redact.URL(url)), slog.Int64("offset", res.Offset)}
	if err != nil {
		message = "download failed"
		attrs = append(attrs, slog.Any("err", err))
	}
	c.rules.Log.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
	t.ended(&Result{URL: url, Offset: res.Offset, Length: res.Content.Length}, err)
	return &DownloadResult{Content: contentOf(res.Content), Offset: res.Offset, Retries: res.Retries}, err
}

func (c *Client) downloads() download.Client {
	return download.Client{Server: c.server, Rules: c.rules}
}
