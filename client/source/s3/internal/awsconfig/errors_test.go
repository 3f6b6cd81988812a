package awsconfig

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/source/httpsource"
)

func writeConfig(t *testing.T, home, text string) {
	t.Helper()
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Each error names the profile and the file, says what to do, and has no secret.
func TestErrors(t *testing.T) {
	roleOfA := "[profile p]\nrole_arn = r\nsource_profile = a\n[profile a]\n" + keysA
	denied := `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User x may not assume r</Message></Error></ErrorResponse>`
	export := `"credential_process = aws configure export-credentials --profile p --format process"`
	for name, test := range map[string]struct {
		variables map[string]string
		config    string
		script    []*refusedLogin
		is        error
		words     []string
	}{
		"no profile":               {config: "[profile q]\n", words: []string{`no profile "p"`, "aws configure --profile p"}},
		"half a key":               {config: "[profile p]\naws_secret_access_key = 5ecret\n", words: []string{"aws_secret_access_key alone"}},
		"two sources":              {config: "[profile p]\nrole_arn = r\nsource_profile = a\ncredential_process = x\n", words: []string{"source_profile and credential_process"}},
		"source without a role":    {config: "[profile p]\nsource_profile = a\n", words: []string{"source_profile and no role_arn"}},
		"no source":                {config: "[profile p]\nrole_arn = r\nsource_profile = a\n", words: []string{`no profile "a"`}},
		"source without keys":      {config: "[profile p]\nrole_arn = r\nsource_profile = a\n[profile a]\nregion = x\n", words: []string{`source_profile "a" has no credentials`}},
		"sources in a circle":      {config: "[profile p]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\nsource_profile = p\n", words: []string{`source_profile "p" has no credentials`}},
		"unknown source":           {config: "[profile p]\nrole_arn = r\ncredential_source = Moon\n", words: []string{`credential_source is "Moon"`}},
		"no container":             {config: "[profile p]\nrole_arn = r\ncredential_source = EcsContainer\n", words: []string{"neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor"}},
		"no keys in environment":   {config: "[profile p]\nrole_arn = r\ncredential_source = Environment\n", words: []string{"set AWS_ACCESS_KEY_ID"}},
		"MFA":                      {config: "[profile p]\nrole_arn = r\nsource_profile = a\nmfa_serial = m\n[profile a]\n" + keysA, is: ErrUnsupported, words: []string{"mfa_serial", export}},
		"login":                    {config: "[profile p]\nlogin_session = arn\n", is: ErrUnsupported, words: []string{"login_session", export}},
		"duration":                 {config: roleOfA[:strings.Index(roleOfA, "[profile a]")] + "duration_seconds = 1h\n[profile a]\n" + keysA, words: []string{`duration_seconds is "1h"`}},
		"no section of SSO":        {config: "[profile p]\n" + withSSO, words: []string{"no section [sso-session s]"}},
		"SSO with another region":  {config: "[profile p]\nsso_region = x\n" + withSSO + sessionS, words: []string{"sso_region is not that of"}},
		"SSO without an account":   {config: "[profile p]\nsso_session = s\nsso_role_name = R\n" + sessionS, words: []string{"no sso_account_id"}},
		"SSO without a login":      {config: "[profile p]\n" + withSSO + strings.ReplaceAll(sessionS, "s]", "t]") + "[profile x]\n" + sessionS, is: ErrSession, words: []string{"aws sso login --profile p"}},
		"SSO refused":              {config: "[profile p]\n" + withSSO + sessionS, script: []*refusedLogin{{401, `{"message":"Session token not found"}`}}, is: ErrSession, words: []string{"aws sso login --profile p"}},
		"SSO without the role":     {config: "[profile p]\n" + withSSO + sessionS, script: []*refusedLogin{{403, `{"message":"No access"}`}}, is: httpsource.ErrDenied, words: []string{"No access"}},
		"SSO, another answer":      {config: "[profile p]\n" + withSSO + sessionS, script: []*refusedLogin{{200, `5ecret`}}, is: errAnswer},
		"role denied":              {config: roleOfA, script: []*refusedLogin{{403, denied}}, is: httpsource.ErrDenied, words: []string{"AssumeRole of r", "User x may not assume r"}},
		"role, another answer":     {config: roleOfA, script: []*refusedLogin{{200, `<x>5ecret</x>`}}, is: errAnswer, words: []string{"AssumeRole of r"}},
		"no token":                 {config: "[profile p]\nrole_arn = r\nweb_identity_token_file = HOME/none\n", is: os.ErrNotExist, words: []string{"none"}},
		"empty token":              {config: "[profile p]\nrole_arn = r\nweb_identity_token_file = HOME/empty\n", words: []string{"empty is empty"}},
		"process fails":            {config: "[profile p]\ncredential_process = exit 3\n", words: []string{"credential_process", "exit status 3"}},
		"process without JSON":     {config: "[profile p]\ncredential_process = echo 5ecret\n", words: []string{"not the JSON with Version 1"}},
		"process of a new version": {config: "[profile p]\ncredential_process = echo '{\"Version\":2,\"SecretAccessKey\":\"5ecret\"}'\n", words: []string{"Version 1"}},
		"FIPS":                     {config: "[profile p]\nuse_fips_endpoint = maybe\n", words: []string{`use_fips_endpoint is "maybe"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			a.script = test.script
			home := environment(t, a.variables(union(test.variables, map[string]string{"AWS_PROFILE": "p"})), map[string]string{
				"empty": "", cacheFile("s"): login(time.Now().Add(time.Hour)),
			})
			if name == "SSO without a login" {
				if err := os.Remove(filepath.Join(home, filepath.FromSlash(cacheFile("s")))); err != nil {
					t.Fatal(err)
				}
			}
			writeConfig(t, home, strings.ReplaceAll(test.config, "HOME", home))
			err := failure(t)
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("error %v, want one that Is %v", err, test.is)
			}
			for _, word := range append(test.words, `"p"`, filepath.Join(home, "config")) {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
			if strings.Contains(err.Error(), "5ecret") {
				t.Errorf("error %q has a secret", err)
			}
		})
	}
}

// failure returns the first error of the profile.
func failure(t *testing.T) error {
	t.Helper()
	s, err := Load(Options{Region: "eu-test-1", Doer: doer(t)})
	if err != nil {
		return err
	}
	p, err := s.Credentials()
	if err != nil {
		return err
	}
	_, err = p.Retrieve(t.Context())
	return err
}

// Errors without a profile name the variable.
func TestErrorsOfVariables(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		words     string
		is        error
	}{
		"nothing":                 {nil, "there are no credentials in the environment and in profile \"default\" of HOME/config and HOME/credentials", ErrNone},
		"FIPS":                    {map[string]string{"AWS_USE_FIPS_ENDPOINT": "1"}, `AWS_USE_FIPS_ENDPOINT is "1"`, nil},
		"token without a role":    {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token"}, "set AWS_ROLE_ARN", nil},
		"no token":                {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/none", "AWS_ROLE_ARN": "r"}, "AWS_WEB_IDENTITY_TOKEN_FILE", os.ErrNotExist},
		"container is no URL":     {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "localhost"}, "AWS_CONTAINER_CREDENTIALS_FULL_URI does not have a URL", nil},
		"container somewhere":     {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "5ecret"}, "use https", nil},
		"container without token": {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/none"}, "AWS_CONTAINER_CREDENTIALS_FULL_URI", nil},
		"mode of the machine":     {map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}, "the mode of the metadata service", nil},
	} {
		t.Run(name, func(t *testing.T) {
			home := environment(t, test.variables, map[string]string{"token": "5ecret"})
			err := failure(t)
			if words := strings.ReplaceAll(test.words, "HOME", home); err == nil || !strings.Contains(filepath.ToSlash(err.Error()), filepath.ToSlash(words)) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v, want one that Is %v and says %q", err, test.is, words)
			}
		})
	}
}

// An expired login is an error until the next login, which counts at once.
func TestExpiredLogin(t *testing.T) {
	a := newAmazon(t)
	home := environment(t, a.variables(nil), map[string]string{
		"config": "[default]\n" + withSSO + sessionS, cacheFile("s"): login(time.Now().Add(-time.Minute)),
	})
	p := load(t, Options{Region: "eu-test-1", Doer: doer(t)})
	if _, err := p.Retrieve(t.Context()); !errors.Is(err, ErrSession) || !strings.Contains(err.Error(), "it expired at ") || len(a.requests()) > 0 {
		t.Errorf("error %v, %d requests", err, len(a.requests()))
	}
	if err := os.WriteFile(filepath.Join(home, filepath.FromSlash(cacheFile("s"))), []byte(login(time.Now().Add(time.Hour))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
}

// Failures that may end are retried, and only these.
func TestRetries(t *testing.T) {
	busy := &refusedLogin{http.StatusServiceUnavailable, ""}
	throttled := &refusedLogin{http.StatusBadRequest, "<Error><Code>Throttling</Code></Error>"}
	for name, test := range map[string]struct {
		script   []*refusedLogin
		requests int
		fails    bool
	}{
		"busy, throttled": {[]*refusedLogin{busy, throttled}, 3, false},
		"always busy":     {[]*refusedLogin{busy, busy, busy, busy}, 3, true},
		"denied":          {[]*refusedLogin{{http.StatusForbidden, ""}}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			a.script = test.script
			environment(t, a.variables(nil), map[string]string{"config": "[default]\nrole_arn = r\nsource_profile = default\n" + keysA})
			_, err := load(t, Options{Region: "eu-test-1", Doer: doer(t)}).Retrieve(t.Context())
			if n := len(a.requests()); n != test.requests || (err != nil) != test.fails {
				t.Errorf("%d requests, error %v", n, err)
			}
		})
	}
}

// A file that cannot be read is no error if the credentials are elsewhere, and is in the error
// if they are nowhere.
func TestUnreadableFile(t *testing.T) {
	home := environment(t, nil, map[string]string{"config/x": ""}) // a folder
	if err := failure(t); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "read "+filepath.Join(home, "config")) {
		t.Errorf("error %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "ENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "5ecret")
	if err := failure(t); err != nil {
		t.Error(err)
	}
}
