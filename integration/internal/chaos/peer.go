//go:build linux

package chaos

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// quietLog drops the messages of net/http about connections that were cut.
var quietLog = log.New(io.Discard, "", 0)

// peerPID returns the number of the process that has the client's end of a connection over
// the loopback interface, or 0 if it has ended.
func peerPID(client, server string) int {
	inode := socketInode(client, server)
	if inode == "" {
		return 0
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	self := os.Getpid()
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || !childOf(pid, self) {
			continue
		}
		if hasSocket(pid, inode) {
			return pid
		}
	}
	return 0
}

// socketInode finds the inode of the socket from one address to another in /proc/net/tcp.
func socketInode(from, to string) string {
	local, remote := procAddress(from), procAddress(to)
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && fields[1] == local && fields[2] == remote {
			return fields[9]
		}
	}
	return ""
}

// procAddress writes an address of IPv4 as /proc/net/tcp does.
func procAddress(address string) string {
	a, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return ""
	}
	ip := a.IP.To4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], a.Port)
}

// childOf tells whether a process is a child of another one.
func childOf(pid, parent int) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	// The name of the program is in parentheses, and may contain spaces.
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	return len(fields) > 1 && fields[1] == strconv.Itoa(parent)
}

// hasSocket tells whether a process has a socket open.
func hasSocket(pid int, inode string) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}
