package source

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// writerCheck finds the writers of one open file. It asks only once for facts that do not
// change while the file is open.
type writerCheck struct {
	own bool // this package opened the file, for reading, and closes it

	asked bool
	tells bool // leases tell whether the file has writers
}

// find asks Linux for a read lease on the file, which it grants only if no
// process has the file open for writing or has a writable mapping of it (fcntl(2),
// F_SETLEASE). The lease is released at once, so that no other process waits for
// it. Files of other users and many file systems have no leases: their writers are
// unknown.
func (w *writerCheck) find(file syscall.Conn) Writers {
	if w.asked && !w.tells {
		return WritersUnknown
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return WritersUnknown
	}
	found := WritersUnknown
	if err := raw.Control(func(fd uintptr) { found = w.tryLease(fd) }); err != nil {
		return WritersUnknown
	}
	return found
}

func (w *writerCheck) tryLease(fd uintptr) Writers {
	if !w.asked {
		w.asked, w.tells = true, w.mayTell(fd)
	}
	if !w.tells {
		return WritersUnknown
	}
	if !w.own {
		// A lease that the caller holds on a file of its own stays as it is.
		held, err := unix.FcntlInt(fd, unix.F_GETLEASE, 0)
		if err != nil || held != unix.F_UNLCK || !redirectSignal(fd) {
			return WritersUnknown
		}
		defer func() { _, _ = unix.FcntlInt(fd, unix.F_SETSIG, 0) }()
	}
	switch _, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK); {
	case errors.Is(err, unix.EAGAIN):
		return WritersFound
	case err != nil:
		w.tells = false
		return WritersUnknown
	}
	_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
	return WritersNone
}

// mayTell reports whether a lease on the file can tell of its writers.
func (w *writerCheck) mayTell(fd uintptr) bool {
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(fd), &system); err != nil || isRemote(uint32(system.Type)) {
		return false
	}
	if w.own {
		return redirectSignal(fd)
	}
	// A descriptor that can write is a writer itself.
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDONLY
}

// redirectSignal sets the signal that the kernel sends if a process opens the file while there is
// a lease on it. SIGURG is ignored by default, and SIGIO ends a process that does not handle it.
func redirectSignal(fd uintptr) bool {
	_, err := unix.FcntlInt(fd, unix.F_SETSIG, int(unix.SIGURG))
	return err == nil
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
