#!/usr/bin/env bash
# Downloads a release of Tusker for this machine, checks it, and uploads files with it. All
# settings are variables: see action.yml. No part of them is run as a command.
set -euo pipefail

# The runner reads workflow commands from both outputs. It keeps the order of lines only within one.
exec 2>&1

# fail ends the script with a message.
fail() {
	resume
	printf '::error::%s\n' "$(escape "$1")"
	exit 1
}

# pause lets the runner ignore workflow commands, because names of files and answers of servers
# may look like some. resume ends this.
pause() {
	paused=$(word)
	printf '::stop-commands::%s\n' "$paused"
}

paused=
resume() {
	[ -z "$paused" ] || printf '::%s::\n' "$paused"
	paused=
}

# word prints a word that no text can contain.
word() {
	printf 'end-'
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# mask hides a line in the log of the run. The white space around it is not a part of the secret.
mask() {
	local secret
	read -r secret <<<"$1" || true
	[ -z "$secret" ] || printf '::add-mask::%s\n' "$(escape "$secret")"
}

# escape writes text as the data of a workflow command.
escape() {
	local text=${1//'%'/%25}
	text=${text//$'\r'/%0D}
	printf '%s' "${text//$'\n'/%0A}"
}

# lines puts the lines of a text that are not empty into the array "list".
lines() {
	local line
	list=()
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		[ -z "$line" ] || list+=("$line")
	done <<<"$1"
}

sha256() {
	if command -v sha256sum >/dev/null; then
		sha256sum <"$1" | cut -d ' ' -f 1
	else
		shasum -a 256 <"$1" | cut -d ' ' -f 1
	fi
}

# fetch downloads a file of the release. The URL may contain a password, so no message has it.
fetch() {
	curl --fail --silent --show-error --location --retry 5 --connect-timeout 60 --output "$dir/$1" -- \
		"$INPUT_RELEASES/$INPUT_VERSION/$1" || fail "cannot download $1 of $INPUT_VERSION"
}

# output adds an output of the step.
output() {
	local end
	end=$(word)
	printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# Secrets may have several lines, and the runner compares single lines.
lines "${INPUT_TOKEN:-}"
for line in ${list[@]+"${list[@]}"}; do
	mask "$line"
done
lines "${INPUT_HEADER:-}"
for line in ${list[@]+"${list[@]}"}; do
	mask "$line"
	mask "${line#*:}"
done
pause

command -v jq >/dev/null || fail "the runner has no jq"
[[ "$INPUT_VERSION" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "the version is not one like v0.1.0"

case "$RUNNER_OS" in
Linux) system=linux archive=tar.gz program=tusker ;;
macOS) system=darwin archive=tar.gz program=tusker ;;
Windows) system=windows archive=zip program=tusker.exe ;;
*) fail "there is no release for $RUNNER_OS" ;;
esac
case "$RUNNER_ARCH" in
X64) arch=amd64 ;;
ARM64) arch=arm64 ;;
*) fail "there is no release for $RUNNER_ARCH" ;;
esac

name="tusker_${INPUT_VERSION#v}_${system}_$arch.$archive"
dir=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/tusker-XXXXXX")
trap 'rm -rf "$dir"' EXIT

fetch "$name"
want=$(printf '%s' "${INPUT_SHA256:-}" | tr -d '[:space:]' | tr A-F a-f)
if [ -z "$want" ]; then
	fetch checksums.txt
	want=$(awk -v name="$name" '$2 == name { print $1 }' "$dir/checksums.txt")
	[ -n "$want" ] || fail "the release has no checksum of $name"
fi
got=$(sha256 "$dir/$name")
[ "$got" = "$want" ] || fail "$name has the SHA-256 $got, not $want"

if [ "$archive" = zip ]; then
	unzip -q "$dir/$name" "$program" -d "$dir" || fail "$name has no $program"
else
	tar -xzf "$dir/$name" -C "$dir" "$program" || fail "$name has no $program"
fi

# Secrets are in the environment of the program or in a file, never in its arguments, which other
# users of the machine can read.
if [ -n "${INPUT_TOKEN:-}" ]; then
	(umask 077 && printf '%s\n' "$INPUT_TOKEN" >"$dir/token")
	export TUSKER_TOKEN_FILE="$dir/token"
fi
[ -z "${INPUT_HEADER:-}" ] || export TUSKER_HEADER="$INPUT_HEADER"
lines "${INPUT_ARGS:-}"
args=(${list[@]+"${list[@]}"})
lines "$INPUT_PATH"
[ ${#list[@]} -gt 0 ] || fail "the path is empty"
endpoint=$INPUT_ENDPOINT
unset INPUT_TOKEN INPUT_HEADER

# The bash of Windows changes arguments that look like paths of Unix, such as --metadata=folder=/a.
export MSYS2_ARG_CONV_EXCL='*'

code=0
"$dir/$program" upload --progress=plain ${args[@]+"${args[@]}"} --json -- "$endpoint" "${list[@]}" >"$dir/results" || code=$?

# The files that were sent before a failure are in the outputs, too. A program that was killed may
# leave half a line. The outputs have a limit of 1 MiB, so events of progress are left out.
results=$(jq -R -c 'fromjson? | select(.part == null) | select(.event | IN("done", "skipped", "failed", "summary"))' "$dir/results" | tr -d '\r')
urls=$(jq -r 'select(.event | IN("done", "skipped")) | .url // empty' <<<"$results" | tr -d '\r')
output results "$results"
output urls "$urls"
[ $code -eq 0 ] || fail "tusker upload ended with exit code $code"
resume
