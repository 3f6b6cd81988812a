// Package timestep has the steps in which the clocks of file systems move.
package timestep

import "time"

const (
	// Longest is the longest time between two changes of a file that leave the same time of
	// modification. FAT counts in steps of 2 s. The clock of a kernel's file systems is up
	// to 10 ms late.
	Longest = 2*time.Second + 10*time.Millisecond

	// Fine is more than the step of a file system whose times have fractions of a second:
	// the kernel's clock moves at least every 10 ms.
	Fine = 20 * time.Millisecond
)
