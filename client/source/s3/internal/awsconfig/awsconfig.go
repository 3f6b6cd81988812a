// Package awsconfig reads the settings and the credentials of the AWS command line: from the
// environment, and from the files ~/.aws/config and ~/.aws/credentials.
//
// The order of precedence is that of github.com/aws/aws-sdk-go-v2/config. That package links the
// clients of four services of AWS, which take longer to compile and to start than everything else
// that reads an object. This package sends the two requests that are needed itself, and uses the
// packages of the SDK for signatures, caches, processes, containers and machines.
//
// It has keys, credential_process, role_arn with source_profile or credential_source, web
// identities, sessions of SSO, containers and machines. It does not have mfa_serial,
// login_session, and the renewal of a session of SSO: [ErrUnsupported] and the error of an expired
// session say what to do.
package awsconfig

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tusker-go/tusker/transport"
)

var (
	// ErrUnsupported means that a profile has a setting which this package does not have.
	ErrUnsupported = errors.New("not supported")

	// ErrNone means that neither the environment nor the profile has credentials, and that the
	// machine has no role either.
	ErrNone = errors.New("there are no credentials")
)

// Options are settings of the program, which win over the environment and the files.
type Options struct {
	// Profile is the name of the profile. "": AWS_PROFILE, AWS_DEFAULT_PROFILE, or else "default",
	// which may be missing.
	Profile string

	// Region is the region of all services. "": AWS_REGION, AWS_DEFAULT_REGION, the profile, or
	// else us-east-1.
	Region string

	// Doer sends the requests for roles and sessions, and must not follow redirects. Containers,
	// machines and processes are asked without it.
	Doer transport.Doer
}

// Settings are those of the environment and of one profile.
type Settings struct {
	// Region is never "".
	Region string

	// FIPS and DualStack choose other hosts of AWS.
	FIPS, DualStack bool

	files   *files
	profile profile
	given   bool // the program names the profile
	doer    transport.Doer
}

const defaultRegion = "us-east-1"

// Load reads the environment and the files. A profile that is named must exist.
func Load(o Options) (*Settings, error) {
	s := &Settings{files: readFiles(), given: o.Profile != "", doer: o.Doer}
	name := cmp.Or(o.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))
	var err error
	if s.profile, err = s.files.find(cmp.Or(name, "default")); err != nil && name != "" {
		return nil, err
	}
	s.Region = cmp.Or(o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), s.profile.get("region"), defaultRegion)
	if s.FIPS, err = s.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"); err != nil {
		return nil, err
	}
	s.DualStack, err = s.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
	return s, err
}

// Credentials returns the credentials of the settings. Its Retrieve is safe for concurrent use,
// keeps credentials until they expire, and has errors that name the profile and its file. No
// request is sent before it.
func (s *Settings) Credentials() (aws.CredentialsProvider, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	return Cached(p), nil
}

// Cached returns p with a cache, unless p is one.
func Cached(p aws.CredentialsProvider) aws.CredentialsProvider {
	if c, ok := p.(*aws.CredentialsCache); ok {
		return c
	}
	return aws.NewCredentialsCache(p)
}

// setting returns the value of a variable, or else that of a key of the profile, or "".
func (s *Settings) setting(variable, key string) string {
	return cmp.Or(os.Getenv(variable), s.profile.get(key))
}

// flag returns a setting that is true or false. "": false.
func (s *Settings) flag(variable, key string) (bool, error) {
	switch value := s.setting(variable, key); {
	case strings.EqualFold(value, "true"):
		return true, nil
	case value == "" || strings.EqualFold(value, "false"):
		return false, nil
	case os.Getenv(variable) != "":
		return false, fmt.Errorf("%s is %q: use true or false", variable, value)
	default:
		return false, s.profile.fail(key, fmt.Errorf("%s is %q: use true or false", key, value))
	}
}
