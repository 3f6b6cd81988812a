package httpsource

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// Object is an object at a URL, in the version that it had when it was opened. It is a
// source.Source for any number of uploads at the same time, unless it is [Object.SingleUse].
type Object struct {
	requester *requester
	facts     facts
	header    http.Header   // of the first answer
	source    source.Source // reads the object
	stream    bool          // only once
}

// Open asks for the length and the version of the object at an http or https URL, by a request
// for its first byte: a presigned URL need not allow HEAD. User and password in the URL are
// sent as basic authentication to its origin. The error Is failure.ErrSource, and may be a
// [RequestError] or one of the errors of this package.
func Open(ctx context.Context, rawURL string, cfg Config) (*Object, error) {
	u, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cfg.Header = withUser(cfg.Header, u.User)
	plain := *u
	plain.User = nil
	if cfg.Name == "" {
		cfg.Name = transport.RedactURL(&plain)
	}
	o := &Object{requester: &requester{Config: cfg, url: &plain, signed: isSigned(&plain)}}
	if err := o.discover(ctx); err != nil {
		if !cfg.Stream || !isStreamed(err) {
			return nil, source.Error(err)
		}
		o.stream = true
		o.source = source.StreamFunc(o.openStream, &source.StreamOptions{Name: cfg.Name, Length: o.facts.length()})
		return o, nil
	}
	if cfg.ETag != "" && o.facts.version.etag != cfg.ETag {
		return nil, changedError(cfg.Name)
	}
	if o.IsWeak() {
		cfg.Logger.WarnContext(ctx, "the object has no strong ETag: a change within one second that keeps its length is not noticed", "name", cfg.Name)
	}
	o.source, err = source.NewRanged(source.Ranged{Name: cfg.Name, Size: o.facts.size, ID: o.id(), Open: o.open})
	return o, err
}

// ParseURL reads the URL of an object, as Open does. It sends nothing. The error Is
// failure.ErrSource and failure.ErrInvalidURL, and shows no secrets.
func ParseURL(rawURL string) (*url.URL, error) {
	u, err := address.Parse(rawURL)
	if err != nil {
		return nil, source.Error(err)
	}
	return u, nil
}

// withUser returns h with an Authorization for the user information of a URL. http.Client
// would add it without taking it along to a redirect at the same origin.
func withUser(h http.Header, user *url.Userinfo) http.Header {
	if user == nil || h.Get("Authorization") != "" {
		return h
	}
	h = h.Clone()
	if h == nil {
		h = make(http.Header)
	}
	password, _ := user.Password()
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	return h
}

// discover learns the facts about the object.
func (o *Object) discover(ctx context.Context) error {
	loop := o.requester.loop()
	for {
		err := o.ask(ctx)
		if err == nil {
			return nil
		}
		if err = loop.Wait(ctx, err); err != nil {
			return err
		}
	}
}

// ask sends the request for the first byte. A server that refuses the range without a reason is
// asked for all bytes, because the object may be empty.
func (o *Object) ask(ctx context.Context) error {
	a, err := o.requester.get(ctx, func(h http.Header) { h.Set("Range", "bytes=0-0") })
	if err == nil && a.StatusCode == http.StatusRequestedRangeNotSatisfiable && partial.Unsatisfied(a.Header) == (protocol.Length{}) {
		_ = a.Body.Close()
		a, err = o.requester.get(ctx, func(http.Header) {})
	}
	if err != nil {
		return err
	}
	o.requester.answered = true
	found, wrong := discover(a.answer())
	if o.facts, o.header = found, header.Keep(a.Header); wrong != nil {
		return o.requester.refused(a, wrong)
	}
	return a.Body.Close()
}

// id returns the identity of the object, or "".
func (o *Object) id() string {
	if o.requester.ID != nil {
		return o.requester.ID(o.header)
	}
	if o.facts.version == (version{}) {
		return ""
	}
	return "http " + stableURL(o.requester.url) + " " + o.facts.version.String()
}

// openStream sends the only request of an object that is read as a stream.
func (o *Object) openStream(ctx context.Context) (io.ReadCloser, error) {
	a, err := o.requester.get(ctx, func(http.Header) {})
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		return nil, o.requester.refused(a, meaning(a.StatusCode))
	}
	return a.Body, nil
}

// Name implements source.Source: Config.Name, or the URL without user and query.
func (o *Object) Name() string { return o.source.Name() }

// Length implements source.Source.
func (o *Object) Length() protocol.Length { return o.source.Length() }

// Open implements source.Source.
func (o *Object) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	return o.source.Open(ctx, chunk)
}

// ETag returns the strong entity tag of the object, or "".
func (o *Object) ETag() string { return o.facts.version.etag }

// Modified returns the Last-Modified of the object, in seconds, or the zero time if the server
// sends none.
func (o *Object) Modified() time.Time {
	t, err := http.ParseTime(o.header.Get("Last-Modified"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Header returns the header of the first answer, at most failure.MaxKeptHeader bytes. Do not
// change it. Do not trust a file name in it.
func (o *Object) Header() http.Header { return o.header }

// FileName returns the last element of the path of the URL, or "" if there is none. It is not
// safe as the name of a local file.
func (o *Object) FileName() string {
	if name := path.Base(o.requester.url.Path); name != "." && name != "/" {
		return name
	}
	return ""
}

// IsWeak reports whether only Last-Modified and the length name the version of the object. A
// change within the second of Last-Modified that keeps the length is then not noticed.
func (o *Object) IsWeak() bool { return !o.stream && o.facts.version.etag == "" && o.facts.size > 0 }

// SingleUse implements source.SingleUse: an object that is read as a stream serves one upload.
func (o *Object) SingleUse() bool { return o.stream }
