package progress

// Widths of what a line shows.
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

// layout says what the lines of a picture show, so that columns stay columns.
type layout struct {
	width   int // of all
	name    int
	bar     int // 0: none
	amount  bool
	whole   bool // with the amount: of how much
	rate    bool
	left    bool
	retries int // 0: none
}

// layouts leave out more and more.
var layouts = []layout{
	{amount: true, whole: true, rate: true, left: true, retries: 1},
	{amount: true, rate: true, left: true, retries: 1},
	{rate: true, left: true, retries: 1},
	{left: true, retries: 1},
	{left: true},
	{},
}

// layoutFor fits lines into width columns, with names and numbers of retries
// that are that wide.
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

// tail is the width of what stands behind the bar.
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
