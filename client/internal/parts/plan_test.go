package parts

import (
	"testing"
)

// The URL of the first part says how many parts one request can name. If there are more, those
// behind the first become fewer and larger.
func TestPlanMerges(t *testing.T) {
	const mib = 1 << 20
	for name, test := range map[string]struct {
		length  int64
		workers int
		most    int
		want    int // parts
		changed bool
	}{
		"all fit":                {16 * mib, 16, 64, 16, false},
		"exactly":                {16 * mib, 16, 16, 16, false},
		"a few too many":         {16 * mib, 16, 11, 11, true},
		"two turns for a worker": {4096 * mib, 16, 11, 11, true},
		"a very long URL":        {16 * mib, 16, 1, 2, true},
		"two parts":              {16 * mib, 2, 1, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := Fixed(test.length, test.workers)
			if !p.isNew() {
				t.Fatal("Fixed returns a plan that is not new")
			}
			if changed := p.made(0, "url", test.most); changed != test.changed {
				t.Errorf("made for the first part = %v, want %t", changed, test.changed)
			}
			list := p.List()
			if len(list) != test.want || list[0].URL != "url" || p.isNew() {
				t.Fatalf("parts %+v, want %v of them, URL %q and isNew false", list, test.want, "url")
			}
			at := int64(0)
			for _, part := range list {
				if part.Start != at || part.End <= part.Start {
					t.Errorf("part %+v begins at %d, want Start %v and End more than %v", part, at, at, part.Start)
				}
				at = part.End
			}
			if at != test.length {
				t.Errorf("the parts end at %d, want %v", at, test.length)
			}
			if p.made(1, "other", 1) {
				t.Error("made for the second part is true, want false")
			}
		})
	}
}
