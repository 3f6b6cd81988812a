package release

import "testing"

func TestMayBreak(t *testing.T) {
	t.Parallel()
	tests := []struct {
		before, after string
		want          bool
	}{
		{before: "v0.1.0", after: "v0.1.1", want: false},
		{before: "v0.1.0", after: "v0.2.0", want: true},
		{before: "v0.9.0", after: "v1.0.0", want: true},
		{before: "v1.0.0", after: "v1.0.1", want: false},
		{before: "v1.0.0", after: "v1.1.0", want: false},
	}
	for _, tt := range tests {
		t.Run(tt.before+" "+tt.after, func(t *testing.T) {
			t.Parallel()
			if got := mayBreak(tt.before, tt.after); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
