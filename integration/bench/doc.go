// Command bench compares tusker with other tus clients and with raw net/http
// programs, side by side in one run: wall time, CPU time of client and server, peak
// memory, requests and connections, each as a median and as a ratio. It reports
// which targets are met, and ends without further input.
//
//	bench [-quick] [-rows NAME,...] [-pairs N] [-budget D] [-dir DIR] [-o FILE]
//	bench -rows growth [-quick] [-budget D] [-dir DIR] [-o FILE]
//	bench -redraw FOLDER
//
// Each client is a separate process, and so is the server, on loopback. The clients
// take turns in each round, forwards and backwards, and the store of the server is
// emptied between runs. One raw program runs twice in each round: the difference
// between its two results shows how reliable the figures are.
//
// The row growth shows how the cost grows with the number and size of files, with parts and
// records.
//
// A report in FILE has its figures as JSON beside it, and its charts in the folder images.
// Rows that do not run keep the figures that the JSON has. With -redraw, nothing runs, and the
// reports and charts are made again from the JSON.
//
// The module is not part of the workspace, so that only users of the benchmarks
// download the other clients. It needs go, and uses curl, node and npm if they are
// installed.
package main
