// Package integration holds the tests that need more than one module of Tusker: whole
// uploads over real connections to an embedded tusd with every transport and every fault,
// TLS, a proxy, the command line, and the rules of imports. It exports nothing.
//
// A test is skipped if a program that it needs is not installed. With
// TUSKER_INTEROP=required in the environment it fails instead.
package integration
