package awsconfig

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// machine returns the credentials of the role of a machine of EC2. The SDK reads
// AWS_EC2_METADATA_DISABLED.
func (s *Settings) machine() (aws.CredentialsProvider, error) {
	o := imds.Options{Endpoint: s.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")}
	if err := o.EndpointMode.SetFromString(s.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")); err != nil {
		return nil, fmt.Errorf("the mode of the metadata service: %w", err)
	}
	onlyTokens, err := s.flag("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
	if err != nil {
		return nil, err
	}
	if onlyTokens {
		o.EnableFallback = aws.FalseTernary
	}
	return &machine{ec2rolecreds.New(func(c *ec2rolecreds.Options) { c.Client = imds.New(o) }), s.profile.name, s.files}, nil
}

// machine is the role of a machine, which is asked if nothing else has credentials. The cache
// calls the other methods of its provider if the metadata service fails later.
type machine struct {
	*ec2rolecreds.Provider
	profile string
	files   *files
}

// Retrieve asks the metadata service.
func (m *machine) Retrieve(ctx context.Context) (aws.Credentials, error) {
	keys, err := m.Provider.Retrieve(ctx)
	if err != nil {
		err = fmt.Errorf("%w in the environment and in profile %q of %s: %w", ErrNone, m.profile, m.files, errors.Join(m.files.unreadable, err))
	}
	return keys, err
}
