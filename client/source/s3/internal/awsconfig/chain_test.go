package awsconfig

import (
	"crypto/sha1" //nolint:gosec // The AWS command line names its files by it.
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// cacheFile is the name of the file with the token of a session.
func cacheFile(name string) string {
	sum := sha1.Sum([]byte(name)) //nolint:gosec // See the import.
	return "sso/cache/" + hex.EncodeToString(sum[:]) + ".json"
}

func login(expires time.Time) string {
	return fmt.Sprintf(`{"accessToken":"login","expiresAt":%q}`, expires.UTC().Format(time.RFC3339))
}

const (
	keysA       = "aws_access_key_id = KEYA\naws_secret_access_key = 5ecret\n"
	keysB       = "aws_access_key_id = KEYB\naws_secret_access_key = 5ecret\naws_session_token = token\n"
	withProcess = "credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"PROCESS\",\"SecretAccessKey\":\"5ecret\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'\n"
	sessionS    = "[sso-session s]\nsso_region = eu-test-1\nsso_start_url = https://s.example\n"
	withSSO     = "sso_session = s\nsso_account_id = 12\nsso_role_name = Reader\n"
)

var (
	environmentKeys = map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "5ecret"}
	podIdentity     = map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": "pod"}
	containerOfPod  = map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "AMAZON/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token",
	}
	machineOnly = map[string]string{"AWS_EC2_METADATA_DISABLED": "false"}
)

func union(all ...map[string]string) map[string]string {
	sum := map[string]string{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

// Each kind of credentials is found, in the order of the SDK. The access key says from where it
// is.
func TestCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		config    string
		profile   string // that the program gives
		want      string
		requests  []string
	}{
		"environment":                          {environmentKeys, "[default]\n" + keysA, "", "ENV", nil},
		"environment, old names":               {map[string]string{"AWS_ACCESS_KEY": "OLD", "AWS_SECRET_KEY": "5ecret"}, "", "", "OLD", nil},
		"environment before AWS_PROFILE":       {union(environmentKeys, map[string]string{"AWS_PROFILE": "a"}), "[profile a]\n" + keysA, "", "ENV", nil},
		"given profile before the environment": {union(environmentKeys, podIdentity), "[profile a]\n" + keysA, "a", "KEYA", nil},
		"half a key in the environment":        {map[string]string{"AWS_ACCESS_KEY_ID": "ENV"}, "[default]\n" + keysA, "", "KEYA", nil},
		"environment before a web identity":    {union(environmentKeys, podIdentity), "", "", "ENV", nil},
		"web identity before a profile":        {podIdentity, "[default]\n" + keysA, "", "pod by jwt", []string{"AssumeRoleWithWebIdentity"}},
		"profile before a container":           {containerOfPod, "[default]\n" + keysA, "", "KEYA", nil},
		"container before a machine":           {union(containerOfPod, machineOnly), "", "", "container by jwt", []string{"GET /container"}},
		"container with a token":               {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "AMAZON/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "direct"}, "", "", "container by direct", []string{"GET /container"}},
		"machine": {machineOnly, "", "", "machine by metadata token", []string{
			"PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/", "GET /latest/meta-data/iam/security-credentials/machine",
		}},

		"AWS_PROFILE":             {map[string]string{"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "a"}, "[profile a]\n" + keysA + "[profile b]\n" + keysB, "", "KEYB", nil},
		"AWS_DEFAULT_PROFILE":     {map[string]string{"AWS_DEFAULT_PROFILE": "a"}, "[profile a]\n" + keysA, "", "KEYA", nil},
		"keys before a process":   {nil, "[default]\n" + keysA + withProcess, "", "KEYA", nil},
		"process":                 {containerOfPod, "[default]\n" + withProcess, "", "PROCESS", nil},
		"web identity, profile":   {nil, "[default]\nweb_identity_token_file = HOME/token\nrole_arn = r\n", "", "r by jwt", []string{"AssumeRoleWithWebIdentity"}},
		"SSO":                     {nil, "[default]\n" + withSSO + sessionS, "", "Reader of 12 by login", []string{"GET /sso/federation/credentials"}},
		"SSO before a process":    {nil, "[default]\n" + withProcess + withSSO + sessionS, "", "Reader of 12 by login", []string{"GET /sso/federation/credentials"}},
		"SSO without a session":   {nil, "[default]\nsso_region = eu-test-1\nsso_start_url = https://old.example\nsso_account_id = 1\nsso_role_name = R\n", "", "R of 1 by login", []string{"GET /sso/federation/credentials"}},
		"role":                    {nil, "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\n" + keysA, "", "r by KEYA", []string{"AssumeRole"}},
		"role, all settings":      {nil, "[default]\nrole_arn = r\nsource_profile = b\nexternal_id = X\nduration_seconds = 900\n[profile b]\n" + keysB, "", "rX900 by KEYB", []string{"AssumeRole"}},
		"role of a role":          {nil, "[default]\nrole_arn = r2\nsource_profile = a\n[profile a]\nrole_arn = r1\nsource_profile = b\n[profile b]\n" + keysB, "", "r2 by r1 by KEYB", []string{"AssumeRole", "AssumeRole"}},
		"role of itself":          {nil, "[default]\nrole_arn = r\nsource_profile = default\n" + keysA, "", "r by KEYA", []string{"AssumeRole"}},
		"role of itself, SSO":     {nil, "[default]\nrole_arn = r\nsource_profile = default\n" + withSSO + sessionS, "", "r by Reader of 12 by login", []string{"GET /sso/federation/credentials", "AssumeRole"}},
		"role of SSO":             {nil, "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\n" + withSSO + sessionS, "", "r by Reader of 12 by login", []string{"GET /sso/federation/credentials", "AssumeRole"}},
		"role of a process":       {nil, "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\n" + withProcess, "", "r by PROCESS", []string{"AssumeRole"}},
		"role of a web identity":  {nil, "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = w\nweb_identity_token_file = HOME/token\n", "", "r by w by jwt", []string{"AssumeRoleWithWebIdentity", "AssumeRole"}},
		"role of the environment": {union(environmentKeys, map[string]string{"AWS_PROFILE": ""}), "[profile a]\nrole_arn = r\ncredential_source = Environment\n", "a", "r by ENV", []string{"AssumeRole"}},
		"role of a container":     {containerOfPod, "[default]\nrole_arn = r\ncredential_source = EcsContainer\n", "", "r by container by jwt", []string{"GET /container", "AssumeRole"}},
		"role of a machine": {machineOnly, "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n", "", "r by machine by metadata token", []string{
			"PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/", "GET /latest/meta-data/iam/security-credentials/machine", "AssumeRole",
		}},
		// The keys of a source win over its own source.
		"source with keys": {nil, "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r1\nsource_profile = b\n" + keysA + "[profile b]\n" + keysB, "", "r by r1 by KEYA", []string{"AssumeRole", "AssumeRole"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			home := environment(t, a.variables(test.variables), map[string]string{
				"token": "jwt\n", cacheFile("s"): login(time.Now().Add(time.Hour)),
				cacheFile("https://old.example"): `{"accessToken":"login","expiresAt":"2099-01-02T03:04:05UTC"}`,
			})
			writeConfig(t, home, strings.ReplaceAll(test.config, "HOME", home))
			p := load(t, Options{Profile: test.profile, Region: "eu-test-1", Doer: doer(t)})
			for range 2 { // The second time, the cache has them.
				keys, err := p.Retrieve(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if keys.AccessKeyID != test.want || keys.SecretAccessKey != "5ecret" {
					t.Errorf("access key %q, want %q", keys.AccessKeyID, test.want)
				}
			}
			if got := a.requests(); !slices.Equal(got, test.requests) {
				t.Errorf("requests %q, want %q", got, test.requests)
			}
		})
	}
}

func load(t *testing.T, o Options) aws.CredentialsProvider {
	t.Helper()
	s, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
