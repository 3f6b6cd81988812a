package awsconfig

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// provider returns the first provider in the order of the SDK: a profile that the program names,
// keys in the environment, a web identity in the environment, and another profile.
func (s *Settings) provider() (aws.CredentialsProvider, error) {
	if !s.given {
		if keys := keysOfEnvironment(); keys.HasKeys() {
			return credentials.StaticCredentialsProvider{Value: keys}, nil
		}
		if file := os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"); file != "" {
			return s.webIdentity("AWS_WEB_IDENTITY_TOKEN_FILE", file, os.Getenv("AWS_ROLE_ARN"), os.Getenv("AWS_ROLE_SESSION_NAME"))
		}
	}
	return s.ofProfile(s.profile, map[string]bool{})
}

func keysOfEnvironment() aws.Credentials {
	return aws.Credentials{
		AccessKeyID:     cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_ACCESS_KEY")),
		SecretAccessKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SECRET_KEY")),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "the environment",
	}
}

// ofProfile returns the credentials of a profile, and of the role that it assumes. Seen has the
// profiles whose source is p.
func (s *Settings) ofProfile(p profile, seen map[string]bool) (aws.CredentialsProvider, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	// A profile may be its own source: it then has the credentials for its own role.
	again, isSource := seen[p.name], len(seen) > 0
	seen[p.name] = true
	var base aws.CredentialsProvider
	var err error
	switch source := p.get("source_profile"); {
	case source != "" && !again && (!isSource || !p.hasKeys()):
		base, err = s.ofSource(p, source, seen)
	case p.hasKeys():
		base = credentials.StaticCredentialsProvider{Value: aws.Credentials{
			AccessKeyID: p.get(keyID), SecretAccessKey: p.get(secretKey), SessionToken: p.get(keyToken), Source: p.where(keyID),
		}}
	case p.get("credential_source") != "":
		base, err = s.ofCredentialSource(p)
	case p.get("web_identity_token_file") != "":
		return s.webIdentity(p.where("web_identity_token_file"), p.get("web_identity_token_file"), p.get("role_arn"), p.get("role_session_name"))
	case p.hasSSO():
		base, err = s.sso(p)
	case p.get("login_session") != "":
		err = p.unsupported("login_session")
	case p.get("credential_process") != "":
		base = newProcess(p.where("credential_process"), p.get("credential_process"))
	case hasContainer():
		base, err = container()
	default:
		base, err = s.machine()
	}
	if err != nil || again || p.get("role_arn") == "" {
		return base, err
	}
	return s.role(p, base)
}

// ofSource returns the credentials of the source_profile of p.
func (s *Settings) ofSource(p profile, name string, seen map[string]bool) (aws.CredentialsProvider, error) {
	source, err := s.files.find(name)
	if err == nil && !source.hasCredentials(seen) {
		err = fmt.Errorf("its source_profile %q has no credentials", name)
	}
	if err != nil {
		return nil, p.fail("source_profile", err)
	}
	return s.ofProfile(source, seen)
}

func (s *Settings) ofCredentialSource(p profile) (aws.CredentialsProvider, error) {
	const key = "credential_source"
	switch value := p.get(key); value {
	case "Environment":
		if keys := keysOfEnvironment(); keys.HasKeys() {
			return credentials.StaticCredentialsProvider{Value: keys}, nil
		}
		return nil, p.fail(key, errors.New("credential_source is Environment: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	case "EcsContainer":
		if hasContainer() {
			return container()
		}
		return nil, p.fail(key, fmt.Errorf("credential_source is EcsContainer, and neither %s nor %s is set", containerPath, containerURL))
	case "Ec2InstanceMetadata":
		return s.machine()
	default:
		return nil, p.fail(key, fmt.Errorf("credential_source is %q: use Environment, EcsContainer or Ec2InstanceMetadata", value))
	}
}

func (p profile) hasKeys() bool { return p.get(keyID) != "" && p.get(secretKey) != "" }

// hasCredentials reports whether p can be a source of credentials.
func (p profile) hasCredentials(seen map[string]bool) bool {
	for _, key := range []string{"credential_source", "credential_process", "web_identity_token_file", "login_session"} {
		if p.get(key) != "" {
			return true
		}
	}
	return p.hasKeys() || p.hasSSO() || p.get("source_profile") != "" && !seen[p.name]
}

// check finds a profile whose properties contradict each other.
func (p profile) check() error {
	if p.has(keyID) != p.has(secretKey) {
		key := keyID
		if p.has(secretKey) {
			key = secretKey
		}
		return p.fail(key, fmt.Errorf("there is %s alone: an access key has %s and %s", key, keyID, secretKey))
	}
	first := ""
	for _, key := range []string{"source_profile", "credential_source", "credential_process", "web_identity_token_file"} {
		if p.get(key) == "" {
			continue
		}
		if first != "" {
			return p.fail(key, fmt.Errorf("there are %s and %s: keep one of them", first, key))
		}
		if first = key; key != "credential_process" && p.get("role_arn") == "" {
			return p.fail(key, fmt.Errorf("there is %s and no role_arn", key))
		}
	}
	return nil
}

// unsupported returns the error of a property that this package does not have.
func (p profile) unsupported(key string) error {
	return p.fail(key, fmt.Errorf("%s is %w: use another profile with the line %q", key, ErrUnsupported,
		fmt.Sprintf("credential_process = aws configure export-credentials --profile %s --format process", p.name)))
}
