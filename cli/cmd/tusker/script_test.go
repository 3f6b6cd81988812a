package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tusker": main})
}

// TestScripts runs the program in separate processes against a tusd in this process.
// Scripts can use the commands of testscript and those of the table.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Condition: func(cond string) (bool, error) {
			return cond == "root" && os.Getuid() == 0, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server":    cmdServer,    // server [OPTION...]: another server at $URL, see options
			"fault":     cmdFault,     // fault METHOD ACTION [ARG...]: see actions
			"exits":     cmdExits,     // exits CODE PROGRAM [ARG...]: exec that ends with that code
			"interrupt": cmdInterrupt, // interrupt METHOD CODE [ARG...]: tusker, given a SIGINT in the first METHOD, or when METHOD@BYTES are there
			"killed":    cmdKilled,    // killed METHOD [ARG...]: tusker, killed in the first METHOD
			"serve":     cmdServe,     // serve [ARG...]: tusker serve in the background, its URL in $SERVED
			"servejobs": cmdServeJobs, // servejobs [ARG...]: tusker job serve in the background, its URL in $SERVED
			"unserve":   cmdUnserve,   // unserve CODE: its SIGINT and end
			"hold":      cmdHold,      // hold METHOD: the next METHOD gets no answer
			"held":      cmdHeld,      // held: waits until it is there
			"stored":    cmdStored,    // [!] stored URL FILE: the server has those bytes
			"requests":  cmdRequests,  // requests METHOD NUMBER: any is all methods
			"header":    cmdHeader,    // [!] header METHOD NAME VALUE: a request carried it
			"makefile":  cmdMakeFile,  // makefile NAME SIZE: modified an hour ago
			"await":     cmdAwait,     // [!] await FILE [TEXT]: waits until FILE exists and has TEXT
			"setenv":    cmdSetenv,    // setenv NAME FILE
			"empty":     cmdEmpty,     // empty DIR
			"lines":     cmdLines,     // lines FILE NUMBER
			"key":       cmdKey,       // key NAME DIR: the key of the only record in DIR
			"objects":   cmdObjects,   // objects [OPTION...]: a web server and a store of S3 for the folder objects, at $OBJECTS
		},
	})
}
