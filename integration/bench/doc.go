// Command bench holds tusker against other tus clients and against raw net/http
// programs, side by side in one run: wall time, CPU time of client and server,
// peak memory, requests and connections, each as a median and as a ratio. It
// says which targets are met, and stops by itself.
//
//	bench [-quick] [-rows NAME,...] [-budget D] [-dir DIR] [-o FILE]
//
// Every client is a process of its own, and so is the server, on loopback. The
// clients take turns in each round, forwards and backwards, and the server's
// store is emptied between runs. One raw program runs twice in each round: what
// it differs from itself by is how far the figures can be trusted.
//
// The module is apart from the workspace, so that only those who run it download
// the other clients. It needs go, and uses curl, node and npm where there are.
package main
