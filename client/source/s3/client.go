// Package s3 has sources of package source that are objects of Amazon S3, or of another store
// with its interface.
//
// [New] reads credentials, region and endpoint as the AWS command line does: AWS_ACCESS_KEY_ID
// and the other variables, the profiles of ~/.aws with keys, roles, processes and SSO, roles of
// containers and machines, AWS_REGION, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3. [Client.Open]
// opens an object, and [Client.List] lists the objects whose keys begin with a prefix. Objects are
// read as package httpsource reads them: one request for each request of the upload, with a
// condition for the version, and with retries.
//
// Requests are signed by the SDK of AWS, and sent by net/http: the clients and the config of the
// SDK would take longer to compile than the rest of a program. A program that uses the SDK anyway
// gives its credentials in [Config].
package s3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3/internal/awsconfig"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/hostcache"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Config configures [New]. The zero value takes everything from the environment and the config
// files of AWS.
type Config struct {
	// Anonymous sends requests without a signature, for public buckets.
	Anonymous bool

	// RequesterPays confirms that the account of the credentials pays for requests and transfers if
	// the owner of a bucket does not: each request has the header x-amz-request-payer. Without it,
	// such a bucket answers 403, which Is httpsource.ErrDenied. It needs credentials.
	RequesterPays bool

	// Credentials sign the requests, for example those of the config of the SDK. They are kept
	// until they expire, and their Retrieve must be safe for concurrent use. nil: those of the
	// environment and the config files.
	Credentials aws.CredentialsProvider

	// Profile is the profile of the config files. "": AWS_PROFILE, or else "default".
	Profile string

	// Region is the region of the buckets. "": AWS_REGION or the profile, or else us-east-1. A
	// bucket of AWS in another region is found there.
	Region string

	// Endpoint is the URL of another store than AWS. Its buckets are elements of the path. "":
	// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile, or else AWS.
	Endpoint string

	// Doer sends the requests, also those for roles and sessions of SSO. It must not follow
	// redirects, because a signature is for one host. nil: a new nethttp.New(nethttp.Config{}) that
	// follows none.
	Doer transport.Doer

	// Retry, StallTimeout, OnRetry and Logger are those of httpsource.Config. A listing uses
	// them, too; its StallTimeout is for a whole page.
	Retry        retry.Policy
	StallTimeout time.Duration
	OnRetry      func(name string, failed retry.Attempt, wait time.Duration)
	Logger       *slog.Logger
}

// Client reads buckets. Its methods are safe for concurrent use.
type Client struct {
	cfg         Config
	credentials aws.CredentialsProvider // nil: anonymous
	signer      *v4.Signer
	region      string
	endpoint    *url.URL // nil: AWS
	hosts       hosts
	moved       hostcache.Cache[string] // the regions of buckets that are in another one
	skew        atomic.Int64            // how far the clock of the store is ahead, in nanoseconds
}

const defaultRegion = "us-east-1"

// New returns a client. It reads files and variables, and sends nothing. The error Is
// failure.ErrSource.
func New(cfg Config) (*Client, error) {
	if cfg.Doer == nil {
		d := nethttp.New(nethttp.Config{})
		d.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		cfg.Doer = d
	}
	if cfg.Retry == nil {
		cfg.Retry = retry.Backoff{}
	}
	if cfg.StallTimeout == 0 {
		cfg.StallTimeout = httpsource.DefaultStallTimeout
	}
	if cfg.Anonymous && cfg.RequesterPays {
		return nil, source.Error(fmt.Errorf("%w: %w: an anonymous requester cannot pay", ErrConfig, failure.ErrInvalidOption))
	}
	settings, err := awsconfig.Load(awsconfig.Options{Profile: cfg.Profile, Region: cfg.Region, Doer: cfg.Doer})
	if err != nil {
		return nil, source.Error(fmt.Errorf("%w: %w", ErrConfig, err))
	}
	c := &Client{
		cfg: cfg, region: settings.Region, hosts: hosts{settings.FIPS, settings.DualStack},
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
	}
	switch {
	case cfg.Anonymous:
	case cfg.Credentials != nil:
		c.credentials = awsconfig.Cached(cfg.Credentials)
	default:
		if c.credentials, err = settings.Credentials(); err != nil {
			return nil, source.Error(fmt.Errorf("%w: %w", ErrConfig, err))
		}
	}
	c.endpoint, err = endpointOf(cfg.Endpoint, settings)
	return c, err
}

// endpointOf returns the URL of a store that is not AWS, or nil.
func endpointOf(given string, settings *awsconfig.Settings) (*url.URL, error) {
	raw := given
	if raw == "" {
		var err error
		if raw, err = settings.Endpoint("s3"); err != nil {
			return nil, source.Error(fmt.Errorf("%w: %w", ErrConfig, err))
		}
	}
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, source.Error(fmt.Errorf("%w: %w: the endpoint of S3 is not of the form https://host", ErrConfig, failure.ErrInvalidURL))
	}
	return u, nil
}

// Open opens the object at l. The object is read as package httpsource says. Its identity is
// the bucket, the key, and the version, or else the ETag and the size; with another store than
// AWS, also the origin of the endpoint. The error Is failure.ErrSource, and may be an
// httpsource.RequestError or one of the errors of this package.
func (c *Client) Open(ctx context.Context, l Location) (*httpsource.Object, error) {
	if l.isDirectory() {
		return nil, source.Error(fmt.Errorf("%s: %w", l, ErrNotObject))
	}
	query := url.Values{}
	if l.Version != "" {
		query.Set("versionId", l.Version)
	}
	return httpsource.Open(ctx, c.url(c.regionOf(l.Bucket), l.Bucket, l.Key, query).String(), httpsource.Config{
		Doer: c.doer(l.Bucket), Name: l.String(), ETag: l.ETag,
		ID:    func(h http.Header) string { return c.id(l, h) },
		Retry: c.cfg.Retry, StallTimeout: c.cfg.StallTimeout, OnRetry: c.cfg.OnRetry, Logger: c.cfg.Logger,
		Explain: func(e *httpsource.RequestError) { c.explain(l, e) },
	})
}

// CheckCredentials returns an error that Is ErrNoCredentials if no request can be signed. It
// sends no request to the store, but may send one to the provider of the credentials. An
// anonymous client needs none.
func (c *Client) CheckCredentials(ctx context.Context) error {
	if c.credentials == nil {
		return nil
	}
	_, err := c.retrieve(ctx)
	return err
}

// id returns the identity of the object that an answer describes, or "".
func (c *Client) id(l Location, answer http.Header) string {
	version := "version " + answer.Get("x-amz-version-id")
	// Objects that are older than the versions of their bucket have the version null.
	if version == "version " || version == "version null" {
		version = "etag " + answer.Get("ETag")
	}
	if version == "etag " {
		return ""
	}
	store := ""
	if c.endpoint != nil {
		store = transport.Origin(c.endpoint)
	}
	return fmt.Sprintf("s3 %s %s %q %s", store, l.Bucket, l.Key, version)
}

// Errors of stores. Each of them Is failure.ErrSource, too, when a method returns it. The
// errors of package httpsource, such as httpsource.ErrNotFound, are used as well.
var (
	// ErrConfig means that the settings of AWS are invalid.
	ErrConfig = errors.New("settings of AWS")

	// ErrNotObject means that a location is that of a bucket or of a prefix.
	ErrNotObject = errors.New("this is a prefix and no object")

	// ErrNoCredentials means that there are no credentials, or that they cannot be used.
	ErrNoCredentials = errors.New("no valid credentials for S3")

	// ErrNoBucket means that there is no such bucket.
	ErrNoBucket = errors.New("there is no such bucket")

	// ErrRegion means that the bucket is in another region, and is not on AWS.
	ErrRegion = errors.New("the bucket is in another region")

	// ErrArchived means that the object is in an archive, and has to be restored first.
	ErrArchived = errors.New("the object is in an archive")

	// ErrClock means that the clock of this machine is wrong, and that the store does not say
	// what time it is: otherwise, requests are signed with its time.
	ErrClock = errors.New("the clock of this machine differs from that of the server")

	// ErrListing means that a listing is not one of S3.
	ErrListing = errors.New("the listing cannot be read")
)
