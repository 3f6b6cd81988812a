package source

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// findWriters asks Linux for a read lease on the file, which it grants only if no
// process has the file open for writing or has a writable mapping of it (fcntl(2),
// F_SETLEASE). The lease is released at once, so that no other process waits for
// it. Files of other users and many file systems have no leases: their writers are
// unknown.
func findWriters(file syscall.Conn) Writers {
	raw, err := file.SyscallConn()
	if err != nil {
		return WritersUnknown
	}
	found := WritersUnknown
	if err := raw.Control(func(fd uintptr) { found = tryLease(fd) }); err != nil {
		return WritersUnknown
	}
	return found
}

func tryLease(fd uintptr) Writers {
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(fd), &system); err != nil || isRemote(uint32(system.Type)) {
		return WritersUnknown
	}
	// A descriptor that can write is a writer itself.
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
		return WritersUnknown
	}
	// A lease that the caller holds on a file of its own stays as it is.
	held, err := unix.FcntlInt(fd, unix.F_GETLEASE, 0)
	if err != nil || held != unix.F_UNLCK {
		return WritersUnknown
	}
	// A process that opens the file in this moment has the kernel signal it. SIGURG
	// is ignored by default, and SIGIO ends a process that does not handle it.
	if _, err := unix.FcntlInt(fd, unix.F_SETSIG, int(unix.SIGURG)); err != nil {
		return WritersUnknown
	}
	defer func() { _, _ = unix.FcntlInt(fd, unix.F_SETSIG, 0) }()
	switch _, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK); {
	case errors.Is(err, unix.EAGAIN):
		return WritersFound
	case err != nil:
		return WritersUnknown
	}
	_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
	return WritersNone
}

// isRemote reports whether a file system is NFS or SMB, by its number (statfs(2)). A refused
// lease means on them that the server has not delegated the file, and a granted one may say
// nothing of other machines.
func isRemote(system uint32) bool {
	switch system {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return true
	}
	return false
}
