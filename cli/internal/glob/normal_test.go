package glob_test

import (
	"testing"

	"github.com/tusker-go/tusker/cli/internal/glob"
)

// The same letters match in each of their Unicode normal forms.
func TestMatchNormalForms(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "\u00e9", "e\u0301"
	for _, pattern := range []string{composed, decomposed} {
		for _, name := range []string{composed, decomposed} {
			for _, form := range []struct{ pattern, name string }{
				{pattern + "*.jpg", name + "t.jpg"},
				{"?.jpg", name + ".jpg"},
				{"[" + composed + "].jpg", name + ".jpg"},
				{"/a/" + pattern, "a/" + name},
			} {
				p, err := glob.Parse(form.pattern, false)
				if err != nil {
					t.Fatal(err)
				}
				if !p.Match(form.name, false) {
					t.Errorf("%+q does not match %+q", form.pattern, form.name)
				}
			}
		}
	}
}
