package progress

// The widths of the parts of a line, in columns.
const (
	percentWidth = 4
	amountWidth  = 10 // 1023.9 KiB
	rateWidth    = amountWidth + 2
	leftWidth    = 8 // 23:59:59
	leastBar     = 8
	mostBar      = 40
	leastName    = 8
	gap          = 2
)

// layout tells which parts the lines of a frame show, so that all lines have the
// same columns.
type layout struct {
	width   int // of the whole line
	name    int
	bar     int // 0: none
	amount  bool
	whole   bool // show the length behind the amount
	rate    bool
	left    bool
	retries int // 0: none
}

// layouts become shorter: each leaves out more than the one before.
var layouts = []layout{
	{amount: true, whole: true, rate: true, left: true, retries: 1},
	{amount: true, rate: true, left: true, retries: 1},
	{rate: true, left: true, retries: 1},
	{left: true, retries: 1},
	{left: true},
	{},
}

// layoutFor returns the layout for lines of width columns. Name and retries are the
// widths of the widest name and number of retries.
func layoutFor(width, name, retries int) layout {
	name = min(name, max(leastName, width/4))
	for _, l := range layouts {
		l.width, l.name, l.retries = width, name, l.retries*retries
		l.bar = min(mostBar, width-l.name-1-percentWidth-1-l.tail())
		if l.bar >= leastBar {
			return l
		}
	}
	return layout{width: width, name: max(1, width-1-percentWidth)}
}

// tail returns the width of the parts behind the bar.
func (l layout) tail() int {
	width := 0
	for _, column := range []struct {
		shown bool
		width int
	}{
		{l.amount, amountWidth},
		{l.whole, len(" of ") - gap + amountWidth},
		{l.rate, rateWidth},
		{l.left, leftWidth},
		{l.retries > 0, l.retries},
	} {
		if column.shown {
			width += gap + column.width
		}
	}
	return width
}
