package shop

import "io"

// Logger writes lines.
type Logger interface {
	io.Closer
	Flusher
	Log(line string)
}

// Flusher empties a buffer.
type Flusher interface {
	Flush() error
}

type memory struct{ lines []string }

func (m *memory) Log(line string) { m.lines = append(m.lines, line) }
func (m *memory) Flush() error    { return nil }
func (m *memory) Close() error    { return m.Flush() }

type silent struct{}

func (silent) Log(string) {}

// Close closes whatever logs.
func Close(l interface{}) {
	switch log := l.(type) {
	case *memory:
		log.Close()
	case Flusher:
		log.Flush()
	}
}
