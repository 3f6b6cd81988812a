// Command record uploads a folder in a real terminal, interrupts it with Ctrl-C, resumes it,
// and writes what the terminal showed as an animated SVG.
//
//	record [-o FILE]
//
// The commands run in bash, in a pseudo-terminal, with the program of the workspace and its
// server. Nothing of the picture is drawn by hand. Pauses of more than two seconds are
// shortened. The picture has no scripts and loads no fonts, so that it moves in a README, and
// shows its last frame to readers who prefer reduced motion.
//
// The module is not part of the workspace, so that only users of this command download the
// terminal. It needs go and bash.
package main
