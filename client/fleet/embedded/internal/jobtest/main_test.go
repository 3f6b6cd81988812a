package jobtest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// The engine has goroutines for the whole process.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}
