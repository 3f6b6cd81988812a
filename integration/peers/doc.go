// Package peers tests testserver with the other tus clients for Go. They were
// written independently of Tusker: their features work with testserver, and the
// extension checks of testserver agree with their requests. Package peers is a
// separate module, so that only its users download the other clients. It exports
// nothing.
package peers
