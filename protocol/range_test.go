package protocol_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestNext(t *testing.T) {
	const most = math.MaxInt64
	unknown := protocol.Length{}
	tests := []struct {
		name   string
		offset int64
		length protocol.Length
		chunk  int64
		want   protocol.Range
		kind   error
	}{
		{"all", 0, protocol.Known(100), 0, protocol.Range{Start: 0, End: 100}, nil},
		{"the rest", 70, protocol.Known(100), 0, protocol.Range{Start: 70, End: 100}, nil},
		{"negative chunk", 70, protocol.Known(100), -1, protocol.Range{Start: 70, End: 100}, nil},
		{"first chunk", 0, protocol.Known(100), 40, protocol.Range{Start: 0, End: 40}, nil},
		{"last chunk is smaller", 80, protocol.Known(100), 40, protocol.Range{Start: 80, End: 100}, nil},
		{"exactly a chunk", 60, protocol.Known(100), 40, protocol.Range{Start: 60, End: 100}, nil},
		{"one byte over a chunk", 59, protocol.Known(100), 40, protocol.Range{Start: 59, End: 99}, nil},
		{"no bytes", 0, protocol.Known(0), 40, protocol.Range{}, nil},
		{"complete", 100, protocol.Known(100), 40, protocol.Range{Start: 100, End: 100}, nil},
		{"complete, no chunk", 100, protocol.Known(100), 0, protocol.Range{Start: 100, End: 100}, nil},
		{"length not known", 70, unknown, 40, protocol.Range{Start: 70, End: 110}, nil},
		{"length and chunk not known", 70, unknown, 0, protocol.Range{Start: 70, End: most}, nil},
		{"sum overflows", most - 10, protocol.Known(most), most, protocol.Range{Start: most - 10, End: most}, nil},
		{"sum overflows, length not known", most - 10, unknown, 11, protocol.Range{Start: most - 10, End: most}, nil},
		{"sum just fits", most - 10, unknown, 9, protocol.Range{Start: most - 10, End: most - 1}, nil},
		{"beyond", 101, protocol.Known(100), 40, protocol.Range{}, protocol.ErrOffsetBeyond},
		{"negative", -1, protocol.Known(100), 40, protocol.Range{}, protocol.ErrInvalidOffset},
		{"negative, length not known", math.MinInt64, unknown, 0, protocol.Range{}, protocol.ErrInvalidOffset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.Next(tt.offset, tt.length, tt.chunk)
			if !errors.Is(err, tt.kind) {
				t.Errorf("error %v, want %v", err, tt.kind)
			}
			if got != tt.want {
				t.Errorf("Next = %v, want %v", got, tt.want)
			}
			if got.Len() != tt.want.End-tt.want.Start {
				t.Errorf("Len() = %d, want %v", got.Len(), tt.want.End-tt.want.Start)
			}
		})
	}
}

func TestNextCoversAnUpload(t *testing.T) {
	for _, length := range []int64{0, 1, 39, 40, 41, 80, 100} {
		state := protocol.State{Length: protocol.Known(length)}
		for !state.Complete() {
			r, err := protocol.Next(state.Offset, state.Length, 40)
			if err != nil {
				t.Fatal(err)
			}
			if r.Start != state.Offset || r.Len() <= 0 {
				t.Fatalf("length %d, offset %d: range %v, want Start %v and Len more than 0", length, state.Offset, r, state.Offset)
			}
			state.Offset = r.End
		}
	}
}

func TestRangeAccept(t *testing.T) {
	r := protocol.Range{Start: 70, End: 100}
	tests := []struct {
		name    string
		offset  int64
		kind    error
		problem string
	}{
		{"nothing stored", 70, nil, ""},
		{"some stored", 85, nil, ""},
		{"all stored", 100, nil, ""},
		{"went back", 69, protocol.ErrOffsetBack, "offset 69 after sending bytes 70 to 100: offset went back"},
		{"negative", -1, protocol.ErrOffsetBack, "offset -1 after sending bytes 70 to 100: offset went back"},
		{"more than was sent", 101, protocol.ErrOffsetBeyond, "offset 101 after sending bytes 70 to 100: offset beyond the end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkError(t, r.Accept(tt.offset), tt.kind, tt.problem)
		})
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name   string
		length int64
		n      int
		want   []protocol.Range
	}{
		{"even", 9, 3, []protocol.Range{{Start: 0, End: 3}, {Start: 3, End: 6}, {Start: 6, End: 9}}},
		{"one byte over", 10, 3, []protocol.Range{{Start: 0, End: 4}, {Start: 4, End: 7}, {Start: 7, End: 10}}},
		{"two bytes over", 11, 3, []protocol.Range{{Start: 0, End: 4}, {Start: 4, End: 8}, {Start: 8, End: 11}}},
		{"one", 9, 1, []protocol.Range{{Start: 0, End: 9}}},
		{"more than bytes", 2, 5, []protocol.Range{{Start: 0, End: 1}, {Start: 1, End: 2}}},
		{"no bytes", 0, 3, []protocol.Range{{}}},
		{"negative length", -1, 3, []protocol.Range{{}}},
		{"none", 9, 0, []protocol.Range{{Start: 0, End: 9}}},
		{"negative n", 9, -2, []protocol.Range{{Start: 0, End: 9}}},
		{
			"largest", math.MaxInt64, 2,
			[]protocol.Range{{Start: 0, End: 1 << 62}, {Start: 1 << 62, End: math.MaxInt64}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := protocol.Split(tt.length, tt.n); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ranges: %+v, want %+v", got, tt.want)
			}
		})
	}
}
