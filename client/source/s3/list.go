package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// Entry is an object in a listing.
type Entry struct {
	// Location has the bucket, the key and the ETag. It has no version.
	Location

	// Size is the number of bytes.
	Size int64

	// Modified is the time of the last change.
	Modified time.Time

	// StorageClass is the storage class, such as STANDARD or GLACIER. It may be "". An object
	// in an archive may have been restored, which a listing does not say.
	StorageClass string
}

// List returns the objects whose keys begin with l.Key, and are after the key after, in the
// order of the bytes of their keys. It skips empty objects whose key ends with a slash, which
// some programs make for folders. Only one page of the listing, of at most 1000 objects, is in
// memory. An error is the last element, and Is failure.ErrSource.
func (c *Client) List(ctx context.Context, l Location, after string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		token, last := "", after
		for {
			p, err := c.page(ctx, l, token, after)
			if err != nil {
				yield(Entry{}, source.Error(err))
				return
			}
			for _, o := range p.Contents {
				e, err := p.entry(l, o, last)
				if err != nil {
					yield(Entry{}, source.Error(fmt.Errorf("%s: %w", l, err)))
					return
				}
				last = e.Key
				if e.Size == 0 && strings.HasSuffix(e.Key, "/") {
					continue
				}
				if !yield(e, nil) {
					return
				}
			}
			if !p.IsTruncated {
				return
			}
			if p.NextContinuationToken == "" || p.NextContinuationToken == token {
				yield(Entry{}, source.Error(fmt.Errorf("%s: %w: it has more pages and names no next one", l, ErrListing)))
				return
			}
			token = p.NextContinuationToken
		}
	}
}

// listing is a page of ListObjectsV2.
type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string
	EncodingType          string
	Contents              []listedObject
}

type listedObject struct {
	Key, ETag, StorageClass string
	Size                    int64
	LastModified            time.Time
}

// entry returns an object of the page, whose key must be after last.
func (p *listing) entry(l Location, o listedObject, last string) (Entry, error) {
	key := o.Key
	if p.EncodingType == "url" {
		var err error
		if key, err = url.QueryUnescape(key); err != nil {
			return Entry{}, fmt.Errorf("%w: %w", ErrListing, err)
		}
	}
	switch {
	case !strings.HasPrefix(key, l.Key):
		return Entry{}, fmt.Errorf("%w: it has %q, which does not begin with %q", ErrListing, key, l.Key)
	case last != "" && key <= last:
		return Entry{}, fmt.Errorf("%w: it has %q after %q, which is not in the order of bytes", ErrListing, key, last)
	case o.Size < 0:
		return Entry{}, fmt.Errorf("%w: %q has %d bytes", ErrListing, key, o.Size)
	}
	return Entry{Location: Location{Bucket: l.Bucket, Key: key, ETag: o.ETag}, Size: o.Size, Modified: o.LastModified, StorageClass: o.StorageClass}, nil
}

// page requests one page, as the policy allows.
func (c *Client) page(ctx context.Context, l Location, token, after string) (*listing, error) {
	query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}}
	if l.Key != "" {
		query.Set("prefix", l.Key)
	}
	switch {
	case token != "":
		query.Set("continuation-token", token)
	case after != "":
		query.Set("start-after", after)
	}
	loop := &retry.Loop{Policy: c.cfg.Retry, OnWait: func(a retry.Attempt, wait time.Duration) {
		if c.cfg.OnRetry != nil {
			c.cfg.OnRetry(l.String(), a, wait)
		}
	}}
	loop.Start()
	for {
		p, err := c.requestPage(ctx, l, query)
		if err == nil {
			return p, nil
		}
		if err = loop.Wait(ctx, err); err != nil {
			return nil, err
		}
	}
}

// maxPage is the most bytes of a page: 1000 keys of 1 KiB, each byte of which is encoded, and
// the rest of the objects.
const maxPage = 8 << 20

// requestPage sends one request for a page.
func (c *Client) requestPage(ctx context.Context, l Location, query url.Values) (*listing, error) {
	if c.cfg.StallTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.cfg.StallTimeout, errSlowPage)
		defer cancel()
	}
	name := l.String()
	u := c.url(c.regionOf(l.Bucket), l.Bucket, "", query)
	req, err := http.NewRequestWithContext(transport.SingleAttempt(ctx), http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.URL = u
	resp, err := c.doer(l.Bucket).Do(req)
	if err != nil {
		return nil, c.unanswered(ctx, name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		e := httpsource.NewRequestError(name, resp)
		c.explain(Location{Bucket: l.Bucket}, e)
		return nil, e
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err != nil {
		return nil, c.unanswered(ctx, name, err)
	}
	p := &listing{}
	if err := xml.Unmarshal(body, p); err != nil || len(body) > maxPage {
		// Another server may have answered, such as that of a login page.
		return nil, &httpsource.RequestError{Name: name, StatusCode: resp.StatusCode, Transient: true, Err: fmt.Errorf("%w: it is not the XML of S3", ErrListing)}
	}
	return p, nil
}

var errSlowPage = fmt.Errorf("%w: the page of the listing did not arrive", failure.ErrStalled)

// unanswered returns the error of a request without a complete answer.
func (c *Client) unanswered(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), failure.ErrStalled) {
		return context.Cause(ctx)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return httpsource.NewNetworkError(name, err)
}
