package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cpuOf returns the CPU time of a running process, user and system, with a
// precision of nanoseconds. The precision of /proc is hundredths of a second.
func cpuOf(pid int) time.Duration {
	const scheduled = 2 // CPUCLOCK_SCHED in the kernel
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func peakMemory(p *os.ProcessState) int64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return u.Maxrss << 10
}

// forgetPeak resets the peak memory to the current memory.
func forgetPeak() {
	debug.FreeOSMemory()
	const peak = "5" // value for /proc/pid/clear_refs that resets the peak
	_ = os.WriteFile("/proc/self/clear_refs", []byte(peak), 0)
}

// ownMemory returns the smallest value that peakMemory can measure: a new process
// begins with the memory of its parent. The value that getrusage returns for this
// process has the same lower limit.
func ownMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
