package settings_test

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/settings"
)

// ENDPOINT and LOCATION are found before and after the files. ENDPOINT comes from the
// environment if the command line has none.
func TestArguments(t *testing.T) {
	t.Parallel()
	const (
		upload, options, resume, terminate = "upload [flags] ENDPOINT FILE...", "options [flags] ENDPOINT", "resume [flags] LOCATION FILE", "terminate [flags] LOCATION..."
		url                                = "https://tus.example/files/"
		add                                = "add [flags] JOB ENDPOINT FILE..."
	)
	tests := map[string]struct {
		use, endpoint string // the usage line and TUSKER_ENDPOINT
		args, want    []string
	}{
		"the URL first":                 {upload, "", []string{url, "a", "b"}, []string{url, "a", "b"}},
		"the URL last":                  {upload, "", []string{"a", "b", url}, []string{url, "a", "b"}},
		"a name last":                   {upload, "", []string{"a", "work:"}, []string{"work:", "a"}},
		"a path with a colon last":      {upload, "", []string{"a", "./work:"}, []string{"a", "./work:"}},
		"white space":                   {upload, "", []string{"a", url + "\n"}, []string{url, "a"}},
		"no URL":                        {upload, "", []string{"a", "b"}, []string{"a", "b"}},
		"localhost and a port":          {upload, "", []string{"localhost:1080/files", "a"}, []string{"http://localhost:1080/files", "a"}},
		"localhost last":                {upload, "", []string{"a", "localhost:1080"}, []string{"http://localhost:1080", "a"}},
		"an IPv6 loopback":              {options, "", []string{"[::1]:1080/files/"}, []string{"http://[::1]:1080/files/"}},
		"a folder called localhost":     {upload, url, []string{"localhost/index.html"}, []string{url, "localhost/index.html"}},
		"another host":                  {upload, "", []string{"a", "tus.example:443/files/"}, []string{"tus.example:443/files/", "a"}},
		"the variable":                  {upload, url, []string{"a", "b"}, []string{url, "a", "b"}},
		"the variable without files":    {options, url, nil, []string{url}},
		"the variable has a name":       {options, "work", nil, []string{"work:"}},
		"a URL wins over the variable":  {upload, "http://h/", []string{"a", url}, []string{url, "a"}},
		"a host wins over the variable": {upload, url, []string{"tus.example:80/", "a"}, []string{"tus.example:80/", "a"}},
		"an argument that is no file":   {options, url, []string{"wrong"}, []string{"wrong"}},
		"a LOCATION last":               {resume, "", []string{"a", url + "1"}, []string{url + "1", "a"}},
		"no variable for a LOCATION":    {resume, url, []string{"a"}, []string{"a"}},
		"no name for a LOCATION":        {resume, "", []string{"a", "work:"}, []string{"a", "work:"}},
		"after a job":                   {add, "", []string{"job", url, "a"}, []string{"job", url, "a"}},
		"a job, the URL last":           {add, "", []string{"job", "a", "b", url}, []string{"job", url, "a", "b"}},
		"a job and the variable":        {add, url, []string{"job", "a"}, []string{"job", url, "a"}},
		"only a job":                    {add, url, []string{"job"}, []string{"job", url}},
		"a job with the name of a host": {add, url, []string{"h:80", "a"}, []string{"h:80", url, "a"}},
		"not even a job":                {add, url, nil, nil},
		"several LOCATION":              {terminate, "", []string{url, "localhost:80/1 "}, []string{url, "http://localhost:80/1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := &cobra.Command{Use: test.use}
			con := &console.Console{LookupEnv: func(name string) (string, bool) {
				return test.endpoint, name == "TUSKER_ENDPOINT"
			}}
			got, err := settings.New(con, cmd.Flags()).Arguments(cmd, test.args)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%q and error %v, want %q", got, err, test.want)
			}
		})
	}
}
