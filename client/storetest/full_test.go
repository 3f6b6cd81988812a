package storetest

import (
	"reflect"
	"testing"
)

// TestFullHasEveryField checks that full leaves out no field, because the suite would not
// notice that a Store loses it.
func TestFullHasEveryField(t *testing.T) {
	t.Parallel()
	r := full("k")
	part := r.Parts[0]
	part.Start = r.Parts[1].Start
	for _, v := range []reflect.Value{reflect.ValueOf(*r), reflect.ValueOf(part)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s is zero", v.Type().Name(), v.Type().Field(i).Name)
			}
		}
	}
}
