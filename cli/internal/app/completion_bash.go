package app

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// bashCompletion writes the script for bash. It needs no function of the package
// bash-completion, which many systems do not have.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script strings.Builder
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	// Our functions have names of their own, so that those of the package stay as they are.
	text := strings.NewReplacer(
		"_get_comp_words_by_ref", "__tusker_get_words",
		"__ltrim_colon_completions", "__tusker_trim_colon",
	).Replace(script.String())
	_, err := io.WriteString(w, text+bashFunctions)
	return err
}

// bashFunctions replace the functions of the package bash-completion that the script calls.
const bashFunctions = `
# Sets cur, prev, words and cword. A word that bash split at ":" or "=" is one word again.
__tusker_get_words()
{
    local i word line=${COMP_LINE} after=" "
    words=() cword=0
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word=${COMP_WORDS[i]}
        if ((i > 0)) && [[ -n ${line} && ${line} != [[:space:]]* || -z ${line} && -n ${word} ]] &&
            [[ ${word} == [:=]* || ${after} == [:=]* ]]; then
            words[${#words[@]}-1]+=${word}
        else
            words+=("${word}")
        fi
        line=${line#*"${word}"} after=${word}
        if ((i == COMP_CWORD)); then
            cword=$((${#words[@]} - 1))
        fi
    done
    cur=${words[cword]} prev=
    if ((cword > 0)); then
        prev=${words[cword-1]}
    fi
}

# Removes from the completions what bash has before the last ":" of the word already.
__tusker_trim_colon()
{
    local i before
    if [[ $1 == *:* && ${COMP_WORDBREAKS} == *:* ]]; then
        before=${1%"${1##*:}"}
        for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
            COMPREPLY[i]=${COMPREPLY[i]#"${before}"}
        done
    fi
}
`
