module github.com/tusker-go/tusker/integration/bench

go 1.26.0

require (
	github.com/bdragon300/tusgo v0.2.0
	github.com/eventials/go-tus v0.0.0-20220610120217-05d0564bb571
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/testserver v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/sys v0.49.0
	gonum.org/v1/plot v0.17.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/tus/tusd/v2 v2.10.1 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
	golang.org/x/image v0.30.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../../protocol

replace github.com/tusker-go/tusker/transport => ../../transport

replace github.com/tusker-go/tusker/testserver => ../../testserver
