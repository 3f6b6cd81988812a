// Package integration holds the tests that need more than one module of
// Tusker: whole uploads over real connections to an embedded tusd, with every
// transport and every fault, TLS, a proxy in between, the command line, and
// the rules of who may import whom. It exports nothing.
//
// A test that needs a program which is not on the machine is skipped, and says
// so. With TUSKER_INTEROP=required in the environment it fails instead.
package integration
