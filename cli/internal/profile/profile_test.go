package profile_test

import (
	"errors"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/protocol"
)

// The table of profiles is sorted, complete, and consistent with its own rules.
func TestTable(t *testing.T) {
	t.Parallel()
	if !slices.IsSorted(slices.Collect(profile.Names())) {
		t.Error("the table is not sorted")
	}
	needs := []profile.Need{profile.Advised, profile.Creation, profile.Always}
	for p := range profile.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			if u, err := url.Parse(p.Docs); err != nil || u.Scheme != "https" || p.Server == "" || p.Endpoint == "" {
				t.Errorf("server %q, endpoint %q, docs %q: %v, want Server not empty, Endpoint not empty, no error and Scheme %q", p.Server, p.Endpoint, p.Docs, err, "https")
			}
			checkChunk(t, p.Chunk)
			metadata := make(protocol.Metadata)
			for _, f := range append(slices.Clone(p.Headers), p.Metadata...) {
				if f.About == "" || !slices.Contains(needs, f.Need) {
					t.Errorf("%s: need %q, about %q", f.Name, f.Need, f.About)
				}
			}
			for _, f := range p.Headers {
				if f.From != "" || textproto.TrimString(f.Name) != f.Name {
					t.Errorf("header %q has the default %q, want %q and From \"\"", f.Name, f.From, f.Name)
				}
			}
			for _, f := range p.Metadata {
				metadata[f.Name] = ""
			}
			if err := metadata.Validate(); err != nil || len(metadata) != len(p.Metadata) {
				t.Errorf("metadata %v: %v, want %v of them and no error", metadata, err, len(p.Metadata))
			}
			for _, r := range p.Returns {
				if r.Name == "" || r.About == "" {
					t.Errorf("returns %+v, want Name not empty and About not empty", r)
				}
			}
		})
	}
}

func checkChunk(t *testing.T, c profile.Chunk) {
	t.Helper()
	switch {
	case c.Size < c.Min, c.Max > 0 && (c.Size > c.Max || c.Size == 0), c.Multiple > 0 && c.Size%c.Multiple != 0:
		t.Errorf("the chunk size of %+v does not obey its own limits", c)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	p, ok := profile.Find("cloudflare")
	if !ok || p.Name != "cloudflare" || p.Chunk.Multiple != 256<<10 {
		t.Errorf("found %+v, %t, want Name %q, Chunk.Multiple %v and true", p, ok, "cloudflare", 256<<10)
	}
	if p, ok := profile.Find("Cloudflare"); ok {
		t.Errorf("found %+v, want nothing: names have no upper-case letter", p)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	has := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	find := func(name string) profile.Profile {
		p, _ := profile.Find(name)
		return p
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"all present": {find("supabase").CheckHeaders(true, has("Authorization")), ""},
		"missing for a creation": {
			find("cloudflare").CheckHeaders(true, has()),
			"profile cloudflare: header missing: Authorization (bearer token of the API)",
		},
		"not needed to resume":  {find("cloudflare").CheckHeaders(false, has()), ""},
		"needed to resume, too": {find("bunny").CheckHeaders(false, has("LibraryId", "VideoId", "AuthorizationExpire")), "profile bunny: header missing: AuthorizationSignature (SHA-256 of library id, API key, expiry and video id)"},
		"metadata":              {find("directus").CheckMetadata(has("filename_download")), ""},
		"metadata missing":      {find("supabase").CheckMetadata(has("objectName")), "profile supabase: metadata missing: bucketName (bucket that the object goes to)"},
		"several":               {find("transloadit").CheckMetadata(has("filename")), "profile transloadit: metadata missing: assembly_url (the assembly_ssl_url of the assembly, which is made before), fieldname (name of the form field, such as file)"},
		"no required header":    {find("vimeo").CheckHeaders(true, has()), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, missing := errors.AsType[*profile.MissingError](test.err)
			if missing != (test.want != "") || missing && !strings.HasPrefix(test.err.Error(), test.want) {
				t.Errorf("error %v, want %q", test.err, test.want)
			}
		})
	}
}
