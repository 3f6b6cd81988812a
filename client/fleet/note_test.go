package fleet

import "testing"

// An item is poison after the deaths of workers that began it one after the other. Neither a
// worker that lived on, nor progress of the upload, nor a request that is repeated counts.
func TestPoison(t *testing.T) {
	begin := func(n *note) { n.begin(n.Delivery + 1) }
	again := func(n *note) { n.begin(n.Delivery) }
	progress := func(n *note) { n.progress(n.Delivery, n.Offset+1) }
	stuck := func(n *note) { n.progress(n.Delivery, n.Offset) }
	late := func(n *note) { n.progress(n.Delivery-1, n.Offset+1) }
	end := func(n *note) { n.end(n.Delivery) }
	for name, test := range map[string]struct {
		each []func(*note) // what happens at each delivery
		want bool
	}{
		"each worker dies":                      {[]func(*note){begin}, true},
		"each worker dies at the same offset":   {[]func(*note){begin, stuck}, true},
		"the upload goes on at each delivery":   {[]func(*note){begin, progress}, false},
		"an earlier worker tells of its offset": {[]func(*note){begin, late}, true},
		"each worker lives on":                  {[]func(*note){begin, end}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := note{Message: 1, Delivery: 1}
			for range maxDeaths {
				for _, happens := range test.each {
					happens(&n)
				}
				again(&n)
				if n.isPoison() {
					t.Fatalf("poison after %+v", n)
				}
			}
			begin(&n)
			if n.isPoison() != test.want {
				t.Errorf("poison is %t after %+v", n.isPoison(), n)
			}
		})
	}
}
