package embedded

import "fmt"

// logger passes the log of the engine on. It implements server.Logger. A fatal error does not
// end the process.
type logger struct {
	log   func(level, text string)
	fatal chan string
}

func (l *logger) write(level, format string, args []any) {
	if l.log != nil {
		l.log(level, fmt.Sprintf(format, args...))
	}
}

// Noticef implements server.Logger.
func (l *logger) Noticef(format string, args ...any) { l.write("info", format, args) }

// Warnf implements server.Logger.
func (l *logger) Warnf(format string, args ...any) { l.write("warn", format, args) }

// Errorf implements server.Logger.
func (l *logger) Errorf(format string, args ...any) { l.write("error", format, args) }

// Fatalf implements server.Logger.
func (l *logger) Fatalf(format string, args ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, args...):
	default:
	}
	l.write("error", format, args)
}

// Debugf implements server.Logger.
func (l *logger) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (l *logger) Tracef(string, ...any) {}
