package s3

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// hosts has the settings for the names of the hosts of AWS.
type hosts struct{ fips, dualStack bool }

// hostsOf reads the settings of AWS.
func hostsOf(ctx context.Context, sources []any) (hosts, error) {
	fips, err := first(sources, func(s fipsSource) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) })
	if err != nil {
		return hosts{}, err
	}
	dual, err := first(sources, func(s dualStackSource) (aws.DualStackEndpointState, bool, error) {
		return s.GetUseDualStackEndpoint(ctx)
	})
	return hosts{fips == aws.FIPSEndpointStateEnabled, dual == aws.DualStackEndpointStateEnabled}, err
}

// The sources of settings in an aws.Config have these methods. The functions of the SDK that
// call them are internal to it.
type (
	fipsSource interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	dualStackSource interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	ignoreSource interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
	endpointSource interface {
		GetServiceBaseEndpoint(ctx context.Context, service string) (string, bool, error)
	}
)

// first returns the value of the first source that has one, or the zero value.
func first[S, V any](sources []any, get func(S) (V, bool, error)) (V, error) {
	var none V
	for _, s := range sources {
		if s, ok := s.(S); ok {
			if v, found, err := get(s); err != nil || found {
				return v, err
			}
		}
	}
	return none, nil
}

// configuredEndpoint returns AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or that of the profile, or
// "".
func configuredEndpoint(ctx context.Context, loaded aws.Config) (string, error) {
	ignored, err := first(loaded.ConfigSources, func(s ignoreSource) (bool, bool, error) { return s.GetIgnoreConfiguredEndpoints(ctx) })
	if err != nil || ignored {
		return "", err
	}
	ours, err := first(loaded.ConfigSources, func(s endpointSource) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, "S3") })
	return cmp.Or(ours, aws.ToString(loaded.BaseEndpoint)), err
}

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
	return name + "." + region + "." + domain(region)
}

// domain returns the domain of the partition of AWS that a region belongs to.
func domain(region string) string {
	for prefix, name := range map[string]string{
		"cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov",
		"us-isof-": "csp.hci.ic.gov", "eu-isoe-": "cloud.adc-e.uk", "eusc-": "amazonaws.eu",
	} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "amazonaws.com"
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
