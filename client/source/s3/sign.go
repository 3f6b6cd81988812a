package s3

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source/s3/internal/awsconfig"
	"github.com/tusker-go/tusker/transport"
)

// emptySum is the SHA-256 of no bytes, which the signature of a GET has.
const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const (
	regionHeader = "X-Amz-Bucket-Region"
	payerHeader  = "X-Amz-Request-Payer"
)

// doer returns a Doer that signs each request for a bucket. If AWS says that the bucket is in
// another region, the request is sent there, and later requests too.
func (c *Client) doer(bucket string) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		region := c.regionOf(bucket)
		resp, err := c.sendInTime(req, bucket, region)
		if err != nil {
			return nil, err
		}
		other := otherRegion(resp, region)
		if other == "" || c.endpoint != nil {
			return resp, nil
		}
		_ = resp.Body.Close()
		c.moved.Set(bucket, other)
		return c.sendInTime(req, bucket, other)
	})
}

// otherRegion returns the region of a bucket if resp refuses the request because of it, or "".
func otherRegion(resp *http.Response, region string) string {
	other := resp.Header.Get(regionHeader)
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest, http.StatusForbidden:
		// The region becomes a part of the name of the host.
		if other != region && isRegion(other) {
			return other
		}
	}
	return ""
}

func isRegion(s string) bool {
	return s != "" && len(s) < 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// sendAt signs a request for a bucket in a region with a time, and sends it to that region.
func (c *Client) sendAt(req *http.Request, bucket, region string, at time.Time) (*http.Response, error) {
	signed := req.Clone(req.Context())
	if c.endpoint == nil && region != c.region {
		signed.URL = c.inRegion(req.URL, bucket, region)
		signed.Host = signed.URL.Host
	}
	if c.credentials != nil {
		if err := c.sign(req.Context(), signed, region, at); err != nil {
			return nil, err
		}
	}
	return c.cfg.Doer.Do(signed)
}

// inRegion returns u, which is below the bucket in another region, with the host of region.
func (c *Client) inRegion(u *url.URL, bucket, region string) *url.URL {
	moved := *u
	moved.Host = c.url(region, bucket, "", nil).Host
	return &moved
}

// sign adds the headers of the signature, and the one that says who pays. The signature covers
// them, the method, the URL and the time. The other headers, such as Accept-Encoding, are left
// out, because proxies and stores change them.
func (c *Client) sign(ctx context.Context, req *http.Request, region string, at time.Time) error {
	credentials, err := c.retrieve(ctx)
	if err != nil {
		return err
	}
	bare := &http.Request{Method: req.Method, URL: req.URL, Host: req.URL.Host, Header: http.Header{"X-Amz-Content-Sha256": {emptySum}}}
	if c.cfg.RequesterPays {
		bare.Header.Set(payerHeader, "requester")
	}
	if err := c.signer.SignHTTP(ctx, credentials, bare, emptySum, "s3", region, at); err != nil {
		return fmt.Errorf("%w: %w: %w", failure.ErrSource, ErrNoCredentials, err)
	}
	maps.Copy(req.Header, bare.Header)
	return nil
}

// retrieve returns the credentials.
func (c *Client) retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := c.credentials.Retrieve(ctx)
	switch {
	case err == nil:
		return credentials, nil
	case ctx.Err() != nil:
		return credentials, context.Cause(ctx)
	}
	if errors.Is(err, awsconfig.ErrNone) {
		err = fmt.Errorf("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run aws sso login; a public bucket can be read without credentials: %w", err)
	}
	return credentials, fmt.Errorf("%w: %w: %w", failure.ErrSource, ErrNoCredentials, err)
}
