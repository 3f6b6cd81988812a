package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	prefix        = "github.com/tusker-go/tusker/"
	tusdPath      = "github.com/tus/tusd/..."
	zapPath       = "go.uber.org/zap/..."
	retryablePath = "github.com/hashicorp/go-retryablehttp/..."
	redisPath     = "github.com/redis/..."
	postgresPath  = "github.com/jackc/..."
)

// The packages of each module do not depend on these packages, not even indirectly.
// A pattern that ends in "/..." includes all packages below.
func TestImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		module    string
		packages  string
		forbidden []string
	}{
		{module: "protocol", packages: "./...", forbidden: []string{"net", "net/http/...", "log/...", "crypto/...", "github.com/...", "golang.org/...", "go.uber.org/..."}},
		{module: "retry", packages: "./...", forbidden: []string{"net/http/...", "github.com/...", "golang.org/...", "go.uber.org/..."}},
		{module: "transport", packages: "./...", forbidden: []string{
			tusdPath, zapPath,
			prefix + "protocol/...", prefix + "retry/...", prefix + "client/...", prefix + "testserver/...", prefix + "cli/...",
		}},
		{module: "transport", packages: ".", forbidden: []string{retryablePath}},
		{module: "transport", packages: "./nethttp", forbidden: []string{retryablePath}},
		{module: "transport", packages: "./transporttest", forbidden: []string{retryablePath}},
		{module: "client", packages: "./...", forbidden: []string{
			tusdPath, zapPath, retryablePath, redisPath, postgresPath,
			prefix + "testserver/...", prefix + "cli/...", prefix + "integration/...",
		}},
		{module: "client/redisstore", packages: "./...", forbidden: []string{tusdPath, zapPath, retryablePath, postgresPath, prefix + "testserver/...", "testing"}},
		{module: "client/pgstore", packages: "./...", forbidden: []string{tusdPath, zapPath, retryablePath, redisPath, prefix + "testserver/...", "testing"}},
		{module: "testserver", packages: "./...", forbidden: []string{
			zapPath, retryablePath, "testing",
			prefix + "client/...", prefix + "transport/...", prefix + "retry/...", prefix + "cli/...",
		}},
		{module: "testserver/conformance", packages: "./...", forbidden: []string{
			tusdPath, zapPath, retryablePath,
			prefix + "testserver/...", prefix + "client/...", prefix + "retry/...", prefix + "cli/...",
		}},
		{module: "cli", packages: "./...", forbidden: []string{redisPath, postgresPath, prefix + "integration/..."}},
	}
	for _, tt := range tests {
		t.Run(tt.module+" "+tt.packages, func(t *testing.T) {
			t.Parallel()
			out, err := goList(t, tt.module, "-deps", tt.packages)
			if err != nil {
				t.Fatal(err)
			}
			for _, pkg := range out {
				// The packages of the module itself, which a pattern may cover.
				if own := prefix + tt.module; pkg == own || strings.HasPrefix(pkg, own+"/") {
					continue
				}
				if pattern := forbiddenBy(tt.forbidden, pkg); pattern != "" {
					t.Errorf("the module depends on %s (%s)", pkg, pattern)
				}
			}
		})
	}
}

// alone has the modules that require no other module, not even for their tests.
var alone = []string{"protocol", "retry"}

// A module never requires a server, and a module in alone requires no other module.
func TestModuleGraphs(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"protocol", "retry", "transport", "client", "testserver/conformance"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			out, err := goList(t, module, "-m", "all")
			if err != nil {
				missing(t, "the module graph of "+module+" cannot be loaded here: "+err.Error())
			}
			for _, line := range out {
				path, _, _ := strings.Cut(line, "@")
				if path == prefix+module {
					continue
				}
				if slices.Contains(alone, module) {
					t.Errorf("go.mod requires %s", path)
				}
				if pattern := forbiddenBy([]string{tusdPath, zapPath, prefix + "testserver/...", prefix + "cli/..."}, path); pattern != "" {
					t.Errorf("go.mod requires %s (%s)", path, pattern)
				}
			}
		})
	}
}

func forbiddenBy(patterns []string, path string) string {
	i := slices.IndexFunc(patterns, func(pattern string) bool {
		dir, ok := strings.CutSuffix(pattern, "/...")
		return path == dir || ok && strings.HasPrefix(path, dir+"/")
	})
	if i < 0 {
		return ""
	}
	return patterns[i]
}

// goList runs the go command like a user who has only that module.
func goList(t *testing.T, module string, args ...string) ([]string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = filepath.Join("..", module)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, &listError{err: err, stderr: stderr.String()}
	}
	return strings.Fields(strings.ReplaceAll(string(out), " ", "@")), nil
}

type listError struct {
	err    error
	stderr string
}

func (e *listError) Error() string {
	return "go list: " + e.err.Error() + ": " + strings.TrimSpace(e.stderr)
}
func (e *listError) Unwrap() error { return e.err }
