package s3

import (
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/client/source/s3/internal/awsconfig"
)

// hosts has the settings for the names of the hosts of AWS.
type hosts struct{ fips, dualStack bool }

// regionOf returns the region in which a bucket was seen, or that of the settings.
func (c *Client) regionOf(bucket string) string {
	if region, ok := c.moved.Get(bucket); ok {
		return region
	}
	return c.region
}

// url returns the address of an object, or of a bucket if key is "".
func (c *Client) url(region, bucket, key string, query url.Values) *url.URL {
	u := &url.URL{Scheme: "https", Path: "/"}
	virtual := c.endpoint == nil && !strings.ContainsAny(bucket, "._") && bucket == strings.ToLower(bucket)
	switch {
	case c.endpoint != nil:
		u.Scheme, u.Host, u.Path = c.endpoint.Scheme, c.endpoint.Host, strings.TrimSuffix(c.endpoint.Path, "/")+"/"
	case virtual:
		u.Host = bucket + "." + c.hosts.name(region)
	default:
		// A certificate of AWS is not for a bucket with a dot.
		u.Host = c.hosts.name(region)
	}
	escaped := escape(u.Path)
	if !virtual {
		u.Path, escaped = u.Path+bucket, escaped+bucket
		if key != "" {
			u.Path, escaped = u.Path+"/", escaped+"/"
		}
	}
	u.Path, u.RawPath = u.Path+key, escaped+escape(key)
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u
}

// name returns the host of AWS for a region.
func (h hosts) name(region string) string {
	name := "s3"
	if h.fips {
		name = "s3-fips"
	}
	if h.dualStack {
		name += ".dualstack"
	}
	return name + "." + region + "." + awsconfig.Domain(region)
}

// escape percent-encodes a key as the signature wants it: all bytes but unreserved ones and
// the slash.
func escape(key string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
