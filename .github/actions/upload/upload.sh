#!/usr/bin/env bash
# Downloads a release of Tusker for this machine, checks it, and uploads files with it. All
# settings are variables: see action.yml. No part of them is run as a command.
set -euo pipefail

fail() {
	printf '::error::%s\n' "$1"
	exit 1
}

# mask hides a secret in the log of the run. A workflow command has one line, so each line of the
# secret is masked.
mask() {
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		[ -z "$line" ] || printf '::add-mask::%s\n' "$(escape "$line")"
	done <<<"$1"
}

# escape writes text as the data of a workflow command.
escape() {
	local text=${1//'%'/%25}
	printf '%s' "${text//$'\r'/%0D}"
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

fetch() {
	curl --fail --silent --show-error --location --retry 5 --output "$2" -- "$1" || fail "cannot download $1"
}

# output adds an output of the step. Its end is marked by a word that the text cannot know.
output() {
	local end
	end="end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
	printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

[ -z "${INPUT_TOKEN:-}" ] || mask "$INPUT_TOKEN"
if [ -n "${INPUT_HEADER:-}" ]; then
	mask "$INPUT_HEADER"
	value=${INPUT_HEADER#*:}
	mask "${value# }"
fi

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

fetch "$INPUT_RELEASES/$INPUT_VERSION/$name" "$dir/$name"
want=${INPUT_SHA256:-}
if [ -z "$want" ]; then
	fetch "$INPUT_RELEASES/$INPUT_VERSION/checksums.txt" "$dir/checksums.txt"
	want=$(awk -v name="$name" '$2 == name { print $1 }' "$dir/checksums.txt")
	[ -n "$want" ] || fail "the release has no checksum of $name"
fi
got=$(sha256 "$dir/$name")
[ "$got" = "$want" ] || fail "$name has the SHA-256 $got, not $want"

if [ "$archive" = zip ]; then
	unzip -q "$dir/$name" "$program" -d "$dir"
else
	tar -xzf "$dir/$name" -C "$dir" "$program"
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
"$dir/$program" upload --json --progress=plain ${args[@]+"${args[@]}"} -- "$endpoint" "${list[@]}" >"$dir/results" || code=$?

# The files that were sent before a failure are in the outputs, too. The outputs have a limit of
# 1 MiB, so events of progress are left out.
results=$(jq -c 'select(.part == null) | select(.event | IN("done", "skipped", "failed", "summary"))' "$dir/results" | tr -d '\r')
urls=$(jq -r 'select(.event | IN("done", "skipped")) | .url' <<<"$results" | tr -d '\r')
output results "$results"
output urls "$urls"
[ $code -eq 0 ] || fail "tusker upload ended with exit code $code"
