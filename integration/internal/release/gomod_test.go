package release_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/tusker-go/tusker/integration/internal/release"
)

const gomod = `module github.com/tusker-go/tusker/client

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.0.0
)

require github.com/tusker-go/tusker/retry v0.0.0 // indirect

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry
`

func TestRequire(t *testing.T) {
	t.Parallel()
	got, err := release.Require([]byte(gomod), "v0.3.1")
	if err != nil {
		t.Fatal(err)
	}
	want := `module github.com/tusker-go/tusker/client

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.3.1
)

require github.com/tusker-go/tusker/retry v0.3.1 // indirect

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("go.mod (-want +got):\n%s", diff)
	}
}

func TestDropReplaces(t *testing.T) {
	t.Parallel()
	got, err := release.DropReplaces([]byte(gomod))
	if err != nil {
		t.Fatal(err)
	}
	want := `module github.com/tusker-go/tusker/client

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.0.0
)

require github.com/tusker-go/tusker/retry v0.0.0 // indirect
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("go.mod (-want +got):\n%s", diff)
	}
}

func TestDropReplacesRefuses(t *testing.T) {
	t.Parallel()
	foreign := gomod + "\nreplace github.com/google/go-cmp => ../go-cmp\n"
	if _, err := release.DropReplaces([]byte(foreign)); err == nil {
		t.Error("the replace directive of another project's module was removed")
	}
}

func TestAddSums(t *testing.T) {
	t.Parallel()
	sums := map[module.Version]string{
		{Path: "github.com/tusker-go/tusker/retry", Version: "v0.10.0"}:        "h1:r=",
		{Path: "github.com/tusker-go/tusker/retry", Version: "v0.10.0/go.mod"}: "h1:rm=",
	}
	tests := []struct {
		name, have, want string
	}{
		{
			name: "empty",
			want: "github.com/tusker-go/tusker/retry v0.10.0 h1:r=\n" +
				"github.com/tusker-go/tusker/retry v0.10.0/go.mod h1:rm=\n",
		},
		{
			name: "between other modules",
			have: "github.com/google/go-cmp v0.7.0 h1:c=\n" +
				"go.uber.org/goleak v1.3.0 h1:g=\n" +
				"go.uber.org/goleak v1.10.0/go.mod h1:gm=\n",
			want: "github.com/google/go-cmp v0.7.0 h1:c=\n" +
				"github.com/tusker-go/tusker/retry v0.10.0 h1:r=\n" +
				"github.com/tusker-go/tusker/retry v0.10.0/go.mod h1:rm=\n" +
				"go.uber.org/goleak v1.3.0 h1:g=\n" +
				"go.uber.org/goleak v1.10.0/go.mod h1:gm=\n",
		},
		{
			name: "instead of an older version",
			have: "github.com/tusker-go/tusker/retry v0.9.0 h1:old=\n",
			want: "github.com/tusker-go/tusker/retry v0.10.0 h1:r=\n" +
				"github.com/tusker-go/tusker/retry v0.10.0/go.mod h1:rm=\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := release.AddSums([]byte(tt.have), sums)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("go.sum (-want +got):\n%s", diff)
			}
		})
	}
}
