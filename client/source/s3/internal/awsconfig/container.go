package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// Variables that name the endpoint of a container, of ECS or of the agent for pods of EKS.
const (
	containerPath = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	containerURL  = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
)

func hasContainer() bool { return os.Getenv(containerPath) != "" || os.Getenv(containerURL) != "" }

// container returns the credentials of the endpoint of a container.
func container() (aws.CredentialsProvider, error) {
	name, address := containerURL, os.Getenv(containerURL)
	if path := os.Getenv(containerPath); path != "" {
		name, address = containerPath, "http://169.254.170.2"+path
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s does not have a URL", name)
	}
	endpoint := &containerEndpoint{name: name, url: u, provider: endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file)
				return strings.TrimSpace(string(token)), err
			})
		}
	})}
	// The window is that of the SDK.
	return aws.NewCredentialsCache(endpoint, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute }), nil
}

// containerEndpoint implements aws.CredentialsProvider.
type containerEndpoint struct {
	name     string
	url      *url.URL
	provider aws.CredentialsProvider
}

// Retrieve asks the endpoint, if it is one that the token may be sent to.
func (c *containerEndpoint) Retrieve(ctx context.Context) (aws.Credentials, error) {
	err := c.check(ctx)
	var keys aws.Credentials
	if err == nil {
		keys, err = c.provider.Retrieve(ctx)
	}
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%s: %w", c.name, err)
	}
	return keys, nil
}

// check refuses plain http to hosts that are neither this machine nor the ones of containers.
func (c *containerEndpoint) check(ctx context.Context) error {
	if c.url.Scheme == "https" {
		return nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", c.url.Hostname())
	if err != nil {
		return err
	}
	for _, a := range found {
		switch a = a.Unmap(); a {
		case netip.AddrFrom4([4]byte{169, 254, 170, 2}), netip.AddrFrom4([4]byte{169, 254, 170, 23}), netip.MustParseAddr("fd00:ec2::23"):
		default:
			if !a.IsLoopback() {
				return errors.New("http is only for this machine and for the hosts of containers: use https")
			}
		}
	}
	return nil
}
