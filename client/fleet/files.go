package fleet

import (
	"context"

	"github.com/tusker-go/tusker/client"
)

// Files returns a function for Worker.Open that opens files below folders: roots has the
// folder of each root that items name. A symbolic link that leads out of a folder is not
// followed. The error of the function Is ErrNoRoot, ErrMissing, ErrUnreadable, or
// client.ErrSourceChanged if the file has another size or time of modification than the item.
func Files(roots map[string]string) func(context.Context, Item) (client.Source, error) {
	return func(context.Context, Item) (client.Source, error) { return nil, errUnfinished }
}
