// Package examples has programs that upload files with a queue of another project: River, Asynq
// and Temporal. Each file is uploaded once, by whichever worker gets it. The programs are a
// separate module, so that only their readers download the queues. Its tests run them against
// real databases and a real tus server.
package examples
